-- name:  core_level
-- grain: by_region, by_ownership, by_industry
-- doc:   Into which parts the totals of the tables made of agency records divide: each dimension by its codes (1) or as a whole (0).
-- columns: by_region = 1 where divided by region; by_ownership = 1 where divided by ownership; by_industry = 1 where divided by
--        industry
SELECT r.divided AS by_region, o.divided AS by_ownership, i.divided AS by_industry
FROM (VALUES (0), (1)) AS r (divided)
CROSS JOIN (VALUES (0), (1)) AS o (divided)
CROSS JOIN (VALUES (0), (1)) AS i (divided)
ORDER BY by_region, by_ownership, by_industry
