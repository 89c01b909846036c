//! The rows that a row depends on, those among them that it is made of, and the cells that chose it.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use datafusion::common::Result;
use datafusion::logical_expr::Expr;

use super::rule::window_function;
use super::run::{Node, Step};
use super::trace::{Place, Row, Tracer};
use super::tree::Cell;

impl Tracer {
    /// All rows of the tables that a row depends on: with these alone as the database it is there again.
    pub fn lineage(&mut self, step: &Arc<Step>, row: u32) -> Rc<BTreeSet<Row>> {
        let key = (Arc::as_ptr(step), row);
        if let Some(found) = self.lineages.get(&key) {
            return found.clone();
        }
        let found = match &step.node {
            Node::Scan { table, first } => Rc::new(BTreeSet::from([(self.table(table), first + row)])),
            Node::Given => Rc::default(),
            Node::Same | Node::Projection(_) => self.lineage(&step.inputs[0], row),
            Node::Some { rows, .. } | Node::Unnest { rows, .. } => self.lineage(&step.inputs[0], rows[row as usize]),
            Node::Union(from) => {
                let (input, at) = from[row as usize];
                self.lineage(&step.inputs[input as usize], at)
            }
            Node::Join { pairs, .. } => {
                let (left, right) = pairs[row as usize];
                let sides = [(0, left), (1, right)];
                let rows = sides.into_iter().filter_map(|(side, at)| Some((side, at?)));
                self.lineage_of_all(step, rows)
            }
            Node::Semi { rows, matches, .. } => {
                let others = matches[row as usize].iter().map(|other| (1, *other));
                self.lineage_of_all(step, [(0, rows[row as usize])].into_iter().chain(others))
            }
            Node::Group { groups, .. } => self.lineage_of_all(step, groups[row as usize].iter().map(|row| (0, *row))),
            Node::Window { reads, .. } => {
                let read = reads.iter().flat_map(|reads| reads[row as usize].iter().map(|row| (0, *row)));
                self.lineage_of_all(step, [(0, row)].into_iter().chain(read))
            }
        };
        self.lineages.insert(key, found.clone());
        found
    }

    fn lineage_of_all(&mut self, step: &Arc<Step>, rows: impl Iterator<Item = (usize, u32)>) -> Rc<BTreeSet<Row>> {
        let mut rows: Vec<(usize, u32)> = rows.collect();
        rows.sort_unstable();
        rows.dedup();
        if let [(input, row)] = rows[..] {
            return self.lineage(&step.inputs[input], row);
        }
        let mut all = BTreeSet::new();
        for (input, row) in rows {
            all.extend(self.lineage(&step.inputs[input], row).iter().copied());
        }
        Rc::new(all)
    }

    fn table(&mut self, name: &str) -> u32 {
        let at = self.tables.iter().position(|table| table == name).unwrap_or_else(|| {
            self.tables.push(name.to_owned());
            self.tables.len() - 1
        });
        u32::try_from(at).unwrap_or(u32::MAX)
    }

    /// The rows that a row is made of: without one of them it would not be there. Those that a window or a subquery looked at
    /// only chose it, and so did the partner in an outer join, which leaves the row without it; for a group stands its first.
    pub fn made_of(&mut self, step: &Arc<Step>, row: u32) -> Rc<BTreeSet<Row>> {
        let key = (Arc::as_ptr(step), row);
        if let Some(found) = self.origins.get(&key) {
            return found.clone();
        }
        let nth = row as usize;
        let below: Vec<(usize, u32)> = match &step.node {
            Node::Scan { .. } | Node::Given => Vec::new(),
            Node::Same | Node::Projection(_) | Node::Window { .. } => vec![(0, row)],
            Node::Some { rows, .. } | Node::Unnest { rows, .. } | Node::Semi { rows, .. } => vec![(0, rows[nth])],
            Node::Union(from) => vec![(from[nth].0 as usize, from[nth].1)],
            Node::Join { pairs, stays, .. } => partners(pairs, *stays, nth),
            Node::Group { groups, .. } => groups[nth].first().map(|member| (0, *member)).into_iter().collect(),
        };
        let found = match (&step.node, below.as_slice()) {
            (Node::Scan { table, first }, _) => Rc::new(BTreeSet::from([(self.table(table), first + row)])),
            (_, [(side, at)]) => self.made_of(&step.inputs[*side], *at),
            _ => {
                let mut all = BTreeSet::new();
                for (side, at) in below {
                    all.extend(self.made_of(&step.inputs[side], at).iter().copied());
                }
                Rc::new(all)
            }
        };
        self.origins.insert(key, found.clone());
        found
    }

