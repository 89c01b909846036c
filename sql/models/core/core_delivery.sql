-- name:  core_delivery
-- grain: delivery, period, region
-- doc:   What pipelines/calendar.toml says was due until the period that the run was asked for (without one: the newest of
--        which anything came) or, where that is later, the newest that is published, and what came of it. A sum over regions is
--        whole where each file of the period is arrived or kept.
-- columns: delivery = the name of the files in the calendar; period = the period that the file is of; period_start = its first
--        day; period_end = its last day; region = whose file it is, _T where one file is all of a period; record_table =
--        the table of records that the files fill, null where they are tables; state = arrived (its figures or records are taken),
--        kept (the file is gone, or nothing of it could be taken, and what was published before stays), withheld (there, and not taken
--        until the period is whole), refused (there, and nothing of it could be taken), missing;
--        due_at = from this moment on it was late; file = the file, where there is or was one; sha256 = its digest
SELECT
    delivery,
    period,
    period_start,
    period_end,
    region,
    record_table,
    state,
    due_at,
    file,
    sha256
FROM stage_delivery
ORDER BY delivery, period_start, period_end, region
