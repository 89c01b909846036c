//! What is asked of a node of a plan: conditions over its columns, and other queries of which some row has to fit.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode as _, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, JoinConstraint, JoinType, NullEquality, Result, ScalarValue, not_impl_err};
use datafusion::logical_expr::expr::BinaryExpr;
use datafusion::logical_expr::utils::{conjunction, disjunction};
use datafusion::logical_expr::{Expr, Join, LogicalPlan, LogicalPlanBuilder, Operator, lit};

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
    /// Whether the figure is a number other than 0: then rows that add nothing need not be told.
    pub is_number: bool,
}

/// A query of which some row has to fit, or none.
#[derive(Clone)]
pub struct Partner {
    pub query: Named,
    /// Over columns of the node and of the query.
    pub on: Vec<Expr>,
    pub is_missing: bool,
    pub words: String,
}

/// A query under a name that nothing else in a plan has.
#[derive(Clone)]
pub struct Named {
    pub name: String,
    pub plan: LogicalPlan,
    pub columns: Vec<Expr>,
    /// The same for the same query under other names.
    pub number: usize,
}

/// The rows of a table that are wanted, by one way through the plan or by several.
pub struct Found {
    pub table: String,
    pub scan: LogicalPlan,
    /// Whether the figure is computed from the rows; else they only choose.
    pub is_value: bool,
    pub ways: Vec<Way>,
}

pub struct Way {
    /// Conditions over the columns of the table.
    pub filters: Vec<Expr>,
    pub partners: Vec<Partner>,
    /// All conditions in words.
    pub conditions: Vec<String>,
    /// The columns that the figure is computed from; empty where the rows are counted or only choose.
    pub columns: BTreeSet<String>,
}

impl Found {
    /// The conditions that all ways share.
    pub fn filters(&self) -> Vec<Expr> {
        let [first, others @ ..] = self.ways.as_slice() else { return Vec::new() };
        let shared = |filter: &&Expr| others.iter().all(|way| way.filters.contains(filter));
        first.filters.iter().filter(shared).cloned().collect()
    }

    pub fn columns(&self) -> BTreeSet<String> {
        self.ways.iter().flat_map(|way| &way.columns).cloned().collect()
    }

    /// A query with the table's columns that holds every row of any way once, and for each way the condition that a row
    /// comes by it.
    pub fn rows(&self) -> Result<(LogicalPlan, Vec<Expr>)> {
        if let [way] = self.ways.as_slice() {
            return Ok((restricted(&self.scan, &way.filters, &way.partners)?, vec![lit(true)]));
        }
        let shared = self.filters();
        let mut plan = restricted(&self.scan, &shared, &[])?;
        let mut marks: BTreeMap<String, Expr> = BTreeMap::new();
        let mut conditions = Vec::with_capacity(self.ways.len());
        for way in &self.ways {
            let mut all: Vec<Expr> = way.filters.iter().filter(|filter| !shared.contains(filter)).cloned().collect();
            for partner in &way.partners {
                let mark = match marks.entry(partner.key()) {
                    Entry::Occupied(known) => known.get().clone(),
                    Entry::Vacant(place) => {
                        let on = conjunction(partner.on.iter().cloned());
                        let mut own: Vec<Expr> = plan.schema().columns().into_iter().map(Expr::Column).collect();
                        let others = partner.query.plan.clone();
                        let (met, mark) = met(plan, others, Vec::new(), on, NullEquality::NullEqualsNothing)?;
                        // The same query may be asked by several ways under one name.
                        let name = format!("{PARTNER}mark{}", own.len());
                        own.push(mark.alias(&name));
                        plan = LogicalPlanBuilder::from(met).project(own)?.build()?;
                        place.insert(Expr::Column(Column::from_name(name))).clone()
                    }
                };
                all.push(if partner.is_missing { mark.is_not_true() } else { mark });
            }
            conditions.push(conjunction(all).unwrap_or_else(|| lit(true)));
        }
        if let Some(any) = disjunction(conditions.iter().cloned()) {
            plan = LogicalPlanBuilder::from(plan).filter(any)?.build()?;
        }
        Ok((plan, conditions))
    }
}

/// Rows, and whether each has a partner among others.
pub fn met(
    rows: LogicalPlan,
    others: LogicalPlan,
    on: Vec<(Expr, Expr)>,
    filter: Option<Expr>,
    nulls: NullEquality,
) -> Result<(LogicalPlan, Expr)> {
    let (left, right) = (Arc::new(rows), Arc::new(others));
    let made = Join::try_new(left, right, on, filter, JoinType::LeftMark, JoinConstraint::On, nulls, false)?;
    let is_met = column(&made.schema, made.schema.fields().len() - 1);
    Ok((LogicalPlan::Join(made), is_met))
}

impl Wanted {
    /// A row of a query, by conditions over its columns, and the column that is asked for.
    pub fn row(filters: Vec<Expr>, column: usize) -> Wanted {
        Wanted { filters, value: [column].into(), ..Wanted::default() }
    }

    /// The rows of a query that have the same values in some columns as the rows found, which `query` has in these columns.
    pub fn rows_of(found: &Found, query: Named, plan: &LogicalPlan, columns: &[String]) -> Result<Wanted> {
        let on = columns.iter().zip(&query.columns);
        let on =
            on.map(|(name, key)| Ok(is_same(by_name(plan.schema(), name)?, key.clone()))).collect::<Result<_>>()?;
        let partner = Partner { query, on, is_missing: false, words: "they belong to the rows above".to_owned() };
        let value = found.columns();
        let value = value.iter().filter_map(|name| plan.schema().index_of_column_by_name(None, name));
        let value: BTreeSet<usize> = value.collect();
        let own = found.filters().into_iter();
        let own = own.filter(|filter| filter.column_refs().iter().all(|at| columns.contains(&at.name)));
        let filters = own.map(|filter| {
            let put = filter.transform_up(|part| match &part {
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
        Ok(Wanted {
            filters,
            partners,
            value: BTreeSet::new(),
            counts: self.counts,
            is_sum: self.is_sum,
            is_number: self.is_number,
        })
    }
}

impl Partner {
    fn over(&self, schema: &DFSchema, to: &dyn Fn(usize) -> Expr) -> Result<Partner> {
        let on = self.on.iter().map(|on| replaced(on, schema, to)).collect::<Result<_>>()?;
        Ok(Partner { on, ..self.clone() })
    }

    /// The same for partners that ask the same, whatever their names.
    fn key(&self) -> String {
        let named = format!("{}.", self.query.name);
        let on: Vec<String> = self.on.iter().map(|on| on.to_string().replace(&named, "")).collect();
        format!("{} {}", self.query.number, on.join(" and "))
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
        builder = builder.join_on(partner.query.plan.clone(), kind, partner.on.iter().cloned())?;
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

pub fn by_name(schema: &DFSchema, name: &str) -> Result<Expr> {
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
