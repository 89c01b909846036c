//! A plan run node by node, each row with the rows of the node's inputs that it was made from.
//!
//! Joins, aggregates and window functions are computed by the engine, one node at a time, over tables in memory whose
//! columns are named by their place, so that equal names on two sides of a join cannot meet. What a row was made from is
//! kept as row numbers; nothing is carried along that was not asked for.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, RecordBatch, RecordBatchOptions, UInt32Array, new_null_array,
};
use datafusion::arrow::compute::{concat_batches, take};
use datafusion::arrow::datatypes::{Field, Schema, SchemaRef, UInt32Type};
use datafusion::common::tree_node::{Transformed, TreeNode as _};
use datafusion::common::{DFSchema, JoinConstraint, JoinType, Result, exec_err, not_impl_err};
use datafusion::execution::SessionState;
use datafusion::logical_expr::logical_plan::{Join, RecursiveQuery, Sort as LogicalSort, Values};
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::logical_expr::{Aggregate, Expr, FetchType, LogicalPlan, Window};
use datafusion::optimizer::extract_equijoin_predicate::ExtractEquijoinPredicate;
use datafusion::optimizer::optimizer::OptimizerRule as _;
use datafusion::optimizer::simplify_expressions::ExprSimplifier;
use datafusion::physical_expr::create_physical_expr;
use datafusion::physical_plan::collect;
use futures::future::BoxFuture;

use super::local::Local;
use super::rule::window_function;
use super::shape::{united, unnested};
pub use super::step::{Node, Step};
use super::window::{self, keys};

/// Runs plans over given tables.
pub struct Runner<'a> {
    state: &'a SessionState,
    tables: &'a BTreeMap<String, RecordBatch>,
    /// Of tables that are given in part: which row the first one is.
    firsts: BTreeMap<String, u32>,
    /// A query named in WITH stands in the plan as often as it is read.
    done: HashMap<LogicalPlan, Arc<Step>>,
    /// The rows of the last round of a recursive query, by its name.
    rounds: Vec<(String, Arc<Step>)>,
}

/// Rounds of a recursive query.
const ROUNDS_MAX: usize = 10_000;

