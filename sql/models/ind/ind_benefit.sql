-- name:  ind_benefit
-- grain: period, region, scheme, ownership, industry, population
-- doc:   Who draws benefits and what they get (待遇水平). recipient_person: on the last day of the period (stock; retirees where the
--        scheme pays pensions); beneficiary_person: over the period (flow); the two are never added or divided by each other.
--        per_recipient_yuan, per_beneficiary_yuan: the fund's expenditure of the period per head; per_recipient_yuan_month
--        that by the months of the period. pension_yuan_month: the mean pension as printed; growth_pct against
--        previous_period, the last period before with a mean pension, and annual_growth_pct the mean growth per year between.
--        replacement_pct: the mean pension (printed, else per recipient and month) against the mean monthly wage of
--        wage_period, the year before, of the place or the level above. month_yuan: recipients × mean pension;
--        support_month: how many months of it the closing balance pays. to_enterprise_times: mean pension over that of
--        enterprise employees in the same place and period; printed_ratio_pct is a source's own ratio, and
--        implied_yuan_month the mean pension it implies. recipient_pct, beneficiary_pct: per 100 insured of the group, else of
--        all; per_100k: beneficiaries per 100,000 of all insured (work deaths: 工亡率). dependency_times: contributors per
--        recipient (赡养比); contributors are the insured employees, else all insured, as contributor_population says.
--        beneficiary_change_person is against the period before, of
--        the same length. Across a declared break (break says which) there is no growth and no change. implied_recipient_person: all recipients × a printed share.
-- columns: expenditure_yuan = expenditure of the fund over the period, yuan; per_recipient_yuan = expenditure per recipient,
--        yuan; per_recipient_yuan_month = the same per month of the period, yuan; per_beneficiary_yuan = expenditure per
--        beneficiary, yuan; previous_period = the period that is compared to; previous_yuan_month = the one before, yuan a
--        month; growth_pct = growth of the mean pension against previous_period, percent; annual_growth_pct = the same per year
--        between, percent; wage_period = the year of the mean wage; month_yuan = recipients × mean pension, yuan a month;
--        to_enterprise_times = mean pension over that of enterprise employees; printed_ratio_pct = the source's own ratio to
--        it, percent; implied_yuan_month = the mean pension that this ratio implies, yuan a month; recipient_pct = recipients
--        per 100 insured; per_100k = beneficiaries per 100,000 of all insured; contributor_person = who contributes: insured
--        employees, else all insured; contributor_population = whose number that is; previous_beneficiary_person =
--        beneficiaries of the period before; beneficiary_change_person = beneficiaries more than then; implied_recipient_person
--        = all recipients × a printed share; break = why there is no comparison with what was before: a declared break
WITH figure AS (
    SELECT
        indicator, period, period_end, region, scheme, ownership, industry, population, value, obs_id
    FROM core_figure
    WHERE
        breakdown = '_T'
        AND (
            (period_kind = 'flow' AND indicator IN ('fund_expenditure_yuan', 'beneficiary_person', 'work_death_person'))
            OR (period_kind = 'stock' AND indicator IN ('recipient_person', 'insured_person', 'fund_closing_yuan'))
            OR (period_kind = 'rate' AND indicator IN ('pension_mean_yuan_month', 'pension_ratio_pct'))
            OR (period_kind = 'rate' AND indicator = 'insured_share_pct' AND population = 'retiree')
        )
),
over AS (
    SELECT
        period,
        period_end,
        region,
        scheme,
        ownership,
        industry,
        population,
        MAX(CASE WHEN indicator = 'fund_expenditure_yuan' THEN value END) AS expenditure_yuan,
        MAX(CASE WHEN indicator = 'beneficiary_person' THEN value END) AS beneficiary_person,
        MAX(CASE WHEN indicator = 'work_death_person' THEN value END) AS work_death_person,
        MAX(CASE WHEN indicator = 'pension_mean_yuan_month' THEN value END) AS pension_yuan_month,
        MAX(CASE WHEN indicator = 'pension_ratio_pct' THEN value END) AS printed_ratio_pct,
        MAX(CASE WHEN indicator = 'insured_share_pct' THEN value END) AS recipient_share_pct,
        MAX(CASE WHEN indicator = 'fund_expenditure_yuan' THEN obs_id END) AS expenditure_obs_id,
        MAX(CASE WHEN indicator = 'beneficiary_person' THEN obs_id END) AS beneficiary_obs_id,
        MAX(CASE WHEN indicator = 'work_death_person' THEN obs_id END) AS work_death_obs_id,
        MAX(CASE WHEN indicator = 'pension_mean_yuan_month' THEN obs_id END) AS pension_obs_id,
        MAX(CASE WHEN indicator = 'pension_ratio_pct' THEN obs_id END) AS ratio_obs_id,
        MAX(CASE WHEN indicator = 'insured_share_pct' THEN obs_id END) AS share_obs_id
    FROM figure
    WHERE indicator NOT IN ('recipient_person', 'insured_person', 'fund_closing_yuan')
    GROUP BY period, period_end, region, scheme, ownership, industry, population
),
-- The same day may end a month and a year; the shorter name is the year's.
stock AS (
    SELECT
        indicator, period, period_end, region, scheme, ownership, industry, population, value, obs_id,
        ROW_NUMBER() OVER (
            PARTITION BY indicator, period_end, region, scheme, ownership, industry, population ORDER BY LENGTH(period), period
        ) AS place
    FROM figure
    WHERE indicator IN ('recipient_person', 'insured_person', 'fund_closing_yuan')
),
quantity AS (
    SELECT period, period_end, region, scheme, ownership, industry, population FROM over
    UNION
    SELECT s.period, s.period_end, s.region, s.scheme, s.ownership, s.industry, s.population
    FROM stock AS s
    LEFT JOIN over AS o
        ON o.period_end = s.period_end AND o.region = s.region AND o.scheme = s.scheme AND o.ownership = s.ownership
        AND o.industry = s.industry AND o.population = s.population
    WHERE s.indicator = 'recipient_person' AND s.place = 1 AND o.period IS NULL
),
joined AS (
    SELECT
        q.period,
        q.period_end,
        q.region,
        q.scheme,
        q.ownership,
        q.industry,
        q.population,
        o.expenditure_yuan,
        o.beneficiary_person,
        o.work_death_person,
        o.pension_yuan_month,
        o.printed_ratio_pct,
        o.recipient_share_pct,
        r.value AS recipient_person,
        COALESCE(i.value, t.value) AS insured_person,
        t.value AS all_insured_person,
        CASE WHEN q.population = '_T' THEN COALESCE(e.value, t.value) END AS contributor_person,
        CASE
            WHEN q.population <> '_T' THEN NULL
            WHEN e.value IS NOT NULL THEN 'employee'
            WHEN t.value IS NOT NULL THEN '_T'
        END AS contributor_population,
        c.value AS closing_yuan,
        every_recipient.value AS every_recipient_person,
        period_previous(CAST(period_year(q.period) AS VARCHAR)) AS year_before,
        o.expenditure_obs_id,
        o.beneficiary_obs_id,
        o.work_death_obs_id,
        o.pension_obs_id,
        o.ratio_obs_id,
        o.share_obs_id,
        COALESCE(r.obs_id, CASE WHEN o.recipient_share_pct IS NOT NULL THEN every_recipient.obs_id END) AS recipient_obs_id,
        COALESCE(i.obs_id, t.obs_id) AS insured_obs_id,
        CASE WHEN q.population = '_T' THEN COALESCE(e.obs_id, t.obs_id) END AS contributor_obs_id,
        c.obs_id AS closing_obs_id
    FROM quantity AS q
    LEFT JOIN over AS o
        ON o.period = q.period AND o.region = q.region AND o.scheme = q.scheme AND o.ownership = q.ownership
        AND o.industry = q.industry AND o.population = q.population
    LEFT JOIN stock AS r
        ON r.indicator = 'recipient_person' AND r.place = 1 AND r.period_end = q.period_end AND r.region = q.region
        AND r.scheme = q.scheme AND r.ownership = q.ownership AND r.industry = q.industry AND r.population = q.population
    LEFT JOIN stock AS i
        ON i.indicator = 'insured_person' AND i.place = 1 AND i.period_end = q.period_end AND i.region = q.region
        AND i.scheme = q.scheme AND i.ownership = q.ownership AND i.industry = q.industry AND i.population = q.population
    LEFT JOIN stock AS t
        ON t.indicator = 'insured_person' AND t.place = 1 AND t.period_end = q.period_end AND t.region = q.region
        AND t.scheme = q.scheme AND t.ownership = q.ownership AND t.industry = q.industry AND t.population = '_T'
    LEFT JOIN stock AS e
        ON e.indicator = 'insured_person' AND e.place = 1 AND e.period_end = q.period_end AND e.region = q.region
        AND e.scheme = q.scheme AND e.ownership = q.ownership AND e.industry = q.industry AND e.population = 'employee'
    LEFT JOIN stock AS c
        ON c.indicator = 'fund_closing_yuan' AND c.place = 1 AND c.period_end = q.period_end AND c.region = q.region
        AND c.scheme = q.scheme AND c.ownership = q.ownership AND c.industry = q.industry AND c.population = q.population
    LEFT JOIN stock AS every_recipient
        ON every_recipient.indicator = 'recipient_person' AND every_recipient.place = 1
        AND every_recipient.period_end = q.period_end AND every_recipient.region = q.region
        AND every_recipient.scheme = q.scheme AND every_recipient.ownership = '_T'
        AND every_recipient.industry = q.industry AND every_recipient.population = '_T'
),
mean AS (
    SELECT
        period,
        region,
        scheme,
        ownership,
        industry,
        population,
        LAG(period) OVER series AS previous_period,
        LAG(pension_yuan_month) OVER series AS previous_yuan_month,
        LAG(pension_obs_id) OVER series AS previous_obs_id
    FROM over
    WHERE pension_yuan_month IS NOT NULL AND regexp_like(period, '^[0-9]{4}$')
    WINDOW series AS (PARTITION BY region, scheme, ownership, industry, population ORDER BY period)
),
crossed AS (
    -- A mean of a year that begins before the break holds some of both sides.
    SELECT
        m.period, m.region, m.scheme, m.ownership, m.industry, m.population,
        string_agg(b.at || ': ' || b.reason, '; ' ORDER BY b.at) AS break
    FROM mean AS m
    INNER JOIN core_break AS b
        ON b.kind = 'break' AND b.at_day <= CAST(concat(m.period, '-12-31') AS DATE)
        AND b.at_day > CAST(concat(m.previous_period, '-01-01') AS DATE)
        AND (b.indicator IS NULL OR b.indicator = 'pension_mean_yuan_month') AND (b.scheme IS NULL OR b.scheme = m.scheme)
        AND (b.region IS NULL OR b.region = m.region) AND (b.ownership IS NULL OR b.ownership = m.ownership)
        AND (b.industry IS NULL OR b.industry = m.industry)
    WHERE m.previous_period IS NOT NULL
    GROUP BY m.period, m.region, m.scheme, m.ownership, m.industry, m.population
),
beneficiary AS (
    SELECT period, region, scheme, ownership, industry, population, break
    FROM core_series
    WHERE indicator = 'beneficiary_person' AND period_kind = 'flow' AND breakdown = '_T' AND break IS NOT NULL
),
wage AS (
    SELECT
        a.code AS region,
        w.period,
        w.wage_yuan_month,
        w.wage_obs_id,
        ROW_NUMBER() OVER (PARTITION BY a.code, w.period ORDER BY a.distance) AS place
    FROM core_wage AS w
    INNER JOIN core_ancestor AS a ON a.list = 'region' AND a.ancestor = w.region
)
SELECT
    j.period,
    j.region,
    j.scheme,
    j.ownership,
    j.industry,
    j.population,
    j.recipient_person,
    j.beneficiary_person,
    j.expenditure_yuan,
    exact_div(j.expenditure_yuan, j.recipient_person) AS per_recipient_yuan,
    exact_div(j.expenditure_yuan, j.recipient_person * period_month_count(j.period)) AS per_recipient_yuan_month,
    exact_div(j.expenditure_yuan, j.beneficiary_person) AS per_beneficiary_yuan,
    j.pension_yuan_month,
    m.previous_period,
    m.previous_yuan_month,
    CASE WHEN x.break IS NULL THEN change_pct(j.pension_yuan_month, m.previous_yuan_month) END AS growth_pct,
    CASE
        WHEN x.break IS NULL
            THEN annual_growth_pct(
                m.previous_yuan_month, j.pension_yuan_month, period_year(j.period) - period_year(m.previous_period)
            )
    END AS annual_growth_pct,
    w.wage_yuan_month,
    CASE WHEN w.wage_yuan_month IS NOT NULL THEN j.year_before END AS wage_period,
    CASE
        WHEN j.pension_yuan_month IS NOT NULL THEN percent_of(j.pension_yuan_month, w.wage_yuan_month)
        ELSE percent_of(
            j.expenditure_yuan, CAST(j.recipient_person * period_month_count(j.period) * w.wage_yuan_month AS DECIMAL(38, 12))
        )
    END AS replacement_pct,
    j.recipient_person * j.pension_yuan_month AS month_yuan,
    exact_div(j.closing_yuan, j.recipient_person * j.pension_yuan_month) AS support_month,
    exact_div(j.pension_yuan_month, reference.pension_yuan_month) AS to_enterprise_times,
    j.printed_ratio_pct,
    CAST(j.printed_ratio_pct * reference.pension_yuan_month / 100 AS DECIMAL(38, 12)) AS implied_yuan_month,
    j.insured_person,
    percent_of(j.recipient_person, j.insured_person) AS recipient_pct,
    percent_of(j.beneficiary_person, j.insured_person) AS beneficiary_pct,
    exact_div(j.beneficiary_person * 100000, j.all_insured_person) AS per_100k,
    j.work_death_person,
    j.contributor_person,
    j.contributor_population,
    exact_div(j.contributor_person, j.recipient_person) AS dependency_times,
    before.beneficiary_person AS previous_beneficiary_person,
    CASE WHEN y.break IS NULL THEN j.beneficiary_person - before.beneficiary_person END AS beneficiary_change_person,
    NULLIF(concat_ws('; ', x.break, y.break), '') AS break,
    CAST(j.every_recipient_person * j.recipient_share_pct / 100 AS DECIMAL(38, 6)) AS implied_recipient_person,
    j.recipient_obs_id,
    j.beneficiary_obs_id,
    j.expenditure_obs_id,
    j.pension_obs_id,
    m.previous_obs_id,
    w.wage_obs_id,
    j.closing_obs_id,
    j.ratio_obs_id,
    reference.pension_obs_id AS enterprise_obs_id,
    j.insured_obs_id,
    j.contributor_obs_id,
    j.work_death_obs_id,
    j.share_obs_id
