-- name:  core_month_base
-- grain: month, region, scheme, ownership, industry
-- grows: month
-- doc:   Declared contribution bases of a month, by place, ownership and industry of the unit and by scheme, with all totals. Counted
--        are contributions, one for each person and scheme: under all schemes (_T) a person counts once for each.
-- columns: contribution_count = contributions of persons; base_yuan = the sum of their bases, yuan; floor_count = contributions on the
--        floor; cap_count = contributions on the cap; bounded_count = contributions of which floor and cap are known;
--        wage_yuan = the mean wage of the year, once for each contribution, yuan, null: it is not known everywhere;
--        previous_wage_yuan = that of the year before, yuan; due_yuan = due for the month, yuan; paid_yuan = paid of it until now, yuan
WITH unit AS (
    SELECT
        month,
        region,
        scheme,
        ownership,
        industry,
        SUM(contribution_count) AS contribution_count,
        SUM(base_yuan) AS base_yuan,
        SUM(floor_count) AS floor_count,
        SUM(cap_count) AS cap_count,
        SUM(CASE WHEN floor_count IS NOT NULL AND cap_count IS NOT NULL THEN contribution_count ELSE 0 END) AS bounded_count,
        SUM(due_yuan) AS due_yuan,
        SUM(paid_yuan) AS paid_yuan
    FROM core_unit_account
    GROUP BY month, region, scheme, ownership, industry
),
account AS (
    SELECT
        u.month,
        u.region,
        u.scheme,
        u.ownership,
        u.industry,
        u.contribution_count,
        u.base_yuan,
        u.floor_count,
        u.cap_count,
        u.bounded_count,
        u.due_yuan,
        u.paid_yuan,
        u.contribution_count * w.wage_yuan_month AS wage_yuan,
        u.contribution_count * p.wage_yuan_month AS previous_wage_yuan
    FROM unit AS u
    LEFT JOIN core_wage_place AS w ON w.period = substr(u.month, 1, 4) AND w.region = u.region
    LEFT JOIN core_wage_place AS p ON p.period = period_previous(substr(u.month, 1, 4)) AND p.region = u.region
),
by_scheme AS (
    SELECT
        month, region, scheme, ownership, industry, contribution_count, base_yuan, floor_count, cap_count, bounded_count, due_yuan,
        paid_yuan, wage_yuan, previous_wage_yuan
    FROM account
    UNION ALL
    SELECT
        month, region, '_T' AS scheme, ownership, industry, contribution_count, base_yuan, floor_count, cap_count, bounded_count,
        due_yuan, paid_yuan, wage_yuan, previous_wage_yuan
    FROM account
)
SELECT
    b.month,
    CASE WHEN l.by_region = 1 THEN b.region ELSE '_T' END AS region,
    b.scheme,
    CASE WHEN l.by_ownership = 1 THEN b.ownership ELSE '_T' END AS ownership,
    CASE WHEN l.by_industry = 1 THEN b.industry ELSE '_T' END AS industry,
    SUM(b.contribution_count) AS contribution_count,
    SUM(b.base_yuan) AS base_yuan,
    SUM(b.floor_count) AS floor_count,
    SUM(b.cap_count) AS cap_count,
    SUM(b.bounded_count) AS bounded_count,
    CASE WHEN COUNT(b.wage_yuan) = COUNT(b.base_yuan) THEN SUM(b.wage_yuan) END AS wage_yuan,
    CASE WHEN COUNT(b.previous_wage_yuan) = COUNT(b.base_yuan) THEN SUM(b.previous_wage_yuan) END AS previous_wage_yuan,
    SUM(b.due_yuan) AS due_yuan,
    SUM(b.paid_yuan) AS paid_yuan
FROM by_scheme AS b
CROSS JOIN core_level AS l
GROUP BY
    b.month,
    CASE WHEN l.by_region = 1 THEN b.region ELSE '_T' END,
    b.scheme,
    CASE WHEN l.by_ownership = 1 THEN b.ownership ELSE '_T' END,
    CASE WHEN l.by_industry = 1 THEN b.industry ELSE '_T' END
ORDER BY month, region, scheme, ownership, industry
