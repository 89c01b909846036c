-- name:  core_correction
-- grain: obs_id
-- doc:   The figures that the office takes for misprints (pipelines/corrections/): what is printed, what is taken in its
--        place, and the note that goes with them. original_value is null where no number is printed.
SELECT
    obs_id,
    printed,
    original_value,
    value,
    correction
FROM core_observation
WHERE correction IS NOT NULL
ORDER BY obs_id
