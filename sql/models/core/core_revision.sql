-- name:  core_revision
-- grain: dataset, table_id, edition_before, edition_after, indicator, period, period_kind, region, scheme, ownership, industry, population, breakdown
-- doc:   Quantities that two editions of a table state, side by side: an edition and the one that replaces it as a whole, with
--        all that either states; or an edition and the next one that states the same quantity. kind: unchanged; changed
--        (another number); mark changed (a number or a mark in the place of another mark, or another status); added, deleted
--        (of editions that replace each other); re-coded (what stands under a code is, whole, what stood under the codes it
--        took the place of: recoded_from). difference: after − before, a missing number counting as nothing.
--        counted_difference: of addends only (core_vintage), so that it may be added up.
WITH stated AS (
    SELECT
        v.obs_id,
        v.dataset,
        v.table_id,
        v.edition,
        v.indicator,
        v.period,
        v.period_kind,
        v.region,
        v.scheme,
        v.ownership,
        v.industry,
        v.population,
        v.breakdown,
        v.value,
        v.unit,
        v.mark,
        v.status,
        v.next_obs_id,
        CASE WHEN v.is_addend THEN v.value END AS counted
    FROM core_vintage AS v
),
replaced AS (
    SELECT dataset, table_id, edition AS edition_before, replaced_by AS edition_after
    FROM core_edition
    WHERE replaced_by IS NOT NULL
),
old AS (
    SELECT
        r.edition_after, s.obs_id, s.dataset, s.table_id, s.edition, s.indicator, s.period, s.period_kind, s.region,
        s.scheme, s.ownership, s.industry, s.population, s.breakdown, s.value, s.unit, s.mark, s.status, s.counted
    FROM replaced AS r
    INNER JOIN stated AS s
        ON s.dataset = r.dataset AND s.table_id = r.table_id AND s.edition = r.edition_before
),
new AS (
    SELECT
        r.edition_before, s.obs_id, s.dataset, s.table_id, s.edition, s.indicator, s.period, s.period_kind, s.region,
        s.scheme, s.ownership, s.industry, s.population, s.breakdown, s.value, s.unit, s.mark, s.status, s.counted
    FROM replaced AS r
    INNER JOIN stated AS s
        ON s.dataset = r.dataset AND s.table_id = r.table_id AND s.edition = r.edition_after
),
deleted AS (
    SELECT
        o.edition_after, o.obs_id, o.dataset, o.table_id, o.edition, o.indicator, o.period, o.period_kind, o.region,
        o.scheme, o.ownership, o.industry, o.population, o.breakdown, o.value, o.unit, o.mark, o.status, o.counted
    FROM old AS o
    LEFT ANTI JOIN new AS n
        ON n.dataset = o.dataset AND n.table_id = o.table_id AND n.edition_before = o.edition
        AND n.edition = o.edition_after AND n.indicator = o.indicator AND n.period = o.period
        AND n.period_kind = o.period_kind AND n.region = o.region AND n.scheme = o.scheme AND n.ownership = o.ownership
        AND n.industry = o.industry AND n.population = o.population AND n.breakdown = o.breakdown
),
added AS (
    SELECT
        n.edition_before, n.obs_id, n.dataset, n.table_id, n.edition, n.indicator, n.period, n.period_kind, n.region,
        n.scheme, n.ownership, n.industry, n.population, n.breakdown, n.value, n.unit, n.mark, n.status, n.counted
    FROM new AS n
    LEFT ANTI JOIN old AS o
        ON n.dataset = o.dataset AND n.table_id = o.table_id AND n.edition_before = o.edition
        AND n.edition = o.edition_after AND n.indicator = o.indicator AND n.period = o.period
        AND n.period_kind = o.period_kind AND n.region = o.region AND n.scheme = o.scheme AND n.ownership = o.ownership
        AND n.industry = o.industry AND n.population = o.population AND n.breakdown = o.breakdown
),
recoding AS (
    -- A code that went, whole, into one that came. Of several ways one cell is taken once.
    SELECT
        d.obs_id AS before_obs_id,
        a.obs_id AS after_obs_id,
        c.from_code,
        ROW_NUMBER() OVER (PARTITION BY d.obs_id, d.edition_after ORDER BY c.list, c.to_code, a.obs_id) AS place
    FROM deleted AS d
    INNER JOIN added AS a
        ON a.dataset = d.dataset AND a.table_id = d.table_id AND a.edition = d.edition_after
        AND a.edition_before = d.edition AND a.indicator = d.indicator AND a.period = d.period
        AND a.period_kind = d.period_kind AND a.breakdown = d.breakdown
    INNER JOIN core_concordance AS c
        ON c.weight = '1'
        AND d.region = CASE WHEN c.list = 'region' AND c.to_code = a.region THEN c.from_code ELSE a.region END
        AND d.scheme = CASE WHEN c.list = 'scheme' AND c.to_code = a.scheme THEN c.from_code ELSE a.scheme END
        AND d.ownership = CASE WHEN c.list = 'ownership' AND c.to_code = a.ownership THEN c.from_code ELSE a.ownership END
        AND d.industry = CASE WHEN c.list = 'industry' AND c.to_code = a.industry THEN c.from_code ELSE a.industry END
        AND d.population = CASE WHEN c.list = 'population' AND c.to_code = a.population THEN c.from_code ELSE a.population END
),
recoded AS (
    SELECT
        r.after_obs_id,
        d.edition AS edition_before,
        SUM(d.value) AS value,
        SUM(d.counted) AS counted,
        string_agg(d.mark, ', ' ORDER BY r.from_code) AS mark,
        string_agg(r.from_code, ' + ' ORDER BY r.from_code) AS recoded_from,
        string_agg(d.obs_id, ' ' ORDER BY r.from_code) AS obs_id
    FROM recoding AS r
    INNER JOIN deleted AS d ON d.obs_id = r.before_obs_id
    WHERE r.place = 1
    GROUP BY r.after_obs_id, d.edition
),
compared AS (
    SELECT
        b.dataset, b.table_id, b.edition AS edition_before, a.edition AS edition_after, a.indicator, a.period,
        a.period_kind, a.region, a.scheme, a.ownership, a.industry, a.population, a.breakdown, a.unit,
        CASE
            WHEN b.value IS NOT NULL AND a.value IS NOT NULL AND b.value <> a.value THEN 'changed'
            WHEN
                (b.value IS NULL) <> (a.value IS NULL) OR COALESCE(b.mark, '') <> COALESCE(a.mark, '')
                OR b.status <> a.status
                THEN 'mark changed'
            ELSE 'unchanged'
        END AS kind,
        b.value AS before_value, a.value AS after_value, b.counted AS before_counted, a.counted AS after_counted,
        b.mark AS before_mark, a.mark AS after_mark, NULL AS recoded_from, b.obs_id AS before_obs_id,
        a.obs_id AS after_obs_id
    FROM stated AS b
    INNER JOIN stated AS a ON a.obs_id = b.next_obs_id
    UNION ALL
    SELECT
        a.dataset, a.table_id, a.edition_before, a.edition AS edition_after, a.indicator, a.period, a.period_kind, a.region,
        a.scheme, a.ownership, a.industry, a.population, a.breakdown, a.unit,
        CASE WHEN r.after_obs_id IS NULL THEN 'added' ELSE 're-coded' END AS kind,
        r.value AS before_value, a.value AS after_value, r.counted AS before_counted, a.counted AS after_counted,
        r.mark AS before_mark, a.mark AS after_mark, r.recoded_from, r.obs_id AS before_obs_id, a.obs_id AS after_obs_id
    FROM added AS a
    LEFT JOIN recoded AS r ON r.after_obs_id = a.obs_id AND r.edition_before = a.edition_before
    UNION ALL
    SELECT
        d.dataset, d.table_id, d.edition AS edition_before, d.edition_after, d.indicator, d.period, d.period_kind, d.region,
        d.scheme, d.ownership, d.industry, d.population, d.breakdown, d.unit, 'deleted' AS kind, d.value AS before_value,
        NULL AS after_value, d.counted AS before_counted, NULL AS after_counted, d.mark AS before_mark, NULL AS after_mark,
        NULL AS recoded_from, d.obs_id AS before_obs_id, NULL AS after_obs_id
    FROM deleted AS d
    LEFT ANTI JOIN recoding AS r ON r.before_obs_id = d.obs_id
)
SELECT
    dataset,
    table_id,
    edition_before,
    edition_after,
    kind,
    indicator,
    period,
    period_kind,
    region,
    scheme,
    ownership,
    industry,
    population,
    breakdown,
    unit,
    before_value,
    after_value,
    COALESCE(after_value, 0) - COALESCE(before_value, 0) AS difference,
    COALESCE(after_counted, 0) - COALESCE(before_counted, 0) AS counted_difference,
    before_mark,
    after_mark,
    recoded_from,
    before_obs_id,
    after_obs_id
FROM compared
ORDER BY
    dataset, table_id, edition_before, edition_after, indicator, period, period_kind, region, scheme, ownership, industry,
    population, breakdown
