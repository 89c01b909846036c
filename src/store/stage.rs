//! What ingest leaves for the SQL models: seven Parquet tables in one folder.

use std::path::Path;

use jiff::civil::Date;

use super::error::StoreError;
use super::parquet::{self, Cell, Row};
use super::schema;
use crate::diag::Severity;
use crate::domain::{
    Breakdown, Code, Codebook, Dimension, Dimensions, Finding, Mark, Observation, Origin, Outcome, PeriodKind,
    Relation, RelationKind, Value,
};

/// Everything a batch of files gave, and the code lists it was read with.
#[derive(Clone, Debug, Default)]
pub struct Stage {
    pub observations: Vec<Observation>,
    pub findings: Vec<Finding>,
    pub relations: Vec<Relation>,
    pub codebook: Codebook,
    pub tables: Vec<TableInfo>,
}

/// What is known of a table as a whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TableInfo {
    pub dataset: String,
    pub table_id: String,
    pub title: String,
    pub publisher: String,
    pub citation: String,
    pub licence: String,
    /// The lowest wins where two tables state the same quantity.
    pub priority: i32,
}

/// Write every stage table into a folder, made if need be; rows sorted by their natural key.
///
/// # Errors
/// The folder cannot be written, two observations share an id, or a number has more than six decimals.
pub fn write(folder: &Path, stage: &Stage) -> Result<(), StoreError> {
    std::fs::create_dir_all(folder).map_err(StoreError::io("make the folder", folder))?;
    check_ids(&stage.observations)?;
    let named = |row: &Row| format!("obs_id {}", text(&row[0]));
    parquet::write(folder, &schema::OBSERVATION, &sorted(stage.observations.iter().map(observation_row)), named)?;
    let named = |row: &Row| format!("finding {} of {} {}", text(&row[0]), text(&row[7]), text(&row[9]));
    parquet::write(folder, &schema::FINDING, &sorted(stage.findings.iter().map(finding_row)), named)?;
    let named = |row: &Row| format!("unit {}", text(&row[0]));
    parquet::write(folder, &schema::UNIT, &sorted(unit_rows(&stage.codebook)), named)?;
    let unnamed = |_: &Row| String::new();
    parquet::write(folder, &schema::CODE, &sorted(code_rows(&stage.codebook)), unnamed)?;
    parquet::write(folder, &schema::INDICATOR, &sorted(indicator_rows(&stage.codebook)), unnamed)?;
    parquet::write(folder, &schema::RELATION, &sorted(stage.relations.iter().map(relation_row)), unnamed)?;
    parquet::write(folder, &schema::TABLE, &sorted(stage.tables.iter().map(table_row)), unnamed)
}

/// The observations of a stage, sorted by id.
///
/// # Errors
/// The file cannot be read or was not written by [`write`].
pub fn read_observations(folder: &Path) -> Result<Vec<Observation>, StoreError> {
    read(folder, &schema::OBSERVATION, observation_of)
}

/// The findings of ingest, without those of the audits.
///
/// # Errors
/// The file cannot be read or was not written by [`write`].
pub fn read_findings(folder: &Path) -> Result<Vec<Finding>, StoreError> {
    read(folder, &schema::FINDING, finding_of)
}

/// # Errors
/// The file cannot be read or was not written by [`write`].
pub fn read_relations(folder: &Path) -> Result<Vec<Relation>, StoreError> {
    read(folder, &schema::RELATION, relation_of)
}

/// # Errors
/// The file cannot be read or was not written by [`write`].
pub fn read_tables(folder: &Path) -> Result<Vec<TableInfo>, StoreError> {
    read(folder, &schema::TABLE, table_of)
}

fn read<T>(
    folder: &Path,
    table: &schema::Table,
    from: fn(&mut std::vec::IntoIter<Cell>) -> Option<T>,
) -> Result<Vec<T>, StoreError> {
    let rows = parquet::read(folder, table)?;
    let mut read = Vec::with_capacity(rows.len());
    for (nth, row) in rows.into_iter().enumerate() {
        read.push(from(&mut row.into_iter()).ok_or_else(|| StoreError::Malformed {
            path: folder.join(format!("{}.parquet", table.name)),
            message: format!("row {} is not one this version of shebao writes; run `shebao run --force`", nth + 1),
        })?);
    }
    Ok(read)
}

