-- name:  core_month_partial
-- grain: subject, month
-- doc:   Months of which the totals about a subject lack a due file (core_partial), for the tables made of agency records.
-- columns: subject = what the totals are about, by the record tables that they are made of: enrolment (contributions and the
--        register of units), coverage (these and persons at work), fund (contributions, register and benefits), benefit;
--        missing = each record table that lacks files, with the regions whose file is missing
WITH made_of AS (
    SELECT subject, record_table
    FROM (
        VALUES
            ('benefit', 'core_benefit'),
            ('coverage', 'core_contribution'),
            ('coverage', 'core_unit'),
            ('coverage', 'core_workforce'),
            ('enrolment', 'core_contribution'),
            ('enrolment', 'core_unit'),
            ('fund', 'core_benefit'),
            ('fund', 'core_contribution'),
            ('fund', 'core_unit')
    ) AS made_of (subject, record_table)
)
SELECT
    m.subject,
    p.month,
    string_agg(concat(p.record_table, ': ', p.missing), '; ' ORDER BY p.record_table) AS missing
FROM made_of AS m
INNER JOIN core_partial AS p ON p.record_table = m.record_table
GROUP BY m.subject, p.month
ORDER BY m.subject, p.month
