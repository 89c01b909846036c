//! The way forward through tables of records: which of the rows that are counted from them a file, or a row of another table,
//! has a part in. Each query is asked for the rows that some changed row of its inputs leads to; the rows that records lead to
//! are kept by what tells them apart, table by table and month by month.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::arrow::array::{RecordBatch, UInt32Array};
use datafusion::arrow::compute::{concat_batches, take_record_batch};
use datafusion::common::{Column, JoinType, Result};
use datafusion::datasource::{MemTable, provider_as_source};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::expr::BinaryExpr;
use datafusion::logical_expr::{Expr, Join, LogicalPlan, LogicalPlanBuilder, Operator, Projection, lit};

use super::behind::collected;
use super::follow::Provenance;
use super::rule::window_function;
use super::wanted::each_table;
use crate::diag::Diagnostic;
use crate::domain::record::SUBMISSION;
use crate::store::records::month_number;
use crate::warehouse::fault;
use crate::warehouse::model::Model;
use crate::warehouse::rows::scalar;

/// What changed in a table.
enum Changed {
    /// The records of some submissions, by month.
    Records { submissions: Vec<String>, months: BTreeSet<u32> },
    /// Some rows, by what tells them apart, and their months where the table lies by month.
    Rows { keys: RecordBatch, months: Option<BTreeSet<u32>> },
}

impl Provenance {
    /// The rows counted from records that depend on some files, or on some rows of tables that are no records.
    ///
    /// # Errors
    /// A table cannot be read.
    pub fn affected(
        &mut self,
        file: Option<&str>,
        rows: &BTreeSet<(String, usize)>,
    ) -> Result<BTreeSet<(String, usize)>, Vec<Diagnostic>> {
        let mut changed: BTreeMap<String, Changed> = BTreeMap::new();
        let of_file = self.submissions.values().filter(|submission| Some(submission.source_file.as_str()) == file);
        for submission in of_file {
            let known = changed.entry(submission.table.clone());
            let known = known.or_insert(Changed::Records { submissions: Vec::new(), months: BTreeSet::new() });
            if let Changed::Records { submissions, months } = known {
                submissions.push(submission.id.clone());
                months.extend(submission.parts.iter().filter_map(|part| month_number(&part.month)));
            }
        }
        self.rows_given(rows, &mut changed).map_err(|fault| vec![fault])?;
        let mut waiting: Vec<Model> = self.models().into_iter().filter(|model| self.is_counted(&model.name)).collect();
        let mut found = BTreeSet::new();
        while !waiting.is_empty() {
            // Those first of which no input is still to be looked at; a model may read itself.
            let is_next = |model: &Model| {
                let names = |name: &str| waiting.iter().any(|other| other.name == name && other.name != model.name);
                !model.query.reads.iter().any(|(read, _)| names(read))
            };
            let Some(at) = waiting.iter().position(is_next) else { break };
            let model = waiting.remove(at);
            let names: Vec<String> = self.names.iter().cloned().collect();
            let keys = self.affected_of(&model, &mut changed);
            let keys = keys.map_err(|error| fault::diagnose(&error, &model.query.source, &names))?;
            if let Some(keys) = keys.filter(|_| !self.is_large(&model.name)) {
                found.extend(self.places(&model, &keys).map_err(|fault| vec![fault])?);
            }
        }
        Ok(found)
    }

    /// Rows of tables that are no records, as they are told apart.
    fn rows_given(
        &mut self,
        rows: &BTreeSet<(String, usize)>,
        changed: &mut BTreeMap<String, Changed>,
    ) -> Result<(), Diagnostic> {
        let mut of_table: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
        for (table, row) in rows {
            of_table.entry(table).or_default().push(u32::try_from(*row).unwrap_or(u32::MAX));
        }
        for (table, rows) in of_table {
            let grain = self.grain(table).to_vec();
            let whole = self.load(table)?;
            let sql = |error: &dyn ToString| Diagnostic::error("parquet", error.to_string());
            let taken = take_record_batch(whole, &UInt32Array::from(rows)).map_err(|error| sql(&error))?;
            let places: Vec<usize> = grain.iter().filter_map(|name| taken.schema().index_of(name).ok()).collect();
            let keys = taken.project(&places).map_err(|error| sql(&error))?;
            changed.insert(table.to_owned(), Changed::Rows { keys, months: None });
        }
        Ok(())
    }

