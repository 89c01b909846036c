-- name:  core_reading
-- grain: obs_id
-- doc:   An observation with what a check needs to know of its print. rounding: half a unit of the last printed digit, in
--        base units; whole persons and whole units printed in full are counts, not rounded numbers, and have rounding 0.
--        factor and unit_name: of the printed unit. subject: what the number is about, citation: the section and words
--        that state it, both for messages. qualifier bounds the number (at_least, at_most, about). Cells without a number
--        stay, with a null value.
-- columns: indicator = the indicator, a code of core_indicator; rounding = half a unit of the last printed digit, in base units;
--        factor = base units in one of the printed unit; unit_name = the printed unit in words; subject = what the number is
--        about, in words; subject_zh = the same in Chinese; citation = section and words that state it, blank for cells of a table
WITH name AS (
    SELECT list, code, first_value(name_zh ORDER BY version DESC) AS name_zh
    FROM core_code
    GROUP BY list, code
),
-- What a breakdown is called: its codes by name, what no list has as it stands.
divided AS (
    SELECT breakdown, unnest(string_to_array(breakdown, ';')) AS pair
    FROM (SELECT DISTINCT breakdown FROM core_observation WHERE breakdown <> '_T')
),
named AS (
    SELECT d.breakdown, string_agg(COALESCE(n.name_zh, d.pair), '，' ORDER BY d.pair) AS name_zh
    FROM divided AS d
    LEFT JOIN name AS n ON n.list = split_part(d.pair, '=', 1) AND n.code = split_part(d.pair, '=', 2)
    GROUP BY d.breakdown
)
SELECT
    o.obs_id,
    o.dataset,
    o.table_id,
    o.edition,
    o.indicator,
    o.period,
    o.period_start,
    o.period_end,
    o.period_kind,
    o.region,
    o.scheme,
    o.ownership,
    o.industry,
    o.population,
    o.breakdown,
    o.value,
    o.unit,
    o.mark,
    CASE
        WHEN o.value IS NULL THEN NULL
        WHEN o.decimals = 0 AND o.printed_unit = o.unit AND o.unit IN ('person', 'unit') THEN CAST(0 AS DECIMAL(38, 12))
        ELSE half_unit(o.decimals, COALESCE(u.factor, 1))
    END AS rounding,
    CAST(COALESCE(u.factor, 1) AS DECIMAL(38, 6)) AS factor,
    COALESCE(u.name_zh, o.printed_unit) AS unit_name,
    concat_ws(
        ', ',
        COALESCE(indicator.name_zh, o.indicator),
        CASE WHEN o.region <> '_T' THEN COALESCE(region.name_zh, o.region) END,
        CASE WHEN o.scheme <> '_T' THEN COALESCE(scheme.name_zh, o.scheme) END,
        CASE WHEN o.ownership <> '_T' THEN COALESCE(ownership.name_zh, o.ownership) END,
        CASE WHEN o.industry <> '_T' THEN COALESCE(industry.name_zh, o.industry) END,
        CASE WHEN o.population <> '_T' THEN COALESCE(population.name_zh, o.population) END,
        NULLIF(o.breakdown, '_T'),
        o.period
    ) AS subject,
    concat_ws(
        '，',
        COALESCE(indicator.name_zh, o.indicator),
        CASE WHEN o.region <> '_T' THEN COALESCE(region.name_zh, o.region) END,
        CASE WHEN o.scheme <> '_T' THEN COALESCE(scheme.name_zh, o.scheme) END,
        CASE WHEN o.ownership <> '_T' THEN COALESCE(ownership.name_zh, o.ownership) END,
        CASE WHEN o.industry <> '_T' THEN COALESCE(industry.name_zh, o.industry) END,
        CASE WHEN o.population <> '_T' THEN COALESCE(population.name_zh, o.population) END,
        named.name_zh,
        period_zh(o.period)
    ) AS subject_zh,
    concat_ws(
        ' ', CASE WHEN o.quote IS NOT NULL THEN o.section END, CASE WHEN o.quote IS NOT NULL THEN concat('“', o.quote, '”') END
    ) AS citation,
    o.quote,
    o.qualifier,
    o.preferred,
    o.decimals,
    o.printed,
    o.source_file,
    o.sheet,
    o.cell
FROM core_observation AS o
LEFT JOIN core_measure AS u ON u.unit = o.printed_unit
LEFT JOIN core_indicator AS indicator ON indicator.indicator = o.indicator
LEFT JOIN name AS region ON region.list = 'region' AND region.code = o.region
LEFT JOIN name AS scheme ON scheme.list = 'scheme' AND scheme.code = o.scheme
LEFT JOIN name AS ownership ON ownership.list = 'ownership' AND ownership.code = o.ownership
LEFT JOIN name AS industry ON industry.list = 'industry' AND industry.code = o.industry
LEFT JOIN name AS population ON population.list = 'population' AND population.code = o.population
LEFT JOIN named ON named.breakdown = o.breakdown
ORDER BY o.obs_id
