//! Conditions through a join: what is asked of both sides together is put to each, the other one being a partner of which some
//! row has to fit, or none.

use std::collections::BTreeSet;

use datafusion::arrow::array::RecordBatch;
use datafusion::common::tree_node::{Transformed, TreeNode as _};
use datafusion::common::{DFSchema, JoinType, NullEquality, Result, ScalarValue, not_impl_err};
use datafusion::logical_expr::utils::split_conjunction_owned;
use datafusion::logical_expr::{Expr, Join, LogicalPlan, LogicalPlanBuilder, lit};

use super::select::Selector;
use super::wanted::{Partner, Wanted, column, each_table, is_same, replaced, restricted, touches};
use super::words::told;

/// Rows of a small table of which each is tried by itself.
const SMALL: usize = 64;

impl Selector<'_, '_> {
    pub(super) fn join(&mut self, plan: &LogicalPlan, join: &Join, wanted: &Wanted) -> Result<()> {
        let width = join.left.schema().fields().len();
        let mut conditions: Vec<Expr> = join
            .on
            .iter()
            .map(|(l, r)| match join.null_equality {
                NullEquality::NullEqualsNothing => l.clone().eq(r.clone()),
                NullEquality::NullEqualsNull => is_same(l.clone(), r.clone()),
            })
            .collect();
        conditions.extend(join.filter.clone().into_iter().flat_map(split_conjunction_owned));
        let (left, right) = (join.left.as_ref(), join.right.as_ref());
        let of_left = |nth: usize| nth < width;
        let of_right = |nth: usize| nth >= width;
        let schema = plan.schema();
        match join.join_type {
            JoinType::Inner => {
                let both = Sides { schema, conditions: &conditions, wanted };
                self.inner(&both, (left, 0, &of_left), (right, width, &of_right))
            }
            JoinType::Full => {
                let both = Sides { schema, conditions: &conditions, wanted };
                let (left, right): (Side<'_>, Side<'_>) = ((left, 0, &of_left), (right, width, &of_right));
                self.one_side(&both, left, right, false)?;
                self.one_side(&both, right, left, false)?;
                self.alone(&both, left, right)?;
                self.alone(&both, right, left)
            }
            JoinType::Left | JoinType::Right => {
                let both = Sides { schema, conditions: &conditions, wanted };
                let (own, other): (Side<'_>, Side<'_>) = match join.join_type {
                    JoinType::Left => ((left, 0, &of_left), (right, width, &of_right)),
                    _ => ((right, width, &of_right), (left, 0, &of_left)),
                };
                self.outer(&both, own, other)
            }
            JoinType::LeftSemi | JoinType::LeftAnti => {
                let whole = left.schema().join(right.schema())?;
                let both = Sides { schema: &whole, conditions: &conditions, wanted };
                let is_missing = join.join_type == JoinType::LeftAnti;
                let other: Side<'_> = (right, width, &of_right);
                self.one_side(&both, (left, 0, &of_left), other, is_missing)?;
                if is_missing { Ok(()) } else { self.one_side(&both, other, (left, 0, &of_left), false) }
            }
            other => not_impl_err!("the records behind a {other} join"),
        }
    }

    fn inner(&mut self, both: &Sides<'_>, left: Side<'_>, right: Side<'_>) -> Result<()> {
        for (own, other) in [(left, right), (right, left)] {
            let is_asked = both.wanted.filters.iter().any(|filter| touches(filter, both.schema, other.2));
            if is_asked && self.has_large(own.0) && !self.has_large(other.0) && self.by_rows(both, own, other)? {
                if both.wanted.value.iter().any(|nth| other.2(*nth)) {
                    return self.one_side(both, other, own, false);
                }
                let chose = both.wanted.filters.iter().filter(|f| !touches(f, both.schema, own.2)).cloned();
                let wanted = Wanted { filters: chose.collect(), ..Wanted::default() };
                return self.one_side(&Sides { conditions: &[], wanted: &wanted, ..*both }, other, own, false);
            }
        }
        self.one_side(both, left, right, false)?;
        self.one_side(both, right, left, false)
    }

    /// Rows of one side, the other one being optional.
    fn outer(&mut self, both: &Sides<'_>, own: Side<'_>, other: Side<'_>) -> Result<()> {
        let Sides { schema, wanted, .. } = both;
        let is_asked = wanted.filters.iter().any(|f| touches(f, schema, other.2))
            || wanted.partners.iter().any(|p| p.touches(schema, other.2));
        if !is_asked {
            let mut below = wanted.over(schema, &|nth| column(own.0.schema(), nth - own.1))?;
            below.value = wanted.value.iter().filter(|nth| own.2(**nth)).map(|nth| nth - own.1).collect();
            self.follow(own.0, below)?;
            return match wanted.value.iter().any(|nth| other.2(*nth)) {
                true => self.one_side(both, other, own, false),
                false => Ok(()),
            };
        }
        self.one_side(both, own, other, false)?;
        self.one_side(both, other, own, false)?;
        self.alone(both, own, other)
    }

