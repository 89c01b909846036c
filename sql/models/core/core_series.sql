-- name:  core_series
-- grain: indicator, period, period_kind, region, scheme, ownership, industry, population, breakdown
-- doc:   Time series under one code each, point by point, with what was compared to what.
--        point: printed, as a table states it; bridged, where a code has no figure of its own yet and those it took the place
--        of have: the sum of their parts by the concordance (bridge names them, list the code list); gap, where one of those
--        is missing or its part is not known (missing names it): never a part sum. Stocks and flows only; rates are not bridged.
--        previous_period is the period one step before of the same length: a year is never compared to a half year or a
--        month. break: why the figures before cannot be compared; change and change_pct are null across it. policy: what
--        moved the figures since the last point, which can be compared. change_pct is of stocks and flows only.
WITH axis AS (
    SELECT DISTINCT list
    FROM core_concordance
),
member AS (
    SELECT
        f.indicator,
        f.period,
        f.period_kind,
        f.region,
        f.scheme,
        f.ownership,
        f.industry,
        f.population,
        f.breakdown,
        f.period_start,
        f.period_end,
        f.value,
        f.unit,
        f.obs_id,
        a.list,
        CASE a.list
            WHEN 'region' THEN f.region
            WHEN 'scheme' THEN f.scheme
            WHEN 'ownership' THEN f.ownership
            WHEN 'industry' THEN f.industry
            WHEN 'population' THEN f.population
        END AS code
    FROM core_figure AS f
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
gathered AS (
    SELECT
        indicator,
        period,
        period_kind,
        region,
        scheme,
        ownership,
        industry,
        population,
        breakdown,
        list,
        to_code,
        unit,
        MIN(period_start) AS period_start,
        MIN(period_end) AS period_end,
        SUM(value) AS value,
        string_agg(part, ' + ' ORDER BY from_code) AS bridge,
        string_agg(obs_id, ' ' ORDER BY from_code) AS obs_id
    FROM carried
    GROUP BY
        indicator, period, period_kind, region, scheme, ownership, industry, population, breakdown, list, to_code, unit
),
lacking AS (
    -- Codes in use at the time that have no figure, or one of which nobody knows the part.
    SELECT
        g.indicator,
        g.period,
        g.period_kind,
        g.region,
        g.scheme,
        g.ownership,
        g.industry,
        g.population,
        g.breakdown,
        g.list,
        string_agg(
            CASE WHEN c.from_code IS NULL THEN p.from_code ELSE 'the part of ' || p.from_code END, ', ' ORDER BY p.from_code
        ) AS missing
    FROM gathered AS g
    INNER JOIN core_concordance AS p ON p.list = g.list AND p.to_code = g.to_code
    LEFT JOIN carried AS c
        ON c.list = g.list AND c.from_code = p.from_code AND c.to_code = g.to_code
        AND c.indicator = g.indicator AND c.period = g.period AND c.period_kind = g.period_kind AND c.region = g.region
        AND c.scheme = g.scheme AND c.ownership = g.ownership AND c.industry = g.industry AND c.population = g.population
        AND c.breakdown = g.breakdown
    WHERE
        (p.unit IS NULL OR p.unit = g.unit) AND g.period_end < p.since_day
        AND (p.from_first_day IS NULL OR p.from_first_day <= g.period_end)
        AND (p.from_last_day IS NULL OR p.from_last_day >= g.period_start)
        AND c.value IS NULL
    GROUP BY
        g.indicator, g.period, g.period_kind, g.region, g.scheme, g.ownership, g.industry, g.population, g.breakdown,
        g.list
),
bridged AS (
    -- A code's own figure goes before a bridge, and a bridge over one list before one over another.
    SELECT
        g.indicator,
        g.period,
        g.period_kind,
        g.region,
        g.scheme,
        g.ownership,
        g.industry,
        g.population,
        g.breakdown,
        g.period_start,
        g.period_end,
        CASE WHEN l.missing IS NULL THEN g.value END AS value,
        g.unit,
        CASE WHEN l.missing IS NULL THEN 'bridged' ELSE 'gap' END AS point,
        g.list,
        g.bridge,
        l.missing,
        g.obs_id,
        ROW_NUMBER() OVER (
            PARTITION BY
                g.indicator, g.period, g.period_kind, g.region, g.scheme, g.ownership, g.industry, g.population,
                g.breakdown
            ORDER BY l.missing ASC NULLS FIRST, g.list ASC
        ) AS place
    FROM gathered AS g
    LEFT JOIN lacking AS l
        ON l.list = g.list AND l.indicator = g.indicator AND l.period = g.period AND l.period_kind = g.period_kind
        AND l.region = g.region AND l.scheme = g.scheme AND l.ownership = g.ownership AND l.industry = g.industry
        AND l.population = g.population AND l.breakdown = g.breakdown
    LEFT ANTI JOIN core_figure AS f
        ON f.indicator = g.indicator AND f.period = g.period AND f.period_kind = g.period_kind AND f.region = g.region
        AND f.scheme = g.scheme AND f.ownership = g.ownership AND f.industry = g.industry
        AND f.population = g.population AND f.breakdown = g.breakdown
),
series AS (
    SELECT
        indicator, period, period_kind, region, scheme, ownership, industry, population, breakdown, period_start,
        period_end, CAST(value AS DECIMAL(38, 12)) AS value, unit, 'printed' AS point, NULL AS list, NULL AS bridge,
        NULL AS missing, obs_id
    FROM core_figure
    UNION ALL
    SELECT
        indicator, period, period_kind, region, scheme, ownership, industry, population, breakdown, period_start,
        period_end, CAST(value AS DECIMAL(38, 12)) AS value, unit, point, list, bridge, missing, obs_id
    FROM bridged
    WHERE place = 1
),
placed AS (
    SELECT
        indicator, period, period_kind, region, scheme, ownership, industry, population, breakdown, period_start,
        period_end, value, unit, point, list, bridge, missing, obs_id,
        LAG(period_start) OVER points AS last_start,
        LAG(period_end) OVER points AS last_end
    FROM series
    WINDOW points AS (
        PARTITION BY
            indicator, period_kind, region, scheme, ownership, industry, population, breakdown, period_month_count(period)
        ORDER BY period_end
    )
),
broken AS (
    -- A stock stands at the end of its period; any other figure that begins before the break holds some of both sides.
    SELECT
        p.indicator,
        p.period,
        p.period_kind,
        p.region,
        p.scheme,
        p.ownership,
        p.industry,
        p.population,
        p.breakdown,
        string_agg(CASE WHEN b.kind = 'break' THEN b.at || ': ' || b.reason END, '; ' ORDER BY b.at) AS break,
        string_agg(CASE WHEN b.kind = 'policy' THEN b.at || ': ' || b.reason END, '; ' ORDER BY b.at) AS policy
    FROM placed AS p
    INNER JOIN core_break AS b
        ON b.at_day <= p.period_end
        AND b.at_day > CASE WHEN p.period_kind = 'stock' THEN p.last_end ELSE p.last_start END
        AND (b.indicator IS NULL OR b.indicator = p.indicator) AND (b.scheme IS NULL OR b.scheme = p.scheme)
        AND (b.region IS NULL OR b.region = p.region) AND (b.ownership IS NULL OR b.ownership = p.ownership)
        AND (b.industry IS NULL OR b.industry = p.industry)
    GROUP BY
        p.indicator, p.period, p.period_kind, p.region, p.scheme, p.ownership, p.industry, p.population, p.breakdown
)
SELECT
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
    prev.period AS previous_period,
    prev.value AS previous,
    CASE WHEN b.break IS NULL THEN s.value - prev.value END AS change,
    CASE
        WHEN b.break IS NULL AND s.period_kind IN ('stock', 'flow') THEN change_pct(s.value, prev.value)
    END AS change_pct,
    b.break,
    b.policy,
    s.obs_id
FROM series AS s
LEFT JOIN series AS prev
    ON prev.period = period_previous(s.period) AND prev.indicator = s.indicator AND prev.period_kind = s.period_kind
    AND prev.region = s.region AND prev.scheme = s.scheme AND prev.ownership = s.ownership
    AND prev.industry = s.industry AND prev.population = s.population AND prev.breakdown = s.breakdown
    AND prev.value IS NOT NULL
LEFT JOIN broken AS b
    ON b.indicator = s.indicator AND b.period = s.period AND b.period_kind = s.period_kind AND b.region = s.region
    AND b.scheme = s.scheme AND b.ownership = s.ownership AND b.industry = s.industry AND b.population = s.population
    AND b.breakdown = s.breakdown
ORDER BY
    s.indicator, s.period, s.period_kind, s.region, s.scheme, s.ownership, s.industry, s.population, s.breakdown
