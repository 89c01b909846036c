-- name:  ind_declared_base
-- grain: period, region, scheme, ownership, industry
-- grows: month
-- doc:   Contribution bases (缴费基数) as declared in a month, from agency records: how many stand on the floor and on the cap
--        (core_base_limit; less than a yuan from it), the mean, and the mean against the mean wage (core_wage) of the year before, from which
--        floor and cap follow, and of the year itself. Counted are contributions, one for each person and scheme. The shares are of
--        the contributions of which floor and cap are known; a mean wage is that of each unit's place, and of several places
--        the mean by their contributions, null where it is not known of one.
-- columns: contribution_count = contributions of persons; base_mean_yuan = their mean base, yuan; bounded_count = contributions of which
--        floor and cap are known; floor_count = contributions on the floor; floor_share_pct = these per 100 of them; cap_count =
--        contributions on the cap; cap_share_pct = these per 100 of them; previous_wage_yuan_month = mean wage of the year
--        before, yuan a month; base_previous_wage_pct = mean base in percent of it; base_wage_pct = mean base in
--        percent of the mean wage of the year itself; due_yuan = due for the month, yuan; paid_yuan = paid of it until now, yuan; missing =
--        the regions whose records of the month have not come: the total lacks them, and there is no mean and no rate
SELECT
    b.month AS period,
    b.region,
    b.scheme,
    b.ownership,
    b.industry,
    b.contribution_count,
    CASE WHEN p.missing IS NULL THEN exact_div(b.base_yuan, b.contribution_count) END AS base_mean_yuan,
    b.bounded_count,
    b.floor_count,
    CASE WHEN p.missing IS NULL THEN percent_of(b.floor_count, b.bounded_count) END AS floor_share_pct,
    b.cap_count,
    CASE WHEN p.missing IS NULL THEN percent_of(b.cap_count, b.bounded_count) END AS cap_share_pct,
    CASE WHEN p.missing IS NULL THEN exact_div(b.wage_yuan, b.contribution_count) END AS wage_yuan_month,
    CASE WHEN p.missing IS NULL THEN exact_div(b.previous_wage_yuan, b.contribution_count) END AS previous_wage_yuan_month,
    CASE WHEN p.missing IS NULL THEN percent_of(b.base_yuan, b.previous_wage_yuan) END AS base_previous_wage_pct,
    CASE WHEN p.missing IS NULL THEN percent_of(b.base_yuan, b.wage_yuan) END AS base_wage_pct,
    b.due_yuan,
    b.paid_yuan,
    p.missing
FROM core_month_base AS b
LEFT JOIN core_month_partial AS p ON p.subject = 'enrolment' AND p.region = b.region AND p.month = b.month
ORDER BY period, b.region, b.scheme, b.ownership, b.industry
