//! TOML text to raw types, with every fault of the file at once: an unknown key or a broken block is noted, taken out,
//! and the rest is read again. What the values mean is left to `spec`.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeArray, DeString, DeTable, DeValue};

use crate::diag::{Diagnostic, Place, Severity, SourceText};
use crate::domain::label::meant;

/// Faults noted in one file before the reader gives up on it.
const FAULTS_MAX: usize = 100;

/// The file's content, as far as it could be read; `None` where nothing useful is left.
pub fn parse<T: DeserializeOwned>(source: &Arc<SourceText>, faults: &mut Vec<Diagnostic>) -> Option<T> {
    let (mut table, errors) = DeTable::parse_recoverable(&source.text);
    if !errors.is_empty() {
        faults.extend(errors.iter().take(FAULTS_MAX).map(|e| syntax_fault(source, e)));
        return None;
    }
    for _ in 0..FAULTS_MAX {
        match T::deserialize(toml::Deserializer::from(table.clone())) {
            Ok(value) => return Some(value),
            Err(error) => {
                faults.push(shape_fault(source, &error));
                let span = error.span()?;
                let root = table.get_mut();
                if !remove_key(root, &span) && !remove_block(root, &span) {
                    return None;
                }
            }
        }
    }
    None
}

fn syntax_fault(source: &Arc<SourceText>, error: &toml::de::Error) -> Diagnostic {
    Diagnostic::error("toml-syntax", format!("this is not TOML: {}", error.message()))
        .at(Place::span(source, error.span().unwrap_or(0..0)))
        .hint("texts stand in double quotes; a block starts with [[table]] or [[chart]]")
}

/// Serde's message in our words; its field names come in backquotes.
fn shape_fault(source: &Arc<SourceText>, error: &toml::de::Error) -> Diagnostic {
    let place = Place::span(source, error.span().unwrap_or(0..0));
    let message = error.message();
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    if message.starts_with("unknown field") && !quoted.is_empty() {
        let (unknown, known) = (quoted[0], &quoted[1..]);
        let fault = Diagnostic::error("unknown-key", format!("unknown key \"{unknown}\"")).at(place);
        return match meant(unknown, known.iter().copied()) {
            Some(near) => fault.hint(format!("did you mean \"{near}\"?")),
            None => fault.hint(format!("known here: {}", known.join(", "))),
        };
    }
    if message.starts_with("missing field") && !quoted.is_empty() {
        let value = if quoted[0] == "heads" { "[\"地区\"], one head per column of row labels" } else { "…" };
        return Diagnostic::error("missing-key", format!("the key \"{}\" is missing in this block", quoted[0]))
            .at(place)
            .hint(format!("add {} = {value}", quoted[0]));
    }
    if let Some((wrong, write)) = message.split_once("; write ") {
        return Diagnostic::error("wrong-type", wrong).at(place).hint(format!("write {write}"));
    }
    Diagnostic::error("wrong-type", message.replace('`', "\"")).at(place)
}

/// Take out the entry whose key stands at `span`, wherever it lies.
fn remove_key(table: &mut DeTable<'_>, span: &Range<usize>) -> bool {
    let found = table.keys().find(|key| key.span() == *span).cloned();
    if let Some(key) = found {
        table.remove(&key);
        return true;
    }
    table.iter_mut().any(|(_, value)| remove_key_in(value, span))
}

fn remove_key_in(value: &mut Spanned<DeValue<'_>>, span: &Range<usize>) -> bool {
    match value.get_mut() {
        DeValue::Table(table) => remove_key(table, span),
        DeValue::Array(items) => items.iter_mut().any(|item| remove_key_in(item, span)),
        _ => false,
    }
}

/// Where the blocks of a file start that hold a place with an error; a block removed above still counts as one.
pub fn faulty_blocks(source: &Arc<SourceText>, faults: &[Diagnostic]) -> BTreeSet<usize> {
    let (table, _) = DeTable::parse_recoverable(&source.text);
    let mut starts = BTreeSet::new();
    for (_, value) in table.get_ref().iter() {
        match value.get_ref() {
            DeValue::Array(items) => starts.extend(items.iter().map(|item| item.span().start)),
            _ => drop(starts.insert(value.span().start)),
        }
    }
    let errors = faults.iter().filter(|fault| fault.severity == Severity::Error);
    let here = errors.filter_map(|fault| fault.place.text.as_ref()).filter(|(text, _)| Arc::ptr_eq(text, source));
    here.filter_map(|(_, span)| starts.range(..=span.start).next_back().copied()).collect()
}

/// Take out the `[[block]]` that a fault stands in: the last one that starts before it.
fn remove_block(root: &mut DeTable<'_>, span: &Range<usize>) -> bool {
    let mut block: Option<(Spanned<DeString<'_>>, usize, usize)> = None;
    for (key, value) in root.iter() {
        let DeValue::Array(items) = value.get_ref() else { continue };
        for (nth, item) in items.iter().enumerate() {
            let start = item.span().start;
            if start <= span.start && block.as_ref().is_none_or(|b| b.2 < start) {
                block = Some((key.clone(), nth, start));
            }
        }
    }
    let Some((key, nth, _)) = block else { return false };
    if let Some(DeValue::Array(items)) = root.get_mut(&key).map(Spanned::get_mut) {
        let mut kept = DeArray::new();
        for (_, item) in items.iter().enumerate().filter(|(at, _)| *at != nth) {
            kept.push(item.clone());
        }
        *items = kept;
    }
    true
}
