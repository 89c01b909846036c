-- name:  ind_contribution
-- grain: period, region, scheme, ownership, industry, population, payer, risk, standing
-- doc:   Contribution rates (缴费比例) as they are laid down, in percent of the contribution base (base: wage, or wage-pension,
--        wages and pensions together), with the days they are in force (see core_rule): valid_to is null while no later rate of
--        the same quantity is known. payer: employer (单位) or individual
--        (个人), _T where one rate stands for the whole; risk: the risk class of the industry, on which work injury rates depend.
--        standing: in-force, or proposed. qualifier bounds the rate (at_most: 不超过). change_pp is the rate less the one before.
--        total_pct: employer and individual together, null unless both are known. above_lowest_pp: the rate less the lowest one
--        of the same place, time, scheme and payer, whatever the ownership. account_pct and pool_pct: the part of the base that
--        goes to the personal account (记入个人账户) and to the pool (社会统筹); account_pct is the printed total, else the sum of
--        its sources; account_and_pool_pct their sum. ceiling_pct: how far the rate is to be raised, by step_pp every step_year
--        years; years_to_ceiling is the time that takes. taxed_pp: what of the rate exceeds the part free of tax.
-- columns: valid_from = first day on which it holds, null: since ever; valid_to = last day on which it holds, null: still;
--        rate_pct = the rate in force, percent; previous_pct = the rate before, percent; change_pp = by how much it changed,
--        percentage points; total_pct = rates of all payers together, percent; above_lowest_pp = above the lowest of its kind,
--        percentage points; account_pct = credited to the personal account, percent of the base; pool_pct = paid into the
--        pooled fund, percent of the base; account_and_pool_pct = both together, percent; ceiling_pct = highest rate that the
--        rule names, percent; step_pp = by how much the rate is raised each time, percentage points; step_year = years from one
--        raise to the next; years_to_ceiling = years until the highest rate is reached; tax_free_pct = share of wages up to
--        which contributions are free of tax, percent; taxed_pp = what lies between the two rates, percentage points
WITH rule AS (
    SELECT
        indicator,
        period,
        valid_from,
        valid_to,
        region,
        scheme,
        ownership,
        industry,
        population,
        COALESCE(breakdown_value(breakdown, 'payer'), '_T') AS payer,
        COALESCE(breakdown_value(breakdown, 'risk'), '_T') AS risk,
        standing,
        breakdown_value(breakdown, 'statistic') AS statistic,
        breakdown_value(breakdown, 'credit') AS credit,
        COALESCE(breakdown_value(breakdown, 'base'), 'wage') AS base,
        value,
        qualifier,
        previous_value,
        change,
        obs_id,
        previous_obs_id
    FROM core_rule
    WHERE
        indicator IN (
            'contribution_rate_pct', 'account_rate_pct', 'pool_rate_pct', 'contribution_rate_step_pp',
            'contribution_rate_step_year', 'annuity_rate_pct', 'annuity_tax_free_pct'
        )
),
quantity AS (
    SELECT
        period,
        region,
        scheme,
        ownership,
        industry,
        population,
        payer,
        risk,
        standing,
        MIN(valid_from) AS valid_from,
        MAX(base) AS base,
        MAX(CASE WHEN indicator IN ('contribution_rate_pct', 'annuity_rate_pct') THEN valid_to END) AS valid_to,
        MAX(CASE WHEN indicator IN ('contribution_rate_pct', 'annuity_rate_pct') THEN value END) AS rate_pct,
        MAX(CASE WHEN indicator IN ('contribution_rate_pct', 'annuity_rate_pct') THEN qualifier END) AS qualifier,
        MAX(CASE WHEN indicator IN ('contribution_rate_pct', 'annuity_rate_pct') THEN previous_value END) AS previous_pct,
        MAX(CASE WHEN indicator IN ('contribution_rate_pct', 'annuity_rate_pct') THEN change END) AS change_pp,
        MAX(CASE WHEN indicator IN ('contribution_rate_pct', 'annuity_rate_pct') THEN obs_id END) AS rate_obs_id,
        MAX(CASE WHEN indicator IN ('contribution_rate_pct', 'annuity_rate_pct') THEN previous_obs_id END) AS previous_obs_id,
        MAX(CASE WHEN indicator = 'account_rate_pct' AND credit IS NULL THEN value END) AS account_total_pct,
        SUM(CASE WHEN indicator = 'account_rate_pct' AND credit IS NOT NULL THEN value END) AS account_parts_pct,
        string_agg(CASE WHEN indicator = 'account_rate_pct' THEN obs_id END, ' ' ORDER BY obs_id) AS account_obs_id,
        MAX(CASE WHEN indicator = 'pool_rate_pct' THEN value END) AS pool_pct,
        MAX(CASE WHEN indicator = 'pool_rate_pct' THEN obs_id END) AS pool_obs_id,
        MAX(CASE WHEN indicator = 'annuity_tax_free_pct' THEN value END) AS tax_free_pct,
        MAX(CASE WHEN indicator = 'annuity_tax_free_pct' THEN obs_id END) AS tax_free_obs_id
    FROM rule
    WHERE
        statistic IS NULL
        AND indicator IN (
            'contribution_rate_pct', 'account_rate_pct', 'pool_rate_pct', 'annuity_rate_pct', 'annuity_tax_free_pct'
        )
    GROUP BY period, region, scheme, ownership, industry, population, payer, risk, standing
),
-- A rate of the level above holds where the place itself states only what is free of tax.
above AS (
    SELECT
        q.period,
        q.region,
        q.scheme,
        q.ownership,
        q.industry,
        q.population,
        q.payer,
        q.risk,
        q.standing,
        r.value AS rate_pct,
        r.qualifier,
        r.obs_id AS rate_obs_id,
        ROW_NUMBER() OVER (
            PARTITION BY
                q.period, q.region, q.scheme, q.ownership, q.industry, q.population, q.payer, q.risk, q.standing
            ORDER BY a.distance, r.valid_from DESC
        ) AS place
    FROM quantity AS q
    INNER JOIN core_ancestor AS a ON a.list = 'region' AND a.code = q.region
    INNER JOIN rule AS r
        ON r.region = a.ancestor AND r.scheme = q.scheme AND r.ownership = q.ownership AND r.industry = q.industry
        AND r.population = q.population AND r.payer = q.payer AND r.risk = q.risk AND r.standing = q.standing
    WHERE
        q.rate_pct IS NULL AND q.tax_free_pct IS NOT NULL AND r.indicator = 'annuity_rate_pct' AND r.statistic IS NULL
        AND r.valid_from <= q.valid_from AND (r.valid_to IS NULL OR r.valid_to >= q.valid_from)
),
plan AS (
    SELECT
        q.period,
        q.region,
        q.scheme,
        q.ownership,
        q.industry,
        q.population,
        q.payer,
        q.risk,
        q.standing,
        MAX(CASE WHEN r.indicator = 'contribution_rate_pct' AND r.statistic = 'maximum' THEN r.value END) AS ceiling_pct,
        MAX(CASE WHEN r.indicator = 'contribution_rate_step_pp' THEN r.value END) AS step_pp,
        MAX(CASE WHEN r.indicator = 'contribution_rate_step_year' THEN r.value END) AS step_year,
        string_agg(r.obs_id, ' ' ORDER BY r.obs_id) AS plan_obs_id
    FROM quantity AS q
    INNER JOIN rule AS r
        ON r.region = q.region AND r.scheme = q.scheme AND r.ownership = q.ownership AND r.industry = q.industry
        AND r.population = q.population AND r.payer = q.payer AND r.risk = q.risk AND r.standing = q.standing
    WHERE
        (
            (r.indicator = 'contribution_rate_pct' AND r.statistic = 'maximum')
            OR r.indicator IN ('contribution_rate_step_pp', 'contribution_rate_step_year')
        )
        AND r.valid_from <= q.valid_from AND (r.valid_to IS NULL OR r.valid_to >= q.valid_from)
    GROUP BY q.period, q.region, q.scheme, q.ownership, q.industry, q.population, q.payer, q.risk, q.standing
),
whole AS (
    SELECT
        period,
        region,
        scheme,
        ownership,
        industry,
        population,
        risk,
        standing,
        MAX(CASE WHEN payer = 'employer' THEN rate_pct END) + MAX(CASE WHEN payer = 'individual' THEN rate_pct END) AS total_pct
    FROM quantity
    GROUP BY period, region, scheme, ownership, industry, population, risk, standing
)
SELECT
    q.period,
    q.region,
    q.scheme,
    q.ownership,
    q.industry,
    q.population,
    q.payer,
    q.risk,
    q.standing,
    q.valid_from,
    q.valid_to,
    q.base,
    COALESCE(q.rate_pct, u.rate_pct) AS rate_pct,
    COALESCE(q.qualifier, u.qualifier) AS qualifier,
    q.previous_pct,
    q.change_pp,
    w.total_pct,
    q.rate_pct - MIN(q.rate_pct) OVER (
        PARTITION BY q.period, q.region, q.scheme, q.industry, q.population, q.payer, q.risk, q.standing
    ) AS above_lowest_pp,
    COALESCE(q.account_total_pct, q.account_parts_pct) AS account_pct,
    q.pool_pct,
    COALESCE(q.account_total_pct, q.account_parts_pct) + q.pool_pct AS account_and_pool_pct,
    p.ceiling_pct,
    p.step_pp,
    p.step_year,
    exact_div((p.ceiling_pct - q.rate_pct) * p.step_year, p.step_pp) AS years_to_ceiling,
    q.tax_free_pct,
    COALESCE(q.rate_pct, u.rate_pct) - q.tax_free_pct AS taxed_pp,
    COALESCE(q.rate_obs_id, u.rate_obs_id) AS rate_obs_id,
    q.previous_obs_id,
    q.account_obs_id,
    q.pool_obs_id,
    p.plan_obs_id,
    q.tax_free_obs_id
FROM quantity AS q
LEFT JOIN above AS u
    ON u.place = 1 AND u.period = q.period AND u.region = q.region AND u.scheme = q.scheme AND u.ownership = q.ownership
    AND u.industry = q.industry AND u.population = q.population AND u.payer = q.payer AND u.risk = q.risk
    AND u.standing = q.standing
LEFT JOIN plan AS p
    ON p.period = q.period AND p.region = q.region AND p.scheme = q.scheme AND p.ownership = q.ownership
    AND p.industry = q.industry AND p.population = q.population AND p.payer = q.payer AND p.risk = q.risk
    AND p.standing = q.standing
LEFT JOIN whole AS w
    ON w.period = q.period AND w.region = q.region AND w.scheme = q.scheme AND w.ownership = q.ownership
    AND w.industry = q.industry AND w.population = q.population AND w.risk = q.risk AND w.standing = q.standing
ORDER BY q.period, q.region, q.scheme, q.ownership, q.industry, q.population, q.payer, q.risk, q.standing
