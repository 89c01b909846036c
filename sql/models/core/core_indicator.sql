-- name:  core_indicator
-- grain: indicator
-- doc:   What is counted: base unit, kind (stock, flow, rate, rule) and definition; for rates, numerator and denominator.
SELECT
    indicator,
    name_zh,
    name_en,
    unit,
    kind,
    definition,
    numerator,
    denominator,
    source
FROM stage_indicator
ORDER BY indicator
