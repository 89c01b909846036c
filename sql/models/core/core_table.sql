-- name:  core_table
-- grain: dataset, table_id
-- doc:   The tables read, with publisher, citation and licence. Where two tables state the same quantity, the one with the
--        lower priority number counts.
-- columns: title = the table's title; publisher = who publishes the source; citation = how the source is cited; licence = on what
--        terms; priority = the lowest number wins where two tables state a quantity; number = the table's number as printed (表5),
--        null: it bears none, or none is declared
SELECT
    dataset,
    table_id,
    title,
    publisher,
    citation,
    licence,
    priority,
    number
FROM stage_table
ORDER BY dataset, table_id
