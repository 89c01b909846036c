//! The tables of a release as the engine finds them: each is opened when a query first names it, and kept. A question that
//! reads two tables does not wait for the hundred others.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use datafusion::arrow::array::{AsArray, TimestampMicrosecondArray};
use datafusion::arrow::datatypes::{DataType, SchemaRef, TimeUnit};
use datafusion::catalog::{SchemaProvider, TableProvider};
use datafusion::datasource::file_format::options::ReadOptions as _;
use datafusion::datasource::listing::ListingTableUrl;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{ColumnarValue, Volatility, cast, create_udf};
use datafusion::prelude::{Expr, ParquetReadOptions, SessionContext, ident};
use futures::future::BoxFuture;

use super::build::file_address;
use super::fault::Told;
use super::months::{self, ByMonth, MONTH_TABLE};
use super::pruned::Pruned;
use super::records;
use crate::diag::{Diagnostic, Place};
use crate::store::records::{REJECT, warehouse_of};
use crate::store::{Manifest, StoreError};

const OBSERVATION: &str = "core_observation";
/// The catalog and the schema that names without either stand for.
const PLACE: [&str; 2] = ["datafusion", "public"];

/// The tables of one release.
pub struct Catalog {
    release: PathBuf,
    manifest: Option<Manifest>,
    /// When a source file, by its sha256, was first released; microseconds.
    first_released: BTreeMap<String, i64>,
    /// All names, those of the tables that were opened each with its table.
    tables: Mutex<BTreeMap<String, Option<Arc<dyn TableProvider>>>>,
    /// Reads the columns of files.
    opener: SessionContext,
}

impl Catalog {
    /// Put the tables of a release before a session.
    ///
    /// # Errors
    /// The folder or its manifest cannot be read.
    pub fn install(
        session: &SessionContext,
        release: &Path,
        first_released: &BTreeMap<String, jiff::Timestamp>,
    ) -> Result<Arc<Catalog>, Diagnostic> {
        let manifest = Manifest::find(release)?;
        let mut tables = table_files(release)?;
        tables.extend(records::names().into_iter().map(str::to_owned));
        let catalog = Arc::new(Catalog {
            release: std::path::absolute(release).map_err(StoreError::io("find", release))?,
            manifest,
            first_released: first_released.iter().map(|(k, time)| (k.clone(), time.as_microsecond())).collect(),
            tables: Mutex::new(tables.into_iter().map(|name| (name, None)).collect()),
            opener: SessionContext::new_with_config_rt(session.copied_config(), session.runtime_env()),
        });
        let [name, schema] = PLACE;
        if let Some(known) = session.catalog(name) {
            let registered = known.register_schema(schema, Arc::clone(&catalog) as Arc<dyn SchemaProvider>);
            registered.map_err(|error| Diagnostic::error("sql", error.to_string()))?;
        }
        Ok(catalog)
    }

