-- name:  ind_arrears
-- grain: period, region, scheme, ownership, industry
-- doc:   Contributions owed (欠费) at the end of the period, and what was recovered (补收) and newly owed over it. A column
--        the sources do not state is null. recovery_pct is recovered / (recovered + still owed); implied_new_arrears_yuan
--        is what must have been newly owed when the arrears a year earlier are known: arrears − previous + recovered.
WITH figure AS (
    SELECT indicator, period_kind, period, region, scheme, ownership, industry, value
    FROM core_figure
    WHERE population = '_T' AND breakdown = '_T'
),
arrears AS (
    SELECT
        period,
        region,
        scheme,
        ownership,
        industry,
        MAX(CASE WHEN indicator = 'arrears_yuan' AND period_kind = 'stock' THEN value END) AS arrears_yuan,
        MAX(CASE WHEN indicator = 'arrears_recovered_yuan' AND period_kind = 'flow' THEN value END) AS recovered_yuan,
        MAX(CASE WHEN indicator = 'arrears_new_yuan' AND period_kind = 'flow' THEN value END) AS new_arrears_yuan,
        MAX(CASE WHEN indicator = 'arrears_unit' AND period_kind = 'stock' THEN value END) AS arrears_unit,
        MAX(CASE WHEN indicator = 'arrears_overdue_month_max' AND period_kind = 'stock' THEN value END) AS months_overdue_max
    FROM figure
    WHERE
        indicator IN (
            'arrears_yuan', 'arrears_recovered_yuan', 'arrears_new_yuan', 'arrears_unit', 'arrears_overdue_month_max'
        )
    GROUP BY period, region, scheme, ownership, industry
)
SELECT
    now.period,
    now.region,
    now.scheme,
    now.ownership,
    now.industry,
    now.arrears_yuan,
    now.recovered_yuan,
    now.new_arrears_yuan,
    now.arrears_unit,
    now.months_overdue_max,
    before.arrears_yuan AS previous_arrears_yuan,
    percent_of(now.recovered_yuan, now.recovered_yuan + now.arrears_yuan) AS recovery_pct,
    now.arrears_yuan - before.arrears_yuan + now.recovered_yuan AS implied_new_arrears_yuan
FROM arrears AS now
LEFT JOIN arrears AS before
    ON before.period = period_previous(now.period) AND before.region = now.region AND before.scheme = now.scheme
    AND before.ownership = now.ownership AND before.industry = now.industry
ORDER BY now.period, now.region, now.scheme, now.ownership, now.industry
