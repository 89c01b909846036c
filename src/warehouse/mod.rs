//! SQL models and audits over the released files. Stub until the engine is merged.

pub mod read;

pub use read::{Column, Rows, Scalar};
