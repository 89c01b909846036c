//! Values of the vocabulary ⇄ rows of cells, column by column in the order of the schema.

use std::sync::Arc;
use std::vec::IntoIter;

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::super::parquet::{Cell, Row};
use super::super::records::Submission;
use super::{DeliveryInfo, EditionInfo, TableInfo};
use crate::diag::Severity;
use crate::domain::finding::Likely;
use crate::domain::observation::Correction;
use crate::domain::{
    Addressing, Besides, Breakdown, Code, Codebook, Coordinates, Dimension, Dimensions, Finding, Mark, Observation,
    Origin, Outcome, Passage, PeriodKind, Qualifier, Relation, RelationKind, Series, Status, TOTAL, Text, Universe,
    Value, Weight,
};

/// The cells of a row that is read.
pub type Cells = IntoIter<Cell<'static>>;

pub fn text<'c>(cell: &'c Cell<'_>) -> &'c str {
    if let Cell::Text(text) = cell { text } else { "" }
}

/// The cells of `schema::OBSERVATION`.
pub fn observation_row(o: &Observation) -> Row<'_> {
    let (series, origin) = (&*o.series, &**o.origin());
    let passage = |part: fn(&Passage) -> &str| Cell::optional(o.passage().map(part).filter(|text| !text.is_empty()));
    let code = |dimension| Cell::text(o.code(dimension).map_or(TOTAL, Code::as_str));
    vec![
        Cell::text(o.obs_id()),
        Cell::text(&origin.dataset),
        Cell::text(&origin.table_id),
        Cell::text(&origin.edition),
        Cell::text(series.indicator.as_str()),
        Cell::shown(o.period()),
        Cell::Date(o.period().start()),
        Cell::Date(o.period().end()),
        Cell::text(series.period_kind.as_str()),
        code(Dimension::Region),
        code(Dimension::Scheme),
        code(Dimension::Ownership),
        code(Dimension::Industry),
        code(Dimension::Population),
        Cell::shown(o.breakdown()),
        Cell::number(o.value.number()),
        Cell::text(&series.unit),
        o.decimals.map_or(Cell::Null, |decimals| Cell::Integer(i32::from(decimals))),
        Cell::optional(o.value.mark().map(Mark::as_str)),
        Cell::text(o.printed.as_str()),
        Cell::text(&series.printed_unit),
        Cell::text(&origin.source_file),
        Cell::text(&origin.source_sha256),
        Cell::text(&origin.sheet),
        Cell::shown(o.cell()),
        Cell::text(o.notes().join("\n")),
        Cell::text(o.status().as_str()),
        passage(|p| &p.record),
        passage(|p| &p.paper),
        passage(|p| &p.section),
        passage(|p| &p.quote),
        Cell::text(o.qualifier().as_str()),
        Cell::Integer(i32::from(o.is_preferred())),
        Cell::number(o.correction().and_then(|c| c.original.number())),
        Cell::optional(o.correction().map(|c| c.text.as_str())),
    ]
}

