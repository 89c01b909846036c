//! Tables that lie by month: records as they were sent, and what is computed month by month. A query sees all months of
//! one as a table; a model that is built for a month sees those of its window.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, BooleanArray, RecordBatch, StringViewArray};
use datafusion::arrow::compute::{cast, filter_record_batch};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::{MemTable, TableProvider};
use datafusion::datasource::listing::ListingTableUrl;
use datafusion::error::Result;
use datafusion::prelude::SessionContext;

use super::build::file_address;
use super::model::Growth;
use super::pruned::Pruned;
use super::records;
use crate::diag::{Diagnostic, Place};
use crate::store::records::{month_number, month_text};
use crate::store::release::MANIFEST;
use crate::store::{Manifest, StoreError};

/// The table of the months themselves.
pub const MONTH_TABLE: &str = "core_month";

/// What [`MONTH_TABLE`] is, for those who ask.
pub const MONTH_DOC: &str = "The months from the first to the last that any record table has, without gaps; in a model that \
                             is built month by month the month being built";

/// The tables of a release that lie by month.
#[derive(Default)]
pub struct Monthly {
    tables: BTreeMap<String, ByMonth>,
    /// All of which a model is built for; counted from the year 0.
    pub months: Vec<u32>,
}

/// One table.
pub struct ByMonth {
    pub schema: SchemaRef,
    parts: BTreeMap<u32, Vec<Part>>,
}

/// Rows of a month.
enum Part {
    /// `told`: what its content follows from, or is.
    File {
        path: PathBuf,
        told: String,
    },
    Rows(RecordBatch),
}

impl ByMonth {
    pub fn empty(schema: SchemaRef) -> ByMonth {
        ByMonth { schema, parts: BTreeMap::new() }
    }

    /// Add a file, by its name below the warehouse; two that are told alike hold the same rows.
    pub fn add_file(&mut self, month: u32, warehouse: &Path, name: &str, told: &str) {
        self.parts.entry(month).or_default().push(Part::File { path: warehouse.join(name), told: told.to_owned() });
    }

    pub fn add_rows(&mut self, month: u32, rows: RecordBatch) {
        self.parts.entry(month).or_default().push(Part::Rows(rows));
    }

    /// Rows given at once, each put to the month that the column names.
    pub fn of_rows(rows: &RecordBatch, column: &str) -> Result<ByMonth> {
        let mut table = ByMonth::empty(rows.schema());
        let texts = rows.column_by_name(column).map(|texts| cast(texts, &DataType::Utf8View)).transpose()?;
        let Some(texts) = texts.as_ref().and_then(|texts| texts.as_any().downcast_ref::<StringViewArray>()) else {
            return Ok(table);
        };
        let mut months: Vec<&str> = texts.iter().flatten().collect();
        months.sort_unstable();
        months.dedup();
        for month in months {
            let Some(number) = month_number(month) else { continue };
            let of_month: BooleanArray = texts.iter().map(|text| Some(text == Some(month))).collect();
            table.parts.entry(number).or_default().push(Part::Rows(filter_record_batch(rows, &of_month)?));
        }
        Ok(table)
    }

    /// A row for each month.
    fn of_months(months: &[u32]) -> ByMonth {
        let schema = Arc::new(Schema::new(vec![Field::new("month", DataType::Utf8View, false)]));
        let mut table = ByMonth::empty(schema.clone());
        for month in months {
            let text: ArrayRef = Arc::new(StringViewArray::from(vec![month_text(*month)]));
            if let Ok(row) = RecordBatch::try_new(schema.clone(), vec![text]) {
                table.add_rows(*month, row);
            }
        }
        table
    }

    fn within(&self, wanted: impl Fn(u32) -> bool) -> impl Iterator<Item = (u32, &Part)> {
        let months = self.parts.iter().filter(move |(month, _)| wanted(**month));
        months.flat_map(|(month, parts)| parts.iter().map(|part| (*month, part)))
    }

    /// The rows of these months as a table of the engine.
    pub fn provider(&self, wanted: impl Fn(u32) -> bool) -> Result<Arc<dyn TableProvider>> {
        let (mut urls, mut batches) = (Vec::new(), Vec::new());
        for (month, part) in self.within(wanted) {
            match part {
                Part::File { path, .. } => {
                    urls.push((Some(month), ListingTableUrl::parse(file_address(&std::path::absolute(path)?))?))
                }
                Part::Rows(rows) => batches.push(rows.clone()),
            }
        }
        if !batches.is_empty() {
            return Ok(Arc::new(MemTable::try_new(self.schema.clone(), vec![batches])?));
        }
        Ok(Arc::new(Pruned::new(self.schema.clone(), urls)))
    }

    /// The parts of a table that a manifest names, by month: records as they were sent, and what was computed.
    ///
    /// # Errors
    /// A file that the manifest names is missing.
    pub fn of_manifest(
        name: &str,
        schema: SchemaRef,
        warehouse: &Path,
        manifest: Option<&Manifest>,
    ) -> Result<ByMonth, Diagnostic> {
        let mut table = ByMonth::empty(schema);
        for (of_month, file) in manifest.iter().flat_map(|manifest| parts(manifest, name)) {
            there(&warehouse.join(file))?;
            table.add_file(month(of_month)?, warehouse, file, file);
        }
        Ok(table)
    }
}

/// Month and file of all parts of a table.
fn parts<'a>(manifest: &'a Manifest, name: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    let sent = manifest.submissions.iter().filter(move |submission| submission.table == name);
    let sent = sent.flat_map(|submission| submission.parts.iter().map(|part| (part.month.as_str(), part.in_force().0)));
    let computed = manifest.derived.iter().filter(move |derived| derived.table == name);
    sent.chain(computed.map(|derived| (derived.month.as_str(), derived.file.as_str())))
}

