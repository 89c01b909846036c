-- name:  ind_survey
-- grain: period, region, population, survey, question, option
-- doc:   What a survey's respondents answered. respondent_person: all who filled in the questionnaire; asked_person: those of
--        whom the question is asked, or who alone can give the answer, null where those cannot be counted; answered_person:
--        those who gave an answer to it (valid answers); response_count: answers given, more than persons where several may
--        be. choice is multiple where the questionnaire says so (choice_printed) or where more answers than respondents are
--        counted.
--        respondent_pct = answer / respondent, valid_pct = answer / answered (multiple choice: of persons, so that they add
--        up to more than 100), response_pct = answer / responses; response_per_person = responses / answered. All null where a
--        count is missing; valid_pct and what follows from it are of answers, never of those who gave none.
--        valid_low_pct, valid_high_pct: 95 % interval of valid_pct by Wilson's score, which stays within 0 and 100 and keeps
--        its width for small counts, where p ± z·s does neither; it holds as far as the respondents are a simple random
--        sample of those who could have been asked.
-- columns: question = the question's code in its questionnaire; option = the answer's code, none: no answer was given; basis =
--        what was counted: counts, percentages or persons one by one; question_position = place of the question in the
--        questionnaire; option_position = place of the answer; question_text = the question's words, as printed; option_text =
--        the answer's words, as printed; kind = answer, missing, or other; choice_printed = what the form says about the
--        choice; choice = single or multiple, as the answers show; respondent_person = persons who returned the questionnaire;
--        asked_person = persons to whom the question was put; answered_person = persons who answered; response_count = answers
--        given, more than persons where several may be chosen; respondent_pct = per 100 respondents; valid_pct = per 100 who
--        answered; response_pct = per 100 answers; valid_low_pct = lower end of Wilson's 95% interval of valid_pct;
--        valid_high_pct = upper end of it; response_per_person = answers per person who answered; printed_pct = the source's
--        own percentage
WITH answer AS (
    SELECT
        t.period,
        t.region,
        t.population,
        t.survey,
        t.question,
        t.option,
        t.basis,
        q.position AS question_position,
        a.position AS option_position,
        q.section,
        q.text AS question_text,
        a.text AS option_text,
        a.kind,
        q.choice AS choice_printed,
        CASE WHEN a.asked_question <> '' THEN a.asked_question ELSE q.asked_question END AS asked_question,
        CASE WHEN a.asked_question <> '' THEN a.asked_option ELSE q.asked_option END AS asked_option,
        t.answer_person,
        t.respondent_person,
        t.printed_pct,
        t.answer_obs_id,
        t.respondent_obs_id,
        t.printed_obs_id
    FROM core_tally AS t
    INNER JOIN core_question AS q ON q.survey = t.survey AND q.question = t.question
    INNER JOIN core_answer AS a ON a.survey = t.survey AND a.question = t.question AND a.option = t.option
),
total AS (
    SELECT
        period,
        region,
        population,
        survey,
        question,
        COUNT(option) = COUNT(answer_person) AS is_counted,
        SUM(CASE WHEN kind = 'answer' THEN answer_person END) AS response_count,
        SUM(CASE WHEN kind = 'missing' THEN answer_person END) AS missing_person,
        SUM(answer_person) > MAX(respondent_person) AS is_above,
        MAX(choice_printed) AS choice_printed
    FROM answer
    GROUP BY period, region, population, survey, question
),
question AS (
    -- Without a row for those who gave no answer, every answer to a single choice is a person's; to a multiple one, nothing
    -- says how many persons gave them.
    SELECT
        period,
        region,
        population,
        survey,
        question,
        CASE WHEN choice_printed = 'multiple' OR is_above THEN 'multiple' ELSE 'single' END AS choice,
        CASE WHEN is_counted THEN response_count END AS response_count,
        missing_person
    FROM total
),
universe AS (
    SELECT
        period,
        region,
        population,
        survey,
        question,
        option,
        asked_question,
        UNNEST(string_to_array(asked_option, ';')) AS asked_option
    FROM answer
    WHERE asked_question <> ''
),
asked AS (
    -- Who gave several of the answers would be counted twice.
    SELECT
        u.period,
        u.region,
        u.population,
        u.survey,
        u.question,
        u.option,
        CASE
            WHEN COUNT(a.answer_person) = COUNT(u.asked_option) AND (COUNT(u.asked_option) = 1 OR MAX(q.choice) = 'single')
                THEN SUM(a.answer_person)
        END AS asked_person
    FROM universe AS u
    LEFT JOIN answer AS a
        ON a.period = u.period AND a.region = u.region AND a.population = u.population AND a.survey = u.survey
        AND a.question = u.asked_question AND a.option = u.asked_option
    LEFT JOIN question AS q
        ON q.period = u.period AND q.region = u.region AND q.population = u.population AND q.survey = u.survey
        AND q.question = u.asked_question
    GROUP BY u.period, u.region, u.population, u.survey, u.question, u.option
),
counted AS (
    SELECT
        a.period,
        a.region,
        a.population,
        a.survey,
        a.question,
        a.option,
        a.basis,
        a.question_position,
        a.option_position,
        a.section,
        a.question_text,
        a.option_text,
        a.kind,
        a.choice_printed,
        q.choice,
        a.answer_person,
        a.respondent_person,
        CASE WHEN a.asked_question = '' THEN a.respondent_person ELSE u.asked_person END AS asked_person,
        CASE
            WHEN q.missing_person IS NOT NULL THEN a.respondent_person - q.missing_person
            WHEN q.choice = 'single' THEN q.response_count
        END AS answered_person,
        q.response_count,
        a.printed_pct,
        a.answer_obs_id,
        a.respondent_obs_id,
        a.printed_obs_id
    FROM answer AS a
    INNER JOIN question AS q
        ON q.period = a.period AND q.region = a.region AND q.population = a.population AND q.survey = a.survey
        AND q.question = a.question
    LEFT JOIN asked AS u
        ON u.period = a.period AND u.region = a.region AND u.population = a.population AND u.survey = a.survey
        AND u.question = a.question AND u.option = a.option
)
SELECT
    c.period,
    c.region,
    c.population,
    c.survey,
    c.question,
    c.option,
    c.basis,
    c.question_position,
    c.option_position,
    c.section,
    c.question_text,
    c.option_text,
    c.kind,
    c.choice_printed,
    c.choice,
    c.answer_person,
    c.respondent_person,
    c.asked_person,
    c.answered_person,
    c.response_count,
    percent_of(c.answer_person, c.respondent_person) AS respondent_pct,
    CASE WHEN c.kind = 'answer' THEN percent_of(c.answer_person, c.answered_person) END AS valid_pct,
    CASE WHEN c.kind = 'answer' THEN percent_of(c.answer_person, c.response_count) END AS response_pct,
    CASE WHEN c.kind = 'answer' THEN wilson_low_pct(c.answer_person, c.answered_person) END AS valid_low_pct,
    CASE WHEN c.kind = 'answer' THEN wilson_high_pct(c.answer_person, c.answered_person) END AS valid_high_pct,
    exact_div(c.response_count, c.answered_person) AS response_per_person,
    c.printed_pct,
    c.answer_obs_id,
    c.respondent_obs_id,
    c.printed_obs_id
FROM counted AS c
ORDER BY c.period, c.region, c.population, c.survey, c.question, c.option