pub fn observation_of(cells: &mut Cells) -> Option<Observation> {
    let obs_id = take(cells)?;
    let (dataset, table_id, edition) = (take(cells)?, take(cells)?, take(cells)?);
    let indicator = code(cells)?;
    let period = take(cells)?.parse().ok()?;
    // First and last day follow from the period.
    cells.nth(1)?;
    let period_kind = PeriodKind::parse(&take(cells)?)?;
    let dimensions = Dimensions {
        region: code(cells)?,
        scheme: code(cells)?,
        ownership: code(cells)?,
        industry: code(cells)?,
        population: code(cells)?,
        breakdown: Breakdown::parse(&take(cells)?)?,
    };
    let number = cells.next()?.into_number();
    let unit = take(cells)?;
    let decimals = match cells.next()? {
        Cell::Integer(decimals) => Some(u8::try_from(decimals).ok()?),
        _ => None,
    };
    let mark = cells.next()?;
    let value = match number {
        Some(number) => Value::Number(number),
        None => Value::Missing(Mark::parse(text(&mark))?),
    };
    let (printed, printed_unit) = (Text::from(take(cells)?), take(cells)?);
    let (source_file, source_sha256, sheet, cell) = (take(cells)?, take(cells)?, take(cells)?, take(cells)?);
    let notes = take(cells)?.split('\n').filter(|note| !note.is_empty()).map(str::to_owned).collect();
    // A release made before figures had a status says nothing of it.
    let status = match cells.next()? {
        Cell::Null => Status::Normal,
        cell => Status::parse(text(&cell))?,
    };
    // Nor of passages, which only texts have.
    let mut part = || Some(text(&cells.next()?).to_owned());
    let passage = Passage { record: part()?, paper: part()?, section: part()?, quote: part()? };
    let passage = Some(passage).filter(|p| *p != Passage::default());
    let qualifier = match cells.next()? {
        Cell::Null => Qualifier::Exact,
        cell => Qualifier::parse(text(&cell))?,
    };
    let preferred = matches!(cells.next()?, Cell::Integer(1));
    let original = cells.next()?.into_number();
    let correction = match cells.next()? {
        Cell::Text(text) => {
            let original = original.map_or(Value::Missing(Mark::NotAvailable), Value::Number);
            Some(Correction { original, text: text.into_owned() })
        }
        _ => None,
    };
    let (addressing, at) = Addressing::parse(&cell)?;
    let (id_path, nth) = id_parts(&obs_id, &cell)?;
    let origin =
        Origin { dataset, table_id, edition, source_file, source_sha256, sheet, addressing, id_path: id_path.into() };
    let (origin, notes) = (Arc::new(origin), Arc::new(notes));
    let column = Arc::default();
    let series = Series { origin, indicator, period, period_kind, unit, printed_unit, column, notes, status };
    let (series, row) = (Arc::new(series), Arc::new(Coordinates::from(dimensions)));
    let besides = Besides { qualifier, preferred, passage, correction };
    let besides = (besides != Besides::default()).then(|| Arc::new(besides));
    Some(Observation { series, row, at, nth, value, decimals, printed, besides })
}

/// What stands before the cell in an id, and the number's place in the cell.
fn id_parts<'i>(obs_id: &'i str, cell: &str) -> Option<(&'i str, u16)> {
    if let Some(path) = obs_id.strip_suffix(cell) {
        return Some((path, 0));
    }
    let (name, nth) = obs_id.rsplit_once('#')?;
    Some((name.strip_suffix(cell)?, nth.parse().ok().filter(|nth| *nth > 0)?))
}

pub fn finding_row(f: &Finding) -> Row<'_> {
    vec![
        Cell::text(&f.rule),
        Cell::text(&f.rule_zh),
        Cell::text(f.severity.as_str()),
        Cell::text(f.outcome.as_str()),
        Cell::text(&f.dataset),
        Cell::text(&f.period),
        Cell::text(&f.region),
        Cell::text(&f.scheme),
        Cell::text(&f.source_file),
        Cell::text(&f.sheet),
        Cell::text(&f.cell),
        Cell::number(f.residual),
        Cell::number(f.tolerance),
        Cell::text(&f.message),
        Cell::text(&f.message_zh),
        Cell::text(&f.suggestion),
        Cell::text(&f.likely.cause),
        Cell::text(&f.likely.suspects),
        Cell::text(&f.likely.repair),
        Cell::number(f.likely.candidates.map(Decimal::from)),
        Cell::text(&f.likely.agrees),
    ]
}

pub fn finding_of(cells: &mut Cells) -> Option<Finding> {
    let (rule, rule_zh) = (take(cells)?, take(cells)?);
    let severity = take(cells)?;
    let severity = [Severity::Error, Severity::Warning, Severity::Info].into_iter().find(|s| s.as_str() == severity)?;
    let outcome = take(cells)?;
    let outcome = [Outcome::Fail, Outcome::Unverifiable].into_iter().find(|o| o.as_str() == outcome)?;
    Some(Finding {
        rule,
        rule_zh,
        severity,
        outcome,
        dataset: take(cells)?,
        period: take(cells)?,
        region: take(cells)?,
        scheme: take(cells)?,
        source_file: take(cells)?,
        sheet: take(cells)?,
        cell: take(cells)?,
        residual: cells.next()?.into_number(),
        tolerance: cells.next()?.into_number(),
        message: take(cells)?,
        message_zh: take(cells)?,
        suggestion: take(cells)?,
        likely: Likely {
            cause: take(cells)?,
            suspects: take(cells)?,
            repair: take(cells)?,
            candidates: cells.next()?.into_number().and_then(|n| u64::try_from(n).ok()),
            agrees: take(cells)?,
        },
    })
}

pub fn code_rows(codebook: &Codebook) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for list in codebook.lists.values() {
        for version in &list.versions {
            for entry in list.entries.iter().filter(|entry| list.holds(version, entry)) {
                rows.push(vec![
                    Cell::text(&list.name),
                    Cell::text(&version.name),
                    Cell::text(entry.code.as_str()),
                    Cell::optional(entry.parent.as_ref().map(Code::as_str)),
                    Cell::text(&entry.name_zh),
                    Cell::text(&entry.name_en),
                    Cell::text(list.validity(entry).from),
                    Cell::text(list.validity(entry).to),
                ]);
            }
        }
    }
    rows
}

