//! JSON Schemas of the specification files, and the check of a file against them.
//!
//! serde stops at the first fault; walking the parsed file along the schema of the same types finds them all, each with
//! its place. What the schema cannot say (codes, patterns, conflicts) is for `resolve`.

use std::ops::Range;
use std::sync::Arc;

use schemars::schema_for;
use serde::de::DeserializeOwned;
use serde_json::Value;
use toml::de::{DeTable, DeValue};

use super::raw;
use crate::diag::{Diagnostic, Place, SourceText};
use crate::domain::label::meant;

/// Name and content of the schema files, for editors that complete and check specifications.
pub fn json_schemas() -> Vec<(&'static str, Value)> {
    vec![
        ("extract.schema.json", schema_for!(raw::extract::Extract).to_value()),
        ("questionnaire.schema.json", schema_for!(raw::questionnaire::Questionnaire).to_value()),
        ("source.schema.json", schema_for!(raw::Source).to_value()),
        ("synth.schema.json", schema_for!(super::synth::Synth).to_value()),
        ("table.schema.json", schema_for!(raw::Table).to_value()),
        ("calendar.schema.json", schema_for!(super::calendar::Raw).to_value()),
        ("corrections.schema.json", schema_for!(super::corrections::Corrections).to_value()),
        ("rules.schema.json", schema_for!(super::rules::Rules).to_value()),
    ]
}

/// Whether a specification is of an extract, which is told by its key `record`, or of a table, which has `columns`; a fault
/// where it is neither or both. What cannot be parsed is left for [`parse`] to tell.
pub(super) fn kind_of(source: &Arc<SourceText>, faults: &mut Vec<Diagnostic>) -> bool {
    let (document, errors) = DeTable::parse_recoverable(&source.text);
    let document = document.get_ref();
    let place = |name: &str| document.iter().find(|(key, _)| key.get_ref() == name).map(|(key, _)| key.span());
    let fault = |span: Range<usize>, message: &str, hint: &str| {
        Diagnostic::error("spec-kind", message).at(Place::span(source, span)).hint(hint)
    };
    let of_table = ["columns", "rows", "edition"].into_iter().find_map(place);
    match (place("record"), of_table) {
        (Some(_), Some(span)) => faults.push(fault(
            span,
            "this is the layout of records, since it has the key \"record\", and of a table as well",
            "an extract has [[field]]s, a table has rows, columns and editions: put the two into files of their own",
        )),
        (None, None) if errors.is_empty() && !document.is_empty() => faults.push(fault(
            0..0,
            "this is neither the layout of a table nor one of records",
            "a table has columns and editions; an extract has record = \"core_…\" and [[field]]s",
        )),
        (record, _) => return record.is_some(),
    }
    false
}

/// Parse a specification file; all faults of its form go to `faults`. `None` where it cannot be read for them; a file with
/// unknown keys can, so that its other faults are found too.
pub(super) fn parse<T: DeserializeOwned + schemars::JsonSchema>(
    source: &Arc<SourceText>,
    faults: &mut Vec<Diagnostic>,
) -> Option<T> {
    let (document, errors) = DeTable::parse_recoverable(&source.text);
    for error in &errors {
        let span = error.span().unwrap_or(0..0);
        faults.push(Diagnostic::error("spec-syntax", error.message()).at(Place::span(source, span)));
    }
    if !errors.is_empty() {
        return None;
    }
    let schema = schema_for!(T).to_value();
    let before = faults.len();
    let walk = Walk { root: &schema, source };
    walk.table(document.get_ref(), 0..0, &schema, faults);
    match toml::from_str(&source.text) {
        Ok(value) => Some(value),
        // The walk has said what is wrong, and said it better.
        Err(_) if faults.len() > before => None,
        Err(error) => {
            let span = error.span().unwrap_or(0..0);
            faults.push(Diagnostic::error("spec-value", error.message()).at(Place::span(source, span)));
            None
        }
    }
}

struct Walk<'a> {
    root: &'a Value,
    source: &'a Arc<SourceText>,
}

impl<'a> Walk<'a> {
    /// The schema a reference points at.
    fn follow(&self, mut schema: &'a Value) -> &'a Value {
        while let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            match self.root.pointer(target.trim_start_matches('#')) {
                Some(found) => schema = found,
                None => return schema,
            }
        }
        schema
    }

    /// The forms a value may take.
    fn forms(&self, schema: &'a Value) -> Vec<&'a Value> {
        let schema = self.follow(schema);
        match schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Value::as_array) {
            Some(forms) => forms.iter().flat_map(|f| self.forms(f)).collect(),
            None => vec![schema],
        }
    }

    fn place(&self, span: Range<usize>) -> Place {
        Place::span(self.source, span)
    }

