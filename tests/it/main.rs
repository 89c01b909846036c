//! The one integration test binary: a module per area.

mod ingest;
mod seeds;
mod tidy;
