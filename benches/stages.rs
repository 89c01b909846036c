//! How long does each stage of the main job take, on the ten fixture files, and which of them grows with the input?
//!
//! `make bench` runs it optimised. Machines differ and are shared: compare the lines of one run with each other.

use std::fs;
use std::path::{Path, PathBuf};

use shebao::grid;
use shebao::ingest::{self, Input, Task};
use shebao::project::Project;
use shebao::report;
use shebao::spec::{self, Pipelines};
use shebao::store::stage::{self, Stage, TableInfo};
use shebao::store::{Manifest, Releases, sha256_file};
use shebao::warehouse::{self, Warehouse};
use tempfile::TempDir;

fn main() {
    divan::main();
}

fn project() -> Project {
    Project::open(Path::new(env!("CARGO_MANIFEST_DIR")), None).expect("the project's own folder")
}

fn files(project: &Project) -> Vec<PathBuf> {
    let pipelines = spec::load(project).value;
    let editions = pipelines.sources.iter().flat_map(|s| &s.tables).flat_map(|t| &t.editions);
    editions.map(|e| project.input.join(e.files[0].as_str())).collect()
}

fn read_all(project: &Project, pipelines: &Pipelines) -> Stage {
    let mut stage = Stage { codebook: pipelines.codebook.clone(), ..Stage::default() };
    for source in &pipelines.sources {
        for table in &source.tables {
            stage.tables.push(TableInfo {
                dataset: table.dataset.clone(),
                table_id: table.id.clone(),
                title: table.title.clone(),
                publisher: source.publisher.clone(),
                citation: source.citation.clone(),
                licence: source.licence.clone(),
                priority: table.priority,
                number: table.number.clone(),
            });
            for edition in &table.editions {
                let file = edition.files[0].as_str();
                let path = project.input.join(file);
                let document = grid::read(&path, file, ingest::declared(edition)).expect("a fixture");
                let sha256 = sha256_file(&path).expect("a fixture");
                let task = Task { source, table, edition, codebook: &pipelines.codebook };
                let read = ingest::ingest(task, &[Input { document: &document, file, sha256: &sha256, captured: &[] }]);
                stage.observations.extend(read.value.observations);
                stage.relations.extend(read.value.relations);
            }
        }
    }
    stage
}

fn staged(project: &Project) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    stage::write(folder.path(), &read_all(project, &spec::load(project).value)).expect("a writable folder");
    folder
}

#[divan::bench]
fn specifications_of_10_tables() -> usize {
    spec::load(&project()).value.sources.len()
}

#[divan::bench]
fn read_10_office_files(bencher: divan::Bencher<'_, '_>) {
    let files = files(&project());
    bencher.bench(|| {
        let grids = |path: &PathBuf| {
            grid::read(path, &path.to_string_lossy(), grid::Declared::default()).expect("a fixture").grids.len()
        };
        files.iter().map(grids).sum::<usize>()
    });
}

#[divan::bench]
fn read_and_ingest_10_tables(bencher: divan::Bencher<'_, '_>) {
    let project = project();
    let pipelines = spec::load(&project).value;
    bencher.bench(|| read_all(&project, &pipelines).observations.len());
}

/// A table of 31 regions by so many months: the cost of a cell once files are small change.
#[divan::bench(args = [20, 200, 2000])]
fn ingest_31_regions_by_months(bencher: divan::Bencher<'_, '_>, columns: usize) {
    let project = project();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let pipelines = wide_table(&project, folder.path(), columns);
    let (source, table) = (&pipelines.sources[0], &pipelines.sources[0].tables[0]);
    let edition = &table.editions[0];
    let file = edition.files[0].as_str();
    let document = grid::read(&folder.path().join(file), "wide.csv", grid::Declared::default()).expect("a table");
    let task = Task { source, table, edition, codebook: &pipelines.codebook };
    bencher.bench(|| {
        let read = ingest::ingest(task, &[Input { document: &document, file, sha256: "", captured: &[] }]);
        assert_eq!(read.value.observations.len(), 31 * columns);
    });
}

fn wide_table(project: &Project, folder: &Path, columns: usize) -> Pipelines {
    let months: Vec<String> = (0..columns).map(|n| format!("{}-{:02}", 1900 + n / 12, n % 12 + 1)).collect();
    let book = spec::load(project).value.codebook;
    let is_province = |c: &&shebao::domain::CodeEntry| c.code.as_str().ends_with("0000") && c.code.as_str() != "000000";
    let mut text = format!("参保人数（万人）\n地区,{}\n", months.join(","));
    for region in book.lists["region"].entries.iter().filter(is_province).take(31) {
        let numbers: Vec<String> = (0..columns).map(|n| format!("{}.{}", 100 + n % 700, n % 10)).collect();
        text.push_str(&format!("{},{}\n", region.name_zh, numbers.join(",")));
    }
    fs::create_dir_all(folder.join("pipelines/wide")).expect("a temporary folder");
    let put = |name: &str, text: &str| fs::write(folder.join(name), text).expect("a temporary folder");
    put("wide.csv", &text);
    put(
        "pipelines/wide/source.toml",
        "publisher = \"none\"\ntitle = \"wide\"\ncitation = \"none\"\nlicence = \"none\"\n",
    );
    put(
        "pipelines/wide/wide.toml",
        "title = \"wide\"\nanchor = { text = \"参保人数\" }\ncorner = \"地区\"\nunit = \"10k_person\"\n\
         [[rows]]\nlabel = \"{region}\"\n[[columns]]\nlabel = \"{month}\"\nindicator = \"insured_person\"\n\
         [[edition]]\nid = \"1\"\nfile = \"wide.csv\"\n",
    );
    let loaded = spec::load_folder(&folder.join("pipelines"), &project.codes(), &|p| p.display().to_string());
    assert!(!loaded.has_errors(), "{:?}", loaded.diagnostics);
    loaded.value
}

#[divan::bench(sample_count = 10)]
fn build_the_warehouse(bencher: divan::Bencher<'_, '_>) {
    let project = project();
    let folder = staged(&project);
    bencher.with_inputs(|| tempfile::tempdir().expect("a temporary folder")).bench_values(|into| {
        let rules = shebao::spec::rules::load(&project, &spec::load_codes(&project).value).value;
        warehouse::build(folder.path(), &project.models(), &project.audits(), &rules, into.path(), &mut |_| {})
            .map_or(0, |summary| summary.tables.len())
    });
}

#[divan::bench(sample_count = 10)]
fn publish_10_tables_and_4_charts(bencher: divan::Bencher<'_, '_>) {
    let project = project();
    let releases = Releases::open(&project.warehouse);
    let Ok(Some(release)) = releases.current() else {
        eprintln!("nothing published yet: `make run` first");
        return;
    };
    let warehouse = Warehouse::open(&release.path).expect("a release");
    let manifest = Manifest::read(&release.path).expect("a release");
    let specs = report::load(&project.reports()).value;
    bencher.with_inputs(|| tempfile::tempdir().expect("a temporary folder")).bench_values(|into| {
        report::publish(&specs, &warehouse, &manifest, into.path(), None, &mut |_| {}).map_or(0, |p| p.value.tables)
    });
}
