-- rule:     income-per-head
-- severity: info
-- doc:      Contributions follow the number of insured closely: among the regions of one table, fund income per insured person
--           that is more than 5 times the median, or less than a fifth of it, points to a digit lost in one of the two.
--           Needs four regions. residual = income per person − median; tolerance = what the factor allows.
WITH head AS (
    SELECT
        p.whole_obs_id,
        i.obs_id AS insured_obs_id,
        f.obs_id AS income_obs_id,
        exact_div(f.value, i.value) AS income_per_head
    FROM core_part AS p
    INNER JOIN core_reading AS i ON i.obs_id = p.part_obs_id
    INNER JOIN core_reading AS f
        ON f.indicator = 'fund_income_yuan' AND f.dataset = i.dataset AND f.table_id = i.table_id
        AND f.edition = i.edition AND f.period = i.period AND f.region = i.region AND f.scheme = i.scheme
        AND f.ownership = i.ownership AND f.industry = i.industry AND f.population = i.population
        AND f.breakdown = i.breakdown
    WHERE p.kind = 'sum' AND p.dimension = 'region' AND i.indicator = 'insured_person' AND i.value > 0
),
middle AS (
    SELECT whole_obs_id, MEDIAN(income_per_head) AS median
    FROM head
    GROUP BY whole_obs_id
    HAVING COUNT(income_per_head) >= 4
),
compared AS (
    SELECT
        h.insured_obs_id,
        h.income_obs_id,
        h.income_per_head,
        CAST(m.median AS DECIMAL(38, 12)) AS median,
        CAST(h.income_per_head - m.median AS DECIMAL(38, 12)) AS residual,
        CAST(CASE WHEN h.income_per_head > m.median THEN m.median * 4 ELSE m.median * 0.8 END AS DECIMAL(38, 12)) AS allowed
    FROM head AS h
    INNER JOIN middle AS m ON m.whole_obs_id = h.whole_obs_id
    WHERE m.median > 0
)
SELECT
    'fail' AS outcome,
    i.dataset,
    i.period,
    i.region,
    i.scheme,
    i.source_file,
    i.sheet,
    concat_ws(' ', i.cell, f.cell) AS cell,
    c.residual,
    c.allowed AS tolerance,
    concat(
        i.subject, ': ', number_grouped(ROUND(c.income_per_head, 0)), ' yuan of income for each of the ',
        number_grouped(i.value), ' insured, where the middle of the regions is ', number_grouped(ROUND(c.median, 0))
    ) AS message,
    'compare both cells with the original; a digit lost in the insured persons or added to the income would explain it' AS suggestion
FROM compared AS c
INNER JOIN core_reading AS i ON i.obs_id = c.insured_obs_id
INNER JOIN core_reading AS f ON f.obs_id = c.income_obs_id
WHERE ABS(c.residual) > c.allowed
ORDER BY source_file, sheet, cell, message
