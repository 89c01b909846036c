//! What is told of a file that nobody declared, and that its draft reads it: the fixtures of this project, as if new.

use std::io::Write as _;
use std::process::{Command, Stdio};

use super::support::root;

const FIXTURES: [&str; 4] = [
    "fixtures/yuxi-2013/injury_by_county.xlsx",
    "fixtures/yuxi-2013/injury_by_year.html",
    "fixtures/qinghai-2005/enrolment.xls",
    "fixtures/shandong-2003/employment.dbf",
];

fn shebao(arguments: &[&str], input: &str) -> (String, String, i32) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shebao"));
    command.current_dir(root()).args(arguments).env("NO_COLOR", "1");
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
    // A command that reads no input may have ended by then.
    let _ = child.stdin.take().expect("its input").write_all(input.as_bytes());
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes| String::from_utf8(bytes).expect("output is UTF-8");
    (text(output.stdout), text(output.stderr), output.status.code().unwrap_or(-1))
}

#[test]
fn inspect_shows_a_screen_per_table() {
    let told: Vec<String> = FIXTURES.iter().map(|f| shebao(&["inspect", f], "").0).collect();
    insta::assert_snapshot!(told.join("\n════\n\n"));
}

#[test]
fn inspect_tells_the_same_as_json() {
    insta::assert_snapshot!(shebao(&["inspect", FIXTURES[0], "--json"], "").0);
}

#[test]
fn inspect_draws_the_sheets() {
    let (page, _, code) = shebao(&["inspect", FIXTURES[0], "--html"], "");
    assert_eq!(code, 0);
    for part in ["<td class=\"title", "<td class=\"header", "<td class=\"label", "<td class=\"body", "</html>"] {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn a_draft_is_read_from_standard_input() {
    let mut drafts = Vec::new();
    for file in FIXTURES {
        let (draft, said, _) = shebao(&["draft", file], "");
        let (csv, errors, code) = shebao(&["ingest", "--spec", "-", file, "--format", "csv"], &draft);
        let head = draft.lines().take(3).collect::<Vec<_>>().join("\n");
        drafts.push(format!("{head}\ningest ends with {code}, {} observations", csv.lines().count().saturating_sub(1)));
        assert!(code == 0 || !errors.is_empty(), "{said}");
    }
    insta::assert_snapshot!(drafts.join("\n\n"));
}

#[test]
fn a_draft_looks_like_this() {
    insta::assert_snapshot!(shebao(&["draft", FIXTURES[2]], "").0);
}
