//! Questionnaires as written → as resolved, and the rows of a table that counts their answers.

use std::collections::BTreeSet;
use std::ops::Range;

use rust_decimal::Decimal;

use super::meaning::Scope;
use super::pattern::Pattern;
use super::raw::questionnaire as raw;
use super::revise::JOINT;
use super::table::{Entry, Meaning};
use crate::domain::label::nearest;
use crate::domain::questionnaire::{Answer, Question, Questionnaire, Universe};
use crate::domain::{Code, Codebook};

/// The code lists of surveys and of what they ask.
const SURVEY: &str = "survey";
const CONCEPT: &str = "concept";

/// Keys of the breakdown of a counted answer.
const QUESTION: &str = "question";
const OPTION: &str = "option";
pub(super) const KEYS: [&str; 2] = [QUESTION, OPTION];

/// A questionnaire; it is usable only where `scope` has no faults.
pub(super) fn resolve(survey: &str, raw: &raw::Questionnaire, scope: &mut Scope<'_>) -> Questionnaire {
    let surveys = scope.book.lists.get(SURVEY);
    if surveys.is_none_or(|list| list.get(survey).is_none()) {
        let message = format!("the file is named for the survey \"{survey}\", which list {SURVEY} does not have");
        let hint = format!("add it to pipelines/codes/{SURVEY}.csv, or name the file as the survey is called there");
        scope.fault(raw.title.span(), "unknown-code", message, hint);
    }
    let questions: Vec<Question> = raw.question.iter().map(|q| question(q, scope)).collect();
    once(raw.question.iter().map(|q| &q.code), "question", scope);
    for question in &raw.question {
        once(question.answers.iter().map(|a| &a.code), "answer", scope);
        for universe in question.asked.iter().chain(question.answers.iter().filter_map(|a| a.asked.as_ref())) {
            asked(universe, question, raw, scope);
        }
    }
    Questionnaire { survey: Code::new(survey), title: raw.title.get_ref().clone(), questions }
}

fn question(raw: &raw::Question, scope: &mut Scope<'_>) -> Question {
    let concept = raw.concept.as_ref().map(|c| scope.code(CONCEPT, c));
    // Below a concept that is unknown, which has been told, no category is wrong.
    let above = if concept == Some(None) { None } else { Some(concept.clone().flatten()) };
    let unit = raw.unit.as_ref().and_then(|u| scope.code("unit", u));
    let answers: Vec<Answer> = raw.answers.iter().map(|a| answer(a, above.as_ref(), scope)).collect();
    let bound = raw.answers.iter().find_map(|a| a.low.as_ref().or(a.high.as_ref()));
    if let Some(bound) = bound.filter(|_| raw.unit.is_none()) {
        let message = format!("the answers to {} have bounds, and nothing says in what", raw.code.get_ref());
        scope.fault(bound.span(), "question-unit", message, "add unit = \"…\" to the question");
    }
    if answers.iter().filter(|a| a.missing).count() > 1 {
        let message = format!("{} counts those who gave no answer twice", raw.code.get_ref());
        scope.fault(raw.code.span(), "answer-missing", message, "leave missing = true at one of the answers");
    }
    Question {
        code: raw.code.get_ref().clone(),
        section: raw.section.as_ref().map_or(String::new(), |s| s.get_ref().clone()),
        text: raw.text.get_ref().clone(),
        multiple: raw.choice == raw::Choice::Multiple,
        asked: raw.asked.as_ref().map(universe),
        unit: unit.map_or(String::new(), |u| u.to_string()),
        concept: concept.flatten(),
        answers,
    }
}

fn universe(asked: &raw::Asked) -> Universe {
    Universe {
        question: asked.question.get_ref().clone(),
        answers: asked.answers.iter().map(|a| a.get_ref().clone()).collect(),
    }
}

fn answer(raw: &raw::Answer, above: Option<&Option<Code>>, scope: &mut Scope<'_>) -> Answer {
    let category = raw.category.as_ref().and_then(|written| {
        let code = scope.code(CONCEPT, written)?;
        let parent = scope.book.lists.get(CONCEPT).and_then(|l| l.get(code.as_str())).and_then(|e| e.parent.as_ref());
        if above.is_some_and(|concept| concept.is_none() || parent != concept.as_ref()) {
            let message = format!("\"{code}\" lies below {}, not below the question's concept", shown(parent));
            scope.fault(
                written.span(),
                "answer-category",
                message,
                "give the question its concept, or another category",
            );
        }
        Some(code)
    });
    let number = |bound: &Option<toml::Spanned<i64>>| bound.as_ref().map(|b| Decimal::from(*b.get_ref()));
    Answer {
        code: raw.code.get_ref().clone(),
        text: raw.text.get_ref().clone(),
        missing: raw.missing,
        asked: raw.asked.as_ref().map(universe),
        low: number(&raw.low),
        high: number(&raw.high),
        category,
    }
}

