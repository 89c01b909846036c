//! A build: every model in the order of the graph, each a Parquet file, then the audits.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::arrow::compute::concat_batches;
use datafusion::error::DataFusionError;
use datafusion::prelude::{DataFrame, ParquetReadOptions, SessionContext, ident};

use super::edits;
use super::fault;
use super::findings;
use super::graph::{self, CHECKS, FINDINGS, Step};
use super::grow::{self, Month};
use super::model::{self, Audit, Growth, Library, Model, Query};
use super::months::{ByMonth, Monthly};
use super::output::{self, Duplicate, OutputError, Written};
use super::provenance;
use super::records::{self, Registered};
use super::session::{self, Engine};
use crate::diag::{Diagnostic, Place};
use crate::spec::rules::Rulebook;
use crate::store::derived::{self, Derived};
use crate::store::records::{REJECT, month_text, warehouse_of};
use crate::store::{StoreError, schema, sha256_file};

/// What a build made.
#[derive(Clone, Debug, Default)]
pub struct BuildSummary {
    /// In the order they were made.
    pub tables: Vec<BuiltTable>,
    /// Rows of `core_finding` by severity (`error`, `warning`, `info`).
    pub findings: BTreeMap<String, u64>,
    /// The files of models built month by month.
    pub derived: Vec<Derived>,
    /// How many of those had to be computed.
    pub months_computed: usize,
}

/// A table of a build; its file is `<name>.parquet`.
#[derive(Clone, Debug)]
pub struct BuiltTable {
    pub name: String,
    pub rows: u64,
    /// The columns that tell rows apart, by which they are sorted; empty for `core_finding`.
    pub grain: Vec<String>,
}

/// Run all SQL of a project over the stage tables in `stage`, writing one Parquet file per model, and `core_finding`,
/// into the folder `into`, which may be the same. `progress` is told each table as it begins.
///
/// # Errors
/// A SQL file has faults (all are told at once), a query fails, or the folder cannot be written.
pub fn build(
    stage: &Path,
    models: &Path,
    audits: &Path,
    rules: &Rulebook,
    into: &Path,
    progress: &mut dyn FnMut(&str),
) -> Result<BuildSummary, Vec<Diagnostic>> {
    let loaded = model::load(models, audits);
    let mut faults = Vec::new();
    let erroneous = loaded.has_errors();
    let library = loaded.split(&mut faults);
    if erroneous {
        return Err(faults);
    }
    let stage_names: Vec<&str> = schema::TABLES.iter().map(|table| table.name).collect();
    let given = [stage_names.clone(), records::names()].concat();
    let steps = graph::order(&library, &given, &records::names_by_month())?;
    let engine = Engine::start().map_err(|error| vec![StoreError::io("start threads for", into)(error).into()])?;
    std::fs::create_dir_all(into).map_err(|error| vec![StoreError::io("make the folder", into)(error).into()])?;
    let spill = Spill::beside(into).map_err(|fault| vec![fault])?;
    let session = session::building(&spill.0).map_err(|error| vec![Diagnostic::error("sql", error.to_string())])?;
    let mut run = Run::new(&library, rules, &session, (stage, into));
    for name in stage_names {
        engine.block_on(run.register(name, stage)).map_err(|fault| vec![fault])?;
    }
    let Registered { monthly, rejects } =
        engine.block_on(records::register(&session, into)).map_err(|fault| vec![fault])?;
    run.monthly = monthly;
    run.digests.insert(REJECT.to_owned(), rejects);
    run.tables.extend(records::names().into_iter().map(str::to_owned));
    let mut failed: BTreeSet<&str> = BTreeSet::new();
    let mut summary = BuildSummary::default();
    for step in steps {
        match step {
            Step::Model(nth) => {
                let model = &library.models[nth];
                // What reads a failed table would only repeat its fault.
                if model.query.reads.iter().any(|(read, _)| failed.contains(read.as_str())) {
                    failed.insert(&model.name);
                    continue;
                }
                progress(&model.name);
                match engine.block_on(run.model(model)) {
                    Ok(table) => summary.tables.push(table),
                    Err(found) => {
                        faults.extend(found);
                        failed.insert(&model.name);
                    }
                }
            }
            Step::Findings => {
                progress(FINDINGS);
                match run.findings(&engine, &failed) {
                    Ok((tables, by_severity)) => {
                        summary.tables.extend(tables);
                        summary.findings = by_severity;
                    }
                    Err(found) => {
                        faults.extend(found);
                        failed.insert(FINDINGS);
                    }
                }
            }
        }
    }
    (summary.derived, summary.months_computed) = (std::mem::take(&mut run.derived), run.months_computed);
    if faults.is_empty() { Ok(summary) } else { Err(faults) }
}

