-- name:  ind_benefit_standard
-- grain: indicator, period, region, scheme, ownership, industry, population, breakdown
-- doc:   Standards of benefits (待遇标准) with the days they are in force (see core_rule) and their rise: unemployment benefit by
--        grade and area, minimum living allowance, basic pension of residents. standard: in the unit printed;
--        standard_yuan_month: by month, a year's divided by 12. growth_pct is against the standard before, and
--        printed_growth_pct the source's own. required_pct: by how much a standard has to rise in a year where that is laid
--        down for the place or the level above; required_qualifier at_least means that it may rise more.
--        to_lowest_times: the monthly standard over the lowest one of another group of persons in the same place, scheme,
--        period and breakdown. standing: in-force, or proposed.
-- columns: indicator = the indicator, a code of core_indicator; valid_from = first day on which it holds, null: since ever;
--        valid_to = last day on which it holds, null: still; standard = the standard in its own unit; standard_yuan_month = the
--        same per month, yuan; previous_period = the period that is compared to; previous_standard = the standard before;
--        change_standard = this standard less the one before; growth_pct = growth against the period before, percent;
--        printed_growth_pct = the source's own growth, percent; required_pct = growth that a rule requires, percent;
--        required_qualifier = how the rule bounds it; to_lowest_times = over the lowest standard of its kind
WITH standard AS (
    SELECT
        indicator,
        period,
        valid_from,
        valid_to,
        region,
        scheme,
        ownership,
        industry,
        population,
        breakdown,
        standing,
        value,
        unit,
        CASE WHEN unit = 'yuan_year' THEN exact_div(value, 12) ELSE CAST(value AS DECIMAL(38, 12)) END AS standard_yuan_month,
        qualifier,
        previous_period,
        previous_value,
        change,
        change_pct,
        obs_id,
        previous_obs_id
    FROM core_rule
    WHERE
        indicator IN ('benefit_standard_yuan_month', 'benefit_standard_yuan_year', 'basic_pension_yuan_month')
        AND breakdown_value(breakdown, 'base_pct') IS NULL
),
growth AS (
    SELECT period, region, scheme, ownership, industry, population, breakdown, value, obs_id
    FROM core_figure
    WHERE indicator = 'benefit_growth_pct' AND period_kind = 'rate'
),
required AS (
    SELECT
        s.obs_id,
        r.value,
        r.qualifier,
        r.obs_id AS required_obs_id,
        ROW_NUMBER() OVER (PARTITION BY s.obs_id ORDER BY a.distance, r.valid_from DESC) AS place
    FROM standard AS s
    INNER JOIN core_ancestor AS a ON a.list = 'region' AND a.code = s.region
    INNER JOIN core_rule AS r
        ON r.region = a.ancestor AND r.scheme = s.scheme AND r.valid_from <= s.valid_from
        AND (r.valid_to IS NULL OR r.valid_to >= s.valid_from)
    WHERE r.indicator = 'benefit_growth_rule_pct' AND r.standing = 'in-force' AND r.population = '_T' AND r.breakdown = '_T'
)
SELECT
    s.indicator,
    s.period,
    s.region,
    s.scheme,
    s.ownership,
    s.industry,
    s.population,
    s.breakdown,
    s.standing,
    s.valid_from,
    s.valid_to,
    s.value AS standard,
    s.unit,
    s.qualifier,
    s.standard_yuan_month,
    s.previous_period,
    s.previous_value AS previous_standard,
    s.change AS change_standard,
    s.change_pct AS growth_pct,
    g.value AS printed_growth_pct,
    q.value AS required_pct,
    q.qualifier AS required_qualifier,
    exact_div(
        s.standard_yuan_month,
        MIN(s.standard_yuan_month) OVER (PARTITION BY s.period, s.region, s.scheme, s.ownership, s.industry, s.breakdown)
    ) AS to_lowest_times,
    s.obs_id AS standard_obs_id,
    s.previous_obs_id,
    g.obs_id AS printed_growth_obs_id,
    q.required_obs_id
FROM standard AS s
LEFT JOIN growth AS g
    ON g.period = s.period AND g.region = s.region AND g.scheme = s.scheme AND g.ownership = s.ownership
    AND g.industry = s.industry AND g.population = s.population AND g.breakdown = s.breakdown
LEFT JOIN required AS q ON q.place = 1 AND q.obs_id = s.obs_id
ORDER BY s.indicator, s.period, s.region, s.scheme, s.ownership, s.industry, s.population, s.breakdown
