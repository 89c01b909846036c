-- name:  ind_reimbursement
-- grain: period, region, scheme, population, hospital, hospital_group, cost_yuan
-- doc:   What medical insurance pays of a stay in hospital (报销), worked out for covered costs of 5,000, 10,000, 50,000 and 200,000
--        yuan: (cost − deductible) × rate, not below 0 and not above the cap of the year. hospital: the grade of the hospital;
--        hospital_group: hospitals named within a grade, _T where the grade is one; a rate for the grade holds for its groups.
--        Null where the deductible or the rate is not stated; where no cap is stated none is applied. paid_pct is the payment
--        as a share of the cost, own_yuan what is left to the person. above_lowest_pp: the rate less the lowest one of the
--        same grade among the schemes and places of the period.
-- columns: cost_yuan = cost of the stay, yuan; cap_yuan = most that is paid for a person and year, yuan; paid_yuan = what the
--        scheme pays of it, yuan; paid_pct = that per 100 of cost; own_yuan = what the person bears, yuan; above_lowest_pp =
--        above the lowest of its kind, percentage points
WITH rule AS (
    SELECT
        indicator,
        period,
        region,
        scheme,
        population,
        breakdown_value(breakdown, 'hospital') AS hospital,
        COALESCE(breakdown_value(breakdown, 'hospital_group'), '_T') AS hospital_group,
        value,
        obs_id
    FROM core_rule
    WHERE
        indicator IN ('deductible_yuan', 'reimbursement_pct') AND standing = 'in-force' AND ownership = '_T' AND industry = '_T'
        AND breakdown_value(breakdown, 'hospital') IS NOT NULL
),
ward AS (
    SELECT
        period,
        region,
        scheme,
        population,
        hospital,
        hospital_group,
        MAX(CASE WHEN hospital_group = '_T' THEN 0 ELSE 1 END) OVER (
            PARTITION BY period, region, scheme, population, hospital
        ) AS by_group
    FROM (SELECT DISTINCT period, region, scheme, population, hospital, hospital_group FROM rule) AS stated
),
benefit AS (
    SELECT
        w.period,
        w.region,
        w.scheme,
        w.population,
        w.hospital,
        w.hospital_group,
        COALESCE(d.value, grade_d.value) AS deductible_yuan,
        COALESCE(r.value, grade_r.value) AS reimbursement_pct,
        cap.value AS cap_yuan,
        COALESCE(d.obs_id, grade_d.obs_id) AS deductible_obs_id,
        COALESCE(r.obs_id, grade_r.obs_id) AS reimbursement_obs_id,
        cap.obs_id AS cap_obs_id
    FROM ward AS w
    LEFT JOIN rule AS d
        ON d.indicator = 'deductible_yuan' AND d.period = w.period AND d.region = w.region AND d.scheme = w.scheme
        AND d.population = w.population AND d.hospital = w.hospital AND d.hospital_group = w.hospital_group
    LEFT JOIN rule AS grade_d
        ON grade_d.indicator = 'deductible_yuan' AND grade_d.period = w.period AND grade_d.region = w.region
        AND grade_d.scheme = w.scheme AND grade_d.population = w.population AND grade_d.hospital = w.hospital
        AND grade_d.hospital_group = '_T'
    LEFT JOIN rule AS r
        ON r.indicator = 'reimbursement_pct' AND r.period = w.period AND r.region = w.region AND r.scheme = w.scheme
        AND r.population = w.population AND r.hospital = w.hospital AND r.hospital_group = w.hospital_group
    LEFT JOIN rule AS grade_r
        ON grade_r.indicator = 'reimbursement_pct' AND grade_r.period = w.period AND grade_r.region = w.region
        AND grade_r.scheme = w.scheme AND grade_r.population = w.population AND grade_r.hospital = w.hospital
        AND grade_r.hospital_group = '_T'
    LEFT JOIN core_rule AS cap
        ON cap.indicator = 'benefit_cap_yuan' AND cap.breakdown = '_T' AND cap.ownership = '_T' AND cap.industry = '_T'
        AND cap.period = w.period AND cap.region = w.region AND cap.scheme = w.scheme AND cap.population = w.population
    WHERE w.by_group = 0 OR w.hospital_group <> '_T'
),
cost AS (
    SELECT CAST(5000 AS DECIMAL(38, 6)) AS cost_yuan
    UNION ALL
    SELECT CAST(10000 AS DECIMAL(38, 6)) AS cost_yuan
    UNION ALL
    SELECT CAST(50000 AS DECIMAL(38, 6)) AS cost_yuan
    UNION ALL
    SELECT CAST(200000 AS DECIMAL(38, 6)) AS cost_yuan
),
worked AS (
    SELECT
        b.period,
        b.region,
        b.scheme,
        b.population,
        b.hospital,
        b.hospital_group,
        c.cost_yuan,
        b.deductible_yuan,
        b.reimbursement_pct,
        b.cap_yuan,
        CASE
            WHEN b.deductible_yuan IS NOT NULL AND b.reimbursement_pct IS NOT NULL
                THEN LEAST(
                    CAST(
                        GREATEST(c.cost_yuan - b.deductible_yuan, CAST(0 AS DECIMAL(38, 6))) * b.reimbursement_pct / 100
                        AS DECIMAL(38, 6)
                    ),
                    COALESCE(b.cap_yuan, c.cost_yuan)
                )
        END AS paid_yuan,
        b.deductible_obs_id,
        b.reimbursement_obs_id,
        b.cap_obs_id
    FROM benefit AS b
    CROSS JOIN cost AS c
)
SELECT
    period,
    region,
    scheme,
    population,
    hospital,
    hospital_group,
    cost_yuan,
    deductible_yuan,
    reimbursement_pct,
    cap_yuan,
    paid_yuan,
    percent_of(paid_yuan, cost_yuan) AS paid_pct,
    cost_yuan - paid_yuan AS own_yuan,
    reimbursement_pct - MIN(reimbursement_pct) OVER (PARTITION BY period, hospital, cost_yuan) AS above_lowest_pp,
    deductible_obs_id,
    reimbursement_obs_id,
    cap_obs_id
FROM worked
ORDER BY period, region, scheme, population, hospital, hospital_group, cost_yuan