/// Where operators put what does not fit into memory; gone with the build.
struct Spill(PathBuf);

impl Spill {
    /// Beside the release that is made, on the disk of the warehouse.
    fn beside(into: &Path) -> Result<Spill, Diagnostic> {
        let folder = into.with_file_name("spill");
        std::fs::create_dir_all(&folder).map_err(StoreError::io("make the folder", &folder))?;
        Ok(Spill(folder))
    }
}

impl Drop for Spill {
    fn drop(&mut self) {
        // What cannot be removed now is swept with the staging area by the next run.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The tables that the editing rules look at.
pub const READ_BY_RULES: [&str; 4] = ["core_reading", "core_part", "core_figure", "core_break"];

/// The tables of findings, and the findings by severity.
type Found = (Vec<BuiltTable>, BTreeMap<String, u64>);

/// What the steps of one build share.
struct Run<'a> {
    library: &'a Library,
    rules: &'a Rulebook,
    session: &'a SessionContext,
    stage: &'a Path,
    into: &'a Path,
    tables: Vec<String>,
    monthly: Monthly,
    derived: Vec<Derived>,
    months_computed: usize,
    /// The content of tables that do not lie by month, as a digest.
    digests: BTreeMap<String, String>,
    /// Doubled keys, as findings.
    doubled: Vec<RecordBatch>,
}

impl<'a> Run<'a> {
    fn new(
        library: &'a Library,
        rules: &'a Rulebook,
        session: &'a SessionContext,
        (stage, into): (&'a Path, &'a Path),
    ) -> Run<'a> {
        Run {
            library,
            rules,
            session,
            stage,
            into,
            tables: Vec::new(),
            monthly: Monthly::default(),
            derived: Vec::new(),
            months_computed: 0,
            digests: BTreeMap::new(),
            doubled: Vec::new(),
        }
    }

    async fn register(&mut self, name: &str, folder: &Path) -> Result<(), Diagnostic> {
        register(self.session, name, folder).await?;
        self.tables.push(name.to_owned());
        Ok(())
    }

    /// What is wrong with a planned model before it is run.
    fn check(&self, model: &Model, frame: &DataFrame) -> Result<(), Vec<Diagnostic>> {
        let followed = provenance::check(self.session, &model.query, frame.logical_plan());
        let followed = followed.map_err(|error| fault::diagnose(&error, &model.query.source, &self.tables))?;
        check_grain(model, frame).or(followed).map_or(Ok(()), |fault| Err(vec![fault]))
    }

    async fn model(&mut self, model: &Model) -> Result<BuiltTable, Vec<Diagnostic>> {
        if let Some(growth) = &model.growth {
            return self.grown(model, growth).await;
        }
        let faults = |error: &DataFusionError, tables: &[String]| fault::diagnose(error, &model.query.source, tables);
        let frame = plan(self.session, &model.query).await.map_err(|error| faults(&error, &self.tables))?;
        self.check(model, &frame)?;
        let order = model.grain.iter().map(|column| ident(column).sort(true, true)).collect();
        let written = async {
            let stream = frame.sort(order)?.execute_stream().await?;
            output::write(stream, &file(self.into, &model.name), &model.grain).await
        };
        let Written { rows, duplicates } = written.await.map_err(|error| self.told(model, error))?;
        self.note_duplicates(model, &duplicates)?;
        self.register(&model.name, self.into).await.map_err(|fault| vec![fault])?;
        Ok(BuiltTable { name: model.name.clone(), rows, grain: model.grain.clone() })
    }

