-- name:  ind_structure
-- grain: indicator, period, region, scheme, ownership, industry, population, breakdown, dimension
-- doc:   What share of a whole a part is (构成), by registration type, industry, group of persons (sex, migrant workers, the
--        self-employed, …), region or further groups. The dimensions name the part; along `dimension` the whole is whole_code,
--        the nearest one above it that is stated, all else equal. The whole is of the part's own period; a stock whose whole
--        is stated for another day of the year alone is set against the last one, which whole_period tells. share_pct is
--        unrounded, printed_pct the source's own share, rest_value the whole less this part (which is not one group).
--        parts_value adds up the parts of the whole that cannot overlap, remainder_value is what they leave of the whole (其他
--        未列明; negative, where they exceed it): registration types, industries, regions, and what a table declares to be
--        parts ([[sum]], [[part_of]]); null for women, migrant workers and other groups that overlap, and for the non-public
--        sector, which cuts across registration types. estimated: where share and part are printed without the whole, or
--        share and whole without the part, the third is worked out (推算; retirees in a scheme are its recipients).
--        qualifier: how the texts bound part, whole and share (at_least, at_most, about).
-- columns: indicator = the indicator, a code of core_indicator; dimension = the dimension by which a whole is divided; whole_code
--        = the code of the whole; whole_period = the period of the whole; part_value = the part, in the base unit; whole_value
--        = the whole, in the base unit; share_pct = share of the whole, percent; printed_pct = the source's own percentage;
--        rest_value = the whole less the part, in the base unit; parts_value = the parts that are stated added up, in the base
--        unit; remainder_value = the whole less all parts: a group that is not named; estimated = of part, whole and share the
--        one that is not printed, worked out
WITH figure AS (
    SELECT indicator, period, region, scheme, ownership, industry, population, breakdown, value, qualifier, obs_id
    FROM core_figure
    WHERE period_kind IN ('stock', 'flow')
),
parent AS (
    SELECT DISTINCT code, parent
    FROM core_code
    WHERE list = 'region' AND parent IS NOT NULL
),
total AS (
    SELECT whole_obs_id, dimension, SUM(part_value) AS parts_value
    FROM ind_structure_part
    WHERE is_apart AND turn = 1
    GROUP BY whole_obs_id, dimension
),
share AS (
    -- Printed shares, with what they are a share of.
    SELECT
        i.numerator AS indicator, f.period, f.period_kind, f.region, f.scheme, f.ownership, f.industry, f.population,
        f.breakdown, f.value, f.qualifier, f.obs_id,
        CASE
            WHEN f.indicator = 'share_of_province_pct' THEN 'region'
            WHEN f.ownership <> '_T' THEN 'ownership'
            WHEN f.industry <> '_T' THEN 'industry'
            ELSE 'population'
        END AS dimension
    FROM core_figure AS f
    INNER JOIN core_indicator AS i ON i.indicator = f.indicator AND i.numerator = i.denominator AND i.numerator <> ''
    WHERE f.period_kind = 'rate' AND i.unit = 'percent' AND i.numerator <> 'pension_mean_yuan_month'
),
estimate AS (
    SELECT
        s.indicator, s.period, s.region, s.scheme, s.ownership, s.industry, s.population, s.breakdown, s.dimension,
        p.value AS part_value,
        CASE
            WHEN s.dimension = 'region' THEN a.parent
            ELSE '_T'
        END AS whole_code,
        w.value AS whole_value,
        s.value AS printed_pct,
        p.qualifier AS part_qualifier,
        w.qualifier AS whole_qualifier,
        s.qualifier AS share_qualifier,
        p.obs_id AS part_obs_id,
        w.obs_id AS whole_obs_id,
        s.obs_id AS printed_obs_id
    FROM share AS s
    LEFT JOIN ind_structure_part AS c
        ON c.indicator = s.indicator AND c.period = s.period AND c.region = s.region AND c.scheme = s.scheme
        AND c.ownership = s.ownership AND c.industry = s.industry AND c.population = s.population
        AND c.breakdown = s.breakdown AND c.dimension = s.dimension
    LEFT JOIN parent AS a ON a.code = s.region
    LEFT JOIN figure AS p
        ON p.indicator = s.indicator AND p.period = s.period AND p.region = s.region
        AND (p.scheme = s.scheme OR (s.dimension = 'region' AND p.scheme = '_T' AND s.scheme = '_T'))
        AND p.ownership = s.ownership AND p.industry = s.industry AND p.population = s.population AND p.breakdown = s.breakdown
    LEFT JOIN figure AS w
        ON s.population = 'retiree' AND w.indicator = 'recipient_person' AND w.period = s.period AND w.region = s.region
        AND w.scheme = s.scheme AND w.ownership = '_T' AND w.industry = s.industry AND w.population = '_T'
        AND w.breakdown = s.breakdown
    WHERE c.part_obs_id IS NULL AND (p.obs_id IS NOT NULL OR w.obs_id IS NOT NULL)
)
SELECT
    c.indicator,
    c.period,
    c.region,
    c.scheme,
    c.ownership,
    c.industry,
    c.population,
    c.breakdown,
    c.dimension,
    c.whole_code,
    c.whole_period,
    CAST(c.part_value AS DECIMAL(38, 12)) AS part_value,
    CAST(c.whole_value AS DECIMAL(38, 12)) AS whole_value,
    percent_of(c.part_value, c.whole_value) AS share_pct,
    s.value AS printed_pct,
    CAST(c.whole_value - c.part_value AS DECIMAL(38, 12)) AS rest_value,
    CASE WHEN c.is_apart THEN CAST(t.parts_value AS DECIMAL(38, 6)) END AS parts_value,
    CASE WHEN c.is_apart THEN CAST(c.whole_value - t.parts_value AS DECIMAL(38, 6)) END AS remainder_value,
    CAST(NULL AS VARCHAR) AS estimated,
    NULLIF(
        concat_ws(
            ' ',
            CASE WHEN c.part_qualifier IN ('at_least', 'at_most', 'about') THEN concat('part ', c.part_qualifier) END,
            CASE WHEN c.whole_qualifier IN ('at_least', 'at_most', 'about') THEN concat('whole ', c.whole_qualifier) END
        ),
        ''
    ) AS qualifier,
    c.part_obs_id,
    c.whole_obs_id,
    s.obs_id AS printed_obs_id
