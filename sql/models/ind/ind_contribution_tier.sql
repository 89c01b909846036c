-- name:  ind_contribution_tier
-- grain: period, region, scheme, population, tier, standing
-- doc:   The tiers of contribution (缴费档次) that residents may choose from, and what government adds to each (缴费补贴).
--        subsidy_pct is the subsidy per 100 yuan of contribution. The row of tier _T is about the tiers together: how many
--        there are and how many are subsidised, the lowest and highest, and max_to_lowest_times: the highest tier against that
--        of the scheme of the same place and time whose highest tier is lowest. standing: in-force, or proposed.
-- columns: tier_yuan_year = contribution of the tier, yuan a year; subsidy_yuan_year = government's addition, yuan a year;
--        subsidy_pct = addition per 100 of contribution; tier_item = tiers that are stated; subsidised_tier_item = tiers with
--        an addition; unsubsidised_tier_item = tiers without one; tier_yuan_year_min = lowest tier, yuan a year;
--        tier_yuan_year_max = highest tier, yuan a year; max_to_lowest_times = highest over lowest; subsidy_yuan_year_min =
--        lowest addition, yuan a year; subsidy_yuan_year_max = highest addition, yuan a year
WITH rule AS (
    SELECT
        indicator,
        period,
        region,
        scheme,
        population,
        COALESCE(breakdown_value(breakdown, 'tier'), '_T') AS tier,
        breakdown_value(breakdown, 'statistic') AS statistic,
        standing,
        value,
        obs_id
    FROM core_rule
    WHERE
        indicator IN (
            'contribution_tier_yuan_year', 'contribution_subsidy_yuan_year', 'contribution_tier_item', 'subsidy_tier_item'
        )
),
tier AS (
    SELECT
        period,
        region,
        scheme,
        population,
        tier,
        standing,
        MAX(CASE WHEN indicator = 'contribution_tier_yuan_year' AND statistic IS NULL THEN value END) AS tier_yuan_year,
        MAX(CASE WHEN indicator = 'contribution_subsidy_yuan_year' AND statistic IS NULL THEN value END) AS subsidy_yuan_year,
        MAX(CASE WHEN indicator = 'contribution_tier_item' THEN value END) AS tier_item,
        MAX(CASE WHEN indicator = 'subsidy_tier_item' THEN value END) AS subsidised_tier_item,
        MAX(CASE WHEN indicator = 'contribution_tier_yuan_year' AND statistic = 'minimum' THEN value END) AS tier_yuan_year_min,
        MAX(CASE WHEN indicator = 'contribution_tier_yuan_year' AND statistic = 'maximum' THEN value END) AS tier_yuan_year_max,
        MAX(CASE WHEN indicator = 'contribution_subsidy_yuan_year' AND statistic = 'minimum' THEN value END) AS subsidy_yuan_year_min,
        MAX(CASE WHEN indicator = 'contribution_subsidy_yuan_year' AND statistic = 'maximum' THEN value END) AS subsidy_yuan_year_max,
        MAX(CASE WHEN indicator = 'contribution_tier_yuan_year' THEN obs_id END) AS tier_obs_id,
        MAX(CASE WHEN indicator = 'contribution_subsidy_yuan_year' THEN obs_id END) AS subsidy_obs_id
    FROM rule
    GROUP BY period, region, scheme, population, tier, standing
)
SELECT
    period,
    region,
    scheme,
    population,
    tier,
    standing,
    tier_yuan_year,
    subsidy_yuan_year,
    percent_of(subsidy_yuan_year, tier_yuan_year) AS subsidy_pct,
    tier_item,
    subsidised_tier_item,
    tier_item - subsidised_tier_item AS unsubsidised_tier_item,
    tier_yuan_year_min,
    tier_yuan_year_max,
    exact_div(
        tier_yuan_year_max, MIN(tier_yuan_year_max) OVER (PARTITION BY period, region, standing)
    ) AS max_to_lowest_times,
    subsidy_yuan_year_min,
    subsidy_yuan_year_max,
    tier_obs_id,
    subsidy_obs_id
FROM tier
ORDER BY period, region, scheme, population, tier, standing
