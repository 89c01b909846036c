-- name:  core_month_income
-- grain: month, paid_month, region, scheme, ownership, industry
-- grows: month
-- doc:   Contributions for a month by the month in which the money came in, by place, ownership and industry of the unit and by
--        scheme, with all totals.
-- columns: paid_month = the month in which it came in; paid_yuan = what came in, yuan; recovered_yuan = the part of it that had been
--        owed at the end of the month that it is for, yuan
WITH paid AS (
    SELECT
        month, paid_month, region, scheme, ownership, industry,
        SUM(paid_yuan) AS paid_yuan,
        SUM(recovered_yuan) AS recovered_yuan
    FROM core_unit_account
    WHERE paid_month IS NOT NULL AND paid_yuan <> 0
    GROUP BY month, paid_month, region, scheme, ownership, industry
),
by_scheme AS (
    SELECT month, paid_month, region, scheme, ownership, industry, paid_yuan, recovered_yuan
    FROM paid
    UNION ALL
    SELECT month, paid_month, region, '_T' AS scheme, ownership, industry, paid_yuan, recovered_yuan
    FROM paid
)
SELECT
    p.month,
    p.paid_month,
    CASE WHEN l.by_region = 1 THEN p.region ELSE '_T' END AS region,
    p.scheme,
    CASE WHEN l.by_ownership = 1 THEN p.ownership ELSE '_T' END AS ownership,
    CASE WHEN l.by_industry = 1 THEN p.industry ELSE '_T' END AS industry,
    SUM(p.paid_yuan) AS paid_yuan,
    SUM(p.recovered_yuan) AS recovered_yuan
FROM by_scheme AS p
CROSS JOIN core_level AS l
GROUP BY
    p.month,
    p.paid_month,
    CASE WHEN l.by_region = 1 THEN p.region ELSE '_T' END,
    p.scheme,
    CASE WHEN l.by_ownership = 1 THEN p.ownership ELSE '_T' END,
    CASE WHEN l.by_industry = 1 THEN p.industry ELSE '_T' END
ORDER BY month, paid_month, region, scheme, ownership, industry
