-- name:  core_unit_account
-- grain: month, region, unit_id, scheme, paid_month
-- grows: month
-- doc:   What was due of a unit for a month under a scheme, and what was paid when: a row for each month in which something came in, and
--        one (paid_month null) for what has not. A contribution owed at the end of its month is in arrears: what came later
--        recovers it (补缴), and what is deferred by leave (缓缴) is not owed. Contributions are counted, one for each person and
--        scheme; a base less than a yuan above the floor, or below the cap, stands on it.
-- columns: paid_month = the month in which it came in, null: it has not; contribution_count = contributions of persons; base_yuan =
--        the sum of their bases, yuan; floor_count = contributions on the floor of the base, null: the floor is not known;
--        cap_count = contributions on the cap of the base; due_yuan = due, yuan; paid_yuan = paid, yuan; owed_yuan = owed at the end of
--        the month, yuan; owed_count = contributions of which something was owed then; recovered_yuan = paid of that
--        later, yuan; left_count = contributions of which something is still owed
WITH bounded AS (
    SELECT
        c.month,
        c.region,
        c.unit_id,
        c.scheme,
        c.base_yuan,
        c.unit_due_yuan + c.person_due_yuan AS due_yuan,
        c.paid_yuan,
        c.paid_date,
        c.payment_status,
        CAST(l.floor_yuan_month + 1 AS DECIMAL(18, 2)) AS floor_yuan,
        CAST(l.cap_yuan_month - 1 AS DECIMAL(18, 2)) AS cap_yuan
    FROM core_contribution AS c
    LEFT JOIN core_base_limit AS l
        ON l.period = substr(c.month, 1, 4) AND l.region = c.region AND l.scheme = c.scheme
),
dated AS (
    SELECT
        month,
        region,
        unit_id,
        scheme,
        paid_date,
        payment_status,
        COUNT(base_yuan) AS contribution_count,
        SUM(base_yuan) AS base_yuan,
        SUM(CASE WHEN base_yuan < floor_yuan THEN 1 WHEN floor_yuan IS NOT NULL THEN 0 END) AS floor_count,
        SUM(CASE WHEN base_yuan > cap_yuan THEN 1 WHEN cap_yuan IS NOT NULL THEN 0 END) AS cap_count,
        SUM(due_yuan) AS due_yuan,
        SUM(paid_yuan) AS paid_yuan,
        SUM(CASE WHEN due_yuan > paid_yuan THEN due_yuan - paid_yuan ELSE 0 END) AS short_yuan,
        SUM(CASE WHEN due_yuan > paid_yuan THEN 1 ELSE 0 END) AS short_count,
        SUM(CASE WHEN due_yuan > 0 THEN 1 ELSE 0 END) AS due_count
    FROM bounded
    GROUP BY month, region, unit_id, scheme, paid_date, payment_status
),
timed AS (
    SELECT
        month,
        region,
        unit_id,
        scheme,
        -- Money without a day came in its month.
        CASE
            WHEN paid_date IS NOT NULL THEN substr(CAST(paid_date AS VARCHAR), 1, 7)
            WHEN paid_yuan <> 0 THEN month
        END AS paid_month,
        CASE WHEN payment_status = 'deferred' THEN 0 ELSE 1 END AS owes,
        contribution_count,
        base_yuan,
        floor_count,
        cap_count,
        due_yuan,
        paid_yuan,
        short_yuan,
        short_count,
        due_count
    FROM dated
),
account AS (
    SELECT
        month,
        region,
        unit_id,
        scheme,
        paid_month,
        SUM(contribution_count) AS contribution_count,
        SUM(base_yuan) AS base_yuan,
        SUM(floor_count) AS floor_count,
        SUM(cap_count) AS cap_count,
        SUM(due_yuan) AS due_yuan,
        SUM(paid_yuan) AS paid_yuan,
        SUM(owes * CASE WHEN paid_month <= month THEN short_yuan ELSE due_yuan END) AS owed_yuan,
        SUM(owes * CASE WHEN paid_month <= month THEN short_count ELSE due_count END) AS owed_count,
        SUM(owes * CASE WHEN paid_month > month THEN due_yuan - short_yuan ELSE 0 END) AS recovered_yuan,
        SUM(owes * short_count) AS left_count
    FROM timed
    GROUP BY month, region, unit_id, scheme, paid_month
)
SELECT
    a.month,
    COALESCE(u.region, a.region) AS region,
    a.unit_id,
    a.scheme,
    a.paid_month,
    COALESCE(u.ownership, '_U') AS ownership,
    COALESCE(u.industry, '_U') AS industry,
    a.contribution_count,
    a.base_yuan,
    a.floor_count,
    a.cap_count,
    a.due_yuan,
    a.paid_yuan,
    a.owed_yuan,
    a.owed_count,
    a.recovered_yuan,
    a.left_count
FROM account AS a
LEFT JOIN core_unit AS u ON u.month = a.month AND u.unit_id = a.unit_id
ORDER BY a.month, region, a.unit_id, a.scheme, a.paid_month
