-- name:  ind_coverage
-- grain: period, region, scheme, ownership, industry, population
-- grows: month, rest
-- doc:   Insured persons per 100 eligible persons (参保率), unrounded, and insured units per 100 units that should be insured
--        (按户数计). A row for every quantity with insured persons or units, with eligible persons of its own scheme, or with a
--        printed rate; a rate is null where one side is missing or nobody is eligible. The eligible persons are those of the
--        scheme itself, else those of all schemes (_T), else the persons whose files are kept (档案托管), else the employed
--        persons: base_indicator says which, base_period when they were counted (a count given for several dates serves each
--        of them). They are always those of the same region, ownership, industry and population; only a scheme that insures
--        employees alone (code list membership) may be set against the employees, which base_population tells. A scheme that
--        takes the place of others (core_concordance) is their sum, insured and eligible persons each (merged_from names them),
--        where every one of them states it. coverage_qualifier: a bound of either side bounds the rate (at_least, at_most, about).
--        gap_person: the eligible persons not insured; printed_gap_person and printed_pct are the source's own. spread_pp: the
--        highest less the lowest coverage among the schemes set against one group, place and time, in percentage points. Units have no
--        population: they stand with the persons of all groups, else with the employees.
--        Months are counted from agency records: distinct persons with a contribution for the month, paid or owed,
--        per 100 persons at work (core_month_insured, core_month_workforce), unless a source states the very figure;
--        where records of a region are missing, the total over all regions says so and has no rate.
-- columns: printed_pct = the source's own percentage; gap_person = eligible persons who are not insured;
--        printed_gap_person = the source's own number of them; coverage_qualifier = how a bound of either side bounds
--        the rate; spread_pp = highest less lowest coverage among the schemes of the group, percentage points;
--        printed_spread_pp = the source's own spread, percentage points; base_indicator = what the insured are set
--        against; base_period = when that was counted; base_population = whose number that is; merged_from = the
--        schemes it took the place of, where it is their sum; printed_unit_pct = the source's own rate by units,
--        percent; missing = the regions whose records of the month have not come, by table: the total lacks them
WITH figure AS (
    SELECT indicator, period, region, scheme, ownership, industry, population, value, obs_id
    FROM core_figure
    WHERE breakdown = '_T'
),
printed AS (
    SELECT
        period,
        region,
        scheme,
        ownership,
        industry,
        population,
        MAX(CASE WHEN indicator = 'insured_person' THEN value END) AS insured_person,
        MAX(CASE WHEN indicator = 'coverage_pct' THEN value END) AS coverage_pct,
        MAX(CASE WHEN indicator = 'uninsured_person' THEN value END) AS gap_person,
        MAX(CASE WHEN indicator = 'coverage_spread_pp' THEN value END) AS spread_pp,
        MAX(CASE WHEN indicator = 'coverage_pct' THEN obs_id END) AS coverage_obs_id
    FROM figure
    WHERE indicator IN ('insured_person', 'coverage_pct', 'uninsured_person', 'coverage_spread_pp')
    GROUP BY period, region, scheme, ownership, industry, population
),
unit AS (
    SELECT
        period,
        region,
        scheme,
        ownership,
        industry,
        MAX(CASE WHEN indicator = 'insured_unit' THEN value END) AS insured_unit,
        MAX(CASE WHEN indicator = 'eligible_unit' THEN value END) AS eligible_unit,
        MAX(CASE WHEN indicator = 'coverage_unit_pct' THEN value END) AS coverage_unit_pct,
        MAX(CASE WHEN indicator = 'insured_unit' THEN obs_id END) AS insured_unit_obs_id,
        MAX(CASE WHEN indicator = 'coverage_unit_pct' THEN obs_id END) AS coverage_unit_obs_id
    FROM figure
    WHERE indicator IN ('insured_unit', 'eligible_unit', 'coverage_unit_pct') AND population = '_T'
    GROUP BY period, region, scheme, ownership, industry
),
predecessor AS (
    -- Schemes that one took the place of as a whole.
    SELECT
        from_code AS code,
        to_code AS parent,
        COUNT(from_code) OVER (PARTITION BY to_code) AS sibling_count
    FROM core_concordance
    WHERE list = 'scheme' AND weight = '1' AND COALESCE(unit, '') IN ('', 'person')
),
merged AS (
    SELECT
        s.period,
        s.region,
        p.parent AS scheme,
        s.ownership,
        s.industry,
        s.population,
        SUM(s.insured_person) AS insured_person,
        CASE WHEN COUNT(s.eligible_person) = COUNT(p.code) THEN SUM(s.eligible_person) END AS eligible_person,
        MAX(CASE WHEN s.insured_qualifier IN ('at_least', 'at_most', 'about') THEN s.insured_qualifier END)
            AS insured_qualifier,
        MAX(CASE WHEN s.eligible_qualifier IN ('at_least', 'at_most', 'about') THEN s.eligible_qualifier END)
            AS eligible_qualifier,
        string_agg(p.code, ' ' ORDER BY p.code) AS merged_from,
        string_agg(s.insured_obs_id, ' ' ORDER BY p.code) AS insured_obs_id,
        string_agg(s.eligible_obs_id, ' ' ORDER BY p.code) AS eligible_obs_id,
        COUNT(p.code) AS part_count,
        MIN(p.sibling_count) AS sibling_count
    FROM ind_coverage_side AS s
    INNER JOIN predecessor AS p ON p.code = s.scheme
    LEFT JOIN printed AS own
        ON own.period = s.period AND own.region = s.region AND own.scheme = p.parent
        AND own.ownership = s.ownership AND own.industry = s.industry AND own.population = s.population
    WHERE s.insured_person IS NOT NULL AND COALESCE(s.choice, 1) = 1 AND own.insured_person IS NULL
    GROUP BY s.period, s.region, p.parent, s.ownership, s.industry, s.population
),
counted AS (
    SELECT
        s.period, s.region, s.scheme, s.ownership, s.industry, s.population,
        s.insured_person, s.eligible_person, s.insured_qualifier, s.eligible_qualifier,
        s.base_indicator, s.base_period, s.base_population, CAST(NULL AS VARCHAR) AS merged_from,
        s.insured_obs_id, s.eligible_obs_id
    FROM ind_coverage_side AS s
    LEFT JOIN merged AS m
        ON m.part_count = m.sibling_count AND m.period = s.period AND m.region = s.region AND m.scheme = s.scheme
        AND m.ownership = s.ownership AND m.industry = s.industry AND m.population = s.population
    WHERE m.merged_from IS NULL
    UNION ALL
    SELECT
        period, region, scheme, ownership, industry, population,
        insured_person, eligible_person, insured_qualifier, eligible_qualifier,
        CASE WHEN eligible_person IS NOT NULL THEN 'eligible_person' END AS base_indicator,
        CASE WHEN eligible_person IS NOT NULL THEN period END AS base_period,
        CASE WHEN eligible_person IS NOT NULL THEN population END AS base_population, merged_from, insured_obs_id,
        CASE WHEN eligible_person IS NOT NULL THEN eligible_obs_id END AS eligible_obs_id
    FROM merged
    WHERE part_count = sibling_count
),
covered AS (
    SELECT
        period,
        region,
        scheme,
        ownership,
        industry,
        population,
        insured_person,
        eligible_person,
        percent_of(insured_person, eligible_person) AS coverage_pct,
        CASE
            WHEN insured_person IS NULL OR eligible_person IS NULL THEN NULL
            WHEN COALESCE(insured_qualifier, '') NOT IN ('at_least', 'at_most', 'about')
                AND COALESCE(eligible_qualifier, '') NOT IN ('at_least', 'at_most', 'about') THEN 'exact'
            WHEN 'about' IN (insured_qualifier, eligible_qualifier) OR insured_qualifier = eligible_qualifier THEN 'about'
            WHEN insured_qualifier = 'at_least' OR eligible_qualifier = 'at_most' THEN 'at_least'
            ELSE 'at_most'
        END AS coverage_qualifier,
        base_indicator,
        base_period,
        base_population,
        merged_from,
        insured_obs_id,
        eligible_obs_id,
        -- The row that units stand with.
        ROW_NUMBER() OVER (
            PARTITION BY period, region, scheme, ownership, industry
            ORDER BY
                CASE WHEN population IN ('_T', 'employee') THEN 0 ELSE 1 END,
                CASE WHEN insured_person IS NULL THEN 1 ELSE 0 END,
                population
        ) AS unit_place
    FROM counted
),
spread AS (
    SELECT
        period,
        region,
        ownership,
        industry,
        base_population,
        CASE WHEN COUNT(coverage_pct) > 1 THEN MAX(coverage_pct) - MIN(coverage_pct) END AS spread_pp
    FROM covered
    WHERE scheme <> '_T' AND merged_from IS NULL
    GROUP BY period, region, ownership, industry, base_population
),
stated AS (
    SELECT
        c.period,
        c.region,
        c.scheme,
        c.ownership,
        c.industry,
        c.population,
        c.insured_person,
        c.eligible_person,
        c.coverage_pct,
        p.coverage_pct AS printed_pct,
        c.eligible_person - c.insured_person AS gap_person,
        p.gap_person AS printed_gap_person,
        c.coverage_qualifier,
        CASE WHEN c.coverage_pct IS NOT NULL AND c.scheme <> '_T' AND c.merged_from IS NULL THEN s.spread_pp END AS spread_pp,
        spread.spread_pp AS printed_spread_pp,
        c.base_indicator,
        c.base_period,
        c.base_population,
        c.merged_from,
        u.insured_unit,
        COALESCE(u.eligible_unit, all_unit.eligible_unit) AS eligible_unit,
        percent_of(u.insured_unit, COALESCE(u.eligible_unit, all_unit.eligible_unit)) AS coverage_unit_pct,
        u.coverage_unit_pct AS printed_unit_pct,
        c.insured_obs_id,
        c.eligible_obs_id,
        p.coverage_obs_id AS printed_obs_id,
        u.insured_unit_obs_id,
        u.coverage_unit_obs_id AS printed_unit_obs_id
    FROM covered AS c
    LEFT JOIN spread AS s
        ON s.period = c.period AND s.region = c.region
        AND s.ownership = c.ownership AND s.industry = c.industry AND s.base_population = c.base_population
    LEFT JOIN printed AS p
        ON p.period = c.period AND p.region = c.region AND p.scheme = c.scheme
        AND p.ownership = c.ownership AND p.industry = c.industry AND p.population = c.population
    LEFT JOIN printed AS spread
        ON spread.scheme = '_T' AND spread.period = c.period AND spread.region = c.region
        AND spread.ownership = c.ownership AND spread.industry = c.industry AND spread.population = c.population
    LEFT JOIN unit AS u
        ON c.unit_place = 1 AND u.period = c.period AND u.region = c.region AND u.scheme = c.scheme
        AND u.ownership = c.ownership AND u.industry = c.industry AND c.population IN ('_T', 'employee')
    LEFT JOIN unit AS all_unit
        ON u.insured_unit IS NOT NULL AND all_unit.scheme = '_T' AND all_unit.period = c.period
        AND all_unit.region = c.region AND all_unit.ownership = c.ownership AND all_unit.industry = c.industry
),
head AS (
    -- Of the groups of persons at work that are told, the widest.
    SELECT
        month, region, ownership, industry, population, workforce_person,
        ROW_NUMBER() OVER (
            PARTITION BY month, region, ownership, industry
            ORDER BY CASE population WHEN '_T' THEN 1 WHEN 'employee' THEN 2 ELSE 3 END, workforce_person DESC, population
        ) AS place
    FROM core_month_workforce
),
recorded AS (
    SELECT
        i.month,
        i.region,
        i.scheme,
        i.ownership,
        i.industry,
        CAST(i.insured_person AS DECIMAL(38, 6)) AS insured_person,
        CAST(i.insured_unit AS DECIMAL(38, 6)) AS insured_unit,
        CAST(h.workforce_person AS DECIMAL(38, 6)) AS eligible_person,
        h.population,
        p.missing
    FROM core_month_insured AS i
    LEFT JOIN head AS h
        ON h.place = 1 AND h.month = i.month AND h.region = i.region AND h.ownership = i.ownership AND h.industry = i.industry
    LEFT JOIN core_month_partial AS p ON p.subject = 'coverage' AND p.region = i.region AND p.month = i.month
)
SELECT
    period, region, scheme, ownership, industry, population, insured_person, eligible_person, coverage_pct,
    printed_pct, gap_person, printed_gap_person, coverage_qualifier, spread_pp, printed_spread_pp,
    base_indicator, base_period, base_population, merged_from, insured_unit, eligible_unit, coverage_unit_pct,
    printed_unit_pct, insured_obs_id, eligible_obs_id, printed_obs_id, insured_unit_obs_id,
    printed_unit_obs_id,
    CAST(NULL AS VARCHAR) AS missing
