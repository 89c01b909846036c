//! The way forward: from a file, or a cell of it, to every figure that depends on it.

use std::collections::{BTreeSet, HashMap};

use super::{Explainer, Key, OBSERVATIONS};
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

/// What depends on a file or a cell.
#[derive(Clone, Debug, Default)]
pub struct Impact {
    /// The observations read there.
    pub observations: BTreeSet<usize>,
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

/// Every figure of the published tables that depends on some observations.
///
/// # Errors
/// A table cannot be read, or the SQL does not make the release's tables any more.
pub fn impact(explainer: &mut Explainer, observations: BTreeSet<usize>) -> Result<Impact, Vec<Diagnostic>> {
    let one = |fault| vec![fault];
    let tables: Vec<String> = explainer.provenance.tables().map(str::to_owned).collect();
    let mut impact = Impact { observations, ..Impact::default() };
    let mut known = HashMap::new();
    for table in tables.iter().filter(|table| PUBLISHED.iter().any(|prefix| table.starts_with(prefix))) {
        let columns = explainer.provenance.columns(table).map_err(one)?;
        let grain = explainer.provenance.grain(table).to_vec();
        for row in 0..explainer.provenance.count(table).map_err(one)? {
            if !explainer.depends_on(table, row, &impact.observations)? {
                continue;
            }
            let mut is_computed = false;
            for column in columns.iter().filter(|column| !grain.contains(column)) {
                let value = explainer.provenance.value(table, row, column).map_err(one)?;
                if !matches!(value, Scalar::Number(_) | Scalar::Integer(_)) {
                    continue;
                }
                let cell = Cell { table: table.clone(), row, column: column.clone() };
                if is_made_of(explainer, &cell, &impact.observations, &mut known)? {
                    let key = super::key(&mut explainer.provenance, table, row).map_err(one)?;
                    impact.figures.push(Affected { cell, key, value });
                    is_computed = true;
                }
            }
            if !is_computed {
                impact.chosen.push((table.clone(), row));
            }
        }
    }
    Ok(impact)
}

/// Whether a cell is computed from one of the observations.
fn is_made_of(
    explainer: &mut Explainer,
    cell: &Cell,
    observations: &BTreeSet<usize>,
    known: &mut HashMap<Cell, bool>,
) -> Result<bool, Vec<Diagnostic>> {
    if let Some(known) = known.get(cell) {
        return Ok(*known);
    }
    let mut found = false;
    if explainer.provenance.is_source(&cell.table) {
        found = cell.table == OBSERVATIONS && observations.contains(&cell.row);
    } else {
        let tree = explainer.provenance.tree(cell)?;
        for below in tree.cells() {
            found = found || is_made_of(explainer, below, observations, known)?;
        }
        for (table, row) in tree.rows() {
            found = found || explainer.depends_on(table, *row, observations)?;
        }
    }
    known.insert(cell.clone(), found);
    Ok(found)
}
