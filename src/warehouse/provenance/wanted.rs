//! What is asked of a node of a plan: conditions over its columns, and other queries of which some row has to fit.

use std::collections::BTreeSet;

use datafusion::common::tree_node::{Transformed, TreeNode as _, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, JoinType, Result, ScalarValue, not_impl_err};
use datafusion::logical_expr::expr::BinaryExpr;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, Operator};

/// Names of partners begin with it, as no table's does.
pub const PARTNER: char = '§';

/// Which rows of a node are behind what was asked for.
#[derive(Clone, Default)]
pub struct Wanted {
    /// Conditions over the columns of the node.
    pub filters: Vec<Expr>,
    pub partners: Vec<Partner>,
    /// The columns that the figure is computed from.
    pub value: BTreeSet<usize>,
    /// Whether the rows are counted.
    pub counts: bool,
    /// Whether a row that holds 0 adds nothing to the figure.
    pub is_sum: bool,
}

/// A query of which some row has to fit, or none.
#[derive(Clone)]
pub struct Partner {
    pub plan: LogicalPlan,
    /// Over columns of the node and of the plan.
    pub on: Vec<Expr>,
    pub is_missing: bool,
    pub words: String,
}

/// The rows of a table that are wanted.
pub struct Found {
    pub table: String,
    /// The rows, as a query.
    pub rows: LogicalPlan,
    /// Conditions over its columns alone.
    pub filters: Vec<Expr>,
    /// All conditions in words.
    pub conditions: Vec<String>,
    /// The columns that the figure is computed from; empty where the rows are counted or only choose.
    pub columns: BTreeSet<String>,
    /// Whether the figure is computed from the rows; else they only choose.
    pub is_value: bool,
}

impl Found {
    /// The rows of one table that any of several ways leads to.
    pub fn all(mut ways: Vec<Found>) -> Result<Option<Found>> {
        let Some(mut all) = ways.pop() else { return Ok(None) };
        for way in ways {
            all.rows = LogicalPlanBuilder::from(all.rows).union(way.rows)?.build()?;
            all.filters.retain(|filter| way.filters.contains(filter));
            all.columns.extend(way.columns);
            all.is_value |= way.is_value;
        }
        Ok(Some(all))
    }
}

impl Wanted {
    /// A row of a query, by conditions over its columns, and the column that is asked for.
    pub fn row(filters: Vec<Expr>, column: usize) -> Wanted {
        Wanted { filters, value: [column].into(), ..Wanted::default() }
    }

    /// The rows of a query that another query gives, by columns of the same name.
    pub fn rows_of(&self, found: &Found, plan: &LogicalPlan, columns: &[String], number: usize) -> Result<Wanted> {
        let alias = format!("{PARTNER}rows{number}");
        let exprs = columns.iter().enumerate();
        let exprs = exprs.map(|(nth, name)| Ok(by_name(found.rows.schema(), name)?.alias(format!("k{nth}"))));
        let keys = LogicalPlanBuilder::from(found.rows.clone()).project(exprs.collect::<Result<Vec<_>>>()?)?;
        let keys = keys.distinct()?.alias(alias.as_str())?.build()?;
        let on = columns.iter().enumerate().map(|(nth, name)| {
            let key = Expr::Column(Column::new(Some(alias.as_str()), format!("k{nth}")));
            Ok(is_same(by_name(plan.schema(), name)?, key))
        });
        let on = on.collect::<Result<_>>()?;
        let partner = Partner { plan: keys, on, is_missing: false, words: "they belong to the rows above".to_owned() };
        let value = found.columns.iter().filter_map(|name| plan.schema().index_of_column_by_name(None, name));
        let value: BTreeSet<usize> = value.collect();
        let own = |filter: &&Expr| filter.column_refs().iter().all(|at| columns.contains(&at.name));
        let filters = found.filters.iter().filter(own).map(|filter| {
            let put = filter.clone().transform_up(|part| match &part {
                Expr::Column(at) => Ok(Transformed::yes(by_name(plan.schema(), &at.name)?)),
                _ => Ok(Transformed::no(part)),
            });
            put.map(|put| put.data)
        });
        let filters = filters.collect::<Result<_>>()?;
        let counts = found.is_value && value.is_empty();
        Ok(Wanted { filters, partners: vec![partner], counts, value, ..Wanted::default() })
    }

    /// Whether the figure is computed from the rows.
    pub fn is_value(&self) -> bool {
        self.counts || !self.value.is_empty()
    }

