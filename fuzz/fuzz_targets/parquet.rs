//! See `shebao_fuzz::TARGETS`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| shebao_fuzz::run("parquet", data));
