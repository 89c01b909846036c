-- rule:     printed-change
-- severity: warning
-- doc:      A printed increase of insured persons (新增) must be the difference of the two years in the same table, within half
--           a unit of the last printed digit of each number. residual = difference − printed increase.
WITH change AS (
    SELECT
        c.obs_id,
        c.dataset,
        c.period,
        c.region,
        c.scheme,
        c.source_file,
        c.sheet,
        c.cell,
        c.subject,
        c.value,
        c.factor,
        c.unit_name,
        now.value AS insured_person,
        before.value AS previous_person,
        now.value - before.value - c.value AS residual,
        now.rounding + before.rounding + c.rounding AS tolerance,
        concat_ws(' ', before.cell, now.cell, c.cell) AS cells
    FROM core_reading AS c
    LEFT JOIN core_reading AS now
        ON now.indicator = 'insured_person' AND now.period_kind = 'stock'
        AND now.dataset = c.dataset AND now.table_id = c.table_id AND now.edition = c.edition
        AND now.period = c.period AND now.region = c.region AND now.scheme = c.scheme AND now.ownership = c.ownership
        AND now.industry = c.industry AND now.population = c.population AND now.breakdown = c.breakdown
    LEFT JOIN core_reading AS before
        ON before.indicator = 'insured_person' AND before.period_kind = 'stock'
        AND before.dataset = c.dataset AND before.table_id = c.table_id AND before.edition = c.edition
        AND before.period = period_previous(c.period) AND before.region = c.region AND before.scheme = c.scheme
        AND before.ownership = c.ownership AND before.industry = c.industry AND before.population = c.population
        AND before.breakdown = c.breakdown
    WHERE c.indicator = 'insured_change_person' AND c.value IS NOT NULL
)
SELECT
    CASE WHEN residual IS NULL THEN 'info' ELSE 'warning' END AS severity,
    CASE WHEN residual IS NULL THEN 'unverifiable' ELSE 'fail' END AS outcome,
    dataset,
    period,
    region,
    scheme,
    source_file,
    sheet,
    cells AS cell,
    residual,
    tolerance,
    CASE
        WHEN residual IS NULL
            THEN concat(
                subject, ': the printed increase ', number_grouped(exact_div(value, factor)), ' ', unit_name,
                ' cannot be checked, the table has no insured persons for ',
                concat_ws(
                    ' and ',
                    CASE WHEN previous_person IS NULL THEN period_previous(period) END,
                    CASE WHEN insured_person IS NULL THEN period END
                )
            )
        ELSE concat(
            subject, ': ', number_grouped(exact_div(insured_person, factor)), ' − ',
            number_grouped(exact_div(previous_person, factor)), ' = ',
            number_grouped(exact_div(insured_person - previous_person, factor)), ' ', unit_name,
            ', but the printed increase is ', number_grouped(exact_div(value, factor)), ', ',
            number_grouped(exact_div(ABS(residual), factor)), CASE WHEN residual > 0 THEN ' less' ELSE ' more' END
        )
    END AS message,
    CASE
        WHEN residual IS NULL THEN 'find the missing year in another table or edition'
        ELSE 'compare the three cells with the original; the years beside them tell which of them is wrong'
    END AS suggestion
FROM change
WHERE residual IS NULL OR CAST(ABS(residual) AS DECIMAL(38, 12)) > CAST(tolerance AS DECIMAL(38, 12))
ORDER BY source_file, sheet, cell, message
