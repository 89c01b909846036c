//! DataFusion's errors as diagnostics: file, line and column, the nearest names, in words of this project.

use std::ops::Range;
use std::sync::Arc;

use datafusion::common::{Column, SchemaError};
use datafusion::error::DataFusionError;
use datafusion::sql::sqlparser::parser::ParserError;
use datafusion::sql::sqlparser::tokenizer::Location;

use crate::diag::{Diagnostic, Place, SourceText};
use crate::domain::label::nearest;

/// A fault that passes through the engine as it is.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.message)]
pub struct Told(pub Diagnostic);

/// Every fault an error holds, placed in the text that was planned or run.
pub fn diagnose(error: &DataFusionError, source: &Arc<SourceText>, tables: &[String]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    collect(error, None, source, tables, &mut found);
    found
}

/// The first fault of an error.
pub fn diagnose_one(error: &DataFusionError, source: &Arc<SourceText>, tables: &[String]) -> Diagnostic {
    let mut found = diagnose(error, source, tables);
    if found.is_empty() { Diagnostic::error("sql", error.to_string()) } else { found.swap_remove(0) }
}

/// The bytes of a text from a line and column of the SQL parser, both from 1, in characters.
pub fn offset(text: &str, at: Location) -> Option<usize> {
    let line = usize::try_from(at.line).ok()?.checked_sub(1)?;
    let column = usize::try_from(at.column).ok()?.checked_sub(1)?;
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let rest = text.get(start..)?;
    let within = rest.char_indices().nth(column).map_or(rest.len(), |(at, _)| at);
    Some(start + within)
}

/// "did you mean …" or, where nothing is near, what there is.
pub fn suggest(wrong: &str, kind: &str, known: &[&str]) -> String {
    const SHOWN: usize = 40;
    let near = nearest(wrong, known.iter().copied());
    if !near.is_empty() {
        return format!("did you mean {}?", near.iter().map(|n| format!("\"{n}\"")).collect::<Vec<_>>().join(" or "));
    }
    if known.is_empty() {
        return format!("there are no {kind} yet");
    }
    let more = if known.len() > SHOWN { format!(" and {} more", known.len() - SHOWN) } else { String::new() };
    format!("known {kind}: {}{more}", known.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", "))
}

fn collect(
    error: &DataFusionError,
    span: Option<datafusion::common::Span>,
    source: &Arc<SourceText>,
    tables: &[String],
    found: &mut Vec<Diagnostic>,
) {
    match error {
        DataFusionError::Collection(errors) => {
            for error in errors {
                collect(error, span, source, tables, found);
            }
        }
        DataFusionError::Diagnostic(diagnostic, error) => {
            collect(error, diagnostic.span.or(span), source, tables, found);
        }
        DataFusionError::Context(_, error) => collect(error, span, source, tables, found),
        DataFusionError::Shared(error) => collect(error, span, source, tables, found),
        error => {
            let span = span.and_then(|span| {
                let at = |l: datafusion::common::Location| Location { line: l.line, column: l.column };
                Some(offset(&source.text, at(span.start))?..offset(&source.text, at(span.end))?)
            });
            found.push(one(error, span, source, tables));
        }
    }
}

fn one(error: &DataFusionError, span: Option<Range<usize>>, source: &Arc<SourceText>, tables: &[String]) -> Diagnostic {
    if let DataFusionError::SchemaError(schema, _) = error
        && let SchemaError::FieldNotFound { field, valid_fields } = schema.as_ref()
    {
        return unknown_column(field, valid_fields, span, source);
    }
    if let DataFusionError::External(told) = error
        && let Some(Told(fault)) = told.downcast_ref()
    {
        return fault.clone();
    }
    if let DataFusionError::SQL(parser, _) = error {
        return syntax(parser, source);
    }
    let message = plain(&error.message());
    if let Some(name) = quoted(&message, "table '", "' not found") {
        let name = name.rsplit('.').next().unwrap_or(name);
        let known: Vec<&str> = tables.iter().map(String::as_str).collect();
        return Diagnostic::error("unknown-table", format!("no table \"{name}\""))
            .at(placed(span, name, source))
            .hint(suggest(name, "tables", &known));
    }
    if let Some(name) = quoted(&message, "Invalid function '", "'") {
        let hint = error.message().lines().nth(1).unwrap_or_default().replace('\'', "\"");
        let fault = Diagnostic::error("unknown-function", format!("no function \"{name}\""));
        let fault = fault.at(placed(span, name, source));
        return if hint.is_empty() { fault } else { fault.hint(hint.replacen("Did", "did", 1)) };
    }
    if let DataFusionError::ResourcesExhausted(_) = error {
        let limit = super::session::MEMORY_BYTES >> 20;
        return Diagnostic::error("out-of-memory", format!("the query needs more than {limit} MiB"))
            .at(Place::file(source.name.clone()))
            .hint("ask for fewer rows or columns, or sort and join less at once");
    }
    // A function is named in the message where the planner knows no place.
    let named = quoted(&message, "Function '", "'").or_else(|| message.split(' ').next().filter(|w| w.contains('_')));
    let place = match (span, named) {
        (None, Some(name)) => placed(None, name, source),
        (None, None) => Place::file(source.name.clone()),
        (Some(span), _) => Place::span(source, span),
    };
    let reads_text = message.starts_with("Cannot cast string ");
    let fault = Diagnostic::error("sql", message).at(place);
    match reads_text {
        true => fault.hint("codes and periods are text; TRY_CAST(… AS …) gives null where a text cannot be read so"),
        false => fault,
    }
}

