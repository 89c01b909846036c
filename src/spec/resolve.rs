//! Specifications as written → as resolved: editions merged with their table, and what rows and columns say together
//! checked, so that `ingest` meets faults of data only.

use std::ops::Range;

use jiff::civil::Date;
use toml::Spanned;

use super::edition::Edition;
use super::mark::MarkTexts;
use super::meaning::Scope;
use super::pattern::{Capture, Pattern};
use super::questionnaire;
use super::raw;
use super::revise::revise;
use super::table::{
    Anchor, Entry, Layout, Levels, Meaning, OnError, Panels, PeriodRule, Preference, Role, Source, Table, Within,
};
use crate::domain::label::normalise;
use crate::domain::{Codebook, Dimension, Mark, Period, RelationKind, Validity};

/// Priority of a table that states none: after all that do, as a rule.
const PRIORITY_UNSTATED: i32 = 100;

/// Deepest header that can be declared.
const HEADER_ROWS_MAX: u32 = 20;

pub(super) fn source(id: &str, raw: &raw::Source) -> Source {
    Source {
        id: id.to_owned(),
        publisher: raw.publisher.get_ref().clone(),
        title: raw.title.get_ref().clone(),
        citation: raw.citation.get_ref().clone(),
        licence: raw.licence.get_ref().clone(),
        on_error: match raw.on_error {
            raw::OnError::WithholdTable => OnError::WithholdTable,
            raw::OnError::WithholdSource => OnError::WithholdSource,
        },
        tables: Vec::new(),
        extracts: Vec::new(),
    }
}

/// A table; what has a fault is left out, so the result is usable only where `scope` has none.
pub(super) fn table(dataset: &str, id: &str, raw: &raw::Table, scope: &mut Scope<'_>) -> Table {
    let marks = marks(scope.book, dataset, id);
    let mut editions: Vec<Edition> = Vec::new();
    for edition in &raw.edition {
        let (id, span) = edition_id(edition, scope);
        if !id.is_empty() && editions.iter().any(|e| e.id == id) {
            scope.fault(span, "edition-twice", format!("the edition \"{id}\" stands twice"), "");
        }
        let files = names(&edition.file, scope);
        for file in files.iter().map(Pattern::as_str) {
            if file.starts_with('/') || file.split(['/', '\\']).any(|part| part == "..") {
                let message = format!("\"{file}\" leaves the input folder");
                scope.fault(edition.file.span(), "edition-file", message, "name the file below the input folder");
            }
        }
        let sheets = edition.sheet.as_ref().map_or(Vec::new(), |sheet| names(sheet, scope));
        let of_names: Vec<&Capture> = files.iter().chain(&sheets).flat_map(|name| name.captures()).collect();
        let year = edition.year.as_ref().map(|year| *year.get_ref());
        let keys = edition.layout().over(raw.layout());
        let revised = revise(keys, edition, scope);
        let keys = revised.over(keys);
        if let Some(layout) = layout(keys, raw.title.span(), (year, &of_names), marks.clone(), scope) {
            let encoding = edition.encoding.as_ref().map(|s| s.get_ref().clone());
            let published = edition.published.as_ref().and_then(|text| published(text, scope));
            let replaces = edition.replaces.as_ref().map(|r| r.get_ref().clone());
            let delimiter = edition.delimiter.as_ref().map(|c| *c.get_ref());
            if delimiter.is_some_and(|c| c.is_alphanumeric() || "\"\r\n".contains(c)) {
                let message = "a letter, a digit, a quotation mark or a line's end does not separate cells";
                let span = edition.delimiter.as_ref().map_or(0..0, Spanned::span);
                scope.fault(
                    span,
                    "edition-delimiter",
                    message,
                    "write the character that stands between the cells: \";\"",
                );
            }
            editions.push(Edition { id, year, published, replaces, files, sheets, encoding, delimiter, layout });
        }
    }
    succession(&raw.edition, &editions, scope);
    Table {
        dataset: dataset.to_owned(),
        id: id.to_owned(),
        title: raw.title.get_ref().clone(),
        number: raw.number.clone(),
        priority: raw.priority.unwrap_or(PRIORITY_UNSTATED),
        editions,
        spec: scope.source.name.clone(),
    }
}

