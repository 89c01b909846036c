//! The committed dictionary is what the project's own code lists, SQL and release say.

use crate::support::published;

#[test]
fn the_dictionary_is_that_of_the_release() {
    let said = published().shebao(&["dictionary"]).must_end_with(0);
    let committed = include_str!("../../docs/dictionary.md");
    assert!(
        said.stdout == committed,
        "run `cargo run -- run && cargo run -- dictionary -o docs/dictionary.md`, and read what changed"
    );
}
