-- name:  ind_contribution_relief
-- grain: period, region, scheme, ownership
-- doc:   What units save by a cut of the contribution rate (降费): the amount over the period, the rate before and since, and the
--        amount per unit and per insured person. implied_base_yuan_month is the monthly base that the relief follows from:
--        amount / persons / months / cut; below the floor of the year (base_to_floor_pct under 100) some of the persons have
--        no employer whose rate fell. person_population and person_ownership say whose number the persons are: the unit's own
--        kind, else all ownerships; employees before all insured. insured_unit stands beside the units relieved, to compare.
--        mean_cut_pp: the cut of the sum of all rates, by the number of cuts.
-- columns: relief_yuan = saved over the period, yuan; rate_before_pct = the rate before the cut, percent; rate_pct = the rate
--        since, percent; cut_pp = the cut, percentage points; month_count = months of the period; relieved_unit = units
--        relieved; person_qualifier = how the text bounds the persons; person_ownership = whose number the persons are, by
--        ownership; person_population = whose number the persons are: all groups (_T) or employees; relief_per_unit_yuan =
--        relief per unit, yuan; relief_per_person_yuan = relief per person, yuan; implied_base_yuan_month = the monthly base
--        that the relief follows from, yuan; floor_yuan_month = lowest contribution base, yuan a month; base_to_floor_pct =
--        that per 100 of the floor; mean_cut_pp = cut of the sum of all rates by the number of cuts, percentage points
WITH figure AS (
    SELECT indicator, period, period_start, period_end, region, scheme, ownership, value, obs_id
    FROM core_figure
    WHERE
        industry = '_T' AND population = '_T' AND breakdown = '_T'
        AND indicator IN ('rate_cut_yuan', 'rate_cut_unit', 'rate_cut_pp', 'rate_cut_item')
),
flow AS (
    SELECT
        period,
        region,
        scheme,
        ownership,
        MIN(period_start) AS first_day,
        MAX(period_end) AS last_day,
        MAX(CASE WHEN indicator = 'rate_cut_yuan' THEN value END) AS relief_yuan,
        MAX(CASE WHEN indicator = 'rate_cut_pp' THEN value END) AS rate_cut_pp,
        MAX(CASE WHEN indicator = 'rate_cut_item' THEN value END) AS rate_cut_item,
        MAX(CASE WHEN indicator = 'rate_cut_yuan' THEN obs_id END) AS relief_obs_id,
        MAX(CASE WHEN indicator = 'rate_cut_pp' THEN obs_id END) AS rate_cut_obs_id
    FROM figure
    WHERE indicator <> 'rate_cut_unit'
    GROUP BY period, region, scheme, ownership
),
rate AS (
    SELECT
        f.period,
        f.region,
        f.scheme,
        f.ownership,
        r.value,
        r.previous_value,
        r.obs_id,
        r.previous_obs_id,
        ROW_NUMBER() OVER (
            PARTITION BY f.period, f.region, f.scheme, f.ownership ORDER BY r.valid_from DESC
        ) AS place
    FROM flow AS f
    INNER JOIN core_rule AS r
        ON r.region = f.region AND r.scheme = f.scheme AND r.ownership = f.ownership
        AND r.valid_from >= f.first_day AND r.valid_from <= f.last_day
    WHERE
        r.indicator = 'contribution_rate_pct' AND breakdown_without(r.breakdown, 'base') = 'payer=employer' AND r.industry = '_T'
        AND r.population = '_T' AND r.previous_value > r.value
),
person AS (
    SELECT
        f.period,
        f.region,
        f.scheme,
        f.ownership,
        p.ownership AS person_ownership,
        p.population AS person_population,
        p.value,
        o.qualifier,
        p.obs_id,
        ROW_NUMBER() OVER (
            PARTITION BY f.period, f.region, f.scheme, f.ownership
            ORDER BY
                CASE WHEN p.ownership = f.ownership THEN 1 ELSE 2 END,
                CASE WHEN p.population = 'employee' THEN 1 ELSE 2 END
        ) AS place
    FROM flow AS f
    INNER JOIN core_figure AS p
        ON p.region = f.region AND p.scheme = f.scheme AND p.period_end = f.last_day
        AND (p.ownership = f.ownership OR p.ownership = '_T')
    LEFT JOIN core_observation AS o ON o.obs_id = p.obs_id
    WHERE
        p.indicator = 'insured_person' AND p.period_kind = 'stock' AND p.industry = '_T' AND p.breakdown = '_T'
        AND p.population IN ('employee', '_T')
),
unit AS (
    SELECT
        f.period,
        f.region,
        f.scheme,
        f.ownership,
        MAX(CASE WHEN u.indicator = 'rate_cut_unit' AND u.ownership = f.ownership THEN u.value END) AS relieved_unit,
        MAX(CASE WHEN u.indicator = 'rate_cut_unit' AND u.ownership = f.ownership THEN u.obs_id END) AS relieved_obs_id,
        COALESCE(
            MAX(CASE WHEN u.indicator = 'insured_unit' AND u.ownership = f.ownership THEN u.value END),
            MAX(CASE WHEN u.indicator = 'insured_unit' AND u.ownership = '_T' THEN u.value END)
        ) AS insured_unit
    FROM flow AS f
    INNER JOIN core_figure AS u ON u.region = f.region AND u.scheme = f.scheme AND u.period_end = f.last_day
    WHERE
        u.indicator IN ('rate_cut_unit', 'insured_unit') AND u.period_kind = 'stock' AND u.industry = '_T'
        AND u.population = '_T' AND u.breakdown = '_T'
    GROUP BY f.period, f.region, f.scheme, f.ownership
),
floor AS (
    SELECT
        f.period,
        f.region,
        f.scheme,
        f.ownership,
        b.floor_yuan_month,
        ROW_NUMBER() OVER (
            PARTITION BY f.period, f.region, f.scheme, f.ownership
            ORDER BY a.distance, b.scheme, b.ownership, b.population
        ) AS place
    FROM flow AS f
    INNER JOIN core_ancestor AS a ON a.list = 'region' AND a.code = f.region
    INNER JOIN ind_contribution_base AS b ON b.region = a.ancestor AND b.period = substr(f.period, 1, 4)
    WHERE b.scheme IN (f.scheme, '_T')
),
relief AS (
    SELECT
        f.period,
        f.region,
        f.scheme,
        f.ownership,
        f.relief_yuan,
        r.previous_value AS rate_before_pct,
        r.value AS rate_pct,
        r.previous_value - r.value AS cut_pp,
        period_month_count(f.period) AS month_count,
        u.relieved_unit,
        u.insured_unit,
        p.value AS insured_person,
        p.qualifier AS person_qualifier,
        p.person_ownership,
        p.person_population,
        exact_div(f.relief_yuan, u.relieved_unit) AS relief_per_unit_yuan,
        exact_div(f.relief_yuan, p.value) AS relief_per_person_yuan,
        exact_div(
            f.relief_yuan * 100, p.value * period_month_count(f.period) * (r.previous_value - r.value)
        ) AS implied_base_yuan_month,
        b.floor_yuan_month,
        f.rate_cut_pp,
        f.rate_cut_item,
        exact_div(f.rate_cut_pp, f.rate_cut_item) AS mean_cut_pp,
        f.relief_obs_id,
        r.previous_obs_id AS rate_before_obs_id,
        r.obs_id AS rate_obs_id,
        u.relieved_obs_id,
        p.obs_id AS person_obs_id,
        f.rate_cut_obs_id
    FROM flow AS f
    LEFT JOIN rate AS r
        ON r.place = 1 AND r.period = f.period AND r.region = f.region AND r.scheme = f.scheme AND r.ownership = f.ownership
    LEFT JOIN person AS p
        ON p.place = 1 AND p.period = f.period AND p.region = f.region AND p.scheme = f.scheme AND p.ownership = f.ownership
    LEFT JOIN unit AS u
        ON u.period = f.period AND u.region = f.region AND u.scheme = f.scheme AND u.ownership = f.ownership
    LEFT JOIN floor AS b
        ON b.place = 1 AND b.period = f.period AND b.region = f.region AND b.scheme = f.scheme AND b.ownership = f.ownership
)
SELECT
    period,
    region,
    scheme,
    ownership,
    relief_yuan,
    rate_before_pct,
    rate_pct,
    cut_pp,
    month_count,
    relieved_unit,
    insured_unit,
    insured_person,
    person_qualifier,
    person_ownership,
    person_population,
    relief_per_unit_yuan,
    relief_per_person_yuan,
    implied_base_yuan_month,
    floor_yuan_month,
    percent_of(implied_base_yuan_month, floor_yuan_month) AS base_to_floor_pct,
    rate_cut_pp,
    rate_cut_item,
    mean_cut_pp,
    relief_obs_id,
    rate_before_obs_id,
    rate_obs_id,
    relieved_obs_id,
    person_obs_id,
    rate_cut_obs_id
FROM relief
ORDER BY period, region, scheme, ownership
