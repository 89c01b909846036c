//! A figure explained: from any cell of the warehouse through each model down to the cells of the office files.
//!
//! - [`Explainer`]: the cells on the way, each once, with what it was computed from
//! - [`source`]: what was printed at the end of the way, with footnotes, findings and corrections
//! - [`records`]: the records that a figure was counted from, in words
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
pub mod records;
pub mod source;
pub mod text;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use crate::diag::Diagnostic;
use crate::warehouse::provenance::{Behind, Cell, Provenance, Tree, is_personal};
use crate::warehouse::{MONTH_TABLE, Scalar};

use source::Printed;

/// Table of the observations: where every way ends that ends on paper.
pub const OBSERVATIONS: &str = "core_observation";

/// What rules and audits found, and where the rules applied.
const FINDINGS: &str = "core_finding";
const CHECKS: &str = "core_check";

/// A figure with all cells on the way to its sources.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The figure first, then in the order of reading.
    pub cells: Vec<Rc<Explained>>,
    /// Rows of each source that the figure depends on in any way: by value, or because they chose a row.
    pub depends_on: BTreeMap<String, BTreeSet<usize>>,
    /// The files of agencies that it rests on, with the table that their records are in, and how many of them one cell on the way
    /// rests on at most.
    pub extracts: BTreeMap<(String, String), u64>,
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
    /// Counted or summed from records: which, by conditions.
    Counted {
        /// What the model is for.
        doc: String,
        records: Vec<Behind>,
        /// Cells of other tables that the figure was computed with.
        with: Vec<Cell>,
    },
    /// Read from a cell of a file.
    Printed(Box<Printed>),
    /// A row of a code list, a break or another declaration of the project; or a finding, with the cells that it speaks of.
    Declared { row: Key, cells: Vec<Cell> },
}

/// A row that only chose what was taken, and the columns that were looked at.
#[derive(Clone, Debug)]
pub struct Selected {
    pub table: String,
    pub row: usize,
    pub key: Rc<Key>,
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
            Origin::Printed(printed) => Some((explained.as_ref(), printed.as_ref())),
            _ => None,
        })
    }
}

/// Explains cells of one release; what was found on the way is kept for the next.
pub struct Explainer {
    pub provenance: Provenance,
    known: HashMap<Cell, Rc<Explained>>,
    tables: Vec<String>,
    sources: HashMap<Row, Rc<Bits>>,
    /// The rows that the bits stand for.
    source_rows: Vec<Row>,
    /// The rows of sources that a row is made of.
    origins: HashMap<(String, usize), Rc<impact::Rows>>,
    keys: HashMap<(String, usize), Rc<Key>>,
    /// The observations of each cell of a file: by file, sheet and address.
    places: HashMap<[String; 3], Vec<usize>>,
    /// The rows that were asked for last.
    asked: Option<Asked>,
    /// Rows by the values of some columns.
    rows: HashMap<(String, Vec<String>), HashMap<Vec<String>, usize>>,
}

/// Rows that were asked for.
struct Asked {
    rows: BTreeSet<(String, usize)>,
    /// How many rows of sources were known.
    count: usize,
    /// The rows as bits over these.
    bits: Rc<Bits>,
}

/// A row of a table, by its place in the list of tables.
type Row = (u32, u32);

/// A set of rows of sources, a bit for each: most figures share most of theirs, and are joined word by word.
type Bits = Vec<u64>;

impl Explainer {
    pub fn new(provenance: Provenance) -> Explainer {
        let tables = provenance.tables().map(str::to_owned).collect();
        Explainer {
            provenance,
            known: HashMap::new(),
            tables,
            sources: HashMap::new(),
            source_rows: Vec::new(),
            origins: HashMap::new(),
            keys: HashMap::new(),
            places: HashMap::new(),
            asked: None,
            rows: HashMap::new(),
        }
    }

