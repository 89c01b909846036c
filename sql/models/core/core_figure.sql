-- name:  core_figure
-- grain: indicator, period, period_kind, region, scheme, ownership, industry, population, breakdown
-- doc:   The figure that counts for a quantity. Where several cells state it, the table with the lowest priority number wins,
--        then the first by table_id, then the latest edition; among several statements of one text the declared section.
--        Quantities without a number have no row.
WITH ranked AS (
    SELECT
        r.indicator,
        r.period,
        r.period_kind,
        r.region,
        r.scheme,
        r.ownership,
        r.industry,
        r.population,
        r.breakdown,
        r.period_start,
        r.period_end,
        r.value,
        r.unit,
        r.rounding,
        r.obs_id,
        r.dataset,
        r.table_id,
        ROW_NUMBER() OVER (
            PARTITION BY
                r.indicator, r.period, r.period_kind, r.region, r.scheme, r.ownership, r.industry, r.population, r.breakdown
            ORDER BY t.priority ASC NULLS LAST, r.table_id ASC, r.dataset ASC, r.edition DESC,
                r.preferred DESC NULLS LAST, r.obs_id ASC
        ) AS place
    FROM core_reading AS r
    LEFT JOIN core_table AS t ON t.dataset = r.dataset AND t.table_id = r.table_id
    WHERE r.value IS NOT NULL
)
SELECT
    indicator,
    period,
    period_kind,
    region,
    scheme,
    ownership,
    industry,
    population,
    breakdown,
    period_start,
    period_end,
    value,
    unit,
    rounding,
    obs_id,
    dataset,
    table_id
FROM ranked
WHERE place = 1
ORDER BY indicator, period, period_kind, region, scheme, ownership, industry, population, breakdown
