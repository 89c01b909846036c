//! Which rows of the tables are behind a row of a query, told as conditions instead of row by row: for tables of records, of
//! which there are too many to carry each along.
//!
//! What is asked of a node (`column = value`) is put to its inputs: through a projection by its expressions, through an
//! aggregate by its keys. What one input alone cannot tell, such as `HAVING` or the other side of a join, stays as a
//! partner: a query of which some row has to fit. So the rows can be counted by a query that streams.

use std::collections::BTreeSet;

use datafusion::common::{DFSchema, Result, ScalarValue, not_impl_err};
use datafusion::logical_expr::expr::WindowFunction;
use datafusion::logical_expr::utils::split_conjunction_owned;
use datafusion::logical_expr::{Aggregate, Expr, LogicalPlan, Operator, Window, WindowFrameBound};

use super::adds;
use super::call::aggregate_function;
use super::once::Once;
use super::rule::window_function;
use super::run::simplified;
use super::wanted::{
    Found, Partner, Wanted, Way, bare, column, each_table, is_nothing, is_same, refs, restricted, touches, value_refs,
};
use super::words::{told, words};

/// Follows conditions through a plan.
pub struct Selector<'a, 'b> {
    pub(super) once: &'a mut Once<'b>,
    /// Whether a table has too many rows to look at each.
    pub(super) is_large: &'a dyn Fn(&str) -> bool,
    pub found: Vec<Found>,
    /// What is looked for.
    round: Round,
}

/// What ways are followed.
enum Round {
    All,
    /// To what a figure is computed from.
    Values,
    /// To what only chose, in tables other than these.
    Chosen(BTreeSet<String>),
}

impl<'a, 'b> Selector<'a, 'b> {
    pub fn new(once: &'a mut Once<'b>, is_large: &'a dyn Fn(&str) -> bool) -> Selector<'a, 'b> {
        Selector { once, is_large, found: Vec::new(), round: Round::All }
    }

    /// What a figure is computed from, then what chose; a table that is there as such is not looked at again among what chose.
    pub fn in_rounds(&mut self, plan: &LogicalPlan, wanted: &Wanted) -> Result<()> {
        self.round = Round::Values;
        self.follow(plan, wanted.clone())?;
        self.round = Round::Chosen(self.found.iter().map(|found| found.table.clone()).collect());
        self.follow(plan, wanted.clone())
    }

    /// Whether nothing that is looked for lies this way.
    pub(super) fn is_idle(&self, plan: &LogicalPlan, is_value: bool) -> bool {
        match &self.round {
            Round::All => false,
            Round::Values => !is_value,
            Round::Chosen(known) => {
                let mut all_known = true;
                each_table(plan, &mut |table| all_known &= known.contains(table));
                all_known
            }
        }
    }

    pub fn follow(&mut self, plan: &LogicalPlan, wanted: Wanted) -> Result<()> {
        if self.is_idle(plan, wanted.is_value()) {
            return Ok(());
        }
        let Some(wanted) = self.possible(plan.schema(), wanted)? else { return Ok(()) };
        match plan {
            LogicalPlan::TableScan(scan) => {
                let filters = wanted.filters.iter().filter(|filter| !is_presence(filter));
                let mut conditions: Vec<String> = filters.map(told).collect();
                conditions.extend(wanted.partners.iter().map(|partner| partner.words.clone()));
                conditions.retain(|words| !words.is_empty());
                let mut met = BTreeSet::new();
                conditions.retain(|words| met.insert(words.clone()));
                let names = wanted.value.iter().map(|nth| scan.projected_schema.field(*nth).name().clone());
                let (columns, is_value) = (names.collect(), wanted.is_value());
                let table = scan.table_name.table();
                let way = Way { columns, filters: wanted.filters, partners: wanted.partners, conditions };
                match self.found.iter_mut().find(|found| found.table == table && found.is_value == is_value) {
                    Some(found) => found.ways.push(way),
                    None => {
                        let (table, scan) = (table.to_owned(), plan.clone());
                        self.found.push(Found { table, scan, is_value, ways: vec![way] });
                    }
                }
                Ok(())
            }
            LogicalPlan::Projection(projection) => {
                let exprs = &projection.expr;
                let mut below = wanted.over(plan.schema(), &|nth| bare(&exprs[nth]).clone())?;
                let flags = adding(&mut below, &wanted, |nth| Some(&exprs[nth]), &projection.input);
                for nth in &wanted.value {
                    let mut read = value_refs(&exprs[*nth], projection.input.schema())?;
                    read.retain(|column| !flags.contains(column));
                    // A row with a 1 for itself is counted, one with a 0 adds nothing.
                    below.counts |= read.is_empty() && !(wanted.is_sum && is_nothing(&exprs[*nth]));
                    below.value.extend(read);
                }
                if wanted.is_value() && !below.is_value() {
                    return Ok(());
                }
                self.follow(&projection.input, below)
            }
            LogicalPlan::SubqueryAlias(alias) => self.pass(plan, &alias.input, &wanted, 0),
            LogicalPlan::Sort(sort) => self.pass(plan, &sort.input, &wanted, 0),
            LogicalPlan::Filter(filter) => {
                let mut below = wanted;
                below.filters.extend(split_conjunction_owned(filter.predicate.clone()));
                self.follow(&filter.input, below)
            }
            LogicalPlan::Union(union) => {
                for input in &union.inputs {
                    self.pass(plan, input, &wanted, 0)?;
                }
                Ok(())
            }
            LogicalPlan::Aggregate(aggregate) => self.aggregate(plan, aggregate, &wanted),
            LogicalPlan::Window(window) => self.window(plan, window, &wanted),
            LogicalPlan::Join(join) => self.join(plan, join, &wanted),
            LogicalPlan::EmptyRelation(_) | LogicalPlan::Values(_) => Ok(()),
            other => not_impl_err!("the records behind {}", other.display()),
        }
    }