/// The edition's name and where it is given.
fn edition_id(edition: &raw::Edition, scope: &mut Scope<'_>) -> (String, Range<usize>) {
    if let Some(year) = edition.year.as_ref().filter(|y| !(1000..=9999).contains(y.get_ref())) {
        scope.fault(year.span(), "edition-year", format!("{} is not a year", year.get_ref()), "write year = 2013");
    }
    match (&edition.id, &edition.year) {
        (Some(id), _) => (id.get_ref().clone(), id.span()),
        (None, Some(year)) => (year.get_ref().to_string(), year.span()),
        (None, None) => {
            let hint = "write year = 2013, or id = \"…\" where it has a name of its own";
            scope.fault(edition.file.span(), "edition-id", "the edition has neither year nor id", hint);
            // Nameless, so that its other faults are found as well.
            (String::new(), edition.file.span())
        }
    }
}

/// The first day on which the edition was known.
fn published(written: &raw::Text, scope: &mut Scope<'_>) -> Option<Date> {
    let valid = Validity::parse(written.get_ref(), "").ok().and_then(|v| v.first());
    if valid.is_none() {
        let message = format!("\"{}\" is neither a year nor a date", written.get_ref());
        scope.fault(written.span(), "edition-published", message, "write \"2013\", \"2013-09\" or \"2013-09-30\"");
    }
    valid
}

/// An edition may replace an earlier one, and of several all come out at a known time or none does.
fn succession(written: &[raw::Edition], editions: &[Edition], scope: &mut Scope<'_>) {
    let dated = editions.iter().filter(|e| e.published.is_some()).count();
    if let Some(raw) = written.iter().find(|e| e.published.is_none()).filter(|_| dated > 0 && dated < editions.len()) {
        let hint = "give every edition of the table published = \"…\", or none of them";
        scope.fault(
            raw.file.span(),
            "edition-published",
            "the edition does not say when it was published, others do",
            hint,
        );
    }
    for (raw, replaces) in written.iter().filter_map(|raw| Some((raw, raw.replaces.as_ref()?))) {
        let (id, _) = edition_id(raw, scope);
        let find = |id: &str| editions.iter().find(|e| e.id == id);
        let (own, other) = (find(&id), find(replaces.get_ref()));
        let known = || editions.iter().map(|e| e.id.as_str()).filter(|e| *e != id).collect::<Vec<_>>().join(", ");
        match (own, other) {
            (Some(own), Some(other)) if (own.published, &own.id) <= (other.published, &other.id) => {
                let message = format!("the edition \"{id}\" does not come after the edition \"{}\"", other.id);
                let hint = "editions are ordered by published, then by id; only a later one replaces another";
                scope.fault(replaces.span(), "edition-replaces", message, hint);
            }
            (_, None) => {
                let message = format!("the table has no edition \"{}\"", replaces.get_ref());
                scope.fault(replaces.span(), "edition-replaces", message, format!("its editions are {}", known()));
            }
            _ => {}
        }
    }
}

/// Names of files or sheets: they capture what a title may capture.
pub(super) fn names(written: &Spanned<raw::OneOrMany>, scope: &mut Scope<'_>) -> Vec<Pattern> {
    let texts = written.get_ref().texts();
    if texts.is_empty() {
        scope.fault(written.span(), "edition-file", "the list is empty", "name a file or sheet, or leave the key out");
    }
    texts.into_iter().filter_map(|text| title_pattern(text, written.span(), scope)).collect()
}

/// Printed text → mark: everyone's, overlaid by the dataset's, overlaid by the table's.
fn marks(book: &Codebook, dataset: &str, table: &str) -> MarkTexts {
    let scopes = [String::new(), dataset.to_owned(), format!("{dataset}/{table}")];
    let of_scope = |scope: String| book.aliases.iter().filter(move |a| a.list == "mark" && a.scope == scope);
    let aliases = scopes.into_iter().flat_map(of_scope);
    aliases.filter_map(|alias| Some((alias.label.clone(), Mark::parse(alias.code.as_str())?))).collect()
}

