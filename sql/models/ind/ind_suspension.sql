-- name:  ind_suspension
-- grain: period, region, ownership, industry, unit_id, scheme
-- grows: month
-- doc:   Units that have owed for a year on end, the month itself and at least the 11 before it, under a scheme or under any (_T): whose
--        insurance is to be stopped (停保). From agency records (core_arrears).
-- columns: unpaid_run = the months on end, the last of which is this one; unpaid_month_count = all months for which something is owed;
--        arrears_yuan = owed at the end of the month, yuan; missing = the regions whose records of the month have not come: their
--        units are not told of; missing_to_date = the months until this one of which records have not come, with the regions: their
--        units may have owed for longer
SELECT
    a.month AS period,
    a.region,
    a.ownership,
    a.industry,
    a.unit_id,
    u.unit_name,
    u.unit_status,
    a.scheme,
    a.unpaid_run,
    a.unpaid_month_count,
    a.arrears_yuan,
    p.missing,
    p.missing_to_date
FROM core_arrears AS a
LEFT JOIN core_unit AS u ON u.month = a.month AND u.unit_id = a.unit_id
LEFT JOIN core_month_partial AS p ON p.subject = 'enrolment' AND p.region = '_T' AND p.month = a.month
WHERE a.unpaid_run >= 12
ORDER BY period, a.region, a.ownership, a.industry, a.unit_id, a.scheme
