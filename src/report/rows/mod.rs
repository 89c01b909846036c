//! What reports read: tables of the release by name, their rows by column, the names of codes, what was kept or corrected.

pub mod kept;
pub mod names;
pub mod records;
pub mod source;
