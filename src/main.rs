//! The binary `shebao`: parse, dispatch, exit code. Everything else is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    shebao::cli::main()
}
