-- name:  ind_claims
-- grain: period, region, scheme
-- doc:   Qualification checks (待遇资格认证) and benefits drawn without right (冒领): persons checked and found, amounts found,
--        recovered and still owed, and the recovery rate (追回率). wrongful_pct: persons found per 100 checked;
--        wrongful_per_10k: the same per 10,000. recipient_person: the recipients at the end of the period whom the scheme (for
--        all schemes: every scheme stated) pays, added up over recipient_count figures, and checked_pct the persons checked
--        per 100 of them; recipients of another day are not used. check_round: checks a year by the rule.
-- columns: checked_person = persons whose right to a benefit was checked; wrongful_person = persons found to draw one without
--        right; wrongful_yuan = amount found to be drawn without right, yuan; recovered_yuan = paid back, yuan; owed_yuan =
--        still owed, yuan; recovery_pct = recovered as a share of what there was to recover, percent; wrongful_pct = wrongful
--        claims per 100 checked; wrongful_per_10k = wrongful claims per 10,000 checked; yuan_per_wrongful_person = yuan per
--        wrongful claim; check_round = checks a year; recipient_count = figures that the recipients are added up from;
--        checked_pct = checked per 100 recipients
WITH claim AS (
    SELECT
        period,
        region,
        scheme,
        MAX(CASE WHEN indicator = 'benefit_check_person' AND period_kind = 'flow' THEN value END) AS checked_person,
        MAX(CASE WHEN indicator = 'wrongful_claim_person' AND period_kind = 'flow' THEN value END) AS wrongful_person,
        MAX(CASE WHEN indicator = 'wrongful_claim_yuan' AND period_kind = 'flow' THEN value END) AS wrongful_yuan,
        MAX(CASE WHEN indicator = 'wrongful_claim_recovered_yuan' AND period_kind = 'flow' THEN value END) AS recovered_yuan,
        MAX(CASE WHEN indicator = 'benefit_check_item' AND period_kind = 'rule' THEN value END) AS check_round,
        MAX(CASE WHEN indicator = 'benefit_check_person' THEN obs_id END) AS checked_obs_id,
        MAX(CASE WHEN indicator = 'wrongful_claim_person' THEN obs_id END) AS wrongful_person_obs_id,
        MAX(CASE WHEN indicator = 'wrongful_claim_yuan' THEN obs_id END) AS wrongful_yuan_obs_id,
        MAX(CASE WHEN indicator = 'wrongful_claim_recovered_yuan' THEN obs_id END) AS recovered_obs_id
    FROM core_figure
    WHERE
        indicator IN (
            'benefit_check_person', 'benefit_check_item', 'wrongful_claim_person', 'wrongful_claim_yuan',
            'wrongful_claim_recovered_yuan'
        )
        AND ownership = '_T' AND industry = '_T' AND population = '_T' AND breakdown = '_T'
    GROUP BY period, region, scheme
),
recipient AS (
    -- One figure per scheme: of all kinds of unit, else of each kind stated.
    SELECT
        f.period, f.region, f.scheme, f.ownership, f.value, f.obs_id,
        MIN(CASE WHEN f.ownership = '_T' THEN 0 ELSE 1 END) OVER (PARTITION BY f.period, f.region, f.scheme) AS narrow
    FROM core_figure AS f
    WHERE
        f.indicator = 'recipient_person' AND f.period_kind = 'stock' AND f.scheme <> '_T'
        AND f.industry = '_T' AND f.population = '_T' AND f.breakdown = '_T'
),
above AS (
    SELECT DISTINCT code, parent FROM core_code WHERE list = 'scheme' AND parent IS NOT NULL
),
paid AS (
    SELECT
        c.period,
        c.region,
        c.scheme,
        CAST(SUM(r.value) AS DECIMAL(38, 6)) AS recipient_person,
        COUNT(r.obs_id) AS recipient_count,
        string_agg(r.obs_id, ' ' ORDER BY r.obs_id) AS recipient_obs_id
    FROM claim AS c
    INNER JOIN recipient AS r ON r.period = c.period AND r.region = c.region
    LEFT JOIN above AS a ON a.code = r.scheme
    WHERE
        (r.narrow = 1 OR r.ownership = '_T')
        AND (c.scheme = '_T' OR r.scheme = c.scheme OR a.parent = c.scheme)
    GROUP BY c.period, c.region, c.scheme
)
SELECT
    c.period,
    c.region,
    c.scheme,
    c.checked_person,
    c.wrongful_person,
    c.wrongful_yuan,
    c.recovered_yuan,
    c.wrongful_yuan - c.recovered_yuan AS owed_yuan,
    percent_of(c.recovered_yuan, c.wrongful_yuan) AS recovery_pct,
    percent_of(c.wrongful_person, c.checked_person) AS wrongful_pct,
    exact_div(c.wrongful_person * 10000, c.checked_person) AS wrongful_per_10k,
    exact_div(c.wrongful_yuan, c.wrongful_person) AS yuan_per_wrongful_person,
    c.check_round,
    p.recipient_person,
    p.recipient_count,
    percent_of(c.checked_person, p.recipient_person) AS checked_pct,
    c.checked_obs_id,
    c.wrongful_person_obs_id,
    c.wrongful_yuan_obs_id,
    c.recovered_obs_id,
    p.recipient_obs_id
FROM claim AS c
LEFT JOIN paid AS p ON p.period = c.period AND p.region = c.region AND p.scheme = c.scheme
ORDER BY c.period, c.region, c.scheme
