-- name:  core_version
-- grain: list, version
-- doc:   The versions of the code lists, and when each is in force; blank dates are open.
SELECT
    list,
    version,
    valid_from,
    valid_to,
    first_day,
    last_day
FROM stage_version
ORDER BY list, version
