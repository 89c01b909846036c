-- name:  core_concordance
-- grain: list, from_code, to_code, unit
-- doc:   Which code takes the place of which from valid_from on. weight: the part of the old code's figures that belongs to
--        the new code, an exact fraction; weights: all of the old code's, which add up to 1; null and blank where the
--        shares are not known. unit: the base unit of the figures that may be carried over, null: all of them. via: the
--        codes between, where one code followed another that had followed a third.
SELECT
    list,
    from_version,
    from_code,
    to_version,
    to_code,
    weight,
    weights,
    place,
    unit,
    valid_from,
    since_day,
    from_first_day,
    from_last_day,
    via,
    source,
    reason
FROM stage_concordance
ORDER BY list, from_code, to_code, unit
