-- name:  core_partial
-- grain: record_table, month
-- doc:   Months of which a due file of agency records has not come (pipelines/calendar.toml) and that are published nevertheless: a
--        total over all regions is smaller than it should be, and the tables made of the records say so.
-- columns: record_table = the table of records that lacks some; missing = the regions whose file is missing
WITH kind AS (
    SELECT DISTINCT d.delivery, s.record_table
    FROM core_delivery AS d
    INNER JOIN core_submission AS s ON s.source_file = d.file
),
gap AS (
    SELECT DISTINCT k.record_table, d.period AS month, d.region
    FROM core_delivery AS d
    INNER JOIN kind AS k ON k.delivery = d.delivery
    WHERE d.state IN ('missing', 'withheld')
)
SELECT record_table, month, string_agg(region, ' ' ORDER BY region) AS missing
FROM gap
GROUP BY record_table, month
ORDER BY record_table, month
