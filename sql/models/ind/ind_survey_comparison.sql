-- name:  ind_survey_comparison
-- grain: category, region, population, survey, question, period, other_survey, other_question, other_period
-- doc:   One answer in two surveys: questions of one concept (core_question.concept), their answers joined by category. wording
--        says whether both questionnaires print the question in the same words; where it differs, so may what is asked.
--        answer_pct: persons who gave an answer of the category among those who gave one of any category of the concept;
--        difference_point = answer − other, in percentage points, with its 95 % interval by Newcombe's hybrid of the two
--        Wilson intervals (independent samples). Single choice only, since persons are compared.
-- columns: category = the category of the concept that the answer falls into; question = the question's code in its
--        questionnaire; other_survey = the other survey; other_question = the question of the other side; other_period = its
--        period; wording = whether both ask with the same words; question_text = the question's words, as printed; other_text =
--        the other question's words; base_person = persons who answered the one; other_person = persons of the category in the
--        other; other_base_person = persons who answered the other; other_pct = per 100 of these; difference_point = one less
--        other, percentage points; difference_low_point = lower end of Newcombe's 95% interval of it; difference_high_point =
--        upper end of it
WITH answer AS (
    SELECT
        s.period,
        s.region,
        s.population,
        s.survey,
        s.question,
        s.question_text,
        q.concept,
        a.category,
        s.answer_person
    FROM ind_survey AS s
    INNER JOIN core_question AS q ON q.survey = s.survey AND q.question = s.question
    INNER JOIN core_answer AS a ON a.survey = s.survey AND a.question = s.question AND a.option = s.option
    WHERE q.concept <> '' AND a.category <> '' AND s.choice = 'single'
),
base AS (
    SELECT
        period,
        region,
        population,
        survey,
        question,
        CASE WHEN COUNT(answer_person) = COUNT(category) THEN SUM(answer_person) END AS base_person
    FROM answer
    GROUP BY period, region, population, survey, question
),
share AS (
    SELECT
        a.period,
        a.region,
        a.population,
        a.survey,
        a.question,
        MAX(a.question_text) AS question_text,
        a.concept,
        a.category,
        CASE WHEN COUNT(a.answer_person) = COUNT(a.category) THEN SUM(a.answer_person) END AS answer_person,
        MAX(b.base_person) AS base_person
    FROM answer AS a
    INNER JOIN base AS b
        ON b.period = a.period AND b.region = a.region AND b.population = a.population AND b.survey = a.survey
        AND b.question = a.question
    GROUP BY a.period, a.region, a.population, a.survey, a.question, a.concept, a.category
),
scored AS (
    SELECT
        period,
        region,
        population,
        survey,
        question,
        question_text,
        concept,
        category,
        answer_person,
        base_person,
        percent_of(answer_person, base_person) AS answer_pct,
        CAST(percent_of(answer_person, base_person) - wilson_low_pct(answer_person, base_person) AS DECIMAL(18, 9))
            AS below,
        CAST(wilson_high_pct(answer_person, base_person) - percent_of(answer_person, base_person) AS DECIMAL(18, 9))
            AS above
    FROM share
)
SELECT
    a.concept,
    a.category,
    a.region,
    a.population,
    a.survey,
    a.question,
    a.period,
    b.survey AS other_survey,
    b.question AS other_question,
    b.period AS other_period,
    CASE WHEN a.question_text = b.question_text THEN 'same' ELSE 'different' END AS wording,
    a.question_text,
    b.question_text AS other_text,
    a.answer_person,
    a.base_person,
    a.answer_pct,
    b.answer_person AS other_person,
    b.base_person AS other_base_person,
    b.answer_pct AS other_pct,
    a.answer_pct - b.answer_pct AS difference_point,
    ROUND(a.answer_pct - b.answer_pct - square_root(a.below * a.below + b.above * b.above), 6) AS difference_low_point,
    ROUND(a.answer_pct - b.answer_pct + square_root(a.above * a.above + b.below * b.below), 6) AS difference_high_point
FROM scored AS a
INNER JOIN scored AS b ON b.category = a.category AND b.region = a.region AND b.population = a.population
WHERE a.survey < b.survey
ORDER BY category, region, population, survey, question, period, other_survey, other_question, other_period
