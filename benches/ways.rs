//! What does it cost that every figure can be explained? A build and its publication with the ways of all figures and without
//! them, one explanation, and what the ways weigh on disk. Asks the project's current release: `make run` first.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use shebao::explain::Explainer;
use shebao::project::Project;
use shebao::store::{Manifest, Releases};
use shebao::warehouse::provenance::{Cell, Provenance};
use shebao::warehouse::{self, Scalar, Warehouse};
use shebao::{report, spec};

/// Of each time the median counts.
const ROUNDS: usize = 5;

/// Figures that are explained alone, each by a program just started.
const ASKED: usize = 25;

fn main() {
    // `cargo test` asks for a look, not for a measurement.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let project = Project::open(Path::new(env!("CARGO_MANIFEST_DIR")), None).expect("the project's own folder");
    let Ok(Some(release)) = Releases::open(&project.warehouse).current() else {
        eprintln!("nothing published yet: `make run` first");
        return;
    };
    let open = || Provenance::open(&release.path, &project.models(), &project.audits()).expect("the release's own SQL");
    let (warehouse, manifest) = (Warehouse::open(&release.path), Manifest::read(&release.path));
    let (warehouse, manifest) = (warehouse.expect("a release"), manifest.expect("a release"));
    let specs = report::load(&project.reports()).value;

    let build = median(|| {
        let into = tempfile::tempdir().expect("a temporary folder");
        let rules = spec::rules::load(&project, &spec::load_codes(&project).value).value;
        let (models, audits) = (project.models(), project.audits());
        let built = warehouse::build(&release.path, &models, &audits, &rules, into.path(), &mut |_| {});
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
    let without = build.saturating_sub(check) + plain;
    let with = build + explained;
    println!("build {:.0?}, of it at most {check:.0?} for the check that all can be followed", build);
    println!("publication {plain:.0?} without ways, {explained:.0?} with");
    println!(
        "both: {without:.0?} without, {with:.0?} with: {:.2} x (at most 1.5)",
        with.as_secs_f64() / without.as_secs_f64()
    );
    let stored = size(&release.path);
    println!("warehouse {stored} bytes, of them 0 for ways; published {plain_bytes} bytes without ways, {bytes} with");

    let mut times: Vec<Duration> = asked(&mut open())
        .iter()
        .map(|cell| {
            let start = Instant::now();
            let explanation = Explainer::new(open()).explain(cell).expect("a figure of the release");
            assert!(!explanation.cells.is_empty());
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    println!(
        "one figure, from opening the release on: median {:.0?}, longest {:.0?} of {} (under 1 s)",
        times[times.len() / 2],
        times[times.len() - 1],
        times.len()
    );
}

fn median(mut work: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[ROUNDS / 2]
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
