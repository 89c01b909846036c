//! The one integration test binary: a module per area.

mod ingest;
mod real;
mod seeds;
mod tidy;
