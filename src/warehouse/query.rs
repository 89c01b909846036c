//! Questions to a release: read-only, limited, answered in plain values.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use datafusion::catalog::SchemaProvider as _;
use datafusion::common::ScalarValue;
use datafusion::error::DataFusionError;
use datafusion::execution::context::SQLOptions;
use datafusion::logical_expr::{cast, lit};
use datafusion::prelude::{DataFrame, SessionContext, ident};
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::Statement as SqlStatement;
use futures::StreamExt as _;

use super::catalog::Catalog;
use super::fault::{diagnose_one, suggest};
use super::model::statements;
use super::output::{self, OutputError};
use super::rows::{Column, Rows};
use super::runs;
use super::session::{self, Engine};
use super::text_number;
use crate::diag::{Diagnostic, Place, SourceText};
use crate::store::ledger::Run;
use crate::store::{Manifest, StoreError};

/// Rows of an answer held in memory; more can be had as Parquet.
pub const ANSWER_ROWS: usize = 1_000_000;
/// Length of a question.
pub const QUESTION_BYTES: usize = 1 << 20;

/// What SHOW TABLES answers: the tables of the release, and none of the engine's own.
const SHOW_TABLES: &str = "SELECT table_name, COUNT(*) AS column_count FROM information_schema.columns \
    WHERE table_schema = 'public' GROUP BY table_name ORDER BY table_name";

/// A release, opened for reading.
pub struct Warehouse {
    engine: Engine,
    session: SessionContext,
    /// The same tables, their rows in the order of the files.
    ordered: SessionContext,
    tables: Vec<String>,
}

impl Warehouse {
    /// Open the tables of a release; `released_at` of the observations comes from its manifest.
    ///
    /// # Errors
    /// The folder or a file in it cannot be read.
    pub fn open(release: &Path) -> Result<Warehouse, Diagnostic> {
        let manifest = Manifest::read(release)?;
        Warehouse::open_with(release, &manifest.first_released)
    }

    /// Open a folder of tables that has no manifest yet; `first_released` gives the time a source file (by its sha256)
    /// was first released.
    ///
    /// # Errors
    /// The folder or a file in it cannot be read.
    pub fn open_with(
        folder: &Path,
        first_released: &BTreeMap<String, jiff::Timestamp>,
    ) -> Result<Warehouse, Diagnostic> {
        let engine = Engine::start().map_err(|error| Diagnostic::from(StoreError::io("open", folder)(error)))?;
        let session = session::parallel().map_err(|error| Diagnostic::error("sql", error.to_string()))?;
        let tables = Catalog::install(&session, folder, first_released)?.table_names();
        let ordered = session::sequential(&session);
        Ok(Warehouse { engine, session, ordered, tables })
    }

    /// Add `core_run`, a row per run of the main job. Runs are no part of a release: they go on after it was made.
    ///
    /// # Errors
    /// The engine refuses the table.
    pub fn add_runs(&mut self, runs: &[Run]) -> Result<(), Diagnostic> {
        let table = runs::table(runs).and_then(|table| self.session.register_table(runs::NAME, table));
        table.map_err(|error| Diagnostic::error("sql", error.to_string()))?;
        self.tables.push(runs::NAME.to_owned());
        self.tables.sort();
        Ok(())
    }

    /// The names of the tables, sorted.
    pub fn tables(&self) -> &[String] {
        &self.tables
    }

    /// Answer one SELECT, WITH, SHOW, DESCRIBE or EXPLAIN.
    ///
    /// # Errors
    /// The question is not one that only reads, has a fault, or its answer is longer than [`ANSWER_ROWS`].
    pub fn query(&self, sql: &str) -> Result<Rows, Diagnostic> {
        let source = question(sql)?;
        self.engine.block_on(async {
            let frame = self.plan(&source).await?;
            collect(frame).await.map_err(|fault| fault.placed(&source, &self.tables))
        })
    }

