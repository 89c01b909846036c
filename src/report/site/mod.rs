//! The pages around the tables.

pub mod index;