FROM ind_structure_part AS c
LEFT JOIN total AS t ON t.whole_obs_id = c.whole_obs_id AND t.dimension = c.dimension
LEFT JOIN share AS s
    ON s.indicator = c.indicator AND s.period = c.period AND s.region = c.region AND s.scheme = c.scheme
    AND s.ownership = c.ownership AND s.industry = c.industry AND s.population = c.population
    AND s.breakdown = c.breakdown AND s.dimension = c.dimension
UNION ALL
SELECT
    indicator,
    period,
    region,
    scheme,
    ownership,
    industry,
    population,
    breakdown,
    dimension,
    whole_code,
    period AS whole_period,
    CAST(COALESCE(part_value, exact_div(whole_value * printed_pct, 100)) AS DECIMAL(38, 12)) AS part_value,
    CAST(COALESCE(whole_value, exact_div(part_value * 100, printed_pct)) AS DECIMAL(38, 12)) AS whole_value,
    CAST(NULL AS DECIMAL(38, 12)) AS share_pct,
    printed_pct,
    CAST(
        COALESCE(whole_value, exact_div(part_value * 100, printed_pct))
        - COALESCE(part_value, exact_div(whole_value * printed_pct, 100)) AS DECIMAL(38, 12)
    ) AS rest_value,
    CAST(NULL AS DECIMAL(38, 6)) AS parts_value,
    CAST(NULL AS DECIMAL(38, 6)) AS remainder_value,
    CASE WHEN part_value IS NULL THEN 'part' ELSE 'whole' END AS estimated,
    NULLIF(
        concat_ws(
            ' ',
            CASE WHEN part_qualifier IN ('at_least', 'at_most', 'about') THEN concat('part ', part_qualifier) END,
            CASE WHEN whole_qualifier IN ('at_least', 'at_most', 'about') THEN concat('whole ', whole_qualifier) END,
            CASE WHEN share_qualifier IN ('at_least', 'at_most', 'about') THEN concat('share ', share_qualifier) END
        ),
        ''
    ) AS qualifier,
    part_obs_id,
    whole_obs_id,
    printed_obs_id
FROM estimate
ORDER BY indicator, period, region, scheme, ownership, industry, population, breakdown, dimension
