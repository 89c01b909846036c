//! Bad input, a file of `tests/bad/` each: the message whole, the exit code, the rest of the batch, the last release.
//!
//! A case is a list of things done to a project whose fixtures have been published: `[[write]]` a text in an encoding,
//! `[[copy]]` a file, `[[cut]]` a file after some bytes, `[[edit]]` a text, `[[link]]` or `[[folder]]` instead of a file. Then
//! `shebao run`, or the command it names.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Deserialize;

use crate::support::{TestProject, published, root};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// What the case shows.
    about: String,
    #[serde(default = "run")]
    command: Vec<String>,
    exit: i32,
    #[serde(default)]
    write: Vec<Write>,
    #[serde(default)]
    copy: Vec<Copy>,
    #[serde(default)]
    cut: Vec<Cut>,
    #[serde(default)]
    edit: Vec<Edit>,
    #[serde(default)]
    link: Vec<Link>,
    #[serde(default)]
    folder: Vec<Folder>,
    #[serde(default)]
    break_bytes: Vec<BreakBytes>,
}

fn run() -> Vec<String> {
    vec!["run".to_owned()]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Write {
    path: String,
    #[serde(default)]
    encoding: Option<String>,
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Copy {
    from: String,
    to: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cut {
    path: String,
    bytes: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Edit {
    path: String,
    from: String,
    to: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Link {
    path: String,
    to: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Folder {
    path: String,
}

/// Replace the bytes of a text in an encoding by others, in hexadecimal.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BreakBytes {
    path: String,
    encoding: String,
    text: String,
    hex: String,
}

fn encoded(text: &str, encoding: Option<&str>) -> Vec<u8> {
    let Some(label) = encoding else {
        return text.as_bytes().to_vec();
    };
    let encoding = encoding_rs::Encoding::for_label(label.as_bytes()).expect("a known encoding");
    encoding.encode(text).0.into_owned()
}

fn prepare(case: &Case, project: &TestProject) {
    for write in &case.write {
        project.write(&write.path, encoded(&write.text, write.encoding.as_deref()));
    }
    for copy in &case.copy {
        project.write(&copy.to, fs::read(root().join(&copy.from)).unwrap_or_else(|e| panic!("{}: {e}", copy.from)));
    }
    for cut in &case.cut {
        let bytes = fs::read(project.file(&cut.path)).unwrap();
        assert!(bytes.len() > cut.bytes, "{} has only {} bytes", cut.path, bytes.len());
        project.write(&cut.path, &bytes[..cut.bytes]);
    }
    for edit in &case.edit {
        project.edit(&edit.path, &edit.from, &edit.to);
    }
    for link in &case.link {
        fs::remove_file(project.file(&link.path)).unwrap();
        std::os::unix::fs::symlink(&link.to, project.file(&link.path)).unwrap();
    }
    for folder in &case.folder {
        fs::remove_file(project.file(&folder.path)).unwrap();
        fs::create_dir(project.file(&folder.path)).unwrap();
    }
    for broken in &case.break_bytes {
        let bytes = fs::read(project.file(&broken.path)).unwrap();
        let wanted = encoded(&broken.text, Some(&broken.encoding));
        let at = bytes.windows(wanted.len()).position(|w| w == wanted).expect("the text is in the file");
        let hex: Vec<u8> = broken.hex.split(' ').map(|b| u8::from_str_radix(b, 16).unwrap()).collect();
        project.write(&broken.path, [&bytes[..at], &hex, &bytes[at + wanted.len()..]].concat());
    }
}

/// How many observations each file has in a release.
fn observations(project: &TestProject, as_of: &[&str]) -> Vec<(String, u64)> {
    let sql = "SELECT source_file, COUNT(*) AS n FROM core_observation GROUP BY source_file ORDER BY source_file";
    let said = project.shebao(&[&["query", sql, "--format", "csv"], as_of].concat()).must_end_with(0);
    let rows = said.stdout.lines().skip(1).map(|l| l.rsplit_once(',').expect("two columns"));
    rows.map(|(file, n)| (file.to_owned(), n.parse().expect("a count"))).collect()
}

fn check(path: &Path) {
    let name = path.file_stem().unwrap().to_str().unwrap();
    let case: Case = toml::from_str(&fs::read_to_string(path).unwrap()).unwrap_or_else(|e| panic!("{name}: {e}"));
    assert!(!case.about.is_empty());
    let project = TestProject::copy_of(published());
    let before = observations(&project, &[]);
    let released = project.current();
    prepare(&case, &project);
    let arguments: Vec<&str> = case.command.iter().map(String::as_str).collect();
    let said = project.shebao(&arguments);
    // The lines of progress are not the message.
    let message: Vec<&str> = said
        .stderr
        .lines()
        .filter(|l| !["read ", "build ", "report "].iter().any(|stage| l.starts_with(stage)))
        .collect();
    check_message(name, &format!("# {}\nexit {}\n\n{}", case.about, said.code, message.join("\n")));
    assert_eq!(said.code, case.exit, "{name}: {}\n{}", said.stdout, said.stderr);
    assert_eq!(observations(&project, &["--as-of", &released]), before, "{name}: the last release is not what it was");
    let now = observations(&project, &[]);
    for (file, count) in &before {
        let found = now.iter().find(|(f, _)| f == file).map(|(_, n)| n);
        assert_eq!(found, Some(count), "{name}: {file} lost figures");
    }
}

#[test]
fn each_case_is_told_and_hurts_nothing_else() {
    let mut paths: Vec<_> = fs::read_dir(root().join("tests/bad"))
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "toml"))
        .collect();
    paths.sort();
    assert!(paths.len() >= 11, "cases have been lost");
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some(path) = paths.get(next.fetch_add(1, Ordering::Relaxed)) {
            check(path);
        }
    };
    std::thread::scope(|scope| {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        (0..cores).for_each(|_| drop(scope.spawn(work)));
    });
}

fn check_message(name: &str, text: &str) {
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true, snapshot_path => "../bad/messages" }, {
        insta::assert_snapshot!(name, text);
    });
}

/// A published project with something to do.
fn changed() -> TestProject {
    let project = TestProject::copy_of(published());
    project.edit("pipelines/yuxi-2013/source.toml", "\n", "\n\n");
    project
}

/// A disk that fills up during the run: an own mount namespace with a tiny file system, where the machine allows one.
#[test]
fn a_full_disk_is_told_and_leaves_the_release() {
    let project = changed();
    let released = project.current();
    // From the first file on, and while the tables are built: how far a run comes depends on the file system.
    for free in [0, 20, 60, 120] {
        let Some(said) = project.on_a_full_disk(free, &["run"]) else {
            eprintln!("skipped: this machine allows no mount namespace");
            return;
        };
        let said = said.must_end_with(2);
        for fault in said.stderr.lines().filter(|l| l.starts_with("error")) {
            let told = "the disk is full; free some space and run again: the previous release is untouched";
            assert!(fault.ends_with(told), "{free} KiB: {fault}");
        }
        if free == 0 {
            check_message("full_disk", &said.stderr);
        }
        assert_eq!(project.current(), released);
    }
}

/// Folders that may not be written: another user on Unix, since root may write anywhere.
#[test]
fn a_read_only_folder_is_told_and_leaves_the_release() {
    let project = changed();
    let released = project.current();
    check_message("read_only_warehouse", &project.allowed_to_write_only(&[], &["run"]).must_end_with(2).stderr);
    let said = project.allowed_to_write_only(&["warehouse"], &["run"]).must_end_with(2);
    check_message("read_only_output", &said.stderr);
    assert_eq!(project.current(), released, "what cannot be printed is not published");
}
