-- name:  ind_fund_balance
-- grain: period, region, scheme, ownership, industry, population
-- grows: month, rest
-- reads: core_month_insured 12, core_month_received 12, core_month_benefit 12
-- doc:   The account of a fund over a period: opening + income + recovered + other − expenditure = closing, all in yuan.
--        opening_yuan is the closing balance of the day before the period begins, else, and where a declared break lies in the
--        period, the printed opening balance.
--        recovered_yuan (补收欠费) null: the source has no such column, or a blank in it; nothing is added.
--        other_yuan: transfers (received +, remitted up −), interest and subsidies, where the table that prints the closing
--        balance prints them too, or where no closing balance is printed; a transfer known from another table only is in
--        transfer_yuan. residual_yuan = opening + income + recovered + other − expenditure − closing: positive, the closing
--        balance is short of what the account leads to; negative, an inflow is not named; null where opening, income,
--        expenditure or closing is missing. support_month is how many months the closing balance pays at this period's
--        expenditure; payout_pct is expenditure per 100 income. surplus_yuan leaves recovered arrears out,
--        surplus_with_recovered_yuan counts them; printed_surplus_yuan is the source's own; after_transfer_yuan is the
--        surplus after transfers. The closing balance of a part period is that of its last day. Income by source, where a
--        source names it: contribution_yuan (收取保费), interest_yuan, subsidy_yuan; contribution_surplus_yuan is premiums less
--        expenditure, without interest and subsidies. surplus_pct (结余率) is the surplus and accumulated_pct (累计结余率) the
--        closing balance per 100 income; yield_pct (收益率) the interest per 100 of closing balance. Per head of the insured
--        on the last day: income, closing balance, premiums (printed_per_insured_yuan: the source's own, of which
--        personal_total_yuan is the sum over the insured); expenditure per head of the beneficiaries of the period and of the
--        recipients of its last day. earlier_period: the last closing balance known before; closing_multiple_times is this one
--        over that, closing_growth_pct the mean growth per year between them (years only); both are null
--        across a declared break, which break tells.
--        Months are computed from agency records, unless a source states the very figure: contributions by the month
--        in which the money came in, those for earlier months that were owed as recovered, and benefits by the month
--        in which they were paid. Records know of no interest, subsidies and balances, and of no unit of who is paid:
--        expenditure stands with the totals over ownership and industry alone.
-- columns: opening_yuan = opening balance, yuan; income_yuan = income of the fund over the period, yuan;
--        recovered_yuan = arrears recovered over the period, yuan, null: no such column; expenditure_yuan =
--        expenditure of the fund over the period, yuan; other_yuan = transfers, interest and subsidies, yuan;
--        closing_yuan = closing balance of the fund, yuan; residual_yuan = opening + income + recovered + other −
--        expenditure − closing, yuan; surplus_yuan = income less expenditure, yuan, negative: a shortfall;
--        surplus_with_recovered_yuan = income + recovered arrears − expenditure, yuan; printed_surplus_yuan = the
--        source's own surplus, yuan; transfer_yuan = received from other levels less remitted, yuan;
--        after_transfer_yuan = surplus after transfers between levels, yuan; contribution_yuan = premiums received,
--        yuan; interest_yuan = interest over the period, yuan; subsidy_yuan = paid in from budgets, yuan;
--        contribution_surplus_yuan = premiums less expenditure, yuan; surplus_pct = surplus per 100 of income;
--        accumulated_pct = closing balance per 100 of income; yield_pct = interest per 100 of closing balance;
--        income_per_insured_yuan = income per insured person, yuan; closing_per_insured_yuan = closing balance per
--        insured person, yuan; contribution_per_insured_yuan = premiums per insured person, yuan;
--        printed_per_insured_yuan = the source's own premium per person, yuan; personal_total_yuan = insured × that,
--        yuan; expenditure_per_beneficiary_yuan = expenditure per beneficiary of the period, yuan;
--        expenditure_per_recipient_yuan = expenditure per recipient on its last day, yuan; earlier_period = the last
--        year before with a closing balance; earlier_closing_yuan = the closing balance of then, yuan;
--        closing_multiple_times = this closing balance over that; closing_growth_pct = mean growth per year between
--        them, percent; break = why there is no comparison with what was before: a declared break; income_year_yuan =
--        income since the beginning of the year, yuan; recovered_year_yuan = arrears recovered since then, yuan;
--        expenditure_year_yuan = expenditure since then, yuan; year_month_count = months that these are of; missing =
--        the regions whose records of the month have not come: the total lacks them, and there is no difference and no rate;
--        missing_year = the months of the year until this one of which records have not come, with the regions: the sums
--        since its beginning lack them
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
                    'fund_interest_yuan', 'fund_subsidy_yuan', 'fund_surplus_yuan', 'contribution_income_yuan'
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
        MAX(period_end) AS period_end,
        MAX(CASE WHEN indicator = 'fund_opening_yuan' THEN value END) AS printed_opening_yuan,
        MAX(CASE WHEN indicator = 'fund_income_yuan' THEN value END) AS income_yuan,
        MAX(CASE WHEN indicator = 'arrears_recovered_yuan' THEN value END) AS recovered_yuan,
        MAX(CASE WHEN indicator = 'fund_expenditure_yuan' THEN value END) AS expenditure_yuan,
        MAX(CASE WHEN indicator = 'fund_closing_yuan' THEN value END) AS closing_yuan,
        MAX(CASE WHEN indicator = 'fund_transfer_yuan' THEN value END) AS transfer_yuan,
        MAX(CASE WHEN indicator = 'fund_surplus_yuan' THEN value END) AS printed_surplus_yuan,
        MAX(CASE WHEN indicator = 'contribution_income_yuan' THEN value END) AS contribution_yuan,
        MAX(CASE WHEN indicator = 'fund_interest_yuan' THEN value END) AS interest_yuan,
        MAX(CASE WHEN indicator = 'fund_subsidy_yuan' THEN value END) AS subsidy_yuan,
        MAX(CASE WHEN indicator = 'contribution_income_yuan' THEN obs_id END) AS contribution_obs_id,
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
-- Persons at the end of the period, and what a source says each has paid.
head AS (
    SELECT
        indicator, period, period_end, region, scheme, ownership, industry, population, value, obs_id,
        ROW_NUMBER() OVER (
            PARTITION BY indicator, period_end, region, scheme, ownership, industry, population ORDER BY LENGTH(period), period
        ) AS place
    FROM core_figure
    WHERE
        breakdown = '_T'
        AND (
            (period_kind = 'stock' AND indicator IN ('insured_person', 'recipient_person'))
            OR (period_kind = 'rate' AND indicator = 'contribution_yuan_person')
        )
),
beneficiary AS (
    SELECT period, region, scheme, ownership, industry, population, value, obs_id
    FROM core_figure
    WHERE breakdown = '_T' AND period_kind = 'flow' AND indicator = 'beneficiary_person'
),
earlier AS (
    SELECT
        period,
        region,
        scheme,
        ownership,
        industry,
        population,
        LAG(period) OVER series AS earlier_period,
        LAG(value) OVER series AS earlier_closing_yuan,
        LAG(obs_id) OVER series AS earlier_obs_id
    FROM closing
    WHERE place = 1 AND regexp_like(period, '^[0-9]{4}$')
    WINDOW series AS (PARTITION BY region, scheme, ownership, industry, population ORDER BY period)
),
crossed AS (
    SELECT
        e.period, e.region, e.scheme, e.ownership, e.industry, e.population,
        string_agg(b.at || ': ' || b.reason, '; ' ORDER BY b.at) AS break
    FROM earlier AS e
    INNER JOIN core_break AS b
        ON b.kind = 'break' AND b.at_day <= CAST(concat(e.period, '-12-31') AS DATE)
        AND b.at_day > CAST(concat(e.earlier_period, '-12-31') AS DATE)
        AND (b.indicator IS NULL OR b.indicator = 'fund_closing_yuan') AND (b.scheme IS NULL OR b.scheme = e.scheme)
        AND (b.region IS NULL OR b.region = e.region) AND (b.ownership IS NULL OR b.ownership = e.ownership)
        AND (b.industry IS NULL OR b.industry = e.industry)
    WHERE e.earlier_period IS NOT NULL
    GROUP BY e.period, e.region, e.scheme, e.ownership, e.industry, e.population
),
parted AS (
    -- The balance of the day before is another fund's where the break lies within the period.
    SELECT
        a.period, a.region, a.scheme, a.ownership, a.industry, a.population,
        string_agg(b.at || ': ' || b.reason, '; ' ORDER BY b.at) AS break
    FROM account AS a
    INNER JOIN core_break AS b
        ON b.kind = 'break' AND b.at_day BETWEEN a.period_start AND a.period_end
        AND (b.indicator IS NULL OR b.indicator = 'fund_closing_yuan') AND (b.scheme IS NULL OR b.scheme = a.scheme)
        AND (b.region IS NULL OR b.region = a.region) AND (b.ownership IS NULL OR b.ownership = a.ownership)
        AND (b.industry IS NULL OR b.industry = a.industry)
    GROUP BY a.period, a.region, a.scheme, a.ownership, a.industry, a.population
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
        COALESCE(a.closing_yuan, e.value) AS closing_yuan,
        a.contribution_yuan,
        a.interest_yuan,
        a.subsidy_yuan,
        a.transfer_yuan,
        a.printed_surplus_yuan,
        a.income_yuan - a.expenditure_yuan AS surplus_yuan,
        period_month_count(a.period) AS month_count,
        COALESCE(o.obs_id, a.printed_opening_obs_id) AS opening_obs_id,
        a.income_obs_id,
        a.recovered_obs_id,
        a.expenditure_obs_id,
        x.other_obs_id,
        COALESCE(a.closing_obs_id, e.obs_id) AS closing_obs_id,
        a.printed_surplus_obs_id,
        a.contribution_obs_id,
        a.period_end,
        p.break
    FROM account AS a
    LEFT JOIN parted AS p
        ON p.period = a.period AND p.region = a.region AND p.scheme = a.scheme AND p.ownership = a.ownership
        AND p.industry = a.industry AND p.population = a.population
    LEFT JOIN closing AS e
        ON e.place = 1 AND e.period_end = a.period_end AND e.region = a.region AND e.scheme = a.scheme
        AND e.ownership = a.ownership AND e.industry = a.industry AND e.population = a.population
    LEFT JOIN closing AS o
        ON p.break IS NULL AND o.place = 1 AND o.period_end = a.period_start - INTERVAL '1 day' AND o.region = a.region
        AND o.scheme = a.scheme AND o.ownership = a.ownership AND o.industry = a.industry
        AND o.population = a.population
    LEFT JOIN other AS x
        ON x.period = a.period AND x.region = a.region AND x.scheme = a.scheme
        AND x.ownership = a.ownership AND x.industry = a.industry AND x.population = a.population
    WHERE
        a.income_yuan IS NOT NULL OR a.expenditure_yuan IS NOT NULL OR a.closing_yuan IS NOT NULL
        OR a.contribution_yuan IS NOT NULL
),
stated AS (
    SELECT
        b.period,
        b.region,
        b.scheme,
        b.opening_yuan,
        b.income_yuan,
        b.recovered_yuan,
        b.expenditure_yuan,
        b.other_yuan,
        b.closing_yuan,
        b.opening_yuan + b.income_yuan + COALESCE(b.recovered_yuan, 0) + COALESCE(b.other_yuan, 0) - b.expenditure_yuan
            - b.closing_yuan AS residual_yuan,
        exact_div(b.closing_yuan * b.month_count, b.expenditure_yuan) AS support_month,
        b.ownership,
        b.industry,
        b.population,
        b.surplus_yuan,
        b.surplus_yuan + COALESCE(b.recovered_yuan, 0) AS surplus_with_recovered_yuan,
        b.printed_surplus_yuan,
        b.transfer_yuan,
        b.surplus_yuan + b.transfer_yuan AS after_transfer_yuan,
        percent_of(b.expenditure_yuan, b.income_yuan) AS payout_pct,
        b.contribution_yuan,
        b.interest_yuan,
        b.subsidy_yuan,
        b.contribution_yuan - b.expenditure_yuan AS contribution_surplus_yuan,
        percent_of(b.surplus_yuan, b.income_yuan) AS surplus_pct,
        percent_of(b.closing_yuan, b.income_yuan) AS accumulated_pct,
        percent_of(b.interest_yuan, b.closing_yuan) AS yield_pct,
        i.value AS insured_person,
        exact_div(b.income_yuan, i.value) AS income_per_insured_yuan,
        exact_div(b.closing_yuan, i.value) AS closing_per_insured_yuan,
        exact_div(b.contribution_yuan, i.value) AS contribution_per_insured_yuan,
        p.value AS printed_per_insured_yuan,
        i.value * p.value AS personal_total_yuan,
        exact_div(b.expenditure_yuan, n.value) AS expenditure_per_beneficiary_yuan,
        exact_div(b.expenditure_yuan, r.value) AS expenditure_per_recipient_yuan,
        e.earlier_period,
        e.earlier_closing_yuan,
        CASE WHEN x.break IS NULL THEN exact_div(b.closing_yuan, e.earlier_closing_yuan) END AS closing_multiple_times,
        CASE
            WHEN x.break IS NULL
                THEN annual_growth_pct(
                    e.earlier_closing_yuan, b.closing_yuan, period_year(b.period) - period_year(e.earlier_period)
                )
        END AS closing_growth_pct,
        COALESCE(x.break, b.break) AS break,
        b.opening_obs_id,
        b.income_obs_id,
        b.recovered_obs_id,
        b.expenditure_obs_id,
        b.other_obs_id,
        b.closing_obs_id,
        b.printed_surplus_obs_id,
        b.contribution_obs_id,
        i.obs_id AS insured_obs_id,
        p.obs_id AS printed_per_insured_obs_id,
        n.obs_id AS beneficiary_obs_id,
        r.obs_id AS recipient_obs_id,
        e.earlier_obs_id
    FROM balanced AS b
    LEFT JOIN head AS i
        ON i.place = 1 AND i.indicator = 'insured_person' AND i.period_end = b.period_end AND i.region = b.region
        AND i.scheme = b.scheme AND i.ownership = b.ownership AND i.industry = b.industry AND i.population = b.population
    LEFT JOIN head AS p
        ON p.place = 1 AND p.indicator = 'contribution_yuan_person' AND p.period_end = b.period_end AND p.region = b.region
        AND p.scheme = b.scheme AND p.ownership = b.ownership AND p.industry = b.industry AND p.population = b.population
    LEFT JOIN head AS r
        ON r.place = 1 AND r.indicator = 'recipient_person' AND r.period_end = b.period_end AND r.region = b.region
        AND r.scheme = b.scheme AND r.ownership = b.ownership AND r.industry = b.industry AND r.population = b.population
    LEFT JOIN beneficiary AS n
        ON n.period = b.period AND n.region = b.region AND n.scheme = b.scheme AND n.ownership = b.ownership
        AND n.industry = b.industry AND n.population = b.population
    LEFT JOIN earlier AS e
        ON e.period = b.period AND e.region = b.region AND e.scheme = b.scheme AND e.ownership = b.ownership
        AND e.industry = b.industry AND e.population = b.population
    LEFT JOIN crossed AS x
        ON x.period = b.period AND x.region = b.region AND x.scheme = b.scheme AND x.ownership = b.ownership
        AND x.industry = b.industry AND x.population = b.population
),
came AS (
    SELECT month, region, scheme, ownership, industry, paid_yuan - recovered_yuan AS income_yuan, recovered_yuan
    FROM core_month_received
),
went AS (
    SELECT month, region, scheme, beneficiary_person, amount_yuan
    FROM core_month_benefit
    WHERE benefit_kind = '_T'
),
there AS (
    -- Places with records of a month.
    SELECT month, region
    FROM core_month_insured
    WHERE scheme = '_T' AND ownership = '_T' AND industry = '_T'
),
paying AS (
    SELECT month, region
    FROM went
    WHERE scheme = '_T'
),
part AS (
    -- Every month of the year's records for whatever was paid in or out in any of them, until the month being built.
    SELECT DISTINCT t.month, c.region, c.scheme, c.ownership, c.industry
    FROM there AS t
    INNER JOIN came AS c ON c.region = t.region AND substr(c.month, 1, 4) = substr(t.month, 1, 4)
    UNION
    SELECT DISTINCT y.month, w.region, w.scheme, '_T' AS ownership, '_T' AS industry
    FROM paying AS y
    INNER JOIN went AS w ON w.region = y.region AND substr(w.month, 1, 4) = substr(y.month, 1, 4)
),
moved AS (
    SELECT
        p.month,
        p.region,
        p.scheme,
        p.ownership,
        p.industry,
        CAST(CASE WHEN t.month IS NOT NULL THEN COALESCE(c.income_yuan, 0) END AS DECIMAL(38, 6)) AS income_yuan,
        CAST(CASE WHEN t.month IS NOT NULL THEN COALESCE(c.recovered_yuan, 0) END AS DECIMAL(38, 6)) AS recovered_yuan,
        CAST(
            CASE WHEN y.month IS NOT NULL AND p.ownership = '_T' AND p.industry = '_T' THEN COALESCE(w.amount_yuan, 0) END
            AS DECIMAL(38, 6)
        ) AS expenditure_yuan,
        CAST(i.insured_person AS DECIMAL(38, 6)) AS insured_person,
        CAST(CASE WHEN p.ownership = '_T' AND p.industry = '_T' THEN w.beneficiary_person END AS DECIMAL(38, 6))
            AS beneficiary_person,
        g.missing,
        g.missing_year
    FROM part AS p
    LEFT JOIN there AS t ON t.month = p.month AND t.region = p.region
    LEFT JOIN paying AS y ON y.month = p.month AND y.region = p.region
    LEFT JOIN came AS c
        ON c.month = p.month AND c.region = p.region AND c.scheme = p.scheme AND c.ownership = p.ownership
        AND c.industry = p.industry
    LEFT JOIN went AS w ON w.month = p.month AND w.region = p.region AND w.scheme = p.scheme
    LEFT JOIN core_month_insured AS i
        ON i.month = p.month AND i.region = p.region AND i.scheme = p.scheme AND i.ownership = p.ownership
        AND i.industry = p.industry
    LEFT JOIN core_month_partial AS g ON g.subject = 'fund' AND g.region = p.region AND g.month = p.month
),
recorded AS (
    SELECT
        month, region, scheme, ownership, industry, income_yuan, recovered_yuan, expenditure_yuan, insured_person,
        beneficiary_person, missing, missing_year,
        SUM(income_yuan) OVER year AS income_year_yuan,
        SUM(recovered_yuan) OVER year AS recovered_year_yuan,
        SUM(expenditure_yuan) OVER year AS expenditure_year_yuan,
        COUNT(month) OVER year AS year_month_count
    FROM moved
    WINDOW year AS (
        PARTITION BY region, scheme, ownership, industry, substr(month, 1, 4) ORDER BY month
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
)
SELECT
    period, region, scheme, opening_yuan, income_yuan, recovered_yuan, expenditure_yuan, other_yuan,
    closing_yuan, residual_yuan, support_month, ownership, industry, population, surplus_yuan,
    surplus_with_recovered_yuan, printed_surplus_yuan, transfer_yuan, after_transfer_yuan, payout_pct,
    contribution_yuan, interest_yuan, subsidy_yuan, contribution_surplus_yuan, surplus_pct, accumulated_pct,
    yield_pct, insured_person, income_per_insured_yuan, closing_per_insured_yuan,
    contribution_per_insured_yuan, printed_per_insured_yuan, personal_total_yuan,
    expenditure_per_beneficiary_yuan, expenditure_per_recipient_yuan, earlier_period, earlier_closing_yuan,
    closing_multiple_times, closing_growth_pct, break, opening_obs_id, income_obs_id, recovered_obs_id,
    expenditure_obs_id, other_obs_id, closing_obs_id, printed_surplus_obs_id, contribution_obs_id,
    insured_obs_id, printed_per_insured_obs_id, beneficiary_obs_id, recipient_obs_id, earlier_obs_id,
    CAST(NULL AS DECIMAL(38, 6)) AS income_year_yuan,
    CAST(NULL AS DECIMAL(38, 6)) AS recovered_year_yuan,
    CAST(NULL AS DECIMAL(38, 6)) AS expenditure_year_yuan,
    CAST(NULL AS BIGINT) AS year_month_count,
    CAST(NULL AS VARCHAR) AS missing,
    CAST(NULL AS VARCHAR) AS missing_year
FROM stated
UNION ALL
SELECT
    r.month AS period,
    r.region,
    r.scheme,
    NULL AS opening_yuan,
    r.income_yuan,
    r.recovered_yuan,
    r.expenditure_yuan,
    NULL AS other_yuan,
    NULL AS closing_yuan,
    NULL AS residual_yuan,
    NULL AS support_month,
    r.ownership,
    r.industry,
    '_T' AS population,
    CASE WHEN r.missing IS NULL THEN r.income_yuan - r.expenditure_yuan END AS surplus_yuan,
    CASE WHEN r.missing IS NULL THEN r.income_yuan + r.recovered_yuan - r.expenditure_yuan END AS surplus_with_recovered_yuan,
    NULL AS printed_surplus_yuan,
    NULL AS transfer_yuan,
    NULL AS after_transfer_yuan,
    CASE WHEN r.missing IS NULL THEN percent_of(r.expenditure_yuan, r.income_yuan) END AS payout_pct,
    r.income_yuan + r.recovered_yuan AS contribution_yuan,
    NULL AS interest_yuan,
    NULL AS subsidy_yuan,
    CASE WHEN r.missing IS NULL THEN r.income_yuan + r.recovered_yuan - r.expenditure_yuan END AS contribution_surplus_yuan,
    CASE WHEN r.missing IS NULL THEN percent_of(r.income_yuan - r.expenditure_yuan, r.income_yuan) END AS surplus_pct,
    NULL AS accumulated_pct,
    NULL AS yield_pct,
    r.insured_person,
    CASE WHEN r.missing IS NULL THEN exact_div(r.income_yuan, r.insured_person) END AS income_per_insured_yuan,
    NULL AS closing_per_insured_yuan,
    CASE
        WHEN r.missing IS NULL THEN exact_div(r.income_yuan + r.recovered_yuan, r.insured_person)
    END AS contribution_per_insured_yuan,
    NULL AS printed_per_insured_yuan,
    NULL AS personal_total_yuan,
    CASE WHEN r.missing IS NULL THEN exact_div(r.expenditure_yuan, r.beneficiary_person) END AS expenditure_per_beneficiary_yuan,
    NULL AS expenditure_per_recipient_yuan,
    NULL AS earlier_period,
    NULL AS earlier_closing_yuan,
    NULL AS closing_multiple_times,
    NULL AS closing_growth_pct,
    NULL AS break,
    NULL AS opening_obs_id,
    NULL AS income_obs_id,
    NULL AS recovered_obs_id,
    NULL AS expenditure_obs_id,
    NULL AS other_obs_id,
    NULL AS closing_obs_id,
    NULL AS printed_surplus_obs_id,
    NULL AS contribution_obs_id,
    NULL AS insured_obs_id,
    NULL AS printed_per_insured_obs_id,
    NULL AS beneficiary_obs_id,
    NULL AS recipient_obs_id,
    NULL AS earlier_obs_id,
    r.income_year_yuan,
    r.recovered_year_yuan,
    r.expenditure_year_yuan,
    r.year_month_count,
    r.missing,
    r.missing_year
FROM recorded AS r
LEFT JOIN stated AS t
    ON t.period = r.month AND t.region = r.region AND t.scheme = r.scheme AND t.ownership = r.ownership
    AND t.industry = r.industry AND t.population = '_T'
WHERE t.period IS NULL
ORDER BY period, region, scheme, ownership, industry, population
