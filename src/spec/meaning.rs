//! Written meanings to resolved ones: every code looked up, every fault with the place of the text that has it.

use std::collections::BTreeMap;
use std::sync::Arc;

use toml::Spanned;

use super::codes::{code_exists, codes_of};
use super::pattern::{CAPTURES, Capture, Pattern, PatternError};
use super::questionnaire;
use super::raw::{self, Scalar, Stated, Text};
use super::revise::JOINT;
use super::table::{
    Entry, Figure, Meaning, Note, Parts, PeriodRule, Preference, RelationSpec, Role, Sense, SignRule, Split,
    SplitNumber, SplitValue, UnitUse,
};
use crate::diag::{Diagnostic, Place, SourceText};
use crate::domain::label::{nearest, normalise};
use crate::domain::{Breakdown, Code, Codebook, Dimension, Few, Questionnaire, RelationKind, TOTAL, Text as Kept};

/// What the resolution of one file needs, and the faults found so far.
pub(super) struct Scope<'a> {
    pub book: &'a Codebook,
    pub source: &'a Arc<SourceText>,
    /// The questionnaire of which the table counts the answers.
    pub questionnaire: Option<&'a Questionnaire>,
    pub faults: Vec<Diagnostic>,
}

impl Scope<'_> {
    pub fn fault(
        &mut self,
        at: std::ops::Range<usize>,
        code: &'static str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        let fault = Diagnostic::error(code, message).at(Place::span(self.source, at));
        let hint = hint.into();
        self.faults.push(if hint.is_empty() { fault } else { fault.hint(hint) });
    }

    /// The code, if the list has it.
    pub fn code(&mut self, list: &str, written: &Text) -> Option<Code> {
        self.code_at(list, written.get_ref(), written.span())
    }

    fn code_at(&mut self, list: &str, written: &str, span: std::ops::Range<usize>) -> Option<Code> {
        if code_exists(self.book, list, written) {
            return Some(Code::new(written));
        }
        let known = codes_of(self.book, list);
        let near = nearest(written, known.iter().map(String::as_str)).join(" or ");
        let hint = match near.is_empty() {
            true => format!("codes stand in pipelines/codes/{list}.csv"),
            false => format!("did you mean {near}? codes stand in pipelines/codes/{list}.csv"),
        };
        self.fault(span, "unknown-code", format!("list {list} has no code \"{written}\""), hint);
        None
    }

    /// A version of a list, if there are both.
    pub fn version(&mut self, list: &Text, version: &Text) -> Option<(String, String)> {
        let book = self.book;
        let Some(codes) = book.lists.get(list.get_ref().as_str()) else {
            let near = nearest(list.get_ref(), book.lists.keys().map(String::as_str)).join(" or ");
            let hint = if near.is_empty() { String::new() } else { format!("did you mean {near}?") };
            self.fault(list.span(), "unknown-list", format!("there is no code list \"{}\"", list.get_ref()), hint);
            return None;
        };
        if codes.version(version.get_ref()).is_none() {
            let known: Vec<&str> = codes.versions.iter().map(|v| v.name.as_str()).collect();
            let message = format!("list {} has no version \"{}\"", codes.name, version.get_ref());
            let hint = format!("its versions are {}; they stand in pipelines/codes/lists.csv", known.join(", "));
            self.fault(version.span(), "unknown-version", message, hint);
            return None;
        }
        Some((list.get_ref().clone(), version.get_ref().clone()))
    }

    pub fn pattern(&mut self, written: &str, span: std::ops::Range<usize>) -> Option<Pattern> {
        let lists: Vec<&str> = self.book.lists.keys().map(String::as_str).filter(|l| *l != "mark").collect();
        match Pattern::parse(written, &lists) {
            Ok(pattern) => Some(pattern),
            Err(error) => {
                let near = match &error {
                    PatternError::NoList { name } => nearest(name, lists.into_iter().chain(CAPTURES)),
                    _ => Vec::new(),
                };
                let near: Vec<String> = near.iter().map(|name| format!("{{{name}}}")).collect();
                let meant =
                    if near.is_empty() { String::new() } else { format!("did you mean {}? ", near.join(" or ")) };
                let known = CAPTURES.map(|name| format!("{{{name}}}")).join(", ");
                let hint = format!(
                    "{meant}captures are {known}, {{name:int}} or the name of a list in pipelines/codes/lists.csv"
                );
                self.fault(span, "label-pattern", error.to_string(), hint);
                None
            }
        }
    }

    /// A code that is unknown has been reported; it stays in its place, so that nothing seems to be missing as well.
    pub fn stated(&mut self, stated: Stated<'_>) -> Meaning {
        let indicator = stated.indicator.map(|i| self.code("indicator", i).unwrap_or_else(|| Code::new(i.get_ref())));
        let mut meaning = Meaning { indicator, ..Meaning::default() };
        for (dimension, code) in stated.dimensions {
            if let Some(code) = code.and_then(|c| self.code(dimension.as_str(), c)) {
                meaning.dimensions.insert(dimension, code);
            }
        }
        if let Some(breakdown) = stated.breakdown {
            meaning.breakdown = self.breakdown(breakdown);
        }
        meaning
    }

    fn breakdown(&mut self, written: &BTreeMap<Text, Spanned<Scalar>>) -> Few<Kept, Kept> {
        let mut breakdown = Few::default();
        for (key, value) in written {
            let name: &str = key.get_ref();
            let text = match value.get_ref() {
                Scalar::Integer(number) => number.to_string(),
                Scalar::Text(code) if questionnaire::holds(self.questionnaire, name, code) => code.clone(),
                Scalar::Text(code) if self.book.lists.contains_key(name) => {
                    if self.code_at(name, code, value.span()).is_none() {
                        continue;
                    }
                    code.clone()
                }
                Scalar::Text(code) if self.questionnaire.is_some() && questionnaire::KEYS.contains(&name) => {
                    let message = format!("the questionnaire has no {name} \"{code}\"");
                    self.fault(value.span(), "unknown-code", message, "");
                    continue;
                }
                Scalar::Text(_) => {
                    let hint = "name a code list of pipelines/codes/lists.csv, or give a whole number";
                    self.fault(key.span(), "unknown-list", format!("there is no code list \"{name}\""), hint);
                    continue;
                }
            };
            // A breakdown that is not divided is left out.
            if text != TOTAL {
                breakdown.insert(name.into(), text.into());
            }
        }
        breakdown
    }

    pub fn unit(&mut self, unit: Option<&Text>, label: Option<&Text>) -> Option<UnitUse> {
        let Some(unit) = unit else {
            if let Some(label) = label {
                self.fault(label.span(), "unit-label", "a unit_label needs a unit beside it", "add unit = \"…\"");
            }
            return None;
        };
        let code = self.code("unit", unit).map_or(unit.get_ref().clone(), |c| c.to_string());
        Some(UnitUse { code, label: label.map(|l| normalise(l.get_ref()).into_owned()) })
    }

    pub fn period(&mut self, written: &Text) -> Option<PeriodRule> {
        match written.get_ref().as_str() {
            "left" => Some(PeriodRule::Left),
            "year-to-date" => Some(PeriodRule::YearToDate),
            text => match text.parse() {
                Ok(period) => Some(PeriodRule::Fixed(period)),
                Err(error) => {
                    self.fault(
                        written.span(),
                        "period",
                        format!("{error}"),
                        "in rows and columns also left or year-to-date",
                    );
                    Some(PeriodRule::Left)
                }
            },
        }
    }

    /// `None` where a label cannot be read; other faults leave the entry usable for further checks.
    pub fn entry(&mut self, raw: &raw::Entry) -> Option<Entry> {
        let texts = raw.label.get_ref().texts();
        let path: Vec<Pattern> = texts.iter().filter_map(|t| self.pattern(t, raw.label.span())).collect();
        let mut meaning = self.stated(raw.stated());
        meaning.unit = self.unit(raw.unit.as_ref(), raw.unit_label.as_ref());
        meaning.period = raw.period.as_ref().and_then(|p| self.period(p));
        meaning.sign = raw.sign.map(sign);
        let declared = raw.origin.declared.clone().unwrap_or_else(|| texts.join(JOINT));
        let new = raw.origin.new;
        let (merged, skip, optional) = (raw.merged, raw.skip, raw.optional);
        if skip && path.iter().all(|p| p.captures().eq([&Capture::Any]) && p.is_bare()) {
            let message = "the entry skips every label, also those that are new next year";
            self.fault(raw.label.span(), "skip-any", message, "write out what is skipped");
        }
        let role = raw.role.map(role);
        if role.is_some() && (skip || merged || meaning != Meaning::default()) {
            let message = "the column has a role, and says what its numbers mean or that it is skipped";
            let hint = "a column with a role holds no numbers: give it a label and the role alone";
            self.fault(raw.label.span(), "column-role", message, hint);
        }
        (path.len() == texts.len()).then_some(Entry { path, meaning, declared, new, merged, skip, role, optional })
    }

    /// That roles are given to columns, each to one.
    pub fn roles(&mut self, rows: &[raw::Entry], columns: &[raw::Entry]) {
        if let Some(row) = rows.iter().find(|e| e.role.is_some()) {
            let hint = "records stand in rows: give the role to a column";
            self.fault(row.label.span(), "column-role", "a row has a role", hint);
        }
        for (nth, column) in columns.iter().enumerate().filter(|(_, e)| e.role.is_some()) {
            if columns[..nth].iter().any(|e| e.role == column.role) {
                let message = "two columns have the same role";
                self.fault(column.label.span(), "column-role", message, "skip one of them, or make it a note");
            }
        }
    }

    pub fn preference(&mut self, raw: &raw::Prefer) -> Preference {
        let mut meaning = self.stated(raw.stated());
        meaning.period = raw.period.as_ref().and_then(|p| self.period(p));
        if raw.reason.get_ref().trim().is_empty() {
            let hint = "say why this figure is the better one";
            self.fault(raw.reason.span(), "prefer-reason", "a preference needs a reason", hint);
        }
        Preference { section: raw.section.as_ref().map(|section| normalise(section.get_ref()).into_owned()), meaning }
    }

    pub fn split(&mut self, raw: &raw::Split) -> Option<Split> {
        let pattern = self.pattern(raw.text.get_ref(), raw.text.span())?;
        if pattern.captures().any(|c| !matches!(c, Capture::Number | Capture::Any)) {
            let message = "the text of a cell that holds several numbers captures {number} and {any} only";
            self.fault(raw.text.span(), "split-capture", message, "give what the numbers mean in values");
            return None;
        }
        let captures = pattern.captures().filter(|c| **c == Capture::Number).count();
        let captured = raw.values.iter().filter(|v| v.number.is_none()).count();
        if captures != captured {
            let message = format!("the text captures {captures} numbers, and {captured} values take one");
            let hint = "give one value per {number}, in order; a number written out in the text is given as number";
            self.fault(raw.text.span(), "split-number", message, hint);
            return None;
        }
        let values: Vec<SplitValue> = raw.values.iter().filter_map(|v| self.split_value(raw, v)).collect();
        (!values.is_empty()).then_some(Split { pattern, values })
    }

    fn split_value(&mut self, raw: &raw::Split, value: &raw::SplitValue) -> Option<SplitValue> {
        let number = match &value.number {
            None => SplitNumber::Captured,
            Some(number) => {
                let text = number.get_ref();
                if !normalise(raw.text.get_ref()).contains(&*normalise(text)) {
                    let message = format!("the text \"{}\" does not hold {text}", raw.text.get_ref());
                    self.fault(number.span(), "split-number", message, "write the number as it stands in the cell");
                    return None;
                }
                let Ok(parsed) = text.parse::<rust_decimal::Decimal>() else {
                    self.fault(number.span(), "split-number", format!("\"{text}\" is not a number"), "");
                    return None;
                };
                SplitNumber::Stated { number: parsed, decimals: parsed.scale() as u8 }
            }
        };
        Some(SplitValue { number, meaning: self.stated(value.stated()) })
    }

    pub fn figure(&mut self, raw: &raw::Figure) -> Option<Figure> {
        let pattern = self.pattern(raw.text.get_ref(), raw.text.span())?;
        if !pattern.captures().any(|c| *c == Capture::Number) {
            self.fault(
                raw.text.span(),
                "figure-number",
                "the text captures no {number}",
                "write {number} where the number stands",
            );
            return None;
        }
        let mut meaning = self.stated(raw.stated());
        meaning.unit = self.unit(Some(&raw.unit), None);
        Some(Figure { pattern, meaning })
    }

    pub fn note(&mut self, raw: &raw::Note) -> Option<Note> {
        let pattern = self.pattern(raw.text.get_ref(), raw.text.span())?;
        if pattern.captures().any(|c| *c != Capture::Any) {
            let message = "the text of a footnote captures {any} only";
            self.fault(raw.text.span(), "note-capture", message, "say what the note concerns by keys beside text");
            return None;
        }
        let stated = raw.stated();
        let says = stated.indicator.is_some()
            || stated.breakdown.is_some_and(|b| !b.is_empty())
            || stated.dimensions.iter().any(|(_, code)| code.is_some());
        let meaning = self.stated(stated);
        if !says {
            let message = "nothing says which numbers the footnote concerns";
            self.fault(raw.text.span(), "note-concerns", message, "give a region, a breakdown, …");
        }
        Some(Note { pattern, meaning })
    }

    pub fn relation(&mut self, raw: &raw::Relation, kind: RelationKind) -> Option<RelationSpec> {
        let Some(dimension) = Dimension::parse(raw.dimension.get_ref()) else {
            let near = Dimension::ALL.map(Dimension::as_str).join(", ");
            let message = format!("there is no dimension \"{}\"", raw.dimension.get_ref());
            self.fault(raw.dimension.span(), "unknown-dimension", message, format!("dimensions are {near}"));
            return None;
        };
        let whole = self.member(dimension, raw.whole.get_ref(), raw.whole.span());
        let parts = match raw.parts.get_ref() {
            raw::OneOrMany::One(word) if word == "rest" => Some(Parts::Rest),
            list => {
                let texts = list.texts();
                let codes: Vec<Code> =
                    texts.iter().filter_map(|t| self.member(dimension, t, raw.parts.span())).collect();
                (codes.len() == texts.len()).then_some(Parts::Listed(codes))
            }
        };
        let mut indicators = Vec::new();
        for indicator in raw.indicators.iter().flatten() {
            indicators.push(self.code("indicator", indicator)?);
        }
        Some(RelationSpec { kind, dimension, whole: whole?, parts: parts?, indicators })
    }

    /// A code of a dimension; for breakdowns their text, put in order.
    fn member(&mut self, dimension: Dimension, written: &str, span: std::ops::Range<usize>) -> Option<Code> {
        if dimension != Dimension::Breakdown {
            return self.code_at(dimension.as_str(), written, span);
        }
        let Some(breakdown) = Breakdown::parse(written) else {
            let message = format!("\"{written}\" is not a breakdown");
            self.fault(span, "breakdown", message, "write key=code;key=code, or _T for the total");
            return None;
        };
        for (key, code) in breakdown.0.iter() {
            if self.book.lists.contains_key(key.as_str()) {
                self.code_at(key, code, span.clone())?;
            }
        }
        Some(Code::new(&breakdown.to_string()))
    }
}

fn role(raw: raw::Role) -> Role {
    match raw {
        raw::Role::Record => Role::Record,
        raw::Role::Paper => Role::Paper,
        raw::Role::Section => Role::Section,
        raw::Role::Quote => Role::Quote,
        raw::Role::Note => Role::Note,
        raw::Role::Qualifier => Role::Qualifier,
    }
}

fn sign(raw: raw::Sign) -> SignRule {
    let sense = |s: Option<raw::Sense>, default: Sense| match s {
        Some(raw::Sense::Positive) => Sense::Positive,
        Some(raw::Sense::Negative) => Sense::Negative,
        None => default,
    };
    SignRule {
        plus: sense(raw.plus, Sense::Positive),
        minus: sense(raw.minus, Sense::Negative),
        none: sense(raw.none, Sense::Positive),
    }
}
