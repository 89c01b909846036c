//! Published tables and charts: `reports/*/report.toml` and the tables of a release become workbooks, pages, tidy files and
//! pictures. Formats and lays out, never computes: a number that is not in a table of the release cannot be printed.
//!
//! ```text
//! report.toml ─spec─▶ TableSpec ─select(rows)─▶ Frame ─▶ formats: xlsx ods docx html csv sdmx, accessible book, data package
//!                     ChartSpec ─plot(rows)──▶ Plot  ─▶ svg ─▶ png          index.html links them all
//! ```
//!
//! [`filling`] reads, [`products`] makes files in memory, [`publish`] writes them, [`made`] says where they lie.

pub mod definition;
pub mod rows;
pub mod table;
pub mod prose;
pub mod chart;
pub mod formats;
pub mod site;
pub mod made;
pub mod filling;
pub mod products;
pub mod publish;
pub mod printed;

pub use definition::spec::{ReportSpec, json_schema, load};
pub use publish::{Published, publish, publish_tables};
pub use rows::names::Names;
pub use rows::records::Records;
pub use rows::source::{ReadTable, Tables};
pub use site::index::Imprint;

#[cfg(test)]
mod tests;
