-- name:  ind_contribution_wage
-- grain: period, region, scheme, wage_region, wage_ownership, wage_industry, wage_population, statistic, payer, risk
-- doc:   What contributions cost at a given wage: the base is the wage, but not less than the floor and not more than the cap of the
--        year (缴费基数上下限), and the contribution is the base times the rate. burden_pct is the contribution as a share of the
--        wage itself; below the floor it exceeds the rate. The wages are those the sources state for a place and year, lowest
--        and highest apart (statistic); they are amounts at which the burden is worked out, and stand for no group of persons.
--        A wage named with a scheme gets that scheme's rate, one without gets the stated burden of all schemes (else the sum of
--        their rates, ind_contribution_burden). region is the place whose floor counts: the wage's own, a part of it, or the
--        level above. Null where floor or cap is not known. printed_yuan_year is the source's own contribution of the year.
-- columns: wage_region = where the mean wage was taken from; wage_ownership = whose mean wage it is, by ownership; wage_industry
--        = whose wage it is, by industry; wage_population = whose mean wage it is: all employed, employees, or those at their
--        posts; floor_yuan_month = lowest contribution base, yuan a month; cap_yuan_month = highest contribution base, yuan a
--        month; base_yuan_month = the wage, not below the floor and not above the cap, yuan a month; rate_pct = the rate in
--        force, percent; contribution_yuan_month = contribution on that base, yuan a month; burden_pct = contribution as a
--        share of the wage, percent; printed_yuan_year = the source's own contribution, yuan a year
WITH wage AS (
    SELECT
        f.period,
        CAST(concat(f.period, '-12-31') AS DATE) AS last_day,
        f.region,
        f.scheme,
        f.ownership,
        f.industry,
        f.population,
        COALESCE(breakdown_value(f.breakdown, 'statistic'), 'mean') AS statistic,
        f.value,
        f.obs_id
    FROM core_figure AS f
    WHERE
        f.indicator = 'wage_yuan_month' AND f.period_kind = 'rate' AND regexp_like(f.period, '^[0-9]{4}$')
        AND breakdown_without(f.breakdown, 'statistic') = '_T'
),
base AS (
    SELECT
        period,
        region,
        MIN(floor_yuan_month) AS floor_yuan_month,
        MAX(cap_yuan_month) AS cap_yuan_month,
        MIN(floor_obs_id) AS floor_obs_id,
        MIN(cap_obs_id) AS cap_obs_id,
        MIN(wage_obs_id) AS mean_wage_obs_id
    FROM ind_contribution_base
    GROUP BY period, region
    HAVING COUNT(DISTINCT floor_yuan_month) = 1 AND COUNT(DISTINCT cap_yuan_month) = 1
),
near AS (
    SELECT
        w.obs_id,
        b.region,
        b.floor_yuan_month,
        b.cap_yuan_month,
        b.floor_obs_id,
        b.cap_obs_id,
        b.mean_wage_obs_id,
        ROW_NUMBER() OVER (PARTITION BY w.obs_id ORDER BY a.distance, b.region) AS place
    FROM wage AS w
    INNER JOIN base AS b ON b.period = w.period
    INNER JOIN core_ancestor AS a
        ON a.list = 'region'
        AND ((a.code = w.region AND a.ancestor = b.region) OR (a.code = b.region AND a.ancestor = w.region))
),
rate AS (
    SELECT w.obs_id, c.payer, c.risk, c.rate_pct, c.rate_obs_id
    FROM wage AS w
    INNER JOIN ind_contribution AS c
        ON c.scheme = w.scheme AND c.region = w.region AND c.period = w.period AND c.standing = 'in-force'
        AND c.rate_pct IS NOT NULL AND c.industry = '_T' AND c.population = '_T' AND c.ownership = w.ownership
    UNION ALL
    SELECT
        r.obs_id, r.payer, r.risk, r.rate_pct, r.rate_obs_id
    FROM (
        SELECT
            w.obs_id,
            b.payer,
            b.risk,
            COALESCE(b.stated_pct, b.rate_pct) AS rate_pct,
            COALESCE(b.stated_obs_id, b.rate_obs_id) AS rate_obs_id,
            ROW_NUMBER() OVER (
                PARTITION BY w.obs_id, b.payer, b.risk
                ORDER BY CASE WHEN b.stated_pct IS NULL THEN 1 ELSE 0 END, b.scheme_count DESC NULLS LAST, b.valid_from DESC, b.ownership
            ) AS place
        FROM wage AS w
        INNER JOIN ind_contribution_burden AS b
            ON b.region = w.region AND b.valid_from <= w.last_day AND period_year(w.period) = EXTRACT(YEAR FROM b.valid_from)
        WHERE w.scheme = '_T'
    ) AS r
    WHERE r.place = 1
),
printed AS (
    SELECT
        period, region, scheme, breakdown_value(breakdown, 'statistic') AS statistic, MAX(value) AS value, MAX(obs_id) AS obs_id
    FROM core_figure
    WHERE indicator = 'contribution_yuan_year' AND breakdown_value(breakdown, 'statistic') IS NOT NULL
    GROUP BY period, region, scheme, breakdown_value(breakdown, 'statistic')
),
paid AS (
    SELECT
        w.period,
        COALESCE(n.region, w.region) AS region,
        w.scheme,
        w.region AS wage_region,
        w.ownership AS wage_ownership,
        w.industry AS wage_industry,
        w.population AS wage_population,
        w.statistic,
        r.payer,
        r.risk,
        w.value AS wage_yuan_month,
        n.floor_yuan_month,
        n.cap_yuan_month,
        CASE
            WHEN n.floor_yuan_month IS NOT NULL AND n.cap_yuan_month IS NOT NULL
                THEN GREATEST(n.floor_yuan_month, LEAST(n.cap_yuan_month, CAST(w.value AS DECIMAL(38, 12))))
        END AS base_yuan_month,
        r.rate_pct,
        w.obs_id AS wage_obs_id,
        n.mean_wage_obs_id,
        n.floor_obs_id,
        n.cap_obs_id,
        r.rate_obs_id
    FROM wage AS w
    INNER JOIN rate AS r ON r.obs_id = w.obs_id
    LEFT JOIN near AS n ON n.obs_id = w.obs_id AND n.place = 1
)
SELECT
    p.period,
    p.region,
    p.scheme,
    p.wage_region,
    p.wage_ownership,
    p.wage_industry,
    p.wage_population,
    p.statistic,
    p.payer,
    p.risk,
    p.wage_yuan_month,
    p.floor_yuan_month,
    p.cap_yuan_month,
    p.base_yuan_month,
    p.rate_pct,
    CAST(p.base_yuan_month * p.rate_pct / 100 AS DECIMAL(38, 12)) AS contribution_yuan_month,
    CAST(p.base_yuan_month * p.rate_pct * 12 / 100 AS DECIMAL(38, 12)) AS contribution_yuan_year,
    exact_div(CAST(p.base_yuan_month AS DECIMAL(38, 12)) * CAST(p.rate_pct AS DECIMAL(20, 6)), p.wage_yuan_month) AS burden_pct,
    d.value AS printed_yuan_year,
    p.wage_obs_id,
    p.mean_wage_obs_id,
    p.floor_obs_id,
    p.cap_obs_id,
    p.rate_obs_id,
    d.obs_id AS printed_obs_id
FROM paid AS p
LEFT JOIN printed AS d
    ON d.period = p.period AND d.region = p.wage_region AND d.scheme = p.scheme AND d.statistic = p.statistic
ORDER BY
    p.period, p.region, p.scheme, p.wage_region, p.wage_ownership, p.wage_industry, p.wage_population, p.statistic, p.payer, p.risk
