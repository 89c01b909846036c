-- name:  ind_survey_question
-- grain: period, region, population, survey, question
-- doc:   The questions of ind_survey, each as a whole. missing_person: who gave no answer, null where that was not counted;
--        asked_person: those of whom it is asked; response_per_person: answers given per person who answered.
--        median_option: the answer of the middle person, where answers are ranges in their order (the lower one where the
--        middle lies between two). mean_low, mean_high: the mean if everybody stood at the lower, or the upper, bound of
--        the range; null where a range that somebody chose is open on that side or printed the wrong way round; equal where
--        the answers are numbers.
-- columns: question = the question's code in its questionnaire; question_position = place of the question in the questionnaire;
--        question_text = the question's words, as printed; choice_printed = what the form says about the choice; choice =
--        single or multiple, as the answers show; respondent_person = persons who returned the questionnaire; asked_person =
--        persons to whom the question was put; answered_person = persons who answered; missing_person = persons who gave no
--        answer; response_count = answers given, more than persons where several may be chosen; accounted_count = answers given and
--        those who gave none: all respondents, where one answer could be given; response_per_person = answers
--        per person who answered; median_option = the answer in the middle, where answers are ordered; mean_low = mean with
--        every answer at the low end of its range; mean_high = mean with every answer at the high end of its range
WITH answer AS (
    SELECT
        s.period,
        s.region,
        s.population,
        s.survey,
        s.question,
        s.option,
        s.option_position,
        s.answer_person,
        s.response_count,
        a.low,
        a.high,
        SUM(s.answer_person) OVER (
            PARTITION BY s.period, s.region, s.population, s.survey, s.question
            ORDER BY s.option_position
        ) AS up_to_here
    FROM ind_survey AS s
    INNER JOIN core_answer AS a ON a.survey = s.survey AND a.question = s.question AND a.option = s.option
    INNER JOIN core_question AS q ON q.survey = s.survey AND q.question = s.question
    WHERE s.kind = 'answer' AND s.choice = 'single' AND q.bound_unit <> '' AND s.response_count > 0
),
middle AS (
    SELECT
        period,
        region,
        population,
        survey,
        question,
        first_value(option ORDER BY option_position) AS median_option
    FROM answer
    WHERE 2 * up_to_here >= response_count
    GROUP BY period, region, population, survey, question
),
mean AS (
    SELECT
        period,
        region,
        population,
        survey,
        question,
        CASE WHEN COUNT(low) = COUNT(option) THEN exact_div(SUM(answer_person * low), SUM(answer_person)) END AS mean_low,
        CASE WHEN COUNT(high) = COUNT(option) THEN exact_div(SUM(answer_person * high), SUM(answer_person)) END
            AS mean_high,
        SUM(CASE WHEN low > high THEN 1 ELSE 0 END) AS reversed_count
    FROM answer
    WHERE answer_person > 0
    GROUP BY period, region, population, survey, question
),
question AS (
    SELECT
        period,
        region,
        population,
        survey,
        question,
        MAX(question_position) AS question_position,
        MAX(section) AS section,
        MAX(question_text) AS question_text,
        MAX(choice_printed) AS choice_printed,
        MAX(choice) AS choice,
        MAX(respondent_person) AS respondent_person,
        MAX(asked_person) AS asked_person,
        MAX(answered_person) AS answered_person,
        SUM(CASE WHEN kind = 'missing' THEN answer_person END) AS missing_person,
        MAX(response_count) AS response_count,
        MAX(response_per_person) AS response_per_person
    FROM ind_survey
    GROUP BY period, region, population, survey, question
)
SELECT
    q.period,
    q.region,
    q.population,
    q.survey,
    q.question,
    q.question_position,
    q.section,
    q.question_text,
    q.choice_printed,
    q.choice,
    q.respondent_person,
    q.asked_person,
    q.answered_person,
    q.missing_person,
    q.response_count,
    q.response_count + COALESCE(q.missing_person, 0) AS accounted_count,
    q.response_per_person,
    m.median_option,
    CASE WHEN n.reversed_count = 0 THEN n.mean_low END AS mean_low,
    CASE WHEN n.reversed_count = 0 THEN n.mean_high END AS mean_high
FROM question AS q
LEFT JOIN middle AS m
    ON m.period = q.period AND m.region = q.region AND m.population = q.population AND m.survey = q.survey
    AND m.question = q.question
LEFT JOIN mean AS n
    ON n.period = q.period AND n.region = q.region AND n.population = q.population AND n.survey = q.survey
    AND n.question = q.question
ORDER BY q.period, q.region, q.population, q.survey, q.question
