-- rule:     same-quantity-two-places
-- severity: warning
-- doc:      Where several tables, editions or sentences state one quantity, they must agree within half a unit of the last
--           printed digit of each. A bound (以上, 近) must hold; what is approximate (左右) proves nothing. Another edition of
--           the same table is a revision and only worth knowing (info). residual = the figure that does not count − the
--           figure that counts.
WITH pair AS (
    SELECT
        f.obs_id AS counting_obs_id,
        r.obs_id,
        CAST(r.value - f.value AS DECIMAL(38, 12)) AS residual,
        CAST(r.rounding + f.rounding AS DECIMAL(38, 12)) AS tolerance
    FROM core_figure AS f
    INNER JOIN core_reading AS r
        ON r.indicator = f.indicator AND r.period = f.period AND r.period_kind = f.period_kind AND r.region = f.region
        AND r.scheme = f.scheme AND r.ownership = f.ownership AND r.industry = f.industry
        AND r.population = f.population AND r.breakdown = f.breakdown
    WHERE r.value IS NOT NULL AND r.obs_id <> f.obs_id
)
SELECT
    CASE WHEN r.dataset = w.dataset AND r.table_id = w.table_id AND r.edition <> w.edition THEN 'info' ELSE 'warning' END AS severity,
    'fail' AS outcome,
    r.dataset,
    r.period,
    r.region,
    r.scheme,
    r.source_file,
    r.sheet,
    r.cell,
    p.residual,
    p.tolerance,
    concat(
        r.subject, ': ', number_grouped(exact_div(r.value, r.factor)), ' ', r.unit_name, ' here', CASE WHEN r.citation <> '' THEN concat(' (', r.citation, ')') END, ', but ',
        number_grouped(exact_div(w.value, w.factor)), ' ', w.unit_name, ' in ', w.source_file,
        CASE WHEN w.sheet <> '' THEN concat(', sheet "', w.sheet, '"') ELSE '' END, ', cell ', w.cell, CASE WHEN w.citation <> '' THEN concat(' (', w.citation, ')') END, ', which counts'
    ) AS message,
    CASE
        WHEN r.dataset = w.dataset AND r.table_id = w.table_id AND r.edition <> w.edition
            THEN 'the later edition counts; nothing to do unless the revision is unexpected'
        WHEN r.dataset = w.dataset AND r.table_id = w.table_id
            THEN 'compare both sentences with the original; [[prefer]] in the specification says which section counts'
        ELSE
            'compare both cells with their originals; the table with the lower priority number counts, see priority in its specification'
    END AS suggestion
FROM pair AS p
INNER JOIN core_reading AS r ON r.obs_id = p.obs_id
INNER JOIN core_reading AS w ON w.obs_id = p.counting_obs_id
WHERE
    (
        (p.residual > p.tolerance AND r.qualifier <> 'at_most' AND w.qualifier <> 'at_least')
        OR (p.residual < -p.tolerance AND r.qualifier <> 'at_least' AND w.qualifier <> 'at_most')
    )
    AND r.qualifier <> 'about' AND w.qualifier <> 'about'
    -- Two cells of one edition of one table are duplicates, which grain_unique reports; two sentences are not.
    AND (r.dataset <> w.dataset OR r.table_id <> w.table_id OR r.edition <> w.edition OR r.quote IS NOT NULL)
ORDER BY source_file, sheet, cell, message
