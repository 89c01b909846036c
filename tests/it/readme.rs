//! The README is true: the files it shows are written, the commands it shows are run, the answers it shows are compared.

use crate::support::{TestProject, published, root};

/// A fenced block: what stands after the opening fence, and the lines inside.
struct Block {
    kind: String,
    path: Option<String>,
    text: String,
}

fn blocks(markdown: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut lines = markdown.lines();
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("```") else { continue };
        let mut words = info.split_whitespace().map(str::to_owned);
        let (kind, path) = (words.next().unwrap_or_default(), words.next());
        let text: Vec<&str> = lines.by_ref().take_while(|l| !l.starts_with("```")).collect();
        found.push(Block { kind, path, text: text.join("\n") + "\n" });
    }
    found
}

/// The words of a command line, with double quotes.
fn words(command: &str) -> Vec<String> {
    let parts = command.split('"').enumerate();
    parts
        .flat_map(|(nth, part)| match nth % 2 {
            1 => vec![part.to_owned()],
            _ => part.split_whitespace().map(str::to_owned).collect(),
        })
        .collect()
}

/// White space at line ends does not survive an editor.
fn trimmed(text: &str) -> Vec<&str> {
    text.trim().lines().map(str::trim_end).collect()
}

#[test]
fn what_it_shows_is_so() {
    let project = TestProject::copy_of(published());
    let inside = |words: &[&str]| project.shebao_inside(words).must_end_with(0);
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let (mut commands, mut answers) = (0, 0);
    for block in blocks(&readme) {
        if let Some(path) = &block.path {
            project.write(path, &block.text);
        }
        if block.kind != "console" {
            continue;
        }
        for part in block.text.split("$ ").skip(1) {
            let (command, answer) = part.split_once('\n').unwrap();
            if let Some((from, to)) = command.strip_prefix("cp ").and_then(|files| files.split_once(' ')) {
                project.write(to, std::fs::read(project.file(from)).unwrap());
            }
            let Some(arguments) = command.strip_prefix("shebao ") else { continue };
            let words = words(arguments);
            let arguments: Vec<&str> = words.iter().map(String::as_str).collect();
            let said = inside(&arguments);
            commands += 1;
            if !answer.trim().is_empty() {
                assert_eq!(trimmed(&said.stdout), trimmed(answer), "{command}");
                answers += 1;
            }
        }
    }
    assert_eq!((commands, answers), (11, 6));
    // The calendar that was made up holds of the files that were.
    let whole = "SELECT COUNT(*), COUNT(*) FILTER (WHERE state = 'missing') FROM core_delivery";
    assert!(inside(&["query", whole, "--format", "csv"]).stdout.ends_with("\n80,0\n"));
}

#[test]
fn its_two_commands_are_those_of_the_makefile() {
    let makefile = std::fs::read_to_string(root().join("Makefile")).unwrap();
    for target in ["run", "test", "release", "bench", "clients", "fixtures", "help"] {
        assert!(makefile.lines().any(|l| l.starts_with(&format!("{target}:"))), "make {target}");
    }
}
