//! A figure explained: from any cell of the warehouse through each model down to the cells of the office files.
//!
//! - [`explain`]: the cells on the way, each once, with what it was computed from
//! - [`source`]: what was printed at the end of the way, with footnotes, findings and corrections
//! - [`formula`]: an expression with its numbers, on one line
//! - [`text`], [`json`], [`html`]: the same for people, for programs, and with the sheet drawn
//! - [`impact`]: the way forward, from a file or a cell to the figures that depend on it
//! - [`lineage`]: which columns are made of which, for all models
//!
//! Nothing is computed here: every number comes from the warehouse with its value.

pub mod formula;
pub mod html;
pub mod impact;
pub mod json;
pub mod lineage;
pub mod source;
pub mod text;

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::Diagnostic;
use crate::warehouse::Scalar;
use crate::warehouse::provenance::{Cell, Provenance, Tree};

use source::Printed;

/// Table of the observations: where every way ends that ends on paper.
pub const OBSERVATIONS: &str = "core_observation";

/// Steps from a figure to its cells; models are not stacked higher.
const DEPTH_MAX: usize = 64;

/// A figure with all cells on the way to its sources.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The figure first, then in the order of reading.
    pub cells: Vec<Explained>,
    /// Rows of each source that the figure depends on in any way: by value, or because they chose a row.
    pub depends_on: BTreeMap<String, BTreeSet<usize>>,
}

/// One cell on the way.
#[derive(Clone, Debug)]
pub struct Explained {
    pub cell: Cell,
    pub key: Key,
    pub value: Scalar,
    /// What the column or the indicator means, in words; blank where nobody says.
    pub meaning: String,
    pub origin: Origin,
}

/// The columns that tell a row apart, with their values.
pub type Key = Vec<(String, String)>;

#[derive(Clone, Debug)]
pub enum Origin {
    Computed {
        /// What the model is for.
        doc: String,
        tree: Tree,
        selected: Vec<Selected>,
        /// Rows of sources that are counted.
        counted: BTreeSet<(String, usize)>,
    },
    /// Read from a cell of a file.
    Printed(Box<Printed>),
    /// A row of a code list, a break or another declaration of the project.
    Declared(Key),
}

/// A row that only chose what was taken, and the columns that were looked at.
#[derive(Clone, Debug)]
pub struct Selected {
    pub table: String,
    pub row: usize,
    pub key: Key,
    pub columns: Vec<String>,
}

impl Explanation {
    pub fn figure(&self) -> &Explained {
        &self.cells[0]
    }

    pub fn position(&self, cell: &Cell) -> Option<usize> {
        self.cells.iter().position(|explained| explained.cell == *cell)
    }

    /// The cells of files that the figure was computed from, in the order of reading.
    pub fn printed(&self) -> impl Iterator<Item = (&Explained, &Printed)> {
        self.cells.iter().filter_map(|explained| match &explained.origin {
            Origin::Printed(printed) => Some((explained, printed.as_ref())),
            _ => None,
        })
    }
}

/// Explain a cell.
///
/// # Errors
/// A table cannot be read, or the SQL does not make the release's tables any more.
pub fn explain(provenance: &mut Provenance, cell: &Cell) -> Result<Explanation, Vec<Diagnostic>> {
    let mut cells: Vec<Explained> = Vec::new();
    let mut met = BTreeSet::from([cell.clone()]);
    // Depth first: what a number is made of stands behind it.
    let mut waiting = vec![(cell.clone(), 0)];
    while let Some((next, depth)) = waiting.pop() {
        let explained = explain_one(provenance, &next)?;
        if let Origin::Computed { tree, counted, .. } = &explained.origin {
            if depth == DEPTH_MAX {
                let message = format!("\"{}\" lies more than {DEPTH_MAX} models above its sources", cell.table);
                return Err(vec![Diagnostic::error("too-deep", message)]);
            }
            let counted = counted.iter().map(|(table, row)| Cell {
                table: table.clone(),
                row: *row,
                column: if table == OBSERVATIONS { "value" } else { "" }.to_owned(),
            });
            let below: Vec<Cell> = tree.cells().into_iter().cloned().chain(counted).collect();
            for cell in below.into_iter().rev() {
                if met.insert(cell.clone()) {
                    waiting.push((cell, depth + 1));
                }
            }
        }
        cells.push(explained);
    }
    let mut depends_on: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for (table, row) in sources_of(provenance, &cell.table, cell.row)? {
        depends_on.entry(table).or_default().insert(row);
    }
    Ok(Explanation { cells, depends_on })
}

fn explain_one(provenance: &mut Provenance, cell: &Cell) -> Result<Explained, Vec<Diagnostic>> {
    let one = |fault| vec![fault];
    let key = key(provenance, &cell.table, cell.row).map_err(one)?;
    let value = provenance.value(&cell.table, cell.row, &cell.column).map_err(one)?;
    if provenance.is_source(&cell.table) {
        let meaning = source::meaning(provenance, cell).map_err(one)?;
        let origin = if cell.table == OBSERVATIONS {
            Origin::Printed(Box::new(source::printed(provenance, cell.row).map_err(one)?))
        } else {
            Origin::Declared(source::whole_row(provenance, &cell.table, cell.row).map_err(one)?)
        };
        return Ok(Explained { cell: cell.clone(), key, value, meaning, origin });
    }
    let why = provenance.explain(cell)?;
    if why.tree.value.to_string() != value.to_string() {
        let message = format!(
            "{}.{} is {value} in the release, and {} by the SQL as it stands",
            cell.table, cell.column, why.tree.value
        );
        return Err(vec![Diagnostic::error("model-changed", message).hint("make a release by it: shebao run")]);
    }
    let mut selected = Vec::with_capacity(why.selected.len());
    for ((table, row), columns) in why.selected {
        let key = self::key(provenance, &table, row).map_err(one)?;
        selected.push(Selected { table, row, key, columns: columns.into_iter().collect() });
    }
    let mut counted = BTreeSet::new();
    for (table, row) in why.tree.rows() {
        counted.extend(sources_of(provenance, table, *row)?);
    }
    let model = provenance.model(&cell.table);
    let doc = model.map_or(String::new(), |model| model.doc.clone());
    let meaning = model.and_then(|model| model.columns.get(&cell.column)).cloned().unwrap_or_default();
    let origin = Origin::Computed { doc, tree: why.tree, selected, counted };
    Ok(Explained { cell: cell.clone(), key, value, meaning, origin })
}

/// The columns that tell a row apart, with its values.
///
/// # Errors
/// The table cannot be read.
pub fn key(provenance: &mut Provenance, table: &str, row: usize) -> Result<Key, Diagnostic> {
    let grain = provenance.grain(table).to_vec();
    grain.into_iter().map(|column| Ok((column.clone(), provenance.value(table, row, &column)?.to_string()))).collect()
}

/// Every row of a source that a row depends on in any way.
///
/// # Errors
/// As [`explain`].
pub fn sources_of(
    provenance: &mut Provenance,
    table: &str,
    row: usize,
) -> Result<BTreeSet<(String, usize)>, Vec<Diagnostic>> {
    let mut sources = BTreeSet::new();
    let mut met = BTreeSet::new();
    let mut waiting = vec![(table.to_owned(), row)];
    while let Some((table, row)) = waiting.pop() {
        if !met.insert((table.clone(), row)) {
            continue;
        }
        if provenance.is_source(&table) {
            sources.insert((table, row));
        } else {
            waiting.extend(provenance.lineage(&table, row)?);
        }
    }
    Ok(sources)
}
