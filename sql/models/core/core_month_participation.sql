-- name:  core_month_participation
-- grain: month, region, ownership, industry, scheme_count, kind_count
-- grows: month
-- doc:   Insured persons of a month by the number of schemes and of kinds of insurance (core_scheme) that they have through all of
--        their units, by place, ownership and industry of these, with all totals; a person counts once in each.
-- columns: scheme_count = schemes under which the person is insured; kind_count = kinds of insurance that these belong to; person =
--        persons, each once
WITH counted AS (
    SELECT month, region, ownership, industry, person_mask, COUNT(person_id) AS person
    FROM core_membership
    WHERE unit_count = 1
    GROUP BY month, region, ownership, industry, person_mask
),
divided AS (
    SELECT
        c.month,
        CASE WHEN l.by_region = 1 THEN c.region ELSE '_T' END AS region,
        CASE WHEN l.by_ownership = 1 THEN c.ownership ELSE '_T' END AS ownership,
        CASE WHEN l.by_industry = 1 THEN c.industry ELSE '_T' END AS industry,
        c.person_mask,
        c.person
    FROM counted AS c
    CROSS JOIN core_level AS l
    UNION ALL
    SELECT
        m.month,
        CASE WHEN l.by_region = 1 THEN m.region ELSE '_T' END AS region,
        CASE WHEN l.by_ownership = 1 THEN m.ownership ELSE '_T' END AS ownership,
        CASE WHEN l.by_industry = 1 THEN m.industry ELSE '_T' END AS industry,
        m.person_mask,
        COUNT(DISTINCT m.person_id) AS person
    FROM core_membership AS m
    CROSS JOIN core_level AS l
    WHERE m.unit_count > 1
    GROUP BY
        m.month,
        CASE WHEN l.by_region = 1 THEN m.region ELSE '_T' END,
        CASE WHEN l.by_ownership = 1 THEN m.ownership ELSE '_T' END,
        CASE WHEN l.by_industry = 1 THEN m.industry ELSE '_T' END,
        m.person_mask
),
added AS (
    SELECT month, region, ownership, industry, person_mask, SUM(person) AS person
    FROM divided
    GROUP BY month, region, ownership, industry, person_mask
),
mask AS (
    SELECT DISTINCT person_mask
    FROM added
),
held AS (
    SELECT m.person_mask, COUNT(s.scheme) AS scheme_count, COUNT(DISTINCT s.kind) AS kind_count
    FROM mask AS m
    INNER JOIN core_scheme AS s ON (m.person_mask & s.bit) <> 0
    GROUP BY m.person_mask
)
SELECT
    a.month,
    a.region,
    a.ownership,
    a.industry,
    h.scheme_count,
    h.kind_count,
    SUM(a.person) AS person
FROM added AS a
INNER JOIN held AS h ON h.person_mask = a.person_mask
GROUP BY a.month, a.region, a.ownership, a.industry, h.scheme_count, h.kind_count
ORDER BY a.month, a.region, a.ownership, a.industry, h.scheme_count, h.kind_count
