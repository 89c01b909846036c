//! The record tables of a release: many files by month, each table one name. A table nobody sent anything of is empty.

use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::datasource::empty::EmptyTable;
use datafusion::error::DataFusionError;
use datafusion::prelude::{ParquetReadOptions, SessionContext};

use super::build::file_address;
use crate::diag::{Diagnostic, Place};
use crate::domain::record::SUBMISSION;
use crate::domain::{RECORD_TABLES, RecordKind};
use crate::store::release::MANIFEST;
use crate::store::schema::{self, Kind};
use crate::store::{Manifest, StoreError, records};

/// The tables that are made of records, and that of what was set aside, with their columns.
pub fn tables() -> Vec<(&'static str, SchemaRef)> {
    let of_records = RECORD_TABLES.iter().map(|table| {
        let columns = table.columns.iter().map(|c| Field::new(c.name, data_type(c.kind), c.optional));
        let submission = Field::new(SUBMISSION, DataType::Utf8View, false);
        (table.name, Schema::new(columns.chain([submission]).collect::<Vec<_>>()))
    });
    let reject = schema::REJECT.columns.iter().map(|(name, kind)| {
        let kind = if *kind == Kind::Integer { DataType::Int32 } else { DataType::Utf8View };
        Field::new(*name, kind, true)
    });
    let reject = (records::REJECT, Schema::new(reject.collect::<Vec<_>>()));
    of_records.chain([reject]).map(|(name, schema)| (name, Arc::new(schema))).collect()
}

fn data_type(kind: RecordKind) -> DataType {
    match kind {
        RecordKind::Yuan => DataType::Decimal128(18, 2),
        RecordKind::Count => DataType::Int64,
        RecordKind::Date => DataType::Date32,
        _ => DataType::Utf8View,
    }
}

/// Make the record tables of a release, or of one being made, known to a session.
///
/// # Errors
/// The manifest cannot be read, or a file that it names is missing.
pub async fn register(session: &SessionContext, release: &Path) -> Result<(), Diagnostic> {
    let manifest = release.join(MANIFEST).is_file().then(|| Manifest::read(release)).transpose()?;
    let warehouse = records::warehouse_of(release);
    let sql = |error: DataFusionError| Diagnostic::error("sql", error.message().to_string());
    for (name, schema) in tables() {
        let files = manifest.as_ref().and_then(|m| m.record_files().remove(name)).unwrap_or_default();
        if files.is_empty() {
            session.register_table(name, Arc::new(EmptyTable::new(schema))).map_err(sql)?;
            continue;
        }
        let mut addresses = Vec::with_capacity(files.len());
        for file in files {
            let path = warehouse.join(file);
            // DataFusion takes a missing file for an empty listing.
            std::fs::metadata(&path).map_err(|error| missing(&path, error))?;
            let whole = std::path::absolute(&path).map_err(StoreError::io("find", &path))?;
            addresses.push(file_address(&whole));
        }
        let options = ParquetReadOptions::default().schema(&schema);
        let frame = session.read_parquet(addresses, options).await.map_err(sql)?;
        session.register_table(name, frame.into_view()).map_err(sql)?;
    }
    Ok(())
}

fn missing(path: &Path, error: std::io::Error) -> Diagnostic {
    Diagnostic::from(StoreError::io("read", path)(error))
        .at(Place::file(path.display().to_string()))
        .hint("the release consists of this file: restore it, or take the extracts in anew with `shebao run --force`")
}
