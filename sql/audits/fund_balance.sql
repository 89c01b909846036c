-- rule:     fund-balance
-- severity: warning
-- doc:      Opening + income + recovered arrears + other − expenditure must be the printed closing balance, within half a
--           unit of the last printed digit of each number. A series may begin without an opening balance; with income,
--           expenditure or a year in between missing, the account cannot be judged. residual = computed − printed.
WITH operand AS (
    SELECT period, region, scheme, ownership, industry, population, 1 AS place, 'opening' AS role, 1 AS sign,
        opening_obs_id AS obs_id
    FROM ind_fund_balance
    UNION ALL
    SELECT period, region, scheme, ownership, industry, population, 2, 'income', 1, income_obs_id
    FROM ind_fund_balance
    UNION ALL
    SELECT period, region, scheme, ownership, industry, population, 3, 'recovered', 1, recovered_obs_id
    FROM ind_fund_balance
    UNION ALL
    SELECT period, region, scheme, ownership, industry, population, 5, 'expenditure', -1, expenditure_obs_id
    FROM ind_fund_balance
    UNION ALL
    SELECT period, region, scheme, ownership, industry, population, 6, 'closing', -1, closing_obs_id
    FROM ind_fund_balance
    UNION ALL
    SELECT period, region, scheme, ownership, industry, population, 4, 'other', 1,
        UNNEST(string_to_array(other_obs_id, ' '))
    FROM ind_fund_balance
),
printed AS (
    SELECT
        o.period,
        o.region,
        o.scheme,
        o.ownership,
        o.industry,
        o.population,
        o.place,
        o.role,
        o.sign,
        r.value,
        r.rounding,
        r.factor,
        CASE
            WHEN r.source_file = c.source_file AND r.sheet = c.sheet THEN r.cell
            ELSE concat(r.source_file, '!', r.cell)
        END AS cell
    FROM operand AS o
    INNER JOIN core_reading AS r ON r.obs_id = o.obs_id
    INNER JOIN ind_fund_balance AS f
        ON f.period = o.period AND f.region = o.region AND f.scheme = o.scheme
        AND f.ownership = o.ownership AND f.industry = o.industry AND f.population = o.population
    INNER JOIN core_reading AS c ON c.obs_id = f.closing_obs_id
),
tolerance AS (
    SELECT
        period,
        region,
        scheme,
        ownership,
        industry,
        population,
        SUM(rounding) AS tolerance,
        string_agg(cell, ' ' ORDER BY place, cell) AS cells
    FROM printed
    GROUP BY period, region, scheme, ownership, industry, population
),
account AS (
    SELECT
        f.period,
        f.region,
        f.scheme,
        f.ownership,
        f.industry,
        f.population,
        f.opening_yuan,
        f.income_yuan,
        f.recovered_yuan,
        f.other_yuan,
        f.expenditure_yuan,
        f.closing_obs_id,
        f.residual_yuan,
        t.tolerance,
        t.cells,
        CAST(ABS(f.residual_yuan) AS DECIMAL(38, 12)) > CAST(t.tolerance AS DECIMAL(38, 12)) AS is_open,
        f.residual_yuan IS NULL AND (
            f.opening_yuan IS NOT NULL
            OR LAG(f.period) OVER (
                PARTITION BY f.region, f.scheme, f.ownership, f.industry, f.population, LENGTH(f.period)
                ORDER BY f.period
            ) IS NOT NULL
        ) AS is_interrupted
    FROM ind_fund_balance AS f
    INNER JOIN tolerance AS t
        ON t.period = f.period AND t.region = f.region AND t.scheme = f.scheme
        AND t.ownership = f.ownership AND t.industry = f.industry AND t.population = f.population
    WHERE f.closing_yuan IS NOT NULL
),
repair AS (
    -- The one slip that would close the account. A balance stands in two accounts: it is a candidate only where the same
    -- slip closes the account beside it too, or there is none.
    SELECT
        p.period,
        p.region,
        p.scheme,
        p.ownership,
        p.industry,
        p.population,
        string_agg(
            concat(
                p.role, ' ', p.cell, ' ', number_grouped(exact_div(p.value, p.factor)), ' would have to be ',
                number_grouped(exact_div(p.value - p.sign * a.residual_yuan, p.factor))
            ),
            '; ' ORDER BY p.place, p.cell
        ) AS candidates
    FROM printed AS p
    INNER JOIN account AS a
        ON a.period = p.period AND a.region = p.region AND a.scheme = p.scheme
        AND a.ownership = p.ownership AND a.industry = p.industry AND a.population = p.population
    LEFT JOIN account AS beside
        ON beside.period = CASE
            WHEN p.role = 'opening' THEN period_previous(p.period)
            WHEN p.role = 'closing' THEN period_offset(p.period, 1)
        END
        AND beside.region = p.region AND beside.scheme = p.scheme
        AND beside.ownership = p.ownership AND beside.industry = p.industry AND beside.population = p.population
    WHERE
        a.is_open
        AND (
            beside.residual_yuan IS NULL
            OR CAST(ABS(beside.residual_yuan + a.residual_yuan) AS DECIMAL(38, 12))
            <= CAST(beside.tolerance AS DECIMAL(38, 12))
        )
        AND slip_distance(
            number_text(exact_div(p.value, p.factor)),
            number_text(exact_div(p.value - p.sign * a.residual_yuan, p.factor))
        ) = 1
    GROUP BY p.period, p.region, p.scheme, p.ownership, p.industry, p.population
)
SELECT
    CASE WHEN a.is_open THEN 'warning' ELSE 'info' END AS severity,
    CASE WHEN a.is_open THEN 'fail' ELSE 'unverifiable' END AS outcome,
    c.dataset,
    a.period,
    a.region,
    a.scheme,
    c.source_file,
    c.sheet,
    a.cells AS cell,
    a.residual_yuan AS residual,
    a.tolerance,
    CASE
        WHEN a.is_open
            THEN concat(
                c.subject, ': opening ', number_grouped(exact_div(a.opening_yuan, c.factor)),
                ' + income ', number_grouped(exact_div(a.income_yuan, c.factor)),
                COALESCE(' + recovered arrears ' || number_grouped(exact_div(a.recovered_yuan, c.factor)), ''),
                COALESCE(' + other ' || number_grouped(exact_div(a.other_yuan, c.factor)), ''),
                ' − expenditure ', number_grouped(exact_div(a.expenditure_yuan, c.factor)),
                ' = ', number_grouped(exact_div(c.value + a.residual_yuan, c.factor)), ' ', c.unit_name,
                ', but the printed closing balance is ', number_grouped(exact_div(c.value, c.factor)), ', ',
                number_grouped(exact_div(ABS(a.residual_yuan), c.factor)),
                CASE WHEN a.residual_yuan > 0 THEN ' less' ELSE ' more' END
            )
        ELSE concat(
            c.subject, ': the account cannot be checked, the source states no ',
            concat_ws(
                ', ',
                CASE WHEN a.opening_yuan IS NULL THEN 'balance at the end of the period before' END,
                CASE WHEN a.income_yuan IS NULL THEN 'income' END,
                CASE WHEN a.expenditure_yuan IS NULL THEN 'expenditure' END
            )
        )
    END AS message,
    CASE
        WHEN NOT COALESCE(a.is_open, FALSE) THEN 'find the missing figure in another table or edition'
        WHEN r.candidates IS NOT NULL
            THEN concat('compare the cells with the original; one slip away from an account that closes: ', r.candidates)
        WHEN a.residual_yuan < 0
            THEN 'compare the cells with the original; interest, subsidies or transfers received may have no column of their own'
        ELSE 'compare the cells with the original; transfers remitted or reserves set aside may have no column of their own'
    END AS suggestion
FROM account AS a
INNER JOIN core_reading AS c ON c.obs_id = a.closing_obs_id
LEFT JOIN repair AS r
    ON r.period = a.period AND r.region = a.region AND r.scheme = a.scheme
    AND r.ownership = a.ownership AND r.industry = a.industry AND r.population = a.population
WHERE a.is_open OR a.is_interrupted
ORDER BY source_file, sheet, cell, message
