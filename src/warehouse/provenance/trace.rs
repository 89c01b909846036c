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
use datafusion::logical_expr::expr::{AggregateFunction, Case, NullTreatment, Sort, WindowFunction};
use datafusion::logical_expr::{Expr, Operator, WindowFunctionDefinition};

use super::rule::window_function;
use super::run::{Node, Step, evaluate};
use super::tree::{Cell, Part, Tree};
use super::window::{keys, step as lag_step};
use crate::warehouse::rows::{Scalar, scalar};

/// A row of a table: the table by its place in [`Tracer::tables`].
pub type Row = (u32, u32);

/// A cell of a table: table, row and column, each by its place.
type Place = (u32, u32, u32);

/// Follows cells through steps.
pub struct Tracer {
    state: SessionState,
    /// The tables met so far.
    pub tables: Vec<String>,
    /// Expressions already evaluated, by the step they read.
    values: HashMap<(*const Step, Expr), ArrayRef>,
    /// The names of columns met so far.
    columns: Vec<String>,
    /// The cells that chose a row.
    chosen: HashMap<(*const Step, u32), Rc<BTreeSet<Place>>>,
    lineages: HashMap<(*const Step, u32), Rc<BTreeSet<Row>>>,
    /// The cells that decided which branch was taken, since they were last asked for.
    deciding: BTreeSet<Cell>,
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
            deciding: BTreeSet::new(),
            is_asked: false,
        }
    }

    /// What a cell was computed from.
    pub fn cell(&mut self, step: &Arc<Step>, row: u32, column: usize) -> Result<Tree> {
        match &step.node {
            Node::Scan(table) => {
                let column_name = step.schema.field(column).name().clone();
                let cell = Cell { table: table.clone(), row: row as usize, column: column_name };
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
        let mut because = Vec::new();
        for (when, then) in &case.when_then_expr {
            let condition = match &case.expr {
                Some(operand) => operand.as_ref().clone().eq(when.as_ref().clone()),
                None => when.as_ref().clone(),
            };
            self.decided_by(input, row, &condition)?;
            if self.value(input, row, &condition)? == Scalar::Bool(true) {
                let arg = self.expression(input, row, then)?;
                return Ok(choice(value, "case", vec![words(&condition)], of, arg));
            }
            because.push(format!("not {}", words(&condition)));
        }
        let arg = match &case.else_expr {
            Some(other) => self.expression(input, row, other)?,
            None => literal(Scalar::Null),
        };
        Ok(choice(value, "case", because, of, arg))
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
                return Ok(choice(value, name, because, args.len(), taken));
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
                    let keys = keys(&[array.clone()], &[], input.len())?;
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
        let lineage = self.lineage(input, row);
        let rows = lineage.iter().map(|(table, row)| (self.tables[*table as usize].clone(), *row as usize)).collect();
        Tree { value: Scalar::Integer(1), part: Part::Row(rows) }
    }

    fn array(&mut self, input: &Arc<Step>, expr: &Expr) -> Result<ArrayRef> {
        let key = (Arc::as_ptr(input), expr.clone());
        if let Some(array) = self.values.get(&key) {
            return Ok(array.clone());
        }
        let array = evaluate(&self.state, expr, input)?;
        self.values.insert(key, array.clone());
        Ok(array)
    }

    fn value(&mut self, input: &Arc<Step>, row: u32, expr: &Expr) -> Result<Scalar> {
        if let Expr::Column(column) = expr {
            let at = input.schema.index_of_column(column)?;
            return Ok(scalar(input.rows.column(at), row as usize));
        }
        Ok(scalar(&self.array(input, expr)?, row as usize))
    }

    fn decided_by(&mut self, input: &Arc<Step>, row: u32, expr: &Expr) -> Result<()> {
        if self.is_asked {
            let tree = self.expression(input, row, expr)?;
            self.deciding.extend(tree.cells().into_iter().cloned());
        }
        Ok(())
    }

    /// All rows of the tables that a row depends on: with these alone as the database it is there again.
    pub fn lineage(&mut self, step: &Arc<Step>, row: u32) -> Rc<BTreeSet<Row>> {
        let key = (Arc::as_ptr(step), row);
        if let Some(found) = self.lineages.get(&key) {
            return found.clone();
        }
        let found = match &step.node {
            Node::Scan(table) => Rc::new(BTreeSet::from([(self.table(table), row)])),
            Node::Given => Rc::default(),
            Node::Same | Node::Projection(_) => self.lineage(&step.inputs[0], row),
            Node::Some { rows, .. } | Node::Unnest { rows, .. } => self.lineage(&step.inputs[0], rows[row as usize]),
            Node::Union(from) => {
                let (input, at) = from[row as usize];
                self.lineage(&step.inputs[input as usize], at)
            }
            Node::Join { pairs, .. } => {
                let (left, right) = pairs[row as usize];
                let sides = [(0, left), (1, right)];
                let rows = sides.into_iter().filter_map(|(side, at)| Some((side, at?)));
                self.lineage_of_all(step, rows)
            }
            Node::Semi { rows, matches, .. } => {
                let others = matches[row as usize].iter().map(|other| (1, *other));
                self.lineage_of_all(step, [(0, rows[row as usize])].into_iter().chain(others))
            }
            Node::Group { groups, .. } => self.lineage_of_all(step, groups[row as usize].iter().map(|row| (0, *row))),
            Node::Window { reads, .. } => {
                let read = reads.iter().flat_map(|reads| reads[row as usize].iter().map(|row| (0, *row)));
                self.lineage_of_all(step, [(0, row)].into_iter().chain(read))
            }
        };
        self.lineages.insert(key, found.clone());
        found
    }

    fn lineage_of_all(&mut self, step: &Arc<Step>, rows: impl Iterator<Item = (usize, u32)>) -> Rc<BTreeSet<Row>> {
        let mut rows: Vec<(usize, u32)> = rows.collect();
        rows.sort_unstable();
        rows.dedup();
        if let [(input, row)] = rows[..] {
            return self.lineage(&step.inputs[input], row);
        }
        let mut all = BTreeSet::new();
        for (input, row) in rows {
            all.extend(self.lineage(&step.inputs[input], row).iter().copied());
        }
        Rc::new(all)
    }

    fn table(&mut self, name: &str) -> u32 {
        let at = self.tables.iter().position(|table| table == name).unwrap_or_else(|| {
            self.tables.push(name.to_owned());
            self.tables.len() - 1
        });
        u32::try_from(at).unwrap_or(u32::MAX)
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

    /// The cells that conditions, keys and windows on the way of a row have read.
    fn conditions(&mut self, step: &Arc<Step>, row: u32) -> Result<Rc<BTreeSet<Place>>> {
        let key = (Arc::as_ptr(step), row);
        if let Some(found) = self.chosen.get(&key) {
            return Ok(found.clone());
        }
        let nth = row as usize;
        // What was read here, and the rows of the inputs whose own conditions count too.
        let mut read: Vec<(Arc<Step>, u32, &Expr)> = Vec::new();
        let mut below: Vec<(usize, u32)> = Vec::new();
        let input = || step.inputs[0].clone();
        match &step.node {
            Node::Scan(_) | Node::Given => {}
            Node::Same | Node::Projection(_) => below.push((0, row)),
            Node::Unnest { rows, .. } => below.push((0, rows[nth])),
            Node::Some { rows, conditions } => {
                read.extend(conditions.iter().map(|condition| (input(), rows[nth], condition)));
                below.push((0, rows[nth]));
            }
            Node::Union(from) => below.push((from[nth].0 as usize, from[nth].1)),
            Node::Join { pairs, conditions } => {
                if let (Some(_), Some(_)) = pairs[nth] {
                    read.extend(conditions.iter().map(|condition| (step.clone(), row, condition)));
                }
                below.extend(pairs[nth].0.map(|at| (0, at)));
                below.extend(pairs[nth].1.map(|at| (1, at)));
            }
            Node::Semi { rows, matches } => {
                below.push((0, rows[nth]));
                below.extend(matches[nth].iter().map(|other| (1, *other)));
            }
            Node::Group { groups, keys, .. } => {
                for member in &groups[nth] {
                    read.extend(keys.iter().map(|key| (input(), *member, key)));
                    below.push((0, *member));
                }
            }
            Node::Window { functions, reads } => {
                for (function, reads) in functions.iter().zip(reads) {
                    let Some(function) = window_function(function) else { continue };
                    let order = function.params.order_by.iter().map(|sort| &sort.expr);
                    let by: Vec<&Expr> = function.params.partition_by.iter().chain(order).collect();
                    for at in &reads[nth] {
                        read.extend(by.iter().map(|by| (input(), *at, *by)));
                        below.push((0, *at));
                    }
                }
                below.push((0, row));
            }
        }
        let outer = std::mem::take(&mut self.deciding);
        for (at, row, expr) in read {
            self.decided_by(&at, row, expr)?;
        }
        let own = std::mem::replace(&mut self.deciding, outer);
        below.sort_unstable();
        below.dedup();
        let found = match (own.is_empty(), below.as_slice()) {
            (true, [(side, at)]) => self.conditions(&step.inputs[*side], *at)?,
            _ => {
                let mut all: BTreeSet<Place> = own.iter().map(|cell| self.place(cell)).collect();
                for (side, at) in below {
                    all.extend(self.conditions(&step.inputs[side], at)?.iter().copied());
                }
                Rc::new(all)
            }
        };
        self.chosen.insert(key, found.clone());
        Ok(found)
    }

    fn place(&mut self, cell: &Cell) -> Place {
        let column = self.columns.iter().position(|name| *name == cell.column).unwrap_or_else(|| {
            self.columns.push(cell.column.clone());
            self.columns.len() - 1
        });
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        (self.table(&cell.table), number(cell.row), number(column))
    }
}

/// An aggregate, over a group or over a window.
struct Gathered<'a> {
    name: &'a str,
    args: &'a [Expr],
    distinct: bool,
    filter: Option<&'a Expr>,
    order_by: &'a [Sort],
    skips_nulls: bool,
}

impl<'a> Gathered<'a> {
    fn of_aggregate(call: &'a AggregateFunction) -> Gathered<'a> {
        let params = &call.params;
        Gathered {
            name: call.func.name(),
            args: &params.args,
            distinct: params.distinct,
            filter: params.filter.as_deref(),
            order_by: &params.order_by,
            skips_nulls: params.null_treatment == Some(NullTreatment::IgnoreNulls),
        }
    }

    /// The rows of a window are in its order already.
    fn of_window(function: &'a WindowFunction) -> Gathered<'a> {
        let params = &function.params;
        Gathered {
            name: function.fun.name(),
            args: &params.args,
            distinct: params.distinct,
            filter: params.filter.as_deref(),
            order_by: &[],
            skips_nulls: params.null_treatment == Some(NullTreatment::IgnoreNulls),
        }
    }
}

fn aggregate_function(expr: &Expr) -> Result<&AggregateFunction> {
    match expr {
        Expr::Alias(alias) => aggregate_function(&alias.expr),
        Expr::AggregateFunction(call) => Ok(call),
        other => exec_err!("{other} is no aggregate"),
    }
}

fn literal(value: Scalar) -> Tree {
    Tree { value, part: Part::Literal }
}

fn choice(value: Scalar, name: &str, because: Vec<String>, of: usize, arg: Tree) -> Tree {
    Tree { value, part: Part::Choice { name: name.to_owned(), because, of, arg: Box::new(arg) } }
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

/// What an operator is called.
fn operator(expr: &Expr, is_integer: bool) -> String {
    match expr {
        // Integers are divided without a rest.
        Expr::BinaryExpr(binary) if binary.op == Operator::Divide && is_integer => "div".to_owned(),
        Expr::BinaryExpr(binary) => binary.op.to_string(),
        Expr::Not(_) => "not".to_owned(),
        Expr::Negative(_) => "negative".to_owned(),
        Expr::IsNull(_) => "is null".to_owned(),
        Expr::IsNotNull(_) => "is not null".to_owned(),
        Expr::InList(list) => if list.negated { "not in" } else { "in" }.to_owned(),
        Expr::Between(between) => if between.negated { "not between" } else { "between" }.to_owned(),
        Expr::Like(like) => if like.negated { "not like" } else { "like" }.to_owned(),
        other => other.variant_name().to_lowercase(),
    }
}

/// An expression in few words: columns without their tables, literals without their types, no casts.
fn words(expr: &Expr) -> String {
    let list = |exprs: &[Expr]| exprs.iter().map(words).collect::<Vec<_>>().join(", ");
    let not = |negated: bool| if negated { "not " } else { "" };
    match expr {
        Expr::Alias(alias) => words(&alias.expr),
        Expr::Column(column) => column.name.clone(),
        Expr::Literal(value, _) if value.is_null() => "null".to_owned(),
        Expr::Literal(value, _) => value.to_string(),
        Expr::Cast(cast) => words(&cast.expr),
        Expr::TryCast(cast) => words(&cast.expr),
        Expr::BinaryExpr(binary) => format!("{} {} {}", words(&binary.left), binary.op, words(&binary.right)),
        Expr::Not(inner) => format!("not {}", words(inner)),
        Expr::Negative(inner) => format!("-{}", words(inner)),
        Expr::IsNull(inner) => format!("{} is missing", words(inner)),
        Expr::IsNotNull(inner) => format!("{} is stated", words(inner)),
        Expr::InList(within) => {
            format!("{} {}in ({})", words(&within.expr), not(within.negated), list(&within.list))
        }
        Expr::ScalarFunction(call) => format!("{}({})", call.name(), list(&call.args)),
        other => other.human_display().to_string(),
    }
}