fn check_ids(observations: &[Observation]) -> Result<(), StoreError> {
    let mut by_id: Vec<&Observation> = observations.iter().collect();
    by_id.sort_by(|a, b| a.obs_id.cmp(&b.obs_id));
    for pair in by_id.windows(2) {
        if pair[0].obs_id == pair[1].obs_id {
            let place = |o: &Observation| {
                let origin = &o.origin;
                crate::diag::Place::cell(&origin.source_file, &origin.sheet, &origin.cell).to_string()
            };
            return Err(StoreError::DuplicateId {
                obs_id: pair[0].obs_id.clone(),
                first: place(pair[0]),
                second: place(pair[1]),
            });
        }
    }
    Ok(())
}

fn sorted(rows: impl IntoIterator<Item = Row>) -> Vec<Row> {
    let mut rows: Vec<Row> = rows.into_iter().collect();
    rows.sort();
    rows
}

fn text(cell: &Cell) -> &str {
    if let Cell::Text(text) = cell { text } else { "" }
}

fn observation_row(o: &Observation) -> Row {
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
    ]
}

fn observation_of(cells: &mut std::vec::IntoIter<Cell>) -> Option<Observation> {
    let obs_id = take(cells)?;
    let (dataset, table_id, edition) = (take(cells)?, take(cells)?, take(cells)?);
    let indicator = code(cells)?;
    let period = take(cells)?.parse().ok()?;
    let (_start, _end): (Option<Date>, Option<Date>) = (skip(cells), skip(cells));
    let period_kind = PeriodKind::parse(&take(cells)?)?;
    let dimensions = Dimensions {
        region: code(cells)?,
        scheme: code(cells)?,
        ownership: code(cells)?,
        industry: code(cells)?,
        population: code(cells)?,
        breakdown: breakdown_of(&take(cells)?)?,
    };
    let number = cells.next()?.into_number();
    let unit = take(cells)?;
    let decimals = match cells.next()? {
        Cell::Integer(decimals) => Some(u8::try_from(decimals).ok()?),
        _ => None,
    };
    let mark = take(cells)?;
    let value = match number {
        Some(number) => Value::Number(number),
        None => Value::Missing(Mark::parse(&mark)?),
    };
    let (printed, printed_unit) = (take(cells)?, take(cells)?);
    let origin =
        Origin { source_file: take(cells)?, source_sha256: take(cells)?, sheet: take(cells)?, cell: take(cells)? };
    let notes = take(cells)?.split('\n').filter(|note| !note.is_empty()).map(str::to_owned).collect();
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
    })
}

fn finding_row(f: &Finding) -> Row {
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

fn finding_of(cells: &mut std::vec::IntoIter<Cell>) -> Option<Finding> {
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

fn code_rows(codebook: &Codebook) -> Vec<Row> {
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

fn indicator_rows(codebook: &Codebook) -> impl Iterator<Item = Row> + '_ {
    codebook.indicators.iter().map(|i| {
        let texts = [i.code.as_str(), &i.name_zh, &i.name_en, &i.unit, i.kind.as_str()];
        let more = [&i.definition, &i.numerator, &i.denominator, &i.source];
        texts.into_iter().chain(more.into_iter().map(String::as_str)).map(Cell::text).collect()
    })
}

fn unit_rows(codebook: &Codebook) -> impl Iterator<Item = Row> + '_ {
    codebook
        .units
        .iter()
        .map(|u| vec![Cell::text(&u.code), Cell::text(&u.name_zh), Cell::text(&u.base), Cell::Number(u.factor)])
}

fn relation_row(r: &Relation) -> Row {
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

fn relation_of(cells: &mut std::vec::IntoIter<Cell>) -> Option<Relation> {
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

fn table_row(t: &TableInfo) -> Row {
    let texts = [&t.dataset, &t.table_id, &t.title, &t.publisher, &t.citation, &t.licence];
    texts.into_iter().map(Cell::text).chain([Cell::Integer(t.priority)]).collect()
}

fn table_of(cells: &mut std::vec::IntoIter<Cell>) -> Option<TableInfo> {
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

fn take(cells: &mut std::vec::IntoIter<Cell>) -> Option<String> {
    cells.next().map(Cell::into_text)
}

fn skip(cells: &mut std::vec::IntoIter<Cell>) -> Option<Date> {
    if let Cell::Date(date) = cells.next()? { Some(date) } else { None }
}

fn code(cells: &mut std::vec::IntoIter<Cell>) -> Option<Code> {
    cells.next().map(|cell| Code::new(text(&cell)))
}

/// The breakdown that prints as this text.
fn breakdown_of(text: &str) -> Option<Breakdown> {
    let mut breakdown = Breakdown::default();
    if text != crate::domain::TOTAL {
        for pair in text.split(';') {
            let (key, value) = pair.split_once('=')?;
            breakdown.0.insert(key.to_owned(), value.to_owned());
        }
    }
    Some(breakdown)
}

#[cfg(test)]
mod tests;
