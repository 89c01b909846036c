-- name:  ind_arrears_stated
-- grain: period, region, scheme, ownership, industry
-- doc:   Contributions owed as the sources state them, and their sums: where the arrears stated by scheme and kind of unit add
--        up to the printed total of their place and time, nothing is left out, and the sum over schemes, over the schemes of
--        one kind and over kinds of unit is a row too, with part_count, the number of parts. total_yuan: the printed total of
--        the place and time; parts_yuan: what its parts add up to. ind_arrears makes rates of it.
-- columns: recovered_yuan = recovered over the period, yuan; new_arrears_yuan = newly owed over the period, yuan;
--        months_overdue_max = months for which the unit longest in arrears owes; part_count = parts that the figure is the sum
--        of, null: it is printed; total_yuan = the printed total of the place and time, yuan; parts_yuan = what the parts of
--        the total add up to, yuan
WITH figure AS (
    SELECT
        indicator, period_kind, period, period_end, region, scheme, ownership, industry, value, rounding, qualifier, obs_id
    FROM core_figure
    WHERE population = '_T' AND breakdown = '_T'
),
stated AS (
    SELECT
        period,
        MIN(period_end) AS period_end,
        region,
        scheme,
        ownership,
        industry,
        MAX(CASE WHEN indicator = 'arrears_yuan' THEN value END) AS arrears_yuan,
        MAX(CASE WHEN indicator = 'arrears_yuan' THEN rounding END) AS arrears_rounding,
        MAX(CASE WHEN indicator = 'arrears_recovered_yuan' THEN value END) AS recovered_yuan,
        MAX(CASE WHEN indicator = 'arrears_new_yuan' THEN value END) AS new_arrears_yuan,
        MAX(CASE WHEN indicator = 'arrears_unit' THEN value END) AS arrears_unit,
        MAX(CASE WHEN indicator = 'arrears_overdue_month_max' THEN value END) AS months_overdue_max,
        NULLIF(
            string_agg(
                CASE WHEN qualifier IN ('at_least', 'at_most', 'about') THEN concat(indicator, ' ', qualifier) END,
                ' ' ORDER BY indicator
            ),
            ''
        ) AS qualifier,
        MAX(CASE WHEN indicator = 'arrears_yuan' THEN obs_id END) AS arrears_obs_id,
        MAX(CASE WHEN indicator = 'arrears_recovered_yuan' THEN obs_id END) AS recovered_obs_id,
        MAX(CASE WHEN indicator = 'arrears_new_yuan' THEN obs_id END) AS new_arrears_obs_id,
        MAX(CASE WHEN indicator = 'arrears_unit' THEN obs_id END) AS arrears_unit_obs_id,
        MAX(CASE WHEN indicator = 'arrears_overdue_month_max' THEN obs_id END) AS months_overdue_obs_id
    FROM figure
    WHERE
        (indicator IN ('arrears_yuan', 'arrears_unit', 'arrears_overdue_month_max') AND period_kind = 'stock')
        OR (indicator IN ('arrears_recovered_yuan', 'arrears_new_yuan') AND period_kind = 'flow')
    GROUP BY period, region, scheme, ownership, industry
),
part AS (
    SELECT period, period_end, region, scheme, ownership, industry, arrears_yuan, arrears_rounding, arrears_obs_id
    FROM stated
    WHERE scheme <> '_T' AND ownership <> '_T' AND arrears_yuan IS NOT NULL
),
total AS (
    -- The printed total, what the parts add up to, and whether they are all of it.
    SELECT
        w.period,
        w.region,
        w.industry,
        w.arrears_yuan AS total_yuan,
        w.arrears_obs_id AS total_obs_id,
        SUM(p.arrears_yuan) AS parts_yuan,
        CAST(ABS(SUM(p.arrears_yuan) - w.arrears_yuan) AS DECIMAL(38, 12))
            <= CAST(SUM(p.arrears_rounding) + MIN(w.arrears_rounding) AS DECIMAL(38, 12)) AS is_whole
    FROM stated AS w
    INNER JOIN part AS p ON p.period = w.period AND p.region = w.region AND p.industry = w.industry
    WHERE w.scheme = '_T' AND w.ownership = '_T' AND w.arrears_yuan IS NOT NULL
    GROUP BY w.period, w.region, w.industry, w.arrears_yuan, w.arrears_obs_id
),
parent AS (
    SELECT DISTINCT code, parent FROM core_code WHERE list = 'scheme' AND parent IS NOT NULL AND parent <> '_T'
),
widened AS (
    -- A part counts in its scheme, in the scheme above it and in all; in its kind of unit and in all.
    SELECT
        p.period,
        p.period_end,
        p.region,
        CASE s.width WHEN 'own' THEN p.scheme WHEN 'above' THEN a.parent ELSE '_T' END AS scheme,
        CASE o.width WHEN 'own' THEN p.ownership ELSE '_T' END AS ownership,
        p.industry,
        p.arrears_yuan,
        p.arrears_obs_id
    FROM part AS p
    INNER JOIN total AS t
        ON t.is_whole AND t.period = p.period AND t.region = p.region AND t.industry = p.industry
    LEFT JOIN parent AS a ON a.code = p.scheme
    CROSS JOIN (SELECT column1 AS width FROM (VALUES ('own'), ('above'), ('all'))) AS s
    CROSS JOIN (SELECT column1 AS width FROM (VALUES ('own'), ('all'))) AS o
),
summed AS (
    SELECT
        period,
        MIN(period_end) AS period_end,
        region,
        scheme,
        ownership,
        industry,
        CAST(SUM(arrears_yuan) AS DECIMAL(38, 6)) AS arrears_yuan,
        COUNT(arrears_obs_id) AS part_count,
        string_agg(arrears_obs_id, ' ' ORDER BY arrears_obs_id) AS arrears_obs_id
    FROM widened
    WHERE scheme IS NOT NULL
    GROUP BY period, region, scheme, ownership, industry
)
SELECT
    COALESCE(s.period, u.period) AS period,
    COALESCE(s.period_end, u.period_end) AS period_end,
    COALESCE(s.region, u.region) AS region,
    COALESCE(s.scheme, u.scheme) AS scheme,
    COALESCE(s.ownership, u.ownership) AS ownership,
    COALESCE(s.industry, u.industry) AS industry,
    COALESCE(s.arrears_yuan, u.arrears_yuan) AS arrears_yuan,
    s.recovered_yuan,
    s.new_arrears_yuan,
    s.arrears_unit,
    s.months_overdue_max,
    CASE WHEN s.arrears_yuan IS NULL THEN u.part_count END AS part_count,
    s.qualifier,
    COALESCE(s.arrears_obs_id, u.arrears_obs_id) AS arrears_obs_id,
    s.recovered_obs_id,
    s.new_arrears_obs_id,
    s.arrears_unit_obs_id,
    s.months_overdue_obs_id,
    t.total_yuan,
    t.total_obs_id,
    CAST(t.parts_yuan AS DECIMAL(38, 6)) AS parts_yuan
FROM stated AS s
FULL JOIN summed AS u
    ON u.period = s.period AND u.region = s.region AND u.scheme = s.scheme
    AND u.ownership = s.ownership AND u.industry = s.industry
LEFT JOIN total AS t
    ON t.period = COALESCE(s.period, u.period) AND t.region = COALESCE(s.region, u.region)
    AND t.industry = COALESCE(s.industry, u.industry)
ORDER BY period, region, scheme, ownership, industry
