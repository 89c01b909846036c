//! Models built month by month: a month whose inputs are those of a file that is there already is not computed again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::arrow::array::{AsArray as _, BooleanArray, RecordBatch};
use datafusion::arrow::compute::{cast, concat_batches, filter_record_batch};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{SortExpr, lit};
use datafusion::prelude::{DataFrame, SessionContext, ident};
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{Expr as SqlExpr, SelectItem, SetExpr, Statement as SqlStatement};

use super::build::plan;
use super::model::{Growth, Model};
use super::months::{ByMonth, Monthly};
use super::output::{self, OutputError, Written};
use super::unchanged::Before;
use crate::diag::{Diagnostic, Place};
use crate::store::derived;
use crate::store::digest::sha256_bytes;
use crate::store::records::{month_number, month_text};
use crate::store::release::PROGRAM;

/// How often a query that reads itself is planned until its types are settled: a sum that is carried gains a digit each time,
/// up to the most that a decimal has.
const ROUNDS: usize = 50;

/// A month of a model that stands in its place.
pub struct Month {
    /// Below the warehouse.
    pub file: String,
    pub written: Written,
    /// Whether it had to be computed.
    pub is_new: bool,
}

/// The query of a model over tables of no rows, and the columns of what it makes.
///
/// # Errors
/// The query has a fault, or reads itself in a way that leaves a type open.
pub async fn over_nothing(
    session: &SessionContext,
    monthly: &mut Monthly,
    model: &Model,
) -> Result<(DataFrame, SchemaRef), DataFusionError> {
    let reads_itself = model.query.reads.iter().any(|(name, _)| *name == model.name);
    let mut schema = if reads_itself { untyped(&model.query.statement)? } else { Arc::new(Schema::empty()) };
    for _ in 0..ROUNDS {
        if reads_itself {
            monthly.insert(&model.name, ByMonth::empty(schema.clone()));
            monthly.register(session, [model.name.as_str()])?;
        }
        let frame = plan(session, &model.query).await?;
        let made = settled(frame.schema().as_arrow());
        if !reads_itself || made == schema {
            if let Some(open) = made.fields().iter().find(|field| field.data_type().is_null()) {
                let message =
                    format!("the type of \"{}\" cannot be told where there is no month before: CAST it", open.name());
                return Err(DataFusionError::Plan(message));
            }
            return Ok((frame, made));
        }
        schema = made;
    }
    Err(DataFusionError::Plan("the types of a query that reads itself do not settle: CAST its columns".to_owned()))
}

/// The columns of a query by name alone.
fn untyped(statement: &Statement) -> Result<SchemaRef, DataFusionError> {
    let query = match statement {
        Statement::Statement(statement) => match statement.as_ref() {
            SqlStatement::Query(query) => Some(query),
            _ => None,
        },
        _ => None,
    };
    let query = query.ok_or_else(|| DataFusionError::Plan("a model is a query".to_owned()))?;
    let mut body = query.body.as_ref();
    let select = loop {
        body = match body {
            SetExpr::Select(select) => break select,
            SetExpr::Query(query) => query.body.as_ref(),
            SetExpr::SetOperation { left, .. } => left.as_ref(),
            _ => return Err(DataFusionError::Plan("a model that reads itself is a SELECT".to_owned())),
        };
    };
    let name = |item: &SelectItem| match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(alias.value.clone()),
        SelectItem::UnnamedExpr(SqlExpr::Identifier(name)) => Some(name.value.clone()),
        SelectItem::UnnamedExpr(SqlExpr::CompoundIdentifier(names)) => names.last().map(|name| name.value.clone()),
        _ => None,
    };
    let fields: Option<Vec<Field>> =
        select.projection.iter().map(|item| Some(Field::new(name(item)?, DataType::Null, true))).collect();
    let message = "a model that reads itself names each of its columns: no *, and AS behind every expression";
    fields.map(|fields| Arc::new(Schema::new(fields))).ok_or_else(|| DataFusionError::Plan(message.to_owned()))
}

/// Columns as they are read back from a file: any of them may hold null.
fn settled(schema: &Schema) -> SchemaRef {
    let field = |field: &Arc<Field>| {
        let data_type = match field.data_type() {
            DataType::Utf8 | DataType::LargeUtf8 => DataType::Utf8View,
            other => other.clone(),
        };
        Field::new(field.name(), data_type, true)
    };
    Arc::new(Schema::new(schema.fields().iter().map(field).collect::<Vec<_>>()))
}

/// Everything that the rows of a model follow from: of a month, or all of them where it is computed whole. `whole` tells the
/// content of tables that do not lie by month.
pub fn digest(
    monthly: &Monthly,
    model: &Model,
    month: Option<(&Growth, u32)>,
    whole: &mut dyn FnMut(&str) -> Result<String, Diagnostic>,
) -> Result<String, Diagnostic> {
    let of = month.map_or_else(|| "whole".to_owned(), |(_, month)| month_text(month));
    digest_of(model, &of, |name| match monthly.contains(name) || name == model.name {
        true => Ok(monthly.told(name, month).join("\n")),
        false => whole(name),
    })
}

/// What the file in the release's own folder follows from, of a model built by month: it tells the columns, and holds the rows
/// of other periods, which are made without any month.
pub fn digest_of_form(
    monthly: &Monthly,
    model: &Model,
    growth: &Growth,
    schemas: &BTreeMap<String, SchemaRef>,
    with_the_months: &[String],
    whole: &mut dyn FnMut(&str) -> Result<String, Diagnostic>,
) -> Result<String, Diagnostic> {
    let of = format!("beside the months {}", with_the_months.join(" "));
    digest_of(model, &of, |name| {
        let columns = schemas.get(name).map(|schema| format!("{:?}", schema.fields()));
        let told = match (growth.rest, monthly.contains(name)) {
            (false, _) => String::new(),
            (true, true) => monthly.told_beside(name),
            (true, false) => whole(name)?,
        };
        Ok(format!("{} {told}", columns.unwrap_or_default()))
    })
}

