//! From a cell of a step back to the cells of the tables: what it was computed from, what chose its row, and all rows that
//! it depends on.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{TreeNode as _, TreeNodeRecursion};
use datafusion::common::{Result, exec_err};
use datafusion::execution::SessionState;
use datafusion::logical_expr::expr::{Case, NullTreatment, WindowFunction};
use datafusion::logical_expr::{Expr, WindowFunctionDefinition};

use super::call::{Gathered, aggregate_function};
use super::rule::window_function;
use super::run::{Node, Step, evaluate};
use super::tree::{Cell, Part, Tree};
use super::window::{keys, step as lag_step};
use super::words::{operator, words};
use crate::warehouse::rows::{Scalar, scalar};

/// A row of a table: the table by its place in [`Tracer::tables`].
pub type Row = (u32, u32);

/// A cell of a table: table, row and column, each by its place.
pub type Place = (u32, u32, u32);

/// Follows cells through steps.
pub struct Tracer {
    state: SessionState,
    /// The tables met so far.
    pub tables: Vec<String>,
    /// Expressions already evaluated, by the step they read.
    values: HashMap<*const Step, HashMap<Expr, ArrayRef>>,
    /// The names of columns met so far.
    pub(super) columns: Vec<String>,
    /// The cells that chose a row.
    pub(super) chosen: HashMap<(*const Step, u32), Rc<BTreeSet<Place>>>,
    pub(super) lineages: HashMap<(*const Step, u32), Rc<BTreeSet<Row>>>,
    /// The rows that a row is made of.
    pub(super) origins: HashMap<(*const Step, u32), Rc<BTreeSet<Row>>>,
    /// The cells that decided which branch was taken, since they were last asked for.
    pub(super) deciding: BTreeSet<Cell>,
    /// Whether anybody wants to know.
    is_asked: bool,
}

impl Tracer {
    pub fn new(state: SessionState) -> Tracer {
        Tracer {
            state,
            tables: Vec::new(),
            values: HashMap::new(),
            columns: Vec::new(),
            chosen: HashMap::new(),
            lineages: HashMap::new(),
            origins: HashMap::new(),
            deciding: BTreeSet::new(),
            is_asked: false,
        }
    }

    /// What a cell was computed from.
    pub fn cell(&mut self, step: &Arc<Step>, row: u32, column: usize) -> Result<Tree> {
        match &step.node {
            Node::Scan { table, first } => {
                let column_name = step.schema.field(column).name().clone();
                let cell = Cell { table: table.clone(), row: (first + row) as usize, column: column_name };
                Ok(Tree { value: scalar(step.rows.column(column), row as usize), part: Part::Cell(cell) })
            }
            Node::Given => Ok(literal(scalar(step.rows.column(column), row as usize))),
            Node::Same => self.cell(&step.inputs[0], row, column),
            Node::Some { rows, .. } => self.cell(&step.inputs[0], rows[row as usize], column),
            Node::Projection(exprs) => self.expression(&step.inputs[0], row, &exprs[column]),
            Node::Join { pairs, .. } => {
                let (left, right) = pairs[row as usize];
                let width = step.inputs[0].rows.num_columns();
                let (side, at, column) = if column < width { (0, left, column) } else { (1, right, column - width) };
                match at {
                    Some(at) => self.cell(&step.inputs[side], at, column),
                    None => Ok(literal(Scalar::Null)),
                }
            }
            Node::Semi { rows, matches, .. } => {
                if column < step.inputs[0].rows.num_columns() {
                    return self.cell(&step.inputs[0], rows[row as usize], column);
                }
                let mut args = Vec::with_capacity(matches[row as usize].len());
                for other in &matches[row as usize] {
                    args.push(self.counted(&step.inputs[1], *other));
                }
                let value = scalar(step.rows.column(column), row as usize);
                Ok(Tree { value, part: Part::Apply { name: "exists".to_owned(), args } })
            }
            Node::Group { groups, keys, aggregates } => {
                let members = &groups[row as usize];
                match (keys.get(column), members.first()) {
                    (Some(key), Some(first)) => self.expression(&step.inputs[0], *first, key),
                    (Some(_), None) => Ok(literal(scalar(step.rows.column(column), row as usize))),
                    (None, _) => {
                        let value = scalar(step.rows.column(column), row as usize);
                        let call = aggregate_function(&aggregates[column - keys.len()])?;
                        let call = Gathered::of_aggregate(call);
                        self.gathered(&step.inputs[0], members, &call, value)
                    }
                }
            }
            Node::Window { functions, reads } => {
                let width = step.inputs[0].rows.num_columns();
                if column < width {
                    return self.cell(&step.inputs[0], row, column);
                }
                let nth = column - width;
                let Some(function) = window_function(&functions[nth]) else { return exec_err!("no window function") };
                let value = scalar(step.rows.column(column), row as usize);
                self.window(&step.inputs[0], row, function, &reads[nth][row as usize], value)
            }
            Node::Union(from) => {
                let (input, at) = from[row as usize];
                self.cell(&step.inputs[input as usize], at, column)
            }
            Node::Unnest { rows, columns } => {
                let value = scalar(step.rows.column(column), row as usize);
                let list = self.cell(&step.inputs[0], rows[row as usize], columns[column])?;
                if list.value == value {
                    return Ok(list);
                }
                Ok(choice(value, "unnest", Vec::new(), 1, list))
            }
        }
    }

