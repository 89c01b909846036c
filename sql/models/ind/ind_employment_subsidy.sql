-- name:  ind_employment_subsidy
-- grain: period, region, scheme, ownership, population, breakdown
-- doc:   Subsidies that keep or make employment (就业补贴): units subsidised, amount, and amount per unit; the part of a
--        contribution that is refunded to its group (社保补贴), in percent, and the insured persons of the group where they are
--        stated for the same period (of the scheme; for a rule on all schemes: person-times over the schemes stated).
--        qualifier: how the texts bound amount, units and the insured of each scheme.
-- columns: yuan_per_unit = subsidy per unit subsidised, yuan; scheme_count = schemes that take part
WITH figure AS (
    SELECT indicator, period, period_kind, region, scheme, ownership, population, breakdown, value, qualifier, obs_id
    FROM core_figure
    WHERE industry = '_T'
),
subsidy AS (
    SELECT
        period, region, scheme, ownership, population, breakdown,
        MAX(CASE WHEN indicator = 'subsidised_unit' THEN value END) AS subsidised_unit,
        MAX(CASE WHEN indicator = 'unit_subsidy_yuan' THEN value END) AS unit_subsidy_yuan,
        MAX(CASE WHEN indicator = 'contribution_subsidy_pct' THEN value END) AS contribution_subsidy_pct,
        NULLIF(
            string_agg(
                CASE WHEN qualifier IN ('at_least', 'at_most', 'about') THEN concat(indicator, ' ', qualifier) END,
                ' ' ORDER BY indicator
            ),
            ''
        ) AS qualifier,
        string_agg(obs_id, ' ' ORDER BY indicator) AS obs_id
    FROM figure
    WHERE indicator IN ('subsidised_unit', 'unit_subsidy_yuan', 'contribution_subsidy_pct')
    GROUP BY period, region, scheme, ownership, population, breakdown
)
SELECT
    s.period,
    s.region,
    s.scheme,
    s.ownership,
    s.population,
    s.breakdown,
    s.subsidised_unit,
    s.unit_subsidy_yuan,
    exact_div(s.unit_subsidy_yuan, s.subsidised_unit) AS yuan_per_unit,
    s.contribution_subsidy_pct,
    CAST(SUM(i.value) AS DECIMAL(38, 6)) AS insured_person,
    COUNT(i.obs_id) AS scheme_count,
    NULLIF(
        concat_ws(
            ' ',
            s.qualifier,
            string_agg(
                CASE WHEN i.qualifier IN ('at_least', 'at_most', 'about') THEN concat(i.scheme, ' ', i.qualifier) END,
                ' ' ORDER BY i.obs_id
            )
        ),
        ''
    ) AS qualifier,
    s.obs_id,
    NULLIF(string_agg(i.obs_id, ' ' ORDER BY i.obs_id), '') AS insured_obs_id
FROM subsidy AS s
LEFT JOIN figure AS i
    ON s.contribution_subsidy_pct IS NOT NULL AND i.indicator = 'insured_person' AND i.period_kind = 'stock'
    AND i.period = s.period AND i.region = s.region AND i.ownership = s.ownership AND i.population = s.population
    AND i.breakdown = s.breakdown AND (i.scheme = s.scheme OR (s.scheme = '_T' AND i.scheme <> '_T'))
GROUP BY
    s.period, s.region, s.scheme, s.ownership, s.population, s.breakdown, s.subsidised_unit, s.unit_subsidy_yuan,
    s.contribution_subsidy_pct, s.qualifier, s.obs_id
ORDER BY s.period, s.region, s.scheme, s.ownership, s.population, s.breakdown