fn layout(
    keys: raw::Layout<'_>,
    title: Range<usize>,
    (year, of_names): (Option<i16>, &[&Capture]),
    marks: MarkTexts,
    scope: &mut Scope<'_>,
) -> Option<Layout> {
    let anchor = keys.anchor.and_then(|a| anchor(a, scope));
    let header_rows = header_rows(&keys, scope);
    let questionnaire = keys.questionnaire.and_then(|q| questionnaire::of_table(q, scope));
    scope.questionnaire = questionnaire;
    let mut context = keys.context.map_or(Meaning::default(), |c| scope.stated(c.stated()));
    if let Some(questionnaire) = questionnaire {
        context = questionnaire::context(questionnaire).over(&context);
    }
    context.unit = scope.unit(keys.unit, keys.unit_label);
    context.period =
        keys.period.and_then(|p| scope.period(p)).or(year.map(|year| PeriodRule::Fixed(Period::Year(year))));
    let mut rows: Vec<(Entry, Range<usize>)> = entries(keys.rows.unwrap_or_default(), scope);
    if let (Some(questionnaire), Some(written)) = (questionnaire, keys.questionnaire) {
        rows.extend(questionnaire::rows(questionnaire, &written.span(), scope));
    }
    let columns: Vec<(Entry, Range<usize>)> = entries(keys.columns.unwrap_or_default(), scope);
    scope.roles(keys.rows.unwrap_or_default(), keys.columns.unwrap_or_default());
    let mut missing = |what: &str, hint: &str| {
        scope.fault(title.clone(), "spec-missing-key", format!("the table needs {what}"), hint);
    };
    if (keys.rows.is_none() && keys.questionnaire.is_none()) || keys.columns.is_none() {
        missing("[[rows]] and [[columns]]", "write one [[rows]] and one [[columns]] block per kind of row and column");
    }
    let Some(corner) = keys.corner else {
        missing("corner", "corner: the text over the label column");
        return None;
    };
    let levels = levels(keys.levels.unwrap_or_default());
    if header_rows == 0 {
        unheaded(&keys, corner, &columns, scope);
    }
    labels_fit(&rows, corner.get_ref().texts().len(), levels, scope);
    let of_title = anchor.iter().flat_map(|a| a.pattern.captures());
    let of_title: Vec<&Capture> = of_title.chain(of_names.iter().copied()).collect();
    pairs(&rows, &columns, &context, &of_title, scope);
    let relations = keys.sum.into_iter().flatten().map(|r| (r, RelationKind::Sum));
    let relations = relations.chain(keys.part_of.into_iter().flatten().map(|r| (r, RelationKind::PartOf)));
    Some(Layout {
        anchor,
        corner: corner.get_ref().texts().into_iter().map(|t| normalise(t).into_owned()).collect(),
        header_rows,
        header_inherits: keys.header_blank.is_some(),
        label_inherits: keys.label_blank.is_some(),
        levels,
        bilingual: keys.bilingual.unwrap_or(false),
        until: beginnings(keys.until),
        until_column: beginnings(keys.until_column),
        panels: keys.panels.map_or(Panels::default(), panels),
        between: beginnings(keys.between).into_iter().filter(|b| !b.is_empty()).collect(),
        annotations: scope.annotations(keys.note_marks, keys.status),
        ordered: keys.order != Some(raw::Order::Any),
        rows: rows.into_iter().map(|(e, _)| e).collect(),
        context,
        splits: keys.split.into_iter().flatten().filter_map(|s| scope.split(s)).collect(),
        figures: keys.figure.into_iter().flatten().filter_map(|f| scope.figure(f)).collect(),
        // What a note concerns may be a question of a questionnaire that is not there, which has been told.
        notes: match keys.questionnaire.is_some() == questionnaire.is_some() {
            true => keys.note.into_iter().flatten().filter_map(|n| scope.note(n)).collect(),
            false => Vec::new(),
        },
        preferences: preferences(keys.prefer.unwrap_or_default(), &columns, scope),
        relations: relations.filter_map(|(r, kind)| scope.relation(r, kind)).collect(),
        columns: columns.into_iter().map(|(e, _)| e).collect(),
        marks,
        versions: keys
            .versions
            .into_iter()
            .flatten()
            .filter_map(|(list, version)| scope.version(list, version))
            .collect(),
    })
}

/// Preferences by section need a column that holds it.
fn preferences(raw: &[raw::Prefer], columns: &[(Entry, Range<usize>)], scope: &mut Scope<'_>) -> Vec<Preference> {
    let sections = columns.iter().any(|(e, _)| e.role == Some(Role::Section));
    if let Some(first) = raw.iter().find_map(|p| p.section.as_ref()).filter(|_| !sections) {
        let hint = "give role = \"section\" to the column that holds it";
        let message = "no column of the table says the section";
        scope.fault(first.span(), "prefer-section", message, hint);
    }
    raw.iter().map(|p| scope.preference(p)).collect()
}

