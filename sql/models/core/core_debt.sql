-- name:  core_debt
-- grain: month, region, unit_id, scheme, paid_month
-- grows: month
-- doc:   Contributions that were owed at the end of their month, by unit and scheme, with the month in which they were recovered.
-- columns: paid_month = the month in which it was recovered, null: it has not been, or was paid in part in its month; owed_yuan =
--        owed at the end of the month, yuan; owed_count = contributions of persons of which something was owed; recovered_yuan =
--        paid of that later, yuan; left_count = contributions of which something is still owed
SELECT
    month,
    region,
    unit_id,
    scheme,
    paid_month,
    ownership,
    industry,
    owed_yuan,
    owed_count,
    recovered_yuan,
    left_count
FROM core_unit_account
WHERE owed_yuan > 0
ORDER BY month, region, unit_id, scheme, paid_month
