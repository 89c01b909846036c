//! Codes and periods are text: a column of text compared with a number is refused before the engine tries to read every
//! code as a number.

use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{TreeNode as _, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, ScalarValue};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{BinaryExpr, Expr, LogicalPlan, Operator};
use datafusion::sql::sqlparser::tokenizer::Location;

use super::fault::{find_word, offset};
use crate::diag::{Diagnostic, Place, SourceText};

const COMPARING: [Operator; 8] = [
    Operator::Eq,
    Operator::NotEq,
    Operator::Lt,
    Operator::LtEq,
    Operator::Gt,
    Operator::GtEq,
    Operator::IsDistinctFrom,
    Operator::IsNotDistinctFrom,
];

/// The first comparison of a column of text with a number, as a fault.
pub(super) fn find(plan: &LogicalPlan, source: &Arc<SourceText>) -> Result<Option<Diagnostic>, DataFusionError> {
    let mut found = None;
    plan.apply_with_subqueries(|node| {
        let inputs = node.inputs();
        node.apply_expressions(|expr| {
            expr.apply(|part| {
                let pairs = compared(part).into_iter();
                found = pairs.filter(|(column, _)| is_text(column, &inputs)).map(|(c, n)| fault(c, n, source)).next();
                Ok(if found.is_some() { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
            })
        })?;
        Ok(if found.is_some() { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    Ok(found)
}

/// The columns that an expression compares with a number.
fn compared(expr: &Expr) -> Vec<(&Column, &ScalarValue)> {
    match expr {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) if COMPARING.contains(op) => {
            take(left, right).or_else(|| take(right, left)).into_iter().collect()
        }
        Expr::InList(list) => list.list.iter().filter_map(|item| take(&list.expr, item)).collect(),
        Expr::Between(range) => {
            [&range.low, &range.high].into_iter().filter_map(|end| take(&range.expr, end)).collect()
        }
        _ => Vec::new(),
    }
}

fn take<'a>(one: &'a Expr, other: &'a Expr) -> Option<(&'a Column, &'a ScalarValue)> {
    match (one, number(other)) {
        (Expr::Column(column), Some(value)) => Some((column, value)),
        _ => None,
    }
}

fn number(expr: &Expr) -> Option<&ScalarValue> {
    match expr {
        Expr::Literal(value, _) if value.data_type().is_numeric() => Some(value),
        _ => None,
    }
}

fn is_text(column: &Column, inputs: &[&LogicalPlan]) -> bool {
    let of =
        |schema: &DFSchema| schema.qualified_field_from_column(column).map(|(_, field)| field.data_type().clone()).ok();
    let data_type = inputs.iter().find_map(|input| of(input.schema()));
    matches!(data_type, Some(DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8))
}

/// Placed at the number that stands nearest to the column.
fn fault(column: &Column, value: &ScalarValue, source: &Arc<SourceText>) -> Diagnostic {
    let number = value.to_string();
    let at = column
        .spans
        .first()
        .and_then(|span| offset(&source.text, Location { line: span.start.line, column: span.start.column }));
    let nearest = places(&source.text, &number).into_iter().min_by_key(|start| start.abs_diff(at.unwrap_or(0)));
    let place = match nearest {
        Some(start) => Place::span(source, start..start + number.len()),
        None => Place::file(source.name.clone()),
    };
    let message = format!("\"{}\" is text, and is compared with the number {number}", column.name);
    Diagnostic::error("text-compared-with-number", message)
        .at(place)
        .hint(format!("codes and periods are text: write '{number}' in quotes"))
}

/// Where a number stands in a query, outside comments and quotes.
fn places(text: &str, number: &str) -> Vec<usize> {
    let mut places = Vec::new();
    let mut from = 0;
    while let Some(found) = text.get(from..).and_then(|rest| find_word(rest, number)) {
        if !text[..from + found].ends_with('\'') {
            places.push(from + found);
        }
        from += found + number.len();
    }
    places
}
