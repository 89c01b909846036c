-- name:  core_correction
-- grain: obs_id
-- doc:   The figures that the office takes for misprints (pipelines/corrections/): what is printed, what is taken in its
--        place, and the note that goes with them; whose figures they are, and in which cell they stand. original_value is null where no number is printed.
SELECT
    obs_id,
    dataset,
    table_id,
    indicator,
    period,
    region,
    scheme,
    source_file,
    sheet,
    cell,
    printed,
    original_value,
    value,
    correction
FROM core_observation
WHERE correction IS NOT NULL
ORDER BY obs_id
