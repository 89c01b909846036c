-- name:  ind_enrolment_change
-- grain: period, region, scheme, ownership, industry, population
-- grows: month, rest
-- reads: core_month_insured 0 1 12 ago, core_month_partial 0 1 12 ago
-- doc:   Insured persons at the end of a year against the end of the year before (新增), by scheme, ownership, industry and
--        group. A year without the year before is the start of a series: its previous, change and growth are null. Growth is
--        in percent, unrounded; change_pct is null where nobody was insured before. break: why the figures cannot be
--        compared to those before; change and growth are null, and the series starts anew. policy: what moved the figures,
--        which can be compared. point, bridge: a figure made of those of the codes that this one took the place of
--        (core_series). Against the first year of the unbroken series: total_change_person, and annual_growth_pct, the mean
--        growth per year (年均增长). Half years and months are no years and stand in no row.
--        Months are counted from agency records (point records) and stand against the month before, the year_ columns
--        against the same month a year before. insured = previous + new + returned + transferred in − stopped −
--        transferred out, where nobody has units in different parts; core_month_change tells how persons are
--        compared.
-- columns: previous_person = insured a year before; change_person = this period less the one before, persons;
--        change_pct = the change in percent of what was before; first_period = first year of the unbroken series;
--        first_person = insured in that year; total_change_person = insured more than then; annual_growth_pct = mean
--        growth per year since then, percent; point = printed, bridged (made of the codes it took the place of) or
--        gap; bridge = the codes and parts that a bridged point is made of; policy = a declared policy that moved the
--        figures, which can be compared; break = why there is no comparison with what was before: a declared break;
--        new_person = insured for the first time in the records; returned_person = insured again, and not in the
--        month before; stopped_person = insured in the month before and no more; transferred_person = insured through
--        another unit than in the month before; transferred_region_person = of these, in another region;
--        transferred_in_person = insured in the month before in another place, ownership or industry;
--        transferred_out_person = insured in this one then and in another now; year_ago_person = insured a year
--        before; year_change_person = this month less a year before, persons; year_change_pct = that change in
--        percent; year_new_person = of those insured now and not a year before, who had never been before that;
--        year_returned_person = who had been; year_stopped_person = insured a year before and not now;
--        year_transferred_person = insured through another unit than a year before; missing = the regions whose
--        records of the months compared have not come: the total lacks them, and nothing is compared
WITH insured AS (
    SELECT
        period, region, scheme, ownership, industry, population, value, previous, change, change_pct, point, bridge, break,
        policy, obs_id
    FROM core_series
    WHERE
        indicator = 'insured_person' AND period_kind = 'stock' AND breakdown = '_T' AND value IS NOT NULL
        AND regexp_like(period, '^[0-9]{4}$')
),
series AS (
    SELECT
        period, region, scheme, ownership, industry, population, value, previous, change, change_pct, point, bridge, break,
        policy, obs_id,
        MAX(CASE WHEN previous IS NULL OR break IS NOT NULL THEN period END) OVER (
            PARTITION BY region, scheme, ownership, industry, population ORDER BY period
        ) AS first_period
    FROM insured
),
stated AS (
    SELECT
        s.period,
        s.region,
        s.scheme,
        s.ownership,
        s.industry,
        s.population,
        s.value AS insured_person,
        s.previous AS previous_person,
        s.change AS change_person,
        s.change_pct,
        s.first_period,
        first.value AS first_person,
        CASE WHEN s.period > s.first_period THEN s.value - first.value END AS total_change_person,
        CASE
            WHEN s.period > s.first_period
                THEN annual_growth_pct(first.value, s.value, period_year(s.period) - period_year(s.first_period))
        END AS annual_growth_pct,
        s.point,
        s.bridge,
        s.break,
        s.policy,
        s.obs_id AS insured_obs_id,
        before.obs_id AS previous_obs_id
    FROM series AS s
    INNER JOIN insured AS first
        ON first.period = s.first_period AND first.region = s.region AND first.scheme = s.scheme
        AND first.ownership = s.ownership AND first.industry = s.industry AND first.population = s.population
    LEFT JOIN insured AS before
        ON before.period = period_previous(s.period) AND before.region = s.region AND before.scheme = s.scheme
        AND before.ownership = s.ownership AND before.industry = s.industry AND before.population = s.population
),
there AS (
    -- Places with records of a month.
    SELECT month, region
    FROM core_month_insured
    WHERE scheme = '_T' AND ownership = '_T' AND industry = '_T'
),
part AS (
    -- What there was in the month, the month before or a year before.
    SELECT month, region, scheme, ownership, industry
    FROM core_month_insured
    UNION
    SELECT period_offset(month, 1) AS month, region, scheme, ownership, industry
    FROM core_month_insured
    UNION
    SELECT period_offset(month, 12) AS month, region, scheme, ownership, industry
    FROM core_month_insured
),
recorded AS (
    SELECT
        p.month,
        p.region,
        p.scheme,
        p.ownership,
        p.industry,
        CAST(COALESCE(i.insured_person, 0) AS DECIMAL(38, 6)) AS insured_person,
        CAST(CASE WHEN tm.month IS NOT NULL THEN COALESCE(im.insured_person, 0) END AS DECIMAL(38, 6)) AS previous_person,
        CAST(CASE WHEN ty.month IS NOT NULL THEN COALESCE(iy.insured_person, 0) END AS DECIMAL(38, 6)) AS year_ago_person,
        CASE
            WHEN g.missing IS NOT NULL OR gm.missing IS NOT NULL OR gy.missing IS NOT NULL
                THEN concat_ws('; ', p.month || ' ' || g.missing, gm.month || ' ' || gm.missing, gy.month || ' ' || gy.missing)
        END AS missing,
        COALESCE(g.missing, gm.missing) AS month_missing,
        COALESCE(g.missing, gy.missing) AS year_missing
    FROM part AS p
    INNER JOIN there AS t ON t.month = p.month AND t.region = p.region
    LEFT JOIN there AS tm ON tm.month = period_previous(p.month) AND tm.region = p.region
    LEFT JOIN there AS ty ON ty.month = period_offset(p.month, -12) AND ty.region = p.region
    LEFT JOIN core_month_insured AS i
        ON i.month = p.month AND i.region = p.region AND i.scheme = p.scheme AND i.ownership = p.ownership
        AND i.industry = p.industry
    LEFT JOIN core_month_insured AS im
        ON im.month = tm.month AND im.region = p.region AND im.scheme = p.scheme AND im.ownership = p.ownership
        AND im.industry = p.industry
    LEFT JOIN core_month_insured AS iy
        ON iy.month = ty.month AND iy.region = p.region AND iy.scheme = p.scheme AND iy.ownership = p.ownership
        AND iy.industry = p.industry
    LEFT JOIN core_month_partial AS g ON g.subject = 'enrolment' AND g.region = p.region AND g.month = p.month
    LEFT JOIN core_month_partial AS gm ON gm.subject = 'enrolment' AND gm.region = p.region AND gm.month = tm.month
    LEFT JOIN core_month_partial AS gy ON gy.subject = 'enrolment' AND gy.region = p.region AND gy.month = ty.month
)
SELECT
    period, region, scheme, ownership, industry, population, insured_person, previous_person, change_person,
    change_pct, first_period, first_person, total_change_person, annual_growth_pct, point, bridge, break,
    policy, insured_obs_id, previous_obs_id,
    CAST(NULL AS BIGINT) AS new_person,
    CAST(NULL AS BIGINT) AS returned_person,
    CAST(NULL AS BIGINT) AS stopped_person,
    CAST(NULL AS BIGINT) AS transferred_person,
    CAST(NULL AS BIGINT) AS transferred_region_person,
    CAST(NULL AS BIGINT) AS transferred_in_person,
    CAST(NULL AS BIGINT) AS transferred_out_person,
    CAST(NULL AS DECIMAL(38, 6)) AS year_ago_person,
    CAST(NULL AS DECIMAL(38, 6)) AS year_change_person,
    CAST(NULL AS DECIMAL(38, 12)) AS year_change_pct,
    CAST(NULL AS BIGINT) AS year_new_person,
    CAST(NULL AS BIGINT) AS year_returned_person,
    CAST(NULL AS BIGINT) AS year_stopped_person,
    CAST(NULL AS BIGINT) AS year_transferred_person,
    CAST(NULL AS VARCHAR) AS missing
