-- name:  core_observation
-- grain: obs_id
-- doc:   One number from one cell, or the mark that stands in its place. Values are in the base unit; a dimension that is
--        not divided holds _T; a missing value is null and has a mark, never 0. status: what print
--        says of the figure (normal, provisional, revised, estimated). A figure from a text has its place in it: record (the
--        key of the row), paper, section and quote, null for cells of a table. qualifier: how the text bounds the number
--        (exact; at_least: 以上, 余, 多; at_most: 近, 以内; about: 左右, 约). preferred: 1 where the section is declared to
--        count among several that state the quantity. correction: the entry of
--        pipelines/corrections/ that put value in the place of original_value, the number that is printed.
SELECT
    obs_id,
    dataset,
    table_id,
    edition,
    indicator,
    period,
    period_start,
    period_end,
    period_kind,
    region,
    scheme,
    ownership,
    industry,
    population,
    breakdown,
    value,
    unit,
    decimals,
    mark,
    printed,
    printed_unit,
    source_file,
    source_sha256,
    sheet,
    cell,
    notes,
    status,
    record,
    paper,
    section,
    quote,
    qualifier,
    preferred,
    original_value,
    correction
FROM stage_observation
ORDER BY obs_id
