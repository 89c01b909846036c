-- name:  ind_coverage_side
-- grain: period, region, scheme, ownership, industry, population
-- doc:   The two sides of a coverage rate before it is made: insured persons, and the persons they are set against. The base is
--        the eligible persons of the scheme itself (choice 1), else those of all schemes (2), else the persons whose files are
--        kept (档案托管, 3), else the employed persons (4), always of the same region, ownership, industry and population, and of
--        the same period; a count given for several dates serves each of them. Only a scheme that insures employees alone (code
--        list membership) may be set against the employees. ind_coverage makes rates of it.
-- columns: insured_qualifier = how the text bounds the insured; eligible_qualifier = how the text bounds the eligible; choice =
--        which base it is: 1 of the scheme, 2 of all schemes, 3 files kept, 4 employed; base_indicator = what the insured are
--        set against; base_period = when that was counted; base_population = whose number that is
WITH figure AS (
    SELECT
        indicator, period, period_kind, period_start, period_end, region, scheme, ownership, industry, population, value,
        qualifier, obs_id
    FROM core_figure
    WHERE breakdown = '_T'
),
insured AS (
    SELECT period, period_start, period_end, region, scheme, ownership, industry, population, value, qualifier, obs_id
    FROM figure
    WHERE indicator = 'insured_person' AND period_kind = 'stock'
),
base AS (
    SELECT
        indicator, period, period_start, period_end, region, scheme, ownership, industry, population, value, qualifier, obs_id,
        CASE indicator
            WHEN 'eligible_person' THEN CASE WHEN scheme = '_T' THEN 2 ELSE 1 END
            WHEN 'file_custody_person' THEN 3
            ELSE 4
        END AS choice
    FROM figure
    WHERE indicator IN ('eligible_person', 'file_custody_person', 'employed_person') AND period_kind = 'stock'
),
unit AS (
    -- Units whose persons are stated neither for all groups nor for the employees.
    SELECT u.period, u.period_start, u.period_end, u.region, u.scheme, u.ownership, u.industry, u.population
    FROM figure AS u
    LEFT JOIN insured AS i
        ON i.period = u.period AND i.region = u.region AND i.scheme = u.scheme
        AND i.ownership = u.ownership AND i.industry = u.industry AND i.population IN ('_T', 'employee')
    WHERE
        u.population = '_T' AND i.obs_id IS NULL
        AND ((u.indicator = 'insured_unit' AND u.period_kind = 'stock') OR u.indicator = 'coverage_unit_pct')
),
quantity AS (
    SELECT period, period_start, period_end, region, scheme, ownership, industry, population FROM insured
    UNION
    SELECT period, period_start, period_end, region, scheme, ownership, industry, population
    FROM base
    WHERE choice = 1
    UNION
    SELECT period, period_start, period_end, region, scheme, ownership, industry, population
    FROM figure
    WHERE indicator = 'coverage_pct'
    UNION
    SELECT period, period_start, period_end, region, scheme, ownership, industry, population FROM unit
),
membership AS (
    SELECT DISTINCT code AS scheme, parent AS population
    FROM core_code
    WHERE list = 'membership' AND parent IS NOT NULL
),
candidate AS (
    SELECT
        q.period,
        q.region,
        q.scheme,
        q.ownership,
        q.industry,
        q.population,
        b.choice,
        b.indicator,
        b.period AS base_period,
        b.population AS base_population,
        b.value,
        b.qualifier,
        b.obs_id,
        ROW_NUMBER() OVER (
            PARTITION BY q.period, q.region, q.scheme, q.ownership, q.industry, q.population
            ORDER BY
                b.choice,
                CASE WHEN b.population = q.population THEN 0 ELSE 1 END,
                CASE WHEN b.period = q.period THEN 0 ELSE 1 END,
                b.period,
                b.obs_id
        ) AS place
    FROM quantity AS q
    LEFT JOIN membership AS m ON m.scheme = q.scheme
    INNER JOIN base AS b
        ON b.region = q.region AND b.ownership = q.ownership AND b.industry = q.industry
        AND (b.scheme = q.scheme OR b.scheme = '_T')
        AND (b.population = q.population OR (q.population = '_T' AND b.population = m.population))
        AND (
            b.period = q.period
            OR (b.period LIKE '%/%' AND b.period_start <= q.period_start AND b.period_end >= q.period_end)
        )
)
SELECT
    q.period,
    q.region,
    q.scheme,
    q.ownership,
    q.industry,
    q.population,
    i.value AS insured_person,
    b.value AS eligible_person,
    i.qualifier AS insured_qualifier,
    b.qualifier AS eligible_qualifier,
    b.choice,
    b.indicator AS base_indicator,
    b.base_period,
    b.base_population,
    i.obs_id AS insured_obs_id,
    b.obs_id AS eligible_obs_id
FROM quantity AS q
LEFT JOIN insured AS i
    ON i.period = q.period AND i.region = q.region AND i.scheme = q.scheme
    AND i.ownership = q.ownership AND i.industry = q.industry AND i.population = q.population
LEFT JOIN candidate AS b
    ON b.place = 1 AND b.period = q.period AND b.region = q.region AND b.scheme = q.scheme
    AND b.ownership = q.ownership AND b.industry = q.industry AND b.population = q.population
ORDER BY q.period, q.region, q.scheme, q.ownership, q.industry, q.population