impl<'a> Runner<'a> {
    pub fn new(state: &'a SessionState, tables: &'a BTreeMap<String, RecordBatch>) -> Runner<'a> {
        Runner { state, tables, firsts: BTreeMap::new(), done: HashMap::new(), rounds: Vec::new() }
    }

    /// The same over tables that are given in part.
    pub fn of_parts(
        state: &'a SessionState,
        tables: &'a BTreeMap<String, RecordBatch>,
        firsts: BTreeMap<String, u32>,
    ) -> Runner<'a> {
        Runner { firsts, ..Runner::new(state, tables) }
    }

    pub fn run<'b>(&'b mut self, plan: &'b LogicalPlan) -> BoxFuture<'b, Result<Arc<Step>>> {
        Box::pin(async move {
            // Within a round the same text means other rows.
            if self.rounds.is_empty()
                && let Some(step) = self.done.get(plan)
            {
                return Ok(step.clone());
            }
            let step = Arc::new(self.node(plan).await?);
            if self.rounds.is_empty() {
                self.done.insert(plan.clone(), step.clone());
            }
            Ok(step)
        })
    }

    async fn node(&mut self, plan: &LogicalPlan) -> Result<Step> {
        match plan {
            LogicalPlan::TableScan(scan) => self.scan(scan.table_name.table(), plan),
            LogicalPlan::Projection(projection) => {
                let input = self.run(&projection.input).await?;
                let columns = evaluate_all(self.state, &projection.expr, &input)?;
                let rows = batch(&projection.schema, columns, input.len())?;
                step(Node::Projection(projection.expr.clone()), &projection.schema, rows, vec![input])
            }
            LogicalPlan::SubqueryAlias(alias) => {
                let input = self.run(&alias.input).await?;
                let rows = batch(&alias.schema, input.rows.columns().to_vec(), input.len())?;
                step(Node::Same, &alias.schema, rows, vec![input])
            }
            LogicalPlan::Filter(filter) => {
                let input = self.run(&filter.input).await?;
                let kept = evaluate(self.state, &filter.predicate, &input)?;
                let rows = true_rows(kept.as_boolean());
                some(rows, vec![filter.predicate.clone()], input)
            }
            LogicalPlan::Sort(sort) => {
                let input = self.run(&sort.input).await?;
                self.sorted(sort, input)
            }
            LogicalPlan::Limit(limit) => {
                let input = self.run(&limit.input).await?;
                let FetchType::Literal(fetch) = limit.get_fetch_type()? else {
                    return not_impl_err!("a computed LIMIT");
                };
                let mut rows = all_rows(input.len());
                rows.truncate(fetch.unwrap_or(usize::MAX));
                some(rows, Vec::new(), input)
            }
            LogicalPlan::Union(union) => {
                let mut inputs = Vec::with_capacity(union.inputs.len());
                for input in &union.inputs {
                    inputs.push(self.run(input).await?);
                }
                united(&union.schema, inputs)
            }
            LogicalPlan::EmptyRelation(empty) => {
                let rows = batch(&empty.schema, nulls(&empty.schema, 1), 1)?;
                let rows = rows.slice(0, usize::from(empty.produce_one_row));
                step(Node::Given, &empty.schema, rows, Vec::new())
            }
            LogicalPlan::Values(values) => self.given(values),
            LogicalPlan::Unnest(unnest) => {
                let input = self.run(&unnest.input).await?;
                unnested(unnest, input)
            }
            LogicalPlan::Aggregate(aggregate) => {
                let input = self.run(&aggregate.input).await?;
                self.aggregate(aggregate, input).await
            }
            LogicalPlan::Window(window) => {
                let input = self.run(&window.input).await?;
                self.window(window, input).await
            }
            LogicalPlan::Join(join) => {
                let left = self.run(&join.left).await?;
                let right = self.run(&join.right).await?;
                // Equations apart from other conditions, so that the engine need not try all pairs.
                let plan = ExtractEquijoinPredicate::new().rewrite(plan.clone(), self.state)?.data;
                let LogicalPlan::Join(join) = &plan else { return exec_err!("a join that is none") };
                self.join(join, left, right).await
            }
            LogicalPlan::RecursiveQuery(query) => self.rounds_of(query).await,
            other => not_impl_err!("{}", other.display()),
        }
    }

    fn sorted(&self, sort: &LogicalSort, input: Arc<Step>) -> Result<Step> {
        let by: Vec<Expr> = sort.expr.iter().map(|sort| sort.expr.clone()).collect();
        let places = keys(&evaluate_all(self.state, &by, &input)?, &sort.expr, input.len())?;
        let mut rows = all_rows(input.len());
        rows.sort_by(|a, b| places[*a as usize].cmp(&places[*b as usize]));
        rows.truncate(sort.fetch.unwrap_or(usize::MAX));
        some(rows, Vec::new(), input)
    }

    fn given(&self, values: &Values) -> Result<Step> {
        let schema = Arc::new(DFSchema::empty());
        let one = step(Node::Given, &schema, batch(&schema, Vec::new(), 1)?, Vec::new())?;
        let mut batches = Vec::with_capacity(values.values.len());
        for row in &values.values {
            batches.push(batch(&values.schema, evaluate_all(self.state, row, &one)?, 1)?);
        }
        let schema = batches.first().map_or_else(|| values.schema.inner().clone(), RecordBatch::schema);
        step(Node::Given, &values.schema, concat_batches(&schema, &batches)?, Vec::new())
    }

    async fn rounds_of(&mut self, query: &RecursiveQuery) -> Result<Step> {
        let mut rounds = vec![self.run(&query.static_term).await?];
        while let Some(last) = rounds.last().filter(|round| round.len() > 0).cloned() {
            if rounds.len() == ROUNDS_MAX {
                return exec_err!("{} does not end after {ROUNDS_MAX} rounds", query.name);
            }
            self.rounds.push((query.name.clone(), Arc::new(united(&query.schema, vec![last])?)));
            let next = self.run(&query.recursive_term).await;
            self.rounds.pop();
            rounds.push(next?);
        }
        united(&query.schema, rounds)
    }

    fn scan(&self, name: &str, plan: &LogicalPlan) -> Result<Step> {
        let schema = plan.schema();
        if let Some((_, last)) = self.rounds.iter().rev().find(|(round, _)| round == name) {
            let rows = batch(schema, last.rows.columns().to_vec(), last.len())?;
            return step(Node::Same, schema, rows, vec![last.clone()]);
        }
        let Some(table) = self.tables.get(name) else { return exec_err!("table '{name}' not found") };
        let mut columns = Vec::with_capacity(schema.fields().len());
        for field in schema.fields() {
            let Some(column) = table.column_by_name(field.name()) else {
                return exec_err!("no column \"{}\" in \"{name}\"", field.name());
            };
            columns.push(column.clone());
        }
        let first = self.firsts.get(name).copied().unwrap_or(0);
        step(
            Node::Scan { table: name.to_owned(), first },
            schema,
            batch(schema, columns, table.num_rows())?,
            Vec::new(),
        )
    }

    async fn aggregate(&self, aggregate: &Aggregate, input: Arc<Step>) -> Result<Step> {
        let mut table = Local::new("c", None, input.len());
        let groups = self.local_all(&aggregate.group_expr, &input, &mut table)?;
        let calls = aggregate.aggr_expr.iter().map(|call| self.local_call(call, &input, &mut table));
        let calls = calls.collect::<Result<Vec<_>>>()?;
        let plan = Aggregate::try_new(table.scan()?, groups, calls)?;
        let made = self.execute(LogicalPlan::Aggregate(plan)).await?;
        let rows = batch(&aggregate.schema, made.columns().to_vec(), made.num_rows())?;
        // Which rows belong together the engine does not tell: the keys do.
        let count = aggregate.group_expr.len();
        let of_input = keys(&evaluate_all(self.state, &aggregate.group_expr, &input)?, &[], input.len())?;
        let of_groups = keys(&rows.columns()[..count], &[], rows.num_rows())?;
        let mut members: HashMap<&[u8], Vec<u32>> = HashMap::new();
        for (nth, key) in all_rows(input.len()).into_iter().zip(&of_input) {
            members.entry(key).or_default().push(nth);
        }
        let groups = of_groups.iter().map(|key| members.get(key.as_slice()).cloned().unwrap_or_default()).collect();
        let (keys, aggregates) = (aggregate.group_expr.clone(), aggregate.aggr_expr.clone());
        step(Node::Group { groups, keys, aggregates }, &aggregate.schema, rows, vec![input])
    }

    async fn window(&self, window: &Window, input: Arc<Step>) -> Result<Step> {
        let mut table = Local::new("c", Some("row"), input.len());
        let calls = window.window_expr.iter().map(|call| self.local_call(call, &input, &mut table));
        let calls = calls.collect::<Result<Vec<_>>>()?;
        let at = table.columns.len();
        let made = self.execute(LogicalPlan::Window(Window::try_new(calls, table.scan()?)?)).await?;
        // Back into the order of the input.
        let mut order = vec![0_u32; input.len()];
        for (place, row) in (0..).zip(made.column(0).as_primitive::<UInt32Type>().values()) {
            order[*row as usize] = place;
        }
        let order = UInt32Array::from(order);
        let mut columns = input.rows.columns().to_vec();
        for column in &made.columns()[at..] {
            columns.push(take(column, &order, None)?);
        }
        let rows = batch(&window.schema, columns, input.len())?;
        let mut reads = Vec::with_capacity(window.window_expr.len());
        for expr in &window.window_expr {
            let Some(function) = window_function(expr) else { return exec_err!("{expr} is no window function") };
            let order: Vec<Expr> = function.params.order_by.iter().map(|sort| sort.expr.clone()).collect();
            let partition = evaluate_all(self.state, &function.params.partition_by, &input)?;
            let order = evaluate_all(self.state, &order, &input)?;
            reads.push(window::reads(function, &partition, &order, input.len())?);
        }
        step(Node::Window { functions: window.window_expr.clone(), reads }, &window.schema, rows, vec![input])
    }

    async fn join(&self, join: &Join, left: Arc<Step>, right: Arc<Step>) -> Result<Step> {
        let (kept, shape) = match join.join_type {
            JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark => (&left, JoinType::Left),
            JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark => (&right, JoinType::Right),
            outer => {
                let pairs = self.pairs(join, &left, &right, outer).await?;
                let l: UInt32Array = pairs.iter().map(|(l, _)| *l).collect();
                let r: UInt32Array = pairs.iter().map(|(_, r)| *r).collect();
                let mut columns = taken(&left.rows, &l)?;
                columns.extend(taken(&right.rows, &r)?);
                let rows = batch(&join.schema, columns, pairs.len())?;
                let equations = join.on.iter().map(|(l, r)| l.clone().eq(r.clone()));
                let conditions = equations.chain(join.filter.clone()).collect();
                let stays = [JoinType::Left, JoinType::Right].map(|side| outer == side || outer == JoinType::Full);
                return step(Node::Join { pairs, conditions, stays }, &join.schema, rows, vec![left, right]);
            }
        };
        // Which rows of the other side let a row through is what an outer join tells.
        let is_left = shape == JoinType::Left;
        let mut met: Vec<Vec<u32>> = vec![Vec::new(); kept.len()];
        for (l, r) in self.pairs(join, &left, &right, shape).await? {
            let (own, other) = if is_left { (l, r) } else { (r, l) };
            if let (Some(own), Some(other)) = (own, other) {
                met[own as usize].push(other);
            }
        }
        let marks = matches!(join.join_type, JoinType::LeftMark | JoinType::RightMark);
        let rows: Vec<u32> = if marks {
            all_rows(kept.len())
        } else {
            // NOT IN is never true where the list holds a null: only the engine's own join knows.
            self.kept(join, &left, &right).await?
        };
        let mut columns = taken(&kept.rows, &UInt32Array::from(rows.clone()))?;
        if marks {
            columns.push(Arc::new(met.iter().map(|met| Some(!met.is_empty())).collect::<BooleanArray>()));
        }
        let made = batch(&join.schema, columns, rows.len())?;
        let matches = rows.iter().map(|row| std::mem::take(&mut met[*row as usize])).collect();
        let inputs = if is_left { vec![left, right] } else { vec![right, left] };
        step(Node::Semi { rows, matches }, &join.schema, made, inputs)
    }

    async fn pairs(
        &self,
        join: &Join,
        left: &Step,
        right: &Step,
        shape: JoinType,
    ) -> Result<Vec<(Option<u32>, Option<u32>)>> {
        let made = self.joined(join, left, right, shape).await?;
        let side = |name: &str| -> Vec<Option<u32>> {
            made.column_by_name(name).map_or(Vec::new(), |column| column.as_primitive::<UInt32Type>().iter().collect())
        };
        let mut pairs: Vec<_> = side("lrow").into_iter().zip(side("rrow")).collect();
        pairs.sort_unstable_by_key(|(l, r)| (l.is_none(), *l, *r));
        Ok(pairs)
    }

    async fn kept(&self, join: &Join, left: &Step, right: &Step) -> Result<Vec<u32>> {
        let made = self.joined(join, left, right, join.join_type).await?;
        let name = if matches!(join.join_type, JoinType::LeftSemi | JoinType::LeftAnti) { "lrow" } else { "rrow" };
        let mut rows: Vec<u32> = made
            .column_by_name(name)
            .map_or(Vec::new(), |column| column.as_primitive::<UInt32Type>().values().to_vec());
        rows.sort_unstable();
        Ok(rows)
    }

    async fn joined(&self, join: &Join, left: &Step, right: &Step, shape: JoinType) -> Result<RecordBatch> {
        let (mut left_table, mut right_table) =
            (Local::new("l", Some("lrow"), left.len()), Local::new("r", Some("rrow"), right.len()));
        let pairs = |(l, r): &(Expr, Expr), left_table: &mut Local, right_table: &mut Local| {
            Ok((self.local(l, left, left_table)?, self.local(r, right, right_table)?))
        };
        let on =
            join.on.iter().map(|pair| pairs(pair, &mut left_table, &mut right_table)).collect::<Result<Vec<_>>>()?;
        let filter = match &join.filter {
            Some(filter) => {
                let both = left.schema.join(&right.schema)?;
                let width = left.rows.num_columns();
                let local = filter.clone().transform(|part| match part {
                    Expr::Column(column) => {
                        let at = both.index_of_column(&column)?;
                        let (side, table, at) = if at < width {
                            (left, &mut left_table, at)
                        } else {
                            (right, &mut right_table, at - width)
                        };
                        Ok(Transformed::yes(table.push(side.rows.column(at).clone())))
                    }
                    other => Ok(Transformed::no(other)),
                });
                Some(local?.data)
            }
            None => None,
        };
        let null_aware = join.null_aware && shape == join.join_type;
        let (left, right) = (left_table.scan()?, right_table.scan()?);
        let filter = filter.map(|filter| {
            let both = left.schema().join(right.schema())?;
            simplified(self.state, filter, &both)
        });
        let filter = filter.transpose()?;
        let plan = Join::try_new(left, right, on, filter, shape, JoinConstraint::On, join.null_equality, null_aware)?;
        self.execute(LogicalPlan::Join(plan)).await
    }

    /// An expression over a column of the local table that holds its values.
    fn local(&self, expr: &Expr, input: &Step, table: &mut Local) -> Result<Expr> {
        if expr.column_refs().is_empty() {
            return Ok(expr.clone());
        }
        if let Some(known) = table.known.get(expr) {
            return Ok(known.clone());
        }
        let column = table.push(evaluate(self.state, expr, input)?);
        table.known.insert(expr.clone(), column.clone());
        Ok(column)
    }

    fn local_all(&self, exprs: &[Expr], input: &Step, table: &mut Local) -> Result<Vec<Expr>> {
        // A key without columns is still a column of the result.
        exprs.iter().map(|expr| Ok(table.push(evaluate(self.state, expr, input)?))).collect()
    }

    /// A call of an aggregate or a window function over columns that hold its arguments.
    fn local_call(&self, call: &Expr, input: &Step, table: &mut Local) -> Result<Expr> {
        match call {
            Expr::Alias(alias) => self.local_call(&alias.expr, input, table),
            call => {
                let call = call.clone().map_children(|child| Ok(Transformed::yes(self.local(&child, input, table)?)));
                Ok(call?.data)
            }
        }
    }

    /// Run one node by the engine; nothing is optimised, as there is nothing to.
    async fn execute(&self, plan: LogicalPlan) -> Result<RecordBatch> {
        let physical = self.state.query_planner().create_physical_plan(&plan, self.state).await?;
        let schema = physical.schema();
        let batches = collect(physical, self.state.task_ctx()).await?;
        Ok(concat_batches(&schema, &batches)?)
    }
}

