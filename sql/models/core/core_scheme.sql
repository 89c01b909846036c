-- name:  core_scheme
-- grain: scheme
-- doc:   The schemes, numbered for the tables made of agency records, where the schemes of a person in a month are one number
--        (scheme_mask): the sum of the bits of each. kind is the kind of insurance that a scheme belongs to (pension, medical, …,
--        the codes directly below all schemes); of two schemes of one exclusion (code list exclusion) a person may be in one at a time.
-- columns: bit = the scheme in a scheme_mask, a power of 2; kind = the kind of insurance, null: none of social insurance;
--        exclusion = the group of schemes that exclude each other, null: excludes none
WITH scheme AS (
    SELECT DISTINCT code AS scheme
    FROM core_code
    WHERE list = 'scheme' AND code <> '_T'
),
kind AS (
    SELECT a.code AS scheme, MIN(a.ancestor) AS kind
    FROM core_ancestor AS a
    INNER JOIN core_code AS c ON c.list = 'scheme' AND c.code = a.ancestor AND c.parent = '_T'
    WHERE a.list = 'scheme'
    GROUP BY a.code
),
exclusion AS (
    SELECT code AS scheme, MIN(parent) AS exclusion
    FROM core_code
    WHERE list = 'exclusion' AND parent <> ''
    GROUP BY code
)
SELECT
    s.scheme,
    CAST(1 AS BIGINT) << (CAST(ROW_NUMBER() OVER (ORDER BY s.scheme) AS BIGINT) - 1) AS bit,
    k.kind,
    e.exclusion
FROM scheme AS s
LEFT JOIN kind AS k ON k.scheme = s.scheme
LEFT JOIN exclusion AS e ON e.scheme = s.scheme
ORDER BY s.scheme
