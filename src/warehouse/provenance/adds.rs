//! Which rows add anything to a sum: those for which `CASE` takes a branch that is not 0, and no factor says 0.

use std::collections::BTreeSet;

use datafusion::common::tree_node::{Transformed, TreeNode as _};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::expr::Case;
use datafusion::logical_expr::{Expr, LogicalPlan, Operator, lit};

use super::wanted::{bare, is_nothing};

/// Under what conditions an expression over the rows of a plan adds to a sum, as far as they are written in the query, and the
/// places of the columns that say no more than these.
pub fn conditions(expr: &Expr, plan: &LogicalPlan) -> (Vec<Expr>, BTreeSet<usize>) {
    let mut factors = Vec::new();
    split(expr, &mut factors);
    let (mut conditions, mut flags) = (Vec::new(), BTreeSet::new());
    for factor in factors {
        match &factor {
            Expr::Case(case) => conditions.extend(counts(case)),
            Expr::Column(column) if is_flag(&factor, plan) => {
                flags.extend(plan.schema().maybe_index_of_column(column));
                conditions.push(factor.not_eq(lit(0)));
            }
            _ => {}
        }
    }
    (conditions, flags)
}

fn split(expr: &Expr, factors: &mut Vec<Expr>) {
    match bare(expr) {
        Expr::Cast(cast) => split(&cast.expr, factors),
        Expr::BinaryExpr(product) if product.op == Operator::Multiply => {
            split(&product.left, factors);
            split(&product.right, factors);
        }
        other => factors.push(other.clone()),
    }
}

/// When a `CASE` takes a branch that is not 0; none where each branch may be something.
fn counts(case: &Case) -> Option<Expr> {
    let is_else = case.else_expr.as_ref().is_some_and(|other| !is_nothing(other));
    let is_any_nothing = !is_else || case.when_then_expr.iter().any(|(_, then)| is_nothing(then));
    if case.expr.is_some() || !is_any_nothing {
        return None;
    }
    if let [(when, then)] = case.when_then_expr.as_slice() {
        return match (is_nothing(then), is_else) {
            (false, false) => Some(when.as_ref().clone()),
            (true, true) => Some(when.as_ref().clone().is_not_true()),
            _ => Some(lit(false)),
        };
    }
    let taken = case.when_then_expr.iter().map(|(when, then)| (when.clone(), Box::new(lit(!is_nothing(then)))));
    Some(Expr::Case(Case::new(None, taken.collect(), Some(Box::new(lit(is_else))))))
}

/// `CASE … <> 0` as the condition that it stands for.
pub fn plain(condition: Expr) -> Result<Expr> {
    let made = condition.transform_up(|part| {
        let Expr::BinaryExpr(binary) = &part else { return Ok(Transformed::no(part)) };
        let taken = match (binary.op, unwrapped(&binary.left), is_nothing(&binary.right)) {
            (Operator::NotEq, Expr::Case(case), true) if is_constant(case) => counts(case),
            _ => None,
        };
        Ok(taken.map_or_else(|| Transformed::no(part), Transformed::yes))
    });
    Ok(made?.data)
}

fn unwrapped(expr: &Expr) -> &Expr {
    match bare(expr) {
        Expr::Cast(cast) => unwrapped(&cast.expr),
        other => other,
    }
}

fn is_constant(case: &Case) -> bool {
    let branches = case.when_then_expr.iter().map(|(_, then)| then).chain(&case.else_expr);
    branches.into_iter().all(|branch| matches!(unwrapped(branch), Expr::Literal(..)))
}

/// Whether a column says only 0 or 1: made by `CASE`, and handed on.
fn is_flag(expr: &Expr, plan: &LogicalPlan) -> bool {
    match unwrapped(expr) {
        Expr::Literal(value, _) => {
            let one = ScalarValue::new_one(&value.data_type());
            is_nothing(expr) || one.is_ok_and(|one| one == *value)
        }
        Expr::Case(case) => {
            let mut branches = case.when_then_expr.iter().map(|(_, then)| then).chain(&case.else_expr);
            branches.all(|branch| is_flag(branch, plan))
        }
        Expr::Column(column) => match plan.schema().maybe_index_of_column(column) {
            Some(nth) => is_flag_column(plan, nth),
            None => false,
        },
        _ => false,
    }
}

fn is_flag_column(plan: &LogicalPlan, nth: usize) -> bool {
    match plan {
        LogicalPlan::Projection(projection) => is_flag(&projection.expr[nth], &projection.input),
        LogicalPlan::SubqueryAlias(alias) => is_flag_column(&alias.input, nth),
        LogicalPlan::Filter(filter) => is_flag_column(&filter.input, nth),
        LogicalPlan::Sort(sort) => is_flag_column(&sort.input, nth),
        LogicalPlan::Union(union) => union.inputs.iter().all(|input| is_flag_column(input, nth)),
        LogicalPlan::Aggregate(aggregate) => {
            aggregate.group_expr.get(nth).is_some_and(|key| is_flag(key, &aggregate.input))
        }
        LogicalPlan::Join(join) => {
            let width = join.left.schema().fields().len();
            match nth.checked_sub(width) {
                None => is_flag_column(&join.left, nth),
                Some(nth) => nth < join.right.schema().fields().len() && is_flag_column(&join.right, nth),
            }
        }
        _ => false,
    }
}