    /// A model that is built month by month. The file in the release's own folder is empty and tells its columns.
    async fn grown(&mut self, model: &Model, growth: &Growth) -> Result<BuiltTable, Vec<Diagnostic>> {
        let planned = grow::over_nothing(self.session, &mut self.monthly, model).await;
        let (frame, schema) = planned.map_err(|error| self.told(model, error.into()))?;
        self.check(model, &frame)?;
        let form = grow::write_form(self.session, &schema, &file(self.into, &model.name)).await;
        form.map_err(|error| self.told(model, error))?;
        self.monthly.insert(&model.name, ByMonth::empty(schema));
        self.tables.push(model.name.clone());
        let warehouse = warehouse_of(self.into);
        let places = grow::Places { warehouse: &warehouse, beside: self.into.join(".month.parquet") };
        let mut rows = 0;
        for number in self.monthly.months.clone() {
            let (digests, folders) = (&mut self.digests, [self.into, self.stage]);
            let mut whole = |name: &str| content(digests, name, folders);
            let digest = grow::digest(&self.monthly, model, growth, number, &mut whole).map_err(|fault| vec![fault])?;
            let made = grow::month(self.session, &self.monthly, model, growth, (number, &digest), &places).await;
            let Month { file, written, is_new } = made.map_err(|error| self.told(model, error))?;
            self.note_duplicates(model, &written.duplicates)?;
            if let Some(table) = self.monthly.get_mut(&model.name) {
                table.add_file(number, &warehouse, &file, derived::content(&file));
            }
            rows += written.rows;
            self.months_computed += usize::from(is_new);
            let (table, month) = (model.name.clone(), month_text(number));
            self.derived.push(Derived { table, month, file, rows: written.rows });
        }
        let registered = self.monthly.register(self.session, [model.name.as_str()]);
        registered.map_err(|error| self.told(model, error.into()))?;
        Ok(BuiltTable { name: model.name.clone(), rows, grain: model.grain.clone() })
    }

    fn note_duplicates(&mut self, model: &Model, duplicates: &[Duplicate]) -> Result<(), Vec<Diagnostic>> {
        if !duplicates.is_empty() {
            let found = findings::of_duplicates(model, duplicates);
            self.doubled.push(found.map_err(|error| self.told(model, error.into()))?);
        }
        Ok(())
    }

    /// What went wrong with a model.
    fn told(&self, model: &Model, error: OutputError) -> Vec<Diagnostic> {
        match error {
            OutputError::Query(error) => fault::diagnose(&error, &model.query.source, &self.tables),
            OutputError::Store(error) => vec![error.into()],
            OutputError::Month { .. } => vec![grow::wrong_month(model, &error)],
        }
    }

