//! What can be followed: a query brought into the few shapes that have a rule, and the check that it has no others.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::tree_node::{TreeNode as _, TreeNodeRecursion};
use datafusion::logical_expr::expr::{WindowFunction, WindowFunctionDefinition};
use datafusion::logical_expr::{
    Expr, FetchType, LogicalPlan, SkipType, Volatility, WindowFrameBound, WindowFrameUnits,
};
use datafusion::optimizer::decorrelate_lateral_join::DecorrelateLateralJoin;
use datafusion::optimizer::decorrelate_predicate_subquery::DecorrelatePredicateSubquery;
use datafusion::optimizer::replace_distinct_aggregate::ReplaceDistinctWithAggregate;
use datafusion::optimizer::scalar_subquery_to_join::ScalarSubqueryToJoin;
use datafusion::optimizer::{Optimizer, OptimizerConfig as _};
use datafusion::prelude::SessionContext;

use crate::diag::{Diagnostic, Place};
use crate::warehouse::model::Query;

/// Aggregates whose arguments are listed row by row.
const AGGREGATES: [&str; 12] = [
    "array_agg",
    "avg",
    "bit_or",
    "bool_and",
    "bool_or",
    "count",
    "first_value",
    "last_value",
    "max",
    "min",
    "string_agg",
    "sum",
];

/// Window functions beside the aggregates.
const WINDOW_FUNCTIONS: [&str; 6] = ["row_number", "lag", "lead", "first_value", "last_value", "nth_value"];

/// A plan with its types settled, DISTINCT as an aggregate, subqueries and lateral queries as joins: by the engine's own
/// rules, so that no rule here is needed for them. Nothing else is changed: what is followed is what is written.
pub fn prepare(session: &SessionContext, plan: LogicalPlan) -> Result<LogicalPlan> {
    let mut state = session.state();
    state.config_mut().options_mut().optimizer.enable_physical_uncorrelated_scalar_subquery = false;
    let plan = state.analyzer().execute_and_check(plan, state.config_options(), |_, _| {})?;
    let has_other_shapes = plan.exists(|node| {
        let mut found = matches!(node, LogicalPlan::Distinct(_) | LogicalPlan::Subquery(_));
        node.apply_expressions(|expr| {
            found |= expr.exists(|part| Ok(is_subquery(part)))?;
            Ok(TreeNodeRecursion::Continue)
        })?;
        Ok(found)
    })?;
    if !has_other_shapes {
        return Ok(plan);
    }
    let rules = Optimizer::with_rules(vec![
        Arc::new(ReplaceDistinctWithAggregate::new()),
        Arc::new(DecorrelatePredicateSubquery::new()),
        Arc::new(ScalarSubqueryToJoin::new()),
        Arc::new(DecorrelateLateralJoin::new()),
    ]);
    debug_assert!(state.options().optimizer.max_passes > 0);
    rules.optimize(plan, &state, |_, _| {})
}

fn is_subquery(expr: &Expr) -> bool {
    matches!(expr, Expr::ScalarSubquery(_) | Expr::InSubquery(_) | Expr::Exists(_) | Expr::SetComparison(_))
}

/// A query that uses what cannot be followed; nothing is run for it.
///
/// # Errors
/// The plan has a fault of another kind.
pub fn check(session: &SessionContext, query: &Query, plan: &LogicalPlan) -> Result<Option<Diagnostic>> {
    let Some(construct) = missing(&prepare(session, plan.clone())?)? else { return Ok(None) };
    let message = format!("figures cannot be followed back through {construct}");
    let fault = Diagnostic::error("no-provenance", message).at(Place::span(&query.source, 0..0));
    Ok(Some(fault.hint("write it with joins, aggregates, CASE and window functions, as the other models do")))
}

