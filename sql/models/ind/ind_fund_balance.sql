-- name:  ind_fund_balance
-- grain: period, region, scheme, ownership, industry, population
-- doc:   The account of a fund over a period: opening + income + recovered + other − expenditure = closing, all in yuan.
--        opening_yuan is the closing balance of the day before the period begins, else the printed opening balance.
--        recovered_yuan (补收欠费) null: the source has no such column, or a blank in it; nothing is added.
--        other_yuan: transfers (received +, remitted up −), interest and subsidies, where the table that prints the closing
--        balance prints them too, or where no closing balance is printed; a transfer known from another table only is in
--        transfer_yuan. residual_yuan = opening + income + recovered + other − expenditure − closing: positive, the closing
--        balance is short of what the account leads to; negative, an inflow is not named; null where opening, income,
--        expenditure or closing is missing. support_month is how many months the closing balance pays at this period's
--        expenditure; payout_pct is expenditure per 100 income. surplus_yuan leaves recovered arrears out,
--        surplus_with_recovered_yuan counts them; printed_surplus_yuan is the source's own; after_transfer_yuan is the
--        surplus after transfers.
WITH figure AS (
    SELECT
        indicator, period_kind, period, period_start, period_end, region, scheme, ownership, industry, population, value,
        obs_id, dataset, table_id
    FROM core_figure
    WHERE
        breakdown = '_T'
        AND (
            (period_kind = 'stock' AND indicator IN ('fund_opening_yuan', 'fund_closing_yuan'))
            OR (
                period_kind = 'flow'
                AND indicator IN (
                    'fund_income_yuan', 'fund_expenditure_yuan', 'arrears_recovered_yuan', 'fund_transfer_yuan',
                    'fund_interest_yuan', 'fund_subsidy_yuan', 'fund_surplus_yuan'
                )
            )
        )
),
account AS (
    SELECT
        period,
        region,
        scheme,
        ownership,
        industry,
        population,
        MIN(period_start) AS period_start,
        MAX(CASE WHEN indicator = 'fund_opening_yuan' THEN value END) AS printed_opening_yuan,
        MAX(CASE WHEN indicator = 'fund_income_yuan' THEN value END) AS income_yuan,
        MAX(CASE WHEN indicator = 'arrears_recovered_yuan' THEN value END) AS recovered_yuan,
        MAX(CASE WHEN indicator = 'fund_expenditure_yuan' THEN value END) AS expenditure_yuan,
        MAX(CASE WHEN indicator = 'fund_closing_yuan' THEN value END) AS closing_yuan,
        MAX(CASE WHEN indicator = 'fund_transfer_yuan' THEN value END) AS transfer_yuan,
        MAX(CASE WHEN indicator = 'fund_surplus_yuan' THEN value END) AS printed_surplus_yuan,
        MAX(CASE WHEN indicator = 'fund_opening_yuan' THEN obs_id END) AS printed_opening_obs_id,
        MAX(CASE WHEN indicator = 'fund_income_yuan' THEN obs_id END) AS income_obs_id,
        MAX(CASE WHEN indicator = 'arrears_recovered_yuan' THEN obs_id END) AS recovered_obs_id,
        MAX(CASE WHEN indicator = 'fund_expenditure_yuan' THEN obs_id END) AS expenditure_obs_id,
        MAX(CASE WHEN indicator = 'fund_closing_yuan' THEN obs_id END) AS closing_obs_id,
        MAX(CASE WHEN indicator = 'fund_surplus_yuan' THEN obs_id END) AS printed_surplus_obs_id
    FROM figure
    GROUP BY period, region, scheme, ownership, industry, population
),
closing AS (
    SELECT
        period, period_end, region, scheme, ownership, industry, population, value, obs_id, dataset, table_id,
        -- The same day may end a month and a year; the shorter name is the year's.
        ROW_NUMBER() OVER (
            PARTITION BY period_end, region, scheme, ownership, industry, population ORDER BY LENGTH(period), period
        ) AS place
    FROM figure
    WHERE indicator = 'fund_closing_yuan'
),
other AS (
    SELECT
        f.period,
        f.region,
        f.scheme,
        f.ownership,
        f.industry,
        f.population,
        SUM(f.value) AS other_yuan,
        string_agg(f.obs_id, ' ' ORDER BY f.obs_id) AS other_obs_id
    FROM figure AS f
    LEFT JOIN closing AS c
        ON c.period = f.period AND c.region = f.region AND c.scheme = f.scheme
        AND c.ownership = f.ownership AND c.industry = f.industry AND c.population = f.population
    WHERE
        f.indicator IN ('fund_transfer_yuan', 'fund_interest_yuan', 'fund_subsidy_yuan')
        AND (c.obs_id IS NULL OR (c.dataset = f.dataset AND c.table_id = f.table_id))
    GROUP BY f.period, f.region, f.scheme, f.ownership, f.industry, f.population
),
balanced AS (
    SELECT
        a.period,
        a.region,
        a.scheme,
        a.ownership,
        a.industry,
        a.population,
        COALESCE(o.value, a.printed_opening_yuan) AS opening_yuan,
        a.income_yuan,
        a.recovered_yuan,
        a.expenditure_yuan,
        CAST(x.other_yuan AS DECIMAL(38, 6)) AS other_yuan,
        a.closing_yuan,
        a.transfer_yuan,
        a.printed_surplus_yuan,
        a.income_yuan - a.expenditure_yuan AS surplus_yuan,
        period_month_count(a.period) AS month_count,
        COALESCE(o.obs_id, a.printed_opening_obs_id) AS opening_obs_id,
        a.income_obs_id,
        a.recovered_obs_id,
        a.expenditure_obs_id,
        x.other_obs_id,
        a.closing_obs_id,
        a.printed_surplus_obs_id
    FROM account AS a
    LEFT JOIN closing AS o
        ON o.place = 1 AND o.period_end = a.period_start - INTERVAL '1 day' AND o.region = a.region
        AND o.scheme = a.scheme AND o.ownership = a.ownership AND o.industry = a.industry
        AND o.population = a.population
    LEFT JOIN other AS x
        ON x.period = a.period AND x.region = a.region AND x.scheme = a.scheme
        AND x.ownership = a.ownership AND x.industry = a.industry AND x.population = a.population
    WHERE a.income_yuan IS NOT NULL OR a.expenditure_yuan IS NOT NULL OR a.closing_yuan IS NOT NULL
)
SELECT
    period,
    region,
    scheme,
    opening_yuan,
    income_yuan,
    recovered_yuan,
    expenditure_yuan,
    other_yuan,
    closing_yuan,
    opening_yuan + income_yuan + COALESCE(recovered_yuan, 0) + COALESCE(other_yuan, 0) - expenditure_yuan - closing_yuan
        AS residual_yuan,
    exact_div(closing_yuan * month_count, expenditure_yuan) AS support_month,
    ownership,
    industry,
    population,
    surplus_yuan,
    surplus_yuan + COALESCE(recovered_yuan, 0) AS surplus_with_recovered_yuan,
    printed_surplus_yuan,
    transfer_yuan,
    surplus_yuan + transfer_yuan AS after_transfer_yuan,
    percent_of(expenditure_yuan, income_yuan) AS payout_pct,
    opening_obs_id,
    income_obs_id,
    recovered_obs_id,
    expenditure_obs_id,
    other_obs_id,
    closing_obs_id,
    printed_surplus_obs_id
FROM balanced
ORDER BY period, region, scheme, ownership, industry, population
