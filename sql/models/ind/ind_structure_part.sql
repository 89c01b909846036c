-- name:  ind_structure_part
-- grain: part_obs_id, dimension
-- doc:   Every stated part with its whole, before shares are made: along `dimension` the whole is the nearest code above the
--        part's that is stated, all else equal; of the part's own period, else (stocks) the last one stated in that year.
--        is_apart: the part cannot overlap with the other parts of its whole that are marked so (registration types but for
--        the non-public sector, industries, regions, and groups that a table declares to be parts beside each other). turn:
--        1 for the figure that counts where several days of a year state one part. ind_structure makes shares of it.
-- columns: indicator = the indicator, a code of core_indicator; dimension = the dimension by which a whole is divided; code = the
--        code of the part; part_value = the part, in the base unit; whole_code = the code of the whole; whole_value = the
--        whole, in the base unit; whole_period = the period of the whole; part_qualifier = how the text bounds the part;
--        whole_qualifier = how the text bounds the whole; turn = 1 for the figure that counts where several days of a year
--        state one part;
--        is_apart = whether it cannot overlap with the other parts of its whole that are marked so
WITH figure AS (
    SELECT
        f.indicator, f.period, f.period_kind, f.period_start, f.period_end, f.region, f.scheme, f.ownership, f.industry,
        f.population, f.breakdown, f.value, f.qualifier, f.obs_id
    FROM core_figure AS f
    INNER JOIN core_indicator AS i ON i.indicator = f.indicator
    WHERE
        f.period_kind IN ('stock', 'flow')
        AND (i.unit IN ('person', 'unit', 'hectare') OR f.indicator IN ('contribution_income_yuan', 'arrears_yuan'))
        AND f.indicator <> 'insured_change_person'
),
axis AS (
    SELECT column1 AS dimension
    FROM (VALUES ('region'), ('ownership'), ('industry'), ('population'), ('breakdown'))
),
member AS (
    -- Every figure along every dimension: its code there, and all else as the key.
    SELECT
        f.indicator, f.period, f.period_kind, f.period_end, f.region, f.scheme, f.ownership, f.industry, f.population,
        f.breakdown, f.value, f.qualifier, f.obs_id,
        a.dimension,
        CASE a.dimension
            WHEN 'region' THEN f.region
            WHEN 'ownership' THEN f.ownership
            WHEN 'industry' THEN f.industry
            WHEN 'population' THEN f.population
            ELSE f.breakdown
        END AS code,
        concat_ws(
            '|',
            a.dimension,
            f.indicator,
            f.period_kind,
            f.scheme,
            CASE WHEN a.dimension = 'region' THEN '' ELSE f.region END,
            CASE WHEN a.dimension = 'ownership' THEN '' ELSE f.ownership END,
            CASE WHEN a.dimension = 'industry' THEN '' ELSE f.industry END,
            CASE WHEN a.dimension = 'population' THEN '' ELSE f.population END,
            CASE WHEN a.dimension = 'breakdown' THEN '' ELSE f.breakdown END
        ) AS key
    FROM figure AS f
    CROSS JOIN axis AS a
),
parent AS (
    SELECT DISTINCT list, code, parent
    FROM core_code
    WHERE list IN ('region', 'ownership', 'industry', 'population') AND parent IS NOT NULL
),
above AS (
    SELECT list AS dimension, code, parent AS ancestor, 1 AS distance FROM parent
    UNION ALL
    SELECT a.list, a.code, b.parent, 2
    FROM parent AS a
    INNER JOIN parent AS b ON b.list = a.list AND b.code = a.parent
    UNION ALL
    SELECT a.list, a.code, c.parent, 3
    FROM parent AS a
    INNER JOIN parent AS b ON b.list = a.list AND b.code = a.parent
    INNER JOIN parent AS c ON c.list = b.list AND c.code = b.parent
    UNION ALL
    -- One further group; the ends of a range, proposals and other scopes are no parts.
    SELECT DISTINCT 'breakdown', f.breakdown, '_T', 1
    FROM figure AS f
    WHERE
        f.breakdown <> '_T' AND f.breakdown NOT LIKE '%;%'
        AND split_part(f.breakdown, '=', 1) NOT IN ('statistic', 'standing', 'coverage')
),
pair AS (
    SELECT
        p.indicator, p.period, p.region, p.scheme, p.ownership, p.industry, p.population, p.breakdown, p.dimension, p.code,
        p.value AS part_value,
        w.code AS whole_code,
        w.value AS whole_value,
        w.period AS whole_period,
        p.qualifier AS part_qualifier,
        w.qualifier AS whole_qualifier,
        p.obs_id AS part_obs_id,
        w.obs_id AS whole_obs_id,
        ROW_NUMBER() OVER (
            PARTITION BY p.obs_id, p.dimension
            ORDER BY CASE WHEN w.period = p.period THEN 0 ELSE 1 END, a.distance, w.period_end DESC, w.period
        ) AS place
    FROM member AS p
    INNER JOIN above AS a ON a.dimension = p.dimension AND a.code = p.code
    INNER JOIN member AS w
        ON w.key = p.key AND w.code = a.ancestor
        AND (
            w.period = p.period
            OR (
                p.period_kind = 'stock'
                AND p.period NOT LIKE '%/%' AND w.period NOT LIKE '%/%'
                AND date_part('year', w.period_end) = date_part('year', p.period_end)
            )
        )
),
declared AS (
    -- Groups that a table declares to be parts beside each other.
    SELECT DISTINCT part_obs_id
    FROM (
        SELECT
            dimension, part_obs_id,
            COUNT(part_obs_id) OVER (PARTITION BY relation_id, whole_obs_id) AS part_count
        FROM core_part
    )
    WHERE dimension = 'population' AND part_count > 1 AND part_obs_id IS NOT NULL
),
crossing AS (
    -- The non-public sector and what lies below it.
    SELECT code
    FROM above
    WHERE dimension = 'ownership' AND ancestor = 'non-public'
    UNION
    SELECT 'non-public'
)
SELECT
    p.indicator, p.period, p.region, p.scheme, p.ownership, p.industry, p.population, p.breakdown, p.dimension, p.code,
    p.part_value, p.whole_code, p.whole_value, p.whole_period, p.part_qualifier, p.whole_qualifier,
    p.part_obs_id, p.whole_obs_id,
    CASE p.dimension
        WHEN 'population' THEN d.part_obs_id IS NOT NULL
        WHEN 'ownership' THEN x.code IS NULL
        ELSE TRUE
    END AS is_apart,
    ROW_NUMBER() OVER (
        PARTITION BY p.whole_obs_id, p.dimension, p.code
        ORDER BY CASE WHEN p.period = p.whole_period THEN 0 ELSE 1 END, p.period DESC
    ) AS turn
FROM pair AS p
LEFT JOIN declared AS d ON d.part_obs_id = p.part_obs_id
LEFT JOIN crossing AS x ON x.code = p.code AND p.dimension = 'ownership'
WHERE p.place = 1
ORDER BY p.part_obs_id, p.dimension
