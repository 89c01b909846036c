-- The eight questions about records, asked of the states and counts by month that the statistics are made of. The answers are
-- those of questions.sql, to the last digit and in the same order.

-- question: coverage by industry and ownership
SELECT industry, ownership, insured_person
FROM core_month_insured
WHERE month = '2026-12' AND scheme = 'pension-enterprise' AND region = '_T' AND industry <> '_T' AND ownership <> '_T'
ORDER BY industry, ownership

-- question: change on the month before
SELECT
    region AS place,
    SUM(CASE WHEN month = '2026-12' THEN insured_person ELSE 0 END) AS persons,
    SUM(CASE WHEN month = '2026-12' THEN insured_person ELSE -insured_person END) AS change
FROM core_month_insured
WHERE month IN ('2026-11', '2026-12') AND scheme = 'pension-enterprise' AND region <> '_T' AND industry = '_T' AND ownership = '_T'
GROUP BY region
ORDER BY place

-- question: top units in arrears
SELECT unit_id, SUM(arrears_yuan) AS arrears_yuan
FROM core_arrears
WHERE month = '2026-12' AND scheme = '_T'
GROUP BY unit_id
ORDER BY arrears_yuan DESC, unit_id
LIMIT 20

-- question: arrears by region, industry, ownership and scheme
SELECT region, industry, ownership, scheme, SUM(arrears_yuan) AS arrears_yuan
FROM core_arrears
WHERE month = '2026-12' AND scheme <> '_T' AND arrears_yuan > 0
GROUP BY region, industry, ownership, scheme
ORDER BY region, industry, ownership, scheme

-- question: fund by month with running total
WITH fund AS (
    SELECT month, scheme, SUM(paid_yuan) AS income_yuan
    FROM core_month_base
    WHERE region = '_T' AND ownership = '_T' AND industry = '_T' AND scheme <> '_T'
    GROUP BY month, scheme
)
SELECT month, scheme, income_yuan, SUM(income_yuan) OVER (PARTITION BY scheme ORDER BY month) AS running_yuan
FROM fund
ORDER BY scheme, month

-- question: persons by number of schemes
SELECT scheme_count AS schemes, SUM(person) AS persons
FROM core_month_participation
WHERE month = '2026-12' AND region = '_T' AND ownership = '_T' AND industry = '_T'
GROUP BY scheme_count
ORDER BY schemes

-- question: longest unpaid run
SELECT unit_id, MAX(unpaid_run_max) AS months
FROM core_arrears
WHERE month = '2026-12' AND scheme = '_T'
GROUP BY unit_id
ORDER BY months DESC, unit_id
LIMIT 20

-- question: share at the floor by ownership
SELECT ownership, floor_count AS at_floor, contribution_count AS persons
FROM core_month_base
WHERE month = '2026-12' AND scheme = 'pension-enterprise' AND region = '_T' AND industry = '_T' AND ownership <> '_T'
ORDER BY ownership
