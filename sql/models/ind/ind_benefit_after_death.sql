-- name:  ind_benefit_after_death
-- grain: period, region, scheme, benefit_kind
-- grows: month
-- reads: core_after_death all
-- doc:   Benefits paid for months after the one in which the person died (死亡后冒领), from agency records: of the month, and of all months
--        of the records until then (…_to_date). Deaths are told late: earlier months change when they are. Region is where it
--        was paid; a record of the dead has no unit, and so no ownership and industry.
-- columns: benefit_kind = the kind of benefit, a code; person = persons who had died and were paid; amount_yuan = what they were paid,
--        yuan; recovered_yuan = taken back in the month of what was paid after deaths, yuan; person_to_date = persons so paid until now;
--        month_to_date = months for which they were, added up over persons; amount_to_date_yuan = what they were paid, yuan;
--        recovered_to_date_yuan = taken back of it, yuan; outstanding_yuan = not taken back, yuan; missing = the regions whose records of the
--        month have not come: the total lacks them; missing_to_date = the months until this one of which records have not come, with
--        the regions: the sums to date lack them
WITH level AS (
    SELECT by_region, by_ownership AS by_scheme, by_industry AS by_kind
    FROM core_level
),
paid AS (
    SELECT
        a.month,
        CASE WHEN l.by_region = 1 THEN a.region ELSE '_T' END AS region,
        CASE WHEN l.by_scheme = 1 THEN a.scheme ELSE '_T' END AS scheme,
        CASE WHEN l.by_kind = 1 THEN a.benefit_kind ELSE '_T' END AS benefit_kind,
        a.person_id,
        SUM(CASE WHEN a.amount_yuan > 0 THEN a.amount_yuan ELSE 0 END) AS amount_yuan,
        SUM(CASE WHEN a.amount_yuan < 0 THEN -a.amount_yuan ELSE 0 END) AS recovered_yuan
    FROM core_after_death AS a
    CROSS JOIN level AS l
    GROUP BY
        a.month,
        CASE WHEN l.by_region = 1 THEN a.region ELSE '_T' END,
        CASE WHEN l.by_scheme = 1 THEN a.scheme ELSE '_T' END,
        CASE WHEN l.by_kind = 1 THEN a.benefit_kind ELSE '_T' END,
        a.person_id
),
placed AS (
    SELECT
        month, region, scheme, benefit_kind, person_id, amount_yuan, recovered_yuan,
        CASE WHEN amount_yuan > 0 THEN 1 ELSE 0 END AS is_paid,
        ROW_NUMBER() OVER (
            PARTITION BY region, scheme, benefit_kind, person_id, CASE WHEN amount_yuan > 0 THEN 1 ELSE 0 END ORDER BY month
        ) AS place
    FROM paid
),
counted AS (
    SELECT
        month, region, scheme, benefit_kind,
        SUM(is_paid) AS person,
        SUM(CASE WHEN place = 1 THEN is_paid ELSE 0 END) AS first_person,
        SUM(amount_yuan) AS amount_yuan,
        SUM(recovered_yuan) AS recovered_yuan
    FROM placed
    GROUP BY month, region, scheme, benefit_kind
),
summed AS (
    -- From the first such payment on, every month in which the benefit was paid at all.
    SELECT
        b.month,
        b.region,
        b.scheme,
        b.benefit_kind,
        SUM(CASE WHEN c.month = b.month THEN c.person ELSE 0 END) AS person,
        SUM(CASE WHEN c.month = b.month THEN c.amount_yuan ELSE 0 END) AS amount_yuan,
        SUM(CASE WHEN c.month = b.month THEN c.recovered_yuan ELSE 0 END) AS recovered_yuan,
        SUM(c.first_person) AS person_to_date,
        SUM(c.person) AS month_to_date,
        SUM(c.amount_yuan) AS amount_to_date_yuan,
        SUM(c.recovered_yuan) AS recovered_to_date_yuan
    FROM core_month_benefit AS b
    INNER JOIN counted AS c
        ON c.region = b.region AND c.scheme = b.scheme AND c.benefit_kind = b.benefit_kind AND c.month <= b.month
    GROUP BY b.month, b.region, b.scheme, b.benefit_kind
)
SELECT
    s.month AS period,
    s.region,
    s.scheme,
    s.benefit_kind,
    s.person,
    s.amount_yuan,
    s.recovered_yuan,
    s.person_to_date,
    s.month_to_date,
    s.amount_to_date_yuan,
    s.recovered_to_date_yuan,
    s.amount_to_date_yuan - s.recovered_to_date_yuan AS outstanding_yuan,
    p.missing,
    p.missing_to_date
FROM summed AS s
LEFT JOIN core_month_partial AS p ON p.subject = 'benefit' AND p.region = s.region AND p.month = s.month
ORDER BY period, s.region, s.scheme, s.benefit_kind
