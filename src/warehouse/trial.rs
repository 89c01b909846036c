//! One model or audit tried on a few given rows: how SQL is tested without files.

use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, RecordBatch, StringArray};
use datafusion::arrow::compute::{CastOptions, cast, cast_with_options, concat_batches};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::error::DataFusionError;
use datafusion::prelude::{DataFrame, SessionContext};

use super::build::{READ_BY_RULES, plan, run_audit};
use super::edits;
use super::fault;
use super::findings;
use super::graph::{self, FINDINGS, Step};
use super::grow;
use super::model::{self, Audit, Growth, Library, Model};
use super::months::{ByMonth, MONTH_TABLE, Monthly};
use super::records;
use super::rows::Rows;
use super::session::{self, Engine};
use crate::diag::Diagnostic;
use crate::domain::record::MONTH;
use crate::domain::{Qualifier, TOTAL};
use crate::spec::rules::Rulebook;
use crate::store::records::{month_number, month_text};
use crate::store::schema::{self, Kind};

/// Rows of a table, as text; `None` is null and a blank the default of its column.
#[derive(Clone, Debug)]
pub struct Given {
    pub table: String,
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Option<String>>>,
}

/// The rows a model makes, or an audit selects, when the given tables hold just the given rows. Stage tables not given
/// are empty; models not given are computed by their own SQL.
///
/// # Errors
/// The SQL has faults, or a given table or column does not exist.
pub fn try_sql(models: &Path, audits: &Path, name: &str, given: &[Given]) -> Result<Rows, Vec<Diagnostic>> {
    try_name(models, audits, None, name, given)
}

/// The findings of one rule of a rulebook when the given tables hold just the given rows, as with [`try_sql`].
///
/// # Errors
/// The SQL has faults, or a given table or column does not exist.
pub fn try_rule(
    models: &Path,
    audits: &Path,
    rules: &Rulebook,
    rule: &str,
    given: &[Given],
) -> Result<Rows, Vec<Diagnostic>> {
    try_name(models, audits, Some(rules), rule, given)
}

fn try_name(
    models: &Path,
    audits: &Path,
    rules: Option<&Rulebook>,
    name: &str,
    given: &[Given],
) -> Result<Rows, Vec<Diagnostic>> {
    let loaded = model::load(models, audits);
    if loaded.has_errors() {
        return Err(loaded.diagnostics);
    }
    let library = loaded.value;
    let stage = schema::TABLES.iter().map(|table| table.name);
    let stage: Vec<&str> = stage.chain(records::names()).collect();
    let steps = graph::order(&library, &stage, &records::names_by_month())?;
    let engine = Engine::start().map_err(|error| vec![Diagnostic::error("io", error.to_string())])?;
    let session = session::parallel().map_err(|error| vec![Diagnostic::error("sql", error.to_string())])?;
    let session = session::sequential(&session);
    engine.block_on(async {
        let mut trial = Trial { session: &session, given, tables: Vec::new(), monthly: Monthly::default() };
        for table in schema::TABLES {
            trial.fill(table.name, &stage_schema(table)).map_err(|fault| vec![fault])?;
        }
        for (name, schema) in records::tables() {
            trial.fill(name, &in_part(&schema)).map_err(|fault| vec![fault])?;
        }
        trial.given_months(&library);
        trial.records().await.map_err(|error| vec![Diagnostic::error("sql", error.to_string())])?;
        let mut wanted = graph::upstream(&library, name);
        if rules.is_some() {
            wanted.extend(READ_BY_RULES.iter().flat_map(|table| graph::upstream(&library, table)));
            wanted.extend(READ_BY_RULES);
        }
        for step in steps {
            match step {
                Step::Model(nth) => {
                    let model = &library.models[nth];
                    if model.name == name && rules.is_none() {
                        let rows = trial.rows(model).await?;
                        return Rows::of(&rows.schema(), &[rows]).map_err(|fault| vec![fault]);
                    }
                    if wanted.contains(model.name.as_str()) {
                        trial.upstream(model).await?;
                    }
                }
                Step::Findings => {
                    if let Some(rules) = rules {
                        return of_rule(&session, rules, name).await;
                    }
                    if let Some(audit) = library.audits.iter().find(|audit| audit.name == name) {
                        let found = run_audit(&session, audit, &trial.tables).await?;
                        return Rows::of(&findings::schema(), &found).map_err(|fault| vec![fault]);
                    }
                    if wanted.contains(FINDINGS) {
                        trial.findings(&library.audits).await?;
                    }
                }
            }
        }
        let known: Vec<&str> = library
            .models
            .iter()
            .map(|m| m.name.as_str())
            .chain(library.audits.iter().map(|a| a.name.as_str()))
            .collect();
        let fault = Diagnostic::error("unknown-table", format!("no model or audit \"{name}\""));
        Err(vec![fault.hint(fault::suggest(name, "models and audits", &known))])
    })
}

