//! How many rows a second become records, and does memory grow with the file? Made-up contributions in GB18030, taken in from
//! the bytes to sorted Parquet files, on all cores; a file twice as long in the same memory.
//!
//! `SHEBAO_BENCH_PERSONS` (20,000) says how many persons are made up, for twelve months. Prints one table of one run.

use std::path::{Path, PathBuf};

use shebao::cli::job::{extracts, inventory};
use shebao::cli::progress::Progress;
use shebao::project::Project;
use shebao::spec;
use shebao::synth::{self, Size};

#[allow(dead_code)]
mod books;

const ROUNDS: usize = 3;
const PERSONS: u64 = 20_000;
const MONTHS: u32 = 12;

fn main() {
    if let Some((_, folder)) = books::asked() {
        return books::job(|| take(&folder));
    }
    if !books::wanted("extracts") {
        return;
    }
    let persons = std::env::var("SHEBAO_BENCH_PERSONS").ok().and_then(|n| n.parse().ok()).unwrap_or(PERSONS);
    let folder = tempfile::tempdir().expect("a temporary folder");
    println!(
        "{:<34} {:>12} {:>9} {:>12} {:>9}",
        "extracts, GB18030 csv to Parquet", "records", "seconds", "records/s", "peak MB"
    );
    for (name, times) in [("files by month and region", 1), ("one file", 1), ("one file, twice as long", 2)] {
        let input = folder.path().join(name.replace([' ', ','], "_"));
        let records = make(&input, persons * times, name.starts_with("one"));
        let cost = books::measure(&input, &["take"], ROUNDS)[0];
        let rate = records as f64 / (cost.ms / 1e3);
        println!("{name:<34} {records:>12} {:>9.2} {rate:>12.0} {:>9.0}", cost.ms / 1e3, cost.peak_mb);
    }
}

fn project(input: &Path) -> Project {
    Project::open(Path::new(env!("CARGO_MANIFEST_DIR")), Some(input)).expect("the project's own folder")
}

/// Contributions alone, of whole months; those of all files in one where wanted.
fn make(input: &Path, persons: u64, in_one: bool) -> u64 {
    let project = project(input);
    let pipelines = spec::load(&project).value;
    let declared = spec::synth::load(&project, &pipelines.codebook).value.expect("pipelines/synth.toml");
    let name = declared.source.get_ref();
    let source = pipelines.sources.iter().find(|source| source.id == *name).expect("the source of synth.toml");
    let size = Size { persons, months: MONTHS, seed: 1 };
    synth::write(&declared, source, &pipelines.codebook, size, input, &mut |_| ()).expect("a temporary folder");
    let folder = input.join(name);
    let kept = folder.join("contribution");
    for other in books::files_in(&folder).into_iter().filter(|other| *other != kept) {
        std::fs::remove_dir_all(other).expect("it was made");
    }
    let files = books::files_in(&kept);
    if in_one {
        join(&files);
    }
    let lines = |path: &PathBuf| std::fs::read(path).expect("it was made").iter().filter(|b| **b == b'\n').count() - 1;
    books::files_in(&kept).iter().map(|path| lines(path) as u64).sum()
}

/// Put all files behind the first one, without their headers.
fn join(files: &[PathBuf]) {
    use std::io::Write as _;
    let (first, others) = files.split_first().expect("files were made");
    let mut whole = std::fs::OpenOptions::new().append(true).open(first).expect("it was made");
    for other in others {
        let bytes = std::fs::read(other).expect("it was made");
        let header = bytes.iter().position(|b| *b == b'\n').expect("a header") + 1;
        whole.write_all(&bytes[header..]).expect("a temporary folder");
        std::fs::remove_file(other).expect("it was made");
    }
}

fn take(input: &Path) -> u64 {
    let warehouse = tempfile::tempdir().expect("a temporary folder");
    let key = warehouse.path().join("key");
    let project = Project { warehouse: warehouse.path().to_owned(), key, ..project(input) };
    let found = inventory::inventory(&project).expect("the files are there");
    let taken = extracts::take_all(&project, &found.pipelines, &found.files, None, &mut Progress::new(false));
    let taken = taken.expect("they are good");
    taken.submissions.iter().flat_map(|s| &s.parts).map(|part| part.rows).sum()
}