FROM joined AS j
LEFT JOIN mean AS m
    ON m.period = j.period AND m.region = j.region AND m.scheme = j.scheme AND m.ownership = j.ownership
    AND m.industry = j.industry AND m.population = j.population
LEFT JOIN wage AS w ON w.place = 1 AND w.period = j.year_before AND w.region = j.region
LEFT JOIN over AS reference
    ON reference.period = j.period AND reference.region = j.region AND reference.scheme = 'pension-enterprise'
    AND reference.ownership = '_T' AND reference.industry = '_T' AND reference.population = '_T'
LEFT JOIN over AS before
    ON before.period = period_previous(j.period) AND before.region = j.region AND before.scheme = j.scheme
    AND before.ownership = j.ownership AND before.industry = j.industry AND before.population = j.population
LEFT JOIN crossed AS x
    ON x.period = j.period AND x.region = j.region AND x.scheme = j.scheme AND x.ownership = j.ownership
    AND x.industry = j.industry AND x.population = j.population
LEFT JOIN beneficiary AS y
    ON y.period = j.period AND y.region = j.region AND y.scheme = j.scheme AND y.ownership = j.ownership
    AND y.industry = j.industry AND y.population = j.population
ORDER BY j.period, j.region, j.scheme, j.ownership, j.industry, j.population
