-- name:  core_month_insured
-- grain: month, region, scheme, ownership, industry
-- grows: month
-- doc:   Persons and units with contributions for a month, by place, ownership and industry of the unit and by scheme, with all totals.
--        A person with several units counts in each of their places and kinds, and once in every total; so does one
--        with several schemes.
-- columns: insured_person = insured persons, each once; insured_unit = units with contributions for the month
WITH alone AS (
    -- Most persons have one unit: those can be counted by what they have in common, and added up.
    SELECT month, region, ownership, industry, scheme_mask, COUNT(person_id) AS person
    FROM core_membership
    WHERE unit_count = 1
    GROUP BY month, region, ownership, industry, scheme_mask
),
added AS (
    SELECT a.month, a.region, a.ownership, a.industry, s.scheme, SUM(a.person) AS person
    FROM alone AS a
    INNER JOIN core_scheme AS s ON (a.scheme_mask & s.bit) <> 0
    GROUP BY a.month, a.region, a.ownership, a.industry, s.scheme
    UNION ALL
    SELECT month, region, ownership, industry, '_T' AS scheme, SUM(person) AS person
    FROM alone
    GROUP BY month, region, ownership, industry
),
several AS (
    SELECT m.month, m.region, m.ownership, m.industry, s.scheme, m.person_id
    FROM core_membership AS m
    INNER JOIN core_scheme AS s ON (m.scheme_mask & s.bit) <> 0
    WHERE m.unit_count > 1
    UNION ALL
    SELECT month, region, ownership, industry, '_T' AS scheme, person_id
    FROM core_membership
    WHERE unit_count > 1
),
held AS (
    SELECT month, region, ownership, industry, unit_id, bit_or(scheme_mask) AS scheme_mask
    FROM core_membership
    GROUP BY month, region, ownership, industry, unit_id
),
unit AS (
    SELECT h.month, h.region, h.ownership, h.industry, s.scheme, h.unit_id
    FROM held AS h
    INNER JOIN core_scheme AS s ON (h.scheme_mask & s.bit) <> 0
    UNION ALL
    SELECT month, region, ownership, industry, '_T' AS scheme, unit_id
    FROM held
),
counted AS (
    SELECT
        a.month,
        CASE WHEN l.by_region = 1 THEN a.region ELSE '_T' END AS region,
        a.scheme,
        CASE WHEN l.by_ownership = 1 THEN a.ownership ELSE '_T' END AS ownership,
        CASE WHEN l.by_industry = 1 THEN a.industry ELSE '_T' END AS industry,
        a.person,
        0 AS unit
    FROM added AS a
    CROSS JOIN core_level AS l
    UNION ALL
    SELECT
        s.month,
        CASE WHEN l.by_region = 1 THEN s.region ELSE '_T' END AS region,
        s.scheme,
        CASE WHEN l.by_ownership = 1 THEN s.ownership ELSE '_T' END AS ownership,
        CASE WHEN l.by_industry = 1 THEN s.industry ELSE '_T' END AS industry,
        COUNT(DISTINCT s.person_id) AS person,
        0 AS unit
    FROM several AS s
    CROSS JOIN core_level AS l
    GROUP BY
        s.month,
        CASE WHEN l.by_region = 1 THEN s.region ELSE '_T' END,
        s.scheme,
        CASE WHEN l.by_ownership = 1 THEN s.ownership ELSE '_T' END,
        CASE WHEN l.by_industry = 1 THEN s.industry ELSE '_T' END
    UNION ALL
    SELECT
        u.month,
        CASE WHEN l.by_region = 1 THEN u.region ELSE '_T' END AS region,
        u.scheme,
        CASE WHEN l.by_ownership = 1 THEN u.ownership ELSE '_T' END AS ownership,
        CASE WHEN l.by_industry = 1 THEN u.industry ELSE '_T' END AS industry,
        0 AS person,
        COUNT(u.unit_id) AS unit
    FROM unit AS u
    CROSS JOIN core_level AS l
    GROUP BY
        u.month,
        CASE WHEN l.by_region = 1 THEN u.region ELSE '_T' END,
        u.scheme,
        CASE WHEN l.by_ownership = 1 THEN u.ownership ELSE '_T' END,
        CASE WHEN l.by_industry = 1 THEN u.industry ELSE '_T' END
)
SELECT month, region, scheme, ownership, industry, SUM(person) AS insured_person, SUM(unit) AS insured_unit
FROM counted
GROUP BY month, region, scheme, ownership, industry
ORDER BY month, region, scheme, ownership, industry