    /// Explain a cell.
    ///
    /// # Errors
    /// A table cannot be read, or the SQL does not make the release's tables any more.
    pub fn explain(&mut self, cell: &Cell) -> Result<Explanation, Vec<Diagnostic>> {
        let mut cells: Vec<Rc<Explained>> = Vec::new();
        let mut met = BTreeSet::from([cell.clone()]);
        // Depth first: what a number is made of stands behind it.
        let mut waiting = vec![cell.clone()];
        while let Some(next) = waiting.pop() {
            let explained = self.one(&next)?;
            for cell in explained.below().into_iter().rev() {
                if met.insert(cell.clone()) {
                    waiting.push(cell);
                }
            }
            cells.push(explained);
        }
        let mut depends_on: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
        let mut by_table: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        let sources = self.closure((self.place(&cell.table), u32::try_from(cell.row).unwrap_or(u32::MAX)))?;
        for (table, row) in self.rows_in(&sources) {
            by_table.entry(table).or_default().push(row as usize);
        }
        for (table, rows) in by_table {
            depends_on.insert(self.tables[table as usize].clone(), rows.into_iter().collect());
        }
        let mut extracts = BTreeMap::new();
        for explained in &cells {
            if let Origin::Declared { cells, .. } = &explained.origin {
                let observations = cells.iter().filter(|cell| cell.table == OBSERVATIONS);
                depends_on.entry(OBSERVATIONS.to_owned()).or_default().extend(observations.map(|cell| cell.row));
            }
            if let Origin::Counted { records, .. } = &explained.origin {
                records::add_files(records, &mut extracts);
            }
        }
        depends_on.retain(|_, rows| !rows.is_empty());
        Ok(Explanation { cells, depends_on, extracts })
    }

    /// One cell, without what lies below it.
    ///
    /// # Errors
    /// As [`Explainer::explain`].
    pub fn one(&mut self, cell: &Cell) -> Result<Rc<Explained>, Vec<Diagnostic>> {
        if let Some(known) = self.known.get(cell) {
            return Ok(known.clone());
        }
        let explained = Rc::new(self.explain_one(cell)?);
        self.known.insert(cell.clone(), explained.clone());
        Ok(explained)
    }

    fn explain_one(&mut self, cell: &Cell) -> Result<Explained, Vec<Diagnostic>> {
        let one = |fault| vec![fault];
        if is_personal(&cell.column) {
            let message = format!("{}.{} tells who is meant, and is not explained", cell.table, cell.column);
            return Err(vec![Diagnostic::error("personal", message).hint("ask for a figure of the row")]);
        }
        let provenance = &mut self.provenance;
        let key = key(provenance, &cell.table, cell.row).map_err(one)?;
        let value = provenance.value(&cell.table, cell.row, &cell.column).map_err(one)?;
        if provenance.is_source(&cell.table) {
            let meaning = source::meaning(provenance, cell).map_err(one)?;
            let origin = if cell.table == OBSERVATIONS {
                Origin::Printed(Box::new(source::printed(provenance, cell.row).map_err(one)?))
            } else if cell.table == MONTH_TABLE {
                Origin::Declared { row: source::files_of(provenance, &key), cells: Vec::new() }
            } else {
                let row = source::whole_row(provenance, &cell.table, cell.row).map_err(one)?;
                Origin::Declared { row, cells: self.spoken_of(&cell.table, cell.row).map_err(one)? }
            };
            return Ok(Explained { cell: cell.clone(), key, value, meaning, origin });
        }
        if provenance.is_counted(&cell.table) {
            let origin = self.counted(cell)?;
            let model = self.provenance.model(&cell.table);
            let meaning = model.and_then(|model| model.columns.get(&cell.column)).cloned().unwrap_or_default();
            return Ok(Explained { cell: cell.clone(), key, value, meaning, origin });
        }
        let why = provenance.explain(cell)?;
        if why.tree.value.to_string() != value.to_string() {
            let Cell { table, column, .. } = cell;
            let message =
                format!("{table}.{column} is {value} in the release, and {} by the SQL as it stands", why.tree.value);
            return Err(vec![Diagnostic::error("model-changed", message).hint("make a release by it: shebao run")]);
        }
        let mut selected = Vec::with_capacity(why.selected.len());
        for ((table, row), columns) in why.selected {
            let key = self.key(&table, row).map_err(one)?;
            selected.push(Selected { table, row, key, columns: columns.into_iter().collect() });
        }
        let model = self.provenance.model(&cell.table);
        let doc = model.map_or(String::new(), |model| model.doc.clone());
        let meaning = model.and_then(|model| model.columns.get(&cell.column)).cloned().unwrap_or_default();
        let mut counted = BTreeSet::new();
        for (table, row) in why.tree.rows() {
            counted.extend(self.made_of(table, *row)?.iter().cloned());
        }
        let origin = Origin::Computed { doc, tree: why.tree, selected, counted };
        Ok(Explained { cell: cell.clone(), key, value, meaning, origin })
    }

