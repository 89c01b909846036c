-- The eight questions about records: asked of the warehouse, and in the same words of others reading one plain Parquet file per month.

-- question: coverage by industry and ownership
SELECT u.industry, u.ownership, COUNT(DISTINCT c.person_id) AS insured_person
FROM core_contribution AS c
INNER JOIN core_unit AS u ON u.unit_id = c.unit_id AND u.month = c.month
WHERE c.month = '2026-12' AND c.scheme = 'pension-enterprise' AND u.month = '2026-12'
GROUP BY u.industry, u.ownership
ORDER BY u.industry, u.ownership

-- question: change on the month before
WITH now AS (
    SELECT DISTINCT region, person_id FROM core_contribution WHERE month = '2026-12' AND scheme = 'pension-enterprise'
),
was AS (
    SELECT DISTINCT region, person_id FROM core_contribution WHERE month = '2026-11' AND scheme = 'pension-enterprise'
)
SELECT COALESCE(now.region, was.region) AS place, COUNT(now.person_id) AS persons,
       COUNT(now.person_id) - COUNT(was.person_id) AS change
FROM now
FULL JOIN was ON was.person_id = now.person_id AND was.region = now.region
GROUP BY COALESCE(now.region, was.region)
ORDER BY place

-- question: top units in arrears
SELECT unit_id, SUM(unit_due_yuan + person_due_yuan - paid_yuan) AS arrears_yuan
FROM core_contribution
WHERE payment_status = 'unpaid'
GROUP BY unit_id
ORDER BY arrears_yuan DESC, unit_id
LIMIT 20

-- question: arrears by region, industry, ownership and scheme
WITH owed AS (
    SELECT month, region, unit_id, scheme, SUM(unit_due_yuan + person_due_yuan - paid_yuan) AS arrears_yuan
    FROM core_contribution
    WHERE payment_status = 'unpaid'
    GROUP BY month, region, unit_id, scheme
)
SELECT owed.region, u.industry, u.ownership, owed.scheme, SUM(owed.arrears_yuan) AS arrears_yuan
FROM owed
INNER JOIN core_unit AS u ON u.unit_id = owed.unit_id AND u.month = owed.month
GROUP BY owed.region, u.industry, u.ownership, owed.scheme
ORDER BY owed.region, u.industry, u.ownership, owed.scheme

-- question: fund by month with running total
WITH fund AS (
    SELECT month, scheme, SUM(paid_yuan) AS income_yuan FROM core_contribution GROUP BY month, scheme
)
SELECT month, scheme, income_yuan, SUM(income_yuan) OVER (PARTITION BY scheme ORDER BY month) AS running_yuan
FROM fund
ORDER BY scheme, month

-- question: persons by number of schemes
WITH held AS (
    SELECT person_id, COUNT(DISTINCT scheme) AS schemes FROM core_contribution WHERE month = '2026-12' GROUP BY person_id
)
SELECT schemes, COUNT(*) AS persons FROM held GROUP BY schemes ORDER BY schemes

-- question: longest unpaid run
WITH unpaid AS (
    SELECT DISTINCT unit_id, CAST(SUBSTR(month, 1, 4) AS BIGINT) * 12 + CAST(SUBSTR(month, 6, 2) AS BIGINT) AS month_number
    FROM core_contribution
    WHERE payment_status = 'unpaid'
),
numbered AS (
    SELECT unit_id, month_number - ROW_NUMBER() OVER (PARTITION BY unit_id ORDER BY month_number) AS run FROM unpaid
),
runs AS (
    SELECT unit_id, run, COUNT(*) AS months FROM numbered GROUP BY unit_id, run
)
SELECT unit_id, MAX(months) AS months FROM runs GROUP BY unit_id ORDER BY months DESC, unit_id LIMIT 20

-- question: share at the floor by ownership
SELECT u.ownership, SUM(CASE WHEN c.base_yuan <= 4200 THEN 1 ELSE 0 END) AS at_floor, COUNT(*) AS persons
FROM core_contribution AS c
INNER JOIN core_unit AS u ON u.unit_id = c.unit_id AND u.month = c.month
WHERE c.month = '2026-12' AND c.scheme = 'pension-enterprise' AND u.month = '2026-12'
GROUP BY u.ownership
ORDER BY u.ownership
