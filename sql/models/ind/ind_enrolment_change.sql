-- name:  ind_enrolment_change
-- grain: period, region, scheme, ownership, industry, population
-- doc:   Insured persons at the end of a year against the end of the year before (新增), by scheme, ownership, industry and
--        group. A year without the year before is the start of a series: its previous, change and growth are null. Growth is
--        in percent, unrounded; change_pct is null where nobody was insured before. break: why the figures cannot be
--        compared to those before; change and growth are null, and the series starts anew. policy: what moved the figures,
--        which can be compared. point, bridge: a figure made of those of the codes that this one took the place of
--        (core_series). Against the first year of the unbroken series: total_change_person, and annual_growth_pct, the mean
--        growth per year (年均增长). Half years and months are no years and stand in no row.
-- columns: previous_person = insured a year before; change_person = this period less the one before, persons; change_pct = the
--        change in percent of what was before; first_period = first year of the unbroken series; first_person = insured in that
--        year; total_change_person = insured more than then; annual_growth_pct = mean growth per year since then, percent;
--        point = printed, bridged (made of the codes it took the place of) or gap; bridge = the codes and parts that a bridged
--        point is made of; policy = a declared policy that moved the figures, which can be compared; break = why there is no
--        comparison with what was before: a declared break
WITH insured AS (
    SELECT
        period, region, scheme, ownership, industry, population, value, previous, change, change_pct, point, bridge, break,
        policy, obs_id
    FROM core_series
    WHERE
        indicator = 'insured_person' AND period_kind = 'stock' AND breakdown = '_T' AND value IS NOT NULL
        AND regexp_like(period, '^[0-9]{4}$')
),
series AS (
    SELECT
        period, region, scheme, ownership, industry, population, value, previous, change, change_pct, point, bridge, break,
        policy, obs_id,
        MAX(CASE WHEN previous IS NULL OR break IS NOT NULL THEN period END) OVER (
            PARTITION BY region, scheme, ownership, industry, population ORDER BY period
        ) AS first_period
    FROM insured
)
SELECT
    s.period,
    s.region,
    s.scheme,
    s.ownership,
    s.industry,
    s.population,
    s.value AS insured_person,
    s.previous AS previous_person,
    s.change AS change_person,
    s.change_pct,
    s.first_period,
    first.value AS first_person,
    CASE WHEN s.period > s.first_period THEN s.value - first.value END AS total_change_person,
    CASE
        WHEN s.period > s.first_period
            THEN annual_growth_pct(first.value, s.value, period_year(s.period) - period_year(s.first_period))
    END AS annual_growth_pct,
    s.point,
    s.bridge,
    s.break,
    s.policy,
    s.obs_id AS insured_obs_id,
    before.obs_id AS previous_obs_id
FROM series AS s
INNER JOIN insured AS first
    ON first.period = s.first_period AND first.region = s.region AND first.scheme = s.scheme
    AND first.ownership = s.ownership AND first.industry = s.industry AND first.population = s.population
LEFT JOIN insured AS before
    ON before.period = period_previous(s.period) AND before.region = s.region AND before.scheme = s.scheme
    AND before.ownership = s.ownership AND before.industry = s.industry AND before.population = s.population
ORDER BY s.period, s.region, s.scheme, s.ownership, s.industry, s.population
