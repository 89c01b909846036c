-- name:  core_answer
-- grain: survey, question, option
-- doc:   What could be answered to a question, in the order of print. Kind missing counts those who gave no answer (未选).
--        asked_question, asked_option: who alone can give it, as in core_question. low and high are the printed bounds of a
--        range, both included, null where it is open. category: what the answer says, whatever the words, below the
--        question's concept.
-- columns: question = the question's code in its questionnaire; option = the answer's code, none: no answer was given; position =
--        place in the questionnaire; text = the words, as printed; kind = answer, missing (未选), or other; asked_question = the
--        question whose answer leads here, blank: put to all; asked_option = the answers that lead here; low = lowest number of
--        the range, null: open; high = highest number of the range, null: open; category = the category of the concept that the
--        answer falls into
SELECT
    survey,
    question,
    option,
    position,
    text,
    kind,
    asked_question,
    asked_option,
    low,
    high,
    category
FROM stage_answer
ORDER BY survey, question, option
