-- name:  ind_warning_measure
-- grain: measure, period, region, scheme, ownership, industry, population
-- grows: month, rest
-- doc:   What the early-warning indicators measure (预警指标), a row for each number that can be had: support_month, payout_pct
--        and deficit_year (years running, up to this one, in which expenditure exceeds income and recovered arrears; 0 in
--        other years) of the funds; surplus_balance_change_yuan, closing less opening balance in years whose income and
--        recovered arrears exceed expenditure; insured_growth_pct, arrears_growth_pct, coverage_change_pp (against the same
--        base) and beneficiary_lead_pp (growth of beneficiaries less growth of insured persons), each between the ends of two
--        years, and none across a declared break; interest_owed_yuan. Definitions stand in core_indicator; ind_warning holds them against thresholds.
-- columns: measure = what is measured, a code of core_indicator
WITH fund AS (
    SELECT
        period, region, scheme, ownership, industry, population, support_month, payout_pct, opening_yuan, closing_yuan,
        surplus_with_recovered_yuan AS surplus_yuan, income_obs_id, expenditure_obs_id, opening_obs_id, closing_obs_id
    FROM ind_fund_balance
),
deficit AS (
    SELECT
        period, region, scheme, ownership, industry, population, surplus_yuan, income_obs_id, expenditure_obs_id,
        -- Constant over the years of one run.
        period_year(period) - CAST(
            ROW_NUMBER() OVER (
                PARTITION BY region, scheme, ownership, industry, population, surplus_yuan < 0 ORDER BY period
            ) AS BIGINT
        ) AS run
    FROM fund
    WHERE surplus_yuan IS NOT NULL AND regexp_like(period, '^[0-9]{4}$')
),
-- Of years alone: months have no last day of a year.
coverage AS (
    SELECT
        period, region, scheme, ownership, industry, population, coverage_pct, base_indicator, base_population,
        insured_obs_id, eligible_obs_id
    FROM ind_coverage
    WHERE regexp_like(period, '^[0-9]{4}$')
),
beneficiary AS (
    SELECT period, region, scheme, ownership, industry, population, value, change_pct, obs_id
    FROM core_series
    WHERE
        indicator = 'beneficiary_person' AND period_kind = 'flow' AND breakdown = '_T' AND point = 'printed'
),
interest AS (
    SELECT
        period, region, scheme, ownership, industry, population,
        MAX(CASE WHEN indicator = 'interest_underpaid_yuan' THEN value END)
            - MAX(CASE WHEN indicator = 'interest_recovered_yuan' THEN value END) AS value,
        string_agg(obs_id, ' ' ORDER BY obs_id) AS obs_id
    FROM core_figure
    WHERE indicator IN ('interest_underpaid_yuan', 'interest_recovered_yuan') AND period_kind = 'flow' AND breakdown = '_T'
    GROUP BY period, region, scheme, ownership, industry, population
),
measured AS (
    SELECT
        'support_month' AS measure, period, region, scheme, ownership, industry, population,
        CAST(support_month AS DECIMAL(38, 12)) AS value, concat_ws(' ', closing_obs_id, expenditure_obs_id) AS obs_id
    FROM fund
    UNION ALL
    SELECT
        'payout_pct', period, region, scheme, ownership, industry, population,
        CAST(payout_pct AS DECIMAL(38, 12)), concat_ws(' ', income_obs_id, expenditure_obs_id)
    FROM fund
    UNION ALL
    SELECT
        'deficit_year', period, region, scheme, ownership, industry, population,
        CAST(
            CASE
                WHEN surplus_yuan < 0
                    THEN ROW_NUMBER() OVER (
                        PARTITION BY region, scheme, ownership, industry, population, surplus_yuan < 0, run ORDER BY period
                    )
                ELSE 0
            END AS DECIMAL(38, 12)
        ),
        concat_ws(' ', income_obs_id, expenditure_obs_id)
    FROM deficit
    UNION ALL
    SELECT
        'surplus_balance_change_yuan', period, region, scheme, ownership, industry, population,
        CAST(closing_yuan - opening_yuan AS DECIMAL(38, 12)), concat_ws(' ', opening_obs_id, closing_obs_id)
    FROM fund
    WHERE surplus_yuan > 0
    UNION ALL
    SELECT
        'insured_growth_pct', period, region, scheme, ownership, industry, population,
        CAST(change_pct AS DECIMAL(38, 12)), concat_ws(' ', insured_obs_id, previous_obs_id)
    FROM ind_enrolment_change
    UNION ALL
    SELECT
        'arrears_growth_pct', period, region, scheme, ownership, industry, '_T',
        CAST(change_pct(arrears_yuan, previous_arrears_yuan) AS DECIMAL(38, 12)), arrears_obs_id
    FROM ind_arrears
    UNION ALL
    SELECT
        'coverage_change_pp', now.period, now.region, now.scheme, now.ownership, now.industry, now.population,
        CAST(now.coverage_pct - before.coverage_pct AS DECIMAL(38, 12)),
        concat_ws(' ', now.insured_obs_id, now.eligible_obs_id, before.insured_obs_id, before.eligible_obs_id)
    FROM coverage AS now
    INNER JOIN coverage AS before
        ON before.period = period_previous(now.period) AND before.region = now.region AND before.scheme = now.scheme
        AND before.ownership = now.ownership AND before.industry = now.industry AND before.population = now.population
        AND before.base_indicator = now.base_indicator AND before.base_population = now.base_population
    LEFT ANTI JOIN core_break AS b
        ON b.kind = 'break' AND b.at_day <= TRY_CAST(concat(now.period, '-12-31') AS DATE)
        AND b.at_day > TRY_CAST(concat(before.period, '-12-31') AS DATE)
        AND (b.indicator IS NULL OR b.indicator IN ('insured_person', 'coverage_pct') OR b.indicator = now.base_indicator)
        AND (b.scheme IS NULL OR b.scheme = now.scheme) AND (b.region IS NULL OR b.region = now.region)
        AND (b.ownership IS NULL OR b.ownership = now.ownership) AND (b.industry IS NULL OR b.industry = now.industry)
    UNION ALL
    SELECT
        'beneficiary_lead_pp', now.period, now.region, now.scheme, now.ownership, now.industry, now.population,
        CAST(now.change_pct - e.change_pct AS DECIMAL(38, 12)),
        concat_ws(' ', now.obs_id, before.obs_id, e.insured_obs_id, e.previous_obs_id)
    FROM beneficiary AS now
    INNER JOIN beneficiary AS before
        ON before.period = period_previous(now.period) AND before.region = now.region AND before.scheme = now.scheme
        AND before.ownership = now.ownership AND before.industry = now.industry AND before.population = now.population
    INNER JOIN ind_enrolment_change AS e
        ON e.period = now.period AND e.region = now.region AND e.scheme = now.scheme
        AND e.ownership = now.ownership AND e.industry = now.industry AND e.population = now.population
    WHERE regexp_like(now.period, '^[0-9]{4}$')
    UNION ALL
    SELECT
        'interest_owed_yuan', period, region, scheme, ownership, industry, population,
        CAST(value AS DECIMAL(38, 12)), obs_id
    FROM interest
)
SELECT measure, period, region, scheme, ownership, industry, population, value, obs_id
FROM measured
WHERE value IS NOT NULL
ORDER BY measure, period, region, scheme, ownership, industry, population
