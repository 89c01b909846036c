-- name:  ind_administration
-- grain: period, region, scheme
-- doc:   The agencies and their service (经办): agencies by level (agency_item adds the levels stated), staff, holders of a card,
--        the share of agencies on the network by level, data held by the city, benefits paid through banks (社会化发放) and on
--        time, the mean time a transfer of insurance takes, and designated medical institutions. What a source does not
--        state is null. qualifier: how the texts bound the numbers (at_least, at_most, about).
-- columns: agency_city_item = agencies of cities; agency_county_item = agencies of counties; staff_person = persons who work in
--        the agencies; network_city_county_pct = agencies of cities and counties on the network, percent; network_township_pct
--        = agencies of townships on the network, percent
WITH figure AS (
    SELECT indicator, period, region, scheme, breakdown, value, qualifier, obs_id
    FROM core_figure
    WHERE
        industry = '_T' AND population = '_T' AND ownership = '_T'
        AND (
            (
                breakdown = '_T'
                AND indicator IN (
                    'agency_item', 'agency_staff_person', 'card_person', 'network_point_item', 'data_central_pct',
                    'social_payment_pct', 'ontime_payment_pct', 'transfer_delay_month', 'hospital_unit'
                )
            )
            OR (breakdown LIKE 'level=%' AND indicator IN ('agency_item', 'network_pct'))
        )
)
SELECT
    period,
    region,
    scheme,
    CAST(
        COALESCE(
            MAX(CASE WHEN indicator = 'agency_item' AND breakdown = '_T' THEN value END),
            SUM(CASE WHEN indicator = 'agency_item' AND breakdown <> '_T' THEN value END)
        ) AS DECIMAL(38, 6)
    ) AS agency_item,
    MAX(CASE WHEN indicator = 'agency_item' AND breakdown = 'level=city' THEN value END) AS agency_city_item,
    MAX(CASE WHEN indicator = 'agency_item' AND breakdown = 'level=county' THEN value END) AS agency_county_item,
    MAX(CASE WHEN indicator = 'agency_staff_person' THEN value END) AS staff_person,
    MAX(CASE WHEN indicator = 'card_person' THEN value END) AS card_person,
    MAX(CASE WHEN indicator = 'network_point_item' THEN value END) AS network_point_item,
    MAX(CASE WHEN indicator = 'network_pct' AND breakdown = 'level=city-county' THEN value END) AS network_city_county_pct,
    MAX(CASE WHEN indicator = 'network_pct' AND breakdown = 'level=township' THEN value END) AS network_township_pct,
    MAX(CASE WHEN indicator = 'data_central_pct' THEN value END) AS data_central_pct,
    MAX(CASE WHEN indicator = 'social_payment_pct' THEN value END) AS social_payment_pct,
    MAX(CASE WHEN indicator = 'ontime_payment_pct' THEN value END) AS ontime_payment_pct,
    MAX(CASE WHEN indicator = 'transfer_delay_month' THEN value END) AS transfer_delay_month,
    MAX(CASE WHEN indicator = 'hospital_unit' THEN value END) AS hospital_unit,
    NULLIF(
        string_agg(
            CASE WHEN qualifier IN ('at_least', 'at_most', 'about') THEN concat(indicator, ' ', qualifier) END,
            ' ' ORDER BY indicator
        ),
        ''
    ) AS qualifier,
    string_agg(obs_id, ' ' ORDER BY indicator, breakdown) AS obs_id
FROM figure
GROUP BY period, region, scheme
ORDER BY period, region, scheme
