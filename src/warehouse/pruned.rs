//! A table in files by month as the engine sees it: a query for some months opens the files of those alone.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::arrow::array::{Array as _, ArrayRef, AsArray as _, BooleanArray, RecordBatch, StringArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::{Column, DFSchema, ScalarValue};
use datafusion::datasource::file_format::options::ReadOptions as _;
use datafusion::datasource::listing::{ListingTable, ListingTableConfig, ListingTableUrl};
use datafusion::error::Result;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::prelude::ParquetReadOptions;
use futures::future::BoxFuture;

use super::model::MONTHS;
use crate::store::records::month_text;

/// Files as one table, their rows in the order of their names.
#[derive(Debug)]
pub struct Pruned {
    schema: SchemaRef,
    /// Each with the month that all its rows are of, where they are of one.
    files: Vec<(Option<u32>, ListingTableUrl)>,
}

impl Pruned {
    pub fn new(schema: SchemaRef, files: Vec<(Option<u32>, ListingTableUrl)>) -> Pruned {
        Pruned { schema, files }
    }

    /// The files that may hold rows for which all of these conditions are true.
    fn wanted(&self, session: &dyn Session, filters: &[Expr]) -> Result<Vec<ListingTableUrl>> {
        let all = || self.files.iter().map(|(_, url)| url.clone()).collect();
        let held = MONTHS.into_iter().filter(|name| self.schema.column_with_name(name).is_some()).collect::<Vec<_>>();
        let [column] = held.as_slice() else { return Ok(all()) };
        let (of_month, others): (Vec<Expr>, Vec<Expr>) = filters.iter().cloned().partition(|filter| {
            let columns = filter.column_refs();
            !filter.is_volatile() && !columns.is_empty() && columns.iter().all(|read| read.name == *column)
        });
        let fits = self.fitting(session, column, of_month)?;
        let wanted = self.perhaps(session, column, others)?;
        let files = self.files.iter().zip(fits.into_iter().zip(wanted));
        Ok(files.filter(|(_, (fits, wanted))| *fits && *wanted).map(|((_, url), _)| url.clone()).collect())
    }

    /// For each file whether its month fits conditions that look at nothing else: whatever these are, the month answers them.
    fn fitting(&self, session: &dyn Session, column: &str, filters: Vec<Expr>) -> Result<Vec<bool>> {
        let every = || vec![true; self.files.len()];
        let Some(filter) = conjunction(filters) else { return Ok(every()) };
        let schema = Arc::new(self.schema.project(&[self.schema.index_of(column)?])?);
        let condition = session.create_physical_expr(filter, &DFSchema::try_from(Arc::clone(&schema))?)?;
        let texts: StringArray = self.files.iter().filter_map(|(month, _)| Some(Some(month_text((*month)?)))).collect();
        let months = RecordBatch::try_new(Arc::clone(&schema), vec![cast(&texts, schema.field(0).data_type())?])?;
        // What fails here is told when there are rows for which it fails.
        let Ok(fits) = condition.evaluate(&months).and_then(|fits| fits.into_array(months.num_rows())) else {
            return Ok(every());
        };
        let Some(fits) = fits.as_boolean_opt() else { return Ok(every()) };
        let mut fits = fits.iter().map(|fits| fits == Some(true));
        // A file of several periods may hold any.
        Ok(self.files.iter().map(|(month, _)| month.is_none() || fits.next() == Some(true)).collect())
    }

    /// For each file whether rows of its month may be such that conditions on several columns are true.
    fn perhaps(&self, session: &dyn Session, column: &str, filters: Vec<Expr>) -> Result<Vec<bool>> {
        let every = || vec![true; self.files.len()];
        let Some(filter) = conjunction(filters) else { return Ok(every()) };
        let schema = DFSchema::try_from(Arc::clone(&self.schema))?;
        let condition = session.create_physical_expr(filter, &schema)?;
        let builder = PruningPredicateBuilder::new().with_file_schema(Arc::clone(&self.schema));
        let Some(predicate) = builder.build(condition) else { return Ok(every()) };
        let months: StringArray = self.files.iter().map(|(month, _)| month.map(month_text)).collect();
        predicate.prune(&Months { column, months })
    }
}

