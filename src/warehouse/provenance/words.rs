//! What operators and conditions are called.

use datafusion::common::tree_node::{Transformed, TreeNode as _};
use datafusion::logical_expr::{Expr, Operator, lit};

use crate::domain::{RECORD_TABLES, RecordKind};

/// What an operator is called.
pub fn operator(expr: &Expr, is_integer: bool) -> String {
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

/// Whether a column says who a record is about. Its values are never told.
pub fn is_personal(column: &str) -> bool {
    let mut columns = RECORD_TABLES.iter().flat_map(|table| table.columns);
    columns.any(|known| known.name == column && known.kind == RecordKind::Person)
}

/// A condition in few words, without the number of any person.
pub fn told(expr: &Expr) -> String {
    if !expr.column_refs().iter().any(|column| is_personal(&column.name)) {
        return words(expr);
    }
    let hidden = expr.clone().transform_up(|part| match part {
        Expr::Literal(..) => Ok(Transformed::yes(lit("…"))),
        other => Ok(Transformed::no(other)),
    });
    hidden.map_or_else(|_| "…".to_owned(), |hidden| words(&hidden.data))
}

/// The name of a column; one that was made without a name is called by its expression, of which the tables are left out.
fn without_tables(name: &str) -> String {
    if !name.contains('(') {
        return name.to_owned();
    }
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let parts = name.split_inclusive(|c| !is_word(c));
    let is_table = |part: &&str| part.ends_with('.') && part.starts_with(|c: char| c.is_alphabetic());
    parts.filter(|part| !is_table(part)).collect()
}

/// An expression in few words: columns without their tables, literals without their types, no casts.
pub fn words(expr: &Expr) -> String {
    let list = |exprs: &[Expr]| exprs.iter().map(words).collect::<Vec<_>>().join(", ");
    let not = |negated: bool| if negated { "not " } else { "" };
    match expr {
        Expr::Alias(alias) => words(&alias.expr),
        Expr::Column(column) => without_tables(&column.name),
        Expr::Literal(value, _) if value.is_null() => "null".to_owned(),
        Expr::Literal(value, _) => value.to_string(),
        Expr::Cast(cast) => words(&cast.expr),
        Expr::TryCast(cast) => words(&cast.expr),
        Expr::BinaryExpr(binary) if binary.op == Operator::IsNotDistinctFrom => {
            format!("{} = {}", words(&binary.left), words(&binary.right))
        }
        Expr::BinaryExpr(binary) => {
            let side = |side: &Expr| match side {
                // What binds less tightly keeps its brackets.
                Expr::BinaryExpr(inner) if inner.op.precedence() < binary.op.precedence() => {
                    format!("({})", words(side))
                }
                other => words(other),
            };
            format!("{} {} {}", side(&binary.left), binary.op, side(&binary.right))
        }
        Expr::Not(inner) => format!("not {}", words(inner)),
        Expr::Negative(inner) => format!("-{}", words(inner)),
        Expr::IsNull(inner) => format!("{} is missing", words(inner)),
        Expr::IsNotNull(inner) => format!("{} is stated", words(inner)),
        Expr::InList(within) => {
            format!("{} {}in ({})", words(&within.expr), not(within.negated), list(&within.list))
        }
        Expr::ScalarFunction(call) => format!("{}({})", call.name(), list(&call.args)),
        Expr::AggregateFunction(call) => {
            let distinct = if call.params.distinct { "distinct " } else { "" };
            format!("{}({distinct}{})", call.func.name(), list(&call.params.args))
        }
        Expr::WindowFunction(call) => format!("{}({})", call.fun.name(), list(&call.params.args)),
        Expr::Case(case) => {
            let operand = case.expr.iter().map(|operand| format!("{} = ", words(operand))).collect::<String>();
            let branch = |(when, then): &(Box<Expr>, Box<Expr>)| format!("{} if {operand}{}", words(then), words(when));
            let mut branches: Vec<String> = case.when_then_expr.iter().map(branch).collect();
            branches.extend(case.else_expr.iter().map(|other| format!("else {}", words(other))));
            format!("({})", branches.join(", "))
        }
        other => other.human_display().to_string(),
    }
}
