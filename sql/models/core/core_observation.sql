-- name:  core_observation
-- grain: obs_id
-- doc:   One number from one cell, or the mark that stands in its place. Values are in the base unit; a dimension that is
--        not divided holds _T; a missing value is null and has a mark, never 0. status: what print
--        says of the figure (normal, provisional, revised, estimated).
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
    status
FROM stage_observation
ORDER BY obs_id