    /// The rows of one side for which there is none on the other.
    fn alone(&mut self, both: &Sides<'_>, own: Side<'_>, other: Side<'_>) -> Result<()> {
        let Sides { schema, conditions, wanted } = both;
        let nothing = |nth: usize| match other.2(nth) {
            true => ScalarValue::try_from(schema.field(nth).data_type()).map_or(lit(ScalarValue::Null), lit),
            false => column(own.0.schema(), nth - own.1),
        };
        let mut below = wanted.over(schema, &nothing)?;
        below.value = wanted.value.iter().filter(|nth| own.2(**nth)).map(|nth| nth - own.1).collect();
        if self.is_idle(own.0, below.is_value()) {
            return Ok(());
        }
        let alone = Wanted::default();
        let bare = Sides { schema, conditions, wanted: &alone };
        match self.partner(&bare, own, other, true)? {
            Asked::Never => Ok(()),
            Asked::Always => self.follow(own.0, below),
            Asked::By(partner) => {
                below.partners.push(*partner);
                self.follow(own.0, below)
            }
        }
    }

    /// Rows of one side for which the other has one, or has none.
    fn one_side(&mut self, both: &Sides<'_>, own: Side<'_>, other: Side<'_>, is_missing: bool) -> Result<()> {
        let Sides { schema, wanted, .. } = both;
        let own_only = Wanted {
            filters: wanted.filters.iter().filter(|f| !touches(f, schema, other.2)).cloned().collect(),
            partners: wanted.partners.iter().filter(|p| !p.touches(schema, other.2)).cloned().collect(),
            ..(*wanted).clone()
        };
        let mut below = own_only.over(schema, &|nth| column(own.0.schema(), nth - own.1))?;
        below.value = wanted.value.iter().filter(|nth| own.2(**nth)).map(|nth| nth - own.1).collect();
        // What is counted are the rows of the side that stays when the other only adds to it.
        below.counts = wanted.counts && (own.1 == 0 || self.has_large(own.0));
        if self.is_idle(own.0, below.is_value()) {
            return Ok(());
        }
        match self.partner(both, own, other, is_missing)? {
            Asked::Never => return Ok(()),
            Asked::Always => {}
            Asked::By(partner) => below.partners.push(*partner),
        }
        self.follow(own.0, below)
    }

    /// Each row of a small side by itself, its values put into the conditions; false where the side is not small.
    fn by_rows(&mut self, both: &Sides<'_>, own: Side<'_>, other: Side<'_>) -> Result<bool> {
        let Sides { schema, conditions, wanted } = both;
        let of_other = |f: &&Expr| touches(f, schema, other.2) && !touches(f, schema, own.2);
        let filters = wanted.filters.iter().filter(of_other);
        let filters = filters.map(|f| replaced(f, schema, &|nth| column(other.0.schema(), nth - other.1)));
        let small = restricted(other.0, &filters.collect::<Result<Vec<_>>>()?, &[])?;
        let Some(rows) = self.few(small)? else { return Ok(false) };
        let mut asked = (*wanted).clone();
        asked.filters.extend(conditions.iter().cloned());
        for row in 0..rows.num_rows() {
            let values = rows.columns().iter().map(|column| ScalarValue::try_from_array(column, row));
            let values = values.collect::<Result<Vec<_>>>()?;
            let put = |nth: usize| match other.2(nth) {
                true => lit(values[nth - other.1].clone()),
                false => column(own.0.schema(), nth - own.1),
            };
            let mut below = asked.over(schema, &put)?;
            below.value = wanted.value.iter().filter(|nth| own.2(**nth)).map(|nth| nth - own.1).collect();
            // What each row adds may stand in the small table alone.
            below.counts |= wanted.is_value() && below.value.is_empty();
            self.follow(own.0, below)?;
        }
        Ok(true)
    }

    fn few(&mut self, plan: LogicalPlan) -> Result<Option<RecordBatch>> {
        let plan = LogicalPlanBuilder::from(plan).limit(0, Some(SMALL + 1))?.build()?;
        let rows = self.once.kept(&plan)?.rows;
        Ok(rows.filter(|rows| rows.num_rows() <= SMALL))
    }

