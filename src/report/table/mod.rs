//! The document model: a definition and its rows become a frame, in which every cell has its place, text, unit, decimals,
//! mark and notes. Every format is a writer of it.

pub mod format;
pub mod frame;
pub mod generate;
pub mod key;
pub mod layout;
pub mod point;
pub mod select;
pub mod widths;
pub mod sheet;
mod tidy;
