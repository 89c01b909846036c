-- name:  ind_enrolment_change
-- grain: period, region, scheme, ownership, industry, population
-- doc:   Insured persons at the end of a year against the end of the year before (新增). A year without the year before is the
--        start of a series: its previous, change and growth are null, and nothing is compared across the break. Growth is in
--        percent, unrounded; change_pct is null where nobody was insured before. Against the first year of the unbroken
--        series: total_change_person, and annual_growth_pct, the mean growth per year (年均增长).
WITH insured AS (
    SELECT period, region, scheme, ownership, industry, population, value, obs_id
    FROM core_figure
    WHERE
        indicator = 'insured_person' AND period_kind = 'stock' AND breakdown = '_T'
        AND regexp_like(period, '^[0-9]{4}$')
),
compared AS (
    SELECT
        now.period,
        now.region,
        now.scheme,
        now.ownership,
        now.industry,
        now.population,
        now.value AS insured_person,
        before.value AS previous_person,
        now.obs_id AS insured_obs_id,
        before.obs_id AS previous_obs_id
    FROM insured AS now
    LEFT JOIN insured AS before
        ON before.period = period_previous(now.period) AND before.region = now.region AND before.scheme = now.scheme
        AND before.ownership = now.ownership AND before.industry = now.industry AND before.population = now.population
),
series AS (
    SELECT
        period,
        region,
        scheme,
        ownership,
        industry,
        population,
        insured_person,
        previous_person,
        insured_obs_id,
        previous_obs_id,
        MAX(CASE WHEN previous_person IS NULL THEN period END) OVER (
            PARTITION BY region, scheme, ownership, industry, population ORDER BY period
        ) AS first_period
    FROM compared
)
SELECT
    s.period,
    s.region,
    s.scheme,
    s.ownership,
    s.industry,
    s.population,
    s.insured_person,
    s.previous_person,
    s.insured_person - s.previous_person AS change_person,
    change_pct(s.insured_person, s.previous_person) AS change_pct,
    s.first_period,
    first.value AS first_person,
    CASE WHEN s.period > s.first_period THEN s.insured_person - first.value END AS total_change_person,
    CASE
        WHEN s.period > s.first_period
            THEN annual_growth_pct(first.value, s.insured_person, period_year(s.period) - period_year(s.first_period))
    END AS annual_growth_pct,
    s.insured_obs_id,
    s.previous_obs_id
FROM series AS s
INNER JOIN insured AS first
    ON first.period = s.first_period AND first.region = s.region AND first.scheme = s.scheme
    AND first.ownership = s.ownership AND first.industry = s.industry AND first.population = s.population
ORDER BY s.period, s.region, s.scheme, s.ownership, s.industry, s.population
