//! See `shebao_fuzz::TARGETS`.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};

fuzz_target!(|data: &[u8]| shebao_fuzz::run("xlsb", data));
fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    shebao_fuzz::container::mutate(data, size, max_size, seed, fuzzer_mutate)
});
