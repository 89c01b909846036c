-- rule:     printed-rate
-- severity: warning
-- doc:      A printed coverage rate (参保率) must be insured / eligible, within half a unit of the last printed digit of the rate
--           and what half a unit of either count moves it. residual = computed − printed, in percentage points.
WITH rate AS (
    SELECT
        r.dataset,
        r.period,
        r.region,
        r.scheme,
        r.source_file,
        r.sheet,
        r.subject,
        r.value AS printed_pct,
        c.insured_person,
        c.eligible_person,
        c.coverage_pct,
        c.coverage_pct - r.value AS residual,
        r.rounding
            + COALESCE(percent_of(i.rounding, c.eligible_person), 0)
            + COALESCE(exact_div(CAST(c.coverage_pct AS DECIMAL(38, 6)) * CAST(e.rounding AS DECIMAL(38, 6)), c.eligible_person), 0)
            AS tolerance,
        concat_ws(' ', i.cell, CASE WHEN e.source_file = r.source_file AND e.sheet = r.sheet THEN e.cell END, r.cell) AS cells
    FROM ind_coverage AS c
    INNER JOIN core_reading AS r ON r.obs_id = c.printed_obs_id
    LEFT JOIN core_reading AS i ON i.obs_id = c.insured_obs_id
    LEFT JOIN core_reading AS e ON e.obs_id = c.eligible_obs_id
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
                subject, ': the printed ', number_text(printed_pct), '% cannot be checked, ',
                CASE
                    WHEN eligible_person IS NULL THEN 'the number of eligible persons is not known'
                    WHEN eligible_person = 0 THEN 'the number of eligible persons is 0'
                    ELSE 'the number of insured persons is not known'
                END
            )
        ELSE concat(
            subject, ': ', number_grouped(insured_person), ' of ', number_grouped(eligible_person), ' persons are ',
            number_text(ROUND(coverage_pct, 2)), '%, but ', number_text(printed_pct), '% is printed'
        )
    END AS message,
    CASE
        WHEN residual IS NULL THEN 'find the eligible persons (应参保人数) of the same population in the source'
        ELSE 'compare the cells with the original, and whether rate and eligible persons mean the same population'
    END AS suggestion
FROM rate
WHERE (residual IS NULL AND (insured_person IS NOT NULL OR eligible_person IS NOT NULL)) OR CAST(ABS(residual) AS DECIMAL(38, 12)) > CAST(tolerance AS DECIMAL(38, 12))
ORDER BY source_file, sheet, cell, message
