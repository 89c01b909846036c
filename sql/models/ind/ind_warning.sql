-- name:  ind_warning
-- grain: measure, period, region, scheme, ownership, industry, population, side
-- grows: month, rest
-- doc:   Early warnings (预警): every measure of ind_warning_measure against the thresholds in force, which are observations
--        like others (an indicator of kind rule whose numerator is the measure; statistic=minimum or maximum is its side).
--        state: raised where the measure lies below a minimum or above a maximum, clear where it does not; excess is by how
--        much. Of several thresholds that of the scheme itself goes before that of the scheme above it and of all, then that
--        of the nearest region, then the latest that has begun when the period ends (threshold_period). A measure without a
--        threshold has no row.
-- columns: measure = what is measured, a code of core_indicator; side = minimum or maximum: on which side of the line a warning
--        lies; threshold = the line, in the unit of the measure; state = raised or clear; excess = by how much the line is
--        crossed; threshold_period = from when on the line holds
WITH threshold AS (
    SELECT
        i.numerator AS measure,
        breakdown_value(f.breakdown, 'statistic') AS side,
        f.period AS threshold_period,
        f.period_start,
        f.region,
        f.scheme,
        f.value,
        f.unit,
        f.obs_id
    FROM core_figure AS f
    INNER JOIN core_indicator AS i ON i.indicator = f.indicator AND i.kind = 'rule' AND i.numerator <> ''
    WHERE
        f.period_kind = 'rule' AND f.ownership = '_T' AND f.industry = '_T' AND f.population = '_T'
        AND f.breakdown IN ('statistic=minimum', 'statistic=maximum')
),
dated AS (
    SELECT DISTINCT m.period, f.period_end
    FROM ind_warning_measure AS m
    INNER JOIN core_figure AS f ON f.period = m.period
),
parent AS (
    SELECT DISTINCT list, code, parent FROM core_code WHERE list IN ('region', 'scheme') AND parent IS NOT NULL
),
above AS (
    SELECT list, code, code AS ancestor, 0 AS distance FROM parent
    UNION ALL
    SELECT list, code, parent, 1 FROM parent
    UNION ALL
    SELECT a.list, a.code, b.parent, 2
    FROM parent AS a
    INNER JOIN parent AS b ON b.list = a.list AND b.code = a.parent
    UNION ALL
    SELECT a.list, a.code, c.parent, 3
    FROM parent AS a
    INNER JOIN parent AS b ON b.list = a.list AND b.code = a.parent
    INNER JOIN parent AS c ON c.list = b.list AND c.code = b.parent
    UNION ALL
    SELECT column1, '_T', '_T', 0 FROM (VALUES ('region'), ('scheme'))
),
judged AS (
    SELECT
        m.measure, m.period, m.region, m.scheme, m.ownership, m.industry, m.population, m.value, m.obs_id,
        t.side, t.value AS threshold, t.unit, t.threshold_period, t.obs_id AS threshold_obs_id,
        ROW_NUMBER() OVER (
            PARTITION BY m.measure, m.period, m.region, m.scheme, m.ownership, m.industry, m.population, t.side
            ORDER BY s.distance, r.distance, t.period_start DESC, t.obs_id
        ) AS place
    FROM ind_warning_measure AS m
    INNER JOIN dated AS d ON d.period = m.period
    INNER JOIN threshold AS t ON t.measure = m.measure AND t.period_start <= d.period_end
    INNER JOIN above AS s ON s.list = 'scheme' AND s.code = m.scheme AND s.ancestor = t.scheme
    INNER JOIN above AS r ON r.list = 'region' AND r.code = m.region AND r.ancestor = t.region
)
SELECT
    measure,
    period,
    region,
    scheme,
    ownership,
    industry,
    population,
    side,
    value,
    CAST(threshold AS DECIMAL(38, 12)) AS threshold,
    unit,
    CASE
        WHEN (side = 'minimum' AND value < CAST(threshold AS DECIMAL(38, 12)))
            OR (side = 'maximum' AND value > CAST(threshold AS DECIMAL(38, 12))) THEN 'raised'
        ELSE 'clear'
    END AS state,
    CASE
        WHEN side = 'minimum' AND value < CAST(threshold AS DECIMAL(38, 12)) THEN CAST(threshold AS DECIMAL(38, 12)) - value
        WHEN side = 'maximum' AND value > CAST(threshold AS DECIMAL(38, 12)) THEN value - CAST(threshold AS DECIMAL(38, 12))
    END AS excess,
    threshold_period,
    obs_id,
    threshold_obs_id
FROM judged
WHERE place = 1
ORDER BY measure, period, region, scheme, ownership, industry, population, side