    /// The cells that a finding, or a check by its findings, speaks of.
    ///
    /// # Errors
    /// A table cannot be read.
    pub fn spoken_of(&mut self, table: &str, row: usize) -> Result<Vec<Cell>, Diagnostic> {
        let cell = |table: &str, row: &usize, column: &str| Cell {
            table: table.to_owned(),
            row: *row,
            column: column.to_owned(),
        };
        match table {
            FINDINGS => {
                let [file, sheet, cells] = source::place(&mut self.provenance, table, row)?;
                self.index()?;
                let cells = cells.split([' ', ',', ';']).filter(|cell| !cell.is_empty());
                let known = cells.filter_map(|cell| {
                    let place = [file.clone(), sheet.clone(), cell.to_owned()];
                    self.places.get(&place)
                });
                Ok(known.flatten().map(|row| cell(OBSERVATIONS, row, "value")).collect())
            }
            CHECKS => {
                let mut of = |column: &str| self.provenance.value(CHECKS, row, column).map(|value| value.to_string());
                let [rule, dataset, own] = [of("rule")?, of("dataset")?, of("table_id")?];
                let shared = [("rule".to_owned(), rule), ("dataset".to_owned(), dataset)];
                let mut found = Vec::new();
                for row in self.provenance.rows_with(FINDINGS, &shared)? {
                    // A finding names cells; in which table they stand is said by their observations.
                    let spoken = self.spoken_of(FINDINGS, row)?;
                    let tables = spoken.iter().map(|cell| self.provenance.value(OBSERVATIONS, cell.row, "table_id"));
                    let tables = tables.collect::<Result<Vec<_>, _>>()?;
                    if tables.is_empty() || tables.iter().any(|table| table.to_string() == own) {
                        found.push(cell(FINDINGS, &row, "message"));
                    }
                }
                Ok(found)
            }
            _ => Ok(Vec::new()),
        }
    }

    /// Know where every observation stands.
    fn index(&mut self) -> Result<(), Diagnostic> {
        if self.places.is_empty() {
            for row in 0..self.provenance.count(OBSERVATIONS)? {
                let place = source::place(&mut self.provenance, OBSERVATIONS, row)?;
                self.places.entry(place).or_default().push(row);
            }
        }
        Ok(())
    }

    /// The records that a figure was counted from, and what else it was computed with.
    fn counted(&mut self, cell: &Cell) -> Result<Origin, Vec<Diagnostic>> {
        let records = self.provenance.behind(cell)?;
        let mut rows = Vec::new();
        records.iter().for_each(|behind| behind.all_rows(&mut rows));
        let mut with: Vec<Cell> = Vec::new();
        for (table, row, columns) in rows {
            for column in columns {
                let cell = Cell { table: table.clone(), row, column };
                let is_told = self.provenance.value(&cell.table, row, &cell.column).map_err(|fault| vec![fault])?;
                if is_told != Scalar::Null && !with.contains(&cell) {
                    with.push(cell);
                }
            }
        }
        let doc = self.provenance.model(&cell.table).map_or(String::new(), |model| model.doc.clone());
        Ok(Origin::Counted { doc, records, with })
    }

    /// The row that holds some values, by any columns that tell rows apart.
    ///
    /// # Errors
    /// The table cannot be read.
    pub fn find(&mut self, table: &str, wanted: &[(String, String)]) -> Result<Option<usize>, Diagnostic> {
        let columns: Vec<String> = wanted.iter().map(|(column, _)| column.clone()).collect();
        let place = (table.to_owned(), columns);
        if !self.rows.contains_key(&place) {
            let mut rows = HashMap::new();
            for row in (0..self.provenance.count(table)?).rev() {
                let values = place.1.iter().map(|column| Ok(self.provenance.value(table, row, column)?.to_string()));
                rows.insert(values.collect::<Result<Vec<String>, Diagnostic>>()?, row);
            }
            self.rows.insert(place.clone(), rows);
        }
        let values: Vec<String> = wanted.iter().map(|(_, value)| value.clone()).collect();
        Ok(self.rows.get(&place).and_then(|rows| rows.get(&values)).copied())
    }

    /// Whether a row depends in any way on one of some rows of sources, or of tables that are counted from records.
    ///
    /// # Errors
    /// As [`Explainer::explain`].
    pub fn depends_on(
        &mut self,
        table: &str,
        row: usize,
        on: &BTreeSet<(String, usize)>,
    ) -> Result<bool, Vec<Diagnostic>> {
        let sources = self.closure((self.place(table), u32::try_from(row).unwrap_or(u32::MAX)))?;
        let bits = match &self.asked {
            Some(asked) if asked.rows == *on && asked.count == self.source_rows.len() => asked.bits.clone(),
            _ => {
                let rows: BTreeSet<Row> = on
                    .iter()
                    .map(|(table, row)| (self.place(table), u32::try_from(*row).unwrap_or(u32::MAX)))
                    .collect();
                let mut bits = vec![0_u64; self.source_rows.len().div_ceil(64)];
                for (nth, _) in self.source_rows.iter().enumerate().filter(|(_, row)| rows.contains(*row)) {
                    bits[nth / 64] |= 1 << (nth % 64);
                }
                let bits = Rc::new(bits);
                self.asked = Some(Asked { rows: on.clone(), count: self.source_rows.len(), bits: bits.clone() });
                bits
            }
        };
        Ok(sources.iter().zip(bits.iter()).any(|(own, asked)| own & asked != 0))
    }

