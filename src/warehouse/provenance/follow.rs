//! The tables of a release with the way back: each model is run again, node by node, when the first of its cells is asked
//! for, and kept.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::{Range, RangeInclusive};
use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::compute::concat_batches;
use datafusion::common::exec_err;
use datafusion::error::DataFusionError;
use datafusion::execution::{SessionState, SessionStateBuilder};
use datafusion::physical_optimizer::ensure_requirements::EnsureRequirements;
use datafusion::prelude::SessionContext;

use super::behind;
use super::column::Columns;
use super::rule::prepare;
use super::run::{Runner, Step};
use super::trace::Tracer;
use super::tree::{Cell, Tree};
use crate::diag::Diagnostic;
use crate::domain::record::MONTH;
use crate::store::records::{Submission, month_number};
use crate::store::release::MANIFEST;
use crate::store::{Manifest, StoreError};
use crate::warehouse::build::register;
use crate::warehouse::fault;
use crate::warehouse::model::{self, Growth, Library, Model};
use crate::warehouse::months::Monthly;
use crate::warehouse::records;
use crate::warehouse::rows::{Scalar, scalar};
use crate::warehouse::session::{self, Engine};

/// Follows cells of a release to the cells they were computed from.
pub struct Provenance {
    pub(super) engine: Engine,
    /// Keeps the order of rows in their files.
    pub(super) session: SessionContext,
    /// The same tables through all threads.
    pub(super) parallel: SessionContext,
    /// For running one node at a time: nothing is optimised.
    bare: SessionState,
    library: Library,
    pub(super) names: BTreeSet<String>,
    /// Tables that are never held as a whole.
    pub(super) large: BTreeSet<String>,
    pub(super) monthly: Monthly,
    pub(super) submissions: BTreeMap<String, Submission>,
    /// The row of a large table that was looked at last.
    pub(super) last_row: Option<(String, usize, RecordBatch)>,
    tables: BTreeMap<String, RecordBatch>,
    /// By table, and by the first row of the month where a model is built month by month.
    models: BTreeMap<(String, usize), Traced>,
    tracer: Tracer,
}

/// A model's rows with the steps they came by.
struct Traced {
    step: Arc<Step>,
    /// The row of the table that the first of these is.
    first: usize,
    /// The step's row for each row of the file.
    of_file: Vec<u32>,
}

impl Traced {
    fn holds(&self, of_table: usize) -> bool {
        of_table.checked_sub(self.first).is_some_and(|nth| nth < self.of_file.len())
    }

    fn row(&self, of_table: usize) -> u32 {
        self.of_file[of_table - self.first]
    }
}

/// Which columns a model's columns are made of.
#[derive(Clone, Debug)]
pub struct ColumnLineage {
    /// In the order of the query.
    pub made_of: Vec<(String, BTreeSet<(String, String)>)>,
    /// Columns that conditions, keys and joins look at.
    pub chosen_by: BTreeSet<(String, String)>,
}

/// Why a cell holds what it holds, in cells of the tables that its model reads.
#[derive(Clone, Debug)]
pub struct Why {
    pub tree: Tree,
    /// The cells that only chose the row or a branch, by table and row; a row without columns was only there.
    pub selected: BTreeMap<(String, usize), BTreeSet<String>>,
}

impl Provenance {
    /// Open a release; `models` and `audits` are the folders of SQL it was made by.
    ///
    /// # Errors
    /// The folder or a file in it cannot be read, or the SQL has faults.
    pub fn open(release: &Path, models: &Path, audits: &Path) -> Result<Provenance, Vec<Diagnostic>> {
        let loaded = model::load(models, audits);
        if loaded.has_errors() {
            return Err(loaded.diagnostics);
        }
        let plain = |error: DataFusionError| vec![Diagnostic::error("sql", error.to_string())];
        let engine = Engine::start().map_err(|error| vec![StoreError::io("open", release)(error).into()])?;
        let parallel = session::parallel().map_err(plain)?;
        let session = session::sequential(&parallel);
        let mut names = table_names(release).map_err(|fault| vec![fault])?;
        let registered = engine
            .block_on(async {
                for name in &names {
                    register(&session, name, release).await?;
                }
                records::register(&session, release).await
            })
            .map_err(|fault| vec![fault])?;
        let manifest = release.join(MANIFEST).is_file().then(|| Manifest::read(release)).transpose();
        let submissions = behind::submissions(manifest.map_err(|error| vec![error.into()])?);
        names.extend(records::names().into_iter().map(str::to_owned));
        let bare = bare(&session);
        let tracer = Tracer::new(bare.clone());
        let (tables, models) = (BTreeMap::new(), BTreeMap::new());
        Ok(Provenance {
            engine,
            session,
            parallel,
            bare,
            large: behind::large(&loaded.value),
            library: loaded.value,
            names,
            monthly: registered.monthly,
            submissions,
            last_row: None,
            tables,
            models,
            tracer,
        })
    }