    /// The other side as a partner: what is asked of it, and how a row of it belongs to one of this side.
    fn partner(&mut self, both: &Sides<'_>, own: Side<'_>, other: Side<'_>, is_missing: bool) -> Result<Asked> {
        let Sides { schema, conditions, wanted } = both;
        let to_other = |nth: usize| column(other.0.schema(), nth - other.1);
        let (mut filters, mut on) = (Vec::new(), Vec::new());
        for filter in &wanted.filters {
            match (touches(filter, schema, other.2), touches(filter, schema, own.2)) {
                (true, true) => on.push(filter.clone()),
                (true, false) => filters.push(replaced(filter, schema, &to_other)?),
                (false, _) => {}
            }
        }
        for condition in conditions.iter() {
            match touches(condition, schema, own.2) {
                true => on.push(condition.clone()),
                false => filters.push(replaced(condition, schema, &to_other)?),
            }
        }
        let mut plan = restricted(other.0, &filters, &[])?;
        for partner in wanted.partners.iter().filter(|p| p.touches(schema, other.2)) {
            if partner.is_missing {
                // What is missing is asked of whole rows: here the rows are not whole, and more of them are told.
                continue;
            }
            let (mixed, of_other): (Vec<_>, Vec<_>) = partner.on.iter().partition(|on| touches(on, schema, own.2));
            let of_other =
                of_other.into_iter().map(|on| replaced(on, schema, &to_other)).collect::<Result<Vec<_>>>()?;
            plan = LogicalPlanBuilder::from(plan)
                .join_on(partner.query.plan.clone(), JoinType::Inner, of_other)?
                .build()?;
            on.extend(mixed.into_iter().cloned());
        }
        if on.is_empty() {
            return Ok(Asked::Always);
        }
        // Of the other side no more is kept than is looked at.
        let mut columns: Vec<Expr> = Vec::new();
        for at in on.iter().flat_map(Expr::column_refs) {
            let nth = schema.maybe_index_of_column(at);
            let kept = match nth {
                Some(nth) if other.2(nth) => to_other(nth),
                Some(_) => continue,
                None => Expr::Column(at.clone()),
            };
            if !columns.contains(&kept) {
                columns.push(kept);
            }
        }
        columns.sort_by_key(ToString::to_string);
        let Some(query) = self.once.named(plan, &columns)? else {
            return Ok(if is_missing { Asked::Always } else { Asked::Never });
        };
        let name_of =
            |kept: &Expr| columns.iter().position(|column| column == kept).map(|at| query.columns[at].clone());
        let on = on.iter().map(|on| {
            let put = on.clone().transform_up(|part| {
                let Expr::Column(at) = &part else { return Ok(Transformed::no(part)) };
                let put = match schema.maybe_index_of_column(at) {
                    Some(nth) if other.2(nth) => name_of(&to_other(nth)),
                    Some(nth) => Some(column(own.0.schema(), nth - own.1)),
                    None => name_of(&part),
                };
                Ok(put.map_or_else(|| Transformed::no(part), Transformed::yes))
            });
            put.map(|put| put.data)
        });
        let on = on.collect::<Result<Vec<_>>>()?;
        let words = self.words_of(other.0, &filters, is_missing);
        Ok(Asked::By(Box::new(Partner { query, on, is_missing, words })))
    }

    fn words_of(&self, plan: &LogicalPlan, filters: &[Expr], is_missing: bool) -> String {
        let mut tables = BTreeSet::new();
        each_table(plan, &mut |table| {
            tables.insert(table.to_owned());
        });
        let tables = tables.into_iter().collect::<Vec<_>>().join(", ");
        let by: Vec<String> = filters.iter().map(told).collect();
        let by = if by.is_empty() { String::new() } else { format!(" with {}", by.join(" and ")) };
        format!("{} a counterpart in {tables}{by}", if is_missing { "without" } else { "with" })
    }

    fn has_large(&self, plan: &LogicalPlan) -> bool {
        let mut found = false;
        each_table(plan, &mut |table| found |= (self.is_large)(table));
        found
    }
}

/// What the other side of a join asks of a row.
enum Asked {
    Always,
    Never,
    By(Box<Partner>),
}

/// Both sides of a join as one row, the conditions of the join, and what is asked of it.
struct Sides<'a> {
    schema: &'a DFSchema,
    conditions: &'a [Expr],
    wanted: &'a Wanted,
}

/// A side: its plan, the place of its first column, and which columns are its own.
type Side<'a> = (&'a LogicalPlan, usize, &'a dyn Fn(usize) -> bool);
