-- name:  core_series
-- grain: series, period
-- doc:   Time series under one code each, point by point, with what was compared to what. series: the name of the series, from
--        indicator, kind and dimensions.
--        point: printed, as a table states it; bridged, where a code has no figure of its own yet and those it took the place
--        of have: the sum of their parts by the concordance (bridge names them, list the code list); gap, where one of those
--        is missing or its part is not known (missing names it): never a part sum. Stocks and flows only; rates are not bridged.
--        previous_period is the period one step before of the same length: a year is never compared to a half year or a
--        month. break: why the figures before cannot be compared; change and change_pct are null across it. policy: what
--        moved the figures since the last point, which can be compared. change_pct is of stocks and flows only.
-- columns: series = the name of the series: indicator, kind and dimensions in one text; indicator = the indicator, a code of
--        core_indicator; point = printed, bridged (made of the codes it took the place of) or gap; list = the code list that a
--        bridge goes over; bridge = the codes and parts that a bridged point is made of; missing = codes without which there is
--        no bridge; previous_period = the period that is compared to; previous = the value one period before; change = this
--        value less the one before; change_pct = the change in percent of what was before; policy = a declared policy that
--        moved the figures, which can be compared; break = why there is no comparison with what was before: a declared break
WITH figure AS (
    SELECT
        concat_ws('/', indicator, period_kind, region, scheme, ownership, industry, population, breakdown) AS series,
        indicator, period, period_kind, region, scheme, ownership, industry, population, breakdown, period_start,
        period_end, value, unit, obs_id
    FROM core_figure
),
axis AS (
    SELECT DISTINCT list
    FROM core_concordance
),
member AS (
    SELECT
        f.indicator, f.period, f.period_kind, f.region, f.scheme, f.ownership, f.industry, f.population, f.breakdown,
        f.period_start, f.period_end, f.value, f.unit, f.obs_id, a.list,
        CASE a.list
            WHEN 'region' THEN f.region
            WHEN 'scheme' THEN f.scheme
            WHEN 'ownership' THEN f.ownership
            WHEN 'industry' THEN f.industry
            WHEN 'population' THEN f.population
        END AS code
    FROM figure AS f
    CROSS JOIN axis AS a
    WHERE f.period_kind IN ('stock', 'flow')
),
carried AS (
    -- What a figure leaves to each code that took the place of its own.
    SELECT
        m.indicator,
        m.period,
        m.period_kind,
        CASE WHEN m.list = 'region' THEN c.to_code ELSE m.region END AS region,
        CASE WHEN m.list = 'scheme' THEN c.to_code ELSE m.scheme END AS scheme,
        CASE WHEN m.list = 'ownership' THEN c.to_code ELSE m.ownership END AS ownership,
        CASE WHEN m.list = 'industry' THEN c.to_code ELSE m.industry END AS industry,
        CASE WHEN m.list = 'population' THEN c.to_code ELSE m.population END AS population,
        m.breakdown,
        m.period_start,
        m.period_end,
        m.unit,
        m.list,
        c.to_code,
        c.from_code,
        m.code || CASE WHEN c.weight = '1' THEN '' ELSE ' × ' || COALESCE(c.weight, '?') END AS part,
        allocated(m.value, c.weights, c.place) AS value,
        m.obs_id
    FROM member AS m
    INNER JOIN core_concordance AS c ON c.list = m.list AND c.from_code = m.code
    WHERE (c.unit IS NULL OR c.unit = m.unit) AND m.period_end < c.since_day
),
named AS (
    SELECT
        concat_ws('/', indicator, period_kind, region, scheme, ownership, industry, population, breakdown) AS series,
        indicator, period, period_kind, region, scheme, ownership, industry, population, breakdown, period_start,
        period_end, unit, list, to_code, from_code, part, value, obs_id
    FROM carried
),
gathered AS (
    -- A code's own figure goes before a bridge.
    SELECT
        n.series,
        n.period,
        n.list,
        n.to_code,
        MIN(n.indicator) AS indicator,
        MIN(n.period_kind) AS period_kind,
        MIN(n.region) AS region,
        MIN(n.scheme) AS scheme,
        MIN(n.ownership) AS ownership,
        MIN(n.industry) AS industry,
        MIN(n.population) AS population,
        MIN(n.breakdown) AS breakdown,
        MIN(n.period_start) AS period_start,
        MIN(n.period_end) AS period_end,
        MIN(n.unit) AS unit,
        SUM(n.value) AS value,
        string_agg(n.part, ' + ' ORDER BY n.from_code) AS bridge,
        string_agg(n.obs_id, ' ' ORDER BY n.from_code) AS obs_id
    FROM named AS n
    LEFT ANTI JOIN figure AS f ON f.series = n.series AND f.period = n.period
    GROUP BY n.series, n.period, n.list, n.to_code
),
lacking AS (
    -- Codes in use at the time that have no figure, or of which nobody knows the part.
    SELECT
        g.series,
        g.period,
        g.list,
        string_agg(
            CASE WHEN n.from_code IS NULL THEN p.from_code ELSE 'the part of ' || p.from_code END, ', ' ORDER BY p.from_code
        ) AS missing
    FROM gathered AS g
    INNER JOIN core_concordance AS p ON p.list = g.list AND p.to_code = g.to_code
    LEFT JOIN named AS n
        ON n.series = g.series AND n.period = g.period AND n.list = g.list AND n.from_code = p.from_code
    WHERE
        (p.unit IS NULL OR p.unit = g.unit) AND g.period_end < p.since_day
        AND (p.from_first_day IS NULL OR p.from_first_day <= g.period_end)
        AND (p.from_last_day IS NULL OR p.from_last_day >= g.period_start)
        AND n.value IS NULL
    GROUP BY g.series, g.period, g.list
),
bridged AS (
    -- A bridge over one list goes before one over another.
    SELECT
        g.series, g.indicator, g.period, g.period_kind, g.region, g.scheme, g.ownership, g.industry, g.population,
        g.breakdown, g.period_start, g.period_end, g.value, g.unit, g.list, g.bridge, l.missing, g.obs_id,
        ROW_NUMBER() OVER (PARTITION BY g.series, g.period ORDER BY l.missing ASC NULLS FIRST, g.list ASC) AS place
    FROM gathered AS g
    LEFT JOIN lacking AS l ON l.series = g.series AND l.period = g.period AND l.list = g.list
),
pointed AS (
    SELECT
        series, indicator, period, period_kind, region, scheme, ownership, industry, population, breakdown, period_start,
        period_end, CAST(value AS DECIMAL(38, 12)) AS value, unit, 'printed' AS point, CAST(NULL AS VARCHAR) AS list,
        CAST(NULL AS VARCHAR) AS bridge, CAST(NULL AS VARCHAR) AS missing, obs_id
    FROM figure
    UNION ALL
    SELECT
        series, indicator, period, period_kind, region, scheme, ownership, industry, population, breakdown, period_start,
        period_end, CASE WHEN missing IS NULL THEN CAST(value AS DECIMAL(38, 12)) END AS value, unit,
        CASE WHEN missing IS NULL THEN 'bridged' ELSE 'gap' END AS point, list, bridge, missing, obs_id
    FROM bridged
    WHERE place = 1
),
placed AS (
    SELECT
        series, indicator, period, period_kind, region, scheme, ownership, industry, period_end,
        CASE
            WHEN period_kind = 'stock'
                THEN LAG(period_end) OVER (PARTITION BY series, period_month_count(period) ORDER BY period_end)
            ELSE LAG(period_start) OVER (PARTITION BY series, period_month_count(period) ORDER BY period_end)
        END AS last_day
    FROM pointed
),
broken AS (
    -- A stock stands at the end of its period; any other figure that begins before the break holds some of both sides.
    SELECT
        p.series,
        p.period,
        string_agg(CASE WHEN b.kind = 'break' THEN b.at || ': ' || b.reason END, '; ' ORDER BY b.at) AS break,
        string_agg(CASE WHEN b.kind = 'policy' THEN b.at || ': ' || b.reason END, '; ' ORDER BY b.at) AS policy
    FROM placed AS p
    INNER JOIN core_break AS b
        ON b.at_day <= p.period_end AND b.at_day > p.last_day
        AND (b.indicator IS NULL OR b.indicator = p.indicator) AND (b.scheme IS NULL OR b.scheme = p.scheme)
        AND (b.region IS NULL OR b.region = p.region) AND (b.ownership IS NULL OR b.ownership = p.ownership)
        AND (b.industry IS NULL OR b.industry = p.industry)
    GROUP BY p.series, p.period
)
SELECT
    s.series,
    s.indicator,
    s.period,
    s.period_kind,
    s.region,
    s.scheme,
    s.ownership,
    s.industry,
    s.population,
    s.breakdown,
    s.period_start,
    s.period_end,
    s.value,
    s.unit,
    s.point,
    s.list,
    s.bridge,
    s.missing,
    before.period AS previous_period,
    before.value AS previous,
    CASE WHEN b.break IS NULL THEN s.value - before.value END AS change,
    CASE
        WHEN b.break IS NULL AND s.period_kind IN ('stock', 'flow') THEN change_pct(s.value, before.value)
    END AS change_pct,
    b.break,
    b.policy,
    s.obs_id
FROM pointed AS s
LEFT JOIN pointed AS before
    ON before.series = s.series AND before.period = period_previous(s.period) AND before.value IS NOT NULL
LEFT JOIN broken AS b ON b.series = s.series AND b.period = s.period
ORDER BY s.series, s.period