pub fn version_rows(codebook: &Codebook) -> impl Iterator<Item = Row<'_>> {
    let versions = codebook.lists.values().flat_map(|list| list.versions.iter().map(move |version| (list, version)));
    versions.map(|(list, version)| {
        let texts = [&list.name, &version.name, &version.valid.from, &version.valid.to].map(Cell::text);
        texts.into_iter().chain([version.valid.first(), version.valid.last()].map(day)).collect()
    })
}

pub fn concordance_rows(codebook: &Codebook) -> impl Iterator<Item = Row<'_>> {
    codebook.concordance.iter().map(|c| {
        let weights: Vec<String> = c.weights.iter().map(Weight::to_string).collect();
        vec![
            Cell::text(&c.list),
            Cell::text(&c.from_version),
            Cell::text(c.from_code.as_str()),
            Cell::text(&c.to_version),
            Cell::text(c.to_code.as_str()),
            Cell::optional(c.weight.map(|w| w.to_string())),
            Cell::text(weights.join(" ")),
            Cell::Integer(i32::try_from(c.place).unwrap_or(i32::MAX)),
            stated(&c.unit),
            Cell::text(&c.since.from),
            day(c.since.first()),
            day(c.in_use.first()),
            day(c.in_use.last()),
            Cell::text(&c.via),
            Cell::text(&c.source),
            Cell::text(&c.reason),
        ]
    })
}

pub fn break_rows(codebook: &Codebook) -> impl Iterator<Item = Row<'_>> {
    codebook.breaks.iter().map(|b| {
        vec![
            stated(&b.indicator),
            stated(&b.scheme),
            stated(&b.region),
            stated(&b.ownership),
            stated(&b.industry),
            Cell::text(&b.at.from),
            day(b.at.first()),
            Cell::text(b.kind.as_str()),
            Cell::text(&b.reason),
            Cell::text(&b.reason_zh),
            Cell::text(&b.source),
        ]
    })
}

/// Null for what is left blank, which is all.
fn stated(text: &str) -> Cell<'_> {
    Cell::optional(Some(text).filter(|text| !text.is_empty()))
}

fn day(day: Option<Date>) -> Cell<'static> {
    day.map_or(Cell::Null, Cell::Date)
}

pub fn edition_row(e: &EditionInfo) -> Row<'_> {
    vec![
        Cell::text(&e.dataset),
        Cell::text(&e.table_id),
        Cell::text(&e.edition),
        day(e.published),
        Cell::optional(e.replaces.as_deref()),
    ]
}

pub fn indicator_rows(codebook: &Codebook) -> impl Iterator<Item = Row<'_>> {
    codebook.indicators.iter().map(|i| {
        let texts = [i.code.as_str(), &i.name_zh, &i.name_en, &i.unit, i.kind.as_str()];
        let more = [&i.definition, &i.definition_zh, &i.numerator, &i.denominator, &i.source];
        texts.into_iter().chain(more.into_iter().map(String::as_str)).map(Cell::text).collect()
    })
}

pub fn unit_rows(codebook: &Codebook) -> impl Iterator<Item = Row<'_>> {
    codebook
        .units
        .iter()
        .map(|u| vec![Cell::text(&u.code), Cell::text(&u.name_zh), Cell::text(&u.base), Cell::Number(u.factor)])
}

/// A position in an order, from 1.
fn position(nth: usize) -> Cell<'static> {
    i32::try_from(nth + 1).map_or(Cell::Null, Cell::Integer)
}

/// Of whom is asked: the other question, and its answers.
fn asked(universe: Option<&Universe>) -> [Cell<'_>; 2] {
    [
        Cell::text(universe.map_or("", |u| u.question.as_str())),
        Cell::text(universe.map_or(String::new(), |u| u.answers.join(";"))),
    ]
}

/// The cells of `schema::QUESTION`.
pub fn question_rows(codebook: &Codebook) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for questionnaire in codebook.questionnaires.values() {
        for (nth, question) in questionnaire.questions.iter().enumerate() {
            let [asked_question, asked_option] = asked(question.asked.as_ref());
            rows.push(vec![
                Cell::text(questionnaire.survey.as_str()),
                Cell::text(&question.code),
                position(nth),
                Cell::text(&question.section),
                Cell::text(&question.text),
                Cell::text(if question.multiple { "multiple" } else { "single" }),
                asked_question,
                asked_option,
                Cell::text(&question.unit),
                Cell::text(question.concept.as_ref().map_or("", Code::as_str)),
            ]);
        }
    }
    rows
}

