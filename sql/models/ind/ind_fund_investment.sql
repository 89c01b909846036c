-- name:  ind_fund_investment
-- grain: period, region, scheme, ownership, coverage
-- doc:   How the balances are invested and what they yield (投资运营). coverage: which funds are counted together, _T the scheme's
--        own. A text gives the balance at the end of several years, its mean annual growth, and interest and deposits of all
--        the years together: previous_closing_yuan and first_closing_yuan are the balances a year before and at the end of the
--        first year, taking the growth as the same in every year, and balance_sum_yuan the year-end balances added up.
--        balance_growth_pct is the mean growth per year between them, printed_growth_pct the source's. deposit_yuan: term
--        deposits of all terms; deposit_pct their share of balance_sum_yuan (of the closing balance in a single year),
--        printed_deposit_pct the source's, and share_balance_yuan the balances that it implies. yield_pct is interest per 100
--        of balance_sum_yuan, share_yield_pct per 100 of share_balance_yuan, printed_yield_pct the source's. invested_yuan:
--        deposits and bonds; investment_gap_yuan: that less the closing balance. underpaid_yuan (少计利息), recovered_yuan,
--        recovered_pct and left_yuan: interest that banks owed, what they have paid since, and what is left.
-- columns: closing_yuan = closing balance of the fund, yuan; growth_yuan = mean growth of the balance a year, as printed, yuan;
--        previous_closing_yuan = closing balance of the year before that it implies, yuan; first_closing_yuan = closing balance
--        of the first year that it implies, yuan; balance_sum_yuan = closing balances of all years added up, yuan;
--        balance_growth_pct = mean growth per year of these balances, percent; printed_growth_pct = the source's own growth,
--        percent; printed_multiple_times = by how many times a source says the balance grew; deposit_yuan = in term deposits,
--        yuan; bond_yuan = in treasury bonds, yuan; invested_yuan = both together, yuan; investment_gap_yuan = balance less
--        what is invested, yuan; deposit_pct = term deposits per 100 of balances; printed_deposit_pct = the source's own share,
--        percent; share_balance_yuan = sum of balances that the printed share implies, yuan; interest_yuan = interest over the
--        period, yuan; yield_pct = interest per 100 of balances; share_yield_pct = interest per 100 of share_balance_yuan;
--        printed_yield_pct = the source's own yield, percent; underpaid_yuan = interest that banks owed and did not pay, yuan;
--        recovered_yuan = of which paid since, yuan; recovered_pct = paid since per 100 owed; left_yuan = still owed, yuan
WITH figure AS (
    SELECT
        indicator,
        period,
        period_end,
        region,
        scheme,
        ownership,
        COALESCE(breakdown_value(breakdown, 'coverage'), '_T') AS coverage,
        breakdown_value(breakdown, 'term') AS term,
        value,
        obs_id
    FROM core_figure
    WHERE
        industry = '_T' AND population = '_T'
        AND breakdown_without(breakdown_without(breakdown, 'coverage'), 'term') = '_T'
        AND indicator IN (
            'fund_closing_yuan', 'fund_growth_yuan', 'fund_growth_pct', 'fund_interest_yuan', 'fund_yield_pct',
            'term_deposit_yuan', 'term_deposit_pct', 'treasury_bond_yuan', 'interest_underpaid_yuan',
            'interest_recovered_yuan', 'fund_multiple'
        )
),
held AS (
    SELECT
        period,
        region,
        scheme,
        ownership,
        coverage,
        MAX(period_end) AS period_end,
        MAX(CASE WHEN indicator = 'fund_growth_yuan' THEN value END) AS growth_yuan,
        MAX(CASE WHEN indicator = 'fund_growth_pct' THEN value END) AS printed_growth_pct,
        MAX(CASE WHEN indicator = 'fund_multiple' THEN value END) AS printed_multiple_times,
        MAX(CASE WHEN indicator = 'fund_interest_yuan' THEN value END) AS interest_yuan,
        MAX(CASE WHEN indicator = 'fund_yield_pct' THEN value END) AS printed_yield_pct,
        CAST(
            COALESCE(
                MAX(CASE WHEN indicator = 'term_deposit_yuan' AND term IS NULL THEN value END),
                SUM(CASE WHEN indicator = 'term_deposit_yuan' THEN value END)
            ) AS DECIMAL(38, 6)
        ) AS deposit_yuan,
        MAX(CASE WHEN indicator = 'term_deposit_pct' THEN value END) AS printed_deposit_pct,
        CAST(SUM(CASE WHEN indicator = 'treasury_bond_yuan' THEN value END) AS DECIMAL(38, 6)) AS bond_yuan,
        MAX(CASE WHEN indicator = 'interest_underpaid_yuan' THEN value END) AS underpaid_yuan,
        MAX(CASE WHEN indicator = 'interest_recovered_yuan' THEN value END) AS recovered_yuan,
        string_agg(obs_id, ' ' ORDER BY obs_id) AS obs_id
    FROM figure
    WHERE indicator <> 'fund_closing_yuan'
    GROUP BY period, region, scheme, ownership, coverage
),
closing AS (
    SELECT
        period_end, region, scheme, ownership, coverage, value, obs_id,
        ROW_NUMBER() OVER (
            PARTITION BY period_end, region, scheme, ownership, coverage ORDER BY LENGTH(period), period
        ) AS place
    FROM figure
    WHERE indicator = 'fund_closing_yuan'
),
joined AS (
    SELECT
        h.period,
        h.region,
        h.scheme,
        h.ownership,
        h.coverage,
        period_month_count(h.period) / 12 AS year_count,
        c.value AS closing_yuan,
        h.growth_yuan,
        h.printed_growth_pct,
        h.printed_multiple_times,
        h.interest_yuan,
        h.printed_yield_pct,
        h.deposit_yuan,
        h.printed_deposit_pct,
        h.bond_yuan,
        h.underpaid_yuan,
        h.recovered_yuan,
        h.obs_id,
        c.obs_id AS closing_obs_id
    FROM held AS h
    LEFT JOIN closing AS c
        ON c.place = 1 AND c.period_end = h.period_end AND c.region = h.region AND c.scheme = h.scheme
        AND c.ownership = h.ownership AND c.coverage = h.coverage
),
summed AS (
    SELECT
        period,
        region,
        scheme,
        ownership,
        coverage,
        year_count,
        closing_yuan,
        growth_yuan,
        CASE WHEN year_count >= 2 THEN closing_yuan - growth_yuan END AS previous_closing_yuan,
        CASE WHEN year_count >= 2 THEN closing_yuan - growth_yuan * (year_count - 1) END AS first_closing_yuan,
        CASE
            WHEN year_count >= 2
                THEN CAST(closing_yuan * year_count - growth_yuan * (year_count * (year_count - 1) / 2) AS DECIMAL(38, 6))
            ELSE closing_yuan
        END AS balance_sum_yuan,
        exact_div(deposit_yuan * 100, printed_deposit_pct) AS share_balance_yuan,
        printed_growth_pct,
        printed_multiple_times,
        interest_yuan,
        printed_yield_pct,
        deposit_yuan,
        printed_deposit_pct,
        bond_yuan,
        underpaid_yuan,
        recovered_yuan,
        obs_id,
        closing_obs_id
    FROM joined
)
SELECT
    period,
    region,
    scheme,
    ownership,
    coverage,
    closing_yuan,
    growth_yuan,
    previous_closing_yuan,
    first_closing_yuan,
    balance_sum_yuan,
    annual_growth_pct(first_closing_yuan, closing_yuan, year_count - 1) AS balance_growth_pct,
    printed_growth_pct,
    printed_multiple_times,
    deposit_yuan,
    bond_yuan,
    CASE
        WHEN deposit_yuan IS NOT NULL OR bond_yuan IS NOT NULL THEN COALESCE(deposit_yuan, 0) + COALESCE(bond_yuan, 0)
    END AS invested_yuan,
    CASE
        WHEN year_count < 2 AND (deposit_yuan IS NOT NULL OR bond_yuan IS NOT NULL)
            THEN COALESCE(deposit_yuan, 0) + COALESCE(bond_yuan, 0) - closing_yuan
    END AS investment_gap_yuan,
    percent_of(deposit_yuan, balance_sum_yuan) AS deposit_pct,
    printed_deposit_pct,
    share_balance_yuan,
    interest_yuan,
    percent_of(interest_yuan, balance_sum_yuan) AS yield_pct,
    percent_of(interest_yuan, share_balance_yuan) AS share_yield_pct,
    printed_yield_pct,
    underpaid_yuan,
    recovered_yuan,
    percent_of(recovered_yuan, underpaid_yuan) AS recovered_pct,
    underpaid_yuan - recovered_yuan AS left_yuan,
    obs_id,
    closing_obs_id
FROM summed
ORDER BY period, region, scheme, ownership, coverage