fn shown(code: Option<&Code>) -> String {
    code.map_or("no other code".to_owned(), |c| format!("\"{c}\""))
}

/// Codes that breakdowns can hold, each once.
fn once<'a>(codes: impl Iterator<Item = &'a super::raw::Text>, what: &str, scope: &mut Scope<'_>) {
    let mut seen = BTreeSet::new();
    for code in codes {
        let text = code.get_ref();
        if text.is_empty() || text.contains(['=', ';']) {
            let message = format!("\"{text}\" cannot be the code of a breakdown");
            scope.fault(code.span(), "question-code", message, "leave = and ; out");
        } else if !seen.insert(text) {
            scope.fault(code.span(), "code-twice", format!("the {what} \"{text}\" stands twice"), "");
        }
    }
}

/// That the question on which another one depends is there, with its answers.
fn asked(asked: &raw::Asked, question: &raw::Question, raw: &raw::Questionnaire, scope: &mut Scope<'_>) {
    let name = asked.question.get_ref();
    let other = raw.question.iter().find(|q| q.code.get_ref() == name && !std::ptr::eq(*q, question));
    let Some(other) = other else {
        let near = nearest(name, raw.question.iter().map(|q| q.code.get_ref().as_str())).join(" or ");
        let hint = if near.is_empty() { String::new() } else { format!("did you mean {near}?") };
        return scope.fault(
            asked.question.span(),
            "asked-unknown",
            format!("there is no other question \"{name}\""),
            hint,
        );
    };
    for answer in &asked.answers {
        if !other.answers.iter().any(|a| a.code.get_ref() == answer.get_ref()) {
            let codes: Vec<&str> = other.answers.iter().map(|a| a.code.get_ref().as_str()).collect();
            let message = format!("question {name} has no answer \"{}\"", answer.get_ref());
            scope.fault(answer.span(), "asked-unknown", message, format!("its answers are {}", codes.join(", ")));
        }
    }
}

/// The questionnaire that a table counts the answers of.
pub(super) fn of_table<'a>(written: &super::raw::Text, scope: &mut Scope<'a>) -> Option<&'a Questionnaire> {
    let book: &'a Codebook = scope.book;
    let found = book.questionnaires.get(written.get_ref());
    if found.is_none() {
        let known: Vec<&str> = book.questionnaires.keys().map(String::as_str).collect();
        let hint = match known.is_empty() {
            true => "questionnaires stand in the folder questionnaires/ beside the table".to_owned(),
            false => format!("there are {}", known.join(", ")),
        };
        let message = format!("there is no questionnaire \"{}\"", written.get_ref());
        scope.fault(written.span(), "unknown-questionnaire", message, hint);
    }
    found
}

/// What every number of the table says: of which survey it is.
pub(super) fn context(questionnaire: &Questionnaire) -> Meaning {
    let breakdown = [(SURVEY.into(), questionnaire.survey.as_str().into())];
    Meaning { breakdown: breakdown.into(), ..Meaning::default() }
}

/// A row for every answer: below its section, where there is one, and its question.
pub(super) fn rows(
    questionnaire: &Questionnaire,
    at: &Range<usize>,
    scope: &mut Scope<'_>,
) -> Vec<(Entry, Range<usize>)> {
    let mut rows = Vec::new();
    for question in &questionnaire.questions {
        for answer in &question.answers {
            let texts = [&question.section, &question.text, &answer.text];
            let texts: Vec<&str> = texts.into_iter().map(String::as_str).filter(|t| !t.is_empty()).collect();
            let path: Vec<Pattern> = texts.iter().filter_map(|text| scope.pattern(text, at.clone())).collect();
            let codes =
                [(QUESTION.into(), question.code.as_str().into()), (OPTION.into(), answer.code.as_str().into())];
            let meaning = Meaning { breakdown: codes.into(), ..Meaning::default() };
            let declared = texts.join(JOINT);
            let entry =
                Entry { path, meaning, declared, new: false, merged: false, skip: false, optional: false, role: None };
            rows.push((entry, at.clone()));
        }
    }
    rows
}

/// Whether a breakdown's key and code are of a questionnaire.
pub(super) fn holds(questionnaire: Option<&Questionnaire>, key: &str, code: &str) -> bool {
    let questions = questionnaire.iter().flat_map(|q| &q.questions);
    match key {
        QUESTION => questions.into_iter().any(|q| q.code == code),
        OPTION => questions.flat_map(|q| &q.answers).any(|a| a.code == code),
        _ => false,
    }
}
