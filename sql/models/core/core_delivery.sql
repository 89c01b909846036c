-- name:  core_delivery
-- grain: delivery, period, region
-- doc:   What pipelines/calendar.toml says was due until the period that the run was asked for (without one: the newest of
--        which anything came), and what came of it. A sum over regions is whole where none of the period is missing or withheld.
-- columns: delivery = the name of the files in the calendar; period = the period that the file is of; period_start = its first
--        day; period_end = its last day; region = whose file it is, _T where one file is all of a period; state = arrived
--        (read), kept (the file is gone, its figures stay), withheld (there, and not read until the period is whole), missing;
--        due_at = from this moment on it was late; file = the file, where there is or was one; sha256 = its digest
SELECT
    delivery,
    period,
    period_start,
    period_end,
    region,
    state,
    due_at,
    file,
    sha256
FROM stage_delivery
ORDER BY delivery, period_start, period_end, region
