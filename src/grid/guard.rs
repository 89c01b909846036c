//! Panics while a file is read, turned into errors about the file.
//!
//! Some of the libraries that read foreign files panic on malformed ones. A batch must go on with the other files, so a
//! panic is caught, here and nowhere else. One of this program's own is caught as well, but said to be what it is.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::Once;

use super::archive::damaged;
use crate::diag::Diagnostic;

/// What the paths of this program's sources begin with, as the compiler writes them.
const OWN: &str = own_sources();

const fn own_sources() -> &'static str {
    let path = file!();
    path.split_at(path.len() - "grid/guard.rs".len()).0
}

thread_local! {
    /// Set while a panic on this thread is caught and told as an error, so that it is not printed as well.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
    /// Where this program's own code panicked, and why.
    static OWN_PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

pub(super) fn guarded<T>(read: impl FnOnce() -> Result<T, Diagnostic>) -> Result<T, Diagnostic> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| if GUARDED.get() { OWN_PANIC.set(own(info)) } else { usual(info) }));
    });
    GUARDED.set(true);
    let outcome = catch_unwind(AssertUnwindSafe(read));
    GUARDED.set(false);
    outcome.unwrap_or_else(|_| Err(OWN_PANIC.take().map_or_else(library_failed, reader_failed)))
}

fn own(info: &PanicHookInfo) -> Option<String> {
    let place = info.location().filter(|l| l.file().starts_with(OWN))?;
    Some(format!("{} ({}:{})", info.payload_as_str().unwrap_or("stopped"), &place.file()[OWN.len()..], place.line()))
}

fn library_failed() -> Diagnostic {
    damaged("its contents are not what they should be")
}

fn reader_failed(what: String) -> Diagnostic {
    Diagnostic::error("reader-failed", format!("the program failed on this file: {what}"))
        .hint("the file may be damaged; the program should have said so, please report it with the file")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error() {
        let ours: Result<(), Diagnostic> = guarded(|| panic!("of our own"));
        let ours = ours.unwrap_err();
        assert_eq!(ours.code, "reader-failed");
        assert!(
            ours.message.starts_with("the program failed on this file: of our own (grid/guard.rs:"),
            "{}",
            ours.message
        );
        let theirs: Result<(), Diagnostic> = guarded(|| std::panic::resume_unwind(Box::new("of a library")));
        assert_eq!(theirs.unwrap_err().code, "damaged-file");
    }
}