/// The cells of `schema::ANSWER`.
pub fn answer_rows(codebook: &Codebook) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for questionnaire in codebook.questionnaires.values() {
        for question in &questionnaire.questions {
            for (nth, answer) in question.answers.iter().enumerate() {
                let [asked_question, asked_option] = asked(answer.asked.as_ref());
                rows.push(vec![
                    Cell::text(questionnaire.survey.as_str()),
                    Cell::text(&question.code),
                    Cell::text(&answer.code),
                    position(nth),
                    Cell::text(&answer.text),
                    Cell::text(if answer.missing { "missing" } else { "answer" }),
                    asked_question,
                    asked_option,
                    Cell::number(answer.low),
                    Cell::number(answer.high),
                    Cell::text(answer.category.as_ref().map_or("", Code::as_str)),
                ]);
            }
        }
    }
    rows
}

pub fn relation_row(r: &Relation) -> Row<'_> {
    vec![
        Cell::text(&r.relation_id),
        Cell::text(&r.dataset),
        Cell::text(&r.table_id),
        Cell::text(r.kind.as_str()),
        Cell::text(r.dimension.as_str()),
        Cell::text(r.whole.as_str()),
        Cell::text(r.part.as_str()),
        Cell::text(r.indicator.as_str()),
    ]
}

pub fn relation_of(cells: &mut Cells) -> Option<Relation> {
    let (relation_id, dataset, table_id) = (take(cells)?, take(cells)?, take(cells)?);
    let kind = take(cells)?;
    Some(Relation {
        relation_id,
        dataset,
        table_id,
        kind: [RelationKind::Sum, RelationKind::PartOf].into_iter().find(|k| k.as_str() == kind)?,
        dimension: Dimension::parse(&take(cells)?)?,
        whole: code(cells)?,
        part: code(cells)?,
        indicator: code(cells)?,
    })
}

pub fn delivery_row(d: &DeliveryInfo) -> Row<'_> {
    let (file, sha256) = d.file.as_ref().map(|(file, sha256)| (file, sha256)).unzip();
    vec![
        Cell::text(&d.delivery),
        Cell::shown(d.period),
        Cell::Date(d.period.start()),
        Cell::Date(d.period.end()),
        Cell::text(d.region.as_str()),
        Cell::optional(d.record_table),
        Cell::text(d.state),
        Cell::text(&d.due_at),
        Cell::optional(file),
        Cell::optional(sha256),
    ]
}

pub fn table_row(t: &TableInfo) -> Row<'_> {
    let texts = [&t.dataset, &t.table_id, &t.title, &t.publisher, &t.citation, &t.licence];
    texts.into_iter().map(Cell::text).chain([Cell::Integer(t.priority), Cell::optional(t.number.as_ref())]).collect()
}

pub fn submission_row(s: &Submission) -> Row<'_> {
    let listed = |pairs: Vec<String>| Cell::text(pairs.join(";"));
    let texts = [&s.id, &s.dataset, &s.extract, &s.table, &s.source_file, &s.source_sha256];
    let mut cells: Row<'_> = texts.into_iter().map(Cell::text).collect();
    cells.push(listed(s.scope.iter().map(|(name, value)| format!("{name}={value}")).collect()));
    cells.push(Cell::text(if s.refused { "refused" } else { "taken" }));
    cells.extend([s.records, s.rejected].map(|n| Cell::Integer(i32::try_from(n).unwrap_or(i32::MAX))));
    cells.push(listed(s.reasons.iter().map(|(reason, n)| format!("{reason}={n}")).collect()));
    cells
}

pub fn table_of(cells: &mut Cells) -> Option<TableInfo> {
    Some(TableInfo {
        dataset: take(cells)?,
        table_id: take(cells)?,
        title: take(cells)?,
        publisher: take(cells)?,
        citation: take(cells)?,
        licence: take(cells)?,
        priority: if let Cell::Integer(priority) = cells.next()? { priority } else { return None },
        number: take(cells),
    })
}

fn take(cells: &mut Cells) -> Option<String> {
    match cells.next()? {
        Cell::Text(text) => Some(text.into_owned()),
        _ => None,
    }
}

fn code(cells: &mut Cells) -> Option<Code> {
    take(cells).map(|text| Code::new(&text))
}
