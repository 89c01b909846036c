-- name:  ind_land_fee
-- grain: period, region, scheme
-- doc:   The resettlement fee for social insurance (社保安置补助费) set aside when farmers' land is taken, since the scheme began.
--        area_hectare is the land taken, part_hectare the kinds of land added up. collected_yuan, used_yuan, closing_yuan: set
--        aside, paid out, and left; residual_yuan = collected − used − closing. owed_yuan: not yet paid into the fiscal account,
--        owed_pct its share of what was collected. per_mu_yuan: collected per mu of land (15 mu = 1 hectare);
--        standard_yuan_mu: the standard of the place or the level above, standard_qualifier at_least for a minimum (不低于).
-- columns: area_hectare = land taken, hectares; part_hectare = the kinds of land added up, hectares; collected_yuan =
--        resettlement fee collected, yuan; used_yuan = of which used, yuan; closing_yuan = what the source says is left, yuan;
--        residual_yuan = collected − used − left, yuan; owed_yuan = still owed, yuan; owed_pct = owed per 100 collected and
--        owed; per_mu_yuan = collected per mu (15 mu = 1 hectare), yuan; standard_yuan_mu = what a rule demands per mu, yuan;
--        standard_qualifier = how the rule bounds it
WITH flow AS (
    SELECT
        period,
        region,
        scheme,
        MAX(period_end) AS period_end,
        MAX(CASE WHEN indicator = 'land_area_hectare' AND breakdown = '_T' THEN value END) AS area_hectare,
        SUM(CASE WHEN indicator = 'land_area_hectare' AND breakdown <> '_T' THEN value END) AS part_hectare,
        MAX(CASE WHEN indicator = 'land_fee_income_yuan' THEN value END) AS collected_yuan,
        MAX(CASE WHEN indicator = 'land_fee_used_yuan' THEN value END) AS used_yuan,
        string_agg(obs_id, ' ' ORDER BY obs_id) AS flow_obs_id
    FROM core_figure
    WHERE indicator IN ('land_area_hectare', 'land_fee_income_yuan', 'land_fee_used_yuan')
    GROUP BY period, region, scheme
),
stock AS (
    SELECT
        period_end,
        region,
        scheme,
        MAX(CASE WHEN indicator = 'land_fee_closing_yuan' THEN value END) AS closing_yuan,
        MAX(CASE WHEN indicator = 'land_fee_owed_yuan' THEN value END) AS owed_yuan,
        string_agg(obs_id, ' ' ORDER BY obs_id) AS stock_obs_id
    FROM core_figure
    WHERE indicator IN ('land_fee_closing_yuan', 'land_fee_owed_yuan') AND period_kind = 'stock'
    GROUP BY period_end, region, scheme
),
standard AS (
    SELECT
        f.period,
        f.region,
        f.scheme,
        r.value,
        r.qualifier,
        r.obs_id,
        ROW_NUMBER() OVER (PARTITION BY f.period, f.region, f.scheme ORDER BY a.distance, r.valid_from DESC) AS place
    FROM flow AS f
    INNER JOIN core_ancestor AS a ON a.list = 'region' AND a.code = f.region
    INNER JOIN core_rule AS r ON r.region = a.ancestor AND r.scheme = f.scheme AND r.valid_from <= f.period_end
    WHERE r.indicator IN ('land_fee_yuan', 'land_fee_yuan_mu') AND r.standing = 'in-force' AND r.breakdown = '_T'
)
SELECT
    f.period,
    f.region,
    f.scheme,
    f.area_hectare,
    CAST(f.part_hectare AS DECIMAL(38, 6)) AS part_hectare,
    f.collected_yuan,
    f.used_yuan,
    s.closing_yuan,
    f.collected_yuan - f.used_yuan - s.closing_yuan AS residual_yuan,
    s.owed_yuan,
    percent_of(s.owed_yuan, f.collected_yuan) AS owed_pct,
    exact_div(f.collected_yuan, f.area_hectare * 15) AS per_mu_yuan,
    d.value AS standard_yuan_mu,
    d.qualifier AS standard_qualifier,
    f.flow_obs_id,
    s.stock_obs_id,
    d.obs_id AS standard_obs_id
FROM flow AS f
LEFT JOIN stock AS s ON s.period_end = f.period_end AND s.region = f.region AND s.scheme = f.scheme
LEFT JOIN standard AS d ON d.place = 1 AND d.period = f.period AND d.region = f.region AND d.scheme = f.scheme
ORDER BY f.period, f.region, f.scheme