    /// The keys of the affected rows of a model, which are remembered for those that read it.
    fn affected_of(
        &mut self,
        model: &Model,
        changed: &mut BTreeMap<String, Changed>,
    ) -> Result<Option<RecordBatch>, DataFusionError> {
        let mut all: Option<RecordBatch> = None;
        let months: Vec<Option<u32>> = match &model.growth {
            Some(_) => self.monthly.months.iter().copied().map(Some).collect(),
            None => vec![None],
        };
        for month in months {
            let is_touched = model.query.reads.iter().any(|(read, _)| {
                let window = model.growth.as_ref().zip(month).map(|(growth, month)| growth.window(read).months(month));
                match (changed.get(read), window) {
                    (None, _) => false,
                    (Some(Changed::Rows { months: None, .. }), _) | (Some(_), None) => true,
                    (
                        Some(Changed::Records { months, .. } | Changed::Rows { months: Some(months), .. }),
                        Some(window),
                    ) => months.iter().any(|month| window.contains(month)),
                }
            });
            if !is_touched {
                continue;
            }
            let plan = self.planned(model, month)?;
            let mut batches: Vec<RecordBatch> = all.take().into_iter().collect();
            for rows in forward(&plan, &|table| changed.get(table))? {
                let keys = model.grain.iter().map(|name| {
                    let nth = rows.schema().index_of_column_by_name(None, name);
                    nth.map(|nth| Expr::Column(rows.schema().qualified_field(nth).into()).alias(name))
                });
                let keys: Vec<Expr> = keys.flatten().collect();
                let plan = LogicalPlanBuilder::from(rows).project(keys)?.distinct()?.build()?;
                batches.push(collected(&self.engine, &self.parallel, plan)?);
            }
            let Some(schema) = batches.first().map(RecordBatch::schema) else { continue };
            let rows = concat_batches(&schema, &batches)?;
            if rows.num_rows() == 0 {
                continue;
            }
            let months = model.growth.as_ref().and_then(|growth| {
                let column = rows.column_by_name(&growth.column)?;
                Some((0..rows.num_rows()).filter_map(|row| month_number(&scalar(column, row).to_string())).collect())
            });
            changed.insert(model.name.clone(), Changed::Rows { keys: rows.clone(), months });
            all = Some(rows);
        }
        Ok(all)
    }

    /// Where the rows of some keys stand.
    fn places(&mut self, model: &Model, keys: &RecordBatch) -> Result<Vec<(String, usize)>, Diagnostic> {
        let key = |rows: &RecordBatch, row: usize| -> Vec<String> {
            let columns = model.grain.iter().filter_map(|name| rows.column_by_name(name));
            columns.map(|column| scalar(column, row).to_string()).collect()
        };
        let wanted: BTreeSet<Vec<String>> = (0..keys.num_rows()).map(|row| key(keys, row)).collect();
        let whole = self.load(&model.name)?;
        let rows = (0..whole.num_rows()).filter(|row| wanted.contains(&key(whole, *row)));
        Ok(rows.map(|row| (model.name.clone(), row)).collect())
    }
}

/// The rows of a plan that changed rows of its tables lead to, as one or several queries: a row that comes by several ways is
/// in several.
fn forward<'a>(plan: &LogicalPlan, changed: &dyn Fn(&str) -> Option<&'a Changed>) -> Result<Vec<LogicalPlan>> {
    let of_input = |input: &LogicalPlan| forward(input, changed);
    match plan {
        LogicalPlan::TableScan(scan) => match changed(scan.table_name.table()) {
            None => Ok(Vec::new()),
            Some(changed) => Ok(vec![changed_rows(plan, changed)?]),
        },
        LogicalPlan::Projection(_) | LogicalPlan::Filter(_) | LogicalPlan::SubqueryAlias(_) => {
            let inputs = of_input(plan.inputs()[0])?;
            inputs.into_iter().map(|input| plan.with_new_exprs(plan.expressions(), vec![input])).collect()
        }
        LogicalPlan::Sort(sort) => of_input(&sort.input),
        LogicalPlan::Union(union) => {
            let mut all = Vec::new();
            for input in &union.inputs {
                for rows in of_input(input)? {
                    let columns = rows.schema().columns().into_iter().map(Expr::Column);
                    let named = columns.zip(union.schema.iter());
                    let named = named.map(|(column, (of, field))| column.alias_qualified(of.cloned(), field.name()));
                    let made = Projection::try_new_with_schema(named.collect(), Arc::new(rows), union.schema.clone())?;
                    all.push(LogicalPlan::Projection(made));
                }
            }
            Ok(all)
        }
        LogicalPlan::Aggregate(aggregate) => {
            let own: Vec<Expr> = plan.schema().columns().into_iter().map(Expr::Column).collect();
            let own = &own[..aggregate.group_expr.len()];
            of_input(&aggregate.input)?
                .into_iter()
                .map(|rows| same_group(plan, own, rows, &aggregate.group_expr))
                .collect()
        }
        LogicalPlan::Window(window) => {
            let mut functions = window.window_expr.iter().filter_map(window_function);
            let mut by = functions.next().map_or(Vec::new(), |first| first.params.partition_by.clone());
            by.retain(|key| functions.clone().all(|other| other.params.partition_by.contains(key)));
            of_input(&window.input)?.into_iter().map(|rows| same_group(plan, &by, rows, &by)).collect()
        }
        LogicalPlan::Join(join) => forward_join(join, changed),
        other => {
            let mut is_touched = false;
            each_table(other, &mut |table| is_touched |= changed(table).is_some());
            Ok(if is_touched { vec![other.clone()] } else { Vec::new() })
        }
    }
}

