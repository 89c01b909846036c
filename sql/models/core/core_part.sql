-- name:  core_part
-- grain: relation_id, whole_obs_id, part, part_obs_id
-- doc:   The declared relations put to the cells: a row for every whole that was read and every part it should have, in the
--        same table, edition and period, equal in every other dimension. part_obs_id is null where the table has no such
--        cell. A relation over all indicators holds for stocks and flows only: rates and standards do not add up.
-- columns: relation_id = the relation, as the table declares it; kind = sum (parts add up) or part_of (parts are at most the
--        whole); dimension = the dimension that parts and whole differ in; part = the code of the part
WITH axis AS (
    SELECT DISTINCT dataset, table_id, dimension
    FROM core_relation
),
member AS (
    -- Every reading along every dimension its table has relations in: its code there, and all else as the key.
    SELECT
        r.obs_id,
        r.dataset,
        r.table_id,
        r.edition,
        r.period,
        r.period_kind,
        a.dimension,
        CASE a.dimension
            WHEN 'indicator' THEN r.indicator
            WHEN 'region' THEN r.region
            WHEN 'scheme' THEN r.scheme
            WHEN 'ownership' THEN r.ownership
            WHEN 'industry' THEN r.industry
            WHEN 'population' THEN r.population
            WHEN 'breakdown' THEN r.breakdown
        END AS code,
        CASE WHEN a.dimension = 'indicator' THEN '' ELSE r.indicator END AS indicator,
        CASE WHEN a.dimension = 'region' THEN '' ELSE r.region END AS region,
        CASE WHEN a.dimension = 'scheme' THEN '' ELSE r.scheme END AS scheme,
        CASE WHEN a.dimension = 'ownership' THEN '' ELSE r.ownership END AS ownership,
        CASE WHEN a.dimension = 'industry' THEN '' ELSE r.industry END AS industry,
        CASE WHEN a.dimension = 'population' THEN '' ELSE r.population END AS population,
        CASE WHEN a.dimension = 'breakdown' THEN '' ELSE r.breakdown END AS breakdown
    FROM core_reading AS r
    INNER JOIN axis AS a ON a.dataset = r.dataset AND a.table_id = r.table_id
),
whole AS (
    SELECT
        rel.relation_id,
        rel.kind,
        rel.part,
        m.obs_id,
        m.dataset,
        m.table_id,
        m.edition,
        m.period,
        m.dimension,
        m.indicator,
        m.region,
        m.scheme,
        m.ownership,
        m.industry,
        m.population,
        m.breakdown
    FROM core_relation AS rel
    INNER JOIN member AS m
        ON m.dataset = rel.dataset AND m.table_id = rel.table_id AND m.dimension = rel.dimension AND m.code = rel.whole
    WHERE
        rel.dimension = 'indicator'
        OR rel.indicator = m.indicator
        OR (rel.indicator = '_T' AND m.period_kind IN ('stock', 'flow'))
)
SELECT
    w.relation_id,
    w.kind,
    w.dimension,
    w.obs_id AS whole_obs_id,
    w.part,
    p.obs_id AS part_obs_id
FROM whole AS w
LEFT JOIN member AS p
    ON p.dataset = w.dataset AND p.table_id = w.table_id AND p.edition = w.edition AND p.period = w.period
    AND p.dimension = w.dimension AND p.code = w.part
    AND p.indicator = w.indicator AND p.region = w.region AND p.scheme = w.scheme AND p.ownership = w.ownership
    AND p.industry = w.industry AND p.population = w.population AND p.breakdown = w.breakdown
ORDER BY w.relation_id, w.obs_id, w.part, p.obs_id
