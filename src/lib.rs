//! A statistical warehouse for social insurance: office files in, published tables out, every number traceable to its cell.
//!
//! ```text
//! file ─grid─▶ Grid ─ingest(spec)─▶ observations ─store─▶ Parquet ─warehouse(sql)─▶ core_ ind_ out_ ─report─▶ xlsx html csv svg png
//! ```
//!
//! Modules in reading order; each may use only those before it (`tests/it/tidy.rs` enforces it). Without the feature
//! `publish` the library reads files and no more.

pub mod diag;
pub mod project;
pub mod domain;
pub mod spec;
pub mod grid;
#[cfg(feature = "publish")]
pub mod store;
pub mod ingest;
pub mod survey;
#[cfg(feature = "publish")]
pub mod synth;
#[cfg(feature = "publish")]
pub mod editing;
#[cfg(feature = "publish")]
pub mod warehouse;
#[cfg(feature = "publish")]
pub mod explain;
#[cfg(feature = "publish")]
pub mod report;
#[cfg(feature = "publish")]
pub mod cli;
