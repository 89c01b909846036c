-- name:  core_revision_total
-- grain: dataset, table_id, edition_before, edition_after, indicator, period, period_kind, unit
-- doc:   What two editions of a table add up to, and which revisions make the difference. The totals are of all addends
--        (core_vintage) of an edition and of the one that replaces it, or of the quantities that both of two editions state;
--        stocks and flows only. unexplained_value = difference − the five kinds: 0, or an audit says so.
-- columns: edition_before = the earlier edition; edition_after = the later edition; indicator = the indicator, a code of
--        core_indicator; before_value = the value in the earlier edition; after_value = the value in the later edition;
--        difference = later less earlier; added_value = added quantities, in the base unit; changed_value = changed ones;
--        deleted_value = deleted ones; mark_changed_value = those whose mark changed; recoded_value = those under another code;
--        unexplained_value = what is left of the difference; item_count = revisions
WITH replaced AS (
    SELECT dataset, table_id, edition, replaced_by
    FROM core_edition
    WHERE replaced_by IS NOT NULL
),
side AS (
    SELECT
        v.dataset, v.table_id, r.edition AS edition_before, r.replaced_by AS edition_after, v.indicator, v.period,
        v.period_kind, v.unit, v.value AS before_value, CAST(NULL AS DECIMAL(38, 6)) AS after_value, v.is_addend
    FROM replaced AS r
    INNER JOIN core_vintage AS v ON v.dataset = r.dataset AND v.table_id = r.table_id AND v.edition = r.edition
    WHERE v.nth = 1
    UNION ALL
    SELECT
        v.dataset, v.table_id, r.edition AS edition_before, r.replaced_by AS edition_after, v.indicator, v.period,
        v.period_kind, v.unit, CAST(NULL AS DECIMAL(38, 6)) AS before_value, v.value AS after_value, v.is_addend
    FROM replaced AS r
    INNER JOIN core_vintage AS v ON v.dataset = r.dataset AND v.table_id = r.table_id AND v.edition = r.replaced_by
    WHERE v.nth = 1
    UNION ALL
    SELECT
        b.dataset, b.table_id, b.edition AS edition_before, a.edition AS edition_after, b.indicator, b.period,
        b.period_kind, b.unit, CASE WHEN b.is_addend THEN b.value END AS before_value,
        CASE WHEN a.is_addend THEN a.value END AS after_value, b.is_addend OR a.is_addend AS is_addend
    FROM core_vintage AS b
    INNER JOIN core_vintage AS a ON a.obs_id = b.next_obs_id
    LEFT ANTI JOIN replaced AS r
        ON r.dataset = b.dataset AND r.table_id = b.table_id AND r.edition = b.edition AND r.replaced_by = a.edition
),
total AS (
    SELECT
        dataset, table_id, edition_before, edition_after, indicator, period, period_kind, unit,
        COALESCE(SUM(before_value), 0) AS before_value,
        COALESCE(SUM(after_value), 0) AS after_value
    FROM side
    WHERE is_addend AND period_kind IN ('stock', 'flow')
    GROUP BY dataset, table_id, edition_before, edition_after, indicator, period, period_kind, unit
),
item AS (
    SELECT
        dataset, table_id, edition_before, edition_after, indicator, period, period_kind, unit,
        SUM(CASE WHEN kind <> 'unchanged' THEN 1 ELSE 0 END) AS item_count,
        SUM(CASE WHEN kind = 'added' THEN counted_difference ELSE 0 END) AS added_value,
        SUM(CASE WHEN kind = 'changed' THEN counted_difference ELSE 0 END) AS changed_value,
        SUM(CASE WHEN kind = 'deleted' THEN counted_difference ELSE 0 END) AS deleted_value,
        SUM(CASE WHEN kind = 'mark changed' THEN counted_difference ELSE 0 END) AS mark_changed_value,
        SUM(CASE WHEN kind = 're-coded' THEN counted_difference ELSE 0 END) AS recoded_value
    FROM core_revision
    GROUP BY dataset, table_id, edition_before, edition_after, indicator, period, period_kind, unit
)
SELECT
    t.dataset,
    t.table_id,
    t.edition_before,
    t.edition_after,
    t.indicator,
    t.period,
    t.period_kind,
    t.unit,
    t.before_value,
    t.after_value,
    t.after_value - t.before_value AS difference,
    i.added_value,
    i.changed_value,
    i.deleted_value,
    i.mark_changed_value,
    i.recoded_value,
    t.after_value - t.before_value - i.added_value - i.changed_value - i.deleted_value - i.mark_changed_value
        - i.recoded_value AS unexplained_value,
    i.item_count
FROM total AS t
INNER JOIN item AS i
    ON i.dataset = t.dataset AND i.table_id = t.table_id AND i.edition_before = t.edition_before
    AND i.edition_after = t.edition_after AND i.indicator = t.indicator AND i.period = t.period
    AND i.period_kind = t.period_kind AND i.unit = t.unit
ORDER BY t.dataset, t.table_id, t.edition_before, t.edition_after, t.indicator, t.period, t.period_kind, t.unit
