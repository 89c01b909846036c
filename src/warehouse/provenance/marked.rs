//! A query whose rows say whether a changed row of its tables leads to them: each node is given one more column, so that the
//! engine answers for all rows at once, in a query of the size of the model's own, and in its bounded memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::common::{Column, DFSchema, JoinType, NullEquality, Result, ScalarValue};
use datafusion::datasource::{MemTable, provider_as_source};
use datafusion::error::DataFusionError;
use datafusion::functions_aggregate::expr_fn::bool_or;
use datafusion::functions_aggregate::sum::sum_udaf;
use datafusion::logical_expr::expr::{NullTreatment, WindowFunction};
use datafusion::logical_expr::utils::{conjunction, disjunction};
use datafusion::logical_expr::{
    Aggregate, Expr, Filter, Join, LogicalPlan, LogicalPlanBuilder, Projection, Union, Window, WindowFrame,
    WindowFrameBound, WindowFrameUnits, WindowFunctionDefinition, cast, lit,
};

use super::behind::by_place;
use super::rule::window_function;
use super::wanted::{column, each_table, is_same, met};
use super::window::step as lag_step;

/// The rows of a table that changed: those that fulfil a condition, and those of some keys.
pub struct Changed {
    /// Over columns by their names alone; any of them.
    pub conditions: Vec<Expr>,
    /// What tells other rows apart.
    pub keys: Vec<RecordBatch>,
    /// Their months, where the table lies by month.
    pub months: Option<BTreeSet<u32>>,
}

/// Rewrites plans.
pub struct Marker<'a> {
    changed: &'a BTreeMap<String, Changed>,
    number: usize,
}

/// A plan with the columns it had and one more, which is true where a changed row leads to the row.
struct Marked {
    plan: LogicalPlan,
    mark: Expr,
}

/// The rows of a plan that changed rows of its tables lead to, by some columns, each once; none where it reads no such table.
pub fn changed_rows(
    plan: &LogicalPlan,
    columns: &[String],
    changed: &BTreeMap<String, Changed>,
) -> Result<Option<LogicalPlan>> {
    let Some(marked) = (Marker { changed, number: 0 }).mark(plan)? else { return Ok(None) };
    let own = columns.iter().map(|name| {
        let nth = plan.schema().index_of_column_by_name(None, name);
        Ok(nth.map(|nth| column(plan.schema(), nth).alias(name)))
    });
    let own = own.collect::<Result<Vec<_>>>()?;
    let rows = LogicalPlanBuilder::from(marked.plan).filter(marked.mark)?;
    rows.project(own.into_iter().flatten().collect::<Vec<_>>())?.distinct()?.build().map(Some)
}

