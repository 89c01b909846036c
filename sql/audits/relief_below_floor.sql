-- rule:     relief-below-floor
-- zh:       由降费金额推算的缴费基数不低于缴费基数下限
-- severity: info
-- doc:      What units save by a cut of the rate is persons × months × cut × base: the base that follows from it is not below the
--           floor of the year. residual = implied base − floor, yuan a month.
SELECT
    'fail' AS outcome,
    r.dataset,
    f.period,
    f.region,
    f.scheme,
    r.source_file,
    r.sheet,
    concat(CASE WHEN p.source_file = r.source_file THEN p.cell ELSE concat(p.source_file, '!', p.cell) END, ' ', r.cell) AS cell,
    f.implied_base_yuan_month - f.floor_yuan_month AS residual,
    CAST(NULL AS DECIMAL(38, 12)) AS tolerance,
    concat(
        r.subject, ': ', number_grouped(f.relief_yuan), ' yuan for ', number_grouped(f.insured_person), ' persons over ',
        f.month_count, ' months at ', number_grouped(f.cut_pp), ' percentage points less are a base of ',
        number_grouped(round(f.implied_base_yuan_month, 2)), ' yuan a month, below the floor of ',
        number_grouped(round(f.floor_yuan_month, 2))
    ) AS message,
    concat(
        r.subject_zh, '：', number_grouped(f.insured_person), '人、', f.month_count, '个月、费率降', number_grouped(f.cut_pp), '个百分点，共',
        number_grouped(exact_div(f.relief_yuan, r.factor)), r.unit_name, '，推算的缴费基数为每月', number_grouped(round(f.implied_base_yuan_month, 2)), '元，低于下限',
        number_grouped(round(f.floor_yuan_month, 2)), '元'
    ) AS message_zh,
    'the number of persons may hold some whose rate was not cut, such as those who pay for themselves' AS suggestion
FROM ind_contribution_relief AS f
INNER JOIN core_reading AS r ON r.obs_id = f.relief_obs_id
INNER JOIN core_reading AS p ON p.obs_id = f.person_obs_id
WHERE f.implied_base_yuan_month < f.floor_yuan_month
ORDER BY source_file, cell, message