    fn expression(&mut self, input: &Arc<Step>, row: u32, expr: &Expr) -> Result<Tree> {
        match expr {
            Expr::Alias(alias) => self.expression(input, row, &alias.expr),
            Expr::Column(column) => {
                let at = input.schema.index_of_column(column)?;
                self.cell(input, row, at)
            }
            Expr::Literal(..) => Ok(literal(self.value(input, row, expr)?)),
            Expr::Cast(cast) => self.cast(input, row, expr, &cast.expr),
            Expr::TryCast(cast) => self.cast(input, row, expr, &cast.expr),
            Expr::Case(case) => self.case(input, row, expr, case),
            Expr::ScalarFunction(call) => {
                let value = self.value(input, row, expr)?;
                match call.name() {
                    "coalesce" | "nvl" => self.first_of(input, row, call.name(), &call.args, value),
                    "nullif" if value != Scalar::Null => {
                        self.decided_by(input, row, &call.args[1])?;
                        self.expression(input, row, &call.args[0])
                    }
                    name => self.apply(input, row, name, &call.args, value),
                }
            }
            other => {
                let mut args = Vec::new();
                other.apply_children(|child| {
                    args.push(child.clone());
                    Ok(TreeNodeRecursion::Jump)
                })?;
                let value = self.value(input, row, other)?;
                let is_integer = matches!(value, Scalar::Integer(_));
                self.apply(input, row, &operator(other, is_integer), &args, value)
            }
        }
    }

    fn apply(&mut self, input: &Arc<Step>, row: u32, name: &str, args: &[Expr], value: Scalar) -> Result<Tree> {
        let args = args.iter().map(|arg| self.expression(input, row, arg)).collect::<Result<_>>()?;
        Ok(Tree { value, part: Part::Apply { name: name.to_owned(), args } })
    }

    fn cast(&mut self, input: &Arc<Step>, row: u32, expr: &Expr, inner: &Expr) -> Result<Tree> {
        let value = self.value(input, row, expr)?;
        let arg = self.expression(input, row, inner)?;
        if same(&arg.value, &value) {
            return Ok(Tree { value, part: arg.part });
        }
        let array = self.array(input, expr)?;
        let decimals = match array.data_type() {
            DataType::Decimal128(_, scale) => Some(*scale),
            _ => None,
        };
        Ok(Tree { value, part: Part::Cast { to: array.data_type().to_string(), decimals, arg: Box::new(arg) } })
    }

    fn case(&mut self, input: &Arc<Step>, row: u32, whole: &Expr, case: &Case) -> Result<Tree> {
        let value = self.value(input, row, whole)?;
        let of = case.when_then_expr.len() + usize::from(case.else_expr.is_some());
        let (mut because, mut asked) = (Vec::new(), Vec::new());
        for (when, then) in &case.when_then_expr {
            let condition = match &case.expr {
                Some(operand) => operand.as_ref().clone().eq(when.as_ref().clone()),
                None => when.as_ref().clone(),
            };
            self.decided_by(input, row, &condition)?;
            if self.value(input, row, &condition)? == Scalar::Bool(true) {
                let arg = self.expression(input, row, then)?;
                asked.push(condition.clone());
                let looked_at = self.looked_at(input, row, &arg, &asked)?;
                return Ok(decided(value, "case", vec![words(&condition)], of, arg, looked_at));
            }
            because.push(format!("not {}", words(&condition)));
            asked.push(condition);
        }
        let arg = match &case.else_expr {
            Some(other) => self.expression(input, row, other)?,
            None => literal(Scalar::Null),
        };
        let looked_at = self.looked_at(input, row, &arg, &asked)?;
        Ok(decided(value, "case", because, of, arg, looked_at))
    }

