-- name:  core_relation
-- grain: relation_id, dataset, table_id, indicator, whole, part
-- doc:   Wholes and parts as a table declares them (勾稽关系). Kind sum: the parts of one relation_id add up to the whole.
--        Kind part_of: each part is at most the whole, and so are all parts of one relation_id together; parts that may
--        overlap (women, migrant workers) have a relation_id each.
-- columns: relation_id = the relation, as the table declares it; kind = sum (parts add up) or part_of (parts are at most the
--        whole); dimension = the dimension that parts and whole differ in; whole = the code of the whole; part = the code of
--        the part; indicator = the indicator, a code of core_indicator
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
