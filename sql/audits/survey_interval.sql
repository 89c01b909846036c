-- rule:     survey-interval
-- zh:       供选择的区间依次排列，互不重叠
-- severity: warning
-- doc:      The ranges that can be answered must be ranges, in their order, and must not overlap: a person of 35 cannot choose
--           between 18-35 and 35-60. A bound that two neighbours share is worth knowing (info), since only a person who stands
--           on it is in doubt; 以上 and 以下 include their number. A range from a larger number to a smaller one is a misprint.
--           residual = how far the lower range reaches into the upper one, or the lower bound lies above the upper one.
WITH asked AS (
    SELECT DISTINCT period, region, population, survey, question
    FROM core_tally
    WHERE answer_obs_id IS NOT NULL
),
bounded AS (
    SELECT
        survey,
        question,
        option,
        position,
        text,
        low,
        high,
        LAG(text) OVER (PARTITION BY survey, question ORDER BY position) AS text_before,
        LAG(low) OVER (PARTITION BY survey, question ORDER BY position) AS low_before,
        LAG(high) OVER (PARTITION BY survey, question ORDER BY position) AS high_before,
        LEAD(low) OVER (PARTITION BY survey, question ORDER BY position) AS low_after
    FROM core_answer
    WHERE kind = 'answer' AND (low IS NOT NULL OR high IS NOT NULL)
),
fault AS (
    SELECT
        survey,
        question,
        position,
        low - high AS residual,
        'warning' AS severity,
        concat('"', text, '" runs from ', number_grouped(low), ' to ', number_grouped(high)) AS what,
        concat('“', text, '”由', number_grouped(low), '至', number_grouped(high), '，上下限颠倒') AS what_zh,
        CASE
            WHEN slip_distance(number_text(high), number_text(low_after - 1)) = 1
                THEN concat('"', text, '" ', number_grouped(high), ' would have to be ', number_grouped(low_after - 1))
        END AS slip
    FROM bounded
    WHERE low > high
    UNION ALL
    SELECT
        survey,
        question,
        position,
        high_before - low,
        CASE WHEN high_before = low THEN 'info' ELSE 'warning' END,
        concat(
            '"', text_before, '" and "', text, '" ',
            CASE WHEN high_before = low THEN 'share ' ELSE 'overlap at ' END, number_grouped(low)
        ),
        concat(
            '“', text_before, '”与“', text, '”', CASE WHEN high_before = low THEN '都含' ELSE '重叠于' END, number_grouped(low)
        ),
        NULL
    FROM bounded
    WHERE high_before >= low AND COALESCE(low_before <= high_before, TRUE) AND COALESCE(low_before <= low, TRUE)
    UNION ALL
    SELECT
        survey,
        question,
        position,
        low_before - low,
        'warning',
        concat('"', text, '" stands behind "', text_before, '", which is above it'),
        concat('“', text, '”小于“', text_before, '”，却排在其后'),
        NULL
    FROM bounded
    WHERE low_before > low AND low_before > COALESCE(high, low_before - 1)
),
faults AS (
    SELECT
        survey,
        question,
        CASE WHEN MAX(severity) = 'warning' THEN 'warning' ELSE 'info' END AS severity,
        MAX(residual) AS residual,
        string_agg(what, '; ' ORDER BY position, what) AS whats,
        string_agg(what_zh, '；' ORDER BY position, what) AS whats_zh,
        string_agg(slip, '; ' ORDER BY position) AS slips
    FROM fault
    GROUP BY survey, question
)
SELECT
    f.severity,
    'fail' AS outcome,
    p.dataset,
    a.period,
    a.region,
    '_T' AS scheme,
    p.source_file,
    p.sheet,
    p.cells AS cell,
    f.residual,
    CAST(0 AS DECIMAL(38, 12)) AS tolerance,
    concat(p.subject, ': ', f.whats) AS message,
    concat(p.subject_zh, '：', f.whats_zh) AS message_zh,
    CASE
        WHEN f.slips IS NOT NULL THEN concat('compare with the original; one slip away from a range: ', f.slips)
        WHEN f.severity = 'warning' THEN 'compare the bounds with the original'
        ELSE 'say to which range its bound belongs (不含)'
    END AS suggestion
FROM faults AS f
INNER JOIN asked AS a ON a.survey = f.survey AND a.question = f.question
INNER JOIN core_tally_place AS p
    ON p.period = a.period AND p.region = a.region AND p.population = a.population AND p.survey = a.survey
    AND p.question = a.question
ORDER BY source_file, sheet, cell, message
