//! Published tables and charts: `reports/*/report.toml` and the tables of a release become workbooks, pages, tidy files and
//! pictures. Formats and lays out, never computes: a number that is not in a table of the release cannot be printed.
//!
//! ```text
//! report.toml ─spec─▶ TableSpec ─select(rows)─▶ Frame ─▶ xlsx html csv
//!                     ChartSpec ─plot(rows)──▶ Plot  ─▶ svg ─▶ png          index.html links them all
//! ```

mod raw;
mod parse;
mod resolve;
pub mod spec;
pub mod format;
pub mod frame;
pub mod source;
pub mod stated;
pub mod kept;
mod records;
mod names;
mod layout;
pub mod select;
pub mod font;
pub mod way;
pub mod xlsx;
pub mod html;
pub mod csv;
pub mod plot;
mod axis;
mod label;
pub mod chart;
pub mod png;
pub mod index;
pub mod publish;

pub use index::Imprint;
pub use names::Names;
pub use publish::{Published, publish, publish_tables};
pub use source::{ReadTable, Tables};
pub use spec::{ReportSpec, json_schema, load};

#[cfg(test)]
mod tests;
