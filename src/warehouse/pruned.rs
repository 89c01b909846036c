//! A table in files by month as the engine sees it: a query for some months opens the files of those alone.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::arrow::array::{Array as _, ArrayRef, BooleanArray, StringArray};
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
        let ([column], Some(filter)) = (held.as_slice(), conjunction(filters.to_vec())) else { return Ok(all()) };
        let schema = DFSchema::try_from(Arc::clone(&self.schema))?;
        let condition = session.create_physical_expr(filter, &schema)?;
        let builder = PruningPredicateBuilder::new().with_file_schema(Arc::clone(&self.schema));
        let Some(predicate) = builder.build(condition) else { return Ok(all()) };
        let months: StringArray = self.files.iter().map(|(month, _)| month.map(month_text)).collect();
        let wanted = predicate.prune(&Months { column, months })?;
        Ok(self.files.iter().zip(wanted).filter(|(_, wanted)| *wanted).map(|((_, url), _)| url.clone()).collect())
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