    /// The columns of a table.
    ///
    /// # Errors
    /// There is no such table.
    pub fn columns(&self, table: &str) -> Result<Vec<Column>, Diagnostic> {
        let source = Arc::new(SourceText { name: table.to_owned(), text: String::new() });
        self.engine.block_on(async {
            let frame = self.ordered.table(table).await;
            let frame = frame.map_err(|error| diagnose_one(&error, &source, &self.tables))?;
            Ok(Rows::of(frame.schema().as_arrow(), &[])?.columns)
        })
    }

    /// All rows of a table, in the order of its file, where every named column equals the value given as text.
    ///
    /// # Errors
    /// There is no such table or column, or a value is not one of the column's type.
    pub fn table(&self, name: &str, filters: &[(String, String)]) -> Result<Rows, Diagnostic> {
        let source = Arc::new(SourceText { name: name.to_owned(), text: String::new() });
        if !self.tables.iter().any(|table| table == name) {
            let known: Vec<&str> = self.tables.iter().map(String::as_str).collect();
            let fault = Diagnostic::error("unknown-table", format!("no table \"{name}\""));
            return Err(fault.hint(suggest(name, "tables", &known)));
        }
        self.engine.block_on(async {
            let mut frame =
                self.ordered.table(name).await.map_err(|error| diagnose_one(&error, &source, &self.tables))?;
            for (column, value) in filters {
                frame = filter(frame, name, column, value)?;
            }
            collect(frame).await.map_err(|fault| fault.placed(&source, &self.tables))
        })
    }

    /// Write the whole answer as a Parquet file, however long it is; returns the number of rows.
    ///
    /// # Errors
    /// As [`Warehouse::query`], or the file cannot be written.
    pub fn query_to_parquet(&self, sql: &str, path: &Path) -> Result<u64, Diagnostic> {
        let source = question(sql)?;
        self.engine.block_on(async {
            let frame = self.plan(&source).await?;
            let written = async { output::write(frame.execute_stream().await?, path, &[]).await };
            written.await.map(|written| written.rows).map_err(|error| match error {
                OutputError::Query(error) => diagnose_one(&error, &source, &self.tables),
                OutputError::Store(error) => error.into(),
                error @ OutputError::Month { .. } => Diagnostic::error("sql", error.to_string()),
            })
        })
    }

    async fn plan(&self, source: &Arc<SourceText>) -> Result<DataFrame, Diagnostic> {
        let mut statements = statements(source)?;
        if statements.is_empty() {
            return Err(Diagnostic::error("sql-statement", "the question is empty")
                .at(Place::span(source, 0..0))
                .hint("write one SELECT or WITH query; SHOW TABLES lists what there is"));
        }
        let statement = if statements.len() == 1 { statements.pop() } else { None };
        let Some(statement) = statement else {
            return Err(Diagnostic::error("sql-statement", "one question at a time")
                .at(Place::span(source, 0..source.text.trim_end().len()))
                .hint("write one SELECT or WITH query"));
        };
        if !only_reads(&statement) {
            let word = source.text.split_whitespace().next().unwrap_or_default();
            let start = source.text.find(word).unwrap_or(0);
            let message = format!("{} is refused: a release is read-only", word.to_uppercase());
            return Err(Diagnostic::error("read-only", message)
                .at(Place::span(source, start..start + word.len()))
                .hint("SELECT, WITH, SHOW, DESCRIBE and EXPLAIN are answered"));
        }
        let fault = |error: DataFusionError| diagnose_one(&error, source, &self.tables);
        let shows_tables =
            matches!(&statement, Statement::Statement(s) if matches!(**s, SqlStatement::ShowTables { .. }));
        let plan = self.session.state().statement_to_plan(statement).await.map_err(fault)?;
        // SELECT … INTO parses as a query and plans as a table; the options refuse it.
        let options = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
        options.verify_plan(&plan).map_err(|_| {
            Diagnostic::error("read-only", "a release is read-only: the query would make or change a table")
                .at(Place::span(source, 0..source.text.trim_end().len()))
                .hint("SELECT, WITH, SHOW, DESCRIBE and EXPLAIN are answered")
        })?;
        if shows_tables {
            return self.session.sql(SHOW_TABLES).await.map_err(fault);
        }
        if let Some(fault) = text_number::find(&plan, source).map_err(fault)? {
            return Err(fault);
        }
        self.session.execute_logical_plan(plan).await.map_err(fault)
    }
}

