-- name:  ind_annuity
-- grain: period, region
-- doc:   Enterprise annuity (企业年金): units that have one, per 100 enterprises insured in the enterprise pension scheme. These are
--        the insured units less the individual businesses (个体户), of the same day, else of the last one before it that is not
--        more than one turn of the year away (enterprise_period). rate_pct is the most that may be paid in as a share of wages,
--        tax_free_pct the share up to which that is free of tax, by the rule of the year for the region or the nearest above
--        it; taxed_pp what lies between, in percentage points.
-- columns: annuity_unit = units that have an annuity; enterprise_unit = units insured in the enterprise pension, less individual
--        businesses; enterprise_period = when these were counted; rate_pct = most that may be paid in as a share of wages,
--        percent; tax_free_pct = share of wages up to which contributions are free of tax, percent; taxed_pp = what lies
--        between the two rates, percentage points
WITH figure AS (
    SELECT indicator, period, period_kind, period_end, region, ownership, value, obs_id
    FROM core_figure
    WHERE scheme = 'annuity' AND industry = '_T' AND population = '_T' AND breakdown = '_T'
),
unit AS (
    SELECT period, period_end, region, value, obs_id
    FROM figure
    WHERE indicator = 'insured_unit' AND period_kind = 'stock' AND ownership = '_T'
),
parent AS (
    SELECT DISTINCT code, parent FROM core_code WHERE list = 'region' AND parent IS NOT NULL
),
above AS (
    SELECT code, code AS ancestor, 0 AS distance FROM parent
    UNION ALL
    SELECT code, parent, 1 FROM parent
    UNION ALL
    SELECT a.code, b.parent, 2 FROM parent AS a INNER JOIN parent AS b ON b.code = a.parent
),
enterprise AS (
    SELECT
        u.period,
        u.region,
        s.period AS enterprise_period,
        s.rest_value AS enterprise_unit,
        concat_ws(' ', s.whole_obs_id, s.part_obs_id) AS obs_id,
        ROW_NUMBER() OVER (PARTITION BY u.period, u.region ORDER BY whole.period_end DESC) AS place
    FROM unit AS u
    INNER JOIN ind_structure AS s
        ON s.indicator = 'insured_unit' AND s.scheme = 'pension-enterprise' AND s.region = u.region
        AND s.dimension = 'ownership' AND s.ownership = '400' AND s.industry = '_T' AND s.population = '_T'
        AND s.breakdown = '_T' AND s.whole_code = '_T' AND s.whole_period = s.period
    INNER JOIN core_figure AS whole ON whole.obs_id = s.whole_obs_id
    WHERE
        whole.period_end <= u.period_end
        AND date_part('year', u.period_end) - date_part('year', whole.period_end) <= 1
),
rule AS (
    SELECT
        u.period,
        u.region,
        f.indicator,
        f.value,
        f.obs_id,
        ROW_NUMBER() OVER (PARTITION BY u.period, u.region, f.indicator ORDER BY a.distance, f.period_end DESC) AS place
    FROM unit AS u
    INNER JOIN above AS a ON a.code = u.region
    INNER JOIN figure AS f
        ON f.indicator IN ('annuity_rate_pct', 'annuity_tax_free_pct') AND f.period_kind = 'rule' AND f.region = a.ancestor
        AND date_part('year', f.period_end) = date_part('year', u.period_end)
)
SELECT
    u.period,
    u.region,
    u.value AS annuity_unit,
    e.enterprise_unit,
    e.enterprise_period,
    percent_of(u.value, e.enterprise_unit) AS annuity_unit_pct,
    rate.value AS rate_pct,
    free.value AS tax_free_pct,
    rate.value - free.value AS taxed_pp,
    u.obs_id AS annuity_unit_obs_id,
    e.obs_id AS enterprise_obs_id,
    rate.obs_id AS rate_obs_id,
    free.obs_id AS tax_free_obs_id
FROM unit AS u
LEFT JOIN enterprise AS e ON e.place = 1 AND e.period = u.period AND e.region = u.region
LEFT JOIN rule AS rate
    ON rate.place = 1 AND rate.indicator = 'annuity_rate_pct' AND rate.period = u.period AND rate.region = u.region
LEFT JOIN rule AS free
    ON free.place = 1 AND free.indicator = 'annuity_tax_free_pct' AND free.period = u.period AND free.region = u.region
ORDER BY u.period, u.region
