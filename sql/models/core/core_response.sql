-- name:  core_response
-- grain: period, region, population, survey, respondent, question, option
-- doc:   Answers person by person, where a source gives them so: figures of answer_person with a respondent in the breakdown
--        (option=A;question=1.1;respondent=17;survey=…), 1 where the answer was given. A tabulation has none.
-- columns: respondent = who answered, a number without a name; question = the question's code in its questionnaire; option = the
--        answer's code, none: no answer was given
WITH answered AS (
    SELECT
        period,
        region,
        population,
        breakdown_value(breakdown, 'survey') AS survey,
        breakdown_value(breakdown, 'respondent') AS respondent,
        breakdown_value(breakdown, 'question') AS question,
        breakdown_value(breakdown, 'option') AS option,
        value,
        obs_id
    FROM core_figure
    WHERE
        indicator = 'answer_person' AND period_kind = 'stock' AND scheme = '_T' AND ownership = '_T' AND industry = '_T'
)
SELECT
    a.period,
    a.region,
    a.population,
    a.survey,
    a.respondent,
    a.question,
    a.option,
    a.obs_id
FROM answered AS a
INNER JOIN core_answer AS o ON o.survey = a.survey AND o.question = a.question AND o.option = a.option
WHERE a.respondent IS NOT NULL AND a.value = 1 AND o.kind = 'answer'
ORDER BY a.period, a.region, a.population, a.survey, a.respondent, a.question, a.option