/// The value of an expression for every row of a step.
pub fn evaluate(state: &SessionState, expr: &Expr, input: &Step) -> Result<ArrayRef> {
    // Some functions exist only in another form, which simplifying gives them.
    let expr = simplified(state, expr.clone(), &input.schema)?;
    let context = PhysicalPlanningContext::default();
    let physical = create_physical_expr(&expr, &input.schema, state.execution_props(), &context)?;
    physical.evaluate(&input.rows)?.into_array(input.len())
}

fn evaluate_all(state: &SessionState, exprs: &[Expr], input: &Step) -> Result<Vec<ArrayRef>> {
    exprs.iter().map(|expr| evaluate(state, expr, input)).collect()
}

pub fn step(node: Node, schema: &Arc<DFSchema>, rows: RecordBatch, inputs: Vec<Arc<Step>>) -> Result<Step> {
    Ok(Step { node, schema: schema.clone(), rows, inputs })
}

fn some(rows: Vec<u32>, conditions: Vec<Expr>, input: Arc<Step>) -> Result<Step> {
    let columns = taken(&input.rows, &UInt32Array::from(rows.clone()))?;
    let made = batch(&input.schema, columns, rows.len())?;
    let schema = input.schema.clone();
    step(Node::Some { rows, conditions }, &schema, made, vec![input])
}

