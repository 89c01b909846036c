//! The way forward: from a file, or a cell of it, to every figure that depends on it.

use std::collections::{BTreeSet, HashMap};

use super::{Explainer, FINDINGS, Key, OBSERVATIONS};
use crate::diag::Diagnostic;
use crate::warehouse::Scalar;
use crate::warehouse::provenance::Cell;

/// A figure that depends on what was asked for.
#[derive(Clone, Debug)]
pub struct Affected {
    pub cell: Cell,
    pub key: Key,
    pub value: Scalar,
}

/// Rows at which the way forward begins: observations, and figures counted from records.
pub type Rows = BTreeSet<(String, usize)>;

/// What depends on a file or a cell.
#[derive(Clone, Debug, Default)]
pub struct Impact {
    /// The observations read there.
    pub observations: BTreeSet<usize>,
    /// Figures that are counted from its records, or with its observations.
    pub counted: usize,
    /// Figures that are computed from them.
    pub figures: Vec<Affected>,
    /// Rows of tables that they only helped to choose.
    pub chosen: Vec<(String, usize)>,
}

/// Tables whose figures are published.
const PUBLISHED: [&str; 2] = ["ind_", "out_"];

/// The observations of a file, of one sheet of it, of one cell.
///
/// # Errors
/// The observations cannot be read.
pub fn observations(
    explainer: &mut Explainer,
    file: &str,
    sheet: Option<&str>,
    address: Option<&str>,
) -> Result<BTreeSet<usize>, Diagnostic> {
    let mut found = BTreeSet::new();
    let provenance = &mut explainer.provenance;
    for row in 0..provenance.count(OBSERVATIONS)? {
        let mut holds = |column: &str, wanted: Option<&str>| match wanted {
            Some(wanted) => provenance.value(OBSERVATIONS, row, column).map(|value| value.to_string() == wanted),
            None => Ok(true),
        };
        if holds("source_file", Some(file))? && holds("sheet", sheet)? && holds("cell", address)? {
            found.insert(row);
        }
    }
    Ok(found)
}

/// Every figure of the published tables that depends on some observations, or on the records of a file.
///
/// # Errors
/// A table cannot be read, or the SQL does not make the release's tables any more.
pub fn impact(
    explainer: &mut Explainer,
    observations: BTreeSet<usize>,
    extract: Option<&str>,
) -> Result<(Impact, Affects), Vec<Diagnostic>> {
    let one = |fault| vec![fault];
    let mut from: Rows = observations.iter().map(|row| (OBSERVATIONS.to_owned(), *row)).collect();
    for row in 0..explainer.provenance.count(FINDINGS).map_err(one)? {
        let cells = explainer.spoken_of(FINDINGS, row).map_err(one)?;
        if cells.iter().any(|cell| observations.contains(&cell.row)) {
            from.insert((FINDINGS.to_owned(), row));
        }
    }
    let touched = touched(explainer, &from, extract)?;
    let counted = touched.iter().filter(|(table, _)| explainer.provenance.is_counted(table));
    from.extend(counted.cloned());
    let counted = from.iter().filter(|(table, _)| explainer.provenance.is_counted(table)).count();
    let mut impact = Impact { observations, counted, ..Impact::default() };
    let mut affects = Affects { from, known: HashMap::new() };
    let tables: Vec<String> = explainer.provenance.tables().map(str::to_owned).collect();
    for table in tables.iter().filter(|table| PUBLISHED.iter().any(|prefix| table.starts_with(prefix))) {
        let columns = explainer.provenance.columns(table).map_err(one)?;
        let grain = explainer.provenance.grain(table).to_vec();
        for row in 0..explainer.provenance.count(table).map_err(one)? {
            let depends = match extract {
                Some(_) => touched.contains(&(table.clone(), row)),
                None => explainer.depends_on(table, row, &affects.from)?,
            };
            if !depends {
                continue;
            }
            let mut is_computed = false;
            for column in columns.iter().filter(|column| !grain.contains(column)) {
                let value = explainer.provenance.value(table, row, column).map_err(one)?;
                if !matches!(value, Scalar::Number(_) | Scalar::Integer(_)) {
                    continue;
                }
                let cell = Cell { table: table.clone(), row, column: column.clone() };
                if affects.reach(explainer, &cell)? {
                    let key = super::key(&mut explainer.provenance, table, row).map_err(one)?;
                    impact.figures.push(Affected { cell, key, value });
                    is_computed = true;
                }
            }
            // Of records only what is computed from them is told: they choose next to everything.
            if !is_computed && extract.is_none() {
                impact.chosen.push((table.clone(), row));
            }
        }
    }
    Ok((impact, affects))
}

/// The rows that depend on a file of records, or those counted from records that depend on observations through other tables.
fn touched(explainer: &mut Explainer, from: &Rows, extract: Option<&str>) -> Result<Rows, Vec<Diagnostic>> {
    let provenance = &explainer.provenance;
    let is_counted = |table: &&String| provenance.is_counted(table);
    let tables: Vec<String> = provenance.tables().map(str::to_owned).collect();
    // Tables that records are counted with and that are none themselves.
    let mut beside = BTreeSet::new();
    for table in tables.iter().filter(is_counted) {
        let reads = provenance.model(table).into_iter().flat_map(|model| &model.query.reads);
        let others = reads.filter(|(read, _)| !provenance.is_large(read) && !provenance.is_counted(read));
        beside.extend(others.map(|(read, _)| read.clone()));
    }
    let mut rows = Rows::new();
    if !from.is_empty() {
        for table in beside.iter().filter(|table| !explainer.provenance.is_source(table)).cloned().collect::<Vec<_>>() {
            for row in 0..explainer.provenance.count(&table).map_err(|fault| vec![fault])? {
                if explainer.depends_on(&table, row, from)? {
                    rows.insert((table.clone(), row));
                }
            }
        }
    }
    match extract.is_none() && rows.is_empty() {
        true => Ok(Rows::new()),
        false => explainer.provenance.affected(extract, &rows),
    }
}

/// Which cells are computed from some rows.
pub struct Affects {
    from: Rows,
    known: HashMap<Cell, bool>,
}

impl Affects {
    /// Whether a cell is computed from one of the rows.
    ///
    /// # Errors
    /// As [`impact`].
    pub fn reach(&mut self, explainer: &mut Explainer, cell: &Cell) -> Result<bool, Vec<Diagnostic>> {
        if let Some(known) = self.known.get(cell) {
            return Ok(*known);
        }
        let mut found = false;
        if explainer.provenance.is_source(&cell.table) || explainer.provenance.is_counted(&cell.table) {
            found = self.from.contains(&(cell.table.clone(), cell.row));
        } else {
            let tree = explainer.provenance.tree(cell)?;
            for below in tree.cells() {
                found = found || self.reach(explainer, below)?;
            }
            for (table, row) in tree.rows() {
                found = found || explainer.made_of(table, *row)?.iter().any(|row| self.from.contains(row));
            }
        }
        self.known.insert(cell.clone(), found);
        Ok(found)
    }
}