/// The rows of a table that changed.
fn changed_rows(plan: &LogicalPlan, changed: &Changed) -> Result<LogicalPlan> {
    let column = |name: &str| {
        let nth = plan.schema().index_of_column_by_name(None, name)?;
        Some(Expr::Column(plan.schema().qualified_field(nth).into()))
    };
    match changed {
        Changed::Records { submissions, .. } => {
            let Some(column) = column(SUBMISSION) else { return Ok(plan.clone()) };
            let all = submissions.iter().map(|submission| lit(submission.as_str())).collect();
            LogicalPlanBuilder::from(plan.clone()).filter(column.in_list(all, false))?.build()
        }
        Changed::Rows { keys, .. } => {
            let names: Vec<String> = keys.schema().fields().iter().map(|field| field.name().clone()).collect();
            let table = MemTable::try_new(keys.schema(), vec![vec![keys.clone()]])?;
            let keys = LogicalPlanBuilder::scan("§changed", provider_as_source(Arc::new(table)), None)?.build()?;
            let own: Vec<Expr> = names.iter().filter_map(|name| column(name)).collect();
            let other: Vec<Expr> =
                names.iter().map(|name| Expr::Column(Column::new(Some("§changed"), name.clone()))).collect();
            alike(plan, &own, keys, &other)
        }
    }
}

/// The rows of a join that changed rows of either side lead to.
fn forward_join<'a>(join: &Join, changed: &dyn Fn(&str) -> Option<&'a Changed>) -> Result<Vec<LogicalPlan>> {
    let made = |left: LogicalPlan, right: LogicalPlan, kind: JoinType| {
        let (on, filter) = (join.on.clone(), join.filter.clone());
        let (constraint, nulls) = (join.join_constraint, join.null_equality);
        let (left, right) = (Arc::new(left), Arc::new(right));
        let made = Join::try_new(left, right, on, filter, kind, constraint, nulls, join.null_aware)?;
        Ok::<_, DataFusionError>(LogicalPlan::Join(made))
    };
    let (of_left, of_right) = match join.join_type {
        JoinType::Inner => (Some(JoinType::Inner), Some(JoinType::Inner)),
        JoinType::Left => (Some(JoinType::Left), Some(JoinType::Inner)),
        JoinType::Right => (Some(JoinType::Inner), Some(JoinType::Right)),
        JoinType::Full => (Some(JoinType::Left), Some(JoinType::Right)),
        // What is not there has no part in what is.
        JoinType::LeftAnti => (Some(JoinType::LeftAnti), None),
        JoinType::RightAnti => (None, Some(JoinType::RightAnti)),
        other => (Some(other), Some(other)),
    };
    let mut all = Vec::new();
    if let Some(kind) = of_left {
        for left in forward(&join.left, changed)? {
            all.push(made(left, join.right.as_ref().clone(), kind)?);
        }
    }
    if let Some(kind) = of_right {
        for right in forward(&join.right, changed)? {
            all.push(made(join.left.as_ref().clone(), right, kind)?);
        }
    }
    Ok(all)
}

/// The rows of a plan whose keys some changed row has.
fn same_group(plan: &LogicalPlan, own: &[Expr], changed: LogicalPlan, keys: &[Expr]) -> Result<LogicalPlan> {
    if own.is_empty() {
        return Ok(plan.clone());
    }
    let named = keys.iter().enumerate().map(|(nth, key)| key.clone().unalias().alias(format!("k{nth}")));
    let changed = LogicalPlanBuilder::from(changed).project(named.collect::<Vec<_>>())?.distinct()?;
    let changed = changed.alias("§group")?.build()?;
    let other: Vec<Expr> =
        (0..keys.len()).map(|nth| Expr::Column(Column::new(Some("§group"), format!("k{nth}")))).collect();
    alike(plan, own, changed, &other)
}

fn alike(plan: &LogicalPlan, own: &[Expr], other: LogicalPlan, keys: &[Expr]) -> Result<LogicalPlan> {
    let same =
        own.iter().cloned().zip(keys.iter().cloned()).map(|(own, key)| {
            Expr::BinaryExpr(BinaryExpr::new(Box::new(own), Operator::IsNotDistinctFrom, Box::new(key)))
        });
    LogicalPlanBuilder::from(plan.clone()).join_on(other, JoinType::LeftSemi, same)?.build()
}
