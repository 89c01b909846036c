-- name:  core_rule
-- grain: indicator, period, region, scheme, ownership, industry, population, breakdown
-- doc:   Rates and standards (period_kind rule) with the time they are in force. valid_from is the first day for which a source
--        states the rule; valid_to the day before the next statement of the same quantity begins, null for the last one. A
--        proposal (breakdown standing=proposed) is a quantity of its own and ends no rule. previous_value is the statement
--        before; change is the difference, change_pct the growth in percent. Another year's rule is a row of its source.
-- columns: indicator = the indicator, a code of core_indicator; valid_from = first day on which it holds, null: since ever;
--        valid_to = last day on which it holds, null: still; previous_period = the period that is compared to; previous_value =
--        the value before; change = this value less the one before; change_pct = the change in percent of what was before
WITH rule AS (
    SELECT
        f.indicator,
        f.period,
        f.period_start,
        f.region,
        f.scheme,
        f.ownership,
        f.industry,
        f.population,
        f.breakdown,
        f.value,
        f.unit,
        o.qualifier,
        f.obs_id
    FROM core_figure AS f
    LEFT JOIN core_observation AS o ON o.obs_id = f.obs_id
    WHERE f.period_kind = 'rule'
),
series AS (
    SELECT
        indicator,
        period,
        period_start,
        region,
        scheme,
        ownership,
        industry,
        population,
        breakdown,
        value,
        unit,
        qualifier,
        obs_id,
        LEAD(period_start) OVER quantity AS next_start,
        LAG(value) OVER quantity AS previous_value,
        LAG(period) OVER quantity AS previous_period,
        LAG(obs_id) OVER quantity AS previous_obs_id
    FROM rule
    WINDOW quantity AS (
        PARTITION BY indicator, region, scheme, ownership, industry, population, breakdown ORDER BY period_start, period
    )
)
SELECT
    indicator,
    period,
    period_start AS valid_from,
    next_start - INTERVAL '1 day' AS valid_to,
    region,
    scheme,
    ownership,
    industry,
    population,
    breakdown,
    COALESCE(breakdown_value(breakdown, 'standing'), 'in-force') AS standing,
    value,
    unit,
    qualifier,
    previous_period,
    previous_value,
    value - previous_value AS change,
    change_pct(value, previous_value) AS change_pct,
    obs_id,
    previous_obs_id
FROM series
ORDER BY indicator, period, region, scheme, ownership, industry, population, breakdown
