//! The one integration test binary: a module per area.

mod ingest;
mod models;
mod real;
mod seeds;
mod tidy;
