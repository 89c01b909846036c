-- name:  ind_coverage
-- grain: period, region, scheme, ownership, industry, population
-- doc:   Insured persons per 100 eligible persons (参保率), unrounded. A row for every quantity with insured persons, or with
--        eligible persons of its own scheme; coverage_pct is null where one side is missing or nobody is eligible. The
--        eligible persons are those of the scheme itself, else those of all schemes (_T) of the same period, region,
--        ownership, industry and population; never those of another population. printed_pct is the source's own rate,
--        gap_person the eligible persons not insured.
WITH insured AS (
    SELECT period, region, scheme, ownership, industry, population, value, obs_id
    FROM core_figure
    WHERE indicator = 'insured_person' AND period_kind = 'stock' AND breakdown = '_T'
),
eligible AS (
    SELECT period, region, scheme, ownership, industry, population, value, obs_id
    FROM core_figure
    WHERE indicator = 'eligible_person' AND period_kind = 'stock' AND breakdown = '_T'
),
rate AS (
    SELECT period, region, scheme, ownership, industry, population, value, obs_id
    FROM core_figure
    WHERE indicator = 'coverage_pct' AND breakdown = '_T'
),
quantity AS (
    SELECT period, region, scheme, ownership, industry, population FROM insured
    UNION
    SELECT period, region, scheme, ownership, industry, population FROM eligible WHERE scheme <> '_T'
),
joined AS (
    SELECT
        q.period,
        q.region,
        q.scheme,
        q.ownership,
        q.industry,
        q.population,
        i.value AS insured_person,
        COALESCE(own.value, base.value) AS eligible_person,
        rate.value AS printed_pct,
        i.obs_id AS insured_obs_id,
        COALESCE(own.obs_id, base.obs_id) AS eligible_obs_id,
        rate.obs_id AS printed_obs_id
    FROM quantity AS q
    LEFT JOIN insured AS i
        ON i.period = q.period AND i.region = q.region AND i.scheme = q.scheme
        AND i.ownership = q.ownership AND i.industry = q.industry AND i.population = q.population
    LEFT JOIN eligible AS own
        ON own.period = q.period AND own.region = q.region AND own.scheme = q.scheme
        AND own.ownership = q.ownership AND own.industry = q.industry AND own.population = q.population
    LEFT JOIN eligible AS base
        ON base.period = q.period AND base.region = q.region AND base.scheme = '_T'
        AND base.ownership = q.ownership AND base.industry = q.industry AND base.population = q.population
    LEFT JOIN rate
        ON rate.period = q.period AND rate.region = q.region AND rate.scheme = q.scheme
        AND rate.ownership = q.ownership AND rate.industry = q.industry AND rate.population = q.population
)
SELECT
    period,
    region,
    scheme,
    ownership,
    industry,
    population,
    insured_person,
    eligible_person,
    percent_of(insured_person, eligible_person) AS coverage_pct,
    printed_pct,
    eligible_person - insured_person AS gap_person,
    insured_obs_id,
    eligible_obs_id,
    printed_obs_id
FROM joined
ORDER BY period, region, scheme, ownership, industry, population
