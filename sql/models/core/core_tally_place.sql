-- name:  core_tally_place
-- grain: period, region, population, survey, question
-- doc:   Where a tabulation counts the answers to a question: the cells of the counts in the order of print, for findings, and
--        what the question is about, for messages.
-- columns: question = the question's code in its questionnaire; cells = the cells of the counts; subject = what the number is
--        about, in words; subject_zh = the same in Chinese
WITH name AS (
    SELECT code, first_value(name_zh ORDER BY version DESC) AS name_zh
    FROM core_code
    WHERE list = 'survey'
    GROUP BY code
)
SELECT
    t.period,
    t.region,
    t.population,
    t.survey,
    t.question,
    MIN(r.dataset) AS dataset,
    MIN(r.source_file) AS source_file,
    MIN(r.sheet) AS sheet,
    string_agg(r.cell, ' ' ORDER BY a.position) AS cells,
    concat(
        COALESCE(MIN(c.name_zh), t.survey), ', ',
        CASE WHEN MIN(q.section) <> '' THEN concat(MIN(q.section), ', ') ELSE '' END,
        t.question, ' ', MIN(q.text)
    ) AS subject,
    concat(
        COALESCE(MIN(c.name_zh), t.survey), '，',
        CASE WHEN MIN(q.section) <> '' THEN concat(MIN(q.section), '，') ELSE '' END,
        t.question, '“', MIN(q.text), '”'
    ) AS subject_zh
FROM core_tally AS t
INNER JOIN core_reading AS r ON r.obs_id = t.answer_obs_id
INNER JOIN core_question AS q ON q.survey = t.survey AND q.question = t.question
INNER JOIN core_answer AS a ON a.survey = t.survey AND a.question = t.question AND a.option = t.option
LEFT JOIN name AS c ON c.code = t.survey
GROUP BY t.period, t.region, t.population, t.survey, t.question
ORDER BY t.period, t.region, t.population, t.survey, t.question
