-- name:  out_revision
-- grain: dataset, table_id, edition_before, edition_after, quantity
-- doc:   The revision report: what one edition of a table states otherwise than the edition before. The counted_difference of
--        its items adds up to the difference of the totals in core_revision_total.
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
    difference,
    counted_difference,
    before_mark,
    after_mark,
    recoded_from,
    before_obs_id,
    after_obs_id,
    quantity
FROM core_revision
WHERE kind <> 'unchanged'
ORDER BY dataset, table_id, edition_before, edition_after, quantity
