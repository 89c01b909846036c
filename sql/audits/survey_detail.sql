-- rule:     survey-detail
-- zh:       应填数字者均填写数字
-- severity: info
-- doc:      Where those who gave a certain answer were asked for a number (years, times, yuan), the numbers should be theirs all.
--           Fewer are no contradiction: some did not say. But means and shares of the numbers are of those who did.
--           residual = numbers given − persons asked.
SELECT
    'fail' AS outcome,
    p.dataset,
    q.period,
    q.region,
    '_T' AS scheme,
    p.source_file,
    p.sheet,
    concat_ws(' ', CASE WHEN o.source_file = p.source_file AND o.sheet = p.sheet THEN o.cells END, p.cells) AS cell,
    q.answered_person - q.asked_person AS residual,
    CAST(0 AS DECIMAL(38, 12)) AS tolerance,
    concat(
        p.subject, ': ', number_grouped(q.answered_person), ' gave a number, ', number_grouped(q.asked_person),
        ' should have (question ', c.asked_question, ': ', replace(c.asked_option, ';', ', '), '); ',
        number_grouped(q.asked_person - q.answered_person), ' gave none'
    ) AS message,
    concat(
        p.subject_zh, '：', number_grouped(q.asked_person), '人应填数字（问题', c.asked_question, '选', replace(c.asked_option, ';', '、'),
        '者），', number_grouped(q.answered_person), '人填写，', number_grouped(q.asked_person - q.answered_person), '人未填'
    ) AS message_zh,
    'say of how many persons the figure is; if all gave a number, a count is missing from the table' AS suggestion
FROM ind_survey_question AS q
INNER JOIN core_question AS c ON c.survey = q.survey AND c.question = q.question
INNER JOIN core_tally_place AS p
    ON p.period = q.period AND p.region = q.region AND p.population = q.population AND p.survey = q.survey
    AND p.question = q.question
LEFT JOIN core_tally_place AS o
    ON o.period = q.period AND o.region = q.region AND o.population = q.population AND o.survey = q.survey
    AND o.question = c.asked_question
WHERE c.asked_question <> '' AND c.bound_unit <> '' AND q.answered_person < q.asked_person
ORDER BY source_file, sheet, cell, message
