-- rule:     revision-sum
-- severity: error
-- doc:      The revisions between two editions of a table add up to the difference of their totals. residual = what they
--           leave unexplained.
SELECT
    'fail' AS outcome,
    dataset,
    period,
    '' AS region,
    '' AS scheme,
    '' AS source_file,
    '' AS sheet,
    '' AS cell,
    unexplained_value AS residual,
    CAST(0 AS DECIMAL(38, 12)) AS tolerance,
    concat(
        'table ', table_id, ', ', indicator, ' of ', period, ': the revisions from edition ', edition_before, ' to edition ',
        edition_after, ' leave ', number_grouped(unexplained_value), ' of the difference ', number_grouped(difference),
        ' unexplained'
    ) AS message,
    'a quantity stands twice in one of the editions; see core_revision' AS suggestion
FROM core_revision_total
WHERE unexplained_value <> 0
ORDER BY dataset, table_id, edition_before, edition_after, indicator, period
