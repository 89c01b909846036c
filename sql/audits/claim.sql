-- rule:     claim
-- zh:       文中关于变动或盈亏的陈述应与各年数字相符
-- severity: info
-- doc:      What a text says in words of the figures of a time (逐年增加, 一直超支) holds in every year for which there are figures: a
--           record with claim= in its breakdown and no number, held against the figures that count, and the surplus of a fund also
--           as it is computed (income and recovered arrears less expenditure). rising, falling: from each year to the next,
--           by the printed change of insured persons where there is one (7 and 6.55 alone might be the same); negative, positive: each year. residual = what the first year that contradicts it misses; without figures the claim
--           cannot be verified.
WITH claim AS (
    SELECT
        obs_id, dataset, indicator, period, region, scheme, ownership, industry, population, source_file, sheet, cell, subject, subject_zh,
        citation, breakdown_value(breakdown, 'claim') AS claim, date_part('year', period_start) AS first_year,
        date_part('year', period_end) AS last_year
    FROM core_reading
    WHERE breakdown_value(breakdown, 'claim') IS NOT NULL
),
figure AS (
    SELECT indicator, period, region, scheme, ownership, industry, population, value, rounding, obs_id
    FROM core_figure
    WHERE breakdown = '_T' AND regexp_like(period, '^[0-9]{4}$')
),
measured AS (
    SELECT indicator, period, region, scheme, ownership, industry, population, value, rounding, obs_id FROM figure
    UNION ALL
    SELECT
        'fund_surplus_yuan', b.period, b.region, b.scheme, b.ownership, b.industry, b.population,
        b.surplus_with_recovered_yuan, CAST(0 AS DECIMAL(38, 12)), b.income_obs_id
    FROM ind_fund_balance AS b
    LEFT ANTI JOIN figure AS f
        ON f.indicator = 'fund_surplus_yuan' AND f.period = b.period AND f.region = b.region AND f.scheme = b.scheme
        AND f.ownership = b.ownership AND f.industry = b.industry AND f.population = b.population
    WHERE b.surplus_with_recovered_yuan IS NOT NULL AND regexp_like(b.period, '^[0-9]{4}$')
),
put AS (
    SELECT
        c.obs_id,
        c.claim,
        m.period,
        m.value,
        m.rounding,
        m.obs_id AS figure_obs_id,
        p.value AS printed_change,
        p.rounding AS change_rounding,
        LAG(m.value) OVER (PARTITION BY c.obs_id ORDER BY m.period) AS before,
        LAG(m.rounding) OVER (PARTITION BY c.obs_id ORDER BY m.period) AS rounding_before,
        LAG(m.period) OVER (PARTITION BY c.obs_id ORDER BY m.period) AS period_before
    FROM claim AS c
    INNER JOIN measured AS m
        ON m.indicator = c.indicator AND m.region = c.region AND m.scheme = c.scheme AND m.ownership = c.ownership
        AND m.industry = c.industry AND m.population = c.population AND period_year(m.period) BETWEEN c.first_year AND c.last_year
    LEFT JOIN figure AS p
        ON p.indicator = 'insured_change_person' AND m.indicator = 'insured_person' AND p.period = m.period
        AND p.region = m.region AND p.scheme = m.scheme AND p.ownership = m.ownership AND p.industry = m.industry
        AND p.population = m.population
),
compared AS (
    SELECT
        obs_id,
        claim,
        period,
        figure_obs_id,
        CASE WHEN claim IN ('rising', 'falling') THEN COALESCE(printed_change, value - before) ELSE value END AS number,
        CASE
            WHEN claim IN ('rising', 'falling') THEN COALESCE(change_rounding, rounding + rounding_before) ELSE rounding
        END AS tolerance
    FROM put
    WHERE claim IN ('negative', 'positive') OR period_before = period_previous(period)
),
judged AS (
    SELECT
        obs_id, period, figure_obs_id, number, tolerance,
        CASE
            WHEN claim IN ('rising', 'positive') THEN number + tolerance <= 0
            ELSE number - tolerance >= 0
        END AS fails
    FROM compared
),
counted AS (
    SELECT
        obs_id,
        COUNT(*) AS year_count,
        string_agg(CASE WHEN fails THEN period END, ', ' ORDER BY period) AS failing,
        string_agg(CASE WHEN fails THEN period_zh(period) END, '、' ORDER BY period) AS failing_zh,
        MIN(CASE WHEN fails THEN period END) AS first_failing
    FROM judged
    GROUP BY obs_id
)
SELECT
    CASE WHEN n.obs_id IS NULL THEN 'unverifiable' ELSE 'fail' END AS outcome,
    c.dataset,
    c.period,
    c.region,
    c.scheme,
    c.source_file,
    c.sheet,
    concat_ws(
        ' ', CASE WHEN f.source_file = c.source_file THEN f.cell WHEN f.cell <> '' THEN concat(f.source_file, '!', f.cell) END, c.cell
    ) AS cell,
    j.number AS residual,
    j.tolerance,
    CASE
        WHEN n.obs_id IS NULL
            THEN concat(c.subject, ': ', c.citation, ' cannot be checked, there are no figures of ', c.first_year, ' to ', c.last_year)
        ELSE concat(
            c.subject, ': ', c.citation, ' does not hold for ', n.failing, ' of the ', n.year_count,
            ' years that can be compared; in ', n.first_failing,
            CASE WHEN c.claim IN ('rising', 'falling') THEN ' the change is ' ELSE ' it is ' END,
            number_grouped(exact_div(j.number, f.factor)), ' ', f.unit_name
        )
    END AS message,
    CASE
        WHEN n.obs_id IS NULL
            THEN concat(c.subject_zh, '：', replace(c.citation, ' “', '“'), '无法核对，没有', c.first_year, '年至', c.last_year, '年的数字')
        ELSE concat(
            c.subject_zh, '：', replace(c.citation, ' “', '“'), '，可比的', n.year_count, '年中', n.failing_zh, '不符；',
            period_zh(n.first_failing), CASE WHEN c.claim IN ('rising', 'falling') THEN '变动为' ELSE '为' END,
            number_grouped(exact_div(j.number, f.factor)), f.unit_name
        )
    END AS message_zh,
    CASE
        WHEN n.obs_id IS NULL THEN 'find the figures of these years, or do not repeat the claim'
        ELSE 'say of which years and schemes the words hold'
    END AS suggestion
FROM claim AS c
LEFT JOIN counted AS n ON n.obs_id = c.obs_id
LEFT JOIN judged AS j ON j.obs_id = c.obs_id AND j.period = n.first_failing
LEFT JOIN core_reading AS f ON f.obs_id = j.figure_obs_id
WHERE n.obs_id IS NULL OR n.failing IS NOT NULL
ORDER BY source_file, cell, message
