-- name:  core_base_limit
-- grain: period, region, scheme
-- doc:   Floor and cap of the contribution base in a year for every region and scheme of which both the mean wage of the year
--        before and the shares are known: those of the place itself before those of a place above it, those of the scheme itself
--        before those of a wider one. wage_yuan_month: that mean wage.
-- columns: wage_yuan_month = mean wage of the year before, yuan a month; floor_pct = lowest base as a share of it, percent;
--        cap_pct = highest base as a share of it, percent; floor_yuan_month = lowest contribution base, yuan a month;
--        cap_yuan_month = highest contribution base, yuan a month
WITH wage AS (
    SELECT period_offset(period, 1) AS period, region, wage_yuan_month, wage_yuan_year, wage_obs_id
    FROM core_wage_place
),
share AS (
    SELECT
        w.period,
        w.region,
        s.code AS scheme,
        r.breakdown,
        r.value,
        r.obs_id,
        ROW_NUMBER() OVER (
            PARTITION BY w.period, w.region, s.code, r.breakdown ORDER BY p.distance, s.distance, r.valid_from DESC, r.obs_id
        ) AS place
    FROM wage AS w
    INNER JOIN core_ancestor AS p ON p.list = 'region' AND p.code = w.region
    INNER JOIN core_rule AS r
        ON r.region = p.ancestor AND r.indicator = 'contribution_base_pct'
        AND r.valid_from <= CAST(concat(w.period, '-12-31') AS DATE)
        AND (r.valid_to IS NULL OR r.valid_to >= CAST(concat(w.period, '-01-01') AS DATE))
    INNER JOIN core_ancestor AS s ON s.list = 'scheme' AND s.ancestor = r.scheme
    WHERE
        r.breakdown IN ('statistic=minimum', 'statistic=maximum') AND r.ownership = '_T' AND r.industry = '_T' AND r.population IN ('_T', 'employee')
),
bound AS (
    SELECT
        period,
        region,
        scheme,
        MAX(CASE WHEN breakdown = 'statistic=minimum' THEN value END) AS floor_pct,
        MAX(CASE WHEN breakdown = 'statistic=maximum' THEN value END) AS cap_pct,
        MAX(CASE WHEN breakdown = 'statistic=minimum' THEN obs_id END) AS floor_obs_id,
        MAX(CASE WHEN breakdown = 'statistic=maximum' THEN obs_id END) AS cap_obs_id
    FROM share
    WHERE place = 1
    GROUP BY period, region, scheme
)
SELECT
    b.period,
    b.region,
    b.scheme,
    w.wage_yuan_month,
    b.floor_pct,
    b.cap_pct,
    exact_div(w.wage_yuan_year * b.floor_pct, 1200) AS floor_yuan_month,
    exact_div(w.wage_yuan_year * b.cap_pct, 1200) AS cap_yuan_month,
    w.wage_obs_id,
    b.floor_obs_id,
    b.cap_obs_id
FROM bound AS b
INNER JOIN wage AS w ON w.period = b.period AND w.region = b.region
ORDER BY b.period, b.region, b.scheme
