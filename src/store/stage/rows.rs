//! Values of the vocabulary ⇄ rows of cells, column by column in the order of the schema.

use std::vec::IntoIter;

use super::super::parquet::{Cell, Row};
use super::TableInfo;
use crate::diag::Severity;
use crate::domain::{
    Breakdown, Code, Codebook, Dimension, Dimensions, Finding, Mark, Observation, Origin, Outcome, PeriodKind,
    Relation, RelationKind, Status, Value,
};

pub fn text(cell: &Cell) -> &str {
    if let Cell::Text(text) = cell { text } else { "" }
}

/// The cells of `schema::OBSERVATION`.
pub fn observation_row(o: &Observation) -> Row {
    let d = &o.dimensions;
    vec![
        Cell::text(&o.obs_id),
        Cell::text(&o.dataset),
        Cell::text(&o.table_id),
        Cell::text(&o.edition),
        Cell::text(&o.indicator),
        Cell::text(o.period),
        Cell::Date(o.period.start()),
        Cell::Date(o.period.end()),
        Cell::text(o.period_kind.as_str()),
        Cell::text(&d.region),
        Cell::text(&d.scheme),
        Cell::text(&d.ownership),
        Cell::text(&d.industry),
        Cell::text(&d.population),
        Cell::text(&d.breakdown),
        Cell::number(o.value.number()),
        Cell::text(&o.unit),
        o.decimals.map_or(Cell::Null, |decimals| Cell::Integer(i32::from(decimals))),
        Cell::optional(o.value.mark().map(Mark::as_str)),
        Cell::text(&o.printed),
        Cell::text(&o.printed_unit),
        Cell::text(&o.origin.source_file),
        Cell::text(&o.origin.source_sha256),
        Cell::text(&o.origin.sheet),
        Cell::text(&o.origin.cell),
        Cell::text(o.notes.join("\n")),
        Cell::text(o.status.as_str()),
    ]
}

pub fn observation_of(cells: &mut IntoIter<Cell>) -> Option<Observation> {
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
    let (printed, printed_unit) = (take(cells)?, take(cells)?);
    let origin =
        Origin { source_file: take(cells)?, source_sha256: take(cells)?, sheet: take(cells)?, cell: take(cells)? };
    let notes = take(cells)?.split('\n').filter(|note| !note.is_empty()).map(str::to_owned).collect();
    // A release made before figures had a status says nothing of it.
    let status = match cells.next()? {
        Cell::Null => Status::Normal,
        cell => Status::parse(text(&cell))?,
    };
    Some(Observation {
        obs_id,
        dataset,
        table_id,
        edition,
        indicator,
        period,
        period_kind,
        dimensions,
        value,
        unit,
        decimals,
        printed,
        printed_unit,
        origin,
        notes,
        status,
    })
}

pub fn finding_row(f: &Finding) -> Row {
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

pub fn finding_of(cells: &mut IntoIter<Cell>) -> Option<Finding> {
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

pub fn code_rows(codebook: &Codebook) -> Vec<Row> {
    let mut rows = Vec::new();
    for list in codebook.lists.values() {
        for entry in &list.entries {
            rows.push(vec![
                Cell::text(&list.name),
                Cell::text(&list.version),
                Cell::text(&entry.code),
                Cell::optional(entry.parent.as_ref()),
                Cell::text(&entry.name_zh),
                Cell::text(&entry.name_en),
                Cell::text(&entry.valid_from),
                Cell::text(&entry.valid_to),
            ]);
        }
    }
    rows
}

pub fn indicator_rows(codebook: &Codebook) -> impl Iterator<Item = Row> + '_ {
    codebook.indicators.iter().map(|i| {
        let texts = [i.code.as_str(), &i.name_zh, &i.name_en, &i.unit, i.kind.as_str()];
        let more = [&i.definition, &i.numerator, &i.denominator, &i.source];
        texts.into_iter().chain(more.into_iter().map(String::as_str)).map(Cell::text).collect()
    })
}

pub fn unit_rows(codebook: &Codebook) -> impl Iterator<Item = Row> + '_ {
    codebook
        .units
        .iter()
        .map(|u| vec![Cell::text(&u.code), Cell::text(&u.name_zh), Cell::text(&u.base), Cell::Number(u.factor)])
}

pub fn relation_row(r: &Relation) -> Row {
    vec![
        Cell::text(&r.relation_id),
        Cell::text(&r.dataset),
        Cell::text(&r.table_id),
        Cell::text(r.kind.as_str()),
        Cell::text(r.dimension.as_str()),
        Cell::text(&r.whole),
        Cell::text(&r.part),
        Cell::text(&r.indicator),
    ]
}

pub fn relation_of(cells: &mut IntoIter<Cell>) -> Option<Relation> {
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

pub fn table_row(t: &TableInfo) -> Row {
    let texts = [&t.dataset, &t.table_id, &t.title, &t.publisher, &t.citation, &t.licence];
    texts.into_iter().map(Cell::text).chain([Cell::Integer(t.priority)]).collect()
}

pub fn table_of(cells: &mut IntoIter<Cell>) -> Option<TableInfo> {
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

fn take(cells: &mut IntoIter<Cell>) -> Option<String> {
    match cells.next()? {
        Cell::Text(text) => Some(text),
        _ => None,
    }
}

fn code(cells: &mut IntoIter<Cell>) -> Option<Code> {
    take(cells).map(|text| Code::new(&text))
}
