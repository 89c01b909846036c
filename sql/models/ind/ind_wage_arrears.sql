-- name:  ind_wage_arrears
-- grain: period, region
-- doc:   Wages owed (欠薪) over or at the end of the period, as the source dates them: amount, units and persons, and the
--        amount per person and per unit. They are no contributions and stand in no fund.
-- columns: yuan_per_person = wages owed per person, yuan; yuan_per_unit = wages owed per unit, yuan
WITH owed AS (
    SELECT
        period,
        region,
        MAX(CASE WHEN indicator = 'wage_arrears_yuan' THEN value END) AS wage_arrears_yuan,
        MAX(CASE WHEN indicator = 'wage_arrears_unit' THEN value END) AS wage_arrears_unit,
        MAX(CASE WHEN indicator = 'wage_arrears_person' THEN value END) AS wage_arrears_person,
        MAX(CASE WHEN indicator = 'wage_arrears_yuan' THEN obs_id END) AS yuan_obs_id,
        MAX(CASE WHEN indicator = 'wage_arrears_unit' THEN obs_id END) AS unit_obs_id,
        MAX(CASE WHEN indicator = 'wage_arrears_person' THEN obs_id END) AS person_obs_id
    FROM core_figure
    WHERE
        indicator IN ('wage_arrears_yuan', 'wage_arrears_unit', 'wage_arrears_person') AND period_kind = 'stock'
        AND scheme = '_T' AND ownership = '_T' AND industry = '_T' AND population = '_T' AND breakdown = '_T'
    GROUP BY period, region
)
SELECT
    period,
    region,
    wage_arrears_yuan,
    wage_arrears_unit,
    wage_arrears_person,
    exact_div(wage_arrears_yuan, wage_arrears_person) AS yuan_per_person,
    exact_div(wage_arrears_yuan, wage_arrears_unit) AS yuan_per_unit,
    yuan_obs_id,
    unit_obs_id,
    person_obs_id
FROM owed
ORDER BY period, region
