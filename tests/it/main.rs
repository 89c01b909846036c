//! The one integration test binary: a module per area.

mod support;
mod tidy;
mod grid;
mod ingest;
mod models;
mod real;
mod seeds;
mod derived;
mod reports;
mod bad_input;