/// Rows of the header, as far as the keys about the table's form can be.
fn header_rows(keys: &raw::Layout<'_>, scope: &mut Scope<'_>) -> u32 {
    let header_rows = keys.header_rows.map_or(1, |n| *n.get_ref());
    if let Some(rows) = keys.header_rows.filter(|_| !(0..=HEADER_ROWS_MAX).contains(&header_rows)) {
        let message = format!("a header has 0 to {HEADER_ROWS_MAX} rows, not {header_rows}");
        scope.fault(rows.span(), "header-rows", message, "");
    }
    if let Some(between) = keys.between.filter(|_| keys.panels.is_none()).and_then(|b| b.first()) {
        let message = "between names lines between panels, and the table has none";
        scope.fault(between.span(), "between-panels", message, "add panels = \"below\", or leave between out");
    }
    header_rows
}

/// What a table without a header must say of itself, since no print does.
fn unheaded(
    keys: &raw::Layout<'_>,
    corner: &Spanned<raw::OneOrMany>,
    columns: &[(Entry, Range<usize>)],
    scope: &mut Scope<'_>,
) {
    let mut fault = |at: Range<usize>, message: &str, hint: &str| scope.fault(at, "header-none", message, hint);
    if keys.anchor.is_none() {
        fault(
            corner.span(),
            "a table without a header needs an anchor, below which it begins",
            "add anchor = { text = \"…\" }",
        );
    }
    if corner.get_ref().texts().iter().any(|text| !text.is_empty()) {
        fault(corner.span(), "a table without a header has no text over its labels", "write corner = \"\"");
    }
    if keys.panels.is_some() {
        fault(corner.span(), "a table without a header has no panels", "leave panels out");
    }
    for (entry, span) in columns.iter().filter(|(e, _)| !e.is_literal() || e.path.len() > 1 || e.optional) {
        let message = format!("\"{}\" names no single column, and no header tells it from others", entry.shown());
        fault(span.clone(), &message, "write one entry for each column, with a text as its label");
    }
}

fn beginnings(texts: Option<&[raw::Text]>) -> Vec<String> {
    texts.unwrap_or_default().iter().map(|t| normalise(t.get_ref()).into_owned()).collect()
}

fn panels(raw: raw::Panels) -> Panels {
    Panels { right: raw != raw::Panels::Below, below: raw != raw::Panels::Right }
}

fn entries(raw: &[raw::Entry], scope: &mut Scope<'_>) -> Vec<(Entry, Range<usize>)> {
    raw.iter().filter_map(|e| scope.entry(e).map(|entry| (entry, e.label.span()))).collect()
}

fn levels(written: &[raw::Level]) -> Levels {
    let has = |level| written.contains(&level);
    Levels {
        indent: has(raw::Level::Indent),
        of_which: has(raw::Level::OfWhich),
        numbering: has(raw::Level::Numbering),
        bold: has(raw::Level::Bold),
        heading: has(raw::Level::Heading),
    }
}

/// A label may have fewer parts than there are label columns: it stands over all of them, as a total does.
fn labels_fit(rows: &[(Entry, Range<usize>)], label_columns: usize, levels: Levels, scope: &mut Scope<'_>) {
    for (entry, span) in rows {
        let given = entry.path.len();
        if given > label_columns && !levels.any() {
            let message = format!("the label has {given} parts, the table has {label_columns} label columns");
            let hint = "give one part per text of corner; more where levels says that rows belong to others";
            scope.fault(span.clone(), "label-columns", message, hint);
        }
    }
}

fn is_period(capture: &Capture) -> bool {
    matches!(capture, Capture::Year | Capture::Month | Capture::Period)
}

/// What captures will state once they have met a label.
fn captures(entry: &Entry) -> impl Iterator<Item = &Capture> {
    entry.path.iter().flat_map(|p| p.captures())
}

