-- name:  core_tally
-- grain: period, region, population, survey, question, option
-- doc:   How many gave each answer of a questionnaire, and how many were asked to fill it in (respondent_person). From the
--        tabulation where there is one, else counted from core_response, where who gave none of a question's answers counts
--        as missing. printed_pct is the source's own percentage. An answer that nobody counted has a null, not 0.
-- columns: question = the question's code in its questionnaire; option = the answer's code, none: no answer was given; basis =
--        what was counted: counts, percentages or persons one by one; respondent_person = persons who returned the
--        questionnaire; printed_pct = the source's own percentage
WITH printed AS (
    SELECT
        indicator,
        period,
        region,
        population,
        breakdown_value(breakdown, 'survey') AS survey,
        breakdown_value(breakdown, 'question') AS question,
        breakdown_value(breakdown, 'option') AS option,
        value,
        obs_id
    FROM core_figure
    WHERE
        indicator IN ('answer_person', 'answer_pct') AND scheme = '_T' AND ownership = '_T' AND industry = '_T'
        AND breakdown_value(breakdown, 'respondent') IS NULL
),
filled_in AS (
    SELECT period, region, population, breakdown_value(breakdown, 'survey') AS survey, value, obs_id
    FROM core_figure
    WHERE
        indicator = 'questionnaire_valid_item' AND period_kind = 'stock' AND scheme = '_T' AND ownership = '_T'
        AND industry = '_T' AND breakdown_value(breakdown, 'survey') IS NOT NULL
        AND breakdown_without(breakdown, 'survey') = '_T'
),
tabulated AS (
    SELECT DISTINCT period, region, population, survey
    FROM printed
    WHERE survey IS NOT NULL AND question IS NOT NULL AND option IS NOT NULL
),
of_tabulation AS (
    SELECT
        t.period,
        t.region,
        t.population,
        a.survey,
        a.question,
        a.option,
        n.value AS answer_person,
        f.value AS respondent_person,
        p.value AS printed_pct,
        n.obs_id AS answer_obs_id,
        f.obs_id AS respondent_obs_id,
        p.obs_id AS printed_obs_id
    FROM tabulated AS t
    INNER JOIN core_answer AS a ON a.survey = t.survey
    LEFT JOIN printed AS n
        ON n.indicator = 'answer_person' AND n.period = t.period AND n.region = t.region
        AND n.population = t.population AND n.survey = a.survey AND n.question = a.question AND n.option = a.option
    LEFT JOIN printed AS p
        ON p.indicator = 'answer_pct' AND p.period = t.period AND p.region = t.region
        AND p.population = t.population AND p.survey = a.survey AND p.question = a.question AND p.option = a.option
    LEFT JOIN filled_in AS f
        ON f.period = t.period AND f.region = t.region AND f.population = t.population AND f.survey = t.survey
),
respondent AS (
    SELECT period, region, population, survey, COUNT(DISTINCT respondent) AS respondents
    FROM core_response
    GROUP BY period, region, population, survey
),
answered AS (
    SELECT period, region, population, survey, question, COUNT(DISTINCT respondent) AS answered
    FROM core_response
    GROUP BY period, region, population, survey, question
),
given AS (
    SELECT period, region, population, survey, question, option, COUNT(DISTINCT respondent) AS given
    FROM core_response
    GROUP BY period, region, population, survey, question, option
),
of_records AS (
    SELECT
        r.period,
        r.region,
        r.population,
        a.survey,
        a.question,
        a.option,
        CAST(
            CASE
                WHEN a.kind = 'missing' THEN r.respondents - COALESCE(q.answered, 0)
                ELSE COALESCE(g.given, 0)
            END AS DECIMAL(38, 6)
        ) AS answer_person,
        CAST(r.respondents AS DECIMAL(38, 6)) AS respondent_person
    FROM respondent AS r
    INNER JOIN core_answer AS a ON a.survey = r.survey
    LEFT JOIN answered AS q
        ON q.period = r.period AND q.region = r.region AND q.population = r.population AND q.survey = a.survey
        AND q.question = a.question
    LEFT JOIN given AS g
        ON g.period = r.period AND g.region = r.region AND g.population = r.population AND g.survey = a.survey
        AND g.question = a.question AND g.option = a.option
    LEFT JOIN tabulated AS t
        ON t.period = r.period AND t.region = r.region AND t.population = r.population AND t.survey = r.survey
    WHERE t.survey IS NULL
),
tally AS (
    SELECT
        'tabulation' AS basis,
        period,
        region,
        population,
        survey,
        question,
        option,
        answer_person,
        respondent_person,
        printed_pct,
        answer_obs_id,
        respondent_obs_id,
        printed_obs_id
    FROM of_tabulation
    UNION ALL
    SELECT
        'records', period, region, population, survey, question, option, answer_person, respondent_person, NULL, NULL, NULL,
        NULL
    FROM of_records
)
SELECT
    period,
    region,
    population,
    survey,
    question,
    option,
    basis,
    answer_person,
    respondent_person,
    printed_pct,
    answer_obs_id,
    respondent_obs_id,
    printed_obs_id
FROM tally
ORDER BY period, region, population, survey, question, option
