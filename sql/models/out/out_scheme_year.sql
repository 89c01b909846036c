-- name:  out_scheme_year
-- grain: period, region, scheme, ownership, industry
-- doc:   One wide row per year, region and scheme for readers: people, fund, and what follows per head. Totals of population
--        and breakdown only. finding_count says how many findings weigh on the row's figures: look at them in core_finding.
-- columns: change_person = this period less the one before, persons; change_pct = the change in percent of what was before;
--        income_yuan = income of the fund over the period, yuan; recovered_yuan = recovered over the period, yuan;
--        expenditure_yuan = expenditure of the fund over the period, yuan; surplus_yuan = income less expenditure, yuan,
--        negative: a shortfall; closing_yuan = closing balance of the fund, yuan; income_yuan_person = income per insured
--        person, yuan; benefit_yuan_person = expenditure per beneficiary, yuan; finding_count = findings about the row's
--        figures
WITH person AS (
    SELECT
        period,
        region,
        scheme,
        ownership,
        industry,
        MAX(CASE WHEN indicator = 'insured_unit' THEN value END) AS insured_unit,
        MAX(CASE WHEN indicator = 'insured_person' THEN value END) AS insured_person,
        MAX(CASE WHEN indicator = 'beneficiary_person' THEN value END) AS beneficiary_person
    FROM core_figure
    WHERE
        population = '_T' AND breakdown = '_T' AND regexp_like(period, '^[0-9]{4}$')
        AND (
            (period_kind = 'stock' AND indicator IN ('insured_unit', 'insured_person'))
            OR (period_kind = 'flow' AND indicator = 'beneficiary_person')
        )
    GROUP BY period, region, scheme, ownership, industry
),
fund AS (
    SELECT
        period, region, scheme, ownership, industry, income_yuan, recovered_yuan, expenditure_yuan, closing_yuan, surplus_yuan,
        payout_pct, support_month
    FROM ind_fund_balance
    WHERE population = '_T' AND regexp_like(period, '^[0-9]{4}$')
),
quantity AS (
    SELECT period, region, scheme, ownership, industry FROM person
    UNION
    SELECT period, region, scheme, ownership, industry FROM fund
),
finding AS (
    SELECT period, region, scheme, COUNT(rule) AS finding_count
    FROM core_finding
    GROUP BY period, region, scheme
)
SELECT
    q.period,
    q.region,
    q.scheme,
    q.ownership,
    q.industry,
    p.insured_unit,
    p.insured_person,
    c.change_person,
    c.change_pct,
    p.beneficiary_person,
    f.income_yuan,
    f.recovered_yuan,
    f.expenditure_yuan,
    f.surplus_yuan,
    f.closing_yuan,
    f.payout_pct,
    f.support_month,
    exact_div(p.insured_person, p.insured_unit) AS person_per_unit,
    percent_of(p.beneficiary_person, p.insured_person) AS beneficiary_pct,
    exact_div(f.income_yuan, p.insured_person) AS income_yuan_person,
    exact_div(f.expenditure_yuan, p.beneficiary_person) AS benefit_yuan_person,
    COALESCE(n.finding_count, 0) AS finding_count
FROM quantity AS q
LEFT JOIN person AS p
    ON p.period = q.period AND p.region = q.region AND p.scheme = q.scheme AND p.ownership = q.ownership
    AND p.industry = q.industry
LEFT JOIN fund AS f
    ON f.period = q.period AND f.region = q.region AND f.scheme = q.scheme AND f.ownership = q.ownership
    AND f.industry = q.industry
LEFT JOIN ind_enrolment_change AS c
    ON c.period = q.period AND c.region = q.region AND c.scheme = q.scheme AND c.ownership = q.ownership
    AND c.industry = q.industry AND c.population = '_T'
LEFT JOIN finding AS n ON n.period = q.period AND n.region = q.region AND n.scheme = q.scheme
ORDER BY q.period, q.region, q.scheme, q.ownership, q.industry