/// The table of the months from the first to the last that a manifest names.
///
/// # Errors
/// A part of it is of no month.
pub fn month_table(manifest: Option<&Manifest>) -> Result<ByMonth, Diagnostic> {
    let sent = manifest.iter().flat_map(|m| &m.submissions).flat_map(|s| &s.parts).map(|part| &part.month);
    let all = sent.chain(manifest.iter().flat_map(|m| &m.derived).map(|derived| &derived.month));
    let all: Vec<u32> = all.map(|text| month(text)).collect::<Result<_, _>>()?;
    Ok(ByMonth::of_months(&span(all)))
}

/// All months from the first to the last of these.
fn span(months: impl IntoIterator<Item = u32>) -> Vec<u32> {
    let ends = months.into_iter().fold(None, |ends: Option<(u32, u32)>, month| {
        Some(ends.map_or((month, month), |(first, last)| (first.min(month), last.max(month))))
    });
    ends.map_or(Vec::new(), |(first, last)| (first..=last).collect())
}

impl Monthly {
    /// The record tables of a release, or of one being made, and what it has computed month by month. The tables of its
    /// folder are known to the session: those that lie by month have an empty one there, which tells their columns.
    ///
    /// # Errors
    /// A file that the manifest names is missing.
    pub async fn of_release(
        session: &SessionContext,
        warehouse: &Path,
        manifest: Option<&Manifest>,
    ) -> Result<Monthly, Diagnostic> {
        let mut monthly = Monthly::default();
        let mut tables: Vec<(String, SchemaRef)> = Vec::new();
        tables.extend(records::by_month().into_iter().map(|(name, schema)| (name.to_owned(), schema)));
        let computed: BTreeSet<&str> = manifest.iter().flat_map(|m| &m.derived).map(|d| d.table.as_str()).collect();
        for name in computed {
            let known = session.table(name).await;
            let known = known.map_err(|error| Diagnostic::error("sql", error.message().to_string()))?;
            tables.push((name.to_owned(), Arc::new(known.schema().as_arrow().clone())));
        }
        for (name, schema) in tables {
            let table = ByMonth::of_manifest(&name, schema, warehouse, manifest)?;
            monthly.tables.insert(name, table);
        }
        monthly.span();
        Ok(monthly)
    }

    /// Make the table of months span what there is.
    pub fn span(&mut self) {
        let of = |table: &ByMonth| Some([*table.parts.first_key_value()?.0, *table.parts.last_key_value()?.0]);
        self.months = span(self.tables.values().filter_map(of).flatten());
        self.tables.insert(MONTH_TABLE.to_owned(), ByMonth::of_months(&self.months));
    }

    pub fn insert(&mut self, name: &str, table: ByMonth) {
        self.tables.insert(name.to_owned(), table);
    }

    pub fn get_mut(&mut self, name: &str) -> Option<&mut ByMonth> {
        self.tables.get_mut(name)
    }

    pub fn contains(&self, name: &str) -> bool {
        self.tables.contains_key(name)
    }

    /// Make all months of these tables known to a session, in the place of what it knew by their names.
    ///
    /// # Errors
    /// The engine refuses a table.
    pub fn register<'a>(&self, session: &SessionContext, names: impl IntoIterator<Item = &'a str>) -> Result<()> {
        self.put(session, names, |_, _| true)
    }

    /// The same for all tables.
    ///
    /// # Errors
    /// As [`Monthly::register`].
    pub fn register_all(&self, session: &SessionContext) -> Result<()> {
        self.register(session, self.tables.keys().map(String::as_str))
    }

    /// Make the months known that a model reads when it is built for a month.
    ///
    /// # Errors
    /// As [`Monthly::register`].
    pub fn narrow<'a>(
        &self,
        session: &SessionContext,
        names: impl IntoIterator<Item = &'a str>,
        growth: &Growth,
        month: u32,
    ) -> Result<()> {
        self.put(session, names, |name, read| growth.window(name).holds(month, read))
    }

    fn put<'a>(
        &self,
        session: &SessionContext,
        names: impl IntoIterator<Item = &'a str>,
        wanted: impl Fn(&str, u32) -> bool,
    ) -> Result<()> {
        for name in names {
            let Some(table) = self.tables.get(name) else { continue };
            session.deregister_table(name)?;
            session.register_table(name, table.provider(|month| wanted(name, month))?)?;
        }
        Ok(())
    }

    /// What a model reads of a table when it is built for a month, by month and file.
    pub fn told(&self, name: &str, growth: &Growth, month: u32) -> Vec<String> {
        let Some(table) = self.tables.get(name) else { return Vec::new() };
        let of = |(month, part): (u32, &Part)| match part {
            Part::File { told, .. } => format!("{} {told}", month_text(month)),
            Part::Rows(_) => month_text(month),
        };
        let window = growth.window(name);
        let mut told: Vec<String> = table.within(|read| window.holds(month, read)).map(of).collect();
        told.sort();
        told
    }
}

fn month(text: &str) -> Result<u32, Diagnostic> {
    let fault = || Diagnostic::error("manifest", format!("\"{text}\" is no month")).at(Place::file(MANIFEST));
    month_number(text).ok_or_else(fault)
}

/// DataFusion takes a missing file for an empty listing.
pub fn there(path: &Path) -> Result<(), Diagnostic> {
    std::fs::metadata(path).map(drop).map_err(|error| {
        Diagnostic::from(StoreError::io("read", path)(error)).at(Place::file(path.display().to_string())).hint(
            "the release consists of this file: restore it, or take the extracts in anew with `shebao run --force`",
        )
    })
}
