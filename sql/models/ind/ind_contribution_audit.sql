-- name:  ind_contribution_audit
-- grain: period, region, scheme, ownership
-- doc:   What the verification of contribution bases (缴费基数核查) brings a fund in a year. wage_yuan: wages found missing from the
--        base; pension_yuan: pensions struck off. contribution_yuan is what both payers pay more by the rates in force:
--        the employer's rate on the wages found, less the pensions struck off where the rate is levied on wages and pensions
--        together (employer_base wage-pension), and the individual's rate on the wages. fund_yuan adds the pensions no longer
--        paid. Null where a rate is not known. printed_fund_yuan is the source's own, printed_qualifier how it bounds it.
--        compliant_pct, minimum_pct: enterprises that pay on the right base, and on the floor, of all; other_pct: the rest.
-- columns: wage_yuan = wages added to the base, yuan; pension_yuan = pensions struck off, yuan; pension_qualifier = how the text
--        bounds them; employer_rate_pct = rate of the employer, percent; employer_base = what that rate is levied on;
--        individual_rate_pct = rate of the employee, percent; contribution_yuan = what both payers pay more by the rates in
--        force, yuan; fund_yuan = that and the pensions no longer paid, yuan; printed_fund_yuan = the source's own effect,
--        yuan; printed_qualifier = how the text bounds it; compliant_pct = enterprises that pay on the right base, percent;
--        minimum_pct = enterprises that pay on the floor, percent; other_pct = all others, percent
WITH figure AS (
    SELECT
        f.indicator, f.period, f.period_start, f.period_end, f.region, f.scheme, f.ownership, f.value, o.qualifier, f.obs_id
    FROM core_figure AS f
    LEFT JOIN core_observation AS o ON o.obs_id = f.obs_id
    WHERE
        f.industry = '_T' AND f.population = '_T' AND f.breakdown = '_T'
        AND f.indicator IN (
            'base_audit_yuan', 'base_audit_pension_yuan', 'base_audit_fund_yuan', 'base_compliant_pct', 'base_minimum_pct'
        )
),
audit AS (
    SELECT
        period,
        region,
        scheme,
        ownership,
        MIN(period_start) AS first_day,
        MAX(period_end) AS last_day,
        MAX(CASE WHEN indicator = 'base_audit_yuan' THEN value END) AS wage_yuan,
        MAX(CASE WHEN indicator = 'base_audit_pension_yuan' THEN value END) AS pension_yuan,
        MAX(CASE WHEN indicator = 'base_audit_fund_yuan' THEN value END) AS printed_fund_yuan,
        MAX(CASE WHEN indicator = 'base_audit_fund_yuan' THEN qualifier END) AS printed_qualifier,
        MAX(CASE WHEN indicator = 'base_compliant_pct' THEN value END) AS compliant_pct,
        MAX(CASE WHEN indicator = 'base_minimum_pct' THEN value END) AS minimum_pct,
        MAX(CASE WHEN indicator = 'base_audit_yuan' THEN obs_id END) AS wage_obs_id,
        MAX(CASE WHEN indicator = 'base_audit_pension_yuan' THEN obs_id END) AS pension_obs_id,
        MAX(CASE WHEN indicator = 'base_audit_pension_yuan' THEN qualifier END) AS pension_qualifier,
        MAX(CASE WHEN indicator = 'base_audit_fund_yuan' THEN obs_id END) AS printed_obs_id,
        MAX(CASE WHEN indicator = 'base_compliant_pct' THEN obs_id END) AS compliant_obs_id,
        MAX(CASE WHEN indicator = 'base_minimum_pct' THEN obs_id END) AS minimum_obs_id
    FROM figure
    GROUP BY period, region, scheme, ownership
),
rate AS (
    SELECT
        a.period,
        a.region,
        a.scheme,
        a.ownership,
        breakdown_value(r.breakdown, 'payer') AS payer,
        COALESCE(breakdown_value(r.breakdown, 'base'), 'wage') AS base,
        r.value,
        r.obs_id,
        ROW_NUMBER() OVER (
            PARTITION BY a.period, a.region, a.scheme, a.ownership, breakdown_value(r.breakdown, 'payer')
            ORDER BY r.valid_from DESC
        ) AS place
    FROM audit AS a
    INNER JOIN core_rule AS r
        ON r.region = a.region AND r.scheme = a.scheme AND r.ownership = a.ownership AND r.valid_from <= a.last_day
        AND (r.valid_to IS NULL OR r.valid_to >= a.first_day)
    WHERE
        r.indicator = 'contribution_rate_pct' AND r.industry = '_T' AND r.population = '_T' AND r.standing = 'in-force'
        AND breakdown_value(r.breakdown, 'payer') IS NOT NULL AND breakdown_value(r.breakdown, 'statistic') IS NULL
),
rated AS (
    SELECT
        a.period,
        a.region,
        a.scheme,
        a.ownership,
        a.wage_yuan,
        a.pension_yuan,
        a.pension_qualifier,
        e.value AS employer_rate_pct,
        e.base AS employer_base,
        i.value AS individual_rate_pct,
        CAST(
            (
                e.value * (a.wage_yuan - CASE WHEN e.base = 'wage-pension' THEN a.pension_yuan ELSE 0 END)
                + i.value * a.wage_yuan
            ) / 100 AS DECIMAL(38, 6)
        ) AS contribution_yuan,
        a.printed_fund_yuan,
        a.printed_qualifier,
        a.compliant_pct,
        a.minimum_pct,
        a.wage_obs_id,
        a.pension_obs_id,
        e.obs_id AS employer_rate_obs_id,
        i.obs_id AS individual_rate_obs_id,
        a.printed_obs_id,
        a.compliant_obs_id,
        a.minimum_obs_id
    FROM audit AS a
    LEFT JOIN rate AS e
        ON e.place = 1 AND e.payer = 'employer' AND e.period = a.period AND e.region = a.region AND e.scheme = a.scheme
        AND e.ownership = a.ownership
    LEFT JOIN rate AS i
        ON i.place = 1 AND i.payer = 'individual' AND i.period = a.period AND i.region = a.region AND i.scheme = a.scheme
        AND i.ownership = a.ownership
)
SELECT
    period,
    region,
    scheme,
    ownership,
    wage_yuan,
    pension_yuan,
    pension_qualifier,
    employer_rate_pct,
    employer_base,
    individual_rate_pct,
    contribution_yuan,
    contribution_yuan + pension_yuan AS fund_yuan,
    printed_fund_yuan,
    printed_qualifier,
    compliant_pct,
    minimum_pct,
    100 - compliant_pct - minimum_pct AS other_pct,
    wage_obs_id,
    pension_obs_id,
    employer_rate_obs_id,
    individual_rate_obs_id,
    printed_obs_id,
    compliant_obs_id,
    minimum_obs_id
FROM rated
ORDER BY period, region, scheme, ownership
