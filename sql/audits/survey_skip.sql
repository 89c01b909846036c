-- rule:     survey-skip
-- zh:       跳答问题的答题人数不多于应答人数
-- severity: warning
-- doc:      A question that is put to those who gave a certain answer to another cannot be answered by more persons than gave it,
--           nor can an answer that presupposes it be. residual = answered − asked. Who is asked stands in the questionnaire's
--           definition; where the answers that lead to the question cannot be counted, nothing can be said.
WITH led AS (
    SELECT
        q.period,
        q.region,
        q.population,
        q.survey,
        q.question,
        c.asked_question,
        c.asked_option,
        q.asked_person,
        q.answered_person,
        '' AS answer,
        '' AS answer_zh
    FROM ind_survey_question AS q
    INNER JOIN core_question AS c ON c.survey = q.survey AND c.question = q.question
    WHERE c.asked_question <> ''
    UNION ALL
    SELECT
        s.period,
        s.region,
        s.population,
        s.survey,
        s.question,
        a.asked_question,
        a.asked_option,
        s.asked_person,
        s.answer_person,
        concat(' / ', s.option_text),
        concat('，选“', s.option_text, '”')
    FROM ind_survey AS s
    INNER JOIN core_answer AS a ON a.survey = s.survey AND a.question = s.question AND a.option = s.option
    WHERE a.asked_question <> ''
)
SELECT
    CASE WHEN q.asked_person IS NULL OR q.answered_person IS NULL THEN 'info' ELSE 'warning' END AS severity,
    CASE WHEN q.asked_person IS NULL OR q.answered_person IS NULL THEN 'unverifiable' ELSE 'fail' END AS outcome,
    p.dataset,
    q.period,
    q.region,
    '_T' AS scheme,
    p.source_file,
    p.sheet,
    concat_ws(' ', CASE WHEN o.source_file = p.source_file AND o.sheet = p.sheet THEN o.cells END, p.cells) AS cell,
    q.answered_person - q.asked_person AS residual,
    CAST(0 AS DECIMAL(38, 12)) AS tolerance,
    CASE
        WHEN q.asked_person IS NULL OR q.answered_person IS NULL
            THEN concat(
                p.subject, q.answer, ': who should answer depends on question ', q.asked_question, ', and ',
                CASE
                    WHEN q.answered_person IS NULL THEN 'who answered is not counted'
                    ELSE 'the persons who gave the answers that lead here are not counted'
                END
            )
        ELSE concat(
            p.subject, q.answer, ': ', number_grouped(q.answered_person), ' answered, ',
            number_grouped(q.answered_person - q.asked_person), ' more than the ', number_grouped(q.asked_person),
            ' who gave the answer that leads here (question ', q.asked_question, ': ',
            replace(q.asked_option, ';', ', '), ')'
        )
    END AS message,
    CASE
        WHEN q.asked_person IS NULL OR q.answered_person IS NULL
            THEN concat(
                p.subject_zh, q.answer_zh, '：由问题', q.asked_question, '决定何人应答，',
                CASE WHEN q.answered_person IS NULL THEN '而缺答题人数' ELSE '而缺应答人数' END
            )
        ELSE concat(
            p.subject_zh, q.answer_zh, '：', number_grouped(q.answered_person), '人作答，比应答的', number_grouped(q.asked_person),
            '人（问题', q.asked_question, '选', replace(q.asked_option, ';', '、'), '者）多',
            number_grouped(q.answered_person - q.asked_person), '人'
        )
    END AS message_zh,
    CASE
        WHEN q.asked_person IS NULL OR q.answered_person IS NULL THEN 'find the count in the original'
        ELSE concat(
            'the form let everybody answer: use the answers of those who were asked, from the forms themselves, or say of whom the ',
            'percentages are'
        )
    END AS suggestion
FROM led AS q
INNER JOIN core_tally_place AS p
    ON p.period = q.period AND p.region = q.region AND p.population = q.population AND p.survey = q.survey
    AND p.question = q.question
LEFT JOIN core_tally_place AS o
    ON o.period = q.period AND o.region = q.region AND o.population = q.population AND o.survey = q.survey
    AND o.question = q.asked_question
WHERE
    q.asked_person IS NULL OR q.answered_person IS NULL OR q.answered_person > q.asked_person
ORDER BY source_file, sheet, cell, message