    /// The cells that conditions, keys and windows on the way of a row have read.
    pub fn conditions(&mut self, step: &Arc<Step>, row: u32) -> Result<Rc<BTreeSet<Place>>> {
        let key = (Arc::as_ptr(step), row);
        if let Some(found) = self.chosen.get(&key) {
            return Ok(found.clone());
        }
        let nth = row as usize;
        // What was read here, and the rows of the inputs whose own conditions count too.
        let mut read: Vec<(Arc<Step>, u32, &Expr)> = Vec::new();
        let mut below: Vec<(usize, u32)> = Vec::new();
        let input = || step.inputs[0].clone();
        match &step.node {
            Node::Scan { .. } | Node::Given => {}
            Node::Same | Node::Projection(_) => below.push((0, row)),
            Node::Unnest { rows, .. } => below.push((0, rows[nth])),
            Node::Some { rows, conditions } => {
                read.extend(conditions.iter().map(|condition| (input(), rows[nth], condition)));
                below.push((0, rows[nth]));
            }
            Node::Union(from) => below.push((from[nth].0 as usize, from[nth].1)),
            Node::Join { pairs, conditions, .. } => {
                if let (Some(_), Some(_)) = pairs[nth] {
                    read.extend(conditions.iter().map(|condition| (step.clone(), row, condition)));
                }
                below.extend(pairs[nth].0.map(|at| (0, at)));
                below.extend(pairs[nth].1.map(|at| (1, at)));
            }
            Node::Semi { rows, matches } => {
                below.push((0, rows[nth]));
                below.extend(matches[nth].iter().map(|other| (1, *other)));
            }
            Node::Group { groups, keys, .. } => {
                for member in &groups[nth] {
                    read.extend(keys.iter().map(|key| (input(), *member, key)));
                    below.push((0, *member));
                }
            }
            Node::Window { functions, reads } => {
                for (function, reads) in functions.iter().zip(reads) {
                    let Some(function) = window_function(function) else { continue };
                    let order = function.params.order_by.iter().map(|sort| &sort.expr);
                    let by: Vec<&Expr> = function.params.partition_by.iter().chain(order).collect();
                    for at in &reads[nth] {
                        read.extend(by.iter().map(|by| (input(), *at, *by)));
                        below.push((0, *at));
                    }
                }
                below.push((0, row));
            }
        }
        let outer = std::mem::take(&mut self.deciding);
        for (at, row, expr) in read {
            self.decided_by(&at, row, expr)?;
        }
        let own = std::mem::replace(&mut self.deciding, outer);
        below.sort_unstable();
        below.dedup();
        let found = match (own.is_empty(), below.as_slice()) {
            (true, [(side, at)]) => self.conditions(&step.inputs[*side], *at)?,
            _ => {
                let mut all: BTreeSet<Place> = own.iter().map(|cell| self.place(cell)).collect();
                for (side, at) in below {
                    all.extend(self.conditions(&step.inputs[side], at)?.iter().copied());
                }
                Rc::new(all)
            }
        };
        self.chosen.insert(key, found.clone());
        Ok(found)
    }

    fn place(&mut self, cell: &Cell) -> Place {
        let column = self.columns.iter().position(|name| *name == cell.column).unwrap_or_else(|| {
            self.columns.push(cell.column.clone());
            self.columns.len() - 1
        });
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        (self.table(&cell.table), number(cell.row), number(column))
    }
}

/// The left row and the right row of a joined one.
type Pair = (Option<u32>, Option<u32>);

/// The sides of a joined row without which it would not be there. Where a row that stays has several partners, each makes a
/// row more.
fn partners(pairs: &[Pair], stays: [bool; 2], nth: usize) -> Vec<(usize, u32)> {
    let (left, right) = pairs[nth];
    let (Some(l), Some(r)) = (left, right) else {
        return left.map(|at| (0, at)).into_iter().chain(right.map(|at| (1, at))).collect();
    };
    let is_alone =
        |side: fn(&Pair) -> Option<u32>| pairs.iter().filter(|pair| side(pair) == side(&pairs[nth])).nth(1).is_none();
    let is_free = [stays[1] && is_alone(|pair| pair.1), stays[0] && is_alone(|pair| pair.0)];
    // Of two sides that stay, one makes the row.
    match is_free {
        [true, false] => vec![(1, r)],
        [false, true] | [true, true] => vec![(0, l)],
        [false, false] => vec![(0, l), (1, r)],
    }
}
