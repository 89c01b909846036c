-- name:  core_revision
-- grain: dataset, table_id, edition_before, edition_after, quantity
-- doc:   Quantities that two editions of a table state, side by side: an edition and the one that replaces it as a whole, with
--        all that either states; or an edition and the next one that states the same quantity. kind: unchanged; changed
--        (another number); mark changed (a number or a mark in the place of another mark, or another status); added, deleted
--        (of editions that replace each other); re-coded (what stands under a code is, whole, what stood under the codes it
--        took the place of: recoded_from). difference: after − before, a missing number counting as nothing.
--        counted_difference: of addends only (core_vintage), so that it may be added up.
-- columns: edition_before = the earlier edition; edition_after = the later edition; kind = added, changed, deleted, mark changed
--        or recoded; indicator = the indicator, a code of core_indicator; before_value = the value in the earlier edition;
--        after_value = the value in the later edition; difference = later less earlier; counted_difference = the part of the
--        difference that moves the total; before_mark = the mark in the earlier edition; after_mark = the mark in the later
--        edition; recoded_from = the code it had in the earlier edition; quantity = the quantity: indicator, period, kind and
--        dimensions in one text
WITH stated AS (
    SELECT
        obs_id, dataset, table_id, edition, quantity, indicator, period, period_kind, region, scheme, ownership, industry,
        population, breakdown, value, unit, mark, status, next_obs_id, CASE WHEN is_addend THEN value END AS counted
    FROM core_vintage
    WHERE nth = 1
),
replaced AS (
    SELECT dataset, table_id, edition AS edition_before, replaced_by AS edition_after
    FROM core_edition
    WHERE replaced_by IS NOT NULL
),
deleted AS (
    SELECT
        r.edition_before, r.edition_after, s.obs_id, s.dataset, s.table_id, s.quantity, s.indicator, s.period,
        s.period_kind, s.region, s.scheme, s.ownership, s.industry, s.population, s.breakdown, s.value, s.unit, s.mark,
        s.counted
    FROM replaced AS r
    INNER JOIN stated AS s ON s.dataset = r.dataset AND s.table_id = r.table_id AND s.edition = r.edition_before
    LEFT ANTI JOIN stated AS o
        ON o.dataset = s.dataset AND o.table_id = s.table_id AND o.edition = r.edition_after AND o.quantity = s.quantity
),
added AS (
    SELECT
        r.edition_before, r.edition_after, s.obs_id, s.dataset, s.table_id, s.quantity, s.indicator, s.period,
        s.period_kind, s.region, s.scheme, s.ownership, s.industry, s.population, s.breakdown, s.value, s.unit, s.mark,
        s.counted
    FROM replaced AS r
    INNER JOIN stated AS s ON s.dataset = r.dataset AND s.table_id = r.table_id AND s.edition = r.edition_after
    LEFT ANTI JOIN stated AS o
        ON o.dataset = s.dataset AND o.table_id = s.table_id AND o.edition = r.edition_before AND o.quantity = s.quantity
),
recoding AS (
    -- A code that went, whole, into one that came. Of several ways a cell takes the first.
    SELECT
        d.obs_id AS before_obs_id,
        d.edition_after,
        a.obs_id AS after_obs_id,
        c.from_code,
        ROW_NUMBER() OVER (PARTITION BY d.obs_id, d.edition_after ORDER BY c.list, c.to_code, a.obs_id) AS place
    FROM deleted AS d
    INNER JOIN added AS a
        ON a.dataset = d.dataset AND a.table_id = d.table_id AND a.edition_before = d.edition_before
        AND a.edition_after = d.edition_after AND a.indicator = d.indicator AND a.period = d.period
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
        d.edition_before,
        SUM(d.value) AS value,
        SUM(d.counted) AS counted,
        string_agg(d.mark, ', ' ORDER BY r.from_code) AS mark,
        string_agg(r.from_code, ' + ' ORDER BY r.from_code) AS recoded_from,
        string_agg(d.obs_id, ' ' ORDER BY r.from_code) AS obs_id
    FROM recoding AS r
    INNER JOIN deleted AS d ON d.obs_id = r.before_obs_id AND d.edition_after = r.edition_after
    WHERE r.place = 1
    GROUP BY r.after_obs_id, d.edition_before
),
compared AS (
    SELECT
        a.dataset, a.table_id, b.edition AS edition_before, a.edition AS edition_after, a.quantity, a.indicator, a.period,
        a.period_kind, a.region, a.scheme, a.ownership, a.industry, a.population, a.breakdown, a.unit,
        CASE
            WHEN b.value <> a.value THEN 'changed'
            WHEN
                (b.value IS NULL) <> (a.value IS NULL) OR COALESCE(b.mark, '') <> COALESCE(a.mark, '')
                OR b.status <> a.status
                THEN 'mark changed'
            ELSE 'unchanged'
        END AS kind,
        b.value AS before_value, a.value AS after_value, b.counted AS before_counted, a.counted AS after_counted,
        b.mark AS before_mark, a.mark AS after_mark, CAST(NULL AS VARCHAR) AS recoded_from, b.obs_id AS before_obs_id,
        a.obs_id AS after_obs_id
    FROM stated AS b
    INNER JOIN stated AS a ON a.obs_id = b.next_obs_id
    UNION ALL
    SELECT
        a.dataset, a.table_id, a.edition_before, a.edition_after, a.quantity, a.indicator, a.period, a.period_kind,
        a.region, a.scheme, a.ownership, a.industry, a.population, a.breakdown, a.unit,
        CASE WHEN r.after_obs_id IS NULL THEN 'added' ELSE 're-coded' END AS kind,
        r.value AS before_value, a.value AS after_value, r.counted AS before_counted, a.counted AS after_counted,
        r.mark AS before_mark, a.mark AS after_mark, r.recoded_from, r.obs_id AS before_obs_id, a.obs_id AS after_obs_id
    FROM added AS a
    LEFT JOIN recoded AS r ON r.after_obs_id = a.obs_id AND r.edition_before = a.edition_before
    UNION ALL
    SELECT
        d.dataset, d.table_id, d.edition_before, d.edition_after, d.quantity, d.indicator, d.period, d.period_kind,
        d.region, d.scheme, d.ownership, d.industry, d.population, d.breakdown, d.unit, 'deleted' AS kind,
        d.value AS before_value, CAST(NULL AS DECIMAL(38, 6)) AS after_value, d.counted AS before_counted,
        CAST(NULL AS DECIMAL(38, 6)) AS after_counted, d.mark AS before_mark, CAST(NULL AS VARCHAR) AS after_mark,
        CAST(NULL AS VARCHAR) AS recoded_from, d.obs_id AS before_obs_id, CAST(NULL AS VARCHAR) AS after_obs_id
    FROM deleted AS d
    LEFT ANTI JOIN recoding AS r ON r.before_obs_id = d.obs_id AND r.edition_after = d.edition_after
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
    after_obs_id,
    quantity
FROM compared
ORDER BY dataset, table_id, edition_before, edition_after, quantity
