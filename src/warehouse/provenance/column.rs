//! Which columns a column is made of, read off the plan: nothing is run.

use std::collections::{BTreeSet, HashMap};

use datafusion::common::{JoinType, Result};
use datafusion::logical_expr::{Expr, LogicalPlan};

/// A column of a table.
pub type Source = (String, String);

/// Reads columns off one plan.
#[derive(Default)]
pub struct Columns {
    known: HashMap<(*const LogicalPlan, usize), BTreeSet<Source>>,
}

impl Columns {
    /// The columns of tables that a column of a plan is computed from or that decide between its branches.
    pub fn of(&mut self, plan: &LogicalPlan, column: usize) -> Result<BTreeSet<Source>> {
        let key = (std::ptr::from_ref(plan), column);
        if let Some(known) = self.known.get(&key) {
            return Ok(known.clone());
        }
        let found = self.read(plan, column)?;
        self.known.insert(key, found.clone());
        Ok(found)
    }

    fn read(&mut self, plan: &LogicalPlan, column: usize) -> Result<BTreeSet<Source>> {
        match plan {
            LogicalPlan::TableScan(scan) => {
                let name = scan.projected_schema.field(column).name().clone();
                let is_table = scan.table_name.table().contains('_');
                // The rows of the last round of a recursive query are those of its first, by the way of the others.
                Ok(if is_table { [(scan.table_name.table().to_owned(), name)].into() } else { BTreeSet::new() })
            }
            LogicalPlan::Projection(projection) => self.of_expression(&projection.input, &projection.expr[column]),
            LogicalPlan::SubqueryAlias(alias) => self.of(&alias.input, column),
            LogicalPlan::Filter(filter) => self.of(&filter.input, column),
            LogicalPlan::Sort(sort) => self.of(&sort.input, column),
            LogicalPlan::Limit(limit) => self.of(&limit.input, column),
            LogicalPlan::Join(join) => {
                let width = join.left.schema().fields().len();
                match join.join_type {
                    JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark => {
                        if column < join.right.schema().fields().len() {
                            self.of(&join.right, column)
                        } else {
                            Ok(BTreeSet::new())
                        }
                    }
                    _ if column < width => self.of(&join.left, column),
                    JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark => Ok(BTreeSet::new()),
                    _ => self.of(&join.right, column - width),
                }
            }
            LogicalPlan::Aggregate(aggregate) => {
                let mut exprs = aggregate.group_expr.iter().chain(&aggregate.aggr_expr);
                exprs.nth(column).map_or(Ok(BTreeSet::new()), |expr| self.of_expression(&aggregate.input, expr))
            }
            LogicalPlan::Window(window) => {
                let width = window.input.schema().fields().len();
                match column.checked_sub(width) {
                    None => self.of(&window.input, column),
                    Some(nth) => self.of_expression(&window.input, &window.window_expr[nth]),
                }
            }
            LogicalPlan::Union(union) => self.of_all(union.inputs.iter().map(|input| (input.as_ref(), column))),
            LogicalPlan::RecursiveQuery(query) => {
                self.of_all([(query.static_term.as_ref(), column), (query.recursive_term.as_ref(), column)].into_iter())
            }
            LogicalPlan::Unnest(unnest) => self.of(&unnest.input, unnest.dependency_indices[column]),
            _ => Ok(BTreeSet::new()),
        }
    }

    fn of_expression(&mut self, input: &LogicalPlan, expr: &Expr) -> Result<BTreeSet<Source>> {
        let places = expr.column_refs().into_iter().map(|column| input.schema().index_of_column(column));
        let places: BTreeSet<usize> = places.collect::<Result<_>>()?;
        self.of_all(places.into_iter().map(|place| (input, place)))
    }

    fn of_all<'a>(&mut self, columns: impl Iterator<Item = (&'a LogicalPlan, usize)>) -> Result<BTreeSet<Source>> {
        let mut all = BTreeSet::new();
        for (plan, column) in columns {
            all.extend(self.of(plan, column)?);
        }
        Ok(all)
    }

    /// The columns that conditions, keys and orders of a plan look at.
    pub fn deciding(&mut self, plan: &LogicalPlan) -> Result<BTreeSet<Source>> {
        let mut all = BTreeSet::new();
        match plan {
            LogicalPlan::Filter(filter) => all.extend(self.of_expression(&filter.input, &filter.predicate)?),
            LogicalPlan::Join(join) => {
                for (left, right) in &join.on {
                    all.extend(self.of_expression(&join.left, left)?);
                    all.extend(self.of_expression(&join.right, right)?);
                }
                for column in join.filter.iter().flat_map(Expr::column_refs) {
                    let side = if join.left.schema().has_column(column) { &join.left } else { &join.right };
                    all.extend(self.of_expression(side, &Expr::Column(column.clone()))?);
                }
            }
            LogicalPlan::Aggregate(aggregate) => {
                for key in &aggregate.group_expr {
                    all.extend(self.of_expression(&aggregate.input, key)?);
                }
            }
            _ => {}
        }
        for input in plan.inputs() {
            all.extend(self.deciding(input)?);
        }
        Ok(all)
    }
}
