-- name:  core_arrears
-- grain: month, region, ownership, industry, unit_id, scheme
-- grows: month
-- reads: core_debt all
-- doc:   What each unit owes at the end of a month, by scheme and under all (_T): how much, since when, and for how many months on
--        end. A contribution is overdue from the end of its own month: that of the month itself for less than a month. The unit
--        stands where it stood in the month for which it owes. Units that owe nothing and recovered something in the month
--        are here with 0.
-- columns: arrears_yuan = owed at the end of the month, yuan; new_arrears_yuan = owed for the month itself, yuan; recovered_yuan =
--        paid in the month of what was owed before, yuan; age_0_3_yuan = overdue for less than 3 months, yuan; age_3_6_yuan =
--        for 3 to less than 6 months, yuan; age_6_12_yuan = for 6 to less than 12 months, yuan; age_12_yuan = for 12 months and
--        more, yuan; unpaid_month_count = months for which something is owed; months_overdue_max = months since the end of the
--        month before the oldest of them; unpaid_run_max = the longest run of months on end for which something is owed;
--        unpaid_run = the run that ends with this month, 0: nothing is owed for it
WITH built AS (
    SELECT DISTINCT month, CAST(substr(month, 1, 4) AS INT) * 12 + CAST(substr(month, 6, 2) AS INT) AS number
    FROM core_unit_account
),
debt AS (
    SELECT
        b.month,
        b.number,
        d.region,
        d.ownership,
        d.industry,
        d.unit_id,
        d.scheme,
        CAST(substr(d.month, 1, 4) AS INT) * 12 + CAST(substr(d.month, 6, 2) AS INT) AS due_number,
        CASE WHEN d.paid_month <= b.month THEN d.owed_yuan - d.recovered_yuan ELSE d.owed_yuan END AS arrears_yuan,
        CASE WHEN d.month = b.month THEN d.owed_yuan ELSE 0 END AS new_arrears_yuan,
        CASE WHEN d.paid_month = b.month THEN d.recovered_yuan ELSE 0 END AS recovered_yuan
    FROM built AS b
    INNER JOIN core_debt AS d ON d.month <= b.month
),
by_scheme AS (
    SELECT month, number, region, ownership, industry, unit_id, scheme, due_number, arrears_yuan, new_arrears_yuan, recovered_yuan
    FROM debt
    UNION ALL
    SELECT month, number, region, ownership, industry, unit_id, '_T', due_number, arrears_yuan, new_arrears_yuan, recovered_yuan
    FROM debt
),
owed AS (
    SELECT
        month,
        number,
        region,
        ownership,
        industry,
        unit_id,
        scheme,
        due_number,
        SUM(arrears_yuan) AS arrears_yuan,
        SUM(new_arrears_yuan) AS new_arrears_yuan,
        SUM(recovered_yuan) AS recovered_yuan
    FROM by_scheme
    GROUP BY month, number, region, ownership, industry, unit_id, scheme, due_number
),
placed AS (
    SELECT
        month, region, ownership, industry, unit_id, scheme, number, due_number,
        -- Months on end differ from their place by the same number.
        due_number - CAST(ROW_NUMBER() OVER (
            PARTITION BY month, region, ownership, industry, unit_id, scheme ORDER BY due_number
        ) AS INT) AS run
    FROM owed
    WHERE arrears_yuan > 0
),
run AS (
    SELECT
        month, region, ownership, industry, unit_id, scheme, run,
        COUNT(due_number) AS length,
        MAX(CASE WHEN due_number = number THEN 1 ELSE 0 END) AS is_last
    FROM placed
    GROUP BY month, region, ownership, industry, unit_id, scheme, run
),
longest AS (
    SELECT
        month, region, ownership, industry, unit_id, scheme,
        MAX(length) AS unpaid_run_max,
        MAX(CASE WHEN is_last = 1 THEN length ELSE 0 END) AS unpaid_run
    FROM run
    GROUP BY month, region, ownership, industry, unit_id, scheme
),
standing AS (
    SELECT
        month,
        region,
        ownership,
        industry,
        unit_id,
        scheme,
        SUM(arrears_yuan) AS arrears_yuan,
        SUM(new_arrears_yuan) AS new_arrears_yuan,
        SUM(recovered_yuan) AS recovered_yuan,
        SUM(CASE WHEN number - due_number < 3 THEN arrears_yuan ELSE 0 END) AS age_0_3_yuan,
        SUM(CASE WHEN number - due_number BETWEEN 3 AND 5 THEN arrears_yuan ELSE 0 END) AS age_3_6_yuan,
        SUM(CASE WHEN number - due_number BETWEEN 6 AND 11 THEN arrears_yuan ELSE 0 END) AS age_6_12_yuan,
        SUM(CASE WHEN number - due_number >= 12 THEN arrears_yuan ELSE 0 END) AS age_12_yuan,
        SUM(CASE WHEN arrears_yuan > 0 THEN 1 ELSE 0 END) AS unpaid_month_count,
        MAX(CASE WHEN arrears_yuan > 0 THEN number - due_number + 1 END) AS months_overdue_max
    FROM owed
    GROUP BY month, region, ownership, industry, unit_id, scheme
)
SELECT
    s.month,
    s.region,
    s.ownership,
    s.industry,
    s.unit_id,
    s.scheme,
    s.arrears_yuan,
    s.new_arrears_yuan,
    s.recovered_yuan,
    s.age_0_3_yuan,
    s.age_3_6_yuan,
    s.age_6_12_yuan,
    s.age_12_yuan,
    s.unpaid_month_count,
    s.months_overdue_max,
    COALESCE(l.unpaid_run_max, 0) AS unpaid_run_max,
    COALESCE(l.unpaid_run, 0) AS unpaid_run
FROM standing AS s
LEFT JOIN longest AS l
    ON l.month = s.month AND l.region = s.region AND l.ownership = s.ownership AND l.industry = s.industry
    AND l.unit_id = s.unit_id AND l.scheme = s.scheme
WHERE s.arrears_yuan > 0 OR s.recovered_yuan > 0
ORDER BY s.month, s.region, s.ownership, s.industry, s.unit_id, s.scheme
