-- name:  core_figure
-- grain: indicator, period, period_kind, region, scheme, ownership, industry, population, breakdown
-- doc:   The figure that counts for a quantity. Of a table's editions the latest that states it counts, number or mark. Where
--        several tables or sentences state it, the one that a specification prefers ([[prefer]]) wins, then the table with the
--        lowest priority number, then the first by table_id. Quantities without a number have no row.
--        qualifier: how the text bounds the number, as in core_observation.
-- columns: indicator = the indicator, a code of core_indicator; rounding = half a unit of the last printed digit, in base units
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
        r.qualifier,
        r.obs_id,
        r.dataset,
        r.table_id,
        ROW_NUMBER() OVER (
            PARTITION BY
                r.indicator, r.period, r.period_kind, r.region, r.scheme, r.ownership, r.industry, r.population, r.breakdown
            ORDER BY r.preferred DESC NULLS LAST, t.priority ASC NULLS LAST, r.table_id ASC, r.dataset ASC, r.obs_id ASC
        ) AS place
    FROM core_reading AS r
    INNER JOIN core_vintage AS v ON v.obs_id = r.obs_id AND v.superseded_by IS NULL
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
    qualifier,
    obs_id,
    dataset,
    table_id
FROM ranked
WHERE place = 1
ORDER BY indicator, period, period_kind, region, scheme, ownership, industry, population, breakdown
