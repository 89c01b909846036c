-- rule:     survey-multiple-unmarked
-- zh:       可选多项的问题应注明多选
-- severity: warning
-- doc:      A question to which several answers may be given must say so (多选). Where it does not, and more answers than
--           respondents are counted, it was answered as a multiple choice, and its percentages, which are of persons, add up to
--           more than 100. residual = counted − respondents, those who gave no answer counted too.
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
        number_grouped(q.accounted_count), ', more than the ',
        number_grouped(q.respondent_person), ' respondents, and nothing says that several answers may be given'
    ) AS message,
    concat(
        p.subject_zh, '：各项答案与未选人数合计', number_grouped(q.accounted_count), '人，多于答卷人数',
        number_grouped(q.respondent_person), '人，而未注明可选多项'
    ) AS message_zh,
    'mark the question as a multiple choice; if one answer was asked for, compare the counts with the original' AS suggestion
FROM ind_survey_question AS q
INNER JOIN core_tally_place AS p
    ON p.period = q.period AND p.region = q.region AND p.population = q.population AND p.survey = q.survey
    AND p.question = q.question
WHERE q.choice_printed = 'single' AND q.choice = 'multiple'
ORDER BY source_file, sheet, cell, message
