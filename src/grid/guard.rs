//! Panics of the libraries that read foreign files, turned into errors about the file.
//!
//! Some of them panic on malformed files. A batch must go on with the other files, so a panic while a file is read is
//! caught, here and nowhere else.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use super::archive::damaged;
use crate::diag::Diagnostic;

thread_local! {
    /// Set while a panic on this thread is caught and told as an error, so that it is not printed as well.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

pub(super) fn guarded<T>(read: impl FnOnce() -> Result<T, Diagnostic>) -> Result<T, Diagnostic> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !GUARDED.get() {
                usual(info);
            }
        }));
    });
    GUARDED.set(true);
    let outcome = catch_unwind(AssertUnwindSafe(read));
    GUARDED.set(false);
    outcome.unwrap_or_else(|_| Err(damaged("its contents are not what they should be")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error() {
        let outcome: Result<(), Diagnostic> = guarded(|| panic!("of a library"));
        assert_eq!(outcome.unwrap_err().code, "damaged-file");
    }
}
