//! The table that one node is given to the engine with.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, UInt32Array};
use datafusion::arrow::datatypes::{Field, Schema};
use datafusion::catalog::TableProvider;
use datafusion::common::{Column, Result};
use datafusion::datasource::{MemTable, provider_as_source};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};

use super::run::all_rows;

/// A table for the engine: the columns that one node reads, named by their place, and the row's number.
pub struct Local {
    pub prefix: &'static str,
    rows: usize,
    names: Vec<String>,
    pub columns: Vec<ArrayRef>,
    /// The same expression is the same column: windows with one order must be seen to have one.
    pub known: HashMap<Expr, Expr>,
}

impl Local {
    pub fn new(prefix: &'static str, number: Option<&str>, rows: usize) -> Local {
        let mut local = Local { prefix, rows, names: Vec::new(), columns: Vec::new(), known: HashMap::new() };
        // A table needs a column for its rows to be counted.
        local.names.push(number.unwrap_or("number").to_owned());
        local.columns.push(Arc::new(UInt32Array::from(all_rows(rows))));
        local
    }

    pub fn push(&mut self, column: ArrayRef) -> Expr {
        let name = format!("{}{}", self.prefix, self.names.len());
        self.names.push(name.clone());
        self.columns.push(column);
        Expr::Column(Column::from_name(name))
    }

    pub fn scan(self) -> Result<Arc<LogicalPlan>> {
        let fields = self.names.iter().zip(&self.columns);
        let fields: Vec<Field> =
            fields.map(|(name, column)| Field::new(name, column.data_type().clone(), true)).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows));
        let rows = RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), self.columns, &options)?;
        let provider: Arc<dyn TableProvider> = Arc::new(MemTable::try_new(rows.schema(), vec![vec![rows]])?);
        Ok(Arc::new(LogicalPlanBuilder::scan(self.prefix, provider_as_source(provider), None)?.build()?))
    }
}
