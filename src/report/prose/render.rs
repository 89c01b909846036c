//! A text template to a document: the template is rendered with the tables it asks for, then cut into blocks.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use minijinja::Value;

use super::document::{Document, blocks};
use super::functions::{Desk, Known, Shared, environment, open};
use crate::diag::{Checked, Diagnostic, Place, SourceText};
use crate::report::definition::spec::{ReportSpec, Selector, TextSpec};
use crate::report::rows::names::Names;
use crate::report::rows::source::Tables;

/// What a text is about, beside its tables.
pub struct About<'a> {
    pub release: &'a str,
    pub date: &'a str,
    /// Tables and charts of the report that could be made.
    pub tables: Vec<String>,
    pub charts: Vec<String>,
}

/// The document of a report; `None` where a figure stops it.
pub fn render(
    report: &ReportSpec,
    text: &TextSpec,
    tables: &Tables<'_>,
    names: &Names,
    about: &About<'_>,
) -> Checked<Option<Document>> {
    let faults = numbers(&text.source);
    if !faults.is_empty() {
        return Checked::new(None, faults);
    }
    let placed = BTreeMap::from([("table", about.tables.clone()), ("chart", about.charts.clone())]);
    let desk: Shared = Arc::new(Mutex::new(Desk { names: names.clone(), placed, ..Desk::default() }));
    let environment = environment(&desk);
    let mut context: BTreeMap<String, Value> =
        text.with.iter().map(|(name, value)| (name.clone(), Value::from(value.clone()))).collect();
    context.insert("release".to_owned(), Value::from(about.release));
    context.insert("released".to_owned(), Value::from(about.date));
    let template = match environment.template_from_str(&text.source.text) {
        Ok(template) => template,
        Err(error) => return Checked::new(None, vec![fault(&error, text, None)]),
    };
    loop {
        match template.render(Value::from(context.clone())) {
            Ok(rendered) => {
                let figures = std::mem::take(&mut open(&desk).used);
                let document =
                    Document { title: report.title.clone(), blocks: blocks(&rendered), figures, notices: Vec::new() };
                return Checked::new(Some(document), Vec::new());
            }
            Err(error) => {
                let (missing, stopped) = {
                    let mut desk = open(&desk);
                    desk.used.clear();
                    (desk.missing.take(), desk.fault.take())
                };
                let Some(table) = missing else { return Checked::new(None, vec![fault(&error, text, stopped)]) };
                match tables.select(&table, &Selector::new(), &place(&error, &text.source)) {
                    Ok(rows) => {
                        let grain = tables.grains.get(&table).cloned().unwrap_or_default();
                        open(&desk).tables.insert(table, Arc::new(Known { rows, grain }));
                    }
                    Err(fault) => return Checked::new(None, vec![fault]),
                }
            }
        }
    }
}

/// Where in the template something went wrong.
fn place(error: &minijinja::Error, source: &Arc<SourceText>) -> Place {
    let line = || {
        let nth = error.line()?.checked_sub(1)?;
        let start: usize = source.text.split_inclusive('\n').take(nth).map(str::len).sum();
        let end = start + source.text[start..].lines().next().map_or(0, str::len);
        Some(start..end)
    };
    match error.range().or_else(line) {
        Some(range) => Place::span(source, range),
        None => Place::file(&source.name),
    }
}

fn fault(error: &minijinja::Error, text: &TextSpec, stopped: Option<Diagnostic>) -> Diagnostic {
    let place = place(error, &text.source);
    match stopped {
        Some(fault) => fault.at(place),
        None => {
            let said = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
            Diagnostic::error("bad-text", format!("the text cannot be written: {said}"))
                .at(place)
                .hint("reports/README.md says what a text may hold")
        }
    }
}

/// Numbers written in the words of a text, where only figures may stand.
fn numbers(source: &Arc<SourceText>) -> Vec<Diagnostic> {
    let text = source.text.as_str();
    let mut faults = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let opening = ["{{", "{%", "{#"].into_iter().find(|opening| text[at..].starts_with(opening));
        if let Some(opening) = opening {
            let closing = match opening {
                "{{" => "}}",
                "{%" => "%}",
                _ => "#}",
            };
            at = text[at..].find(closing).map_or(text.len(), |found| at + found + closing.len());
            continue;
        }
        let digits: usize = text[at..].chars().take_while(|c| c.is_numeric_digit()).map(char::len_utf8).sum();
        if digits > 0 {
            faults.push(
                Diagnostic::error("number-in-text", format!("the number {} is written in the text", &text[at..at + digits]))
                    .at(Place::span(source, at..at + digits))
                    .hint("name the figure: {{ figure(\"table\", \"column\", key=\"…\") }}; a number that is none, as in the name of a law, is {{ \"…\" }}"),
            );
        }
        at += digits.max(text[at..].chars().next().map_or(1, char::len_utf8));
    }
    faults
}

trait Digit {
    fn is_numeric_digit(&self) -> bool;
}

impl Digit for char {
    /// Also full-width ones; 一 and ① are words.
    fn is_numeric_digit(&self) -> bool {
        self.is_ascii_digit() || ('０'..='９').contains(self)
    }
}
