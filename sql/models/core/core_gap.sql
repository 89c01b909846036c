-- name:  core_gap
-- grain: record_table, month, region
-- doc:   Due files of agency records that are not in the release (pipelines/calendar.toml): those that have not come, were refused,
--        or wait for others. Every total over the months and regions lacks their records.
-- columns: record_table = the table of records that lacks them; region = whose file it is, _T where one file is all of a month
SELECT DISTINCT record_table, period AS month, region
FROM core_delivery
WHERE record_table IS NOT NULL AND state IN ('missing', 'refused', 'withheld')
ORDER BY record_table, month, region
