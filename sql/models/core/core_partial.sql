-- name:  core_partial
-- grain: record_table, month
-- doc:   Months of which a due file of agency records is not there or was refused (core_gap) and that are published nevertheless: a
--        total over all regions is smaller than it should be, and the tables made of the records say so.
-- columns: record_table = the table of records that lacks some; missing = the regions whose file is missing
SELECT record_table, month, string_agg(region, ' ' ORDER BY region) AS missing
FROM core_gap
GROUP BY record_table, month
ORDER BY record_table, month
