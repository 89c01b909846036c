-- name:  core_indicator
-- grain: indicator
-- doc:   What is counted: base unit, kind (stock, flow, rate, rule) and definition; for rates, numerator and denominator.
-- columns: indicator = the code; name_zh = name in Chinese; name_en = name in English; kind = stock, flow, rate or rule;
--        definition = what it counts; definition_zh = the same in Chinese, of the main indicators;
--        numerator = of a rate: the indicator above the line, of a threshold: the measure; denominator = of a rate: the indicator below the line; source = who says so
SELECT
    indicator,
    name_zh,
    name_en,
    unit,
    kind,
    definition,
    definition_zh,
    numerator,
    denominator,
    source
FROM stage_indicator
ORDER BY indicator