pub fn all_rows(count: usize) -> Vec<u32> {
    (0..u32::try_from(count).unwrap_or(u32::MAX)).collect()
}

fn true_rows(kept: &BooleanArray) -> Vec<u32> {
    (0..).zip(kept.iter()).filter(|(_, kept)| *kept == Some(true)).map(|(row, _)| row).collect()
}

fn taken(rows: &RecordBatch, index: &UInt32Array) -> Result<Vec<ArrayRef>> {
    Ok(rows.columns().iter().map(|column| take(column, index, None)).collect::<std::result::Result<_, _>>()?)
}

fn nulls(schema: &DFSchema, count: usize) -> Vec<ArrayRef> {
    schema.fields().iter().map(|field| new_null_array(field.data_type(), count)).collect()
}

/// Columns under the names and types of a schema.
pub fn batch(schema: &DFSchema, columns: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    let fields = schema.fields().iter().zip(&columns);
    let fields = fields.map(|(field, column)| Field::new(field.name(), column.data_type().clone(), true));
    let schema: SchemaRef = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    Ok(RecordBatch::try_new_with_options(schema, columns, &options)?)
}

pub(super) fn simplified(state: &SessionState, expr: Expr, schema: &DFSchema) -> Result<Expr> {
    let context = SimplifyContext::builder()
        .with_schema(Arc::new(schema.clone()))
        .with_config_options(state.config_options().clone())
        .build();
    ExprSimplifier::new(context).simplify(expr)
}