fn question(sql: &str) -> Result<Arc<SourceText>, Diagnostic> {
    if sql.len() > QUESTION_BYTES {
        let message = format!("the query has {} bytes, at most {QUESTION_BYTES} are read", sql.len());
        return Err(Diagnostic::error("query-too-long", message));
    }
    Ok(Arc::new(SourceText { name: "query".to_owned(), text: sql.to_owned() }))
}

fn only_reads(statement: &Statement) -> bool {
    match statement {
        Statement::Statement(statement) => matches!(
            statement.as_ref(),
            SqlStatement::Query(_)
                | SqlStatement::ShowTables { .. }
                | SqlStatement::ShowColumns { .. }
                | SqlStatement::ShowVariable { .. }
                | SqlStatement::ShowFunctions { .. }
                | SqlStatement::ExplainTable { .. }
        ),
        Statement::Explain(explain) => only_reads(&explain.statement),
        Statement::CreateExternalTable(_) | Statement::CopyTo(_) | Statement::Reset(_) => false,
    }
}

/// A fault that does not know its question yet.
enum Unplaced {
    Engine(DataFusionError),
    Plain(Diagnostic),
}

impl Unplaced {
    fn placed(self, source: &Arc<SourceText>, tables: &[String]) -> Diagnostic {
        match self {
            Unplaced::Engine(error) => diagnose_one(&error, source, tables),
            Unplaced::Plain(fault) => fault,
        }
    }
}

async fn collect(frame: DataFrame) -> Result<Rows, Unplaced> {
    let mut stream = frame.execute_stream().await.map_err(Unplaced::Engine)?;
    let schema = stream.schema();
    let mut batches = Vec::new();
    let mut rows = 0;
    while let Some(batch) = stream.next().await {
        let batch = batch.map_err(Unplaced::Engine)?;
        rows += batch.num_rows();
        if rows > ANSWER_ROWS {
            let message = format!("the answer has more than {ANSWER_ROWS} rows");
            let hint = "add LIMIT or a condition, or take the whole answer with --format parquet";
            return Err(Unplaced::Plain(Diagnostic::error("too-many-rows", message).hint(hint)));
        }
        batches.push(batch);
    }
    Rows::of(&schema, &batches).map_err(Unplaced::Plain)
}

fn filter(frame: DataFrame, table: &str, column: &str, value: &str) -> Result<DataFrame, Diagnostic> {
    let known: Vec<&str> = frame.schema().fields().iter().map(|field| field.name().as_str()).collect();
    let Some(field) = frame.schema().fields().iter().find(|field| field.name() == column) else {
        let fault = Diagnostic::error("unknown-column", format!("no column \"{column}\" in \"{table}\""));
        return Err(fault.hint(suggest(column, "columns", &known)));
    };
    let data_type = field.data_type();
    if !ScalarValue::from(value).cast_to(data_type).is_ok_and(|typed| !typed.is_null()) {
        let message = format!("column \"{column}\" of \"{table}\" cannot hold \"{value}\": its values are {data_type}");
        return Err(
            Diagnostic::error("filter-type", message).hint("write numbers as 349800 or 0.5, dates as 2004-07-31")
        );
    }
    let condition = ident(column).eq(cast(lit(value), data_type.clone()));
    frame.filter(condition).map_err(|error| Diagnostic::error("sql", error.message().to_string()))
}
