-- rule:     survey-choice-total
-- zh:       选答各项与未选人数之和不少于答卷人数
-- severity: warning
-- doc:      Every respondent gave an answer or is counted as having given none: the answers to a question and 未选 add up to all
--           respondents, to more where several answers may be given. Counts are exact, so there is no tolerance.
--           residual = counted − respondents. Without a count of those who gave none, a multiple choice cannot be judged.
SELECT
    'fail' AS outcome,
    p.dataset,
    q.period,
    q.region,
    '_T' AS scheme,
    p.source_file,
    p.sheet,
    p.cells AS cell,
    q.accounted_count - q.respondent_person AS residual,
    CAST(0 AS DECIMAL(38, 12)) AS tolerance,
    concat(
        p.subject, ': the answers and those who gave none add up to ',
        number_grouped(q.accounted_count), ', fewer than the ',
        number_grouped(q.respondent_person), ' respondents'
    ) AS message,
    concat(
        p.subject_zh, '：各项答案与未选人数合计', number_grouped(q.accounted_count), '人，少于答卷人数',
        number_grouped(q.respondent_person), '人'
    ) AS message_zh,
    'compare the counts with the original; an answer or those who gave none may be missing from the table' AS suggestion
FROM ind_survey_question AS q
INNER JOIN core_tally_place AS p
    ON p.period = q.period AND p.region = q.region AND p.population = q.population AND p.survey = q.survey
    AND p.question = q.question
WHERE
    q.accounted_count < q.respondent_person
    AND (q.choice = 'single' OR q.missing_person IS NOT NULL)
ORDER BY source_file, sheet, cell, message