async fn of_rule(session: &SessionContext, rules: &Rulebook, rule: &str) -> Result<Rows, Vec<Diagnostic>> {
    let (found, _) =
        edits::run(session, rules).await.map_err(|error| vec![Diagnostic::error("sql", error.to_string())])?;
    let mut rows = Rows::of(&findings::schema(), &[found]).map_err(|fault| vec![fault])?;
    let column = rows.column("rule");
    rows.rows.retain(|row| column.is_some_and(|nth| row[nth].to_string() == rule));
    Ok(rows)
}

struct Trial<'a> {
    session: &'a SessionContext,
    given: &'a [Given],
    tables: Vec<String>,
    monthly: Monthly,
}

impl Trial<'_> {
    /// The months of given rows of models that are built by month: they are there whichever model is computed first.
    fn given_months(&mut self, library: &Library) {
        for given in self.given {
            let growth = library.models.iter().find(|model| model.name == given.table).and_then(|m| m.growth.as_ref());
            let column = growth.filter(|growth| !growth.rest).map(|growth| growth.column.as_str());
            let Some(nth) = column.and_then(|column| given.columns.iter().position(|name| name == column)) else {
                continue;
            };
            let months = given.rows.iter().filter_map(|row| month_number(row.get(nth)?.as_deref()?));
            self.monthly.at_least.extend(months);
        }
    }

    /// What lies by month of the given rows, and the months themselves.
    async fn records(&mut self) -> Result<(), DataFusionError> {
        for (name, schema) in records::by_month() {
            let batches = self.session.table(name).await?.collect().await?;
            self.monthly.insert(name, ByMonth::of_rows(&concat_batches(&in_part(&schema), &batches)?, MONTH)?);
        }
        self.tables.push(MONTH_TABLE.to_owned());
        self.spanned()
    }

    fn spanned(&mut self) -> Result<(), DataFusionError> {
        self.monthly.span();
        self.monthly.register(self.session, [MONTH_TABLE])
    }

    /// What a model makes of the given rows.
    async fn rows(&mut self, model: &Model) -> Result<RecordBatch, Vec<Diagnostic>> {
        let made = match &model.growth {
            Some(growth) => self.grown(model, growth).await,
            None => async { collected(plan(self.session, &model.query).await?).await }.await,
        };
        made.map_err(|error| fault::diagnose(&error, &model.query.source, &self.tables))
    }

    async fn grown(&mut self, model: &Model, growth: &Growth) -> Result<RecordBatch, DataFusionError> {
        let (_, schema) = grow::over_nothing(self.session, &mut self.monthly, model).await?;
        let rest = grow::rest(self.session, &self.monthly, model, growth, &schema).await?;
        let mut table = ByMonth::empty(schema.clone());
        table.set_rest(rest.rows.clone());
        self.monthly.insert(&model.name, table);
        let reads = || model.query.reads.iter().map(|(name, _)| name.as_str());
        let mut all = vec![rest.rows];
        for month in self.monthly.months.clone() {
            self.monthly.narrow(self.session, reads(), growth, month)?;
            let frame = grow::of_month(self.session, model, growth, &month_text(month)).await?;
            let made = collected(frame).await?;
            let columns: Result<Vec<ArrayRef>, _> =
                made.columns().iter().zip(schema.fields()).map(|(column, f)| cast(column, f.data_type())).collect();
            let rows = RecordBatch::try_new(schema.clone(), columns?)?;
            if let Some(table) = self.monthly.get_mut(&model.name) {
                table.add_rows(month, rows.clone());
            }
            all.push(rows);
        }
        self.monthly.register(self.session, reads())?;
        let rows = concat_batches(&schema, &all)?;
        if growth.rest { collected(self.session.read_batch(rows)?.sort(grow::order(model))?).await } else { Ok(rows) }
    }

    /// A model that the one tried may read: the given rows in the columns its query returns, or the query itself.
    async fn upstream(&mut self, model: &Model) -> Result<(), Vec<Diagnostic>> {
        let name = model.name.as_str();
        if self.given.iter().any(|given| given.table == name) {
            let schema = match &model.growth {
                Some(_) => grow::over_nothing(self.session, &mut self.monthly, model).await.map(|(_, schema)| schema),
                None => plan(self.session, &model.query).await.map(|f| Arc::new(f.schema().as_arrow().clone())),
            };
            let schema = schema.map_err(|error| fault::diagnose(&error, &model.query.source, &self.tables))?;
            self.session.deregister_table(name).map_err(|error| vec![Diagnostic::error("sql", error.to_string())])?;
            self.fill(name, &schema).map_err(|fault| vec![fault])?;
            // A table that has rows of other periods is read whole, and its months are not those of the records.
            let Some(growth) = model.growth.as_ref().filter(|growth| !growth.rest) else { return Ok(()) };
            return self
                .by_month(name, growth)
                .await
                .map_err(|error| vec![Diagnostic::error("sql", error.to_string())]);
        }
        // Computed once: views of views would be planned again, whole, for every reader.
        let batch = self.rows(model).await?;
        let registered = self.session.deregister_table(name).and_then(|_| self.session.register_batch(name, batch));
        registered.map_err(|error| fault::diagnose(&error, &model.query.source, &self.tables))?;
        self.tables.push(name.to_owned());
        Ok(())
    }

    /// The given rows of a model that is built by month, each in its month.
    async fn by_month(&mut self, name: &str, growth: &Growth) -> Result<(), DataFusionError> {
        let frame = self.session.table(name).await?;
        let schema: SchemaRef = Arc::new(frame.schema().as_arrow().clone());
        let rows = concat_batches(&schema, &frame.collect().await?)?;
        self.monthly.insert(name, ByMonth::of_rows(&rows, &growth.column)?);
        self.spanned()
    }

    /// `core_finding`: the given rows, or those of ingest and of every audit.
    async fn findings(&mut self, audits: &[Audit]) -> Result<(), Vec<Diagnostic>> {
        let schema = findings::schema();
        if self.given.iter().any(|given| given.table == FINDINGS) {
            return self.fill(FINDINGS, &schema).map_err(|fault| vec![fault]);
        }
        let faults = |error: DataFusionError| vec![Diagnostic::error("sql", error.to_string())];
        let of_ingest = async { findings::conform(self.session.table("stage_finding").await?, &[])?.collect().await };
        let mut batches = of_ingest.await.map_err(faults)?;
        for audit in audits {
            batches.extend(run_audit(self.session, audit, &self.tables).await?);
        }
        let batch = concat_batches(&schema, &batches).map_err(|error| faults(error.into()))?;
        self.session.register_batch(FINDINGS, batch).map_err(faults)?;
        self.tables.push(FINDINGS.to_owned());
        Ok(())
    }

    /// A table of the given rows, empty where none are given.
    fn fill(&mut self, name: &str, schema: &SchemaRef) -> Result<(), Diagnostic> {
        let made = self.given.iter().find(|given| given.table == name).map(|given| batch(given, schema));
        let batch = made.unwrap_or_else(|| Ok(RecordBatch::new_empty(schema.clone())))?;
        let registered = self.session.register_batch(name, batch);
        registered.map_err(|error| Diagnostic::error("sql", error.message().to_string()))?;
        self.tables.push(name.to_owned());
        Ok(())
    }
}

