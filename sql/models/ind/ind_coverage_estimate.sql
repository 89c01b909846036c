-- name:  ind_coverage_estimate
-- grain: period, region, scheme, ownership, industry, population, rate_indicator, estimated_from
-- doc:   What a printed coverage rate and one count say of the counts that are not printed (推算), unrounded. estimated_from:
--        insured_person gives eligible persons and gap; uninsured_person (应参未参) gives eligible and insured persons;
--        eligible_person gives insured persons and gap (employed persons stand in for the eligible where those are not
--        counted). Retirees in the scheme are its recipients. A count goes with the rate of its period, else with the latest
--        one begun before it ends; a rate goes with the latest base begun before it ends; neither across more than one turn
--        of the year, which rate_period and count_period tell. Quantities with both sides printed have no row.
--        count_qualifier and rate_qualifier: how the texts bound
--        either, and so the estimates. The members of
--        employees' mutual medical aid (互助医保) are estimated from their share of the employees.
-- columns: rate_indicator = the rate that the estimate rests on; estimated_from = the count that is printed; rate_pct = that
--        rate, percent; rate_period = when it held; count_person = the persons counted; count_period = when they were counted;
--        count_qualifier = how the text bounds them; rate_qualifier = how the text bounds the rate; gap_person = eligible
--        persons who are not insured
WITH figure AS (
    SELECT
        indicator, period, period_kind, period_start, period_end, region, scheme, ownership, industry, population, value,
        qualifier, obs_id
    FROM core_figure
    WHERE breakdown = '_T'
),
rate AS (
    SELECT
        indicator, period, period_start, period_end, region, scheme, ownership, industry, population, value, qualifier, obs_id,
        CASE WHEN indicator = 'mutual_aid_share_pct' THEN 'employee' ELSE population END AS base_population
    FROM figure
    WHERE indicator IN ('coverage_pct', 'mutual_aid_share_pct')
),
number AS (
    SELECT
        -- Cast, as the engine takes literals and columns for two types of text.
        CAST(
            CASE indicator
                WHEN 'recipient_person' THEN 'insured_person'
                WHEN 'employed_person' THEN 'eligible_person'
                ELSE indicator
            END AS VARCHAR
        ) AS estimated_from,
        CASE WHEN indicator = 'eligible_person' THEN 1 ELSE 2 END AS choice,
        period,
        period_start,
        period_end,
        region,
        scheme,
        ownership,
        industry,
        CASE WHEN indicator = 'recipient_person' THEN 'retiree' ELSE population END AS population,
        value,
        qualifier,
        obs_id
    FROM figure
    WHERE
        period_kind = 'stock'
        AND (
            indicator IN ('insured_person', 'uninsured_person', 'eligible_person', 'employed_person')
            OR (indicator = 'recipient_person' AND population = '_T')
        )
),
pair AS (
    SELECT
        n.estimated_from,
        CASE WHEN n.estimated_from = 'eligible_person' THEN r.period ELSE n.period END AS period,
        r.region,
        r.scheme,
        r.ownership,
        r.industry,
        r.population,
        r.indicator AS rate_indicator,
        r.value AS rate_pct,
        r.period AS rate_period,
        r.qualifier AS rate_qualifier,
        n.value AS count_person,
        n.period AS count_period,
        n.qualifier AS count_qualifier,
        r.obs_id AS rate_obs_id,
        n.obs_id AS count_obs_id,
        ROW_NUMBER() OVER (
            PARTITION BY n.estimated_from, CASE WHEN n.estimated_from = 'eligible_person' THEN r.obs_id ELSE n.obs_id END,
                r.indicator
            ORDER BY
                CASE WHEN n.period = r.period THEN 0 ELSE 1 END,
                CASE WHEN n.estimated_from = 'eligible_person' THEN n.period_end ELSE r.period_end END DESC,
                n.choice,
                r.obs_id,
                n.obs_id
        ) AS place
    FROM rate AS r
    INNER JOIN number AS n
        ON n.region = r.region AND n.ownership = r.ownership AND n.industry = r.industry
        AND (n.scheme = r.scheme OR (n.scheme = '_T' AND n.estimated_from = 'eligible_person'))
        AND CASE WHEN n.estimated_from = 'eligible_person' THEN r.base_population ELSE r.population END = n.population
        AND (r.indicator = 'coverage_pct' OR n.estimated_from = 'eligible_person')
    WHERE
        (
            (n.estimated_from = 'eligible_person' AND n.period_start <= r.period_end)
            OR (n.estimated_from <> 'eligible_person' AND r.period_start <= n.period_end)
        )
        AND ABS(date_part('year', n.period_end) - date_part('year', r.period_end)) <= 1
)
SELECT
    p.period,
    p.region,
    p.scheme,
    p.ownership,
    p.industry,
    p.population,
    p.rate_indicator,
    p.estimated_from,
    p.rate_pct,
    p.rate_period,
    p.count_person,
    p.count_period,
    p.count_qualifier,
    p.rate_qualifier,
    CASE p.estimated_from
        WHEN 'eligible_person' THEN exact_div(p.count_person * p.rate_pct, 100)
        WHEN 'uninsured_person' THEN exact_div(p.count_person * 100, 100 - p.rate_pct) - p.count_person
    END AS insured_person,
    CASE p.estimated_from
        WHEN 'insured_person' THEN exact_div(p.count_person * 100, p.rate_pct)
        WHEN 'uninsured_person' THEN exact_div(p.count_person * 100, 100 - p.rate_pct)
    END AS eligible_person,
    CASE p.estimated_from
        WHEN 'insured_person' THEN exact_div(p.count_person * 100, p.rate_pct) - p.count_person
        WHEN 'eligible_person' THEN p.count_person - exact_div(p.count_person * p.rate_pct, 100)
    END AS gap_person,
    p.rate_obs_id,
    p.count_obs_id
FROM pair AS p
LEFT JOIN ind_coverage AS c
    ON p.rate_indicator = 'coverage_pct' AND c.period = p.period AND c.region = p.region AND c.scheme = p.scheme
    AND c.ownership = p.ownership AND c.industry = p.industry AND c.population = p.population
WHERE p.place = 1 AND c.coverage_pct IS NULL
ORDER BY
    p.period, p.region, p.scheme, p.ownership, p.industry, p.population, p.rate_indicator, p.estimated_from
