-- name:  core_code
-- grain: list, version, code
-- doc:   The codes a dimension may hold, with parents and validity dates; blank dates are open.
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