/// The first line of a message, without the names of the engine's own stages.
fn plain(message: &str) -> String {
    let mut line = message.lines().next().unwrap_or_default();
    // The signature check wraps what the function itself says.
    if let Some((_, own)) = line.split_once("user-defined coercion failed with: ") {
        line = own.split(" No function matches").next().unwrap_or(own);
    }
    for stage in ["Execution error: ", "Error during planning: ", "Arrow error: ", "Cast error: ", "Internal error: "] {
        line = line.strip_prefix(stage).unwrap_or(line);
    }
    line.trim_end_matches('.').to_owned()
}

fn unknown_column(
    field: &Column,
    valid: &[Column],
    span: Option<Range<usize>>,
    source: &Arc<SourceText>,
) -> Diagnostic {
    let mut known: Vec<&str> = valid.iter().map(|column| column.name.as_str()).collect();
    known.sort_unstable();
    known.dedup();
    let of = match &field.relation {
        Some(relation) => format!(" in \"{}\"", relation.table()),
        None => String::new(),
    };
    Diagnostic::error("unknown-column", format!("no column \"{}\"{of}", field.name))
        .at(placed(span, &field.name, source))
        .hint(suggest(&field.name, "columns", &known))
}

fn syntax(error: &ParserError, source: &Arc<SourceText>) -> Diagnostic {
    let text = match error {
        ParserError::TokenizerError(text) | ParserError::ParserError(text) => text.clone(),
        ParserError::RecursionLimitExceeded => {
            return Diagnostic::error("sql-syntax", "the query is nested too deeply")
                .at(Place::file(source.name.clone()))
                .hint(format!("at most {} levels; use WITH to name the steps", super::session::SQL_DEPTH));
        }
    };
    // The parser puts the place at the end of its message: "… at Line: 3, Column: 5".
    let (message, at) = text.split_once(" at Line: ").map_or((text.as_str(), None), |(m, at)| (m, Some(at)));
    let location = at.and_then(|at| {
        let (line, column) = at.split_once(", Column: ")?;
        let column: String = column.chars().take_while(char::is_ascii_digit).collect();
        Some(Location { line: line.trim().parse().ok()?, column: column.parse().ok()? })
    });
    let start = location.and_then(|at| offset(&source.text, at)).unwrap_or(source.text.trim_end().len());
    let length = source.text.get(start..).map_or(0, word_length);
    Diagnostic::error("sql-syntax", message.to_owned()).at(Place::span(source, start..start + length))
}

/// The span the planner gave, narrowed to the word; else the first place where the word stands in the query.
fn placed(span: Option<Range<usize>>, word: &str, source: &Arc<SourceText>) -> Place {
    let start = span.and_then(|span| {
        let within = source.text.get(span.clone())?;
        Some(span.start + find_word(within, word).unwrap_or(0))
    });
    match start.or_else(|| find_word(&source.text, word)) {
        Some(start) => Place::span(source, start..start + word.len()),
        None => Place::file(source.name.clone()),
    }
}

/// The first place of a word outside comments and texts.
pub fn find_word(text: &str, word: &str) -> Option<usize> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let mut line_start = 0;
    for line in text.split_inclusive('\n') {
        let code = line.split("--").next().unwrap_or_default();
        let mut from = 0;
        while let Some(found) = code.get(from..).and_then(|rest| rest.find(word)) {
            let start = from + found;
            let end = start + word.len();
            let before = code[..start].chars().next_back();
            let after = code[end..].chars().next();
            if !before.is_some_and(is_part) && !after.is_some_and(is_part) {
                return Some(line_start + start);
            }
            from = end;
        }
        line_start += line.len();
    }
    None
}

fn word_length(rest: &str) -> usize {
    let word = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
    if word > 0 { word } else { rest.chars().next().map_or(0, char::len_utf8) }
}

fn quoted<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let rest = &text[text.find(before)? + before.len()..];
    Some(&rest[..rest.find(after)?])
}
