-- name:  ind_arrears
-- grain: period, region, scheme, ownership, industry
-- grows: month, rest
-- reads: core_month_insured 2, core_month_arrears 2
-- doc:   Contributions owed (欠费) at the end of the period, and what was recovered (补收) and newly owed over it. A column
--        the sources do not state is null. Where the arrears stated by scheme and kind of unit add up to the printed total of
--        their place and time, nothing is left out, and the sums over schemes and over kinds of unit are given too:
--        part_count tells of how many parts, null where the source prints the figure. share_pct: share of the printed total;
--        parts_yuan: on the row of the total, what the parts stated add up to. recovery_pct is recovered / (recovered + still
--        owed); implied_new_arrears_yuan is what must have been newly owed when the arrears a year earlier are known:
--        arrears − previous + recovered. yuan_per_unit: arrears per unit in arrears. unit_share_pct: units in arrears per 100
--        insured units, of the same day, else of the last day stated in that year (insured_unit_period). income_pct: arrears
--        per 100 yuan of the fund's income of the year. overdue_year_max: the longest run in years; past_stop_month: by how
--        many months it is over the time after which insurance stops (停保), by the rule for the place and year. qualifier:
--        how the texts bound arrears, recovered and units (at_least, at_most, about).
--        Across a declared break (break says which) there is no previous, and nothing is implied.
--        Months are computed from agency records, unless a source states the very figure: what was due for months
--        until then and had not come in by the end of the month (core_month_arrears; what is deferred by leave is not
--        owed). Their previous_arrears_yuan is of the month before, and nothing owed is 0.
-- columns: recovered_yuan = recovered over the period, yuan; new_arrears_yuan = newly owed over the period, yuan;
--        months_overdue_max = months for which the unit longest in arrears owes; part_count = parts that the figure
--        is the sum of, null: it is printed; parts_yuan = what the parts of the total add up to, yuan; share_pct =
--        share of the printed total, percent; previous_arrears_yuan = arrears a year earlier, yuan; recovery_pct =
--        recovered / (recovered + still owed), percent; implied_new_arrears_yuan = what must have been newly owed:
--        arrears − previous + recovered, yuan; yuan_per_unit = arrears per unit in arrears, yuan; insured_unit_period
--        = when the insured units were counted; unit_share_pct = units in arrears per 100 insured units; income_pct =
--        arrears per 100 yuan of income of the year; overdue_year_max = the longest run in years; past_stop_month =
--        by how many months it is over the time after which insurance stops; break = why there is no comparison with
--        what was before: a declared break; age_0_3_yuan = overdue for less than 3 months, yuan; age_3_6_yuan = for 3
--        to less than 6 months, yuan; age_6_12_yuan = for 6 to less than 12 months, yuan; age_12_yuan = for 12 months
--        and more, yuan; unpaid_run_max = the longest run of months on end for which a unit owes; suspended_unit =
--        units that owe for the month and at least the 11 before it, whose insurance is to be stopped; missing = the
--        regions whose records of the month have not come: the total lacks them; missing_to_date = the months until this one of which
--        records have not come, with the regions: what is owed for them is not in the arrears, and they have no rate
WITH figure AS (
    SELECT indicator, period_kind, period, period_end, region, scheme, ownership, industry, value, obs_id
    FROM core_figure
    WHERE population = '_T' AND breakdown = '_T'
),
insured AS (
    -- Insured units for each row: of the same day, else of the last day stated in that year.
    SELECT
        a.period,
        a.region,
        a.scheme,
        a.ownership,
        a.industry,
        u.period AS insured_unit_period,
        u.value AS insured_unit,
        u.obs_id,
        ROW_NUMBER() OVER (
            PARTITION BY a.period, a.region, a.scheme, a.ownership, a.industry
            ORDER BY CASE WHEN u.period = a.period THEN 0 ELSE 1 END, u.period_end DESC, u.period
        ) AS place
    FROM ind_arrears_stated AS a
    INNER JOIN figure AS u
        ON u.indicator = 'insured_unit' AND u.period_kind = 'stock' AND u.region = a.region AND u.scheme = a.scheme
        AND u.ownership = a.ownership AND u.industry = a.industry
        AND date_part('year', u.period_end) = date_part('year', a.period_end)
    WHERE a.arrears_unit IS NOT NULL
),
stop AS (
    -- The rule on stopping insurance: the scheme's own before that of all schemes.
    SELECT
        a.period,
        a.region,
        a.scheme,
        a.ownership,
        a.industry,
        r.value AS stop_after_year,
        r.obs_id,
        ROW_NUMBER() OVER (
            PARTITION BY a.period, a.region, a.scheme, a.ownership, a.industry
            ORDER BY CASE WHEN r.scheme = '_T' THEN 1 ELSE 0 END, r.period_end DESC, r.obs_id
        ) AS place
    FROM ind_arrears_stated AS a
    INNER JOIN figure AS r
        ON r.indicator = 'stop_after_year' AND r.period_kind = 'rule' AND r.region = a.region
        AND (r.scheme = a.scheme OR r.scheme = '_T') AND r.ownership = '_T' AND r.industry = '_T'
        AND date_part('year', r.period_end) = date_part('year', a.period_end)
    WHERE a.months_overdue_max IS NOT NULL
),
compared AS (
    -- A year against the year before, a month against the month before.
    SELECT
        now.period, now.region, now.scheme, now.ownership, now.industry, before.arrears_yuan, now.period_end,
        before.period_end AS previous_end
    FROM ind_arrears_stated AS now
    INNER JOIN ind_arrears_stated AS before
        ON before.period = period_previous(now.period) AND before.region = now.region AND before.scheme = now.scheme
        AND before.ownership = now.ownership AND before.industry = now.industry
),
crossed AS (
    SELECT
        c.period, c.region, c.scheme, c.ownership, c.industry, string_agg(b.at || ': ' || b.reason, '; ' ORDER BY b.at) AS break
    FROM compared AS c
    INNER JOIN core_break AS b
        ON b.kind = 'break' AND b.at_day <= c.period_end AND b.at_day > c.previous_end
        AND (b.indicator IS NULL OR b.indicator = 'arrears_yuan') AND (b.scheme IS NULL OR b.scheme = c.scheme)
        AND (b.region IS NULL OR b.region = c.region) AND (b.ownership IS NULL OR b.ownership = c.ownership)
        AND (b.industry IS NULL OR b.industry = c.industry)
    GROUP BY c.period, c.region, c.scheme, c.ownership, c.industry
),
stated AS (
    SELECT
        now.period,
        now.region,
        now.scheme,
        now.ownership,
        now.industry,
        now.arrears_yuan,
        now.recovered_yuan,
        now.new_arrears_yuan,
        now.arrears_unit,
        now.months_overdue_max,
        now.part_count,
        CASE WHEN now.scheme = '_T' AND now.ownership = '_T' THEN now.parts_yuan END AS parts_yuan,
        percent_of(now.arrears_yuan, now.total_yuan) AS share_pct,
        CASE WHEN x.break IS NULL THEN before.arrears_yuan END AS previous_arrears_yuan,
        percent_of(now.recovered_yuan, now.recovered_yuan + now.arrears_yuan) AS recovery_pct,
        CASE WHEN x.break IS NULL THEN now.arrears_yuan - before.arrears_yuan + now.recovered_yuan END AS implied_new_arrears_yuan,
        exact_div(now.arrears_yuan, now.arrears_unit) AS yuan_per_unit,
        i.insured_unit,
        i.insured_unit_period,
        percent_of(now.arrears_unit, i.insured_unit) AS unit_share_pct,
        percent_of(now.arrears_yuan, income.value) AS income_pct,
        exact_div(now.months_overdue_max, 12) AS overdue_year_max,
        stop.stop_after_year,
        now.months_overdue_max - 12 * stop.stop_after_year AS past_stop_month,
        now.qualifier,
        x.break,
        now.arrears_obs_id,
        now.recovered_obs_id,
        now.new_arrears_obs_id,
        now.arrears_unit_obs_id,
        now.months_overdue_obs_id,
        i.obs_id AS insured_unit_obs_id,
        income.obs_id AS income_obs_id,
        stop.obs_id AS stop_obs_id
    FROM ind_arrears_stated AS now
    LEFT JOIN compared AS before
        ON before.period = now.period AND before.region = now.region AND before.scheme = now.scheme
        AND before.ownership = now.ownership AND before.industry = now.industry
    LEFT JOIN crossed AS x
        ON x.period = now.period AND x.region = now.region AND x.scheme = now.scheme
        AND x.ownership = now.ownership AND x.industry = now.industry
    LEFT JOIN insured AS i
        ON i.place = 1 AND i.period = now.period AND i.region = now.region AND i.scheme = now.scheme
        AND i.ownership = now.ownership AND i.industry = now.industry
    LEFT JOIN figure AS income
        ON income.indicator = 'fund_income_yuan' AND income.period_kind = 'flow' AND income.period = now.period
        AND income.region = now.region AND income.scheme = now.scheme AND income.ownership = now.ownership
        AND income.industry = now.industry
    LEFT JOIN stop
        ON stop.place = 1 AND stop.period = now.period AND stop.region = now.region AND stop.scheme = now.scheme
        AND stop.ownership = now.ownership AND stop.industry = now.industry
),
there AS (
    -- Places with records of a month.
    SELECT month, region
    FROM core_month_insured
    WHERE scheme = '_T' AND ownership = '_T' AND industry = '_T'
),
part AS (
    -- Where something was due, nothing owed is 0 yuan.
    SELECT month, region, scheme, ownership, industry
    FROM core_month_insured
    UNION
    SELECT month, region, scheme, ownership, industry
    FROM core_month_arrears
),
recorded AS (
    SELECT
        p.month,
        p.region,
        p.scheme,
        p.ownership,
        p.industry,
        CAST(COALESCE(a.arrears_yuan, 0) AS DECIMAL(38, 6)) AS arrears_yuan,
        CAST(COALESCE(a.recovered_yuan, 0) AS DECIMAL(38, 6)) AS recovered_yuan,
        CAST(COALESCE(a.new_arrears_yuan, 0) AS DECIMAL(38, 6)) AS new_arrears_yuan,
        CAST(COALESCE(a.arrears_unit, 0) AS DECIMAL(38, 6)) AS arrears_unit,
        CAST(a.months_overdue_max AS DECIMAL(38, 6)) AS months_overdue_max,
        CAST(COALESCE(a.age_0_3_yuan, 0) AS DECIMAL(38, 6)) AS age_0_3_yuan,
        CAST(COALESCE(a.age_3_6_yuan, 0) AS DECIMAL(38, 6)) AS age_3_6_yuan,
        CAST(COALESCE(a.age_6_12_yuan, 0) AS DECIMAL(38, 6)) AS age_6_12_yuan,
        CAST(COALESCE(a.age_12_yuan, 0) AS DECIMAL(38, 6)) AS age_12_yuan,
        COALESCE(a.unpaid_run_max, 0) AS unpaid_run_max,
        COALESCE(a.suspended_unit, 0) AS suspended_unit,
        CAST(CASE WHEN t.month IS NOT NULL THEN COALESCE(b.arrears_yuan, 0) END AS DECIMAL(38, 6)) AS previous_yuan,
        CAST(i.insured_unit AS DECIMAL(38, 6)) AS insured_unit,
        g.missing,
        g.missing_to_date
    FROM part AS p
    LEFT JOIN core_month_arrears AS a
        ON a.month = p.month AND a.region = p.region AND a.scheme = p.scheme AND a.ownership = p.ownership
        AND a.industry = p.industry
    LEFT JOIN there AS t ON t.month = period_previous(p.month) AND t.region = p.region
    LEFT JOIN core_month_arrears AS b
        ON b.month = t.month AND b.region = p.region AND b.scheme = p.scheme AND b.ownership = p.ownership
        AND b.industry = p.industry
    LEFT JOIN core_month_insured AS i
        ON i.month = p.month AND i.region = p.region AND i.scheme = p.scheme AND i.ownership = p.ownership
        AND i.industry = p.industry
    LEFT JOIN core_month_partial AS g ON g.subject = 'enrolment' AND g.region = p.region AND g.month = p.month
)
SELECT
    period, region, scheme, ownership, industry, arrears_yuan, recovered_yuan, new_arrears_yuan, arrears_unit,
    months_overdue_max, part_count, parts_yuan, share_pct, previous_arrears_yuan, recovery_pct,
    implied_new_arrears_yuan, yuan_per_unit, insured_unit, insured_unit_period, unit_share_pct, income_pct,
    overdue_year_max, stop_after_year, past_stop_month, qualifier, break, arrears_obs_id, recovered_obs_id,
    new_arrears_obs_id, arrears_unit_obs_id, months_overdue_obs_id, insured_unit_obs_id, income_obs_id,
    stop_obs_id,
    CAST(NULL AS DECIMAL(38, 6)) AS age_0_3_yuan,
    CAST(NULL AS DECIMAL(38, 6)) AS age_3_6_yuan,
    CAST(NULL AS DECIMAL(38, 6)) AS age_6_12_yuan,
    CAST(NULL AS DECIMAL(38, 6)) AS age_12_yuan,
    CAST(NULL AS BIGINT) AS unpaid_run_max,
    CAST(NULL AS BIGINT) AS suspended_unit,
    CAST(NULL AS VARCHAR) AS missing,
    CAST(NULL AS VARCHAR) AS missing_to_date
