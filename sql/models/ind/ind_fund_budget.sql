-- name:  ind_fund_budget
-- grain: period, region, scheme, ownership
-- doc:   Budget and final account of a fund (预决算), for years and for quarters. income_pct and expenditure_pct are the account per
--        100 of the budget of the same period; income_to_date_pct and expenditure_to_date_pct set the quarters of a year up to
--        this one against the budget of the whole year, and are null where an earlier quarter is not known.
--        budget_surplus_yuan and surplus_yuan: income less expenditure, planned and realised.
-- columns: income_budget_yuan = income in the budget of the year, yuan; income_yuan = income of the fund over the period, yuan;
--        income_pct = income per 100 of the budget; income_to_date_pct = income since January per 100 of the budget of the
--        year; expenditure_budget_yuan = expenditure in the budget of the year, yuan; expenditure_yuan = expenditure of the
--        fund over the period, yuan; expenditure_pct = expenditure per 100 of the budget; expenditure_to_date_pct = expenditure
--        since January per 100 of the budget of the year; budget_surplus_yuan = income less expenditure of the budget, yuan;
--        surplus_yuan = income less expenditure, yuan, negative: a shortfall
WITH figure AS (
    SELECT
        period,
        MIN(period_start) AS period_start,
        MAX(period_end) AS period_end,
        region,
        scheme,
        ownership,
        MAX(CASE WHEN indicator = 'fund_income_budget_yuan' THEN value END) AS income_budget_yuan,
        MAX(CASE WHEN indicator = 'fund_expenditure_budget_yuan' THEN value END) AS expenditure_budget_yuan,
        MAX(CASE WHEN indicator = 'fund_income_yuan' THEN value END) AS income_yuan,
        MAX(CASE WHEN indicator = 'fund_expenditure_yuan' THEN value END) AS expenditure_yuan,
        MAX(CASE WHEN indicator = 'fund_income_budget_yuan' THEN obs_id END) AS income_budget_obs_id,
        MAX(CASE WHEN indicator = 'fund_expenditure_budget_yuan' THEN obs_id END) AS expenditure_budget_obs_id,
        MAX(CASE WHEN indicator = 'fund_income_yuan' THEN obs_id END) AS income_obs_id,
        MAX(CASE WHEN indicator = 'fund_expenditure_yuan' THEN obs_id END) AS expenditure_obs_id
    FROM core_figure
    WHERE
        period_kind = 'flow' AND industry = '_T' AND population = '_T' AND breakdown = '_T'
        AND indicator IN (
            'fund_income_budget_yuan', 'fund_expenditure_budget_yuan', 'fund_income_yuan', 'fund_expenditure_yuan'
        )
    GROUP BY period, region, scheme, ownership
),
-- A year is its own period to date; a quarter takes the quarters of the year before it.
to_date AS (
    SELECT
        f.period,
        f.region,
        f.scheme,
        f.ownership,
        CASE WHEN SUM(period_month_count(q.period)) = EXTRACT(MONTH FROM f.period_end) AND COUNT(q.income_yuan) = COUNT(*)
            THEN CAST(SUM(q.income_yuan) AS DECIMAL(38, 6)) END AS income_yuan,
        CASE WHEN SUM(period_month_count(q.period)) = EXTRACT(MONTH FROM f.period_end) AND COUNT(q.expenditure_yuan) = COUNT(*)
            THEN CAST(SUM(q.expenditure_yuan) AS DECIMAL(38, 6)) END AS expenditure_yuan
    FROM figure AS f
    INNER JOIN figure AS q
        ON q.region = f.region AND q.scheme = f.scheme AND q.ownership = f.ownership
        AND period_year(q.period) = period_year(f.period) AND q.period_end <= f.period_end
        AND period_month_count(q.period) = period_month_count(f.period)
    WHERE period_month_count(f.period) IN (3, 12)
    GROUP BY f.period, f.period_end, f.region, f.scheme, f.ownership
)
SELECT
    f.period,
    f.region,
    f.scheme,
    f.ownership,
    f.income_budget_yuan,
    f.income_yuan,
    percent_of(f.income_yuan, f.income_budget_yuan) AS income_pct,
    percent_of(d.income_yuan, COALESCE(y.income_budget_yuan, CASE WHEN period_month_count(f.period) = 12 THEN f.income_budget_yuan END))
        AS income_to_date_pct,
    f.expenditure_budget_yuan,
    f.expenditure_yuan,
    percent_of(f.expenditure_yuan, f.expenditure_budget_yuan) AS expenditure_pct,
    percent_of(
        d.expenditure_yuan,
        COALESCE(y.expenditure_budget_yuan, CASE WHEN period_month_count(f.period) = 12 THEN f.expenditure_budget_yuan END)
    ) AS expenditure_to_date_pct,
    f.income_budget_yuan - f.expenditure_budget_yuan AS budget_surplus_yuan,
    f.income_yuan - f.expenditure_yuan AS surplus_yuan,
    f.income_budget_obs_id,
    f.expenditure_budget_obs_id,
    f.income_obs_id,
    f.expenditure_obs_id
FROM figure AS f
LEFT JOIN to_date AS d ON d.period = f.period AND d.region = f.region AND d.scheme = f.scheme AND d.ownership = f.ownership
LEFT JOIN figure AS y
    ON y.region = f.region AND y.scheme = f.scheme AND y.ownership = f.ownership
    AND y.period = CAST(period_year(f.period) AS VARCHAR)
WHERE
    f.income_budget_yuan IS NOT NULL OR f.expenditure_budget_yuan IS NOT NULL
    OR y.income_budget_yuan IS NOT NULL OR y.expenditure_budget_yuan IS NOT NULL
ORDER BY f.period, f.region, f.scheme, f.ownership
