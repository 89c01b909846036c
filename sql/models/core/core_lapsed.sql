-- name:  core_lapsed
-- grain: month, person_id
-- grows: month
-- reads: core_membership 2, core_lapsed before
-- doc:   Who had been insured before a month and was not in it: what tells a person who comes back from a new one. Carried from month to
--        month, so that no earlier records are read; it begins with the first month of the records.
-- columns: lapsed_mask = the schemes under which the person had been insured earlier and is not in the month, the sum of their
--        bits (core_scheme)
WITH now AS (
    SELECT b.month, m.person_id, bit_or(m.scheme_mask) AS mask
    FROM core_month AS b
    INNER JOIN core_membership AS m ON m.month = b.month
    GROUP BY b.month, m.person_id
),
earlier AS (
    SELECT b.month, m.person_id, m.scheme_mask AS mask
    FROM core_month AS b
    INNER JOIN core_membership AS m ON m.month = period_previous(b.month)
    UNION ALL
    SELECT b.month, l.person_id, l.lapsed_mask AS mask
    FROM core_month AS b
    INNER JOIN core_lapsed AS l ON l.month = period_previous(b.month)
),
ever AS (
    SELECT month, person_id, bit_or(mask) AS mask
    FROM earlier
    GROUP BY month, person_id
),
lapsed AS (
    SELECT e.month, e.person_id, e.mask - (e.mask & COALESCE(n.mask, 0)) AS lapsed_mask
    FROM ever AS e
    LEFT JOIN now AS n ON n.month = e.month AND n.person_id = e.person_id
)
SELECT month, person_id, lapsed_mask
FROM lapsed
WHERE lapsed_mask <> 0
ORDER BY month, person_id
