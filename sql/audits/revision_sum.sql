-- rule:     revision-sum
-- zh:       各项修订之和等于两版合计之差
-- severity: error
-- doc:      The revisions between two editions of a table add up to the difference of their totals. residual = what they
--           leave unexplained.
SELECT
    'fail' AS outcome,
    t.dataset,
    t.period,
    '' AS region,
    '' AS scheme,
    '' AS source_file,
    '' AS sheet,
    '' AS cell,
    t.unexplained_value AS residual,
    CAST(0 AS DECIMAL(38, 12)) AS tolerance,
    concat(
        'table ', t.table_id, ', ', t.indicator, ' of ', t.period, ': the revisions from edition ', t.edition_before, ' to edition ',
        t.edition_after, ' leave ', number_grouped(t.unexplained_value), ' of the difference ', number_grouped(t.difference),
        ' unexplained'
    ) AS message,
    concat(
        '表', t.table_id, '，', COALESCE(i.name_zh, t.indicator), '，', period_zh(t.period), '：由', t.edition_before, '版到',
        t.edition_after, '版，合计相差', number_grouped(t.difference), '，各项修订未能说明其中的', number_grouped(t.unexplained_value)
    ) AS message_zh,
    'a quantity stands twice in one of the editions; see core_revision' AS suggestion
FROM core_revision_total AS t
LEFT JOIN core_indicator AS i ON i.indicator = t.indicator
WHERE t.unexplained_value <> 0
ORDER BY t.dataset, t.table_id, t.edition_before, t.edition_after, t.indicator, t.period