    fn tables(&self) -> MutexGuard<'_, BTreeMap<String, Option<Arc<dyn TableProvider>>>> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn open(&self, name: &str) -> Result<Arc<dyn TableProvider>> {
        let warehouse = warehouse_of(&self.release);
        let all_of = |table: Result<ByMonth, Diagnostic>| table.map_err(external)?.provider(|_| true);
        let by_month = |schema: SchemaRef| ByMonth::of_manifest(name, schema, &warehouse, self.manifest.as_ref());
        if name == MONTH_TABLE {
            return all_of(months::month_table(self.manifest.as_ref()));
        }
        if name == REJECT {
            return records::reject_table(&warehouse, self.manifest.as_ref()).map(|(table, _)| table).map_err(external);
        }
        if let Some((_, schema)) = records::by_month().into_iter().find(|(known, _)| *known == name) {
            return all_of(by_month(schema));
        }
        let path = self.release.join(format!("{name}.parquet"));
        std::fs::metadata(&path).map_err(|error| external(StoreError::io("read", &path)(error).into()))?;
        let url = ListingTableUrl::parse(file_address(&path))?;
        let state = self.opener.state();
        let options = ParquetReadOptions::default();
        let options = options.to_listing_options(state.config(), state.default_table_options());
        let schema = options.infer_schema(&state, &url).await.map_err(|error| unreadable(&error, &path))?;
        if self.manifest.iter().flat_map(|manifest| &manifest.derived).any(|derived| derived.table == name) {
            return all_of(by_month(schema));
        }
        let table: Arc<dyn TableProvider> = Arc::new(Pruned::new(schema, vec![(None, url)]));
        if name == OBSERVATION { self.with_released_at(table) } else { Ok(table) }
    }

    /// The observations as a view that knows when each source file was first released. The time is not in the Parquet file, so
    /// that the same input gives the same bytes whenever it is run. A function and not a join: it keeps the order of the rows.
    fn with_released_at(&self, observations: Arc<dyn TableProvider>) -> Result<Arc<dyn TableProvider>> {
        let time = DataType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into()));
        let (times, of_type) = (self.first_released.clone(), time.clone());
        let look_up = move |arguments: &[ColumnarValue]| {
            let digests = ColumnarValue::values_to_arrays(arguments)?;
            let digests = digests[0].as_string::<i32>().iter();
            let found: TimestampMicrosecondArray = digests.map(|digest| times.get(digest?).copied()).collect();
            Ok(ColumnarValue::Array(Arc::new(found.with_data_type(of_type.clone()))))
        };
        let text = vec![DataType::Utf8];
        let released_at = create_udf("released_at", text, time, Volatility::Immutable, Arc::new(look_up));
        let digest = cast(ident("source_sha256"), DataType::Utf8);
        let frame = self.opener.read_table(observations)?;
        // The order of the contract: the time stands behind the notes, and what came later behind it.
        let mut first: Vec<String> = frame.schema().fields().iter().map(|f| f.name().clone()).collect();
        let end = first.iter().position(|name| name == "notes").map_or(first.len(), |nth| nth + 1);
        let last = first.split_off(end);
        let time = released_at.call(vec![digest]).alias("released_at");
        let columns: Vec<Expr> =
            first.into_iter().map(ident).chain([time]).chain(last.into_iter().map(ident)).collect();
        Ok(frame.select(columns)?.into_view())
    }
}

impl fmt::Debug for Catalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Catalog").field("release", &self.release).finish_non_exhaustive()
    }
}

impl SchemaProvider for Catalog {
    fn table_names(&self) -> Vec<String> {
        self.tables().keys().cloned().collect()
    }

    // The engine's trait is of asynchronous functions, which are written out here.
    fn table<'a, 'n, 'o>(&'a self, name: &'n str) -> BoxFuture<'o, Result<Option<Arc<dyn TableProvider>>>>
    where
        'a: 'o,
        'n: 'o,
        Self: 'o,
    {
        Box::pin(async move {
            let known = self.tables().get(name).cloned();
            match known {
                None => Ok(None),
                Some(Some(table)) => Ok(Some(table)),
                Some(None) => {
                    let table = self.open(name).await?;
                    self.tables().insert(name.to_owned(), Some(Arc::clone(&table)));
                    Ok(Some(table))
                }
            }
        })
    }

    fn register_table(&self, name: String, table: Arc<dyn TableProvider>) -> Result<Option<Arc<dyn TableProvider>>> {
        Ok(self.tables().insert(name, Some(table)).flatten())
    }

    fn table_exist(&self, name: &str) -> bool {
        self.tables().contains_key(name)
    }
}

fn external(fault: Diagnostic) -> DataFusionError {
    DataFusionError::External(Box::new(Told(fault)))
}

fn unreadable(error: &DataFusionError, path: &Path) -> DataFusionError {
    let fault = Diagnostic::error("parquet", error.message().to_string());
    external(fault.at(Place::file(path.to_string_lossy().into_owned())))
}

/// The tables of a release; what ingest left for the models is not among them.
fn table_files(folder: &Path) -> Result<Vec<String>, Diagnostic> {
    let entries = std::fs::read_dir(folder).map_err(StoreError::io("open the release", folder))?;
    let tables = entries
        .filter_map(Result::ok)
        .filter_map(|entry| entry.file_name().to_string_lossy().strip_suffix(".parquet").map(str::to_owned))
        .filter(|name| !name.starts_with("stage_"));
    Ok(tables.collect())
}
