-- name:  out_revision
-- grain: dataset, table_id, edition_before, edition_after, quantity
-- doc:   The revision report: what one edition of a table states otherwise than the edition before. The counted_difference of
--        its items adds up to the difference of the totals in core_revision_total.
-- columns: edition_before = the earlier edition; edition_after = the later edition; kind = added, changed, deleted, mark changed
--        or recoded; indicator = the indicator, a code of core_indicator; before_value = the value in the earlier edition;
--        after_value = the value in the later edition; difference = later less earlier; counted_difference = the part of the
--        difference that moves the total; before_mark = the mark in the earlier edition; after_mark = the mark in the later
--        edition; recoded_from = the code it had in the earlier edition; quantity = the quantity: indicator, period, kind and
--        dimensions in one text
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
