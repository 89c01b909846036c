-- rule:     printed-surplus
-- severity: warning
-- doc:      A printed surplus or shortfall of the year (当年结余, 缺口) must be income − expenditure, or income + recovered arrears −
--           expenditure, within half a unit of the last printed digit of each number: sources differ in whether recovered
--           arrears count. residual = the nearer of the two − printed.
WITH surplus AS (
    SELECT
        s.dataset,
        f.period,
        f.region,
        f.scheme,
        s.source_file,
        s.sheet,
        s.subject,
        s.value,
        s.factor,
        s.unit_name,
        i.value AS income_yuan,
        e.value AS expenditure_yuan,
        CASE
            WHEN
                ABS(f.surplus_with_recovered_yuan - f.printed_surplus_yuan)
                < ABS(f.surplus_yuan - f.printed_surplus_yuan)
                THEN f.surplus_with_recovered_yuan - f.printed_surplus_yuan
            ELSE f.surplus_yuan - f.printed_surplus_yuan
        END AS residual,
        s.rounding + i.rounding + e.rounding + COALESCE(v.rounding, 0) AS tolerance,
        concat_ws(
            ' ',
            CASE WHEN i.source_file = s.source_file AND i.sheet = s.sheet THEN i.cell END,
            CASE WHEN e.source_file = s.source_file AND e.sheet = s.sheet THEN e.cell END,
            s.cell
        ) AS cells
    FROM ind_fund_balance AS f
    INNER JOIN core_reading AS s ON s.obs_id = f.printed_surplus_obs_id
    INNER JOIN core_reading AS i ON i.obs_id = f.income_obs_id
    INNER JOIN core_reading AS e ON e.obs_id = f.expenditure_obs_id
    LEFT JOIN core_reading AS v ON v.obs_id = f.recovered_obs_id
)
SELECT
    'fail' AS outcome,
    dataset,
    period,
    region,
    scheme,
    source_file,
    sheet,
    cells AS cell,
    residual,
    tolerance,
    concat(
        subject, ': income ', number_grouped(exact_div(income_yuan, factor)), ' − expenditure ',
        number_grouped(exact_div(expenditure_yuan, factor)), ' = ',
        number_grouped(exact_div(income_yuan - expenditure_yuan, factor)), ' ', unit_name, ', but ',
        number_grouped(exact_div(value, factor)), ' is printed'
    ) AS message,
    CASE
        WHEN CAST(ABS(income_yuan - expenditure_yuan + value) AS DECIMAL(38, 12)) <= CAST(tolerance AS DECIMAL(38, 12))
            THEN 'only the sign differs: look how the source marks a shortfall, and declare it in the table''s specification'
        ELSE 'compare the cells with the original; transfers or interest may be counted in the printed surplus'
    END AS suggestion
FROM surplus
WHERE CAST(ABS(residual) AS DECIMAL(38, 12)) > CAST(tolerance AS DECIMAL(38, 12))
ORDER BY source_file, sheet, cell, message