    /// The names of all tables, those that ingest left for the models among them.
    pub fn tables(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    pub fn model(&self, table: &str) -> Option<&Model> {
        self.library.models.iter().find(|model| model.name == table)
    }

    /// Whether the rows of a table are taken over from what was read, and not computed.
    pub fn is_source(&self, table: &str) -> bool {
        let reads_stage_only = |model: &Model| model.query.reads.iter().all(|(read, _)| read.starts_with("stage_"));
        self.model(table).is_none_or(reads_stage_only)
    }

    /// The columns of a table.
    ///
    /// # Errors
    /// The table cannot be read.
    pub fn columns(&mut self, table: &str) -> Result<Vec<String>, Diagnostic> {
        self.known(table)?;
        let frame = self.engine.block_on(self.session.table(table));
        let frame = frame.map_err(|error| Diagnostic::error("parquet", error.to_string()))?;
        Ok(frame.schema().fields().iter().map(|field| field.name().clone()).collect())
    }

    /// The number of rows of a table.
    ///
    /// # Errors
    /// The table cannot be read.
    pub fn count(&mut self, table: &str) -> Result<usize, Diagnostic> {
        if !self.is_large(table) {
            return Ok(self.load(table)?.num_rows());
        }
        let session = &self.session;
        let counted = self.engine.block_on(async { session.table(table).await?.count().await });
        counted.map_err(|error| Diagnostic::error("parquet", error.to_string()))
    }

    /// The value of a cell; null where there is no such column.
    ///
    /// # Errors
    /// The table cannot be read.
    pub fn value(&mut self, table: &str, row: usize, column: &str) -> Result<Scalar, Diagnostic> {
        let of = |rows: &RecordBatch, at| rows.column_by_name(column).map_or(Scalar::Null, |column| scalar(column, at));
        if !self.is_large(table) {
            return Ok(of(self.load(table)?, row));
        }
        let (rows, at) = self.row(table, row)?;
        Ok(of(&rows, at))
    }

    /// The columns that tell the rows of a table apart.
    pub fn grain(&self, table: &str) -> &[String] {
        self.model(table).map_or(&[], |model| &model.grain)
    }

    /// What a cell was computed from; a cell of a source stands for itself.
    ///
    /// # Errors
    /// The table cannot be read, or the model does not make the table any more.
    pub fn explain(&mut self, cell: &Cell) -> Result<Why, Vec<Diagnostic>> {
        let traced = self.trace(&cell.table, cell.row)?;
        let Provenance { models, tracer, .. } = self;
        let Some(traced) = models.get(&traced) else {
            return Err(vec![Diagnostic::error("not-computed", format!("no model makes \"{}\"", cell.table))]);
        };
        let row = traced.row(cell.row);
        let followed = (|| {
            let column = traced.step.schema.index_of_column_by_name(None, &cell.column);
            let Some(column) = column else {
                return Err(DataFusionError::Execution(format!("no column \"{}\" in \"{}\"", cell.column, cell.table)));
            };
            let (tree, deciding) = tracer.explain(&traced.step, row, column)?;
            let mut selected: BTreeMap<(String, usize), BTreeSet<String>> = BTreeMap::new();
            for (table, row) in tracer.lineage(&traced.step, row).iter() {
                selected.entry((tracer.tables[*table as usize].clone(), *row as usize)).or_default();
            }
            for Cell { table, row, column } in deciding {
                selected.entry((table, row)).or_default().insert(column);
            }
            for Cell { table, row, column } in tree.cells() {
                let key = (table.clone(), *row);
                let Some(columns) = selected.get_mut(&key) else { continue };
                columns.remove(column);
                if columns.is_empty() {
                    selected.remove(&key);
                }
            }
            for row in tree.rows() {
                selected.remove(row);
            }
            Ok(Why { tree, selected })
        })();
        followed.map_err(|error| vec![Diagnostic::error("sql", error.to_string())])
    }

    /// The rows of the tables it reads that a row of a model depends on; none for a source.
    ///
    /// # Errors
    /// As [`Provenance::explain`].
    pub fn lineage(&mut self, table: &str, row: usize) -> Result<Vec<(String, usize)>, Vec<Diagnostic>> {
        let traced = self.trace(table, row)?;
        let Some(traced) = self.models.get(&traced) else { return Ok(Vec::new()) };
        let rows = self.tracer.lineage(&traced.step, traced.row(row));
        Ok(rows.iter().map(|(table, row)| (self.tracer.tables[*table as usize].clone(), *row as usize)).collect())
    }

    /// The rows of the tables it reads that a row of a model is made of: without one of them it would not be there.
    ///
    /// # Errors
    /// As [`Provenance::explain`].
    pub fn made_of(&mut self, table: &str, row: usize) -> Result<Vec<(String, usize)>, Vec<Diagnostic>> {
        let traced = self.trace(table, row)?;
        let Some(traced) = self.models.get(&traced) else { return Ok(Vec::new()) };
        let rows = self.tracer.made_of(&traced.step, traced.row(row));
        Ok(rows.iter().map(|(table, row)| (self.tracer.tables[*table as usize].clone(), *row as usize)).collect())
    }

    /// What a cell was computed from, without what chose its row.
    ///
    /// # Errors
    /// As [`Provenance::explain`].
    pub fn tree(&mut self, cell: &Cell) -> Result<Tree, Vec<Diagnostic>> {
        let traced = self.trace(&cell.table, cell.row)?;
        let Provenance { models, tracer, .. } = self;
        let Some(traced) = models.get(&traced) else {
            return Err(vec![Diagnostic::error("not-computed", format!("no model makes \"{}\"", cell.table))]);
        };
        let column = traced.step.schema.index_of_column_by_name(None, &cell.column);
        let tree = match column {
            Some(column) => tracer.cell(&traced.step, traced.row(cell.row), column),
            None => exec_err!("no column \"{}\" in \"{}\"", cell.column, cell.table),
        };
        tree.map_err(|error| vec![Diagnostic::error("sql", error.to_string())])
    }

    /// Which columns each column of a model is made of, and which columns choose its rows.
    ///
    /// # Errors
    /// The model's SQL has a fault.
    pub fn columns_of(&self, model: &Model) -> Result<ColumnLineage, Vec<Diagnostic>> {
        let read = async {
            let plan = self.session.state().statement_to_plan(model.query.statement.clone()).await?;
            let plan = prepare(&self.session, plan)?;
            let mut columns = Columns::default();
            let mut made_of = Vec::new();
            for (nth, field) in plan.schema().fields().iter().enumerate() {
                made_of.push((field.name().clone(), columns.of(&plan, nth)?));
            }
            Ok::<_, DataFusionError>(ColumnLineage { made_of, chosen_by: columns.deciding(&plan)? })
        };
        let names: Vec<String> = self.names.iter().cloned().collect();
        // The plan is read where it was made: its nodes are known by their place in memory.
        futures::executor::block_on(read).map_err(|error| fault::diagnose(&error, &model.query.source, &names))
    }

    /// All models, in the order of their names.
    pub fn models(&self) -> Vec<Model> {
        let mut models = self.library.models.clone();
        models.sort_by(|a, b| a.name.cmp(&b.name));
        models
    }

    /// Run a model again, so that the cells of a row can be followed; the key that it is kept by.
    fn trace(&mut self, table: &str, row: usize) -> Result<(String, usize), Vec<Diagnostic>> {
        let before = self.models.range(..=(table.to_owned(), row)).next_back();
        if let Some((key, _)) = before.filter(|((name, _), traced)| name == table && traced.holds(row)) {
            return Ok(key.clone());
        }
        let Some(model) = self.model(table).cloned() else { return Ok((table.to_owned(), 0)) };
        let file = self.load(table).map_err(|fault| vec![fault])?;
        // Rows of other periods follow from all months.
        let growth = model.growth.as_ref().filter(|growth| !growth.rest);
        let number = growth.and_then(|growth| month_of(file, &growth.column, row));
        let of_month = |(growth, number): (&Growth, u32)| rows_within(file, &growth.column, &(number..=number));
        let rows = growth.zip(number).map_or(0..file.num_rows(), of_month);
        let key = (table.to_owned(), rows.start);
        if self.models.contains_key(&key) {
            return Ok(key);
        }
        let file = self.tables[table].slice(rows.start, rows.len());
        for (read, _) in &model.query.reads {
            self.load(read).map_err(|fault| vec![fault])?;
        }
        let (tables, firsts) = match growth.zip(number) {
            Some((growth, number)) => self.parts(&model, growth, number),
            None => (self.tables.clone(), BTreeMap::new()),
        };
        let run = async {
            let plan = self.session.state().statement_to_plan(model.query.statement.clone()).await?;
            let plan = prepare(&self.session, plan)?;
            Runner::of_parts(&self.bare, &tables, firsts).run(&plan).await
        };
        let names: Vec<String> = self.names.iter().cloned().collect();
        let step = self.engine.block_on(run).map_err(|error| fault::diagnose(&error, &model.query.source, &names))?;
        let of_file = matched(&model, &file, &step.rows)?;
        self.models.insert(key.clone(), Traced { step, first: rows.start, of_file });
        Ok(key)
    }

    /// The tables as a model reads them when it is built for a month, and which row of each is the first.
    fn parts(
        &self,
        model: &Model,
        growth: &Growth,
        number: u32,
    ) -> (BTreeMap<String, RecordBatch>, BTreeMap<String, u32>) {
        let (mut tables, mut firsts) = (self.tables.clone(), BTreeMap::new());
        for (name, _) in &model.query.reads {
            let grown = self.model(name).and_then(|model| model.growth.as_ref()).map(|growth| growth.column.as_str());
            let of_records = records::names_by_month().contains(&name.as_str()).then_some(MONTH);
            let (Some(column), Some(whole)) = (grown.or(of_records), self.tables.get(name)) else { continue };
            let rows = rows_within(whole, column, &growth.window(name).months(number));
            tables.insert(name.clone(), whole.slice(rows.start, rows.len()));
            firsts.insert(name.clone(), u32::try_from(rows.start).unwrap_or(u32::MAX));
        }
        (tables, firsts)
    }

    fn known(&self, table: &str) -> Result<(), Diagnostic> {
        if self.names.contains(table) {
            return Ok(());
        }
        let known: Vec<&str> = self.names.iter().map(String::as_str).collect();
        let fault = Diagnostic::error("unknown-table", format!("no table \"{table}\""));
        Err(fault.hint(fault::suggest(table, "tables", &known)))
    }

    pub(super) fn load(&mut self, table: &str) -> Result<&RecordBatch, Diagnostic> {
        if !self.tables.contains_key(table) {
            self.known(table)?;
            let read = self.engine.block_on(async {
                let frame = self.session.table(table).await?;
                let schema = Arc::new(frame.schema().as_arrow().clone());
                Ok::<_, DataFusionError>(concat_batches(&schema, &frame.collect().await?)?)
            });
            let read = read.map_err(|error| Diagnostic::error("parquet", error.to_string()))?;
            self.tables.insert(table.to_owned(), read);
        }
        Ok(&self.tables[table])
    }
}

/// The month of a row, counted from the year 0.
pub(super) fn month_of(table: &RecordBatch, column: &str, row: usize) -> Option<u32> {
    month_number(&scalar(table.column_by_name(column)?, row).to_string())
}

/// The rows of some months of a table, which lies in the order of its months.
fn rows_within(table: &RecordBatch, column: &str, months: &RangeInclusive<u32>) -> Range<usize> {
    let within = |row: &usize| month_of(table, column, *row).is_some_and(|month| months.contains(&month));
    let first = (0..table.num_rows()).find(within).unwrap_or(0);
    let length = (first..table.num_rows()).take_while(within).count();
    first..first + length
}

/// The row that the model makes for each row of the file, by the columns that tell rows apart.
fn matched(model: &Model, file: &RecordBatch, made: &RecordBatch) -> Result<Vec<u32>, Vec<Diagnostic>> {
    let changed = || {
        let message = format!("the model \"{}\" does not make the rows of the release any more", model.name);
        vec![Diagnostic::error("model-changed", message).hint("make a release by the SQL as it stands: shebao run")]
    };
    let keys = |rows: &RecordBatch| -> Option<Vec<String>> {
        let columns: Vec<_> = model.grain.iter().map(|name| rows.column_by_name(name)).collect::<Option<_>>()?;
        let key = |row| columns.iter().map(|column| format!("{}\u{1f}", scalar(column, row))).collect();
        Some((0..rows.num_rows()).map(key).collect())
    };
    let (of_file, of_made) = keys(file).zip(keys(made)).ok_or_else(changed)?;
    let mut places: HashMap<&str, Vec<u32>> = HashMap::new();
    // The first of equal keys is taken first.
    for (row, key) in of_made.iter().enumerate().rev() {
        places.entry(key).or_default().push(u32::try_from(row).unwrap_or(u32::MAX));
    }
    of_file.iter().map(|key| places.get_mut(key.as_str()).and_then(Vec::pop).ok_or_else(changed)).collect()
}

/// A session that runs a plan as it stands.
pub(super) fn bare(session: &SessionContext) -> SessionState {
    SessionStateBuilder::new_from_existing(session.state())
        .with_physical_optimizer_rules(vec![Arc::new(EnsureRequirements::new())])
        .build()
}

fn table_names(folder: &Path) -> Result<BTreeSet<String>, Diagnostic> {
    let entries = std::fs::read_dir(folder).map_err(StoreError::io("open the release", folder))?;
    let names = entries.filter_map(Result::ok);
    Ok(names
        .filter_map(|entry| entry.file_name().to_string_lossy().strip_suffix(".parquet").map(str::to_owned))
        .collect())
}
