//! What does a table cost from file to observations, beside calamine's bare decode of the file, and beside what users of
//! Python run to unpivot it (`scripts/peers.py`, where `scripts/setup-peers` has installed them)?
//!
//! The files are of the yearbook's form: a title, a header of months, one label column. Prints one table of one run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use books::{Cost, Printed};
use calamine::{Reader, Xls, open_workbook};
use shebao::ingest::{self, Input, Task};
use shebao::spec::pattern::Captured;
use shebao::spec::{self, Pipelines};
use shebao::{grid, project};

#[allow(dead_code)]
mod books;

const ROUNDS: usize = 5;
const SMALL_FILES: u32 = 1_000;
/// Rows and columns of numbers.
const XLSX: (u32, u16) = (10_000, 100);
const XLS: (u32, u16) = (60_000, 16);
const SMALL: (u32, u16) = (30, 12);

fn main() {
    if let Some((job, folder)) = books::asked() {
        return run(&job, &folder);
    }
    if !books::wanted("unpivot") {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let made = [("xlsx", XLSX, 1), ("xls", XLS, 1), ("small", SMALL, SMALL_FILES)];
    let mut costs = Vec::new();
    for (kind, (rows, columns), files) in made {
        let folder = folder.path().join(kind);
        write_folder(&folder, kind, rows, columns, files);
        costs.push(books::measure(&folder, &["calamine", "read", "unpivot"], ROUNDS));
    }
    let folders: Vec<PathBuf> = made.iter().map(|(kind, ..)| folder.path().join(kind).join("files")).collect();
    let peers = peers(&folders);
    println!(
        "Medians of {ROUNDS} runs, {} cores; peers once. Seconds; beside peers, how many times ours.",
        books::cores()
    );
    println!(
        "| files | calamine decodes | read | read + unpivot | ÷ calamine | peak ÷ decoded | {} |",
        PEERS.join(" | ")
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for (((kind, (rows, columns), files), costs), folder) in made.iter().zip(&costs).zip(&folders) {
        let [decoded, read, unpivoted] = costs[..] else { continue };
        let ratio = unpivoted.ms / decoded.ms;
        let memory = if *files == 1 { memory(&read, &unpivoted) } else { "".to_owned() };
        let beside = PEERS.map(|peer| match peers.get(&(peer.to_owned(), folder.clone())) {
            Some(seconds) => format!("{seconds:.2} ({:.1} ×)", seconds * 1e3 / unpivoted.ms),
            None => "not installed".to_owned(),
        });
        let [decoded, read, unpivoted] = [decoded, read, unpivoted].map(|c: Cost| format!("{:.2}", c.ms / 1e3));
        let name = format!("{files} {kind} of {rows} × {columns}");
        println!("| {name} | {decoded} | {read} | {unpivoted} | {ratio:.2} | {memory} | {} |", beside.join(" | "));
    }
}

/// The most that was held at a time while reading and unpivoting, beside what the sheet takes once it is read.
fn memory(read: &Cost, unpivoted: &Cost) -> String {
    format!("{:.0} MB ÷ {:.0} MB = {:.1}", unpivoted.peak_mb, read.held_mb, unpivoted.peak_mb / read.held_mb)
}

fn run(job: &str, folder: &Path) {
    let paths = books::files_in(&folder.join("files"));
    match job {
        "calamine" => books::job(|| paths.iter().for_each(|file| calamine(file))),
        "read" => books::job(|| {
            grid::on_all_cores(&paths, |file| {
                grid::read(file, &file.to_string_lossy(), grid::Declared::default()).expect("a workbook")
            })
        }),
        "unpivot" => {
            let pipelines = pipelines(folder);
            books::job(|| unpivot(&pipelines, &paths));
        }
        other => panic!("no job {other}"),
    }
}

fn calamine(file: &Path) {
    match file.extension().is_some_and(|e| e == "xls") {
        true => {
            let mut book: Xls<_> = open_workbook(file).expect("a workbook");
            assert!(!book.worksheets().is_empty());
        }
        false => assert!(books::calamine_cells(file) > 0),
    }
}

/// Every file on any core, as the main job reads them, then joined.
fn unpivot(pipelines: &Pipelines, paths: &[PathBuf]) -> shebao::domain::Observations {
    let (source, table) = (&pipelines.sources[0], &pipelines.sources[0].tables[0]);
    let task = Task { source, table, edition: &table.editions[0], codebook: &pipelines.codebook };
    let names: Vec<String> = paths.iter().map(|p| p.file_name().unwrap_or_default().to_string_lossy().into()).collect();
    let found: Vec<(&str, Vec<Captured>)> = task.edition.files_among(names.iter().map(String::as_str)).there;
    let files: Vec<(&PathBuf, &(&str, Vec<Captured>))> = paths.iter().zip(&found).collect();
    let portions = grid::on_all_cores(&files, |(path, (file, captured))| {
        let document = grid::read(path, file, grid::Declared::default()).expect("a workbook");
        ingest::read(task, Input { document: &document, file, sha256: "", captured })
    });
    let read = ingest::join(task, portions);
    assert!(read.diagnostics.is_empty(), "{}", read.diagnostics[0].render());
    read.value.observations
}

/// What users of Python run, in the order of the table.
const PEERS: [&str; 3] = ["pandas + openpyxl", "python-calamine", "fastexcel + polars"];

/// Seconds of each peer on each folder; nothing where they are not installed.
fn peers(folders: &[PathBuf]) -> BTreeMap<(String, PathBuf), f64> {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")));
    let python = cache.unwrap_or_default().join("shebao/peers-venv/bin/python");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/peers.py");
    let Ok(output) = Command::new(python).arg(script).args(folders).output() else { return BTreeMap::new() };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = |line: &str| {
        let [name, folder, seconds, _] = line.split('\t').collect::<Vec<_>>()[..] else { return None };
        Some(((name.to_owned(), folder.into()), seconds.parse().ok()?))
    };
    text.lines().filter_map(line).collect()
}

/// A folder with the files of a table, and its specification.
fn write_folder(folder: &Path, kind: &str, rows: u32, columns: u16, files: u32) {
    let put = |below: &str, text: &str| {
        let path = folder.join(below);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a temporary folder");
        std::fs::write(path, text).expect("a temporary folder");
    };
    let extension = if kind == "xls" { "xls" } else { "xlsx" };
    put("pipelines/t/source.toml", "publisher = \"none\"\ntitle = \"t\"\ncitation = \"none\"\nlicence = \"none\"\n");
    put(
        "pipelines/t/table.toml",
        &format!(
            "title = \"t\"\nanchor = {{ text = \"参保人数\" }}\ncorner = \"地区\"\nunit = \"10k_person\"\n\
             [[rows]]\nlabel = \"第{{county:int}}县\"\n[[columns]]\nlabel = \"{{month}}\"\nindicator = \"insured_person\"\n\
             [[edition]]\nid = \"1\"\nfile = \"{{any}}.{extension}\"\n"
        ),
    );
    std::fs::create_dir(folder.join("files")).expect("a temporary folder");
    for nth in 0..files {
        let path = folder.join(format!("files/{nth:04}.{extension}"));
        match extension {
            "xls" => books::write_xls(&path, rows + 2, columns + 1, |row, column| printed(nth * rows, row, column)),
            _ => books::write_xlsx(&path, rows + 2, columns + 1, |row, column| printed(nth * rows, row, column)),
        }
    }
}

/// A title, a header of months, then a county and its figures; `before` counties stand in other files.
fn printed(before: u32, row: u32, column: u16) -> Printed {
    match (row, column) {
        (0, 0) => Printed::Text("分县参保人数（万人）".to_owned()),
        (0, _) => Printed::Text(String::new()),
        (1, 0) => Printed::Text("地区".to_owned()),
        (1, _) => Printed::Text(format!("{}-{:02}", 1950 + (column - 1) / 12, (column - 1) % 12 + 1)),
        (_, 0) => Printed::Text(format!("第{}县", before + row - 1)),
        _ => {
            let digits = (u64::from(row) * 7919 + u64::from(column) * 104_729) % 10_000_000;
            Printed::Number(digits as f64 / [1.0, 10.0, 100.0][usize::from(column % 3)])
        }
    }
}

fn pipelines(folder: &Path) -> Pipelines {
    let project =
        project::Project::open(Path::new(env!("CARGO_MANIFEST_DIR")), None).expect("the project's own folder");
    let loaded = spec::load_folder(&folder.join("pipelines"), &project.codes(), &|p| p.display().to_string());
    assert!(!loaded.has_errors(), "{:?}", loaded.diagnostics);
    loaded.value
}