    fn value(&self, key: &str, value: &DeValue<'_>, span: Range<usize>, schema: &'a Value, out: &mut Vec<Diagnostic>) {
        let kind = json_kind(value);
        let forms = self.forms(schema);
        let fitting: Vec<&Value> = forms.iter().copied().filter(|f| allows(f, kind)).collect();
        let Some(form) = fitting.first() else {
            let message = format!("\"{key}\" is {}, expected {}", article(kind), expected(&forms));
            out.push(Diagnostic::error("spec-type", message).at(self.place(span)));
            return;
        };
        match value {
            DeValue::Table(table) => self.table(table, span, form, out),
            DeValue::Array(items) => {
                if let Some(schema) = form.get("items") {
                    for item in items {
                        self.value(key, item.get_ref(), item.span(), schema, out);
                    }
                }
            }
            DeValue::String(text) => self.word(key, text, span, &fitting, out),
            _ => {}
        }
    }

    /// A text that must be one of a few words.
    fn word(&self, key: &str, text: &str, span: Range<usize>, forms: &[&Value], out: &mut Vec<Diagnostic>) {
        let mut words = Vec::new();
        for form in forms {
            match (form.get("const"), form.get("enum")) {
                (Some(word), _) => words.extend(word.as_str()),
                (_, Some(Value::Array(list))) => words.extend(list.iter().filter_map(Value::as_str)),
                _ => return,
            }
        }
        if words.contains(&text) {
            return;
        }
        let fault = Diagnostic::error("spec-word", format!("\"{key}\" cannot be \"{text}\"")).at(self.place(span));
        out.push(fault.hint(format!("write {}", quoted(&words))));
    }

    fn table(&self, table: &DeTable<'_>, span: Range<usize>, schema: &'a Value, out: &mut Vec<Diagnostic>) {
        let schema = self.follow(schema);
        let empty = serde_json::Map::new();
        let known = schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
        for (key, value) in table.iter() {
            let name: &str = key.get_ref();
            match (known.get(name), schema.get("additionalProperties")) {
                (Some(schema), _) => self.value(name, value.get_ref(), value.span(), schema, out),
                (None, Some(schema @ Value::Object(_))) => self.value(name, value.get_ref(), value.span(), schema, out),
                (None, _) => out.push(self.unknown_key(name, key.span(), known)),
            }
        }
        let required = schema.get("required").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        for name in required.iter().filter_map(Value::as_str).filter(|n| !table.contains_key(*n)) {
            let message = format!("the key \"{name}\" is missing");
            let fault = Diagnostic::error("spec-missing-key", message).at(self.place(span.clone()));
            let about = known.get(name).and_then(|s| s.get("description")).and_then(Value::as_str);
            out.push(match about {
                Some(about) => fault.hint(format!("{name}: {}", about.replace('\n', " ").trim_end_matches('.'))),
                None => fault,
            });
        }
    }

    fn unknown_key(&self, name: &str, span: Range<usize>, known: &serde_json::Map<String, Value>) -> Diagnostic {
        let fault =
            Diagnostic::error("spec-unknown-key", format!("there is no key \"{name}\" here")).at(self.place(span));
        match meant(name, known.keys().map(String::as_str)) {
            Some(near) => fault.hint(format!("did you mean \"{near}\"?")),
            None => fault.hint(format!("keys here: {}", known.keys().cloned().collect::<Vec<_>>().join(", "))),
        }
    }
}

fn json_kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "string",
        DeValue::Integer(_) => "integer",
        DeValue::Float(_) => "number",
        DeValue::Boolean(_) => "boolean",
        DeValue::Datetime(_) => "date",
        DeValue::Array(_) => "array",
        DeValue::Table(_) => "object",
    }
}

fn kinds(form: &Value) -> Vec<&str> {
    match form.get("type") {
        Some(Value::String(kind)) => vec![kind],
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        _ if form.get("const").is_some() || form.get("enum").is_some() => vec!["string"],
        _ => Vec::new(),
    }
}

fn allows(form: &Value, kind: &str) -> bool {
    kinds(form).contains(&kind)
}

fn expected(forms: &[&Value]) -> String {
    let mut names: Vec<&str> = forms.iter().flat_map(|f| kinds(f)).filter(|k| *k != "null").map(article).collect();
    names.dedup();
    names.join(" or ")
}

fn article(kind: &str) -> &'static str {
    match kind {
        "string" => "text",
        "integer" => "a whole number",
        "number" => "a number with decimals",
        "boolean" => "true or false",
        "array" => "a list",
        "object" => "a table",
        _ => "a date",
    }
}

fn quoted(words: &[&str]) -> String {
    words.iter().map(|w| format!("\"{w}\"")).collect::<Vec<_>>().join(" or ")
}