    /// What decided for a value, if the value itself is a constant; a null says nothing, and nothing decided for it.
    fn looked_at(&mut self, input: &Arc<Step>, row: u32, taken: &Tree, exprs: &[Expr]) -> Result<Vec<Tree>> {
        if !taken.is_constant() || taken.value == Scalar::Null {
            return Ok(Vec::new());
        }
        exprs.iter().map(|expr| self.expression(input, row, expr)).collect()
    }

    fn first_of(&mut self, input: &Arc<Step>, row: u32, name: &str, args: &[Expr], value: Scalar) -> Result<Tree> {
        for (nth, arg) in args.iter().enumerate() {
            let own = self.value(input, row, arg)?;
            if own != Scalar::Null || nth + 1 == args.len() {
                let taken = self.expression(input, row, arg)?;
                if nth == 0 {
                    return Ok(Tree { value, part: taken.part });
                }
                let because = args[..nth].iter().map(|arg| format!("{} is missing", words(arg))).collect();
                let looked_at = self.looked_at(input, row, &taken, &args[..nth])?;
                return Ok(decided(value, name, because, args.len(), taken, looked_at));
            }
            self.decided_by(input, row, arg)?;
        }
        Ok(literal(value))
    }

    fn window(
        &mut self,
        input: &Arc<Step>,
        row: u32,
        function: &WindowFunction,
        reads: &[u32],
        value: Scalar,
    ) -> Result<Tree> {
        let params = &function.params;
        let skips_nulls = params.null_treatment == Some(NullTreatment::IgnoreNulls);
        if let WindowFunctionDefinition::AggregateUDF(_) = &function.fun {
            return self.gathered(input, reads, &Gathered::of_window(function), value);
        }
        let name = function.fun.name();
        if name == "row_number" {
            let args = reads.iter().map(|row| self.counted(input, *row)).collect();
            return Ok(Tree { value, part: Part::Apply { name: "count".to_owned(), args } });
        }
        let Some(arg) = params.args.first() else { return exec_err!("{name} without an argument") };
        let mut there = reads.to_vec();
        if skips_nulls {
            let array = self.array(input, arg)?;
            there.retain(|row| array.is_valid(*row as usize));
        }
        let nth = match name {
            "lag" => there.len().checked_sub(lag_step(function)?),
            "lead" => lag_step(function)?.checked_sub(1),
            "last_value" => there.len().checked_sub(1),
            "nth_value" => lag_step(function)?.checked_sub(1),
            _ => Some(0),
        };
        match nth.and_then(|nth| there.get(nth)) {
            Some(taken) => self.expression(input, *taken, arg),
            // LAG and LEAD may say what stands in the place of a row that is not there.
            None => match params.args.get(2).filter(|_| name == "lag" || name == "lead") {
                Some(other) => self.expression(input, row, other),
                None => Ok(literal(value)),
            },
        }
    }

    fn gathered(&mut self, input: &Arc<Step>, members: &[u32], call: &Gathered<'_>, value: Scalar) -> Result<Tree> {
        let members = self.members(input, members, call)?;
        let name = call.name.to_owned();
        let Some(arg) = call.args.first() else {
            let args = members.iter().map(|row| self.counted(input, *row)).collect();
            return Ok(Tree { value, part: Part::Apply { name, args } });
        };
        if matches!(arg, Expr::Literal(..)) && call.name == "count" {
            let args = members.iter().map(|row| self.counted(input, *row)).collect();
            return Ok(Tree { value, part: Part::Apply { name, args } });
        }
        let array = self.array(input, arg)?;
        let keeps_nulls =
            call.name == "array_agg" || (matches!(call.name, "first_value" | "last_value") && !call.skips_nulls);
        let present: Vec<u32> =
            members.iter().copied().filter(|row| keeps_nulls || array.is_valid(*row as usize)).collect();
        let one = match call.name {
            "min" | "max" => present.iter().find(|row| same(&scalar(&array, **row as usize), &value)).copied(),
            "first_value" => present.first().copied(),
            "last_value" => present.last().copied(),
            _ => {
                let mut rows = present;
                if call.distinct {
                    let mut met = HashSet::new();
                    let keys = keys(std::slice::from_ref(&array), &[], input.len())?;
                    rows.retain(|row| met.insert(keys[*row as usize].clone()));
                }
                let mut args = rows.iter().map(|row| self.expression(input, *row, arg)).collect::<Result<Vec<_>>>()?;
                if let (Some(between), Some(first)) = (call.args.get(1), rows.first()) {
                    args.push(self.expression(input, *first, between)?);
                }
                return Ok(Tree { value, part: Part::Apply { name, args } });
            }
        };
        let Some(taken) = one else { return Ok(literal(value)) };
        let arg = self.expression(input, taken, arg)?;
        if present.len() == 1 {
            return Ok(Tree { value, part: arg.part });
        }
        Ok(choice(value, call.name, Vec::new(), present.len(), arg))
    }

