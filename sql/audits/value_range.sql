-- rule:     value-range
-- severity: warning
-- doc:      Stocks of persons and units, people served and money owed or held are never negative; a coverage rate lies between 0 and 100.
--           Changes, surpluses and transfers may have either sign. residual = how far outside the range.
WITH reading AS (
    SELECT
        dataset,
        period,
        region,
        scheme,
        source_file,
        sheet,
        cell,
        subject,
        value,
        factor,
        unit_name,
        rounding,
        indicator = 'coverage_pct' AS is_rate,
        indicator IN (
            'insured_person', 'eligible_person', 'beneficiary_person', 'insured_unit', 'employed_person',
            'unemployed_person', 'laid_off_person', 'work_death_person', 'fund_income_yuan', 'fund_expenditure_yuan',
            'arrears_yuan', 'arrears_unit', 'coverage_pct'
        ) AS is_bounded
    FROM core_reading
    WHERE value IS NOT NULL
)
SELECT
    'fail' AS outcome,
    dataset,
    period,
    region,
    scheme,
    source_file,
    sheet,
    cell,
    CASE WHEN value < 0 THEN value ELSE value - 100 END AS residual,
    rounding AS tolerance,
    concat(
        subject, ': ', number_grouped(exact_div(value, factor)), ' ', unit_name,
        CASE WHEN value < 0 THEN ' is negative' ELSE ' is more than all' END
    ) AS message,
    CASE
        WHEN value < 0 THEN 'compare the cell with the original; a dash may have been read as a minus sign'
        ELSE 'compare the cell with the original; the rate may lack its decimal point, or the insured may not be a part of the eligible'
    END AS suggestion
FROM reading
WHERE is_bounded AND (value < 0 OR (is_rate AND CAST(value - 100 AS DECIMAL(38, 12)) > CAST(rounding AS DECIMAL(38, 12))))
ORDER BY source_file, sheet, cell, message
