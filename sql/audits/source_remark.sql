-- rule:     source-remark
-- zh:       来源文字存疑
-- severity: info
-- doc:      Who took a figure from a text and found its words odd says so in the record's note, which then begins with 原文作, 原文写, 原文未, 原文的 or 引自:
--           another base, no period, figures run together, a table that is not there. Every remark is a finding, once for all
--           figures of one section that share it.
WITH remark AS (
    SELECT
        o.dataset, o.period, o.region, o.scheme, o.source_file, o.sheet, o.cell, o.section, o.quote, o.notes,
        CAST(substr(o.cell, 2) AS BIGINT) AS line
    FROM core_observation AS o
    WHERE o.record IS NOT NULL AND regexp_like(o.notes, '^(原文(作|未|写|的)|引自)')
)
SELECT
    'fail' AS outcome,
    dataset,
    MIN(period) AS period,
    MIN(region) AS region,
    MIN(scheme) AS scheme,
    source_file,
    sheet,
    string_agg(cell, ' ' ORDER BY line) AS cell,
    CAST(NULL AS DECIMAL(38, 12)) AS residual,
    CAST(NULL AS DECIMAL(38, 12)) AS tolerance,
    concat(section, ' “', MIN(quote), '”: ', notes) AS message,
    concat(section, '“', MIN(quote), '”：', notes) AS message_zh,
    'read the passage in the original before the figure is used' AS suggestion
FROM remark
GROUP BY dataset, source_file, sheet, section, notes
ORDER BY source_file, MIN(line)
