-- name:  core_ancestor
-- grain: list, code, ancestor
-- doc:   Every code with itself (distance 0) and with all codes it is part of, whichever version says so: what holds for the
--        province holds for its cities, and what holds for enterprises holds for private ones, unless they have their own.
-- columns: list = the code list; code = the code; ancestor = a code above it, or itself; distance = steps between them
WITH RECURSIVE link AS (
    SELECT DISTINCT list, code, parent
    FROM core_code
),
ancestry AS (
    SELECT list, code, code AS ancestor, 0 AS distance
    FROM link
    UNION ALL
    SELECT a.list, a.code, l.parent AS ancestor, a.distance + 1 AS distance
    FROM ancestry AS a
    INNER JOIN link AS l ON l.list = a.list AND l.code = a.ancestor
    WHERE l.parent IS NOT NULL AND l.parent <> '' AND a.distance < 20
)
SELECT list, code, ancestor, MIN(distance) AS distance
FROM ancestry
GROUP BY list, code, ancestor
ORDER BY list, code, ancestor
