-- name:  core_month_workforce
-- grain: month, region, ownership, industry, population
-- grows: month
-- doc:   Persons at work in a month, by place, ownership, industry and group, with all totals: as they were told, else added up
--        from what was told of every part.
-- columns: workforce_person = persons at work
WITH told AS (
    SELECT month, region, ownership, industry, population, SUM(workforce_person) AS person, 1 AS place
    FROM core_workforce
    GROUP BY month, region, ownership, industry, population
),
added AS (
    SELECT
        t.month,
        CASE WHEN l.by_region = 1 THEN t.region ELSE '_T' END AS region,
        CASE WHEN l.by_ownership = 1 THEN t.ownership ELSE '_T' END AS ownership,
        CASE WHEN l.by_industry = 1 THEN t.industry ELSE '_T' END AS industry,
        t.population,
        SUM(t.person) AS person,
        2 AS place
    FROM told AS t
    CROSS JOIN core_level AS l
    WHERE t.region <> '_T' AND t.ownership <> '_T' AND t.industry <> '_T'
    GROUP BY
        t.month,
        CASE WHEN l.by_region = 1 THEN t.region ELSE '_T' END,
        CASE WHEN l.by_ownership = 1 THEN t.ownership ELSE '_T' END,
        CASE WHEN l.by_industry = 1 THEN t.industry ELSE '_T' END,
        t.population
),
ranked AS (
    SELECT
        month, region, ownership, industry, population, person,
        ROW_NUMBER() OVER (PARTITION BY month, region, ownership, industry, population ORDER BY place) AS choice
    FROM (
        SELECT month, region, ownership, industry, population, person, place FROM told
        UNION ALL
        SELECT month, region, ownership, industry, population, person, place FROM added
    ) AS both
)
SELECT month, region, ownership, industry, population, person AS workforce_person
FROM ranked
WHERE choice = 1
ORDER BY month, region, ownership, industry, population
