//! What does it cost that every figure can be explained? A build and its publication with the ways of all figures and without
//! them, one explanation, and what the ways weigh on disk, of the fixtures; in processor time.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use shebao::explain::Explainer;
use shebao::project::Project;
use shebao::store::{Manifest, Releases};
use shebao::warehouse::provenance::{Cell, Provenance};
use shebao::warehouse::{self, Scalar, Warehouse};
use shebao::{report, spec};
use tempfile::TempDir;

/// Of each time the median counts. Without optimisation a look is enough.
const ROUNDS: usize = if cfg!(debug_assertions) { 1 } else { 5 };

/// Figures that are explained alone, each by a program just started.
const ASKED: usize = 25;

fn main() {
    // `cargo test` asks for a look, not for a measurement.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let folder = made();
    let project = Project::open(folder.path(), None).expect("a project");
    let release = Releases::open(&project.warehouse).current().expect("a warehouse").expect("a release");
    let open = || Provenance::open(&release.path, &project.models(), &project.audits()).expect("the release's own SQL");
    let (warehouse, manifest) = (Warehouse::open(&release.path), Manifest::read(&release.path));
    let (warehouse, manifest) = (warehouse.expect("a release"), manifest.expect("a release"));
    let specs = report::load(&project.reports()).value;

    let build = median(|| {
        let into = tempfile::tempdir().expect("a temporary folder");
        let rules = spec::rules::load(&project, &spec::load_codes(&project).value).value;
        let (models, audits) = (project.models(), project.audits());
        let into = into.path().join("releases").join("again");
        let built = warehouse::build(&release.path, &models, &audits, &rules, &into, &mut |_| {});
        assert!(built.is_ok(), "the release's own tables are built again");
    });
    // The check that each plan can be followed is a part of the build; reading off its columns as well takes longer.
    let provenance = open();
    let models = provenance.models();
    let check = median(|| {
        let read = models.iter().filter(|model| provenance.columns_of(model).is_ok());
        assert_eq!(read.count(), models.len());
    });
    let publish = |explainer: Option<&mut Explainer>| {
        let into = tempfile::tempdir().expect("a temporary folder");
        let published = report::publish(&specs, &warehouse, &manifest, into.path(), explainer, &mut |_| {});
        assert!(published.is_ok(), "the release's own tables are published again");
        size(into.path())
    };
    let (mut plain_bytes, mut bytes) = (0, 0);
    let plain = median(|| plain_bytes = publish(None));
    let explained = median(|| bytes = publish(Some(&mut Explainer::new(open()))));
    let stored = size(&release.path);
    println!("{:<28} {:>12} {:>12} {:>8}   aim", "", "without", "with", "ratio");
    // Processor time, which neighbours on the machine leave as it is.
    let seconds = |what: &str, without: Duration, with: Duration, aim: &str| {
        let (without, with) = (without.as_secs_f64(), with.as_secs_f64());
        println!("{what:<28} {without:>10.2} s {with:>10.2} s {:>8.2}   {aim}", with / without);
    };
    // Without the check a build takes at least so long.
    let unchecked = build.saturating_sub(check);
    seconds("build", unchecked, build, "at most 1.5");
    seconds("publication", plain, explained, "");
    seconds("build and publication", unchecked + plain, build + explained, "");
    let bytes_of = |what: &str, without: u64, with: u64, aim: &str| {
        let ratio = ratio(with, without);
        println!("{what:<28} {:>10} kB {:>9} kB {ratio:>8.2}   {aim}", without / 1000, with / 1000);
    };
    bytes_of("warehouse", stored, stored, "at most 1.5");
    bytes_of("published files", plain_bytes, bytes, "");

    let mut times: Vec<Duration> = asked(&mut open())
        .iter()
        .map(|cell| {
            let start = processor();
            let explanation = Explainer::new(open()).explain(cell).expect("a figure of the release");
            assert!(!explanation.cells.is_empty());
            processor() - start
        })
        .collect();
    times.sort_unstable();
    let (middle, longest) = (times[times.len() / 2].as_secs_f64(), times[times.len() - 1].as_secs_f64());
    println!("one figure of {:<14} median {middle:.2} s, longest {longest:.2} s   under 1 s", times.len());
}

fn ratio(a: u64, b: u64) -> f64 {
    // Thousands are exact enough, and fit.
    f64::from(u32::try_from(a / 1000).unwrap_or(u32::MAX)) / f64::from(u32::try_from(b / 1000).unwrap_or(u32::MAX))
}

/// A project of the fixtures in a folder of its own, with a release.
fn made() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for part in ["pipelines", "sql", "reports", "fixtures"] {
        copy(&root.join(part), &folder.path().join(part));
    }
    let status = Command::new(env!("CARGO_BIN_EXE_shebao")).arg("--project").arg(folder.path()).arg("run").output();
    assert!(status.is_ok_and(|said| said.status.success()), "the main job runs on the fixtures");
    folder
}

fn copy(from: &Path, to: &Path) {
    if !from.is_dir() {
        fs::copy(from, to).expect("a file can be copied");
        return;
    }
    fs::create_dir_all(to).expect("a folder can be made");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        copy(&path, &to.join(path.file_name().expect("a name")));
    }
}

fn median(mut work: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let start = processor();
            work();
            processor() - start
        })
        .collect();
    times.sort_unstable();
    times[ROUNDS / 2]
}

/// The time that processors have spent on this program, to a hundredth of a second.
fn processor() -> Duration {
    let text = fs::read_to_string("/proc/self/stat").expect("procfs");
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |nth: usize| fields[nth].parse::<u64>().expect("a number of ticks");
    Duration::from_millis((ticks(11) + ticks(12)) * 10)
}

/// Figures spread over all published tables.
fn asked(provenance: &mut Provenance) -> Vec<Cell> {
    let tables: Vec<String> = provenance
        .tables()
        .filter(|name| name.starts_with("ind_") || name.starts_with("out_"))
        .map(str::to_owned)
        .collect();
    let mut all = Vec::new();
    for table in tables {
        for column in provenance.columns(&table).expect("a table") {
            for row in 0..provenance.count(&table).expect("a table") {
                let value = provenance.value(&table, row, &column).expect("a cell");
                if matches!(value, Scalar::Number(_) | Scalar::Integer(_)) {
                    all.push(Cell { table: table.clone(), row, column: column.clone() });
                }
            }
        }
    }
    let step = (all.len() / ASKED).max(1);
    all.into_iter().step_by(step).collect()
}

fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.map(|path| if path.is_dir() { size(&path) } else { fs::metadata(&path).map_or(0, |data| data.len()) }).sum()
}
