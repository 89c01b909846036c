-- name:  core_dead
-- grain: month, person_id
-- grows: month
-- doc:   The persons whose death was told in a month, with the month of the death.
-- columns: death_month = the month of the death, of several days that are told the first
SELECT month, person_id, substr(CAST(MIN(death_date) AS VARCHAR), 1, 7) AS death_month
FROM core_death
GROUP BY month, person_id
ORDER BY month, person_id
