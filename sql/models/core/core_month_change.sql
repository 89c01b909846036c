-- name:  core_month_change
-- grain: month, span, region, scheme, ownership, industry
-- grows: month
-- reads: core_membership 0 1 12 ago, core_lapsed 1 12 ago
-- doc:   How those insured in a month differ from those of the month before (span month) and of the same month a year before (span
--        year), person by person, by place, ownership and industry of the unit and by scheme, with all totals; each person
--        counts once under each scheme and once under all (_T), at the unit whose number comes first where there are several. A person
--        is new who was never insured under the scheme in the records before, and comes back (returned) who was. Who is
--        insured both times is transferred when none of the units is the same; of these, and of those whose unit stands
--        elsewhere in the register, transferred_in and transferred_out say who came from or went to another part. A part without insured
--        persons at the earlier time has no row: nothing can be compared.
-- columns: span = month or year: what is compared to; new_person = insured for the first time; returned_person = insured again;
--        stopped_person = insured then and no more; transferred_person = insured through another unit than then;
--        transferred_region_person = of these, in another region; transferred_in_person = insured then in another part;
--        transferred_out_person = insured in this part then and in another one now
WITH built AS (
    SELECT DISTINCT month
    FROM core_month_insured
    WHERE region = '_T'
),
span AS (
    SELECT month, 'month' AS span, period_previous(month) AS before_month
    FROM built
    UNION ALL
    SELECT month, 'year' AS span, period_offset(month, -12) AS before_month
    FROM built
),
now AS (
    SELECT s.month, s.span, m.person_id, m.unit_id, m.scheme_mask, m.region, m.ownership, m.industry
    FROM span AS s
    INNER JOIN core_membership AS m ON m.month = s.month
),
before AS (
    SELECT s.month, s.span, m.person_id, m.unit_id, m.scheme_mask, m.region, m.ownership, m.industry
    FROM span AS s
    INNER JOIN core_membership AS m ON m.month = s.before_month
),
compared AS (
    -- Only where there are records of both times.
    SELECT DISTINCT month, span
    FROM before
),
moved AS (
    -- Persons of whom anything is different; all others need no look at their schemes.
    SELECT DISTINCT
        COALESCE(n.month, b.month) AS month,
        COALESCE(n.span, b.span) AS span,
        COALESCE(n.person_id, b.person_id) AS person_id
    FROM now AS n
    FULL JOIN before AS b
        ON b.month = n.month AND b.span = n.span AND b.person_id = n.person_id AND b.unit_id = n.unit_id
        AND b.scheme_mask = n.scheme_mask AND b.region = n.region AND b.ownership = n.ownership AND b.industry = n.industry
    WHERE n.person_id IS NULL OR b.person_id IS NULL
),
held AS (
    SELECT n.month, n.span, n.person_id, n.unit_id, n.scheme_mask, 1 AS now, 0 AS before
    FROM now AS n
    INNER JOIN moved AS m ON m.month = n.month AND m.span = n.span AND m.person_id = n.person_id
    INNER JOIN compared AS c ON c.month = n.month AND c.span = n.span
    UNION ALL
    SELECT b.month, b.span, b.person_id, b.unit_id, b.scheme_mask, 0 AS now, 1 AS before
    FROM before AS b
    INNER JOIN moved AS m ON m.month = b.month AND m.span = b.span AND m.person_id = b.person_id
),
by_scheme AS (
    SELECT h.month, h.span, h.person_id, s.scheme, s.bit, h.unit_id, h.now, h.before
    FROM held AS h
    INNER JOIN core_scheme AS s ON (h.scheme_mask & s.bit) <> 0
    UNION ALL
    SELECT month, span, person_id, '_T' AS scheme, CAST(-1 AS BIGINT) AS bit, unit_id, now, before
    FROM held
),
by_unit AS (
    SELECT month, span, person_id, scheme, bit, unit_id, MAX(now) AS now, MAX(before) AS before
    FROM by_scheme
    GROUP BY month, span, person_id, scheme, bit, unit_id
),
person AS (
    SELECT
        month,
        span,
        person_id,
        scheme,
        bit,
        MIN(CASE WHEN now = 1 THEN unit_id END) AS now_unit,
        MIN(CASE WHEN before = 1 THEN unit_id END) AS before_unit,
        MAX(now * before) AS stayed
    FROM by_unit
    GROUP BY month, span, person_id, scheme, bit
),
unit AS (
    SELECT DISTINCT month, unit_id, region, ownership, industry
    FROM core_membership
),
fate AS (
    SELECT
        p.month,
        p.span,
        p.scheme,
        n.region AS now_region,
        n.ownership AS now_ownership,
        n.industry AS now_industry,
        b.region AS before_region,
        b.ownership AS before_ownership,
        b.industry AS before_industry,
        CASE WHEN p.before_unit IS NULL AND (COALESCE(l.lapsed_mask, 0) & p.bit) = 0 THEN 1 ELSE 0 END AS is_new,
        CASE WHEN p.before_unit IS NULL AND (COALESCE(l.lapsed_mask, 0) & p.bit) <> 0 THEN 1 ELSE 0 END AS is_back,
        CASE WHEN p.now_unit IS NULL THEN 1 ELSE 0 END AS is_gone,
        CASE WHEN p.now_unit IS NOT NULL AND p.before_unit IS NOT NULL AND p.stayed = 0 THEN 1 ELSE 0 END AS is_moved,
        COUNT(p.person_id) AS person
    FROM person AS p
    INNER JOIN span AS s ON s.month = p.month AND s.span = p.span
    LEFT JOIN core_lapsed AS l ON l.month = s.before_month AND l.person_id = p.person_id
    LEFT JOIN unit AS n ON n.month = p.month AND n.unit_id = p.now_unit
    LEFT JOIN unit AS b ON b.month = s.before_month AND b.unit_id = p.before_unit
    GROUP BY
        p.month,
        p.span,
        p.scheme,
        n.region,
        n.ownership,
        n.industry,
        b.region,
        b.ownership,
        b.industry,
        CASE WHEN p.before_unit IS NULL AND (COALESCE(l.lapsed_mask, 0) & p.bit) = 0 THEN 1 ELSE 0 END,
        CASE WHEN p.before_unit IS NULL AND (COALESCE(l.lapsed_mask, 0) & p.bit) <> 0 THEN 1 ELSE 0 END,
        CASE WHEN p.now_unit IS NULL THEN 1 ELSE 0 END,
        CASE WHEN p.now_unit IS NOT NULL AND p.before_unit IS NOT NULL AND p.stayed = 0 THEN 1 ELSE 0 END
),
-- The part that a person is in now, and the one before; null where the person is not insured.
part AS (
    SELECT
        f.month,
        f.span,
        f.scheme,
        CASE WHEN l.by_region = 1 OR f.now_region IS NULL THEN f.now_region ELSE '_T' END AS now_region,
        CASE WHEN l.by_ownership = 1 OR f.now_region IS NULL THEN f.now_ownership ELSE '_T' END AS now_ownership,
        CASE WHEN l.by_industry = 1 OR f.now_region IS NULL THEN f.now_industry ELSE '_T' END AS now_industry,
        CASE WHEN l.by_region = 1 OR f.before_region IS NULL THEN f.before_region ELSE '_T' END AS before_region,
        CASE WHEN l.by_ownership = 1 OR f.before_region IS NULL THEN f.before_ownership ELSE '_T' END AS before_ownership,
        CASE WHEN l.by_industry = 1 OR f.before_region IS NULL THEN f.before_industry ELSE '_T' END AS before_industry,
        CASE WHEN f.now_region <> f.before_region THEN f.is_moved ELSE 0 END AS is_far,
        f.is_new,
        f.is_back,
        f.is_gone,
        f.is_moved,
        f.person
    FROM fate AS f
    CROSS JOIN core_level AS l
),
side AS (
    SELECT
        month,
        span,
        now_region AS region,
        scheme,
        now_ownership AS ownership,
        now_industry AS industry,
        is_new * person AS new_person,
        is_back * person AS returned_person,
        0 AS stopped_person,
        is_moved * person AS transferred_person,
        is_far * person AS transferred_region_person,
        CASE
            WHEN now_region <> before_region OR now_ownership <> before_ownership OR now_industry <> before_industry
                THEN person
            ELSE 0
        END AS transferred_in_person,
        0 AS transferred_out_person
    FROM part
    WHERE now_region IS NOT NULL
    UNION ALL
    SELECT
        month,
        span,
        before_region AS region,
        scheme,
        before_ownership AS ownership,
        before_industry AS industry,
        0 AS new_person,
        0 AS returned_person,
        is_gone * person AS stopped_person,
        0 AS transferred_person,
        0 AS transferred_region_person,
        0 AS transferred_in_person,
        CASE
            WHEN now_region <> before_region OR now_ownership <> before_ownership OR now_industry <> before_industry
                THEN person
            ELSE 0
        END AS transferred_out_person
    FROM part
    WHERE before_region IS NOT NULL
)
SELECT
    month,
    span,
    region,
    scheme,
    ownership,
    industry,
    SUM(new_person) AS new_person,
    SUM(returned_person) AS returned_person,
    SUM(stopped_person) AS stopped_person,
    SUM(transferred_person) AS transferred_person,
    SUM(transferred_region_person) AS transferred_region_person,
    SUM(transferred_in_person) AS transferred_in_person,
    SUM(transferred_out_person) AS transferred_out_person
FROM side
GROUP BY month, span, region, scheme, ownership, industry
HAVING SUM(new_person + returned_person + stopped_person + transferred_person + transferred_in_person + transferred_out_person) > 0
ORDER BY month, span, region, scheme, ownership, industry
