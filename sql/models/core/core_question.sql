-- name:  core_question
-- grain: survey, question
-- doc:   The questions of a survey as its questionnaire prints them: number, section, text, how many answers may be given
--        (choice: single, multiple), of whom it is asked (those who gave one of the answers asked_option, parted by ;, to
--        asked_question; of all where blank), the unit of the answers' bounds (bound_unit), and the concept, which
--        questions of other surveys may share.
-- columns: question = the question's code in its questionnaire; position = place in the questionnaire; text = the words, as
--        printed; choice = single or multiple, as the form says; asked_question = the question whose answer leads here, blank:
--        put to all; asked_option = the answers that lead here; bound_unit = unit of the bounds of its answers
SELECT
    survey,
    question,
    position,
    section,
    text,
    choice,
    asked_question,
    asked_option,
    bound_unit,
    concept
FROM stage_question
ORDER BY survey, question
