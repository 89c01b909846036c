//! What a run keeps: immutable Parquet files, the manifest of a release, the lock, and folders put in place by one rename.
//!
//! - [`schema`]: the stage tables, column by column
//! - [`stage`]: observations, findings, relations and code lists ⇄ Parquet, byte for byte the same for the same input
//! - [`digest`]: sha256 of files and of what a release is made from
//! - [`release`]: the manifest, the releases of a warehouse folder, the one that is current
//! - [`publish`]: the output folder, exchanged whole
//! - [`lock`]: one writer at a time, and who it is
//! - [`key`]: personal numbers as keyed hashes
//! - [`records`]: the rows of extracts, sorted on disk and put away by table and month
//! - [`derived`]: tables computed month by month, a file for each month
//! - [`ledger`]: what arrived when, and which runs there were
//! - [`known`]: digests of files that were looked at before
//!
//! Nothing here knows SQL or layouts of tables; polars is used here alone and its types stay inside.

pub mod error;
pub mod schema;
pub mod digest;
mod parquet;
pub mod stage;
pub mod release;
pub mod publish;
pub mod lock;
pub mod key;
pub mod records;
pub mod derived;
pub mod ledger;
pub mod known;

pub use digest::sha256_file;
pub use error::StoreError;
pub use known::Known;
pub use ledger::Ledger;
pub use lock::Lock;
pub use parquet::{Cell, date_after_1970};
pub use release::{Manifest, Releases};
pub use stage::{EditionInfo, Stage, TableInfo};
