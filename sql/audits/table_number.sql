-- rule:     table-number
-- zh:       同一出版物中表号不重复
-- severity: info
-- doc:      In one publication a number is that of one table: where several bear it, a text that refers to 表5 may mean any of
--           them. Numbers that are left out say nothing, since not every table of a publication need be read. There is no
--           residual, and no cell of a figure is concerned: the numbers stand in the titles.
WITH numbered AS (
    SELECT t.dataset, t.table_id, t.number, t.title, MIN(o.source_file) AS source_file, MIN(o.sheet) AS sheet
    FROM core_table AS t
    INNER JOIN core_observation AS o ON o.dataset = t.dataset AND o.table_id = t.table_id
    WHERE t.number IS NOT NULL
    GROUP BY t.dataset, t.table_id, t.number, t.title
),
shared AS (
    SELECT
        dataset,
        number,
        COUNT(table_id) AS table_count,
        first_value(source_file ORDER BY table_id) AS source_file,
        first_value(sheet ORDER BY table_id) AS sheet,
        string_agg(concat('"', title, '" (', source_file, ')'), ', ' ORDER BY table_id) AS titles,
        string_agg(concat('“', title, '”（', source_file, '）'), '、' ORDER BY table_id) AS titles_zh
    FROM numbered
    GROUP BY dataset, number
)
SELECT
    'fail' AS outcome,
    dataset,
    '' AS period,
    '' AS region,
    '' AS scheme,
    source_file,
    sheet,
    '' AS cell,
    CAST(NULL AS DECIMAL(38, 12)) AS residual,
    CAST(NULL AS DECIMAL(38, 12)) AS tolerance,
    concat(number, ' is the number of ', table_count, ' tables: ', titles) AS message,
    concat(number, '是', table_count, '张表的表号：', titles_zh) AS message_zh,
    'refer to such a table by its title; the text may mean another one than the reader thinks' AS suggestion
FROM shared
WHERE table_count > 1
ORDER BY source_file, message