async fn collected(frame: DataFrame) -> Result<RecordBatch, DataFusionError> {
    let schema: SchemaRef = Arc::new(frame.schema().as_arrow().clone());
    Ok(concat_batches(&schema, &frame.collect().await?)?)
}

/// Columns that a case need not fill.
fn in_part(schema: &SchemaRef) -> SchemaRef {
    let fields = schema.fields().iter().map(|field| field.as_ref().clone().with_nullable(true));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

fn stage_schema(table: &schema::Table) -> SchemaRef {
    let fields = table.columns.iter().map(|(name, kind)| {
        let data_type = match kind {
            Kind::Text | Kind::OptionalText => DataType::Utf8View,
            Kind::Number => DataType::Decimal128(schema::PRECISION, i8::try_from(schema::SCALE).unwrap_or(i8::MAX)),
            Kind::Integer => DataType::Int32,
            Kind::Date => DataType::Date32,
        };
        Field::new(*name, data_type, true)
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

fn batch(given: &Given, schema: &SchemaRef) -> Result<RecordBatch, Diagnostic> {
    for column in &given.columns {
        if schema.column_with_name(column).is_none() {
            let known: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
            let fault = Diagnostic::error("unknown-column", format!("no column \"{column}\" in \"{}\"", given.table));
            return Err(fault.hint(fault::suggest(column, "columns", &known)));
        }
    }
    let mut columns = Vec::with_capacity(schema.fields().len());
    for field in schema.fields() {
        columns.push(column(given, field)?);
    }
    let options = datafusion::arrow::array::RecordBatchOptions::new().with_row_count(Some(given.rows.len()));
    RecordBatch::try_new_with_options(schema.clone(), columns, &options)
        .map_err(|error| Diagnostic::error("sql", error.to_string()))
}

fn column(given: &Given, field: &Field) -> Result<ArrayRef, Diagnostic> {
    let at = |name: &str| given.columns.iter().position(|column| column == name);
    let mut texts: Vec<Option<String>> = Vec::with_capacity(given.rows.len());
    for (nth, row) in given.rows.iter().enumerate() {
        let cell = |name: &str| at(name).and_then(|at| row.get(at)).cloned();
        let filled = match cell(field.name()) {
            Some(Some(text)) if text.is_empty() => default(given, field, nth, &cell),
            Some(cell) => cell,
            None => default(given, field, nth, &cell),
        };
        texts.push(filled);
    }
    let texts = StringArray::from(texts);
    let strict = CastOptions { safe: false, ..CastOptions::default() };
    let cast = cast_with_options(&texts, field.data_type(), &strict).map_err(|error| {
        Diagnostic::error("sql", format!("given {}, column \"{}\": {error}", given.table, field.name()))
    })?;
    debug_assert_eq!(cast.len(), given.rows.len());
    Ok(cast)
}

/// Whether a column of text is null where it does not apply.
fn is_optional(name: &str) -> bool {
    schema::TABLES.iter().flat_map(|table| table.columns).any(|column| *column == (name, Kind::OptionalText))
}

/// What a column holds where a case does not say.
fn default(given: &Given, field: &Field, nth: usize, cell: &dyn Fn(&str) -> Option<Option<String>>) -> Option<String> {
    let other = |name: &str| cell(name).flatten().filter(|text| !text.is_empty());
    let period = || other("period").and_then(|text| text.parse::<crate::domain::Period>().ok());
    match field.name().as_str() {
        "region" | "scheme" | "ownership" | "industry" | "population" | "breakdown" | "indicator" => {
            Some(TOTAL.to_owned())
        }
        "obs_id" => Some(format!("{}-{}", given.table, nth + 1)),
        "cell" => Some(format!("R{}", nth + 1)),
        "period_kind" => Some("stock".to_owned()),
        "unit" | "printed_unit" => Some("_".to_owned()),
        "printed" => other("value").or_else(|| Some(String::new())),
        "decimals" => other("value").map(|_| "0".to_owned()),
        "period_start" => period().map(|period| period.start().to_string()),
        "period_end" => period().map(|period| period.end().to_string()),
        "qualifier" => Some(Qualifier::Exact.as_str().to_owned()),
        name if is_optional(name) => None,
        _ if matches!(field.data_type(), DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8) => {
            Some(String::new())
        }
        _ => None,
    }
}
