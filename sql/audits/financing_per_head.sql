-- rule:     financing-per-head
-- severity: warning
-- doc:      The financing of a year (年度基金总额) per insured person must lie between the lowest and the highest standard that the
--           same table states for it, all payers together. Up to 5% outside is only worth knowing (info): interest and
--           other income are part of some totals. residual = how far outside, in yuan per person; tolerance = what half a
--           unit of the printed total moves it.
WITH payer AS (
    SELECT
        dataset,
        table_id,
        edition,
        period,
        region,
        scheme,
        ownership,
        industry,
        population,
        breakdown_value(breakdown, 'payer') AS payer,
        MIN(value) AS low,
        MAX(value) AS high,
        string_agg(DISTINCT cell, ' ' ORDER BY cell) AS cells
    FROM core_reading
    WHERE
        indicator = 'financing_standard_yuan_person' AND value IS NOT NULL
        AND breakdown_value(breakdown, 'payer') IS NOT NULL
    GROUP BY
        dataset, table_id, edition, period, region, scheme, ownership, industry, population,
        breakdown_value(breakdown, 'payer')
),
standard AS (
    SELECT
        dataset,
        table_id,
        edition,
        period,
        region,
        scheme,
        ownership,
        industry,
        population,
        SUM(low) AS low,
        SUM(high) AS high,
        string_agg(cells, ' ' ORDER BY cells) AS cells
    FROM payer
    GROUP BY dataset, table_id, edition, period, region, scheme, ownership, industry, population
),
span AS (
    SELECT
        dataset,
        table_id,
        edition,
        period,
        region,
        scheme,
        ownership,
        industry,
        MIN(low) AS low,
        MAX(high) AS high,
        string_agg(cells, ' ' ORDER BY cells) AS cells
    FROM standard
    GROUP BY dataset, table_id, edition, period, region, scheme, ownership, industry
),
head AS (
    SELECT
        f.obs_id,
        i.value AS insured_person,
        exact_div(f.value, i.value) AS per_head,
        exact_div(f.rounding, i.value) AS tolerance,
        CAST(s.low AS DECIMAL(38, 12)) AS low,
        CAST(s.high AS DECIMAL(38, 12)) AS high,
        concat_ws(' ', i.cell, s.cells, f.cell) AS cells
    FROM core_reading AS f
    INNER JOIN core_reading AS i
        ON i.indicator = 'insured_person' AND i.dataset = f.dataset AND i.table_id = f.table_id
        AND i.edition = f.edition AND i.period = f.period AND i.region = f.region AND i.scheme = f.scheme
        AND i.ownership = f.ownership AND i.industry = f.industry AND i.population = f.population
        AND i.breakdown = f.breakdown
    INNER JOIN span AS s
        ON s.dataset = f.dataset AND s.table_id = f.table_id AND s.edition = f.edition AND s.period = f.period
        AND s.region = f.region AND s.scheme = f.scheme AND s.ownership = f.ownership AND s.industry = f.industry
    WHERE f.indicator = 'fund_total_yuan' AND f.population = '_T' AND f.breakdown = '_T' AND i.value > 0
),
outside AS (
    SELECT
        obs_id,
        insured_person,
        per_head,
        tolerance,
        low,
        high,
        cells,
        CASE WHEN per_head > high THEN per_head - high WHEN per_head < low THEN per_head - low END AS residual,
        CASE WHEN per_head > high THEN high ELSE low END AS bound
    FROM head
)
SELECT
    CASE WHEN CAST(ABS(o.residual) * 20 AS DECIMAL(38, 12)) > o.bound THEN 'warning' ELSE 'info' END AS severity,
    'fail' AS outcome,
    f.dataset,
    f.period,
    f.region,
    f.scheme,
    f.source_file,
    f.sheet,
    o.cells AS cell,
    o.residual,
    o.tolerance,
    concat(
        f.subject, ': ', number_grouped(exact_div(f.value, f.factor)), ' ', f.unit_name, ' for ',
        number_grouped(o.insured_person), ' insured are ', number_grouped(ROUND(o.per_head, 2)),
        ' yuan per person, ', CASE WHEN o.residual > 0 THEN 'above' ELSE 'below' END, ' the standards of ',
        CASE WHEN o.low = o.high THEN number_grouped(o.low) ELSE concat(number_grouped(o.low), ' to ', number_grouped(o.high)) END
    ) AS message,
    CASE
        WHEN CAST(ABS(o.residual) * 20 AS DECIMAL(38, 12)) > o.bound
            THEN 'compare the cells with the original; the total may cover a part of the insured only, or a digit is wrong'
        ELSE 'nothing to do if interest or other income is part of the total'
    END AS suggestion
FROM outside AS o
INNER JOIN core_reading AS f ON f.obs_id = o.obs_id
WHERE CAST(ABS(o.residual) AS DECIMAL(38, 12)) > CAST(o.tolerance AS DECIMAL(38, 12))
ORDER BY source_file, sheet, cell, message
