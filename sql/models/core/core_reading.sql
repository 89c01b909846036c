-- name:  core_reading
-- grain: obs_id
-- doc:   An observation with what a check needs to know of its print: the factor and name of the printed unit, and its
--        rounding: half a unit of the last printed digit, in base units. Whole persons and whole units printed in full are
--        counts, not rounded numbers; their rounding is 0. Cells without a number stay, with a null value.
WITH printed AS (
    SELECT
        o.obs_id,
        COALESCE(u.factor, CAST(1 AS DECIMAL(38, 6))) AS factor,
        COALESCE(u.name_zh, o.printed_unit) AS unit_name,
        o.decimals = 0 AND o.printed_unit = o.unit AND o.unit IN ('person', 'unit') AS is_count
    FROM core_observation AS o
    LEFT JOIN core_unit AS u ON u.unit = o.printed_unit
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
        WHEN p.is_count THEN CAST(0 AS DECIMAL(38, 12))
        ELSE half_unit(o.decimals, p.factor)
    END AS rounding,
    p.factor,
    p.unit_name,
    o.printed,
    o.source_file,
    o.sheet,
    o.cell
FROM core_observation AS o
INNER JOIN printed AS p ON p.obs_id = o.obs_id
ORDER BY o.obs_id
