-- name:  out_warning
-- grain: period, region, scheme, ownership, industry, population, measure, side
-- doc:   The early warnings that are raised (预警), for readers: what, where, when and of whom in words, the number, the line it
--        crossed and by how much. Newest first.
-- columns: measure = what is measured, a code of core_indicator; side = minimum or maximum: on which side of the line a warning
--        lies; region_name = the region in words; scheme_name = the scheme in words; ownership_name = the ownership in words;
--        population_name = the group in words; measure_name = the measure in words; unit_name = the unit of value and
--        threshold, in words; threshold = the line, in the unit of the measure; excess = by how much the line is crossed
WITH name AS (
    SELECT list, code, first_value(name_zh ORDER BY version DESC) AS name_zh
    FROM core_code
    GROUP BY list, code
)
SELECT
    w.period,
    w.region,
    w.scheme,
    w.ownership,
    w.industry,
    w.population,
    w.measure,
    w.side,
    COALESCE(region.name_zh, w.region) AS region_name,
    COALESCE(scheme.name_zh, w.scheme) AS scheme_name,
    COALESCE(ownership.name_zh, w.ownership) AS ownership_name,
    COALESCE(population.name_zh, w.population) AS population_name,
    COALESCE(i.name_zh, w.measure) AS measure_name,
    COALESCE(u.name_zh, w.unit) AS unit_name,
    w.value,
    w.threshold,
    w.excess
FROM ind_warning AS w
LEFT JOIN core_indicator AS i ON i.indicator = w.measure
LEFT JOIN core_measure AS u ON u.unit = w.unit
LEFT JOIN name AS region ON region.list = 'region' AND region.code = w.region
LEFT JOIN name AS scheme ON scheme.list = 'scheme' AND scheme.code = w.scheme
LEFT JOIN name AS ownership ON ownership.list = 'ownership' AND ownership.code = w.ownership
LEFT JOIN name AS population ON population.list = 'population' AND population.code = w.population
WHERE w.state = 'raised'
ORDER BY w.period DESC, w.region, w.scheme, w.ownership, w.industry, w.population, w.measure, w.side
