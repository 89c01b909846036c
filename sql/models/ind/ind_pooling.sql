-- name:  ind_pooling
-- grain: period, region, scheme, ownership, industry
-- doc:   Pooling between levels (统筹). remitted_yuan (上解) and received_yuan (下拨补助) are what a place gave to and got from the
--        adjustment fund of the level above, net_yuan the difference; surplus_yuan is income less expenditure, and
--        after_transfer_yuan what is left after both. allocated_yuan: paid from the place's own adjustment fund to the level
--        below, allocated_pct that as a share of the expenditure. completion_pct (上解率): remitted of what was due, as
--        printed. due_area, done_area: areas that had to remit in the year, and those that had done so by the end of the
--        period; area_completion_pct the share. benefit_item: kinds of benefit that the pool pays (统筹项目), reserve_pct: the
--        part of the reserves kept by the level above; both with the change since they were last laid down.
-- columns: remitted_yuan = remitted to the level above, yuan; received_yuan = received from it, yuan; net_yuan = received less
--        remitted, yuan; surplus_yuan = income less expenditure, yuan, negative: a shortfall; after_transfer_yuan = surplus
--        after transfers between levels, yuan; allocated_yuan = paid from the adjustment fund to the level below, yuan;
--        allocated_pct = that per 100 of expenditure; completion_pct = remitted per 100 due, as printed; due_area = areas that
--        have to remit; done_area = areas that have remitted all; area_completion_pct = these per 100 of those; benefit_item =
--        kinds of benefit that the pool pays; benefit_change_item = kinds more than before; reserve_pct = part of the reserves
--        that the province keeps, percent; reserve_change_pp = change of that, percentage points
WITH figure AS (
    SELECT
        f.indicator, f.period, f.region, f.scheme, f.ownership, f.industry, f.value, f.obs_id,
        breakdown_value(f.breakdown, 'programme') AS programme
    FROM core_figure AS f
    WHERE
        f.population = '_T'
        AND (
            (
                f.breakdown = '_T'
                AND f.indicator IN ('fund_transfer_yuan', 'transfer_down_yuan', 'remittance_completion_pct')
            )
            OR (f.indicator = 'area_item' AND f.breakdown IN ('programme=remittance-due', 'programme=remittance-done'))
        )
),
rule AS (
    SELECT indicator, period, region, scheme, ownership, industry, value, change, obs_id, previous_obs_id
    FROM core_rule
    WHERE
        indicator IN ('pooled_benefit_item', 'reserve_central_pct') AND population = '_T' AND breakdown = '_T'
        AND standing = 'in-force'
),
quantity AS (
    SELECT period, region, scheme, ownership, industry FROM figure
    UNION
    SELECT period, region, scheme, ownership, industry FROM rule
),
moved AS (
    SELECT
        period,
        region,
        scheme,
        ownership,
        industry,
        MAX(CASE WHEN indicator = 'fund_transfer_yuan' THEN value END) AS net_yuan,
        MAX(CASE WHEN indicator = 'transfer_down_yuan' THEN value END) AS allocated_yuan,
        MAX(CASE WHEN indicator = 'remittance_completion_pct' THEN value END) AS completion_pct,
        MAX(CASE WHEN programme = 'remittance-done' THEN value END) AS done_area,
        MAX(CASE WHEN indicator = 'fund_transfer_yuan' THEN obs_id END) AS transfer_obs_id,
        MAX(CASE WHEN indicator = 'transfer_down_yuan' THEN obs_id END) AS allocated_obs_id,
        MAX(CASE WHEN indicator = 'remittance_completion_pct' THEN obs_id END) AS completion_obs_id,
        MAX(CASE WHEN programme = 'remittance-done' THEN obs_id END) AS done_obs_id
    FROM figure
    GROUP BY period, region, scheme, ownership, industry
),
due AS (
    SELECT period, region, scheme, ownership, industry, value, obs_id
    FROM figure
    WHERE programme = 'remittance-due'
)
SELECT
    q.period,
    q.region,
    q.scheme,
    q.ownership,
    q.industry,
    CASE WHEN m.net_yuan IS NOT NULL THEN GREATEST(-m.net_yuan, CAST(0 AS DECIMAL(38, 6))) END AS remitted_yuan,
    CASE WHEN m.net_yuan IS NOT NULL THEN GREATEST(m.net_yuan, CAST(0 AS DECIMAL(38, 6))) END AS received_yuan,
    m.net_yuan,
    b.surplus_yuan,
    b.after_transfer_yuan,
    m.allocated_yuan,
    percent_of(m.allocated_yuan, b.expenditure_yuan) AS allocated_pct,
    m.completion_pct,
    d.value AS due_area,
    m.done_area,
    percent_of(m.done_area, d.value) AS area_completion_pct,
    i.value AS benefit_item,
    i.change AS benefit_change_item,
    s.value AS reserve_pct,
    s.change AS reserve_change_pp,
    m.transfer_obs_id,
    m.allocated_obs_id,
    m.completion_obs_id,
    d.obs_id AS due_obs_id,
    m.done_obs_id,
    i.obs_id AS benefit_obs_id,
    i.previous_obs_id AS previous_benefit_obs_id,
    s.obs_id AS reserve_obs_id,
    s.previous_obs_id AS previous_reserve_obs_id,
    b.income_obs_id,
    b.expenditure_obs_id
FROM quantity AS q
LEFT JOIN moved AS m
    ON m.period = q.period AND m.region = q.region AND m.scheme = q.scheme AND m.ownership = q.ownership
    AND m.industry = q.industry
LEFT JOIN due AS d
    ON d.period = substr(q.period, 1, 4) AND d.region = q.region AND d.scheme = q.scheme AND d.ownership = q.ownership
    AND d.industry = q.industry
LEFT JOIN rule AS i
    ON i.indicator = 'pooled_benefit_item' AND i.period = q.period AND i.region = q.region AND i.scheme = q.scheme
    AND i.ownership = q.ownership AND i.industry = q.industry
LEFT JOIN rule AS s
    ON s.indicator = 'reserve_central_pct' AND s.period = q.period AND s.region = q.region AND s.scheme = q.scheme
    AND s.ownership = q.ownership AND s.industry = q.industry
LEFT JOIN ind_fund_balance AS b
    ON b.period = q.period AND b.region = q.region AND b.scheme = q.scheme AND b.ownership = q.ownership
    AND b.industry = q.industry AND b.population = '_T'
ORDER BY q.period, q.region, q.scheme, q.ownership, q.industry
