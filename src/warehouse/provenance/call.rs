//! The call of an aggregate, over a group or over a window.

use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::expr::{AggregateFunction, NullTreatment, Sort, WindowFunction};

/// What an aggregate takes in.
pub struct Gathered<'a> {
    pub name: &'a str,
    pub args: &'a [Expr],
    pub distinct: bool,
    pub filter: Option<&'a Expr>,
    pub order_by: &'a [Sort],
    pub skips_nulls: bool,
}

impl<'a> Gathered<'a> {
    pub fn of_aggregate(call: &'a AggregateFunction) -> Gathered<'a> {
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
    pub fn of_window(function: &'a WindowFunction) -> Gathered<'a> {
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

pub fn aggregate_function(expr: &Expr) -> Result<&AggregateFunction> {
    match expr {
        Expr::Alias(alias) => aggregate_function(&alias.expr),
        Expr::AggregateFunction(call) => Ok(call),
        other => exec_err!("{other} is no aggregate"),
    }
}
