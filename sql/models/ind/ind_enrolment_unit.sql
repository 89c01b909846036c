-- name:  ind_enrolment_unit
-- grain: period, region, scheme, ownership, industry, breakdown
-- doc:   Insured units (参保户数) at the end of a period, the insured persons they stand for, and persons per unit (户均参保).
--        Units have no population: their persons are those of all groups, else the employees (person_population). change_unit
--        and change_pct are against the same day a year before, and only between years; across a declared break they are
--        null. qualifier: how the texts bound either number (at_least, at_most, about).
-- columns: person_population = whose number the persons are: all groups (_T) or employees; previous_unit = units a year before;
--        change_unit = units more than then; change_pct = the change in percent of what was before; break = why there is no
--        comparison with what was before: a declared break
WITH figure AS (
    SELECT
        indicator, period, region, scheme, ownership, industry, population, breakdown, value, qualifier, obs_id
    FROM core_figure
    WHERE period_kind = 'stock' AND indicator IN ('insured_unit', 'insured_person')
),
unit AS (
    SELECT period, region, scheme, ownership, industry, breakdown, value, qualifier, obs_id
    FROM figure
    WHERE indicator = 'insured_unit' AND population = '_T'
),
person AS (
    SELECT
        period, region, scheme, ownership, industry, population, breakdown, value, qualifier, obs_id,
        ROW_NUMBER() OVER (
            PARTITION BY period, region, scheme, ownership, industry, breakdown
            ORDER BY CASE WHEN population = '_T' THEN 0 ELSE 1 END
        ) AS place
    FROM figure
    WHERE indicator = 'insured_person' AND population IN ('_T', 'employee')
)
SELECT
    u.period,
    u.region,
    u.scheme,
    u.ownership,
    u.industry,
    u.breakdown,
    u.value AS insured_unit,
    p.value AS insured_person,
    p.population AS person_population,
    exact_div(p.value, u.value) AS person_per_unit,
    before.value AS previous_unit,
    CASE WHEN s.break IS NULL THEN u.value - before.value END AS change_unit,
    CASE WHEN s.break IS NULL THEN change_pct(u.value, before.value) END AS change_pct,
    s.break,
    NULLIF(
        concat_ws(
            ' ',
            CASE WHEN u.qualifier IN ('at_least', 'at_most', 'about') THEN concat('unit ', u.qualifier) END,
            CASE WHEN p.qualifier IN ('at_least', 'at_most', 'about') THEN concat('person ', p.qualifier) END
        ),
        ''
    ) AS qualifier,
    u.obs_id AS insured_unit_obs_id,
    p.obs_id AS insured_obs_id,
    before.obs_id AS previous_unit_obs_id
FROM unit AS u
LEFT JOIN person AS p
    ON p.place = 1 AND p.period = u.period AND p.region = u.region AND p.scheme = u.scheme
    AND p.ownership = u.ownership AND p.industry = u.industry AND p.breakdown = u.breakdown
LEFT JOIN unit AS before
    ON regexp_like(u.period, '^[0-9]{4}$') AND before.period = period_previous(u.period)
    AND before.region = u.region AND before.scheme = u.scheme AND before.ownership = u.ownership
    AND before.industry = u.industry AND before.breakdown = u.breakdown
LEFT JOIN core_series AS s
    ON s.indicator = 'insured_unit' AND s.period_kind = 'stock' AND s.period = u.period AND s.region = u.region
    AND s.scheme = u.scheme AND s.ownership = u.ownership AND s.industry = u.industry AND s.population = '_T'
    AND s.breakdown = u.breakdown
ORDER BY u.period, u.region, u.scheme, u.ownership, u.industry, u.breakdown