fn digest_of(
    model: &Model,
    of: &str,
    mut told: impl FnMut(&str) -> Result<String, Diagnostic>,
) -> Result<String, Diagnostic> {
    let mut text = format!("shebao {PROGRAM} {of}\n{}\n", model.query.source.text);
    let mut names: Vec<&str> = model.query.reads.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    for name in names {
        text.push_str(&format!("{name}\n{}\n", told(name)?));
    }
    Ok(derived::short(&sha256_bytes(text.as_bytes())).to_owned())
}

/// Where months are put.
pub struct Places<'a> {
    pub warehouse: &'a Path,
    /// A file while it is written.
    pub beside: PathBuf,
    /// The months that the release before consists of.
    pub before: &'a Before,
}

/// One month of a model; the tables that it reads are those of the month.
///
/// # Errors
/// The query fails, or the disk cannot take its rows.
pub async fn month(
    session: &SessionContext,
    monthly: &Monthly,
    model: &Model,
    growth: &Growth,
    (number, digest): (u32, &str),
    places: &Places<'_>,
) -> Result<Month, OutputError> {
    let month = month_text(number);
    if let Some(known) = places.before.month(places.warehouse, &model.name, &month, digest) {
        let written = Written { rows: known.rows, duplicates: Vec::new() };
        return Ok(Month { file: known.file.clone(), written, is_new: false });
    }
    if let Some(file) = derived::find(places.warehouse, &model.name, &month, digest)
        && let Some(written) = output::read_back(&places.warehouse.join(&file))
    {
        return Ok(Month { file, written, is_new: false });
    }
    let reads = || model.query.reads.iter().map(|(name, _)| name.as_str());
    monthly.narrow(session, reads(), growth, number)?;
    let written = async {
        let frame = of_month(session, model, growth, &month).await?;
        let stream = frame.sort(order(model))?.execute_stream().await?;
        output::write_month(stream, &places.beside, &model.grain, &growth.column, &month).await
    };
    let written = written.await;
    monthly.register(session, reads())?;
    let written = written?;
    let file = derived::put(places.warehouse, &places.beside, (&model.name, &month, digest))?;
    Ok(Month { file, written, is_new: true })
}

/// The query of a model over the tables as they are read for a month; of what it makes, the rows of the month where it has
/// others too.
pub async fn of_month(
    session: &SessionContext,
    model: &Model,
    growth: &Growth,
    month: &str,
) -> Result<DataFrame, DataFusionError> {
    let frame = plan(session, &model.query).await?;
    if growth.rest { frame.filter(ident(&growth.column).eq(lit(month))) } else { Ok(frame) }
}

/// The file that tells the columns of a model where there is no month of it yet, and holds its rows of other periods.
pub async fn write_form(
    session: &SessionContext,
    rest: RecordBatch,
    model: &Model,
    path: &Path,
) -> Result<Written, OutputError> {
    output::write(session.read_batch(rest)?.execute_stream().await?, path, &model.grain).await
}

/// What a model makes without records.
pub struct Rest {
    /// The rows of periods that are no months being built.
    pub rows: RecordBatch,
    /// The months among all its periods.
    pub months: Vec<String>,
}

/// The rows that a model makes without the records of any month, in these columns.
pub async fn rest(
    session: &SessionContext,
    monthly: &Monthly,
    model: &Model,
    growth: &Growth,
    schema: &SchemaRef,
) -> Result<Rest, DataFusionError> {
    if !growth.rest {
        return Ok(Rest { rows: RecordBatch::new_empty(schema.clone()), months: Vec::new() });
    }
    let reads = || model.query.reads.iter().map(|(name, _)| name.as_str());
    monthly.beside(session, reads())?;
    let made = async { plan(session, &model.query).await?.sort(order(model))?.collect().await };
    let made = made.await;
    monthly.register(session, reads())?;
    let typed = made?.into_iter().map(|batch| {
        let columns =
            batch.columns().iter().zip(schema.fields()).map(|(column, field)| cast(column, field.data_type()));
        RecordBatch::try_new(schema.clone(), columns.collect::<Result<Vec<_>, _>>()?)
    });
    let rows = concat_batches(schema, &typed.collect::<Result<Vec<_>, _>>()?)?;
    let Some(periods) = rows.column_by_name(&growth.column) else { return Ok(Rest { rows, months: Vec::new() }) };
    let periods = cast(periods, &DataType::Utf8View)?;
    let numbers = || periods.as_string_view().iter().map(|period| period.and_then(month_number));
    let months: BTreeSet<u32> = numbers().flatten().collect();
    let beside = numbers().map(|month| Some(month.is_none_or(|month| !monthly.months.contains(&month))));
    let rows = filter_record_batch(&rows, &beside.collect::<BooleanArray>())?;
    Ok(Rest { rows, months: months.into_iter().map(month_text).collect() })
}

/// Rows lie by the columns that tell them apart.
pub fn order(model: &Model) -> Vec<SortExpr> {
    model.grain.iter().map(|column| ident(column).sort(true, true)).collect()
}

/// A row of another month, told where the model says which.
pub fn wrong_month(model: &Model, error: &OutputError) -> Diagnostic {
    Diagnostic::error("model-month", error.to_string()).at(Place::span(&model.query.source, 0..0)).hint(
        "a model that grows by month returns the rows of that month alone: add a condition, or take the month from core_month",
    )
}
