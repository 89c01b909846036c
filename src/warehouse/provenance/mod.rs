//! Provenance: from any cell of a table to the cells it was computed from, and the rows it depends on.
//!
//! A model is not asked to keep track: its plan, as written, is run again node by node, and each row remembers the rows of the
//! node's inputs that it was made from. From there a cell is followed backwards, expression by expression. Nobody writes
//! lineage by hand, and a build costs no more than the check that every construct can be followed.
//!
//! - `rule`: the shapes that can be followed; `check` is that of a build
//! - `run`: forwards, node by node, to a `step` each; `window`: the rows a window function reads; `shape`: unions and lists; `local`: what the
//!   engine is given
//! - `trace`: backwards, from a cell; `depend`: backwards, from a row; `tree`: what is found there; `call`, `words`: aggregates and conditions as written
//! - `column`: which columns a column is made of, without running anything
//! - `follow`: the same for the tables of a release
//! - `wanted`, `once`, `adds`, `select`, `sides`, `behind`: for tables of records the conditions and the count of the rows, and the files
//!   they came in; no row by itself; `affected`, `marked`: the same forward

mod rule;
mod tree;
mod window;
mod local;
mod shape;
mod step;
mod run;
mod call;
mod words;
mod trace;
mod depend;
mod column;
mod wanted;
mod once;
mod adds;
mod select;
mod sides;
mod follow;
mod behind;
mod marked;
mod affected;

pub use behind::{Behind, Extract};
pub use follow::{ColumnLineage, Provenance, Why};
pub use rule::check;
pub use tree::{Cell, Part, Tree};
pub use words::is_personal;

#[cfg(test)]
mod tests;
