-- name:  core_edition
-- grain: dataset, table_id, edition
-- doc:   The editions of a table that have figures, in the order in which they came out: by the day of publication, then by
--        name. replaces: the edition that this one takes the place of as a whole; replaced_by: the other way round.
-- columns: published = when the edition came out, null: not said; replaces = the edition that it replaces as a whole; place =
--        order of the editions in time; replaced_by = the edition that replaces it; replaced_place = the order of that
WITH read AS (
    SELECT DISTINCT dataset, table_id, edition
    FROM core_observation
),
known AS (
    SELECT
        r.dataset,
        r.table_id,
        r.edition,
        e.published,
        e.replaces,
        ROW_NUMBER() OVER (
            PARTITION BY r.dataset, r.table_id ORDER BY e.published ASC NULLS FIRST, r.edition ASC
        ) AS place
    FROM read AS r
    LEFT JOIN stage_edition AS e
        ON e.dataset = r.dataset AND e.table_id = r.table_id AND e.edition = r.edition
),
replacement AS (
    SELECT dataset, table_id, replaces AS edition, MIN(place) AS place
    FROM known
    WHERE replaces IS NOT NULL
    GROUP BY dataset, table_id, replaces
)
SELECT
    k.dataset,
    k.table_id,
    k.edition,
    k.published,
    k.replaces,
    k.place,
    b.edition AS replaced_by,
    b.place AS replaced_place
FROM known AS k
LEFT JOIN replacement AS r ON r.dataset = k.dataset AND r.table_id = k.table_id AND r.edition = k.edition
LEFT JOIN known AS b ON b.dataset = r.dataset AND b.table_id = r.table_id AND b.place = r.place
ORDER BY k.dataset, k.table_id, k.edition
