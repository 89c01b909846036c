-- rule:     survey-percent
-- zh:       原刊百分比 = 选答人数 ÷ 答卷人数 × 100%
-- severity: warning
-- doc:      A printed percentage of the respondents must be count / respondents, within half a unit of its last printed digit; no
--           answer can be given by more persons than there are respondents. residual = computed − printed, in percentage points.
WITH percentage AS (
    SELECT
        r.dataset,
        s.period,
        s.region,
        r.source_file,
        r.sheet,
        concat_ws(' ', n.cell, r.cell) AS cells,
        r.rounding,
        s.answer_person,
        s.respondent_person,
        s.respondent_pct,
        s.printed_pct,
        s.respondent_pct - s.printed_pct AS residual,
        concat(p.subject, ' / ', s.option_text) AS subject,
        concat(p.subject_zh, '，选“', s.option_text, '”') AS subject_zh
    FROM ind_survey AS s
    INNER JOIN core_reading AS r ON r.obs_id = s.printed_obs_id
    LEFT JOIN core_reading AS n ON n.obs_id = s.answer_obs_id
    INNER JOIN core_tally_place AS p
        ON p.period = s.period AND p.region = s.region AND p.population = s.population AND p.survey = s.survey
        AND p.question = s.question
)
SELECT
    CASE WHEN residual IS NULL THEN 'info' ELSE 'warning' END AS severity,
    CASE WHEN residual IS NULL THEN 'unverifiable' ELSE 'fail' END AS outcome,
    dataset,
    period,
    region,
    '_T' AS scheme,
    source_file,
    sheet,
    cells AS cell,
    residual,
    rounding AS tolerance,
    CASE
        WHEN residual IS NULL
            THEN concat(
                subject, ': the printed ', number_text(printed_pct), '% cannot be checked, ',
                CASE
                    WHEN answer_person IS NULL THEN 'the persons who gave the answer are not counted'
                    ELSE 'the number of respondents is not known'
                END
            )
        ELSE concat(
            subject, ': ', number_grouped(answer_person), ' of ', number_grouped(respondent_person), ' respondents are ',
            number_text(ROUND(respondent_pct, 4)), '%, but ', number_text(printed_pct), '% is printed'
        )
    END AS message,
    CASE
        WHEN residual IS NULL
            THEN concat(
                subject_zh, '：原刊', number_text(printed_pct), '%无法核对，',
                CASE WHEN answer_person IS NULL THEN '缺选答人数' ELSE '缺答卷人数' END
            )
        ELSE concat(
            subject_zh, '：', number_grouped(answer_person), '人 ÷ ', number_grouped(respondent_person), '人 = ',
            number_text(ROUND(respondent_pct, 4)), '%，原刊', number_text(printed_pct), '%'
        )
    END AS message_zh,
    CASE
        WHEN residual IS NULL THEN 'declare where the table prints the number of respondents, see [[figure]]'
        ELSE 'compare both cells with the original, and whether the percentage is of all respondents or of those who answered'
    END AS suggestion
FROM percentage
WHERE
    residual IS NULL
    OR CAST(ABS(residual) AS DECIMAL(38, 12)) > CAST(rounding AS DECIMAL(38, 12))
    OR answer_person > respondent_person
ORDER BY source_file, sheet, cell, message