impl Marker<'_> {
    fn mark(&mut self, plan: &LogicalPlan) -> Result<Option<Marked>> {
        match plan {
            LogicalPlan::TableScan(scan) => match self.changed.get(scan.table_name.table()) {
                Some(changed) => self.scan(plan, changed).map(Some),
                None => Ok(None),
            },
            LogicalPlan::Projection(projection) => {
                let Some(below) = self.mark(&projection.input)? else { return Ok(None) };
                self.projected(projection.expr.clone(), below.plan, below.mark).map(Some)
            }
            LogicalPlan::Filter(filter) => {
                let Some(below) = self.mark(&filter.input)? else { return Ok(None) };
                let kept = Filter::try_new(filter.predicate.clone(), Arc::new(below.plan))?;
                Ok(Some(Marked { plan: LogicalPlan::Filter(kept), mark: below.mark }))
            }
            LogicalPlan::SubqueryAlias(alias) => {
                let Some(below) = self.mark(&alias.input)? else { return Ok(None) };
                let Marked { plan: below, mark } = self.as_column(below)?;
                let made = plan.with_new_exprs(Vec::new(), vec![below])?;
                let (_, name) = mark.qualified_name();
                let mark = named(&made, &name)?;
                Ok(Some(Marked { plan: made, mark }))
            }
            LogicalPlan::Sort(sort) => self.mark(&sort.input),
            LogicalPlan::Union(union) => self.union(union),
            LogicalPlan::Aggregate(aggregate) => {
                let Some(below) = self.mark(&aggregate.input)? else { return Ok(None) };
                let name = self.name();
                let mut calls = aggregate.aggr_expr.clone();
                calls.push(bool_or(below.mark).alias(&name));
                let made = Aggregate::try_new(Arc::new(below.plan), aggregate.group_expr.clone(), calls)?;
                let plan = LogicalPlan::Aggregate(made);
                let mark = named(&plan, &name)?;
                Ok(Some(Marked { plan, mark }))
            }
            LogicalPlan::Window(window) => self.window(window),
            LogicalPlan::Join(join) => self.join(plan, join),
            other => {
                // What has no rule here: all that comes of changed rows.
                let mut is_touched = false;
                each_table(other, &mut |table| is_touched |= self.changed.contains_key(table));
                Ok(is_touched.then(|| Marked { plan: other.clone(), mark: lit(true) }))
            }
        }
    }

    fn name(&mut self) -> String {
        self.number += 1;
        format!("§{}", self.number)
    }

    /// Expressions over a plan, and the mark as a column beside them.
    fn projected(&mut self, mut exprs: Vec<Expr>, plan: LogicalPlan, mark: Expr) -> Result<Marked> {
        let name = self.name();
        exprs.push(mark.alias(&name));
        let plan = LogicalPlan::Projection(Projection::try_new(exprs, Arc::new(plan))?);
        let mark = named(&plan, &name)?;
        Ok(Marked { plan, mark })
    }

    /// The mark as a single column, whatever expression it was.
    fn as_column(&mut self, marked: Marked) -> Result<Marked> {
        let own = marked.plan.schema().columns().into_iter().map(Expr::Column).collect();
        self.projected(own, marked.plan, marked.mark)
    }

    fn scan(&mut self, plan: &LogicalPlan, changed: &Changed) -> Result<Marked> {
        let own: Vec<Expr> = plan.schema().columns().into_iter().map(Expr::Column).collect();
        let conditions = changed.conditions.iter().map(|condition| by_place(condition, plan));
        let mut mark = disjunction(conditions.collect::<Result<Vec<_>>>()?);
        let mut rows = plan.clone();
        if let Some(first) = changed.keys.first() {
            let table = MemTable::try_new(first.schema(), vec![changed.keys.clone()])?;
            let alias = self.name();
            let keys = LogicalPlanBuilder::scan(alias.as_str(), provider_as_source(Arc::new(table)), None)?.build()?;
            let fields = first.schema();
            let same = fields.fields().iter().map(|field| {
                let own = plan.schema().index_of_column_by_name(None, field.name());
                let key = Expr::Column(Column::new(Some(alias.as_str()), field.name()));
                own.map(|nth| is_same(column(plan.schema(), nth), key))
            });
            let same = conjunction(same.flatten()).unwrap_or_else(|| lit(true));
            let (met, is_met) = met(rows, keys, Vec::new(), Some(same), NullEquality::NullEqualsNothing)?;
            rows = met;
            mark = either(mark, Some(is_met));
        }
        self.projected(own, rows, mark.unwrap_or_else(|| lit(false)))
    }

    fn union(&mut self, union: &Union) -> Result<Option<Marked>> {
        let marked = union.inputs.iter().map(|input| self.mark(input)).collect::<Result<Vec<_>>>()?;
        if marked.iter().all(Option::is_none) {
            return Ok(None);
        }
        let name = self.name();
        let mut fields: Vec<_> = union.schema.iter().map(|(of, field)| (of.cloned(), field.clone())).collect();
        fields.push((None, Arc::new(Field::new(&name, DataType::Boolean, true))));
        let schema = Arc::new(DFSchema::new_with_metadata(fields, union.schema.metadata().clone())?);
        let mut inputs = Vec::with_capacity(marked.len());
        for (input, marked) in union.inputs.iter().zip(marked) {
            let (rows, mark) = marked.map_or((input.as_ref().clone(), lit(false)), |m| (m.plan, m.mark));
            let own = input.schema().columns().into_iter().map(Expr::Column);
            let exprs = own.chain([mark]).zip(schema.iter());
            let exprs = exprs.map(|(expr, (of, field))| expr.alias_qualified(of.cloned(), field.name()));
            let made = Projection::try_new_with_schema(exprs.collect(), Arc::new(rows), schema.clone())?;
            inputs.push(Arc::new(LogicalPlan::Projection(made)));
        }
        let plan = LogicalPlan::Union(Union { inputs, schema });
        let mark = named(&plan, &name)?;
        Ok(Some(Marked { plan, mark }))
    }

    /// A row is changed where one is that a function has read for it.
    fn window(&mut self, window: &Window) -> Result<Option<Marked>> {
        let Some(below) = self.mark(&window.input)? else { return Ok(None) };
        let Marked { plan: below, mark } = self.as_column(below)?;
        let mut plan = LogicalPlan::Window(Window::try_new(window.window_expr.clone(), Arc::new(below))?);
        let mut any = mark.clone();
        let mut known = Vec::new();
        for function in window.window_expr.iter().filter_map(window_function) {
            // Without a name of its own: the engine cannot do with two names for one function.
            let read = Expr::from(read_by(function, &mark)?);
            if known.contains(&read) {
                continue;
            }
            known.push(read.clone());
            plan = LogicalPlan::Window(Window::try_new(vec![read], Arc::new(plan))?);
            any = any.or(column(plan.schema(), plan.schema().fields().len() - 1).gt(lit(0)));
        }
        Ok(Some(Marked { plan, mark: any }))
    }

    fn join(&mut self, plan: &LogicalPlan, join: &Join) -> Result<Option<Marked>> {
        let (left, right) = (self.mark(&join.left)?, self.mark(&join.right)?);
        let Some((left, right)) = (match (left, right) {
            (None, None) => None,
            (left, right) => Some((self.side(&join.left, left)?, self.side(&join.right, right)?)),
        }) else {
            return Ok(None);
        };
        let own: Vec<Expr> = plan.schema().columns().into_iter().map(Expr::Column).collect();
        let (kept, other) = match join.join_type {
            JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark => (left, right),
            JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark => (right, left),
            _ => {
                let mark = either(left.1, right.1).unwrap_or_else(|| lit(false));
                let made = joined(join, left.0, right.0, join.join_type)?;
                return self.projected(own, made, mark).map(Some);
            }
        };
        let is_left = matches!(join.join_type, JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark);
        let (mut rows, mut mark) = kept;
        // What is looked for in vain has no part in what is there.
        let is_missing = matches!(join.join_type, JoinType::LeftAnti | JoinType::RightAnti);
        if let Some(of_other) = other.1.filter(|_| !is_missing) {
            let side = if is_left { &join.left } else { &join.right };
            let columns = side.schema().columns().into_iter().map(Expr::Column).collect();
            let changed = LogicalPlanBuilder::from(other.0.clone()).filter(of_other)?.build()?;
            let on = join.on.iter().map(|(l, r)| if is_left { (l.clone(), r.clone()) } else { (r.clone(), l.clone()) });
            let (met, is_met) = met(rows, changed, on.collect(), join.filter.clone(), join.null_equality)?;
            let any = mark.map_or(is_met.clone(), |mark| mark.or(is_met));
            let marked = self.projected(columns, met, any)?;
            (rows, mark) = (marked.plan, Some(marked.mark));
        }
        let (left, right) = if is_left { (rows, other.0) } else { (other.0, rows) };
        let made = joined(join, left, right, join.join_type)?;
        self.projected(own, made, mark.unwrap_or_else(|| lit(false))).map(Some)
    }

    /// A side of a join with its mark as a column, where it has one.
    fn side(&mut self, plan: &LogicalPlan, marked: Option<Marked>) -> Result<(LogicalPlan, Option<Expr>)> {
        let Some(marked) = marked else { return Ok((plan.clone(), None)) };
        let Marked { plan, mark } = self.as_column(marked)?;
        Ok((plan, Some(mark)))
    }
}

