-- name:  core_version
-- grain: list, version
-- doc:   The versions of the code lists, and when each is in force; blank dates are open.
-- columns: list = the code list; version = version of the code list; valid_from = first day, month or year of the version;
--        valid_to = last one; first_day = the first as a day; last_day = the last as a day
SELECT
    list,
    version,
    valid_from,
    valid_to,
    first_day,
    last_day
FROM stage_version
ORDER BY list, version