FROM stated
UNION ALL
SELECT
    r.month AS period,
    r.region,
    r.scheme,
    r.ownership,
    r.industry,
    '_T' AS population,
    r.insured_person,
    r.eligible_person,
    CASE WHEN r.missing IS NULL THEN percent_of(r.insured_person, r.eligible_person) END AS coverage_pct,
    NULL AS printed_pct,
    CASE WHEN r.missing IS NULL THEN r.eligible_person - r.insured_person END AS gap_person,
    NULL AS printed_gap_person,
    CASE WHEN r.missing IS NULL AND r.eligible_person IS NOT NULL THEN 'exact' END AS coverage_qualifier,
    NULL AS spread_pp,
    NULL AS printed_spread_pp,
    CASE WHEN r.eligible_person IS NOT NULL THEN 'workforce_person' END AS base_indicator,
    CASE WHEN r.eligible_person IS NOT NULL THEN r.month END AS base_period,
    r.population AS base_population,
    NULL AS merged_from,
    r.insured_unit,
    NULL AS eligible_unit,
    NULL AS coverage_unit_pct,
    NULL AS printed_unit_pct,
    NULL AS insured_obs_id,
    NULL AS eligible_obs_id,
    NULL AS printed_obs_id,
    NULL AS insured_unit_obs_id,
    NULL AS printed_unit_obs_id,
    r.missing
FROM recorded AS r
LEFT JOIN stated AS t
    ON t.period = r.month AND t.region = r.region AND t.scheme = r.scheme AND t.ownership = r.ownership
    AND t.industry = r.industry AND t.population = '_T'
WHERE t.period IS NULL
ORDER BY period, region, scheme, ownership, industry, population
