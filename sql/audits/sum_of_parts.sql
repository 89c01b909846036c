-- rule:     sum-of-parts
-- severity: warning
-- doc:      The parts a table declares must add up to the printed whole, within half a unit of the last printed digit of each
--           number. Parts that are nothing by their mark (nil, not applicable) count as nothing. With a part missing, a sum
--           that already reaches the whole is good, any other cannot be judged. residual = parts − whole.
WITH part AS (
    SELECT
        p.relation_id,
        p.dimension,
        p.whole_obs_id,
        w.value AS whole,
        w.rounding AS whole_rounding,
        r.value,
        CASE WHEN r.mark = 'rounded_to_zero' THEN w.rounding ELSE r.rounding END AS rounding,
        r.factor,
        r.cell,
        r.obs_id,
        r.value IS NULL AND COALESCE(r.mark, 'not_available') IN ('not_available', 'confidential') AS is_missing
    FROM core_part AS p
    INNER JOIN core_reading AS w ON w.obs_id = p.whole_obs_id
    LEFT JOIN core_reading AS r ON r.obs_id = p.part_obs_id
    WHERE p.kind = 'sum' AND w.value IS NOT NULL
),
total AS (
    SELECT
        relation_id,
        dimension,
        whole_obs_id,
        COUNT(obs_id) AS part_count,
        COUNT(value) AS number_count,
        SUM(CASE WHEN is_missing THEN 1 ELSE 0 END) AS missing_count,
        SUM(value) - MIN(whole) AS residual,
        COALESCE(SUM(rounding), 0) + MIN(whole_rounding) AS tolerance,
        string_agg(cell, ' ' ORDER BY LENGTH(cell), cell) AS cells
    FROM part
    GROUP BY relation_id, dimension, whole_obs_id
),
broken AS (
    SELECT relation_id, dimension, whole_obs_id, part_count, missing_count, residual, tolerance, cells
    FROM total
    WHERE
        number_count > 0
        AND CAST(ABS(residual) AS DECIMAL(38, 12)) > CAST(tolerance AS DECIMAL(38, 12))
),
slip AS (
    SELECT
        p.relation_id,
        p.whole_obs_id,
        string_agg(
            concat(
                p.cell, ' ', number_grouped(exact_div(p.value, p.factor)), ' would have to be ',
                number_grouped(exact_div(p.value - b.residual, p.factor))
            ),
            '; ' ORDER BY LENGTH(p.cell), p.cell
        ) AS candidates
    FROM part AS p
    INNER JOIN broken AS b ON b.relation_id = p.relation_id AND b.whole_obs_id = p.whole_obs_id
    WHERE
        p.value IS NOT NULL AND b.missing_count = 0
        AND slip_distance(
            number_text(exact_div(p.value, p.factor)), number_text(exact_div(p.value - b.residual, p.factor))
        ) = 1
    GROUP BY p.relation_id, p.whole_obs_id
)
SELECT
    CASE WHEN b.missing_count = 0 THEN 'warning' ELSE 'info' END AS severity,
    CASE WHEN b.missing_count = 0 THEN 'fail' ELSE 'unverifiable' END AS outcome,
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
        w.subject, ': the ', CAST(b.part_count AS VARCHAR), ' parts by ', b.dimension, ' add up to ',
        number_grouped(exact_div(w.value + b.residual, w.factor)), ' ', w.unit_name, ', ',
        number_grouped(exact_div(ABS(b.residual), w.factor)), CASE WHEN b.residual < 0 THEN ' less' ELSE ' more' END,
        ' than the printed total ', number_grouped(exact_div(w.value, w.factor)),
        CASE
            WHEN b.missing_count > 0
                THEN concat('; ', CAST(b.missing_count AS VARCHAR), ' of the parts have no number, so the sum cannot be judged')
            ELSE ''
        END
    ) AS message,
    CASE
        WHEN b.missing_count > 0
            THEN 'find the missing parts in the source, or declare the relation as part_of if the list is not complete'
        WHEN s.candidates IS NOT NULL
            THEN concat('compare the cells with the original; one slip away from a sum that holds: ', s.candidates)
        ELSE
            'compare the cells with the original; no single slip of a digit explains the difference, so a part may be missing from the table'
    END AS suggestion
FROM broken AS b
INNER JOIN core_reading AS w ON w.obs_id = b.whole_obs_id
LEFT JOIN slip AS s ON s.relation_id = b.relation_id AND s.whole_obs_id = b.whole_obs_id
ORDER BY source_file, sheet, cell, message
