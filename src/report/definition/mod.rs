//! What a report is: `report.toml` and `palette.toml` as written, as resolved, and what is said where they are wrong.

mod parse;
mod raw;
mod resolve;
pub mod spec;
pub mod stated;