FROM stated
UNION ALL
SELECT
    r.month AS period,
    r.region,
    r.scheme,
    r.ownership,
    r.industry,
    r.arrears_yuan,
    r.recovered_yuan,
    r.new_arrears_yuan,
    r.arrears_unit,
    r.months_overdue_max,
    NULL AS part_count,
    NULL AS parts_yuan,
    NULL AS share_pct,
    r.previous_yuan AS previous_arrears_yuan,
    CASE
        WHEN r.missing_to_date IS NULL THEN percent_of(r.recovered_yuan, r.recovered_yuan + r.arrears_yuan)
    END AS recovery_pct,
    CASE WHEN r.missing IS NULL THEN r.arrears_yuan - r.previous_yuan + r.recovered_yuan END AS implied_new_arrears_yuan,
    CASE WHEN r.missing_to_date IS NULL THEN exact_div(r.arrears_yuan, r.arrears_unit) END AS yuan_per_unit,
    r.insured_unit,
    r.month AS insured_unit_period,
    CASE WHEN r.missing_to_date IS NULL THEN percent_of(r.arrears_unit, r.insured_unit) END AS unit_share_pct,
    NULL AS income_pct,
    exact_div(r.months_overdue_max, 12) AS overdue_year_max,
    NULL AS stop_after_year,
    NULL AS past_stop_month,
    'exact' AS qualifier,
    NULL AS break,
    NULL AS arrears_obs_id,
    NULL AS recovered_obs_id,
    NULL AS new_arrears_obs_id,
    NULL AS arrears_unit_obs_id,
    NULL AS months_overdue_obs_id,
    NULL AS insured_unit_obs_id,
    NULL AS income_obs_id,
    NULL AS stop_obs_id,
    r.age_0_3_yuan,
    r.age_3_6_yuan,
    r.age_6_12_yuan,
    r.age_12_yuan,
    r.unpaid_run_max,
    r.suspended_unit,
    r.missing,
    r.missing_to_date
FROM recorded AS r
LEFT JOIN stated AS t
    ON t.period = r.month AND t.region = r.region AND t.scheme = r.scheme AND t.ownership = r.ownership
    AND t.industry = r.industry
WHERE t.period IS NULL
ORDER BY period, region, scheme, ownership, industry
