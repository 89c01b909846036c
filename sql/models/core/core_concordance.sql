-- name:  core_concordance
-- grain: list, from_code, to_code, unit
-- doc:   Which code takes the place of which from valid_from on. weight: the part of the old code's figures that belongs to
--        the new code, an exact fraction; weights: all of the old code's, which add up to 1; null and blank where the
--        shares are not known. unit: the base unit of the figures that may be carried over, null: all of them. via: the
--        codes between, where one code followed another that had followed a third.
-- columns: list = the code list; from_version = version of the old code; from_code = the old code; to_version = version of the
--        new code; to_code = the new code; weight = the part of the old code's figures that the new one has; weights = the
--        weights of all new codes of the old one; place = the new code's place among them; valid_from = first day on which it
--        holds, null: since ever; since_day = from this day on the new code is in use; from_first_day = first day of the old
--        code; from_last_day = last day of the old code; via = codes between, where the step is made of several; source = who
--        says so; reason = why
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
