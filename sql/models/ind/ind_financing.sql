-- name:  ind_financing
-- grain: period, region, scheme, population, area
-- doc:   Financing of residents' insurance (筹资): what is paid per insured person and year, by whom, and what it comes to. One row
--        per group of persons with a standard of its own; area: a group of regions with its own standard, _T where there is
--        one for all; what is paid without regard to the area counts in each. individual, government, central, province, city,
--        county: the standard by payer, in yuan per person; level_yuan_person is the sum of the levels of government that are
--        stated and the individual. standard_yuan_person: individual + government, else the sum of the levels, else the printed
--        standard. …_yuan: standard × insured persons of the group. target_yuan_person: what another scheme has per person in
--        the same place (or the level above) and year; gap_yuan_person is the target less the standard; printed_gap the
--        source's. increase_yuan: what the budgets would pay more to close the gap, persons × gap.
-- columns: individual_yuan_person = paid by the person, yuan a person; government_yuan_person = paid by budgets, yuan a person;
--        central_yuan_person = of which the centre, yuan a person; province_yuan_person = of which the province, yuan a person;
--        city_yuan_person = of which the city, yuan a person; county_yuan_person = of which the county, yuan a person;
--        level_yuan_person = the levels that are stated and the person added up, yuan a person; standard_yuan_person = all
--        payers together, yuan a person; printed_standard_yuan_person = the source's own standard, yuan a person;
--        individual_yuan = insured × paid by the person, yuan; government_yuan = insured × paid by budgets, yuan; central_yuan
--        = insured × the centre's part, yuan; province_yuan = insured × the province's part, yuan; city_yuan = insured × the
--        city's part, yuan; county_yuan = insured × the county's part, yuan; target_yuan_person = standard of the scheme that
--        is aimed at, yuan a person; target_scheme = that scheme; gap_yuan_person = target less own standard, yuan a person;
--        printed_gap_yuan_person = the source's own gap, yuan a person; increase_yuan = insured × gap, yuan
WITH rule AS (
    SELECT
        indicator,
        period,
        region,
        scheme,
        population,
        COALESCE(breakdown_value(breakdown, 'area'), '_T') AS area,
        COALESCE(breakdown_value(breakdown, 'payer'), '_T') AS payer,
        value,
        obs_id
    FROM core_rule
    WHERE
        indicator IN ('financing_standard_yuan_person', 'financing_gap_yuan_person') AND standing = 'in-force'
        AND ownership = '_T' AND industry = '_T'
),
place AS (
    SELECT
        period,
        region,
        scheme,
        population,
        area,
        MAX(CASE WHEN area = '_T' THEN 0 ELSE 1 END) OVER (PARTITION BY period, region, scheme, population) AS by_area
    FROM rule
    GROUP BY period, region, scheme, population, area
),
-- Where some payer's standard differs by area, the rows are the areas, and the rest is the same in each.
scope AS (
    SELECT
        p.period,
        p.region,
        p.scheme,
        p.population,
        p.area,
        r.indicator,
        r.payer,
        r.value,
        r.obs_id
    FROM place AS p
    INNER JOIN rule AS r
        ON r.period = p.period AND r.region = p.region AND r.scheme = p.scheme AND r.population = p.population
        AND (r.area = p.area OR r.area = '_T')
    WHERE p.by_area = 0 OR p.area <> '_T'
),
standard AS (
    SELECT
        period,
        region,
        scheme,
        population,
        area,
        MAX(CASE WHEN indicator = 'financing_standard_yuan_person' AND payer = 'individual' THEN value END) AS individual,
        MAX(CASE WHEN indicator = 'financing_standard_yuan_person' AND payer = 'government' THEN value END) AS government,
        MAX(CASE WHEN indicator = 'financing_standard_yuan_person' AND payer = 'central' THEN value END) AS central,
        MAX(CASE WHEN indicator = 'financing_standard_yuan_person' AND payer = 'province' THEN value END) AS province,
        MAX(CASE WHEN indicator = 'financing_standard_yuan_person' AND payer = 'city' THEN value END) AS city,
        MAX(CASE WHEN indicator = 'financing_standard_yuan_person' AND payer = 'county' THEN value END) AS county,
        SUM(
            CASE
                WHEN indicator = 'financing_standard_yuan_person' AND payer IN ('central', 'province', 'city', 'county')
                    THEN value
            END
        ) AS levels,
        MAX(CASE WHEN indicator = 'financing_standard_yuan_person' AND payer = '_T' THEN value END) AS printed,
        MAX(CASE WHEN indicator = 'financing_gap_yuan_person' AND payer = '_T' THEN value END) AS printed_gap,
        string_agg(obs_id, ' ' ORDER BY obs_id) AS obs_id
    FROM scope
    GROUP BY period, region, scheme, population, area
),
person AS (
    SELECT period, region, scheme, population, value, obs_id
    FROM core_figure
    WHERE
        indicator = 'insured_person' AND period_kind = 'stock' AND ownership = '_T' AND industry = '_T' AND breakdown = '_T'
),
target AS (
    SELECT
        s.period,
        s.region,
        s.scheme,
        s.population,
        s.area,
        t.value,
        t.scheme AS target_scheme,
        t.obs_id,
        ROW_NUMBER() OVER (
            PARTITION BY s.period, s.region, s.scheme, s.population, s.area ORDER BY a.distance, t.value DESC, t.scheme
        ) AS place
    FROM standard AS s
    INNER JOIN core_ancestor AS a ON a.list = 'region' AND a.code = s.region
    INNER JOIN core_figure AS t ON t.region = a.ancestor AND t.period = s.period AND t.scheme <> s.scheme
    WHERE
        t.indicator = 'financing_mean_yuan_person' AND t.period_kind = 'rate' AND t.ownership = '_T' AND t.industry = '_T'
        AND t.population = '_T' AND t.breakdown = '_T'
),
financed AS (
    SELECT
        s.period,
        s.region,
        s.scheme,
        s.population,
        s.area,
        p.value AS insured_person,
        s.individual,
        s.government,
        s.central,
        s.province,
        s.city,
        s.county,
        CAST(s.levels + s.individual AS DECIMAL(38, 6)) AS level_sum,
        COALESCE(s.individual + s.government, CAST(s.levels + s.individual AS DECIMAL(38, 6)), s.printed) AS standard,
        s.printed,
        t.value AS target,
        t.target_scheme,
        s.printed_gap,
        p.obs_id AS insured_obs_id,
        s.obs_id AS standard_obs_id,
        t.obs_id AS target_obs_id
    FROM standard AS s
    LEFT JOIN person AS p
        ON p.period = s.period AND p.region = s.region AND p.scheme = s.scheme AND p.population = s.population
    LEFT JOIN target AS t
        ON t.place = 1 AND t.period = s.period AND t.region = s.region AND t.scheme = s.scheme
        AND t.population = s.population AND t.area = s.area
)
SELECT
    period,
    region,
    scheme,
    population,
    area,
    insured_person,
    individual AS individual_yuan_person,
    government AS government_yuan_person,
    central AS central_yuan_person,
    province AS province_yuan_person,
    city AS city_yuan_person,
    county AS county_yuan_person,
    level_sum AS level_yuan_person,
    standard AS standard_yuan_person,
    printed AS printed_standard_yuan_person,
    CAST(insured_person * standard AS DECIMAL(38, 6)) AS financing_yuan,
    CAST(insured_person * individual AS DECIMAL(38, 6)) AS individual_yuan,
    CAST(insured_person * government AS DECIMAL(38, 6)) AS government_yuan,
    CAST(insured_person * central AS DECIMAL(38, 6)) AS central_yuan,
    CAST(insured_person * province AS DECIMAL(38, 6)) AS province_yuan,
    CAST(insured_person * city AS DECIMAL(38, 6)) AS city_yuan,
    CAST(insured_person * county AS DECIMAL(38, 6)) AS county_yuan,
    target AS target_yuan_person,
    target_scheme,
    target - standard AS gap_yuan_person,
    printed_gap AS printed_gap_yuan_person,
    CAST(insured_person * COALESCE(target - standard, printed_gap) AS DECIMAL(38, 6)) AS increase_yuan,
    insured_obs_id,
    standard_obs_id,
    target_obs_id
FROM financed
ORDER BY period, region, scheme, population, area
