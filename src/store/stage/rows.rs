//! Values of the vocabulary ⇄ rows of cells, column by column in the order of the schema.

use std::sync::Arc;
use std::vec::IntoIter;

use super::super::parquet::{Cell, Row};
use super::TableInfo;
use crate::diag::Severity;
use crate::domain::{
    Addressing, Breakdown, Code, Codebook, Coordinates, Dimension, Dimensions, Finding, Mark, Observation, Origin,
    Outcome, PeriodKind, Relation, RelationKind, Series, Status, TOTAL, Text, Value,
};

/// The cells of a row that is read.
pub type Cells = IntoIter<Cell<'static>>;

pub fn text<'c>(cell: &'c Cell<'_>) -> &'c str {
    if let Cell::Text(text) = cell { text } else { "" }
}

/// The cells of `schema::OBSERVATION`.
pub fn observation_row(o: &Observation) -> Row<'_> {
    let (series, origin) = (&*o.series, &**o.origin());
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
    let (addressing, at) = Addressing::parse(&cell)?;
    let (id_path, nth) = id_parts(&obs_id, &cell)?;
    let origin =
        Origin { dataset, table_id, edition, source_file, source_sha256, sheet, addressing, id_path: id_path.into() };
    let (origin, notes) = (Arc::new(origin), Arc::new(notes));
    let column = Arc::default();
    let series = Series { origin, indicator, period, period_kind, unit, printed_unit, column, notes, status };
    let (series, row) = (Arc::new(series), Arc::new(Coordinates::from(dimensions)));
    Some(Observation { series, row, at, nth, value, decimals, printed })
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
        Cell::text(&f.suggestion),
    ]
}

pub fn finding_of(cells: &mut Cells) -> Option<Finding> {
    let rule = take(cells)?;
    let severity = take(cells)?;
    let severity = [Severity::Error, Severity::Warning, Severity::Info].into_iter().find(|s| s.as_str() == severity)?;
    let outcome = take(cells)?;
    let outcome = [Outcome::Fail, Outcome::Unverifiable].into_iter().find(|o| o.as_str() == outcome)?;
    Some(Finding {
        rule,
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
        suggestion: take(cells)?,
    })
}

pub fn code_rows(codebook: &Codebook) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for list in codebook.lists.values() {
        for entry in &list.entries {
            rows.push(vec![
                Cell::text(&list.name),
                Cell::text(&list.version),
                Cell::text(entry.code.as_str()),
                Cell::optional(entry.parent.as_ref().map(Code::as_str)),
                Cell::text(&entry.name_zh),
                Cell::text(&entry.name_en),
                Cell::text(&entry.valid_from),
                Cell::text(&entry.valid_to),
            ]);
        }
    }
    rows
}

pub fn indicator_rows(codebook: &Codebook) -> impl Iterator<Item = Row<'_>> {
    codebook.indicators.iter().map(|i| {
        let texts = [i.code.as_str(), &i.name_zh, &i.name_en, &i.unit, i.kind.as_str()];
        let more = [&i.definition, &i.numerator, &i.denominator, &i.source];
        texts.into_iter().chain(more.into_iter().map(String::as_str)).map(Cell::text).collect()
    })
}

pub fn unit_rows(codebook: &Codebook) -> impl Iterator<Item = Row<'_>> {
    codebook
        .units
        .iter()
        .map(|u| vec![Cell::text(&u.code), Cell::text(&u.name_zh), Cell::text(&u.base), Cell::Number(u.factor)])
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

pub fn table_row(t: &TableInfo) -> Row<'_> {
    let texts = [&t.dataset, &t.table_id, &t.title, &t.publisher, &t.citation, &t.licence];
    texts.into_iter().map(Cell::text).chain([Cell::Integer(t.priority)]).collect()
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
