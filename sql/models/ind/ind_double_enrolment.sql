-- name:  ind_double_enrolment
-- grain: period, region, scheme, other_scheme, ownership, industry
-- grows: month
-- doc:   Persons insured in one month under two schemes that exclude each other (重复参保, code list exclusion), from agency records. The
--        row of all pairs (_T) counts each person once. Region, ownership and industry are those of the units through which the person is
--        insured under either; share_pct is against all insured persons of the part.
-- columns: scheme = one of the two, _T: any; other_scheme = the other one; person = persons, each once; share_pct = these per 100 insured
--        persons; missing = the regions whose records of the month have not come: the total lacks them and has no rate
SELECT
    d.month AS period,
    d.region,
    d.scheme,
    d.other_scheme,
    d.ownership,
    d.industry,
    d.person,
    CASE WHEN p.missing IS NULL THEN percent_of(d.person, i.insured_person) END AS share_pct,
    p.missing
FROM core_month_double AS d
LEFT JOIN core_month_insured AS i
    ON i.month = d.month AND i.region = d.region AND i.scheme = '_T' AND i.ownership = d.ownership AND i.industry = d.industry
LEFT JOIN core_month_partial AS p ON p.subject = 'enrolment' AND p.region = d.region AND p.month = d.month
ORDER BY period, d.region, d.scheme, d.other_scheme, d.ownership, d.industry
