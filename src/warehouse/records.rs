//! The record tables: their columns as SQL sees them, and the table of what was set aside.

use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::datasource::listing::ListingTableUrl;
use datafusion::error::DataFusionError;
use datafusion::prelude::SessionContext;

use super::build::file_address;
use super::months::{self, MONTH_TABLE, Monthly};
use super::pruned::Pruned;
use crate::diag::Diagnostic;
use crate::domain::record::SUBMISSION;
use crate::domain::{RECORD_TABLES, RecordKind};
use crate::store::schema::{self, Kind};
use crate::store::{Manifest, StoreError, records};

/// The tables that are made of records, and that of what was set aside, with their columns.
pub fn tables() -> Vec<(&'static str, SchemaRef)> {
    let mut tables = by_month();
    tables.push((records::REJECT, rejects()));
    tables
}

/// The names of all tables that a release has beside those of its folder.
pub fn names() -> Vec<&'static str> {
    tables().into_iter().map(|(name, _)| name).chain([MONTH_TABLE]).collect()
}

/// Those that lie by month.
pub fn names_by_month() -> Vec<&'static str> {
    by_month().into_iter().map(|(name, _)| name).chain([MONTH_TABLE]).collect()
}

/// The tables that are made of records, which lie by month.
pub fn by_month() -> Vec<(&'static str, SchemaRef)> {
    let of_records = RECORD_TABLES.iter().map(|table| {
        let columns = table.columns.iter().map(|c| Field::new(c.name, data_type(c.kind), c.optional));
        let submission = Field::new(SUBMISSION, DataType::Utf8View, false);
        (table.name, Arc::new(Schema::new(columns.chain([submission]).collect::<Vec<_>>())))
    });
    of_records.collect()
}

fn rejects() -> SchemaRef {
    let columns = schema::REJECT.columns.iter().map(|(name, kind)| {
        let kind = if *kind == Kind::Integer { DataType::Int32 } else { DataType::Utf8View };
        Field::new(*name, kind, true)
    });
    Arc::new(Schema::new(columns.collect::<Vec<_>>()))
}

fn data_type(kind: RecordKind) -> DataType {
    match kind {
        RecordKind::Yuan => DataType::Decimal128(18, 2),
        RecordKind::Count => DataType::Int64,
        RecordKind::Date => DataType::Date32,
        _ => DataType::Utf8View,
    }
}

/// What a session knows of a release beside the tables of its folder.
pub struct Registered {
    pub monthly: Monthly,
    /// What the table of rejects is made of.
    pub rejects: String,
}

/// Make the tables known to a session that a release, or one being made, has outside its folder: its records, what was
/// computed month by month, and what was set aside. The tables of its folder are known already.
///
/// # Errors
/// The manifest cannot be read, or a file that it names is missing.
pub async fn register(session: &SessionContext, release: &Path) -> Result<Registered, Diagnostic> {
    let sql = |error: DataFusionError| Diagnostic::error("sql", error.message().to_string());
    let manifest = Manifest::find(release)?;
    let warehouse = records::warehouse_of(release);
    let monthly = Monthly::of_release(session, &warehouse, manifest.as_ref()).await?;
    monthly.register_all(session).map_err(sql)?;
    let (provider, rejects) = reject_table(&warehouse, manifest.as_ref())?;
    session.register_table(records::REJECT, provider).map_err(sql)?;
    Ok(Registered { monthly, rejects })
}

/// What was set aside of the extracts that a manifest names, and what the table is made of.
///
/// # Errors
/// A file that the manifest names is missing.
pub fn reject_table(
    warehouse: &Path,
    manifest: Option<&Manifest>,
) -> Result<(Arc<dyn TableProvider>, String), Diagnostic> {
    let files = manifest.iter().flat_map(|m| m.submissions.iter().filter_map(|s| s.rejects.as_deref()));
    let (mut urls, mut told) = (Vec::new(), Vec::new());
    for path in files.inspect(|file| told.push((*file).to_owned())).map(|file| warehouse.join(file)) {
        months::there(&path)?;
        let whole = std::path::absolute(&path).map_err(StoreError::io("find", &path))?;
        let url = ListingTableUrl::parse(file_address(&whole));
        urls.push((None, url.map_err(|error| Diagnostic::error("sql", error.message().to_string()))?));
    }
    Ok((Arc::new(Pruned::new(rejects(), urls)), told.join("\n")))
}
