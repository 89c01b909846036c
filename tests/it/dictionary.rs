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

#[test]
fn every_column_has_a_meaning() {
    let blank = |line: &&str| line.starts_with("| `") && line.ends_with("|  |");
    let mut table = "";
    let mut missing = Vec::new();
    for line in include_str!("../../docs/dictionary.md").lines() {
        if let Some(name) = line.strip_prefix("### ") {
            table = name;
        }
        if blank(&line) {
            missing.push(format!("{table}: {line}"));
        }
    }
    assert!(missing.is_empty(), "say what they mean in `-- columns:` of the model\n{}", missing.join("\n"));
}