/// What is known of the rows of each file: their month.
struct Months<'a> {
    column: &'a str,
    months: StringArray,
}

impl PruningStatistics for Months<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        (column.name == self.column).then(|| Arc::new(self.months.clone()) as ArrayRef)
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        self.min_values(column)
    }

    fn num_containers(&self) -> usize {
        self.months.len()
    }

    fn null_counts(&self, _: &Column) -> Option<ArrayRef> {
        None
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        None
    }

    fn contained(&self, _: &Column, _: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        None
    }
}

// The engine's trait is of asynchronous functions, which are written out here.
impl TableProvider for Pruned {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    fn scan<'a, 's, 'p, 'f, 'o>(
        &'a self,
        session: &'s dyn Session,
        projection: Option<&'p Vec<usize>>,
        filters: &'f [Expr],
        limit: Option<usize>,
    ) -> BoxFuture<'o, Result<Arc<dyn ExecutionPlan>>>
    where
        'a: 'o,
        's: 'o,
        'p: 'o,
        'f: 'o,
        Self: 'o,
    {
        Box::pin(async move {
            let urls = self.wanted(session, filters)?;
            if urls.is_empty() {
                let schema = match projection {
                    Some(columns) => Arc::new(self.schema.project(columns)?),
                    None => Arc::clone(&self.schema),
                };
                return Ok(Arc::new(EmptyExec::new(schema)) as Arc<dyn ExecutionPlan>);
            }
            let options = ParquetReadOptions::default();
            let options = options.to_listing_options(session.config(), session.table_options().clone());
            let config = ListingTableConfig::new_with_multi_paths(urls).with_listing_options(options);
            let table = ListingTable::try_new(config.with_schema(Arc::clone(&self.schema)))?;
            let table = table.with_cache(session.runtime_env().cache_manager.get_file_statistic_cache());
            table.scan(session, projection, filters, limit).await
        })
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::datatypes::{DataType, Field, Schema};
    use datafusion::logical_expr::{col, lit};

    use super::*;
    use crate::warehouse::session;

    #[test]
    fn files_are_opened_for_the_months_that_a_question_names() {
        let fields = ["period", "region"].map(|name| Field::new(name, DataType::Utf8View, true));
        let url = |name: &str| ListingTableUrl::parse(format!("file:///{name}.parquet")).unwrap();
        let months = [Some(2025 * 12), Some(2025 * 12 + 1), Some(2026 * 12), None];
        let files = months.iter().map(|month| (*month, url(&month.map_or("rest".to_owned(), month_text)))).collect();
        let table = Pruned::new(Arc::new(Schema::new(fields.to_vec())), files);
        let session = session::parallel().unwrap();
        let check = |filters: &[Expr], expected: &[&str]| {
            let wanted = table.wanted(&session.state(), filters).unwrap();
            let names: Vec<&str> = wanted.iter().map(|url| url.prefix().filename().unwrap()).collect();
            let expected: Vec<String> = expected.iter().map(|name| format!("{name}.parquet")).collect();
            assert_eq!(names, expected, "{filters:?}");
        };
        let (period, region) = (|| col("period"), || col("region"));
        check(&[], &["2025-01", "2025-02", "2026-01", "rest"]);
        check(&[period().eq(lit("2025-02"))], &["2025-02", "rest"]);
        // What no range answers: years alone, and months of any year.
        check(&[period().like(lit("____"))], &["rest"]);
        check(&[period().like(lit("%-01")), region().eq(lit("530402"))], &["2025-01", "2026-01", "rest"]);
        check(&[period().lt(lit("2025-02")).or(region().eq(period()))], &["2025-01", "2025-02", "2026-01", "rest"]);
        check(
            &[period().gt(lit("2025-01")).and(region().is_null()).or(period().eq(lit("2025")))],
            &["2025-02", "2026-01", "rest"],
        );
    }
}
