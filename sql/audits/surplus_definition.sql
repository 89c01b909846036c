-- rule:     surplus-definition
-- zh:       同一地区同一年份的当年结余口径一致
-- severity: info
-- doc:      The printed surpluses of a place and year mean one thing: all of them count recovered arrears, or none does. A surplus
--           without them is named where another one of that place and year counts its own. residual = the arrears left out.
WITH stated AS (
    SELECT
        s.period, s.region, s.scheme, s.ownership, s.obs_id, s.value, i.value AS income, e.value AS expenditure,
        a.value AS recovered, s.rounding + i.rounding + e.rounding + a.rounding AS tolerance
    FROM core_figure AS s
    INNER JOIN core_figure AS i
        ON i.indicator = 'fund_income_yuan' AND i.period = s.period AND i.region = s.region AND i.scheme = s.scheme
        AND i.ownership = s.ownership AND i.industry = s.industry AND i.population = s.population AND i.breakdown = s.breakdown
    INNER JOIN core_figure AS e
        ON e.indicator = 'fund_expenditure_yuan' AND e.period = s.period AND e.region = s.region AND e.scheme = s.scheme
        AND e.ownership = s.ownership AND e.industry = s.industry AND e.population = s.population AND e.breakdown = s.breakdown
    INNER JOIN core_figure AS a
        ON a.indicator = 'arrears_recovered_yuan' AND a.period = s.period AND a.region = s.region AND a.scheme = s.scheme
        AND a.ownership = s.ownership AND a.industry = s.industry AND a.population = s.population AND a.breakdown = s.breakdown
    WHERE s.indicator = 'fund_surplus_yuan' AND s.breakdown = '_T'
),
defined AS (
    SELECT
        period, region, scheme, ownership, obs_id, value, recovered, tolerance,
        abs(value - (income - expenditure)) <= tolerance AS leaves_out,
        abs(value - (income + recovered - expenditure)) <= tolerance AS counts
    FROM stated
    WHERE abs(recovered) > tolerance
),
counting AS (
    SELECT period, region, string_agg(obs_id, ' ' ORDER BY obs_id) AS obs_ids, MIN(obs_id) AS obs_id
    FROM defined
    WHERE counts AND NOT leaves_out
    GROUP BY period, region
)
SELECT
    'fail' AS outcome,
    r.dataset,
    d.period,
    d.region,
    d.scheme,
    r.source_file,
    r.sheet,
    concat(r.cell, ' ', CASE WHEN o.source_file = r.source_file THEN o.cell ELSE concat(o.source_file, '!', o.cell) END) AS cell,
    d.recovered AS residual,
    d.tolerance,
    concat(
        r.subject, ': the surplus leaves out ', number_grouped(d.recovered), ' of recovered arrears, where that of ', o.subject,
        ' counts them'
    ) AS message,
    concat(
        r.subject_zh, '：当年结余未计补收欠费', number_grouped(exact_div(d.recovered, r.factor)), r.unit_name, '，而“', o.subject_zh, '”计入'
    ) AS message_zh,
    'say which of the two the surplus means; ind_fund_balance has both' AS suggestion
FROM defined AS d
INNER JOIN counting AS c ON c.period = d.period AND c.region = d.region
INNER JOIN core_reading AS r ON r.obs_id = d.obs_id
INNER JOIN core_reading AS o ON o.obs_id = c.obs_id
WHERE d.leaves_out AND NOT d.counts
ORDER BY source_file, cell, message