    /// Run every rule, and every audit whose tables were made, and write all findings.
    fn findings(&mut self, engine: &Engine, failed: &BTreeSet<&str>) -> Result<Found, Vec<Diagnostic>> {
        let runnable = |audit: &&Audit| !audit.query.reads.iter().any(|(read, _)| failed.contains(read.as_str()));
        let audits: Vec<&Audit> = self.library.audits.iter().filter(runnable).collect();
        // Planning takes longer than running and uses one thread; audits do not need each other.
        let found = engine.block_on_each(&audits, |audit| run_audit(self.session, audit, &self.tables));
        let mut faults = Vec::new();
        let mut batches = std::mem::take(&mut self.doubled);
        for found in found {
            match found {
                Ok(found) => batches.extend(found),
                Err(found) => faults.extend(found),
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let told = |error: OutputError| match error {
            OutputError::Store(error) => vec![error.into()],
            error => vec![Diagnostic::error("sql", error.to_string())],
        };
        let mut tables = Vec::new();
        if READ_BY_RULES.iter().all(|table| self.tables.iter().any(|made| made == table)) {
            let (found, uses) = engine.block_on(edits::run(self.session, self.rules)).map_err(|e| told(e.into()))?;
            batches.push(found);
            tables.push(engine.block_on(self.write_checks(uses)).map_err(told)?);
        }
        let (findings, by_severity) = engine.block_on(self.write_findings(batches)).map_err(told)?;
        tables.push(findings);
        Ok((tables, by_severity))
    }

    async fn write_checks(&mut self, uses: RecordBatch) -> Result<BuiltTable, OutputError> {
        let grain = ["rule", "dataset", "table_id"].map(str::to_owned).to_vec();
        let stream = self.session.read_batch(uses)?.execute_stream().await?;
        let written = output::write(stream, &file(self.into, CHECKS), &grain).await?;
        register(self.session, CHECKS, self.into).await.map_err(|fault| DataFusionError::Execution(fault.message))?;
        self.tables.push(CHECKS.to_owned());
        Ok(BuiltTable { name: CHECKS.to_owned(), rows: written.rows, grain })
    }

    async fn write_findings(
        &mut self,
        mut batches: Vec<RecordBatch>,
    ) -> Result<(BuiltTable, BTreeMap<String, u64>), OutputError> {
        let schema = findings::schema();
        batches.extend(findings::conform(self.session.table("stage_finding").await?, &[])?.collect().await?);
        let batch = concat_batches(&schema, &batches).map_err(DataFusionError::from)?;
        let mut by_severity = BTreeMap::new();
        if let Some(severities) = batch.column_by_name("severity") {
            for severity in severities.as_string::<i32>().iter().flatten() {
                *by_severity.entry(severity.to_owned()).or_insert(0) += 1;
            }
        }
        let order = schema.fields().iter().map(|field| ident(field.name()).sort(true, true)).collect();
        let stream = self.session.read_batch(batch)?.sort(order)?.execute_stream().await?;
        let written = output::write(stream, &file(self.into, FINDINGS), &[]).await?;
        register(self.session, FINDINGS, self.into).await.map_err(|fault| DataFusionError::Execution(fault.message))?;
        self.tables.push(FINDINGS.to_owned());
        Ok((BuiltTable { name: FINDINGS.to_owned(), rows: written.rows, grain: Vec::new() }, by_severity))
    }
}

/// The findings one audit selects.
pub async fn run_audit(
    session: &SessionContext,
    audit: &Audit,
    tables: &[String],
) -> Result<Vec<RecordBatch>, Vec<Diagnostic>> {
    let faults = |error: DataFusionError| fault::diagnose(&error, &audit.query.source, tables);
    let frame = plan(session, &audit.query).await.map_err(faults)?;
    if let Some(fault) = findings::check_columns(audit, frame.schema()) {
        return Err(vec![fault]);
    }
    let fixed = [("rule", audit.rule.as_str()), ("severity", audit.severity.as_str())];
    let found = async { findings::conform(frame, &fixed)?.collect().await };
    found.await.map_err(faults)
}

/// A query of a file as a frame, not yet run.
pub async fn plan(session: &SessionContext, query: &Query) -> Result<DataFrame, DataFusionError> {
    let plan = session.state().statement_to_plan(query.statement.clone()).await?;
    session.execute_logical_plan(plan).await
}

/// Make `<folder>/<name>.parquet` known to a session.
pub async fn register(session: &SessionContext, name: &str, folder: &Path) -> Result<(), Diagnostic> {
    let path = file(folder, name);
    // DataFusion takes a missing file for an empty listing.
    std::fs::metadata(&path).map_err(|error| Diagnostic::from(StoreError::io("read", &path)(error)))?;
    let shown = path.to_string_lossy().into_owned();
    let whole = std::path::absolute(&path).map_err(|error| Diagnostic::from(StoreError::io("find", &path)(error)))?;
    session
        .register_parquet(name, file_address(&whole), ParquetReadOptions::default())
        .await
        .map_err(|error| Diagnostic::error("parquet", error.message().to_string()).at(Place::file(shown)))
}

/// A path as `file://…`: DataFusion takes the plain form for a pattern, in which `[`, `*` and `?` stand for something else.
pub fn file_address(path: &Path) -> String {
    let mut address = "file://".to_owned();
    for byte in path.to_string_lossy().bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => {
                address.push(char::from(byte))
            }
            _ => address.push_str(&format!("%{byte:02X}")),
        }
    }
    address
}

/// A digest of the file of a table that lies in one of these folders; computed once.
fn content(known: &mut BTreeMap<String, String>, table: &str, folders: [&Path; 2]) -> Result<String, Diagnostic> {
    if let Some(digest) = known.get(table) {
        return Ok(digest.clone());
    }
    let path = folders.iter().map(|folder| file(folder, table)).find(|path| path.is_file());
    let path = path.unwrap_or_else(|| file(folders[0], table));
    let digest = sha256_file(&path).map_err(StoreError::io("read", &path))?;
    known.insert(table.to_owned(), digest.clone());
    Ok(digest)
}

fn file(folder: &Path, table: &str) -> std::path::PathBuf {
    folder.join(format!("{table}.parquet"))
}

fn check_grain(model: &Model, frame: &DataFrame) -> Option<Diagnostic> {
    let columns: Vec<&str> = frame.schema().fields().iter().map(|field| field.name().as_str()).collect();
    let unknown = model.grain.iter().find(|column| !columns.contains(&column.as_str()))?;
    let source: &Arc<_> = &model.query.source;
    let start = source.text.find("grain:").and_then(|at| Some(at + source.text[at..].find(unknown.as_str())?));
    let place = Place::span(source, start.map_or(0..0, |start| start..start + unknown.len()));
    let message = format!("the grain names \"{unknown}\", which the query does not return");
    Some(Diagnostic::error("grain-column", message).at(place).hint(fault::suggest(unknown, "columns", &columns)))
}
