-- name:  core_month_benefit
-- grain: month, region, scheme, benefit_kind
-- grows: month
-- doc:   Benefits paid in a month, by place, scheme and kind, with all totals; persons are counted once in every total.
-- columns: benefit_kind = the kind of benefit, a code; beneficiary_person = persons to whom something was paid; amount_yuan =
--        what was paid less what was taken back, yuan
WITH level AS (
    SELECT DISTINCT by_region, by_ownership AS by_scheme, by_industry AS by_kind
    FROM core_level
),
added AS (
    SELECT month, region, scheme, benefit_kind, SUM(amount_yuan) AS amount_yuan
    FROM core_benefit
    GROUP BY month, region, scheme, benefit_kind
),
amount AS (
    SELECT
        a.month,
        CASE WHEN l.by_region = 1 THEN a.region ELSE '_T' END AS region,
        CASE WHEN l.by_scheme = 1 THEN a.scheme ELSE '_T' END AS scheme,
        CASE WHEN l.by_kind = 1 THEN a.benefit_kind ELSE '_T' END AS benefit_kind,
        SUM(a.amount_yuan) AS amount_yuan
    FROM added AS a
    CROSS JOIN level AS l
    GROUP BY
        a.month,
        CASE WHEN l.by_region = 1 THEN a.region ELSE '_T' END,
        CASE WHEN l.by_scheme = 1 THEN a.scheme ELSE '_T' END,
        CASE WHEN l.by_kind = 1 THEN a.benefit_kind ELSE '_T' END
),
person AS (
    SELECT
        b.month,
        CASE WHEN l.by_region = 1 THEN b.region ELSE '_T' END AS region,
        CASE WHEN l.by_scheme = 1 THEN b.scheme ELSE '_T' END AS scheme,
        CASE WHEN l.by_kind = 1 THEN b.benefit_kind ELSE '_T' END AS benefit_kind,
        COUNT(DISTINCT b.person_id) AS person
    FROM core_benefit AS b
    CROSS JOIN level AS l
    WHERE b.amount_yuan > 0
    GROUP BY
        b.month,
        CASE WHEN l.by_region = 1 THEN b.region ELSE '_T' END,
        CASE WHEN l.by_scheme = 1 THEN b.scheme ELSE '_T' END,
        CASE WHEN l.by_kind = 1 THEN b.benefit_kind ELSE '_T' END
)
SELECT
    a.month,
    a.region,
    a.scheme,
    a.benefit_kind,
    COALESCE(p.person, 0) AS beneficiary_person,
    a.amount_yuan
FROM amount AS a
LEFT JOIN person AS p
    ON p.month = a.month AND p.region = a.region AND p.scheme = a.scheme AND p.benefit_kind = a.benefit_kind
ORDER BY a.month, a.region, a.scheme, a.benefit_kind
