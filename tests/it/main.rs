//! The one integration test binary: a module per area.

mod derived;
mod findings;
mod ingest;
mod models;
mod real;
mod seeds;
mod support;
mod tidy;
