-- name:  core_measure
-- grain: unit
-- doc:   Units of measurement: a number printed in the unit times the factor is the number in the base unit.
-- columns: name_zh = name in Chinese; factor = base units in one
SELECT
    unit,
    name_zh,
    base,
    factor
FROM stage_unit
ORDER BY unit
