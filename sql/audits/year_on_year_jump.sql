-- rule:     year-on-year-jump
-- severity: info
-- doc:      Insured persons that grow or shrink by more than a factor of 1.5 from one year to the next are worth a look: a new
--           regulation, a change of definition, or a digit. residual = change of the year; tolerance = the change the
--           factor allows.
WITH bound AS (
    SELECT
        period,
        region,
        scheme,
        insured_person,
        previous_person,
        change_person,
        change_pct,
        insured_obs_id,
        previous_obs_id,
        CASE
            WHEN change_person > 0 THEN previous_person * 0.5
            ELSE exact_div(previous_person, 3)
        END AS allowed
    FROM ind_enrolment_change
    WHERE change_pct IS NOT NULL
)
SELECT
    'fail' AS outcome,
    now.dataset,
    b.period,
    b.region,
    b.scheme,
    now.source_file,
    now.sheet,
    concat_ws(
        ' ', CASE WHEN before.source_file = now.source_file AND before.sheet = now.sheet THEN before.cell END, now.cell
    ) AS cell,
    b.change_person AS residual,
    b.allowed AS tolerance,
    concat(
        now.subject, ': ', number_grouped(exact_div(b.insured_person, now.factor)), ' ', now.unit_name, ' after ',
        number_grouped(exact_div(b.previous_person, now.factor)), ' the year before, ',
        CASE WHEN b.change_person > 0 THEN '+' ELSE '' END, number_text(ROUND(b.change_pct, 2)), '%'
    ) AS message,
    'look for a new regulation or a change of definition in that year; else compare both cells with the original' AS suggestion
FROM bound AS b
INNER JOIN core_reading AS now ON now.obs_id = b.insured_obs_id
INNER JOIN core_reading AS before ON before.obs_id = b.previous_obs_id
WHERE CAST(ABS(b.change_person) AS DECIMAL(38, 12)) > CAST(b.allowed AS DECIMAL(38, 12))
ORDER BY source_file, sheet, cell, message
