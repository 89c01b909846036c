-- name:  ind_financing_total
-- grain: period, region, scheme
-- doc:   The financing of a scheme in a year, all groups together. fund_yuan: the year's fund as printed; percap_yuan that per
--        insured person, which must lie between the lowest and highest standard (standard_yuan_person_min, _max). computed_yuan:
--        persons × standard, added up over the groups where the persons of each are known; where the standard differs by area
--        and the persons of the areas are not known, computed_yuan is null and lies between computed_min_yuan and
--        computed_max_yuan: all persons at the lowest and at the highest standard. residual_yuan = computed − printed.
--        upper_group, upper_share_pct: of two groups with two standards, the share of the one with the higher standard that
--        the printed fund implies. part_person: the groups' persons added up. increase_yuan: the groups' additional subsidies
--        added up; printed_increase_yuan the source's total, level_increase_yuan what it prints for city and county together.
-- columns: part_person = insured persons of all groups added up; fund_yuan = the source's own financing of the year, yuan;
--        percap_yuan = that per insured person, yuan; standard_yuan_person_min = lowest standard of the year, yuan a person;
--        standard_yuan_person_max = highest standard of the year, yuan a person; computed_yuan = insured of each group × its
--        standard, yuan; computed_min_yuan = all insured × the lowest standard, yuan; computed_max_yuan = all insured × the
--        highest standard, yuan; residual_yuan = computed less printed, yuan; upper_group = the group with the highest
--        standard; upper_share_pct = its share that the printed financing implies, percent; increase_yuan = what budgets would
--        pay more, yuan; printed_increase_yuan = the source's own increase, yuan; city_increase_yuan = of which the city pays,
--        yuan; county_increase_yuan = of which counties pay, yuan; level_increase_yuan = what the source prints for city and
--        county together, yuan
WITH fund AS (
    SELECT period, region, scheme, value, obs_id
    FROM core_figure
    WHERE
        indicator = 'fund_total_yuan' AND period_kind = 'flow' AND ownership = '_T' AND industry = '_T'
        AND population = '_T' AND breakdown = '_T'
),
person AS (
    SELECT period, region, scheme, value, obs_id
    FROM core_figure
    WHERE
        indicator = 'insured_person' AND period_kind = 'stock' AND ownership = '_T' AND industry = '_T'
        AND population = '_T' AND breakdown = '_T'
),
subsidy AS (
    SELECT
        period,
        region,
        scheme,
        MAX(CASE WHEN breakdown = '_T' THEN value END) AS total,
        MAX(CASE WHEN breakdown = 'payer=city' THEN value END) AS city,
        MAX(CASE WHEN breakdown = 'payer=county' THEN value END) AS county,
        MAX(CASE WHEN breakdown = '_T' THEN obs_id END) AS total_obs_id,
        MAX(CASE WHEN breakdown = 'payer=city' THEN obs_id END) AS city_obs_id,
        MAX(CASE WHEN breakdown = 'payer=county' THEN obs_id END) AS county_obs_id
    FROM core_figure
    WHERE indicator = 'subsidy_increase_yuan' AND period_kind = 'flow' AND ownership = '_T' AND industry = '_T' AND population = '_T'
    GROUP BY period, region, scheme
),
total AS (
    SELECT
        period,
        region,
        scheme,
        SUM(CASE WHEN population <> '_T' AND area = '_T' THEN insured_person END) AS part_person,
        SUM(CASE WHEN area = '_T' THEN financing_yuan END) AS financing_yuan,
        SUM(increase_yuan) AS increase_yuan,
        MIN(standard_yuan_person) AS standard_min,
        MAX(standard_yuan_person) AS standard_max,
        COUNT(DISTINCT area) AS area_count,
        COUNT(DISTINCT population) AS group_count,
        COUNT(CASE WHEN population = '_T' THEN 1 END) AS whole_count,
        COUNT(DISTINCT CASE WHEN government_yuan_person IS NOT NULL THEN population END) AS paid_group_count,
        MIN(CASE WHEN government_yuan_person IS NOT NULL THEN standard_yuan_person END) AS paid_min,
        MAX(CASE WHEN government_yuan_person IS NOT NULL THEN standard_yuan_person END) AS paid_max,
        first_value(CASE WHEN government_yuan_person IS NOT NULL THEN population END ORDER BY
            CASE WHEN government_yuan_person IS NOT NULL THEN standard_yuan_person END DESC NULLS LAST) AS upper_group
    FROM ind_financing
    GROUP BY period, region, scheme
),
quantity AS (
    SELECT period, region, scheme FROM total
    UNION
    SELECT period, region, scheme FROM fund
    UNION
    SELECT period, region, scheme FROM subsidy
),
joined AS (
    SELECT
        q.period,
        q.region,
        q.scheme,
        p.value AS insured_person,
        CAST(t.part_person AS DECIMAL(38, 6)) AS part_person,
        f.value AS fund_yuan,
        t.standard_min,
        t.standard_max,
        -- The groups' sum is the scheme's when their persons are all its persons.
        CASE
            WHEN t.area_count = 1 AND (t.whole_count = 1 AND t.group_count = 1 OR CAST(t.part_person AS DECIMAL(38, 6)) = p.value)
                THEN CAST(t.financing_yuan AS DECIMAL(38, 6))
        END AS computed_yuan,
        CASE WHEN t.whole_count > 0 AND t.group_count = 1 THEN CAST(p.value * t.standard_min AS DECIMAL(38, 6)) END AS computed_min_yuan,
        CASE WHEN t.whole_count > 0 AND t.group_count = 1 THEN CAST(p.value * t.standard_max AS DECIMAL(38, 6)) END AS computed_max_yuan,
        CASE WHEN t.paid_group_count = 2 AND t.area_count = 1 THEN t.upper_group END AS upper_group,
        CASE
            WHEN t.paid_group_count = 2 AND t.area_count = 1
                THEN percent_of(f.value - t.paid_min * p.value, (t.paid_max - t.paid_min) * p.value)
        END AS upper_share_pct,
        CAST(t.increase_yuan AS DECIMAL(38, 6)) AS increase_yuan,
        s.total AS printed_increase_yuan,
        s.city AS city_increase_yuan,
        s.county AS county_increase_yuan,
        p.obs_id AS insured_obs_id,
        f.obs_id AS fund_obs_id,
        s.total_obs_id AS printed_increase_obs_id,
        s.city_obs_id,
        s.county_obs_id
    FROM quantity AS q
    LEFT JOIN total AS t ON t.period = q.period AND t.region = q.region AND t.scheme = q.scheme
    LEFT JOIN fund AS f ON f.period = q.period AND f.region = q.region AND f.scheme = q.scheme
    LEFT JOIN person AS p ON p.period = q.period AND p.region = q.region AND p.scheme = q.scheme
    LEFT JOIN subsidy AS s ON s.period = q.period AND s.region = q.region AND s.scheme = q.scheme
)
SELECT
    period,
    region,
    scheme,
    insured_person,
    part_person,
    fund_yuan,
    exact_div(fund_yuan, insured_person) AS percap_yuan,
    standard_min AS standard_yuan_person_min,
    standard_max AS standard_yuan_person_max,
    computed_yuan,
    computed_min_yuan,
    computed_max_yuan,
    computed_yuan - fund_yuan AS residual_yuan,
    upper_group,
    upper_share_pct,
    increase_yuan,
    printed_increase_yuan,
    city_increase_yuan,
    county_increase_yuan,
    city_increase_yuan + county_increase_yuan AS level_increase_yuan,
    insured_obs_id,
    fund_obs_id,
    printed_increase_obs_id,
    city_obs_id,
    county_obs_id
FROM joined
ORDER BY period, region, scheme
