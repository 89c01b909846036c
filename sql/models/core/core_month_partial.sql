-- name:  core_month_partial
-- grain: month, subject, region
-- grows: month
-- doc:   Months of which what is told about a subject lacks a due file, of the month itself or of one before it (core_gap), for the
--        tables made of agency records: of all regions together (_T), and of each region whose own file it is.
-- columns: subject = what the totals are about, by the record tables that they are made of: enrolment (contributions and the
--        register of units), coverage (these and persons at work), fund (contributions, register and benefits), benefit (benefits and
--        deaths); missing = each record table that lacks files of the month, with the regions whose file is missing;
--        missing_year = the same of the year's months until this one, after the month; missing_to_date = of all months until this one
WITH made_of AS (
    SELECT subject, record_table
    FROM (
        VALUES
            ('benefit', 'core_benefit'),
            ('benefit', 'core_death'),
            ('coverage', 'core_contribution'),
            ('coverage', 'core_unit'),
            ('coverage', 'core_workforce'),
            ('enrolment', 'core_contribution'),
            ('enrolment', 'core_unit'),
            ('fund', 'core_benefit'),
            ('fund', 'core_contribution'),
            ('fund', 'core_unit')
    ) AS made_of (subject, record_table)
),
gap AS (
    SELECT month, record_table, region AS lacking, region
    FROM core_gap
    WHERE region <> '_T'
    UNION ALL
    SELECT month, record_table, region AS lacking, '_T' AS region
    FROM core_gap
),
of_table AS (
    SELECT month, record_table, region, string_agg(lacking, ' ' ORDER BY lacking) AS missing
    FROM gap
    GROUP BY month, record_table, region
),
of_subject AS (
    SELECT
        m.subject,
        t.month,
        t.region,
        string_agg(concat(t.record_table, ': ', t.missing), '; ' ORDER BY t.record_table) AS missing
    FROM made_of AS m
    INNER JOIN of_table AS t ON t.record_table = m.record_table
    GROUP BY m.subject, t.month, t.region
)
SELECT
    s.subject,
    b.month,
    s.region,
    MAX(CASE WHEN s.month = b.month THEN s.missing END) AS missing,
    string_agg(
        CASE WHEN substr(s.month, 1, 4) = substr(b.month, 1, 4) THEN concat(s.month, ' ', s.missing) END, '; ' ORDER BY s.month
    ) AS missing_year,
    string_agg(concat(s.month, ' ', s.missing), '; ' ORDER BY s.month) AS missing_to_date
FROM core_month AS b
INNER JOIN of_subject AS s ON s.month <= b.month
GROUP BY s.subject, b.month, s.region
ORDER BY b.month, s.subject, s.region
