//! The SQL engine: models and audits in files, run in the order their queries imply, and read-only questions to a release.
//!
//! - [`model`]: SQL files as written: header, query, tables read
//! - `graph`: their order
//! - [`build`]: run them, one Parquet file each, and gather the findings of the audits; `grow`: those built month by month
//! - [`Warehouse`]: ask a release; `catalog`: its tables, each opened when it is first named; `pruned`: files by month as a table
//! - `functions`: what SQL may call; `session`: the one factory of sessions; `fault`: errors with line and column
//!
//! Nothing here knows how tables were read or will be printed. DataFusion is used here alone; answers are plain values.

mod functions;
mod session;
mod text_number;
mod fault;
pub mod model;
mod graph;
mod output;
mod findings;
mod edits;
mod build;
mod records;
mod pruned;
mod months;
mod catalog;
mod grow;
mod rows;
mod runs;
mod query;
mod trial;
pub mod provenance;

pub use build::{BuildSummary, BuiltTable, build};
pub use months::{MONTH_DOC, MONTH_TABLE};
pub use query::Warehouse;
pub use rows::{Column, Kind, Rows, Scalar};
pub use trial::{Given, try_rule, try_sql};

#[cfg(test)]
mod tests;
