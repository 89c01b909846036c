-- name:  core_vintage
-- grain: obs_id
-- doc:   Every quantity (named by indicator, period, kind and dimensions) as each edition of a table states it, number or
--        mark, and until when that stood. superseded_by: the edition that states it anew, or that replaces this one as a
--        whole, whichever came first; null: it stands. known_from and known_to: the days on which the two editions were
--        published, null where nobody says. nth: 1, or more where one edition states the quantity several times; the preferred
--        statement is the first. is_addend: no sum of other cells of its table and no part named apart (其中), so
--        that addends may be added up.
--        As of a day:        (known_from IS NULL OR known_from <= day) AND (known_to IS NULL OR known_to > day).
--        As an edition has it: edition = '2012'.
-- columns: quantity = the quantity: indicator, period, kind and dimensions in one text; indicator = the indicator, a code of
--        core_indicator; known_from = the day on which it was published; known_to = the day from which it was superseded;
--        superseded_by = the edition that states it anew; nth = 1, or more where one edition states it several times;
--        is_addend = whether it is no sum of other cells of its table and no part named apart
WITH uncounted AS (
    SELECT whole_obs_id AS obs_id
    FROM core_part
    WHERE kind = 'sum' AND part_obs_id IS NOT NULL
    UNION
    SELECT part_obs_id AS obs_id
    FROM core_part
    WHERE kind = 'part_of' AND part_obs_id IS NOT NULL
),
named AS (
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
        o.preferred
    FROM core_observation AS o
    INNER JOIN core_edition AS e
        ON e.dataset = o.dataset AND e.table_id = o.table_id AND e.edition = o.edition
),
numbered AS (
    SELECT
        obs_id,
        dataset,
        table_id,
        quantity,
        place,
        ROW_NUMBER() OVER (
            PARTITION BY dataset, table_id, quantity, place ORDER BY preferred DESC NULLS LAST, obs_id
        ) AS nth
    FROM named
),
statement AS (
    SELECT
        dataset,
        table_id,
        quantity,
        place,
        LEAD(obs_id) OVER (PARTITION BY dataset, table_id, quantity ORDER BY place) AS next_obs_id,
        LEAD(place) OVER (PARTITION BY dataset, table_id, quantity ORDER BY place) AS next_place
    FROM numbered
    WHERE nth = 1
),
ended AS (
    SELECT
        n.obs_id,
        n.dataset,
        n.table_id,
        n.edition,
        n.quantity,
        n.indicator,
        n.period,
        n.period_kind,
        n.region,
        n.scheme,
        n.ownership,
        n.industry,
        n.population,
        n.breakdown,
        n.value,
        n.unit,
        n.mark,
        n.status,
        n.published,
        o.nth,
        CASE WHEN o.nth = 1 AND (n.replaced_place IS NULL OR s.next_place <= n.replaced_place) THEN s.next_obs_id END
            AS next_obs_id,
        CASE WHEN n.replaced_place IS NULL OR s.next_place < n.replaced_place THEN s.next_place ELSE n.replaced_place END
            AS end_place
    FROM named AS n
    INNER JOIN numbered AS o ON o.obs_id = n.obs_id
    INNER JOIN statement AS s
        ON s.dataset = n.dataset AND s.table_id = n.table_id AND s.quantity = n.quantity AND s.place = n.place
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
    u.obs_id IS NULL AS is_addend,
    s.nth
FROM ended AS s
LEFT JOIN uncounted AS u ON u.obs_id = s.obs_id
LEFT JOIN core_edition AS e ON e.dataset = s.dataset AND e.table_id = s.table_id AND e.place = s.end_place
ORDER BY s.obs_id
