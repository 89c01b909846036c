-- name:  core_wage
-- grain: period, region
-- doc:   The mean wage (社会平均工资) that counts for a region and year, per month and per year; what is printed for the year is
--        divided by 12 for the month. Where several are printed, that of all employed persons counts before that of employees
--        and of employees at their posts (在岗职工); wage_population says which it is. growth_pct is against the year before
--        and null without it; a change of population between the years, and a break that is declared for the
--        mean wage, is a break: growth_pct is null, break_before is 1.
-- columns: wage_ownership = whose mean wage it is, by ownership; wage_population = whose mean wage it is: all employed,
--        employees, or those at their posts; previous_yuan_month = the one before, yuan a month; growth_pct = growth against
--        the year before, percent; break_before = 1 where the two cannot be compared
WITH printed AS (
    SELECT
        period,
        region,
        scheme,
        ownership,
        population,
        MAX(CASE WHEN indicator = 'wage_yuan_month' AND period_kind = 'rate' THEN value END) AS month_value,
        MAX(CASE WHEN indicator = 'wage_yuan_year' AND period_kind = 'flow' THEN value END) AS year_value,
        MAX(CASE WHEN indicator = 'wage_yuan_month' AND period_kind = 'rate' THEN obs_id END) AS month_obs_id,
        MAX(CASE WHEN indicator = 'wage_yuan_year' AND period_kind = 'flow' THEN obs_id END) AS year_obs_id
    FROM core_figure
    WHERE
        indicator IN ('wage_yuan_month', 'wage_yuan_year') AND industry = '_T' AND breakdown = '_T'
        AND population IN ('_T', 'employee', 'on-post') AND regexp_like(period, '^[0-9]{4}$')
    GROUP BY period, region, scheme, ownership, population
),
ranked AS (
    SELECT
        period,
        region,
        scheme,
        ownership,
        population,
        month_value,
        year_value,
        COALESCE(month_obs_id, year_obs_id) AS obs_id,
        ROW_NUMBER() OVER (
            PARTITION BY period, region
            ORDER BY
                CASE population WHEN '_T' THEN 1 WHEN 'employee' THEN 2 ELSE 3 END,
                CASE WHEN scheme = '_T' THEN 1 ELSE 2 END,
                CASE WHEN ownership = '_T' THEN 1 ELSE 2 END,
                scheme,
                ownership
        ) AS place
    FROM printed
),
wage AS (
    SELECT
        period,
        region,
        scheme,
        ownership,
        population,
        COALESCE(month_value, exact_div(year_value, 12)) AS month_value,
        COALESCE(year_value, month_value * 12) AS year_value,
        obs_id
    FROM ranked
    WHERE place = 1
),
paired AS (
    SELECT w.period, w.region, p.period AS previous_period, p.month_value, p.ownership, p.population, p.obs_id
    FROM wage AS w
    INNER JOIN wage AS p ON p.region = w.region AND p.period = period_previous(w.period)
),
declared AS (
    SELECT DISTINCT p.period, p.region
    FROM paired AS p
    INNER JOIN core_break AS b
        ON b.kind = 'break' AND b.at_day <= CAST(concat(p.period, '-12-31') AS DATE)
        AND b.at_day > CAST(concat(p.previous_period, '-01-01') AS DATE)
        AND b.indicator IN ('wage_yuan_month', 'wage_yuan_year') AND (b.region IS NULL OR b.region = p.region)
)
SELECT
    w.period,
    w.region,
    w.month_value AS wage_yuan_month,
    w.year_value AS wage_yuan_year,
    w.ownership AS wage_ownership,
    w.population AS wage_population,
    p.month_value AS previous_yuan_month,
    CASE
        WHEN p.population = w.population AND p.ownership = w.ownership AND d.period IS NULL
            THEN change_pct(w.month_value, p.month_value)
    END AS growth_pct,
    CASE
        WHEN p.population <> w.population OR p.ownership <> w.ownership OR d.period IS NOT NULL THEN 1 ELSE 0
    END AS break_before,
    w.obs_id AS wage_obs_id,
    p.obs_id AS previous_obs_id
FROM wage AS w
LEFT JOIN paired AS p ON p.region = w.region AND p.period = w.period
LEFT JOIN declared AS d ON d.region = w.region AND d.period = w.period
ORDER BY w.period, w.region
