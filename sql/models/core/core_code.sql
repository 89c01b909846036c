-- name:  core_code
-- grain: list, version, code
-- doc:   The codes a dimension may hold, with parents and validity dates; blank dates are open.
-- columns: list = the code list; version = version of the code list; code = the code; parent = the code above it; name_zh = name
--        in Chinese; name_en = name in English; valid_from = first day on which it holds, null: since ever; valid_to = last day
--        on which it holds, null: still
SELECT
    list,
    version,
    code,
    parent,
    name_zh,
    name_en,
    valid_from,
    valid_to
FROM stage_code
ORDER BY list, version, code