/// Every cell must come to know its indicator, unit and period from row, column and table together.
fn pairs(
    rows: &[(Entry, Range<usize>)],
    columns: &[(Entry, Range<usize>)],
    context: &Meaning,
    of_title: &[&Capture],
    scope: &mut Scope<'_>,
) {
    for (column, span) in columns.iter().filter(|(entry, _)| entry.is_read()) {
        for (row, row_span) in rows.iter().filter(|(entry, _)| entry.is_read()) {
            let both = match row.meaning.beside(&column.meaning) {
                Ok(both) => both.over(context),
                Err(what) => {
                    let message = format!("\"{}\" and \"{}\" give a different {what}", row.shown(), column.shown());
                    scope.fault(row_span.clone(), "meaning-clash", message, "let one of them say it");
                    continue;
                }
            };
            let stated: Vec<&Capture> = captures(row).chain(captures(column)).chain(of_title.iter().copied()).collect();
            let needs = |what: &str| format!("numbers of \"{}\" in \"{}\" have no {what}", column.shown(), row.shown());
            if both.indicator.is_none() && !stated.contains(&&Capture::Indicator) {
                scope.fault(
                    span.clone(),
                    "meaning-missing",
                    needs("indicator"),
                    "give indicator = \"…\" to the column, the row or [context]",
                );
            }
            if both.unit.is_none() && !stated.contains(&&Capture::Unit) {
                scope.fault(
                    span.clone(),
                    "meaning-missing",
                    needs("unit"),
                    "give unit = \"…\" to the column, the row or the table, or capture {unit} in a label or the anchor",
                );
            }
            let dated = matches!(both.period, Some(PeriodRule::Fixed(_) | PeriodRule::Left));
            if !dated && !stated.iter().any(|c| is_period(c)) {
                scope.fault(
                    span.clone(),
                    "meaning-missing",
                    needs("period"),
                    "give period = \"…\" or the edition's year, or capture {year} in a label, the anchor, sheet or file",
                );
            }
            unit_fits(&both, span, scope);
        }
    }
}

fn unit_fits(meaning: &Meaning, span: &Range<usize>, scope: &mut Scope<'_>) {
    let (Some(indicator), Some(unit)) = (&meaning.indicator, &meaning.unit) else { return };
    let (Some(indicator), Some(unit)) = (scope.book.indicator(indicator.as_str()), scope.book.unit(&unit.code)) else {
        return;
    };
    if indicator.unit != unit.base {
        let message = format!(
            "{} is counted in {}, and {} is a unit of {}",
            indicator.code, indicator.unit, unit.code, unit.base
        );
        scope.fault(span.clone(), "unit-of-indicator", message, "correct the unit or the indicator");
    }
}

fn anchor(raw: &raw::Anchor, scope: &mut Scope<'_>) -> Option<Anchor> {
    let pattern = title_pattern(raw.text.get_ref(), raw.text.span(), scope)?;
    let within = match &raw.within {
        None => None,
        Some(text) => match within(text.get_ref()) {
            Some(within) => Some(within),
            None => {
                let message = format!("\"{}\" is not a range of cells", text.get_ref());
                scope.fault(text.span(), "anchor-within", message, "write A1:K3");
                None
            }
        },
    };
    Some(Anchor { pattern, within })
}

/// The text of an anchor, or the name of a sheet or file: what they capture holds for every number below.
fn title_pattern(written: &str, span: Range<usize>, scope: &mut Scope<'_>) -> Option<Pattern> {
    let pattern = scope.pattern(written, span.clone())?;
    let usable = |c: &Capture| match c {
        Capture::Year | Capture::Month | Capture::Unit | Capture::Any => true,
        Capture::Dimension(dimension) => *dimension != Dimension::Indicator,
        _ => false,
    };
    if pattern.captures().any(|c| !usable(c)) {
        let message = "an anchor, a sheet or a file captures a period, a unit or a dimension only";
        scope.fault(span, "anchor-capture", message, "");
    }
    Some(pattern)
}

fn within(text: &str) -> Option<Within> {
    let (first, last) = text.split_once(':')?;
    let (first, last) = (cell(first)?, cell(last)?);
    (first.0 <= last.0 && first.1 <= last.1).then_some(Within { first, last })
}

/// `B3` → row 2, column 1.
fn cell(text: &str) -> Option<(u32, u32)> {
    let letters = text.find(|c: char| c.is_ascii_digit())?;
    let row: u32 = text[letters..].parse().ok().filter(|r| *r > 0)?;
    if letters == 0 || letters > 3 || !text[..letters].bytes().all(|b| b.is_ascii_uppercase()) {
        return None;
    }
    let col = text[..letters].bytes().fold(0, |col, b| col * 26 + u32::from(b - b'A') + 1);
    Some((row - 1, col - 1))
}
