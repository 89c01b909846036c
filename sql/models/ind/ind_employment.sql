-- name:  ind_employment
-- grain: period, region
-- doc:   Composition of urban employment (就业构成): employed persons, of them the self-employed (个体从业人员), persons in
--        flexible employment (灵活就业人员) and the laid-off (离岗、下岗), with their shares; the unemployed, and their share of
--        employed and unemployed together. other_person: the employed who are in none of the three groups, negative where the
--        groups exceed the total. parent_region and parent_share_pct: the share of the region above, where that is stated; a
--        district row is part of its city's row and must not be added to it (is_part = 1).
-- columns: self_employed_person = self-employed persons; flexible_person = persons in flexible employment; other_person = all
--        other employed persons; is_part = 1 where the place lies within another of the table; parent_region = that place;
--        parent_share_pct = share of it, percent
WITH person AS (
    SELECT
        period,
        region,
        MAX(CASE WHEN indicator = 'employed_person' AND population = '_T' THEN value END) AS employed_person,
        MAX(CASE WHEN indicator = 'employed_person' AND population = 'self-employed' THEN value END) AS self_employed_person,
        MAX(CASE WHEN indicator = 'employed_person' AND population = 'flexible' THEN value END) AS flexible_person,
        MAX(CASE WHEN indicator = 'laid_off_person' THEN value END) AS laid_off_person,
        MAX(CASE WHEN indicator = 'unemployed_person' THEN value END) AS unemployed_person,
        MAX(CASE WHEN indicator = 'employed_person' AND population = '_T' THEN obs_id END) AS employed_obs_id,
        MAX(CASE WHEN indicator = 'employed_person' AND population = 'self-employed' THEN obs_id END) AS self_employed_obs_id,
        MAX(CASE WHEN indicator = 'employed_person' AND population = 'flexible' THEN obs_id END) AS flexible_obs_id,
        MAX(CASE WHEN indicator = 'laid_off_person' THEN obs_id END) AS laid_off_obs_id,
        MAX(CASE WHEN indicator = 'unemployed_person' THEN obs_id END) AS unemployed_obs_id
    FROM core_figure
    WHERE
        period_kind = 'stock' AND scheme = '_T' AND ownership = '_T' AND industry = '_T' AND breakdown = '_T'
        AND (
            (indicator = 'employed_person' AND population IN ('_T', 'self-employed', 'flexible'))
            OR (indicator IN ('laid_off_person', 'unemployed_person') AND population = '_T')
        )
    GROUP BY period, region
),
parent AS (
    SELECT DISTINCT code, parent FROM core_code WHERE list = 'region' AND parent IS NOT NULL
)
SELECT
    p.period,
    p.region,
    p.employed_person,
    p.self_employed_person,
    p.flexible_person,
    p.laid_off_person,
    p.unemployed_person,
    percent_of(p.self_employed_person, p.employed_person) AS self_employed_pct,
    percent_of(p.flexible_person, p.employed_person) AS flexible_pct,
    percent_of(p.laid_off_person, p.employed_person) AS laid_off_pct,
    percent_of(p.unemployed_person, p.employed_person + p.unemployed_person) AS unemployment_pct,
    p.employed_person - p.self_employed_person - p.flexible_person - p.laid_off_person AS other_person,
    CASE WHEN whole.region IS NULL THEN 0 ELSE 1 END AS is_part,
    whole.region AS parent_region,
    percent_of(p.employed_person, whole.employed_person) AS parent_share_pct,
    p.employed_obs_id,
    p.self_employed_obs_id,
    p.flexible_obs_id,
    p.laid_off_obs_id,
    p.unemployed_obs_id
FROM person AS p
LEFT JOIN parent AS a ON a.code = p.region
LEFT JOIN person AS whole ON whole.region = a.parent AND whole.period = p.period
ORDER BY p.period, p.region
