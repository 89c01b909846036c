-- name:  core_vintage
-- grain: obs_id
-- doc:   Every quantity (named by indicator, period, kind and dimensions) as each edition of a table states it, number or
--        mark, and until when that stood. superseded_by: the edition that states it anew, or that replaces this one as a
--        whole, whichever came first; null: it stands. known_from and known_to: the days on which the two editions were
--        published, null where nobody says. is_addend: no sum of other cells of its table and no part named apart (其中), so
--        that addends may be added up.
--        As of a day:        (known_from IS NULL OR known_from <= day) AND (known_to IS NULL OR known_to > day).
--        As an edition has it: edition = '2012'.
WITH uncounted AS (
    SELECT whole_obs_id AS obs_id
    FROM core_part
    WHERE kind = 'sum' AND part_obs_id IS NOT NULL
    UNION
    SELECT part_obs_id AS obs_id
    FROM core_part
    WHERE kind = 'part_of' AND part_obs_id IS NOT NULL
),
stated AS (
    SELECT
        o.obs_id,
        o.dataset,
        o.table_id,
        o.edition,
        concat_ws(
            '/', o.indicator, o.period, o.period_kind, o.region, o.scheme, o.ownership, o.industry, o.population,
            o.breakdown
        ) AS quantity,
        o.indicator,
        o.period,
        o.period_kind,
        o.region,
        o.scheme,
        o.ownership,
        o.industry,
        o.population,
        o.breakdown,
        o.value,
        o.unit,
        o.mark,
        o.status,
        e.published,
        e.place,
        e.replaced_place,
        LEAD(o.obs_id) OVER quantity AS next_obs_id,
        LEAD(e.place) OVER quantity AS next_place
    FROM core_observation AS o
    INNER JOIN core_edition AS e
        ON e.dataset = o.dataset AND e.table_id = o.table_id AND e.edition = o.edition
    WINDOW quantity AS (
        PARTITION BY
            o.dataset, o.table_id, o.indicator, o.period, o.period_kind, o.region, o.scheme, o.ownership, o.industry,
            o.population, o.breakdown
        ORDER BY e.place, o.obs_id
    )
),
ended AS (
    SELECT
        obs_id,
        dataset,
        table_id,
        edition,
        quantity,
        indicator,
        period,
        period_kind,
        region,
        scheme,
        ownership,
        industry,
        population,
        breakdown,
        value,
        unit,
        mark,
        status,
        published,
        CASE WHEN replaced_place IS NULL OR next_place <= replaced_place THEN next_obs_id END AS next_obs_id,
        CASE WHEN replaced_place IS NULL OR next_place < replaced_place THEN next_place ELSE replaced_place END AS end_place
    FROM stated
)
SELECT
    s.obs_id,
    s.dataset,
    s.table_id,
    s.edition,
    s.quantity,
    s.indicator,
    s.period,
    s.period_kind,
    s.region,
    s.scheme,
    s.ownership,
    s.industry,
    s.population,
    s.breakdown,
    s.value,
    s.unit,
    s.mark,
    s.status,
    s.published AS known_from,
    e.published AS known_to,
    e.edition AS superseded_by,
    s.next_obs_id,
    u.obs_id IS NULL AS is_addend
FROM ended AS s
LEFT JOIN uncounted AS u ON u.obs_id = s.obs_id
LEFT JOIN core_edition AS e ON e.dataset = s.dataset AND e.table_id = s.table_id AND e.place = s.end_place
ORDER BY s.obs_id
