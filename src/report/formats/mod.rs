//! The products of a table: each file here writes one format from the same frame and decides nothing of its own.

pub mod html;
mod pack;
mod xml;
pub mod keys;
pub mod accessible;
pub mod csv;
pub mod docx;
pub mod text;
pub mod docx_text;
pub mod pdf;
pub mod ods;
pub mod package;
mod parquet;
pub mod sdmx;
mod tag;
pub mod way;
pub mod xlsx;
pub mod xlsx_book;
