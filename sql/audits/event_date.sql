-- rule:     event-date
-- zh:       同一事件的日期应一致
-- severity: info
-- doc:      An event that sources date more than once (event= in the breakdown, its date is the period): dates of several kinds
--           (印发, 施行, 实现) are told, since a series begins at one of them; two dates of one kind contradict each other, which is a
--           warning. There is no residual.
WITH dated AS (
    SELECT
        r.obs_id, r.dataset, r.period, r.region, r.scheme, r.ownership, r.industry, r.population, r.source_file, r.sheet, r.cell,
        r.citation, breakdown_value(r.breakdown, 'event') AS event, breakdown_value(r.breakdown, 'event_date') AS kind,
        breakdown_without(r.breakdown, 'event_date') AS what
    FROM core_reading AS r
    WHERE r.indicator = 'event_item'
),
named AS (
    SELECT
        d.obs_id, d.dataset, d.period, d.region, d.scheme, d.ownership, d.industry, d.population, d.source_file, d.sheet, d.cell,
        d.citation, d.kind, d.what, COALESCE(e.name_zh, d.event) AS event_name, COALESCE(k.name_zh, d.kind, '') AS kind_name
    FROM dated AS d
    LEFT JOIN core_code AS e ON e.list = 'event' AND e.code = d.event
    LEFT JOIN core_code AS k ON k.list = 'event_date' AND k.code = d.kind
),
clash AS (
    SELECT region, scheme, ownership, industry, population, what, kind, COUNT(DISTINCT period) AS date_count
    FROM named
    GROUP BY region, scheme, ownership, industry, population, what, kind
),
told AS (
    SELECT
        region, scheme, ownership, industry, population, what,
        COUNT(DISTINCT period) AS date_count,
        first_value(obs_id ORDER BY period, obs_id) AS obs_id,
        first_value(source_file ORDER BY period, obs_id) AS source_file,
        string_agg(
            concat_ws(' ', period, NULLIF(kind_name, ''), concat('(', citation, ')')), ', ' ORDER BY period, obs_id
        ) AS dates,
        string_agg(
            concat(period_zh(period), kind_name, '（', replace(citation, ' “', '“'), '）'), '，' ORDER BY period, obs_id
        ) AS dates_zh
    FROM named
    GROUP BY region, scheme, ownership, industry, population, what
),
placed AS (
    SELECT
        t.obs_id,
        string_agg(
            CASE WHEN n.source_file = t.source_file THEN n.cell ELSE concat(n.source_file, '!', n.cell) END, ' '
            ORDER BY n.period, n.obs_id
        ) AS cells
    FROM told AS t
    INNER JOIN named AS n
        ON n.region = t.region AND n.scheme = t.scheme AND n.ownership = t.ownership AND n.industry = t.industry
        AND n.population = t.population AND n.what = t.what
    GROUP BY t.obs_id
),
worst AS (
    SELECT region, scheme, ownership, industry, population, what, MAX(date_count) AS of_one_kind
    FROM clash
    GROUP BY region, scheme, ownership, industry, population, what
)
SELECT
    CASE WHEN w.of_one_kind > 1 THEN 'warning' ELSE 'info' END AS severity,
    'fail' AS outcome,
    n.dataset,
    n.period,
    n.region,
    n.scheme,
    n.source_file,
    n.sheet,
    p.cells AS cell,
    CAST(NULL AS DECIMAL(38, 12)) AS residual,
    CAST(NULL AS DECIMAL(38, 12)) AS tolerance,
    concat(n.event_name, ' has ', t.date_count, ' dates: ', t.dates) AS message,
    concat(n.event_name, '有', t.date_count, '个日期：', t.dates_zh) AS message_zh,
    CASE
        WHEN w.of_one_kind > 1 THEN 'compare the sentences with the documents they speak of'
        ELSE 'say which of the dates is meant where a series begins at the event'
    END AS suggestion
FROM told AS t
INNER JOIN named AS n ON n.obs_id = t.obs_id
INNER JOIN placed AS p ON p.obs_id = t.obs_id
INNER JOIN worst AS w
    ON w.region = t.region AND w.scheme = t.scheme AND w.ownership = t.ownership AND w.industry = t.industry
    AND w.population = t.population AND w.what = t.what
WHERE t.date_count > 1
ORDER BY source_file, cell, message
