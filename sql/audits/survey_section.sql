-- rule:     survey-section
-- zh:       问题的内容与所在部分相符
-- severity: info
-- doc:      A question belongs to the section it stands in: one that names the subject of another section and not that of its own
--           may be misprinted, and is then counted under what it does not ask. There is no residual.
WITH section AS (
    SELECT survey, section, MIN(position) AS position
    FROM core_question
    WHERE section <> ''
    GROUP BY survey, section
),
astray AS (
    SELECT q.survey, q.question, first_value(s.section ORDER BY s.position) AS named
    FROM core_question AS q
    INNER JOIN section AS s ON s.survey = q.survey AND s.section <> q.section
    WHERE q.section <> '' AND strpos(q.text, s.section) > 0 AND strpos(q.text, q.section) = 0
    GROUP BY q.survey, q.question
)
SELECT
    'fail' AS outcome,
    p.dataset,
    p.period,
    p.region,
    '_T' AS scheme,
    p.source_file,
    p.sheet,
    p.cells AS cell,
    CAST(NULL AS DECIMAL(38, 12)) AS residual,
    CAST(NULL AS DECIMAL(38, 12)) AS tolerance,
    concat(p.subject, ': the question is about ', a.named, ', the subject of another section') AS message,
    concat(p.subject_zh, '：题中所问为“', a.named, '”，属于问卷的另一部分') AS message_zh,
    'compare the question with the form that was handed out; the text is kept as printed' AS suggestion
FROM astray AS a
INNER JOIN core_tally_place AS p ON p.survey = a.survey AND p.question = a.question
ORDER BY source_file, sheet, cell, message
