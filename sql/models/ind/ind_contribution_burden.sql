-- name:  ind_contribution_burden
-- grain: region, ownership, valid_from, payer, risk
-- doc:   Contribution rates of all schemes added up (社保费率合计), for every day from which one of a place's rates is new. A rate
--        holds for an ownership when it is laid down for it or for a wider one; of several the latest counts, so that a rate
--        for all enterprises replaces an earlier one for some of them. payer: employer, individual, and _T for both together.
--        risk _T leaves out rates that depend on the risk class of the industry (work injury); a risk class counts them.
--        schemes and scheme_count name the schemes whose rates are known; the sum is of these only. stated_pct is the burden as
--        a source states it, with its qualifier; for _T the sum of the two payers, where both are stated and no total is.
-- columns: valid_from = first day on which it holds, null: since ever; rate_pct = rates of all schemes of the payer together,
--        percent; scheme_count = schemes that take part; schemes = which these are; stated_pct = the source's own burden,
--        percent; stated_qualifier = how the text bounds it
WITH rate AS (
    SELECT region, ownership, scheme, payer, risk, valid_from, rate_pct, rate_obs_id
    FROM ind_contribution
    WHERE
        standing = 'in-force' AND payer IN ('employer', 'individual') AND rate_pct IS NOT NULL
        AND industry = '_T' AND population = '_T'
),
scope AS (
    SELECT DISTINCT d.region, o.ownership, d.valid_from, k.risk
    FROM rate AS d
    INNER JOIN (SELECT DISTINCT region, ownership FROM rate) AS o ON o.region = d.region
    INNER JOIN (
        SELECT region, risk FROM rate
        UNION
        SELECT region, '_T' AS risk FROM rate
    ) AS k ON k.region = d.region
),
ranked AS (
    SELECT
        s.region,
        s.ownership,
        s.valid_from,
        s.risk,
        r.scheme,
        r.payer,
        r.rate_pct,
        r.rate_obs_id,
        ROW_NUMBER() OVER (
            PARTITION BY s.region, s.ownership, s.valid_from, s.risk, r.scheme, r.payer
            ORDER BY r.valid_from DESC, a.distance, r.risk DESC
        ) AS place
    FROM scope AS s
    INNER JOIN core_ancestor AS a ON a.list = 'ownership' AND a.code = s.ownership
    INNER JOIN rate AS r
        ON r.region = s.region AND r.ownership = a.ancestor AND r.valid_from <= s.valid_from
        AND (r.risk = '_T' OR r.risk = s.risk)
),
known AS (
    SELECT region, ownership, valid_from, risk, scheme, payer, rate_pct, rate_obs_id
    FROM ranked
    WHERE place = 1
),
paid AS (
    SELECT region, ownership, valid_from, risk, scheme, payer, rate_pct, rate_obs_id FROM known
    UNION ALL
    SELECT region, ownership, valid_from, risk, scheme, '_T' AS payer, rate_pct, rate_obs_id FROM known
),
-- A scheme to which both pay is one scheme.
numbered AS (
    SELECT
        region,
        ownership,
        valid_from,
        payer,
        risk,
        rate_pct,
        rate_obs_id,
        CASE
            WHEN ROW_NUMBER() OVER (
                PARTITION BY region, ownership, valid_from, payer, risk, scheme ORDER BY rate_obs_id
            ) = 1 THEN scheme
        END AS scheme,
        concat(scheme, ' ', rate_obs_id) AS sort_key
    FROM paid
),
computed AS (
    SELECT
        region,
        ownership,
        valid_from,
        payer,
        risk,
        SUM(rate_pct) AS rate_pct,
        COUNT(scheme) AS scheme_count,
        string_agg(scheme, ' ' ORDER BY sort_key) AS schemes,
        string_agg(rate_obs_id, ' ' ORDER BY sort_key) AS rate_obs_id
    FROM numbered
    GROUP BY region, ownership, valid_from, payer, risk
),
printed AS (
    SELECT
        f.region,
        f.ownership,
        f.period_start AS valid_from,
        COALESCE(breakdown_value(f.breakdown, 'payer'), '_T') AS payer,
        f.value,
        o.qualifier,
        f.obs_id
    FROM core_figure AS f
    LEFT JOIN core_observation AS o ON o.obs_id = f.obs_id
    WHERE f.indicator = 'contribution_burden_pct' AND f.scheme = '_T' AND f.industry = '_T' AND f.population = '_T'
),
stated AS (
    SELECT region, ownership, valid_from, payer, value, qualifier, obs_id FROM printed
    UNION ALL
    SELECT
        e.region,
        e.ownership,
        e.valid_from,
        '_T' AS payer,
        e.value + i.value AS value,
        CASE WHEN e.qualifier = i.qualifier THEN e.qualifier ELSE 'about' END AS qualifier,
        concat_ws(' ', e.obs_id, i.obs_id) AS obs_id
    FROM printed AS e
    INNER JOIN printed AS i ON i.region = e.region AND i.ownership = e.ownership AND i.valid_from = e.valid_from
    LEFT JOIN printed AS t
        ON t.region = e.region AND t.ownership = e.ownership AND t.valid_from = e.valid_from AND t.payer = '_T'
    WHERE e.payer = 'employer' AND i.payer = 'individual' AND t.obs_id IS NULL
)
SELECT
    COALESCE(c.region, s.region) AS region,
    COALESCE(c.ownership, s.ownership) AS ownership,
    COALESCE(c.valid_from, s.valid_from) AS valid_from,
    COALESCE(c.payer, s.payer) AS payer,
    COALESCE(c.risk, '_T') AS risk,
    CAST(c.rate_pct AS DECIMAL(38, 6)) AS rate_pct,
    c.scheme_count,
    c.schemes,
    s.value AS stated_pct,
    s.qualifier AS stated_qualifier,
    c.rate_obs_id,
    s.obs_id AS stated_obs_id
FROM computed AS c
FULL JOIN stated AS s
    ON s.region = c.region AND s.ownership = c.ownership AND s.valid_from = c.valid_from AND s.payer = c.payer
    AND c.risk = '_T'
ORDER BY region, ownership, valid_from, payer, risk
