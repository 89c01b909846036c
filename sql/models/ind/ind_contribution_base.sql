-- name:  ind_contribution_base
-- grain: period, region, scheme, ownership, industry, population
-- doc:   Floor and cap of the contribution base (缴费基数上下限) in a year: shares of the mean wage of the year before, by the rule in
--        force in the place or the level above it. period is the year in which the base holds, wage_period the year whose wage
--        it follows from. min_fee_yuan_month and max_fee_yuan_month: the contribution on floor and cap where one rate stands
--        for the whole contribution of the same group. wage_growth_pct: the mean wage against the year before it.
--        printed_floor_yuan_month, printed_cap_yuan_month: the source's own.
-- columns: wage_period = the year of the mean wage; wage_growth_pct = growth of the mean wage against the year before, percent;
--        floor_pct = lowest base as a share of the mean wage, percent; cap_pct = highest base as a share of the mean wage,
--        percent; floor_yuan_month = lowest contribution base, yuan a month; cap_yuan_month = highest contribution base, yuan a
--        month; printed_floor_yuan_month = the source's own floor, yuan a month; printed_cap_yuan_month = the source's own cap,
--        yuan a month; rate_pct = the rate in force, percent; min_fee_yuan_month = contribution on the floor, yuan a month;
--        max_fee_yuan_month = contribution on the cap, yuan a month
WITH year AS (
    SELECT
        period_offset(period, 1) AS period,
        CAST(concat(period_offset(period, 1), '-01-01') AS DATE) AS first_day,
        CAST(concat(period_offset(period, 1), '-12-31') AS DATE) AS last_day,
        period AS wage_period,
        region,
        wage_yuan_month,
        wage_yuan_year,
        growth_pct,
        wage_obs_id
    FROM core_wage
),
ranked AS (
    SELECT
        y.period,
        y.region,
        r.scheme,
        r.ownership,
        r.industry,
        r.population,
        r.breakdown,
        r.value,
        r.obs_id,
        ROW_NUMBER() OVER (
            PARTITION BY y.period, y.region, r.scheme, r.ownership, r.industry, r.population, r.breakdown
            ORDER BY a.distance, r.valid_from DESC
        ) AS place
    FROM year AS y
    INNER JOIN core_ancestor AS a ON a.list = 'region' AND a.code = y.region
    INNER JOIN core_rule AS r
        ON r.region = a.ancestor AND r.valid_from <= y.last_day AND (r.valid_to IS NULL OR r.valid_to >= y.first_day)
    WHERE r.indicator = 'contribution_base_pct' AND r.breakdown IN ('statistic=minimum', 'statistic=maximum')
),
share AS (
    SELECT
        period,
        region,
        scheme,
        ownership,
        industry,
        population,
        MAX(CASE WHEN breakdown = 'statistic=minimum' THEN value END) AS floor_pct,
        MAX(CASE WHEN breakdown = 'statistic=maximum' THEN value END) AS cap_pct,
        MAX(CASE WHEN breakdown = 'statistic=minimum' THEN obs_id END) AS floor_obs_id,
        MAX(CASE WHEN breakdown = 'statistic=maximum' THEN obs_id END) AS cap_obs_id
    FROM ranked
    WHERE place = 1
    GROUP BY period, region, scheme, ownership, industry, population
),
printed AS (
    SELECT
        period,
        region,
        MAX(CASE WHEN breakdown = 'statistic=minimum' THEN value END) AS floor_yuan_month,
        MAX(CASE WHEN breakdown = 'statistic=maximum' THEN value END) AS cap_yuan_month,
        string_agg(obs_id, ' ' ORDER BY obs_id) AS obs_id
    FROM core_rule
    WHERE indicator = 'contribution_base_yuan_month' AND breakdown IN ('statistic=minimum', 'statistic=maximum')
    GROUP BY period, region
),
base AS (
    SELECT
        s.period,
        s.region,
        s.scheme,
        s.ownership,
        s.industry,
        s.population,
        y.wage_period,
        y.wage_yuan_month,
        y.growth_pct,
        s.floor_pct,
        s.cap_pct,
        exact_div(y.wage_yuan_year * s.floor_pct, 1200) AS floor_yuan_month,
        exact_div(y.wage_yuan_year * s.cap_pct, 1200) AS cap_yuan_month,
        y.wage_obs_id,
        s.floor_obs_id,
        s.cap_obs_id
    FROM share AS s
    INNER JOIN year AS y ON y.period = s.period AND y.region = s.region
)
SELECT
    b.period,
    b.region,
    b.scheme,
    b.ownership,
    b.industry,
    b.population,
    b.wage_period,
    b.wage_yuan_month,
    b.growth_pct AS wage_growth_pct,
    b.floor_pct,
    b.cap_pct,
    b.floor_yuan_month,
    b.cap_yuan_month,
    p.floor_yuan_month AS printed_floor_yuan_month,
    p.cap_yuan_month AS printed_cap_yuan_month,
    c.rate_pct,
    CAST(b.floor_yuan_month * c.rate_pct / 100 AS DECIMAL(38, 12)) AS min_fee_yuan_month,
    CAST(b.cap_yuan_month * c.rate_pct / 100 AS DECIMAL(38, 12)) AS max_fee_yuan_month,
    b.wage_obs_id,
    b.floor_obs_id,
    b.cap_obs_id,
    p.obs_id AS printed_obs_id,
    c.rate_obs_id
FROM base AS b
LEFT JOIN printed AS p ON p.period = b.period AND p.region = b.region
LEFT JOIN ind_contribution AS c
    ON c.period = b.period AND c.region = b.region AND c.scheme = b.scheme AND c.ownership = b.ownership
    AND c.industry = b.industry AND c.population = b.population AND c.payer = '_T' AND c.risk = '_T'
    AND c.standing = 'in-force'
ORDER BY b.period, b.region, b.scheme, b.ownership, b.industry, b.population
