-- name:  core_membership
-- grain: month, person_id, unit_id
-- grows: month
-- doc:   Who is insured through which unit in a month, by the contributions recorded for it, paid or owed: the person's schemes there as
--        one number (core_scheme tells the bits), and the unit's place, ownership and industry in the register of the month.
--        _U: the register does not say, or does not have the unit.
-- columns: scheme_mask = the person's schemes at the unit, the sum of their bits; scheme_count = how many these are; unit_count =
--        units through which the person is insured in the month; person_mask = the person's schemes at all of these
WITH held AS (
    SELECT
        c.month,
        c.person_id,
        c.unit_id,
        MIN(c.region) AS region,
        SUM(s.bit) AS scheme_mask,
        COUNT(s.bit) AS scheme_count
    FROM core_contribution AS c
    INNER JOIN core_scheme AS s ON s.scheme = c.scheme
    GROUP BY c.month, c.person_id, c.unit_id
),
several AS (
    SELECT month, person_id, COUNT(unit_id) AS unit_count, bit_or(scheme_mask) AS person_mask
    FROM held
    GROUP BY month, person_id
    HAVING COUNT(unit_id) > 1
)
SELECT
    h.month,
    h.person_id,
    h.unit_id,
    COALESCE(u.region, h.region) AS region,
    COALESCE(u.ownership, '_U') AS ownership,
    COALESCE(u.industry, '_U') AS industry,
    h.scheme_mask,
    h.scheme_count,
    COALESCE(s.unit_count, 1) AS unit_count,
    COALESCE(s.person_mask, h.scheme_mask) AS person_mask
FROM held AS h
LEFT JOIN several AS s ON s.month = h.month AND s.person_id = h.person_id
LEFT JOIN core_unit AS u ON u.month = h.month AND u.unit_id = h.unit_id
ORDER BY h.month, h.person_id, h.unit_id
