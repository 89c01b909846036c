//! What several ways through a plan ask alike, asked once: its rows are kept where they are few, and stand in the further
//! queries as a table. Otherwise every way would plan and run again what lies below it.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::compute::concat_batches;
use datafusion::arrow::datatypes::{Field, Schema};
use datafusion::common::tree_node::{Transformed, TreeNode as _};
use datafusion::common::{Column, Result};
use datafusion::datasource::{MemTable, provider_as_source};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, Projection};
use datafusion::prelude::SessionContext;
use futures::TryStreamExt as _;

use super::wanted::{Named, PARTNER, each_table};
use crate::domain::record_table;
use crate::warehouse::session::Engine;

/// Rows are kept up to this size; larger ones are asked for anew by each query, which streams.
const KEPT_BYTES: usize = 64 << 20;

/// Runs queries, and keeps what is small.
pub struct Once<'a> {
    engine: &'a Engine,
    session: &'a SessionContext,
    /// Stands in the names of its tables, so that those of two never meet.
    tag: &'static str,
    known: HashMap<LogicalPlan, Kept>,
    names: usize,
}

/// A query that was asked.
#[derive(Clone)]
pub struct Kept {
    /// Tells queries apart: equal ones have the same.
    pub number: usize,
    /// Its rows as a table, or the query itself where they are too many.
    pub plan: LogicalPlan,
    /// None where they are too many.
    pub rows: Option<RecordBatch>,
}

impl<'a> Once<'a> {
    pub fn new(engine: &'a Engine, session: &'a SessionContext, tag: &'static str) -> Once<'a> {
        Once { engine, session, tag, known: HashMap::new(), names: 0 }
    }

    pub fn session(&self) -> &'a SessionContext {
        self.session
    }

    /// All rows of a query, which are not kept.
    pub fn collect(&mut self, plan: LogicalPlan) -> Result<RecordBatch> {
        let plan = self.lean(plan)?;
        super::behind::collected(self.engine, self.session, plan)
    }

    /// A query with its rows, where they are few.
    pub fn kept(&mut self, plan: &LogicalPlan) -> Result<Kept> {
        if let Some(known) = self.known.get(plan) {
            return Ok(known.clone());
        }
        let number = self.known.len();
        let asked = self.lean_below(plan.clone())?;
        let rows = self.few(asked.clone())?;
        let plan_of_rows = match &rows {
            Some(rows) => table(&format!("{PARTNER}kept{}{number}", self.tag), plan, rows)?,
            None => asked,
        };
        let kept = Kept { number, plan: plan_of_rows, rows };
        self.known.insert(plan.clone(), kept.clone());
        Ok(kept)
    }

    /// Some expressions over a query, each row of them once, under a name that nothing else has; none where there are no rows.
    pub fn named(&mut self, plan: LogicalPlan, exprs: &[Expr]) -> Result<Option<Named>> {
        let name = |nth: usize| format!("c{nth}");
        let aliased = exprs.iter().enumerate().map(|(nth, expr)| expr.clone().alias(name(nth)));
        let plan = LogicalPlanBuilder::from(plan).project(aliased.collect::<Vec<_>>())?.distinct()?.build()?;
        let Kept { number, plan, rows } = self.kept(&plan)?;
        if rows.is_some_and(|rows| rows.num_rows() == 0) {
            return Ok(None);
        }
        self.names += 1;
        let alias = format!("{PARTNER}{}{}", self.tag, self.names);
        let plan = LogicalPlanBuilder::from(plan).alias(alias.as_str())?.build()?;
        let columns = (0..exprs.len()).map(|nth| Expr::Column(Column::new(Some(alias.as_str()), name(nth)))).collect();
        Ok(Some(Named { name: alias, plan, columns, number }))
    }

    fn few(&self, plan: LogicalPlan) -> Result<Option<RecordBatch>> {
        let session = self.session;
        self.engine.block_on(async move {
            let frame = session.execute_logical_plan(plan).await?;
            let schema = Arc::new(frame.schema().as_arrow().clone());
            let mut stream = frame.execute_stream().await?;
            let (mut batches, mut bytes) = (Vec::new(), 0);
            while let Some(batch) = stream.try_next().await? {
                bytes += batch.get_array_memory_size();
                if bytes > KEPT_BYTES {
                    return Ok(None);
                }
                batches.push(batch);
            }
            Ok(Some(concat_batches(&schema, &batches)?))
        })
    }

    /// The same plan with groups that are known already, or can be, as tables. What is made of records themselves is left as
    /// it is: there conditions from above spare most of the work.
    fn lean(&mut self, plan: LogicalPlan) -> Result<LogicalPlan> {
        if matches!(plan, LogicalPlan::Aggregate(_)) {
            let mut of_records = false;
            each_table(&plan, &mut |table| of_records |= record_table(table).is_some());
            if !of_records {
                return Ok(self.kept(&plan)?.plan);
            }
        }
        self.lean_below(plan)
    }

    fn lean_below(&mut self, plan: LogicalPlan) -> Result<LogicalPlan> {
        Ok(plan.map_children(|child| Ok(Transformed::yes(self.lean(child)?)))?.data)
    }
}

/// Rows under the names of the query that they came of.
fn table(name: &str, plan: &LogicalPlan, rows: &RecordBatch) -> Result<LogicalPlan> {
    let fields = rows.schema();
    let fields = fields.fields().iter().enumerate();
    let fields = fields.map(|(nth, field)| Field::new(format!("c{nth}"), field.data_type().clone(), true));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let rows = RecordBatch::try_new(schema.clone(), rows.columns().to_vec())?;
    let provider = provider_as_source(Arc::new(MemTable::try_new(schema, vec![vec![rows]])?));
    let scan = LogicalPlanBuilder::scan(name, provider, None)?.build()?;
    let named = plan.schema().iter().enumerate().map(|(nth, (of, field))| {
        let column = Expr::Column(Column::new(Some(name), format!("c{nth}")));
        column.alias_qualified(of.cloned(), field.name())
    });
    Ok(LogicalPlan::Projection(Projection::try_new(named.collect(), Arc::new(scan))?))
}
