//! The house rules that a compiler does not know: module order, sole users of the big libraries, a first line in every
//! file that says what it is for, and documents that keep to their length.

use std::fs;
use std::path::{Path, PathBuf};

/// Modules in reading order; each may use itself and those before it.
const ORDER: [&str; 14] = [
    "diag",
    "project",
    "domain",
    "spec",
    "grid",
    "store",
    "ingest",
    "survey",
    "synth",
    "editing",
    "warehouse",
    "explain",
    "report",
    "cli",
];

/// Crate → the modules that may name it.
const SOLE_USERS: [(&str, &[&str]); 30] = [
    ("miette", &["diag"]),
    ("toml", &["spec", "report"]),
    ("schemars", &["spec", "report", "cli"]),
    ("calamine", &["grid"]),
    ("cfb", &["grid"]),
    ("resvg", &["report"]),
    ("encoding_rs", &["grid"]),
    ("scraper", &["grid"]),
    ("minijinja", &["report"]),
    ("typst", &["report"]),
    ("polars", &["store"]),
    ("datafusion", &["warehouse"]),
    ("plotters", &["report"]),
    ("rust_xlsxwriter", &["report"]),
    ("clap", &["cli"]),
    ("anyhow", &["cli"]),
    ("chardetng", &["grid"]),
    ("comfy_table", &["cli"]),
    ("flate2", &["grid"]),
    ("futures", &["warehouse"]),
    ("hmac", &["store"]),
    ("indicatif", &["cli"]),
    ("postgres_protocol", &["grid"]),
    ("quick_xml", &["grid"]),
    ("rustix", &["store"]),
    ("sha2", &["store"]),
    ("skrifa", &["report"]),
    ("tokio", &["warehouse"]),
    ("unicode_width", &["report"]),
    ("zip", &["grid", "report"]),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![root().join(folder)];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|e| e.unwrap().path()));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// `src/grid/xls.rs` → `grid`; `src/diag.rs` → `diag`.
fn module_of(path: &Path) -> String {
    let inside = path.strip_prefix(root().join("src")).unwrap();
    let first = inside.components().next().unwrap().as_os_str().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

#[test]
fn each_module_uses_only_those_before_it() {
    let rank = |name: &str| ORDER.iter().position(|m| *m == name);
    let mut faults = Vec::new();
    for path in rust_files("src") {
        let module = module_of(&path);
        let Some(own) = rank(&module) else { continue };
        for (number, line) in fs::read_to_string(&path).unwrap().lines().enumerate() {
            for used in line.split("crate::").skip(1).flat_map(first_names) {
                if rank(&used).is_some_and(|r| r > own) {
                    faults.push(format!("{}:{}: {module} may not use {used}", path.display(), number + 1));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The modules named after `crate::`: one, or those of a group such as `{grid, report::font}`.
fn first_names(after: &str) -> Vec<String> {
    let group = after.strip_prefix('{').map_or(vec![after], |group| group.split(',').collect());
    group.into_iter().map(|n| n.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()).collect()
}

#[test]
fn every_module_is_listed_in_reading_order() {
    let library = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let listed: Vec<&str> =
        library.lines().filter_map(|l| l.strip_prefix("pub mod ")).map(|l| l.trim_end_matches(';')).collect();
    assert_eq!(listed, ORDER);
}

#[test]
fn each_big_library_has_one_user() {
    let mut faults = Vec::new();
    for path in rust_files("src") {
        let module = module_of(&path);
        let text = fs::read_to_string(&path).unwrap();
        for (library, users) in SOLE_USERS {
            let named = text.lines().any(|l| {
                let code = l.split("//").next().unwrap_or("");
                code.contains(&format!("{library}::")) && !code.contains(&format!("_{library}::"))
            });
            if named && !users.contains(&module.as_str()) && module != "main" {
                faults.push(format!("{}: {library} belongs to {}", path.display(), users.join(", ")));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_file_says_what_it_is_for() {
    let silent: Vec<String> = ["src", "tests", "benches", "fuzz/src", "fuzz/fuzz_targets"]
        .into_iter()
        .filter(|f| root().join(f).is_dir())
        .flat_map(rust_files)
        .filter(|p| !fs::read_to_string(p).unwrap().starts_with("//! "))
        .map(|p| p.display().to_string())
        .collect();
    assert!(silent.is_empty(), "no //! on the first line: {}", silent.join(", "));
}

#[test]
fn files_stay_small_enough_to_read() {
    let long: Vec<String> = rust_files("src")
        .into_iter()
        .map(|p| (fs::read_to_string(&p).unwrap().lines().count(), p))
        .filter(|(lines, _)| *lines > 500)
        .map(|(lines, p)| format!("{} has {lines} lines", p.display()))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn the_architecture_fits_on_two_pages() {
    let lines = fs::read_to_string(root().join("docs/architecture.md")).unwrap().lines().count();
    assert!(lines <= 150, "docs/architecture.md has {lines} lines, 150 at most");
}

#[test]
fn every_dependency_has_a_reason() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let mut reason = false;
    let mut inside = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line.contains("dependencies");
            reason = false;
        } else if inside && line.starts_with('#') {
            reason = true;
        } else if inside && line.contains(" = ") {
            assert!(reason, "no comment above {line}");
        }
    }
}
