-- name:  core_measure
-- grain: unit
-- doc:   Units of measurement: a number printed in the unit times the factor is the number in the base unit.
SELECT
    unit,
    name_zh,
    base,
    factor
FROM stage_unit
ORDER BY unit
