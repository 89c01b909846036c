//! Provenance: from any cell of a table to the cells of the tables it was computed from.
mod follow;
mod rule;
mod run;
mod trace;
mod tree;
mod window;

pub use follow::{Provenance, Why};
pub use tree::{Cell, Part, Tree};