    /// To an input whose columns are those of the node, from some place on.
    fn pass(&mut self, plan: &LogicalPlan, input: &LogicalPlan, wanted: &Wanted, first: usize) -> Result<()> {
        let mut below = wanted.over(plan.schema(), &|nth| column(input.schema(), nth - first))?;
        below.value = wanted.value.iter().filter_map(|nth| nth.checked_sub(first)).collect();
        self.follow(input, below)
    }

    /// Without conditions that are always met; none where one cannot be.
    fn possible(&self, schema: &DFSchema, wanted: Wanted) -> Result<Option<Wanted>> {
        let state = self.once.session().state();
        let mut filters = Vec::with_capacity(wanted.filters.len());
        for filter in wanted.filters {
            for part in split_conjunction_owned(simplified(&state, adds::plain(filter)?, schema)?) {
                match &part {
                    Expr::Literal(ScalarValue::Boolean(Some(true)), _) => {}
                    Expr::Literal(..) => return Ok(None),
                    _ if filters.contains(&part) => {}
                    _ => filters.push(part),
                }
            }
        }
        Ok(Some(Wanted { filters, ..wanted }))
    }

    fn aggregate(&mut self, plan: &LogicalPlan, aggregate: &Aggregate, wanted: &Wanted) -> Result<()> {
        let keys = &aggregate.group_expr;
        let is_made = |nth: usize| nth >= keys.len();
        let schema = plan.schema();
        let of_keys = Wanted {
            filters: wanted.filters.iter().filter(|f| !touches(f, schema, &is_made)).cloned().collect(),
            partners: wanted.partners.iter().filter(|p| !p.touches(schema, &is_made)).cloned().collect(),
            ..wanted.clone()
        };
        let mut below = of_keys.over(schema, &|nth| bare(&keys[nth]).clone())?;
        let over: Vec<&Expr> = wanted.filters.iter().filter(|f| touches(f, schema, &is_made)).collect();
        let left = of_keys.partners.len() < wanted.partners.len();
        if !keys.is_empty() && (left || !over.is_empty()) {
            // Of which groups these are is asked of the groups.
            let groups = restricted(plan, &wanted.filters, &wanted.partners)?;
            let columns: Vec<Expr> = (0..keys.len()).map(|nth| column(schema, nth)).collect();
            let Some(query) = self.once.named(groups, &columns)? else { return Ok(()) };
            let on = keys.iter().zip(&query.columns);
            let on = on.map(|(key, name)| is_same(bare(key).clone(), name.clone())).collect();
            let by: Vec<String> = keys.iter().map(words).collect();
            let having: Vec<String> = over.iter().map(|over| told(over)).collect();
            let words = match having.is_empty() {
                true => "they belong to the rows above".to_owned(),
                false => format!("all of the same {} have {}", by.join(", "), having.join(" and ")),
            };
            below.partners.push(Partner { query, on, is_missing: false, words });
        }
        let input = aggregate.input.schema();
        let call = |nth: usize| nth.checked_sub(keys.len()).map(|nth| aggregate_function(&aggregate.aggr_expr[nth]));
        let calls = wanted.value.iter().filter_map(|nth| call(*nth)).collect::<Result<Vec<_>>>()?;
        below.is_sum = !calls.is_empty() && calls.iter().all(|call| matches!(call.func.name(), "sum" | "count"));
        // A count counts a 0 too.
        below.is_number &= calls.iter().all(|call| call.func.name() == "sum");
        let summed = |nth: usize| {
            let call = call(nth)?.ok().filter(|call| call.func.name() == "sum")?;
            call.params.args.first()
        };
        let asked = Wanted { is_sum: below.is_sum, ..wanted.clone() };
        let flags = adding(&mut below, &asked, summed, &aggregate.input);
        for nth in &wanted.value {
            let Some(call) = call(*nth).transpose()? else {
                below.value.extend(refs(&keys[*nth], input)?);
                continue;
            };
            for arg in call.params.args.iter().take(1) {
                let mut read = value_refs(arg, input)?;
                read.retain(|column| !flags.contains(column));
                below.counts |= read.is_empty() && !(below.is_sum && is_nothing(arg));
                below.value.extend(read);
            }
            if let (Some(filter), 1) = (&call.params.filter, wanted.value.len()) {
                below.filters.push(filter.as_ref().clone());
            }
        }
        self.follow(&aggregate.input, below)
    }

