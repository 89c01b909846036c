-- name:  ind_participation
-- grain: period, region, ownership, industry, scheme_count
-- grows: month
-- doc:   Insured persons of a month by the number of schemes under which they are, from agency records; scheme_count _T: all of them.
--        all_kinds_person: those who have every kind of insurance there is (五险齐全, the codes directly below all schemes) at once.
-- columns: scheme_count = number of schemes, _T: any; person = persons, each once; share_pct = these per 100 insured persons;
--        all_kinds_person = of these, with all kinds of insurance; all_kinds_pct = these per 100 of the row's persons; missing = the
--        regions whose records of the month have not come: the total lacks them and has no rate
WITH kind AS (
    SELECT COUNT(DISTINCT kind) AS kinds
    FROM core_scheme
),
counted AS (
    SELECT
        p.month,
        p.region,
        p.ownership,
        p.industry,
        CAST(p.scheme_count AS VARCHAR) AS scheme_count,
        SUM(p.person) AS person,
        SUM(CASE WHEN p.kind_count = k.kinds THEN p.person ELSE 0 END) AS all_kinds_person
    FROM core_month_participation AS p
    CROSS JOIN kind AS k
    GROUP BY p.month, p.region, p.ownership, p.industry, CAST(p.scheme_count AS VARCHAR)
),
whole AS (
    SELECT month, region, ownership, industry, SUM(person) AS person, SUM(all_kinds_person) AS all_kinds_person
    FROM counted
    GROUP BY month, region, ownership, industry
),
both AS (
    SELECT month, region, ownership, industry, scheme_count, person, all_kinds_person
    FROM counted
    UNION ALL
    SELECT month, region, ownership, industry, '_T' AS scheme_count, person, all_kinds_person
    FROM whole
)
SELECT
    b.month AS period,
    b.region,
    b.ownership,
    b.industry,
    b.scheme_count,
    b.person,
    CASE WHEN p.missing IS NULL THEN percent_of(b.person, w.person) END AS share_pct,
    b.all_kinds_person,
    CASE WHEN p.missing IS NULL THEN percent_of(b.all_kinds_person, b.person) END AS all_kinds_pct,
    p.missing
FROM both AS b
INNER JOIN whole AS w
    ON w.month = b.month AND w.region = b.region AND w.ownership = b.ownership AND w.industry = b.industry
LEFT JOIN core_month_partial AS p ON p.subject = 'enrolment' AND p.region = b.region AND p.month = b.month
ORDER BY period, b.region, b.ownership, b.industry, b.scheme_count
