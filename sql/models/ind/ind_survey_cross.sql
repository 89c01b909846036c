-- name:  ind_survey_cross
-- grain: period, region, population, survey, question, option, other_question, other_option
-- doc:   Cross-tabulation of two questions of a survey: persons who gave the one answer and the other. From core_response only:
--        marginal counts say nothing of it, so a survey of which only a tabulation is known has no rows. both_person: those
--        who answered both questions; option_person, other_person: those of them who gave the one answer, and the other;
--        row_pct = person / option, column_pct = person / other; expected_person = option × other / both, what independence
--        would give. A pair that nobody gave is 0.
-- columns: question = the question's code in its questionnaire; option = the answer's code, none: no answer was given;
--        other_question = the question of the other side; other_option = the answer to the other question; both_person =
--        persons who gave both answers; option_person = persons who gave the one; other_person = persons who gave the other;
--        row_pct = both per 100 of the one; column_pct = both per 100 of the other; expected_person = both if the answers had
--        nothing to do with each other
WITH answered AS (
    SELECT DISTINCT period, region, population, survey, respondent, question
    FROM core_response
),
both_answered AS (
    SELECT
        a.period,
        a.region,
        a.population,
        a.survey,
        a.respondent,
        a.question,
        b.question AS other_question
    FROM answered AS a
    INNER JOIN answered AS b
        ON b.period = a.period AND b.region = a.region AND b.population = a.population AND b.survey = a.survey
        AND b.respondent = a.respondent
    WHERE b.question <> a.question
),
pair AS (
    SELECT period, region, population, survey, question, other_question, COUNT(respondent) AS persons
    FROM both_answered
    GROUP BY period, region, population, survey, question, other_question
),
margin AS (
    SELECT
        t.period,
        t.region,
        t.population,
        t.survey,
        t.question,
        t.other_question,
        r.option,
        COUNT(r.respondent) AS persons
    FROM both_answered AS t
    INNER JOIN core_response AS r
        ON r.period = t.period AND r.region = t.region AND r.population = t.population AND r.survey = t.survey
        AND r.respondent = t.respondent AND r.question = t.question
    GROUP BY t.period, t.region, t.population, t.survey, t.question, t.other_question, r.option
),
met AS (
    SELECT
        a.period,
        a.region,
        a.population,
        a.survey,
        a.question,
        a.option,
        b.question AS other_question,
        b.option AS other_option,
        COUNT(a.respondent) AS persons
    FROM core_response AS a
    INNER JOIN core_response AS b
        ON b.period = a.period AND b.region = a.region AND b.population = a.population AND b.survey = a.survey
        AND b.respondent = a.respondent
    WHERE b.question <> a.question
    GROUP BY a.period, a.region, a.population, a.survey, a.question, a.option, b.question, b.option
),
cell AS (
    SELECT
        p.period,
        p.region,
        p.population,
        p.survey,
        p.question,
        r.option,
        p.other_question,
        c.option AS other_option,
        CAST(COALESCE(m.persons, 0) AS DECIMAL(38, 6)) AS answer_person,
        CAST(p.persons AS DECIMAL(38, 6)) AS both_person,
        CAST(r.persons AS DECIMAL(38, 6)) AS option_person,
        CAST(c.persons AS DECIMAL(38, 6)) AS other_person
    FROM pair AS p
    INNER JOIN margin AS r
        ON r.period = p.period AND r.region = p.region AND r.population = p.population AND r.survey = p.survey
        AND r.question = p.question AND r.other_question = p.other_question
    INNER JOIN margin AS c
        ON c.period = p.period AND c.region = p.region AND c.population = p.population AND c.survey = p.survey
        AND c.question = p.other_question AND c.other_question = p.question
    LEFT JOIN met AS m
        ON m.period = p.period AND m.region = p.region AND m.population = p.population AND m.survey = p.survey
        AND m.question = p.question AND m.other_question = p.other_question
        AND m.option = r.option AND m.other_option = c.option
)
SELECT
    period,
    region,
    population,
    survey,
    question,
    option,
    other_question,
    other_option,
    answer_person,
    both_person,
    option_person,
    other_person,
    percent_of(answer_person, option_person) AS row_pct,
    percent_of(answer_person, other_person) AS column_pct,
    exact_div(option_person * other_person, both_person) AS expected_person
FROM cell
ORDER BY period, region, population, survey, question, option, other_question, other_option
