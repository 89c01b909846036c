-- name:  core_moved
-- grain: month, span, person_id
-- grows: month
-- reads: core_membership 0 1 12 ago
-- doc:   The persons of whom anything is different between a month and the one before (span month) or the same month a year before (span
--        year): insured or not, by which units and schemes, and where these stand in the register. All others need no look at
--        their schemes. Only where there are records of both times.
-- columns: span = month or year: what is compared to
WITH span AS (
    SELECT month, 'month' AS span, period_previous(month) AS before_month
    FROM core_month
    UNION ALL
    SELECT month, 'year' AS span, period_offset(month, -12) AS before_month
    FROM core_month
),
now AS (
    SELECT s.month, s.span, m.person_id, m.unit_id, m.scheme_mask, m.region, m.ownership, m.industry
    FROM span AS s
    INNER JOIN core_membership AS m ON m.month = s.month
),
before AS (
    SELECT s.month, s.span, m.person_id, m.unit_id, m.scheme_mask, m.region, m.ownership, m.industry
    FROM span AS s
    INNER JOIN core_membership AS m ON m.month = s.before_month
),
compared AS (
    SELECT DISTINCT b.month, b.span
    FROM before AS b
    INNER JOIN (SELECT DISTINCT month FROM core_membership) AS n ON n.month = b.month
),
moved AS (
    SELECT DISTINCT
        COALESCE(n.month, b.month) AS month,
        COALESCE(n.span, b.span) AS span,
        COALESCE(n.person_id, b.person_id) AS person_id
    FROM now AS n
    FULL JOIN before AS b
        ON b.month = n.month AND b.span = n.span AND b.person_id = n.person_id AND b.unit_id = n.unit_id
        AND b.scheme_mask = n.scheme_mask AND b.region = n.region AND b.ownership = n.ownership AND b.industry = n.industry
    WHERE n.person_id IS NULL OR b.person_id IS NULL
)
SELECT m.month, m.span, m.person_id
FROM moved AS m
INNER JOIN compared AS c ON c.month = m.month AND c.span = m.span
ORDER BY m.month, m.span, m.person_id