    fn window(&mut self, plan: &LogicalPlan, window: &Window, wanted: &Wanted) -> Result<()> {
        let input = window.input.schema();
        let width = input.fields().len();
        let (schema, is_made) = (plan.schema(), |nth: usize| nth >= width);
        let asked = wanted.filters.iter().any(|f| touches(f, schema, &is_made))
            || wanted.partners.iter().any(|p| p.touches(schema, &is_made))
            || wanted.value.iter().any(|nth| is_made(*nth));
        if !asked {
            return self.pass(plan, &window.input, wanted, 0);
        }
        let functions: Vec<&WindowFunction> = window.window_expr.iter().filter_map(window_function).collect();
        let [first, others @ ..] = functions.as_slice() else { return not_impl_err!("a window without a function") };
        // The rows that one reads are those of its part, and of these those before it where all functions end with it.
        let mut by = first.params.partition_by.clone();
        by.retain(|key| others.iter().all(|other| other.params.partition_by.contains(key)));
        let order = first.params.order_by.first().filter(|order| {
            order.asc
                && !order.expr.column_refs().is_empty()
                && functions.iter().all(|f| {
                    // What comes after is read whatever the frame.
                    let ends = matches!(f.params.window_frame.end_bound, WindowFrameBound::CurrentRow)
                        && f.fun.name() != "lead";
                    (ends || f.fun.name() == "row_number") && f.params.order_by.first() == Some(*order)
                })
        });
        let read = restricted(plan, &wanted.filters, &wanted.partners)?;
        let columns: Vec<Expr> = by.iter().cloned().chain(order.map(|order| order.expr.clone())).collect();
        let mut below = Wanted { counts: wanted.counts, is_sum: false, ..Wanted::default() };
        if !columns.is_empty() {
            let Some(query) = self.once.named(read, &columns)? else { return Ok(()) };
            let on = columns.iter().zip(&query.columns).enumerate();
            let on = on.map(|(nth, (own, name))| match nth < by.len() {
                true => is_same(own.clone(), name.clone()),
                false => own.clone().lt_eq(name.clone()),
            });
            let on = on.collect();
            let same: Vec<String> = by.iter().map(words).collect();
            let until = order.map_or(String::new(), |order| format!(" until its {}", words(&order.expr)));
            let words = match same.is_empty() {
                true => format!("all{until}"),
                false => format!("all of the same {}{until}", same.join(", ")),
            };
            below.partners.push(Partner { query, on, is_missing: false, words });
        }
        for nth in &wanted.value {
            match nth.checked_sub(width) {
                None => {
                    below.value.insert(*nth);
                }
                Some(call) => {
                    let Some(function) = window_function(&window.window_expr[call]) else { continue };
                    for arg in function.params.args.iter().take(1) {
                        below.value.extend(refs(arg, input)?);
                    }
                    below.counts |= function.params.args.is_empty();
                }
            }
        }
        self.follow(&window.input, below)
    }
}

/// Whether a condition only says that something is there, as the engine writes it: equal to itself.
fn is_presence(filter: &Expr) -> bool {
    let is_equation = |op| matches!(op, Operator::Eq | Operator::IsNotDistinctFrom);
    matches!(filter, Expr::BinaryExpr(same) if is_equation(same.op) && words(&same.left) == words(&same.right))
}

/// Of the one sum that is asked for, no more than the rows that add to it; the columns that only say which these are.
fn adding<'a>(
    below: &mut Wanted,
    wanted: &Wanted,
    expr: impl Fn(usize) -> Option<&'a Expr>,
    input: &LogicalPlan,
) -> BTreeSet<usize> {
    let mut asked = wanted.value.iter();
    let only = match (asked.next(), asked.next(), wanted.is_sum && wanted.is_number) {
        (Some(nth), None, true) => expr(*nth),
        _ => None,
    };
    let Some(expr) = only else { return BTreeSet::new() };
    let (conditions, flags) = adds::conditions(expr, input);
    below.filters.extend(conditions);
    flags
}
