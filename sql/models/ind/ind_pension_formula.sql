-- name:  ind_pension_formula
-- grain: period, region, scheme, base_pct, contribution_year
-- doc:   The monthly pension by the rules in force (养老金计发): basic pension = mean wage of the year before × basic rate, and the
--        account pension = balance of the account / months. A row for every set of rules (basic_pension_rate_pct with the
--        account's divisor and rate of the same place), every contribution base and every time that some source works out:
--        another year's rules give another block of rows. base_pct: contribution base as a share of the mean wage. account_yuan_month
--        is the source's (its growth of the account is not printed), account_balance_yuan what it implies, × divisor;
--        pension_yuan_month the basic pension computed plus it; replacement_pct that against the mean monthly wage.
--        account_paid_yuan_year is what a year's contribution credits to the account; account_nominal_yuan that times the years,
--        without interest and growth of wages, and account_nominal_yuan_month its monthly pension. proportional_yuan_month:
--        the account pension on the whole mean wage times the base, as the account is linear in the base. gain_yuan_month: more
--        pension than for the shortest time on the same base. basic_share_pct: the part of the basic pension that a proposal
--        would pay for the time, where the source proposes a scale. Below the shortest time of contribution nothing is due:
--        basic pension and pension are null there.
-- columns: base_pct = contribution base as a share of the mean wage, percent; contribution_year = years of contribution;
--        wage_period = the year of the mean wage; basic_rate_pct = basic pension as a share of the mean wage, percent;
--        divisor_month = months by which the account is divided; min_year = years that a pension requires; basic_yuan_month =
--        basic pension, yuan a month; account_yuan_month = account pension as stated, yuan a month; account_balance_yuan = the
--        balance that it stands for, yuan; gain_yuan_month = more than for the shortest time on the same base, yuan a month;
--        proportional_yuan_month = account pension in proportion to the base, yuan a month; account_paid_yuan_year = credited
--        to the account a year at this wage, yuan; account_nominal_yuan = that times the years, yuan;
--        account_nominal_yuan_month = that by the divisor, yuan a month; basic_share_pct = part of the basic pension that a
--        proposal would pay for the time, percent; printed_basic_yuan_month = the source's own basic pension, yuan a month;
--        printed_pension_yuan_month = the source's own pension, yuan a month
WITH rule AS (
    SELECT
        b.period,
        b.valid_from,
        b.region,
        b.scheme,
        period_previous(substr(b.period, 1, 4)) AS wage_period,
        b.value AS basic_rate_pct,
        b.obs_id AS basic_rate_obs_id
    FROM core_rule AS b
    WHERE
        b.indicator = 'basic_pension_rate_pct' AND b.standing = 'in-force' AND b.ownership = '_T' AND b.industry = '_T'
        AND b.population = '_T' AND b.breakdown = '_T'
),
other AS (
    SELECT
        r.period,
        r.region,
        r.scheme,
        o.indicator,
        o.standing,
        o.value,
        o.obs_id,
        ROW_NUMBER() OVER (
            PARTITION BY r.period, r.region, r.scheme, o.indicator, o.standing ORDER BY a.distance, o.valid_from DESC
        ) AS place
    FROM rule AS r
    INNER JOIN core_ancestor AS a ON a.list = 'region' AND a.code = r.region
    INNER JOIN core_rule AS o
        ON o.region = a.ancestor AND o.scheme = r.scheme AND o.valid_from <= r.valid_from
        AND (o.valid_to IS NULL OR o.valid_to >= r.valid_from)
    WHERE
        o.indicator IN (
            'account_divisor_month', 'account_rate_pct', 'contribution_min_year', 'basic_pension_start_pct',
            'basic_pension_step_pp'
        )
        AND o.ownership = '_T' AND o.industry = '_T' AND o.population = '_T'
        AND o.breakdown IN ('_T', 'standing=proposed')
),
rules AS (
    SELECT
        r.period,
        r.region,
        r.scheme,
        r.wage_period,
        r.basic_rate_pct,
        r.basic_rate_obs_id,
        MAX(CASE WHEN o.indicator = 'account_divisor_month' AND o.standing = 'in-force' THEN o.value END) AS divisor_month,
        MAX(CASE WHEN o.indicator = 'account_rate_pct' AND o.standing = 'in-force' THEN o.value END) AS account_rate_pct,
        MAX(CASE WHEN o.indicator = 'contribution_min_year' AND o.standing = 'in-force' THEN o.value END) AS min_year,
        MAX(CASE WHEN o.indicator = 'basic_pension_start_pct' THEN o.value END) AS start_pct,
        MAX(CASE WHEN o.indicator = 'basic_pension_step_pp' THEN o.value END) AS step_pp,
        MAX(CASE WHEN o.indicator = 'account_divisor_month' AND o.standing = 'in-force' THEN o.obs_id END) AS divisor_obs_id,
        MAX(CASE WHEN o.indicator = 'account_rate_pct' AND o.standing = 'in-force' THEN o.obs_id END) AS account_rate_obs_id,
        MAX(CASE WHEN o.indicator = 'contribution_min_year' AND o.standing = 'in-force' THEN o.obs_id END) AS min_year_obs_id,
        MAX(CASE WHEN o.indicator = 'basic_pension_start_pct' THEN o.obs_id END) AS start_obs_id,
        MAX(CASE WHEN o.indicator = 'basic_pension_step_pp' THEN o.obs_id END) AS step_obs_id
    FROM rule AS r
    LEFT JOIN other AS o ON o.place = 1 AND o.period = r.period AND o.region = r.region AND o.scheme = r.scheme
    GROUP BY r.period, r.region, r.scheme, r.wage_period, r.basic_rate_pct, r.basic_rate_obs_id
),
wage AS (
    SELECT
        r.period,
        r.region,
        r.scheme,
        w.wage_yuan_month,
        w.wage_yuan_year,
        w.wage_obs_id,
        ROW_NUMBER() OVER (PARTITION BY r.period, r.region, r.scheme ORDER BY a.distance) AS place
    FROM rules AS r
    INNER JOIN core_ancestor AS a ON a.list = 'region' AND a.code = r.region
    INNER JOIN core_wage AS w ON w.region = a.ancestor AND w.period = r.wage_period
),
printed AS (
    SELECT
        period,
        region,
        scheme,
        CAST(breakdown_value(breakdown, 'base_pct') AS DECIMAL(38, 6)) AS base_pct,
        CAST(breakdown_value(breakdown, 'years') AS DECIMAL(38, 6)) AS contribution_year,
        MAX(CASE WHEN indicator = 'basic_pension_yuan_month' THEN value END) AS basic,
        MAX(CASE WHEN indicator = 'account_pension_yuan_month' THEN value END) AS account,
        MAX(CASE WHEN indicator = 'pension_yuan_month' THEN value END) AS pension,
        MAX(CASE WHEN indicator = 'basic_pension_yuan_month' THEN obs_id END) AS basic_obs_id,
        MAX(CASE WHEN indicator = 'account_pension_yuan_month' THEN obs_id END) AS account_obs_id,
        MAX(CASE WHEN indicator = 'pension_yuan_month' THEN obs_id END) AS pension_obs_id
    FROM core_rule
    WHERE
        indicator IN ('basic_pension_yuan_month', 'account_pension_yuan_month', 'pension_yuan_month')
        AND breakdown_value(breakdown, 'base_pct') IS NOT NULL AND breakdown_value(breakdown, 'years') IS NOT NULL
    GROUP BY period, region, scheme, breakdown_value(breakdown, 'base_pct'), breakdown_value(breakdown, 'years')
),
grid AS (
    SELECT r.period, r.region, r.scheme, b.base_pct, y.contribution_year
    FROM rules AS r
    CROSS JOIN (SELECT DISTINCT base_pct FROM printed) AS b
    CROSS JOIN (SELECT DISTINCT contribution_year FROM printed) AS y
),
formula AS (
    SELECT
        g.period,
        g.region,
        g.scheme,
        g.base_pct,
        g.contribution_year,
        r.wage_period,
        w.wage_yuan_month,
        r.basic_rate_pct,
        r.divisor_month,
        r.account_rate_pct,
        r.min_year,
        CASE
            WHEN r.min_year IS NULL OR g.contribution_year >= r.min_year
                THEN exact_div(w.wage_yuan_year * r.basic_rate_pct, 1200)
        END AS basic_yuan_month,
        p.account AS account_yuan_month,
        p.account * r.divisor_month AS account_balance_yuan,
        MAX(CASE WHEN g.base_pct = CAST(100 AS DECIMAL(38, 6)) THEN p.account END) OVER (
            PARTITION BY g.period, g.region, g.scheme, g.contribution_year
        ) * g.base_pct / 100 AS proportional_yuan_month,
        exact_div(w.wage_yuan_year * g.base_pct * r.account_rate_pct, 10000) AS account_paid_yuan_year,
        CASE
            WHEN r.min_year IS NULL OR g.contribution_year >= r.min_year
                THEN r.start_pct + r.step_pp * (g.contribution_year - r.min_year)
        END AS basic_share_pct,
        p.basic AS printed_basic_yuan_month,
        p.pension AS printed_pension_yuan_month,
        w.wage_obs_id,
        r.basic_rate_obs_id,
        r.divisor_obs_id,
        r.account_rate_obs_id,
        r.min_year_obs_id,
        r.start_obs_id,
        r.step_obs_id,
        p.account_obs_id,
        p.basic_obs_id AS printed_basic_obs_id,
        p.pension_obs_id AS printed_pension_obs_id
    FROM grid AS g
    INNER JOIN rules AS r ON r.period = g.period AND r.region = g.region AND r.scheme = g.scheme
    LEFT JOIN wage AS w ON w.place = 1 AND w.period = g.period AND w.region = g.region AND w.scheme = g.scheme
    LEFT JOIN printed AS p
        ON p.period = g.period AND p.region = g.region AND p.scheme = g.scheme AND p.base_pct = g.base_pct
        AND p.contribution_year = g.contribution_year
),
pension AS (
    SELECT
        period,
        region,
        scheme,
        base_pct,
        contribution_year,
        wage_period,
        wage_yuan_month,
        basic_rate_pct,
        divisor_month,
        account_rate_pct,
        min_year,
        basic_yuan_month,
        account_yuan_month,
        account_balance_yuan,
        basic_yuan_month + account_yuan_month AS pension_yuan_month,
        proportional_yuan_month,
        account_paid_yuan_year,
        basic_share_pct,
        printed_basic_yuan_month,
        printed_pension_yuan_month,
        wage_obs_id,
        basic_rate_obs_id,
        divisor_obs_id,
        account_rate_obs_id,
        min_year_obs_id,
        start_obs_id,
        step_obs_id,
        account_obs_id,
        printed_basic_obs_id,
        printed_pension_obs_id
    FROM formula
)
SELECT
    period,
    region,
    scheme,
    base_pct,
    contribution_year,
    wage_period,
    wage_yuan_month,
    basic_rate_pct,
    divisor_month,
    account_rate_pct,
    min_year,
    basic_yuan_month,
    account_yuan_month,
    account_balance_yuan,
    pension_yuan_month,
    percent_of(pension_yuan_month, wage_yuan_month) AS replacement_pct,
    pension_yuan_month - first_value(pension_yuan_month) IGNORE NULLS OVER (
        PARTITION BY period, region, scheme, base_pct ORDER BY contribution_year
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    ) AS gain_yuan_month,
    proportional_yuan_month,
    account_paid_yuan_year,
    CAST(account_paid_yuan_year * contribution_year AS DECIMAL(38, 12)) AS account_nominal_yuan,
    exact_div(account_paid_yuan_year * contribution_year, divisor_month) AS account_nominal_yuan_month,
    basic_share_pct,
    printed_basic_yuan_month,
    printed_pension_yuan_month,
    wage_obs_id,
    basic_rate_obs_id,
    divisor_obs_id,
    account_rate_obs_id,
    min_year_obs_id,
    start_obs_id,
    step_obs_id,
    account_obs_id,
    printed_basic_obs_id,
    printed_pension_obs_id
FROM pension
ORDER BY period, region, scheme, base_pct, contribution_year
