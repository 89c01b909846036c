-- name:  core_relation
-- grain: relation_id, dataset, table_id, indicator, whole, part
-- doc:   Wholes and parts as a table declares them (勾稽关系). Kind sum: the parts of one relation_id add up to the whole.
--        Kind part_of: each part is at most the whole, and so are all parts of one relation_id together; parts that may
--        overlap (women, migrant workers) have a relation_id each.
SELECT
    relation_id,
    dataset,
    table_id,
    kind,
    dimension,
    whole,
    part,
    indicator
FROM stage_relation
ORDER BY relation_id, dataset, table_id, indicator, whole, part