    /// The rows that an aggregate takes in, in its order.
    fn members(&mut self, input: &Arc<Step>, members: &[u32], call: &Gathered<'_>) -> Result<Vec<u32>> {
        let mut members = members.to_vec();
        if let Some(filter) = call.filter {
            let kept = self.array(input, filter)?;
            let kept = kept.as_boolean();
            members.retain(|row| kept.is_valid(*row as usize) && kept.value(*row as usize));
        }
        if !call.order_by.is_empty() {
            let by = call.order_by.iter().map(|sort| self.array(input, &sort.expr)).collect::<Result<Vec<_>>>()?;
            let places = keys(&by, call.order_by, input.len())?;
            members.sort_by(|a, b| places[*a as usize].cmp(&places[*b as usize]));
        }
        Ok(members)
    }

    fn counted(&mut self, input: &Arc<Step>, row: u32) -> Tree {
        let rows = self.made_of(input, row);
        let rows = rows.iter().map(|(table, row)| (self.tables[*table as usize].clone(), *row as usize)).collect();
        Tree { value: Scalar::Integer(1), part: Part::Row(rows) }
    }

    fn array(&mut self, input: &Arc<Step>, expr: &Expr) -> Result<ArrayRef> {
        let of_step = self.values.entry(Arc::as_ptr(input)).or_default();
        if let Some(array) = of_step.get(expr) {
            return Ok(array.clone());
        }
        let array = evaluate(&self.state, expr, input)?;
        of_step.insert(expr.clone(), array.clone());
        Ok(array)
    }

    fn value(&mut self, input: &Arc<Step>, row: u32, expr: &Expr) -> Result<Scalar> {
        if let Expr::Column(column) = expr {
            let at = input.schema.index_of_column(column)?;
            return Ok(scalar(input.rows.column(at), row as usize));
        }
        match self.array(input, expr) {
            Ok(array) => Ok(scalar(&array, row as usize)),
            // What a condition keeps from other rows may be possible for this one alone.
            Err(_) => {
                let one = Step {
                    node: Node::Given,
                    schema: input.schema.clone(),
                    rows: input.rows.slice(row as usize, 1),
                    inputs: Vec::new(),
                };
                Ok(scalar(&evaluate(&self.state, expr, &one)?, 0))
            }
        }
    }

    pub(super) fn decided_by(&mut self, input: &Arc<Step>, row: u32, expr: &Expr) -> Result<()> {
        if self.is_asked {
            let tree = self.expression(input, row, expr)?;
            self.deciding.extend(tree.cells().into_iter().cloned());
        }
        Ok(())
    }

    /// What a cell was computed from, and the cells that chose its row or the branches of its expression.
    pub fn explain(&mut self, step: &Arc<Step>, row: u32, column: usize) -> Result<(Tree, BTreeSet<Cell>)> {
        self.is_asked = true;
        let tree = self.cell(step, row, column)?;
        let mut deciding = std::mem::take(&mut self.deciding);
        let chosen = self.conditions(step, row)?;
        self.is_asked = false;
        deciding.extend(chosen.iter().map(|(table, row, column)| Cell {
            table: self.tables[*table as usize].clone(),
            row: *row as usize,
            column: self.columns[*column as usize].clone(),
        }));
        Ok((tree, deciding))
    }
}

fn literal(value: Scalar) -> Tree {
    Tree { value, part: Part::Literal }
}

fn choice(value: Scalar, name: &str, because: Vec<String>, of: usize, arg: Tree) -> Tree {
    decided(value, name, because, of, arg, Vec::new())
}

fn decided(value: Scalar, name: &str, because: Vec<String>, of: usize, arg: Tree, decided: Vec<Tree>) -> Tree {
    Tree { value, part: Part::Choice { name: name.to_owned(), because, of, arg: Box::new(arg), decided } }
}

/// Whether two values are the same number, text or truth, whatever their types.
fn same(a: &Scalar, b: &Scalar) -> bool {
    match (a, b) {
        (Scalar::Number(number), Scalar::Integer(integer)) | (Scalar::Integer(integer), Scalar::Number(number)) => {
            *number == rust_decimal::Decimal::from(*integer)
        }
        (a, b) => a == b,
    }
}
