//! The products of a table: each file here writes one format from the same frame and decides nothing of its own.

pub mod csv;
pub mod html;
pub mod xlsx;
