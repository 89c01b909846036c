-- rule:     grain-unique
-- zh:       同一数量只出现一次
-- severity: error
-- doc:      One table states a quantity once per edition: two cells with the same indicator, period and dimensions would be
--           counted twice in every sum. A text may state a quantity in several sentences. residual = the spread of their values.
WITH quantity AS (
    SELECT
        dataset,
        table_id,
        edition,
        indicator,
        period,
        period_kind,
        region,
        scheme,
        ownership,
        industry,
        population,
        breakdown,
        COUNT(obs_id) AS cell_count,
        MAX(value) - MIN(value) AS residual,
        MIN(source_file) AS source_file,
        MIN(sheet) AS sheet,
        MIN(subject) AS subject,
        MIN(subject_zh) AS subject_zh,
        string_agg(cell, ' ' ORDER BY LENGTH(cell), cell) AS cells
    FROM core_reading
    WHERE quote IS NULL
    GROUP BY
        dataset, table_id, edition, indicator, period, period_kind, region, scheme, ownership, industry, population,
        breakdown
)
SELECT
    'fail' AS outcome,
    dataset,
    period,
    region,
    scheme,
    source_file,
    sheet,
    cells AS cell,
    residual,
    CAST(0 AS DECIMAL(38, 12)) AS tolerance,
    concat(
        subject, ': table ', table_id, ' (edition ', edition, ') states this in ', CAST(cell_count AS VARCHAR), ' cells'
    ) AS message,
    concat(subject_zh, '：表', table_id, '（', edition, '版）有', CAST(cell_count AS VARCHAR), '个单元格陈述此数') AS message_zh,
    'give rows or columns that differ in meaning a dimension or breakdown of their own in the table''s specification' AS suggestion
FROM quantity
WHERE cell_count > 1
ORDER BY source_file, sheet, cell, message
