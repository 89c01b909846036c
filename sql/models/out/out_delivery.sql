-- name:  out_delivery
-- grain: period
-- doc:   What was due for each period and what came of it, counted in files. is_last marks the newest period that was asked for or
--        is published: the one that the monthly report is about.
-- columns: due_item = files that were due; arrived_item = taken; kept_item = gone or of no use, what was published before stays;
--        withheld_item = there, and not taken until the period is whole; refused_item = there, and nothing of them could be taken;
--        missing_item = not there; is_last = no later period was due
SELECT
    d.period,
    COUNT(*) AS due_item,
    SUM(CASE WHEN d.state = 'arrived' THEN 1 ELSE 0 END) AS arrived_item,
    SUM(CASE WHEN d.state = 'kept' THEN 1 ELSE 0 END) AS kept_item,
    SUM(CASE WHEN d.state = 'withheld' THEN 1 ELSE 0 END) AS withheld_item,
    SUM(CASE WHEN d.state = 'refused' THEN 1 ELSE 0 END) AS refused_item,
    SUM(CASE WHEN d.state = 'missing' THEN 1 ELSE 0 END) AS missing_item,
    MAX(d.period_end) = (SELECT MAX(last.period_end) FROM core_delivery AS last) AS is_last
FROM core_delivery AS d
GROUP BY d.period
ORDER BY d.period
