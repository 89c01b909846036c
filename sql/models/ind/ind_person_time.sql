-- name:  ind_person_time
-- grain: period, region, scheme, ownership, industry
-- doc:   Schemes beside each other (参保人次): the insured persons of each, their sum over all schemes stated for the same
--        place and time (a person counts once per scheme), what share of the sum a scheme is, and its persons per 100 insured
--        by the pension scheme of enterprises. population: the widest group the source counts, all (_T) or the employees, as
--        sources differ in whether retirees count. A scheme above others that are stated is not added to them. scheme_count
--        tells how many schemes the sum is of; a scheme alone has no row. Per staff: person-times per member of the agencies' staff (经办人员).
-- columns: scheme_count = schemes that take part; share_pct = insured of the scheme as a share of all person-times, percent;
--        staff_person = persons who work in the agencies
WITH insured AS (
    SELECT
        period, region, scheme, ownership, industry, population, value, qualifier, obs_id,
        ROW_NUMBER() OVER (
            PARTITION BY period, region, scheme, ownership, industry
            ORDER BY CASE WHEN population = '_T' THEN 0 ELSE 1 END
        ) AS place
    FROM core_figure
    WHERE
        indicator = 'insured_person' AND period_kind = 'stock' AND breakdown = '_T'
        AND scheme <> '_T' AND population IN ('_T', 'employee')
),
above AS (
    SELECT DISTINCT code, parent FROM core_code WHERE list = 'scheme' AND parent IS NOT NULL
),
wider AS (
    -- Schemes with a scheme below them stated in the same place and time.
    SELECT DISTINCT i.period, i.region, a.parent AS scheme, i.ownership, i.industry
    FROM insured AS i
    INNER JOIN above AS a ON a.code = i.scheme
    UNION
    SELECT DISTINCT i.period, i.region, b.parent AS scheme, i.ownership, i.industry
    FROM insured AS i
    INNER JOIN above AS a ON a.code = i.scheme
    INNER JOIN above AS b ON b.code = a.parent
),
total AS (
    SELECT
        i.period,
        i.region,
        i.ownership,
        i.industry,
        COUNT(i.scheme) AS scheme_count,
        SUM(i.value) AS person_time
    FROM insured AS i
    LEFT JOIN wider AS w
        ON w.period = i.period AND w.region = i.region AND w.scheme = i.scheme
        AND w.ownership = i.ownership AND w.industry = i.industry
    WHERE i.place = 1 AND w.scheme IS NULL
    GROUP BY i.period, i.region, i.ownership, i.industry
),
staff AS (
    SELECT period, region, value, obs_id
    FROM core_figure
    WHERE
        indicator = 'agency_staff_person' AND period_kind = 'stock' AND scheme = '_T' AND ownership = '_T'
        AND industry = '_T' AND population = '_T' AND breakdown = '_T'
)
SELECT
    i.period,
    i.region,
    i.scheme,
    i.ownership,
    i.industry,
    i.population,
    i.value AS insured_person,
    t.scheme_count,
    CAST(t.person_time AS DECIMAL(38, 6)) AS person_time,
    percent_of(i.value, t.person_time) AS share_pct,
    percent_of(i.value, pension.value) AS ratio_to_pension_pct,
    CASE WHEN i.ownership = '_T' AND i.industry = '_T' THEN staff.value END AS staff_person,
    CASE WHEN i.ownership = '_T' AND i.industry = '_T' THEN exact_div(t.person_time, staff.value) END AS person_time_per_staff,
    i.obs_id AS insured_obs_id,
    pension.obs_id AS pension_obs_id,
    staff.obs_id AS staff_obs_id
FROM insured AS i
INNER JOIN total AS t
    ON t.period = i.period AND t.region = i.region AND t.ownership = i.ownership AND t.industry = i.industry
LEFT JOIN insured AS pension
    ON pension.place = 1 AND pension.scheme = 'pension-enterprise' AND pension.period = i.period
    AND pension.region = i.region AND pension.ownership = i.ownership AND pension.industry = i.industry
LEFT JOIN staff ON staff.period = i.period AND staff.region = i.region
WHERE i.place = 1 AND t.scheme_count > 1
ORDER BY i.period, i.region, i.scheme, i.ownership, i.industry
