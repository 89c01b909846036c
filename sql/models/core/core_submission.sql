-- name:  core_submission
-- grain: submission, source_file
-- doc:   The files of agencies that the records come from, and those that were refused: what was in them and what was set
--        aside (core_reject tells each cell). scope: of two files with the same the later one counts.
-- columns: submission = a digest of the file, its layout, the code lists, the key and the program, by which records name it;
--          extract = the layout of its rows, a file of that folder;
--          record_table = the table that its records are in; scope = what its name says; state = taken or refused;
--          records = records in the file; rejected = those set aside; reasons = cells set aside by reason
SELECT
    submission,
    dataset,
    extract,
    record_table,
    source_file,
    source_sha256,
    scope,
    state,
    records,
    rejected,
    reasons
FROM stage_submission
ORDER BY submission, source_file
