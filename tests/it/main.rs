//! The one integration test binary: a module per area.

mod support;
mod tidy;
mod grid;
mod ingest;
mod real;
mod seeds;
mod derived;
mod findings;
mod reports;
mod bad_input;
