-- name:  core_break
-- grain: indicator, scheme, region, ownership, industry, at, kind
-- doc:   Where series stop being comparable (kind break: no growth is computed across), or where a policy moved them (kind
--        policy: growth is computed and flagged). at: the first day, month or year after it. A dimension that is null: all codes.
-- columns: indicator = the indicator, null: all; at = first day, month or year after the break; at_day = the same as a day; kind
--        = break (nothing is compared across it) or policy (compared, and told); reason = why; reason_zh = why, in Chinese; source = who says so
SELECT
    indicator,
    scheme,
    region,
    ownership,
    industry,
    at,
    at_day,
    kind,
    reason,
    reason_zh,
    source
FROM stage_break
ORDER BY indicator, scheme, region, ownership, industry, at, kind
