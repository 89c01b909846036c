-- rule:     part-not-above-whole
-- severity: warning
-- doc:      A part (其中) is at most its whole, and so are all parts of one relation together, within half a unit of the last
--           printed digit of each number. A missing part says nothing. residual = part − whole.
WITH pair AS (
    SELECT
        p.relation_id,
        p.whole_obs_id,
        w.value AS whole,
        w.rounding AS whole_rounding,
        r.value AS part,
        r.rounding AS part_rounding,
        r.subject,
        r.cell
    FROM core_part AS p
    INNER JOIN core_reading AS w ON w.obs_id = p.whole_obs_id
    INNER JOIN core_reading AS r ON r.obs_id = p.part_obs_id
    WHERE p.kind = 'part_of' AND w.value IS NOT NULL AND r.value IS NOT NULL
),
alone AS (
    SELECT
        whole_obs_id,
        CAST(part - whole AS DECIMAL(38, 12)) AS residual,
        CAST(part_rounding + whole_rounding AS DECIMAL(38, 12)) AS tolerance,
        subject,
        cell AS cells,
        CAST(1 AS BIGINT) AS part_count
    FROM pair
),
together AS (
    SELECT
        whole_obs_id,
        CAST(SUM(part) - MIN(whole) AS DECIMAL(38, 12)) AS residual,
        CAST(SUM(part_rounding) + MIN(whole_rounding) AS DECIMAL(38, 12)) AS tolerance,
        '' AS subject,
        string_agg(cell, ' ' ORDER BY LENGTH(cell), cell) AS cells,
        COUNT(part) AS part_count
    FROM pair
    GROUP BY relation_id, whole_obs_id
    HAVING COUNT(part) > 1
),
broken AS (
    SELECT whole_obs_id, residual, tolerance, subject, cells, part_count FROM alone WHERE residual > tolerance
    UNION ALL
    SELECT whole_obs_id, residual, tolerance, subject, cells, part_count FROM together WHERE residual > tolerance
)
SELECT
    'fail' AS outcome,
    w.dataset,
    w.period,
    w.region,
    w.scheme,
    w.source_file,
    w.sheet,
    concat_ws(' ', b.cells, w.cell) AS cell,
    b.residual,
    b.tolerance,
    concat(
        w.subject, ': ',
        CASE
            WHEN b.part_count = 1 THEN concat('the part "', b.subject, '" is ')
            ELSE concat('the ', CAST(b.part_count AS VARCHAR), ' parts together are ')
        END,
        number_grouped(exact_div(w.value + b.residual, w.factor)), ' ', w.unit_name, ', ',
        number_grouped(exact_div(b.residual, w.factor)), ' more than the whole ',
        number_grouped(exact_div(w.value, w.factor))
    ) AS message,
    CASE
        WHEN b.part_count = 1
            THEN 'compare both cells with the original; a digit may be lost in the whole, or the whole may cover less than the part'
        ELSE
            'compare the cells with the original; if a person can be in several of the parts, declare a relation for each part'
    END AS suggestion
FROM broken AS b
INNER JOIN core_reading AS w ON w.obs_id = b.whole_obs_id
ORDER BY source_file, sheet, cell, message
