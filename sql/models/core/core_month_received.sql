-- name:  core_month_received
-- grain: month, region, scheme, ownership, industry
-- grows: month
-- reads: core_month_income by paid_month 1
-- doc:   Contributions that came in in a month, whichever month they are for (core_month_income), by place, ownership and industry of the
--        unit and by scheme, with all totals.
-- columns: paid_yuan = what came in, yuan; recovered_yuan = the part of it that had been owed at the end of the month that it is for, yuan
SELECT
    b.month,
    i.region,
    i.scheme,
    i.ownership,
    i.industry,
    SUM(i.paid_yuan) AS paid_yuan,
    SUM(i.recovered_yuan) AS recovered_yuan
FROM core_month AS b
INNER JOIN core_month_income AS i ON i.paid_month = b.month
GROUP BY b.month, i.region, i.scheme, i.ownership, i.industry
ORDER BY b.month, i.region, i.scheme, i.ownership, i.industry
