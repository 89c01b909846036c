-- name:  out_finding
-- grain: severity
-- doc:   How many findings there are of each weight.
-- columns: severity = error, warning or info; finding_item = findings of this weight
SELECT
    f.severity,
    COUNT(*) AS finding_item
FROM core_finding AS f
GROUP BY f.severity
ORDER BY f.severity