fn joined(join: &Join, left: LogicalPlan, right: LogicalPlan, kind: JoinType) -> Result<LogicalPlan, DataFusionError> {
    let (on, filter) = (join.on.clone(), join.filter.clone());
    let (constraint, nulls) = (join.join_constraint, join.null_equality);
    let made = Join::try_new(Arc::new(left), Arc::new(right), on, filter, kind, constraint, nulls, join.null_aware)?;
    Ok(LogicalPlan::Join(made))
}

/// How many changed rows a function has read.
fn read_by(function: &WindowFunction, mark: &Expr) -> Result<WindowFunction> {
    let mut read = function.clone();
    let params = &mut read.params;
    params.distinct = false;
    params.filter = None;
    let skips_nulls = params.null_treatment.take() == Some(NullTreatment::IgnoreNulls);
    let back = |rows: usize| WindowFrameBound::Preceding(ScalarValue::UInt64(u64::try_from(rows).ok()));
    let on = |rows: usize| WindowFrameBound::Following(ScalarValue::UInt64(u64::try_from(rows).ok()));
    let rows = |first, last| WindowFrame::new_bounds(WindowFrameUnits::Rows, first, last);
    match function.fun.name() {
        // So many rows before or after, as the number is counted in rows.
        "lag" if !skips_nulls => params.window_frame = rows(back(lag_step(function)?), WindowFrameBound::CurrentRow),
        "lead" if !skips_nulls => params.window_frame = rows(WindowFrameBound::CurrentRow, on(lag_step(function)?)),
        "lag" | "lead" => {
            params.order_by.clear();
            params.window_frame = WindowFrame::new(None);
        }
        "row_number" => params.window_frame = WindowFrame::new((!params.order_by.is_empty()).then_some(false)),
        _ => {}
    }
    // Added up, since over frames that move along the engine knows no OR.
    params.args = vec![cast(mark.clone(), DataType::Int64)];
    read.fun = WindowFunctionDefinition::AggregateUDF(sum_udaf());
    Ok(read)
}

fn either(one: Option<Expr>, other: Option<Expr>) -> Option<Expr> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.or(other)),
        (one, other) => one.or(other),
    }
}

fn named(plan: &LogicalPlan, name: &str) -> Result<Expr> {
    let nth = plan.schema().index_of_column_by_name(None, name);
    nth.map_or_else(
        || datafusion::common::exec_err!("no column {name} in {}", plan.display()),
        |nth| Ok(column(plan.schema(), nth)),
    )
}
