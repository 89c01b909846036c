//! Editing (审核): do the figures agree with each other as the rules say (勾稽关系), which cells would have to change if
//! not, and which slip of print would explain it. Pure: no input or output, no clock, nothing is ever changed.
//!
//! - [`edit`]: one rule put to some cells, as an exact statement on what their true values may be; pass, fail, unverifiable
//! - `simplex`: whether several such statements can hold at once, in exact fractions, and what contradicts each other if not
//! - [`locate`]: the smallest weighted set of cells whose change lets all of them hold (Fellegi–Holt)
//! - [`slip`]: what a typing slip can have made a number from
//!
//! The tolerance of a rule is never a setting: a printed number stands for the interval that rounds to it, and a rule
//! fails where no choice from the intervals of its cells satisfies it.

pub mod edit;
pub mod material;
mod bind;
mod cause;
mod number;
mod doubt;
mod loose;
mod tell;
pub mod check;
mod words;
mod simplex;
pub mod locate;
pub mod slip;

#[cfg(test)]
mod tests;