    fn key(&mut self, table: &str, row: usize) -> Result<Rc<Key>, Diagnostic> {
        let place = (table.to_owned(), row);
        if let Some(key) = self.keys.get(&place) {
            return Ok(key.clone());
        }
        let key = Rc::new(key(&mut self.provenance, table, row)?);
        self.keys.insert(place, key.clone());
        Ok(key)
    }

    /// Every row of a source that a row is made of: a count of such rows would be another without it.
    fn made_of(&mut self, table: &str, row: usize) -> Result<Rc<impact::Rows>, Vec<Diagnostic>> {
        let place = (table.to_owned(), row);
        if let Some(known) = self.origins.get(&place) {
            return Ok(known.clone());
        }
        let mut all = BTreeSet::new();
        if self.provenance.is_source(table) || self.provenance.is_counted(table) {
            all.insert(place.clone());
        } else {
            for (read, at) in self.provenance.made_of(table, row)? {
                all.extend(self.made_of(&read, at)?.iter().cloned());
            }
        }
        Ok(self.origins.entry(place).or_insert(Rc::new(all)).clone())
    }

    fn rows_in(&self, bits: &Bits) -> impl Iterator<Item = Row> {
        let set = bits.iter().enumerate().flat_map(|(nth, word)| {
            let (mut left, first) = (*word, nth * 64);
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros() as usize)?;
                left &= left - 1;
                Some(first + bit)
            })
        });
        set.map(|nth| self.source_rows[nth])
    }

    fn closure(&mut self, row: Row) -> Result<Rc<Bits>, Vec<Diagnostic>> {
        if let Some(known) = self.sources.get(&row) {
            return Ok(known.clone());
        }
        let table = self.tables[row.0 as usize].clone();
        let mut all = Bits::new();
        // What is counted from records is told by conditions, not by rows: the figure itself stands for them.
        if self.provenance.is_source(&table) || self.provenance.is_counted(&table) {
            let nth = self.source_rows.len();
            self.source_rows.push(row);
            all.resize(nth / 64 + 1, 0);
            all[nth / 64] |= 1 << (nth % 64);
        } else {
            for (read, at) in self.provenance.lineage(&table, row.1 as usize)? {
                let below = self.closure((self.place(&read), u32::try_from(at).unwrap_or(u32::MAX)))?;
                all.resize(all.len().max(below.len()), 0);
                for (word, more) in all.iter_mut().zip(below.iter()) {
                    *word |= more;
                }
            }
        }
        let all = Rc::new(all);
        self.sources.insert(row, all.clone());
        Ok(all)
    }

    fn place(&self, table: &str) -> u32 {
        let at = self.tables.iter().position(|name| name == table);
        at.and_then(|at| u32::try_from(at).ok()).unwrap_or(u32::MAX)
    }
}

impl Explained {
    /// The cells that the value was computed from, then the rows that were counted.
    pub fn below(&self) -> Vec<Cell> {
        let (tree, counted) = match &self.origin {
            Origin::Computed { tree, counted, .. } => (tree, counted),
            Origin::Counted { with, .. } => return with.clone(),
            Origin::Declared { cells, .. } => return cells.clone(),
            Origin::Printed(_) => return Vec::new(),
        };
        let counted = counted.iter().map(|(table, row)| Cell {
            table: table.clone(),
            row: *row,
            column: if table == OBSERVATIONS { "value" } else { "" }.to_owned(),
        });
        tree.cells().into_iter().cloned().chain(counted).collect()
    }
}

/// The columns that tell a row apart, with its values.
///
/// # Errors
/// The table cannot be read.
pub fn key(provenance: &mut Provenance, table: &str, row: usize) -> Result<Key, Diagnostic> {
    let grain = provenance.grain(table).to_vec();
    let told = |column: String| {
        let value = provenance.value(table, row, &column)?.to_string();
        Ok((column.clone(), if is_personal(&column) { HIDDEN.to_owned() } else { value }))
    };
    grain.into_iter().map(told).collect()
}

/// In the place of what would tell who is meant.
pub const HIDDEN: &str = "…";