/// The first construct of a prepared plan that cannot be followed.
pub(super) fn missing(plan: &LogicalPlan) -> Result<Option<String>> {
    let mut found = None;
    plan.apply(|node| {
        found = of_node(node)?;
        Ok(if found.is_some() { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    Ok(found)
}

fn of_node(node: &LogicalPlan) -> Result<Option<String>> {
    let construct = match node {
        LogicalPlan::Projection(_)
        | LogicalPlan::Filter(_)
        | LogicalPlan::Sort(_)
        | LogicalPlan::Join(_)
        | LogicalPlan::Union(_)
        | LogicalPlan::TableScan(_)
        | LogicalPlan::EmptyRelation(_)
        | LogicalPlan::SubqueryAlias(_)
        | LogicalPlan::Values(_) => None,
        LogicalPlan::Aggregate(aggregate) => {
            let sets = aggregate.group_expr.iter().any(|expr| matches!(expr, Expr::GroupingSet(_)));
            sets.then(|| "GROUPING SETS, ROLLUP and CUBE".to_owned())
        }
        LogicalPlan::Limit(limit) => {
            let plain = matches!(limit.get_skip_type()?, SkipType::Literal(0))
                && matches!(limit.get_fetch_type()?, FetchType::Literal(_));
            (!plain).then(|| "OFFSET, or a LIMIT that is computed".to_owned())
        }
        LogicalPlan::Window(window) => window.window_expr.iter().find_map(of_window),
        LogicalPlan::Unnest(unnest) => {
            let one = unnest.list_type_columns.len() == 1
                && unnest.struct_type_columns.is_empty()
                && unnest.list_type_columns[0].1.depth == 1;
            (!one).then(|| "UNNEST of several lists, of a list of lists or of a record".to_owned())
        }
        LogicalPlan::RecursiveQuery(query) => {
            query.is_distinct.then(|| "WITH RECURSIVE … UNION (without ALL)".to_owned())
        }
        other => Some(other.display().to_string().split([':', ' ']).next().unwrap_or_default().to_owned()),
    };
    if construct.is_some() {
        return Ok(construct);
    }
    let mut found = None;
    node.apply_expressions(|expr| {
        expr.apply(|part| {
            found = of_expression(part);
            Ok(if found.is_some() { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
        })
    })?;
    Ok(found)
}

fn of_expression(expr: &Expr) -> Option<String> {
    match expr {
        Expr::ScalarFunction(call) if call.func.signature().volatility == Volatility::Volatile => {
            Some(format!("{}(), which gives another value each time", call.name()))
        }
        Expr::AggregateFunction(call) if !AGGREGATES.contains(&call.func.name()) => {
            Some(format!("the aggregate {}()", call.func.name()))
        }
        Expr::ScalarVariable(..) | Expr::Placeholder(_) => Some("a variable".to_owned()),
        Expr::OuterReferenceColumn(..)
        | Expr::ScalarSubquery(_)
        | Expr::InSubquery(_)
        | Expr::Exists(_)
        | Expr::SetComparison(_) => Some("a subquery that is no join".to_owned()),
        Expr::HigherOrderFunction(_) | Expr::Lambda(_) | Expr::LambdaVariable(_) => {
            Some("a function of functions".to_owned())
        }
        _ => None,
    }
}

fn of_window(expr: &Expr) -> Option<String> {
    let Some(function) = window_function(expr) else { return Some("a window that is no function".to_owned()) };
    let name = function.fun.name();
    let known = match &function.fun {
        WindowFunctionDefinition::AggregateUDF(_) => AGGREGATES.contains(&name),
        WindowFunctionDefinition::WindowUDF(_) => WINDOW_FUNCTIONS.contains(&name),
    };
    if !known {
        return Some(format!("the window function {name}()"));
    }
    let frame = &function.params.window_frame;
    let is_whole = |bound: &WindowFrameBound| bound.is_unbounded() || matches!(bound, WindowFrameBound::CurrentRow);
    let plain = match frame.units {
        WindowFrameUnits::Rows => true,
        WindowFrameUnits::Range => is_whole(&frame.start_bound) && is_whole(&frame.end_bound),
        WindowFrameUnits::Groups => false,
    };
    (!plain).then(|| format!("the window frame {frame}"))
}

/// The function of a window expression, below its alias.
pub fn window_function(expr: &Expr) -> Option<&WindowFunction> {
    match expr {
        Expr::Alias(alias) => window_function(&alias.expr),
        Expr::WindowFunction(function) => Some(function),
        _ => None,
    }
}
