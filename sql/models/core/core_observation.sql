-- name:  core_observation
-- grain: obs_id
-- doc:   One number from one cell, or the mark that stands in its place. Values are in the base unit; a dimension that is
--        not divided holds _T; a missing value is null and has a mark, never 0. status: what print
--        says of the figure (normal, provisional, revised, estimated). A figure from a text has its place in it, null for cells
--        of a table; qualifier is how the text bounds it (at_least: 以上, 余, 多; at_most: 近, 以内; about: 左右, 约).
-- columns: obs_id = dataset/table/edition/cell, stable as long as the cell stands where it stands;
--        dataset = the source, a folder of pipelines/; table_id = the table, a file of that folder;
--        edition = the edition of the table, as its specification names it; period = ISO text: 2004, 2004-07, 2013-01/2013-08;
--        period_start = its first day; period_end = its last day; period_kind = stock (at the end), flow (over it), rate, or rule (in force);
--        breakdown = further dimensions as key=code, sorted and parted by semicolons; value = the number in the base unit;
--        unit = the base unit; decimals = decimals as printed; mark = why there is no number; printed = the cell's text;
--        printed_unit = the unit of the print; source_file = the file below the input folder; source_sha256 = its digest;
--        sheet = the sheet, blank where files have none; cell = the address (A1, in html RnCm, in dbf recN.FIELD);
--        notes = footnotes bound to the cell, a line each; status = normal, provisional, revised or estimated;
--        released_at = when the file's digest first entered a release;
--        record = the key of the row of a text's figure; paper = the text it stands in; section = its section; quote = the words that state it;
--        qualifier = exact, at_least, at_most or about; preferred = 1 where its specification declares it to count among several statements;
--        correction = the entry of pipelines/corrections/ that changed the value; original_value = the number before it;
--        indicator = the indicator, a code of core_indicator
SELECT
    obs_id,
    dataset,
    table_id,
    edition,
    indicator,
    period,
    period_start,
    period_end,
    period_kind,
    region,
    scheme,
    ownership,
    industry,
    population,
    breakdown,
    value,
    unit,
    decimals,
    mark,
    printed,
    printed_unit,
    source_file,
    source_sha256,
    sheet,
    cell,
    notes,
    status,
    record,
    paper,
    section,
    quote,
    qualifier,
    preferred,
    original_value,
    correction
FROM stage_observation
ORDER BY obs_id
