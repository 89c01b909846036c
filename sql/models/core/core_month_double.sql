-- name:  core_month_double
-- grain: month, region, scheme, other_scheme, ownership, industry
-- grows: month
-- doc:   Persons who are insured in a month under two schemes that exclude each other (code list exclusion), by the two, and by
--        place, ownership and industry of the units through which they are, with all totals; a person counts once in each.
-- columns: scheme = one of the two, _T: any; other_scheme = the other one; person = persons, each once
WITH exclusion AS (
    SELECT exclusion, SUM(bit) AS mask
    FROM core_scheme
    WHERE exclusion IS NOT NULL
    GROUP BY exclusion
),
doubled AS (
    -- A mask less 1 has all bits of the mask but the lowest: what both have is nothing where there was one bit.
    SELECT m.month, m.person_id, m.region, m.ownership, m.industry, m.scheme_mask, e.exclusion
    FROM core_membership AS m
    INNER JOIN exclusion AS e ON (m.person_mask & e.mask & ((m.person_mask & e.mask) - 1)) <> 0
),
held AS (
    SELECT d.month, d.person_id, d.region, d.ownership, d.industry, d.exclusion, s.scheme
    FROM doubled AS d
    INNER JOIN core_scheme AS s ON s.exclusion = d.exclusion AND (d.scheme_mask & s.bit) <> 0
),
pair AS (
    SELECT a.month, a.person_id, a.scheme, b.scheme AS other_scheme, a.region, a.ownership, a.industry
    FROM held AS a
    INNER JOIN held AS b
        ON b.month = a.month AND b.person_id = a.person_id AND b.exclusion = a.exclusion AND b.scheme > a.scheme
    UNION ALL
    SELECT a.month, a.person_id, a.scheme, b.scheme AS other_scheme, b.region, b.ownership, b.industry
    FROM held AS a
    INNER JOIN held AS b
        ON b.month = a.month AND b.person_id = a.person_id AND b.exclusion = a.exclusion AND b.scheme > a.scheme
),
by_scheme AS (
    SELECT month, person_id, scheme, other_scheme, region, ownership, industry
    FROM pair
    UNION ALL
    SELECT month, person_id, '_T' AS scheme, '_T' AS other_scheme, region, ownership, industry
    FROM pair
),
divided AS (
    SELECT
        p.month,
        CASE WHEN l.by_region = 1 THEN p.region ELSE '_T' END AS region,
        p.scheme,
        p.other_scheme,
        CASE WHEN l.by_ownership = 1 THEN p.ownership ELSE '_T' END AS ownership,
        CASE WHEN l.by_industry = 1 THEN p.industry ELSE '_T' END AS industry,
        p.person_id
    FROM by_scheme AS p
    CROSS JOIN core_level AS l
)
SELECT month, region, scheme, other_scheme, ownership, industry, COUNT(DISTINCT person_id) AS person
FROM divided
GROUP BY month, region, scheme, other_scheme, ownership, industry
ORDER BY month, region, scheme, other_scheme, ownership, industry
