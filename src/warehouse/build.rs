//! A build: every model in the order of the graph, each a Parquet file, then the audits.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::arrow::compute::concat_batches;
use datafusion::arrow::datatypes::SchemaRef;
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
use super::unchanged::{Before, content};
use crate::diag::{Diagnostic, Place};
use crate::spec::rules::Rulebook;
use crate::store::derived::{self, Derived};
use crate::store::records::{REJECT, month_number, month_text, warehouse_of};
use crate::store::release::Made;
use crate::store::{StoreError, schema};

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
    /// What the tables of the release's own folder follow from and hold.
    pub made: BTreeMap<String, Made>,
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
    summary.made = std::mem::take(&mut run.made);
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
    before: Before,
    made: BTreeMap<String, Made>,
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
            before: Before::of(&warehouse_of(into)),
            made: BTreeMap::new(),
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
        let from = self.digest(model, None)?;
        let written = match self.taken(model, &from) {
            Some(written) => written,
            None => {
                let faults = |error| fault::diagnose(&error, &model.query.source, &self.tables);
                let frame = plan(self.session, &model.query).await.map_err(faults)?;
                self.check(model, &frame)?;
                let written = async {
                    let stream = frame.sort(grow::order(model))?.execute_stream().await?;
                    output::write(stream, &file(self.into, &model.name), &model.grain).await
                };
                let written = written.await.map_err(|error| self.told(model, error))?;
                self.note_made(model, from, Vec::new())?;
                written
            }
        };
        self.note_duplicates(model, &written.duplicates)?;
        self.register(&model.name, self.into).await.map_err(|fault| vec![fault])?;
        Ok(BuiltTable { name: model.name.clone(), rows: written.rows, grain: model.grain.clone() })
    }

    /// What the rows of a model follow from: those of a month, or all where it is computed whole.
    fn digest(&mut self, model: &Model, month: Option<(&Growth, u32)>) -> Result<String, Vec<Diagnostic>> {
        let (digests, folders) = (&mut self.digests, [self.into, self.stage]);
        let mut whole = |name: &str| content(digests, name, folders);
        grow::digest(&self.monthly, model, month, &mut whole).map_err(|fault| vec![fault])
    }

    /// What such a file follows from, when its model makes rows of these months without records.
    fn digest_of_form(
        &mut self,
        model: &Model,
        growth: &Growth,
        schemas: &BTreeMap<String, SchemaRef>,
        months: &[String],
    ) -> Result<String, Vec<Diagnostic>> {
        let is_built = |month: &&String| month_number(month).is_some_and(|month| self.monthly.months.contains(&month));
        let with_the_months: Vec<String> = months.iter().filter(is_built).cloned().collect();
        let (digests, folders) = (&mut self.digests, [self.into, self.stage]);
        let mut whole = |name: &str| content(digests, name, folders);
        grow::digest_of_form(&self.monthly, model, growth, schemas, &with_the_months, &mut whole)
            .map_err(|fault| vec![fault])
    }

    /// The file of a table in the release before, if it follows from the same.
    fn taken(&mut self, model: &Model, from: &str) -> Option<Written> {
        let (written, made) = self.before.take(&model.name, from, &file(self.into, &model.name))?;
        self.digests.insert(model.name.clone(), made.content.clone());
        self.made.insert(model.name.clone(), made);
        Some(written)
    }

    fn note_made(&mut self, model: &Model, from: String, months: Vec<String>) -> Result<(), Vec<Diagnostic>> {
        let content = content(&mut self.digests, &model.name, [self.into, self.stage]).map_err(|fault| vec![fault])?;
        self.made.insert(model.name.clone(), Made { from, content, months });
        Ok(())
    }

    /// A model that is built month by month.
    async fn grown(&mut self, model: &Model, growth: &Growth) -> Result<BuiltTable, Vec<Diagnostic>> {
        let Written { mut rows, duplicates } = self.form(model, growth).await?;
        self.note_duplicates(model, &duplicates)?;
        self.tables.push(model.name.clone());
        let warehouse = warehouse_of(self.into);
        let beside = self.into.join(".month.parquet");
        for number in self.monthly.months.clone() {
            let digest = self.digest(model, Some((growth, number)))?;
            let places = grow::Places { warehouse: &warehouse, beside: beside.clone(), before: &self.before };
            let made = grow::month(self.session, &self.monthly, model, growth, (number, &digest), &places).await;
            let Month { file, written, is_new } = made.map_err(|error| self.told(model, error))?;
            self.note_duplicates(model, &written.duplicates)?;
            if let Some(table) = self.monthly.get_mut(&model.name) {
                table.add_file(number, &warehouse, &file, derived::content(&file));
            }
            rows += written.rows;
            self.months_computed += usize::from(is_new);
            let (table, month) = (model.name.clone(), month_text(number));
            let doubled = written.duplicates.len() as u64;
            self.derived.push(Derived { table, month, file, rows: written.rows, doubled });
        }
        let registered = self.monthly.register(self.session, [model.name.as_str()]);
        registered.map_err(|error| self.told(model, error.into()))?;
        Ok(BuiltTable { name: model.name.clone(), rows, grain: model.grain.clone() })
    }

    /// The file of such a model in the release's own folder: it tells the columns, and holds the rows of other periods.
    async fn form(&mut self, model: &Model, growth: &Growth) -> Result<Written, Vec<Diagnostic>> {
        let path = file(self.into, &model.name);
        let schemas = self.schemas(model, growth).await?;
        let as_before = match self.before.made(&model.name).map(|made| made.months.clone()) {
            Some(months) => Some(self.digest_of_form(model, growth, &schemas, &months)?),
            None => None,
        };
        let (written, schema) = match as_before.and_then(|from| self.taken(model, &from)) {
            Some(written) => {
                register(self.session, &model.name, self.into).await.map_err(|fault| vec![fault])?;
                let known = self.session.table(&model.name).await;
                let known = known.map_err(|error| self.told(model, error.into()))?;
                (written, Arc::new(known.schema().as_arrow().clone()))
            }
            None => {
                let planned = grow::over_nothing(self.session, &mut self.monthly, model).await;
                let (frame, schema) = planned.map_err(|error| self.told(model, error.into()))?;
                self.check(model, &frame)?;
                let rest = grow::rest(self.session, &self.monthly, model, growth, &schema).await;
                let rest = rest.map_err(|error| self.told(model, error.into()))?;
                let written = grow::write_form(self.session, rest.rows, model, &path).await;
                let written = written.map_err(|error| self.told(model, error))?;
                let from = self.digest_of_form(model, growth, &schemas, &rest.months)?;
                self.note_made(model, from, rest.months)?;
                (written, schema)
            }
        };
        let mut table = ByMonth::empty(schema);
        table.add_rest(path, &self.made[&model.name].content);
        self.monthly.insert(&model.name, table);
        Ok(written)
    }

    /// The columns of the tables that a model reads.
    async fn schemas(&self, model: &Model, growth: &Growth) -> Result<BTreeMap<String, SchemaRef>, Vec<Diagnostic>> {
        let mut schemas = BTreeMap::new();
        for (name, _) in model.query.reads.iter().filter(|(name, _)| *name != model.name) {
            let known = self.session.table(name.as_str()).await;
            let known = known.map_err(|error| fault::diagnose(&error, &model.query.source, &self.tables))?;
            let schema: SchemaRef = Arc::new(known.schema().as_arrow().clone());
            if let Some(fault) = growth.check_columns(name, &schema) {
                return Err(vec![fault]);
            }
            schemas.insert(name.clone(), schema);
        }
        Ok(schemas)
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
    let fixed = audit.fixed();
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

/// The file of a table in a folder.
pub fn file(folder: &Path, table: &str) -> std::path::PathBuf {
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
