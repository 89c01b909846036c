-- name:  core_month_arrears
-- grain: month, region, scheme, ownership, industry
-- grows: month
-- doc:   Arrears at the end of a month, by place, ownership and industry of the unit and by scheme, with all totals; units are
--        counted once in every total. A month without a row: nothing was owed there and nothing recovered. core_arrears
--        says of what months' contributions an age is counted.
-- columns: arrears_yuan = owed at the end of the month, yuan; new_arrears_yuan = owed for the month itself, yuan; recovered_yuan =
--        paid in the month of what was owed before, yuan; age_0_3_yuan = overdue for less than 3 months, yuan;
--        age_3_6_yuan = for 3 to less than 6 months, yuan; age_6_12_yuan = for 6 to less than 12 months, yuan; age_12_yuan = for 12
--        months and more, yuan; arrears_unit = units that owe; months_overdue_max = months since the oldest
--        contribution owed; unpaid_run_max = the longest run of months on end that a unit owes; suspended_unit = units that owe
--        for the month and at least 11 months on end before it
WITH divided AS (
    SELECT
        a.month,
        CASE WHEN l.by_region = 1 THEN a.region ELSE '_T' END AS region,
        a.scheme,
        CASE WHEN l.by_ownership = 1 THEN a.ownership ELSE '_T' END AS ownership,
        CASE WHEN l.by_industry = 1 THEN a.industry ELSE '_T' END AS industry,
        a.unit_id,
        a.arrears_yuan,
        a.new_arrears_yuan,
        a.recovered_yuan,
        a.age_0_3_yuan,
        a.age_3_6_yuan,
        a.age_6_12_yuan,
        a.age_12_yuan,
        a.months_overdue_max,
        a.unpaid_run_max,
        a.unpaid_run
    FROM core_arrears AS a
    CROSS JOIN core_level AS l
)
SELECT
    month,
    region,
    scheme,
    ownership,
    industry,
    SUM(arrears_yuan) AS arrears_yuan,
    SUM(new_arrears_yuan) AS new_arrears_yuan,
    SUM(recovered_yuan) AS recovered_yuan,
    SUM(age_0_3_yuan) AS age_0_3_yuan,
    SUM(age_3_6_yuan) AS age_3_6_yuan,
    SUM(age_6_12_yuan) AS age_6_12_yuan,
    SUM(age_12_yuan) AS age_12_yuan,
    COUNT(DISTINCT CASE WHEN arrears_yuan > 0 THEN unit_id END) AS arrears_unit,
    MAX(months_overdue_max) AS months_overdue_max,
    MAX(unpaid_run_max) AS unpaid_run_max,
    COUNT(DISTINCT CASE WHEN unpaid_run >= 12 THEN unit_id END) AS suspended_unit
FROM divided
GROUP BY month, region, scheme, ownership, industry
ORDER BY month, region, scheme, ownership, industry
