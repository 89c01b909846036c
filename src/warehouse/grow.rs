//! Models built month by month: a month whose inputs are those of a file that is there already is not computed again.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::error::DataFusionError;
use datafusion::prelude::{DataFrame, SessionContext, ident};
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{Expr as SqlExpr, SelectItem, SetExpr, Statement as SqlStatement};

use super::build::plan;
use super::model::{Growth, Model};
use super::months::{ByMonth, Monthly};
use super::output::{self, OutputError, Written};
use crate::diag::{Diagnostic, Place};
use crate::store::derived;
use crate::store::digest::sha256_bytes;
use crate::store::records::month_text;
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

/// Everything that the rows of a month follow from; `whole` tells the content of tables that do not lie by month.
pub fn digest(
    monthly: &Monthly,
    model: &Model,
    growth: &Growth,
    month: u32,
    whole: &mut dyn FnMut(&str) -> Result<String, Diagnostic>,
) -> Result<String, Diagnostic> {
    let mut text = format!("shebao {PROGRAM} {}\n{}\n", month_text(month), model.query.source.text);
    let mut names: Vec<&str> = model.query.reads.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    for name in names {
        let told = match monthly.contains(name) || name == model.name {
            true => monthly.told(name, growth, month).join("\n"),
            false => whole(name)?,
        };
        text.push_str(&format!("{name}\n{told}\n"));
    }
    Ok(derived::short(&sha256_bytes(text.as_bytes())).to_owned())
}

/// Where months are put.
pub struct Places<'a> {
    pub warehouse: &'a Path,
    /// A file while it is written.
    pub beside: PathBuf,
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
    if let Some(file) = derived::find(places.warehouse, &model.name, &month, digest)
        && let Some(written) = output::read_back(&places.warehouse.join(&file))
    {
        return Ok(Month { file, written, is_new: false });
    }
    let reads = || model.query.reads.iter().map(|(name, _)| name.as_str());
    monthly.narrow(session, reads(), growth, number)?;
    let written = async {
        let frame = plan(session, &model.query).await?;
        let order = model.grain.iter().map(|column| ident(column).sort(true, true)).collect();
        let stream = frame.sort(order)?.execute_stream().await?;
        output::write_month(stream, &places.beside, &model.grain, &growth.column, &month).await
    };
    let written = written.await;
    monthly.register(session, reads())?;
    let written = written?;
    let file = derived::put(places.warehouse, &places.beside, (&model.name, &month, digest))?;
    Ok(Month { file, written, is_new: true })
}

/// An empty file that tells the columns of a model, where there is no month of it yet.
pub async fn write_form(session: &SessionContext, schema: &SchemaRef, path: &Path) -> Result<(), OutputError> {
    let stream = session.read_batch(RecordBatch::new_empty(schema.clone()))?.execute_stream().await?;
    output::write(stream, path, &[]).await.map(drop)
}

/// A row of another month, told where the model says which.
pub fn wrong_month(model: &Model, error: &OutputError) -> Diagnostic {
    Diagnostic::error("model-month", error.to_string()).at(Place::span(&model.query.source, 0..0)).hint(
        "a model that grows by month returns the rows of that month alone: add a condition, or take the month from core_month",
    )
}
