//! The one integration test binary: a module per area.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;
mod tidy;
mod grid;
mod ingest;
mod papers;
mod layouts;
mod limits;
mod real;
mod draft;
mod survey;
mod seeds;
mod models;
mod derived;
mod findings;
mod editions;
mod extracts;
mod versions;
mod explain;
mod reports;
mod products;
mod texts;
mod bad_input;
mod fuzz;
mod cli;
mod monthly;
mod growth;
mod dictionary;
mod readme;