    /// The same over the columns that `to` puts in the place of each column.
    pub fn over(&self, schema: &DFSchema, to: &dyn Fn(usize) -> Expr) -> Result<Wanted> {
        let filters = self.filters.iter().map(|filter| replaced(filter, schema, to)).collect::<Result<_>>()?;
        let partners = self.partners.iter().map(|partner| partner.over(schema, to)).collect::<Result<_>>()?;
        Ok(Wanted { filters, partners, value: BTreeSet::new(), counts: self.counts, is_sum: self.is_sum })
    }
}

impl Partner {
    fn over(&self, schema: &DFSchema, to: &dyn Fn(usize) -> Expr) -> Result<Partner> {
        let on = self.on.iter().map(|on| replaced(on, schema, to)).collect::<Result<_>>()?;
        Ok(Partner { on, ..self.clone() })
    }

    pub fn touches(&self, schema: &DFSchema, columns: &dyn Fn(usize) -> bool) -> bool {
        self.on.iter().any(|on| touches(on, schema, columns))
    }
}

/// The rows of a plan that fulfil conditions.
pub fn restricted(plan: &LogicalPlan, filters: &[Expr], partners: &[Partner]) -> Result<LogicalPlan> {
    let mut builder = LogicalPlanBuilder::from(plan.clone());
    if let Some(all) = conjunction(filters.iter().cloned()) {
        builder = builder.filter(all)?;
    }
    for partner in partners {
        let kind = if partner.is_missing { JoinType::LeftAnti } else { JoinType::LeftSemi };
        builder = builder.join_on(partner.plan.clone(), kind, partner.on.iter().cloned())?;
    }
    builder.build()
}

/// An expression with others in the place of the node's columns; those of partners stay.
pub fn replaced(expr: &Expr, schema: &DFSchema, to: &dyn Fn(usize) -> Expr) -> Result<Expr> {
    let put = expr.clone().transform_up(|part| match &part {
        Expr::Column(column) if !is_partner(column) => Ok(Transformed::yes(to(schema.index_of_column(column)?))),
        _ => Ok(Transformed::no(part)),
    });
    Ok(put?.data)
}

pub fn touches(expr: &Expr, schema: &DFSchema, columns: &dyn Fn(usize) -> bool) -> bool {
    expr.column_refs().into_iter().filter_map(|column| schema.maybe_index_of_column(column)).any(columns)
}

fn is_partner(column: &Column) -> bool {
    column.relation.as_ref().is_some_and(|relation| relation.table().starts_with(PARTNER))
}

/// The places of the columns that an expression reads.
pub fn refs(expr: &Expr, schema: &DFSchema) -> Result<BTreeSet<usize>> {
    expr.column_refs().into_iter().map(|column| schema.index_of_column(column)).collect()
}

/// The places of the columns whose values the result is made of: those that only decide between branches are none.
pub fn value_refs(expr: &Expr, schema: &DFSchema) -> Result<BTreeSet<usize>> {
    let mut read = BTreeSet::new();
    expr.apply(|part| match part {
        Expr::Case(case) => {
            let branches = case.when_then_expr.iter().map(|(_, then)| then).chain(&case.else_expr);
            for branch in branches {
                read.extend(value_refs(branch, schema)?);
            }
            Ok(TreeNodeRecursion::Jump)
        }
        Expr::Column(column) => {
            read.insert(schema.index_of_column(column)?);
            Ok(TreeNodeRecursion::Continue)
        }
        _ => Ok(TreeNodeRecursion::Continue),
    })?;
    Ok(read)
}

pub fn column(schema: &DFSchema, nth: usize) -> Expr {
    Expr::Column(Column::from(schema.qualified_field(nth)))
}

fn by_name(schema: &DFSchema, name: &str) -> Result<Expr> {
    let nth = schema.index_of_column_by_name(None, name);
    nth.map_or_else(|| not_impl_err!("no column \"{name}\""), |nth| Ok(column(schema, nth)))
}

pub fn bare(expr: &Expr) -> &Expr {
    match expr {
        Expr::Alias(alias) => bare(&alias.expr),
        other => other,
    }
}

/// Whether an expression is the number 0 or null, whatever its type.
pub fn is_nothing(expr: &Expr) -> bool {
    match bare(expr) {
        Expr::Cast(cast) => is_nothing(&cast.expr),
        Expr::Literal(value, _) => {
            value.is_null() || ScalarValue::new_zero(&value.data_type()).is_ok_and(|zero| zero == *value)
        }
        _ => false,
    }
}

pub fn is_same(left: Expr, right: Expr) -> Expr {
    Expr::BinaryExpr(BinaryExpr::new(Box::new(left), Operator::IsNotDistinctFrom, Box::new(right)))
}

pub fn each_table(plan: &LogicalPlan, visit: &mut dyn FnMut(&str)) {
    if let LogicalPlan::TableScan(scan) = plan {
        visit(scan.table_name.table());
    }
    for input in plan.inputs() {
        each_table(input, visit);
    }
}