FROM stated
UNION ALL
SELECT
    r.month AS period,
    r.region,
    r.scheme,
    r.ownership,
    r.industry,
    '_T' AS population,
    r.insured_person,
    r.previous_person,
    CASE WHEN r.month_missing IS NULL THEN r.insured_person - r.previous_person END AS change_person,
    CASE WHEN r.month_missing IS NULL THEN change_pct(r.insured_person, r.previous_person) END AS change_pct,
    NULL AS first_period,
    NULL AS first_person,
    NULL AS total_change_person,
    NULL AS annual_growth_pct,
    'records' AS point,
    NULL AS bridge,
    NULL AS break,
    NULL AS policy,
    NULL AS insured_obs_id,
    NULL AS previous_obs_id,
    CASE WHEN r.month_missing IS NULL AND r.previous_person IS NOT NULL THEN COALESCE(m.new_person, 0) END AS new_person,
    CASE WHEN r.month_missing IS NULL AND r.previous_person IS NOT NULL THEN COALESCE(m.returned_person, 0) END AS returned_person,
    CASE WHEN r.month_missing IS NULL AND r.previous_person IS NOT NULL THEN COALESCE(m.stopped_person, 0) END AS stopped_person,
    CASE
        WHEN r.month_missing IS NULL AND r.previous_person IS NOT NULL THEN COALESCE(m.transferred_person, 0)
    END AS transferred_person,
    CASE
        WHEN r.month_missing IS NULL AND r.previous_person IS NOT NULL THEN COALESCE(m.transferred_region_person, 0)
    END AS transferred_region_person,
    CASE
        WHEN r.month_missing IS NULL AND r.previous_person IS NOT NULL THEN COALESCE(m.transferred_in_person, 0)
    END AS transferred_in_person,
    CASE
        WHEN r.month_missing IS NULL AND r.previous_person IS NOT NULL THEN COALESCE(m.transferred_out_person, 0)
    END AS transferred_out_person,
    r.year_ago_person,
    CASE WHEN r.year_missing IS NULL THEN r.insured_person - r.year_ago_person END AS year_change_person,
    CASE WHEN r.year_missing IS NULL THEN change_pct(r.insured_person, r.year_ago_person) END AS year_change_pct,
    CASE WHEN r.year_missing IS NULL AND r.year_ago_person IS NOT NULL THEN COALESCE(y.new_person, 0) END AS year_new_person,
    CASE
        WHEN r.year_missing IS NULL AND r.year_ago_person IS NOT NULL THEN COALESCE(y.returned_person, 0)
    END AS year_returned_person,
    CASE
        WHEN r.year_missing IS NULL AND r.year_ago_person IS NOT NULL THEN COALESCE(y.stopped_person, 0)
    END AS year_stopped_person,
    CASE
        WHEN r.year_missing IS NULL AND r.year_ago_person IS NOT NULL THEN COALESCE(y.transferred_person, 0)
    END AS year_transferred_person,
    r.missing
FROM recorded AS r
LEFT JOIN core_month_change AS m
    ON m.span = 'month' AND m.month = r.month AND m.region = r.region AND m.scheme = r.scheme AND m.ownership = r.ownership
    AND m.industry = r.industry
LEFT JOIN core_month_change AS y
    ON y.span = 'year' AND y.month = r.month AND y.region = r.region AND y.scheme = r.scheme AND y.ownership = r.ownership
    AND y.industry = r.industry
WHERE r.insured_person > 0 OR r.previous_person > 0 OR r.year_ago_person > 0
ORDER BY period, region, scheme, ownership, industry, population
