-- name:  core_wage_place
-- grain: period, region
-- doc:   The mean wage that counts in every region, in the years for which one is known: that of the place itself, else that of the
--        nearest place above it.
-- columns: wage_region = the region whose mean wage it is
WITH ranked AS (
    SELECT
        w.period,
        a.code AS region,
        w.region AS wage_region,
        w.wage_yuan_month,
        w.wage_yuan_year,
        w.wage_obs_id,
        ROW_NUMBER() OVER (PARTITION BY w.period, a.code ORDER BY a.distance, w.region) AS place
    FROM core_wage AS w
    INNER JOIN core_ancestor AS a ON a.list = 'region' AND a.ancestor = w.region
    WHERE w.wage_yuan_month IS NOT NULL AND a.code <> '_T'
)
SELECT period, region, wage_region, wage_yuan_month, wage_yuan_year, wage_obs_id
FROM ranked
WHERE place = 1
ORDER BY period, region
