-- rule:     account-balance
-- zh:       个人账户养老金所对应的储存额不少于按同一工资计算的缴费本金
-- severity: info
-- doc:      What a stated account pension stands for, × divisor, is at least what the contributions alone come to at this wage,
--           without interest: less means that the account grew at lower wages or by other rules, and that the pension cannot be
--           worked out from what is printed. One finding for a table, at the whole mean wage and the shortest time, which
--           is the mildest assumption. residual = balance that the pension stands for − contributions, yuan.
WITH held AS (
    SELECT
        period, region, scheme, base_pct, contribution_year, account_balance_yuan, account_nominal_yuan, account_paid_yuan_year,
        account_obs_id, wage_obs_id,
        ROW_NUMBER() OVER (PARTITION BY period, region, scheme ORDER BY contribution_year) AS place
    FROM ind_pension_formula
    WHERE base_pct = 100 AND account_balance_yuan IS NOT NULL AND account_nominal_yuan IS NOT NULL
)
SELECT
    'fail' AS outcome,
    a.dataset,
    h.period,
    h.region,
    h.scheme,
    a.source_file,
    a.sheet,
    concat(a.cell, ' ', CASE WHEN w.source_file = a.source_file THEN w.cell ELSE concat(w.source_file, '!', w.cell) END) AS cell,
    h.account_balance_yuan - h.account_nominal_yuan AS residual,
    CAST(NULL AS DECIMAL(38, 12)) AS tolerance,
    concat(
        a.subject, ': ', number_grouped(a.value / a.factor), ' ', a.unit_name, ' stand for an account of ', number_grouped(h.account_balance_yuan),
        ' yuan, where ', number_grouped(h.contribution_year), ' years of contributions at the wage of ',
        number_grouped(w.value / w.factor), ' ', w.unit_name, ' come to ', number_grouped(h.account_nominal_yuan), ' without interest'
    ) AS message,
    concat(
        a.subject_zh, '：', number_grouped(a.value / a.factor), a.unit_name, '对应的账户储存额为', number_grouped(h.account_balance_yuan),
        '元，而按', number_grouped(w.value / w.factor), w.unit_name, '的工资缴费', number_grouped(h.contribution_year), '年，不计利息已有',
        number_grouped(h.account_nominal_yuan), '元'
    ) AS message_zh,
    'ask by what wages of the years before the account grew; it does not follow from what is printed' AS suggestion
FROM held AS h
INNER JOIN core_reading AS a ON a.obs_id = h.account_obs_id
INNER JOIN core_reading AS w ON w.obs_id = h.wage_obs_id
WHERE h.place = 1 AND h.account_balance_yuan < h.account_nominal_yuan
ORDER BY source_file, cell, message
