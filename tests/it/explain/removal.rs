//! Every cell of an explanation counts: an observation is taken out of what was read, the whole build runs again, and each figure
//! said to be computed from it is another one, or gone.
//!
//! Cells that no figure in question rests on together are taken out in one build. A figure that depends on two of them says
//! nothing of either, and is not looked at in that build.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use datafusion::dataframe::DataFrameWriteOptions;
use datafusion::prelude::{ParquetReadOptions, SessionContext, ident, lit};
use shebao::project::Project;
use shebao::spec;
use shebao::store::Releases;
use shebao::warehouse::{self, BuildSummary, Rows, Scalar, Warehouse};

use super::walk::{Walked, walk, with_real_files};

/// Builds with something taken out.
const BUILDS: usize = 6;

/// Figures of each kind that are chosen: a kind is a column of a table with the operators of its expression.
const OF_EACH_KIND: usize = 2;

/// Figures that are tried for a place in one of the builds.
const TRIED_MAX: usize = 40;

/// Where the choice begins.
const SEED: u64 = 20_131_231;

/// The tables of a release and of builds, with the columns that tell their rows apart.
struct Tables {
    warehouse: Warehouse,
    rows: HashMap<String, Rows>,
}

impl Tables {
    fn of(folder: &Path) -> Tables {
        Tables { warehouse: Warehouse::open_with(folder, &BTreeMap::new()).unwrap(), rows: HashMap::new() }
    }

    fn rows(&mut self, table: &str) -> &Rows {
        let Tables { warehouse, rows } = self;
        rows.entry(table.to_owned()).or_insert_with(|| warehouse.table(table, &[]).unwrap())
    }

    fn value(&mut self, table: &str, row: usize, column: &str) -> Scalar {
        let rows = self.rows(table);
        rows.rows[row][rows.column(column).unwrap()].clone()
    }

    /// The rows of a table by the columns that tell them apart.
    fn by_key(&mut self, table: &str, grain: &[String]) -> HashMap<Vec<String>, usize> {
        let rows = self.rows(table);
        (0..rows.rows.len()).rev().map(|row| (key(rows, row, grain), row)).collect()
    }
}

fn key(rows: &Rows, row: usize, grain: &[String]) -> Vec<String> {
    grain.iter().map(|column| rows.rows[row][rows.column(column).unwrap()].to_string()).collect()
}

/// What is taken out in one build, and the figures it is taken out for.
#[derive(Default)]
struct Removal {
    observations: BTreeSet<usize>,
    figures: Vec<usize>,
}

impl Removal {
    /// The one observation of these that a figure depends on.
    fn only(&self, walked: &Walked) -> Option<usize> {
        let mut shared = self.observations.intersection(&walked.depends_on);
        shared.next().copied().filter(|_| shared.next().is_none())
    }

    fn takes(&mut self, figures: &[Walked], figure: usize, observation: usize) -> bool {
        let is_new = self.observations.insert(observation);
        let fits = self.only(&figures[figure]) == Some(observation)
            && self.figures.iter().all(|nth| self.only(&figures[*nth]).is_some());
        if fits {
            self.figures.push(figure);
        } else if is_new {
            self.observations.remove(&observation);
        }
        fits
    }
}

/// Choose figures of every kind, and one cell of each, by chance.
fn removals(figures: &[Walked]) -> (Vec<Removal>, Vec<String>) {
    let mut kinds: BTreeMap<(&str, &str, &BTreeSet<String>), Vec<usize>> = BTreeMap::new();
    for (nth, walked) in figures.iter().enumerate().filter(|(_, walked)| !walked.computed_from.is_empty()) {
        let kind = (walked.figure.table.as_str(), walked.figure.column.as_str(), &walked.kinds);
        kinds.entry(kind).or_default().push(nth);
    }
    let mut chance = Chance(SEED);
    let mut removals: Vec<Removal> = (0..BUILDS).map(|_| Removal::default()).collect();
    let mut left_out = Vec::new();
    // Those that rest on most leave the least choice.
    let mut kinds: Vec<_> = kinds.into_iter().collect();
    let least = |of_kind: &[usize]| of_kind.iter().map(|nth| figures[*nth].depends_on.len()).min();
    kinds.sort_by_key(|(_, of_kind)| std::cmp::Reverse(least(of_kind)));
    for ((table, column, operators), of_kind) in kinds {
        let mut taken = 0;
        for _ in 0..TRIED_MAX.min(of_kind.len() * 4) {
            let figure = of_kind[chance.below(of_kind.len())];
            let cells: Vec<usize> = figures[figure].computed_from.iter().copied().collect();
            let cell = cells[chance.below(cells.len())];
            taken += usize::from(removals.iter_mut().any(|removal| removal.takes(figures, figure, cell)));
            if taken == OF_EACH_KIND {
                break;
            }
        }
        if taken == 0 {
            left_out.push(format!("{table}.{column} by {operators:?}"));
        }
    }
    removals.retain(|removal| !removal.figures.is_empty());
    (removals, left_out)
}

/// Numbers without an order, the same each time (splitmix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % u64::try_from(end).unwrap()).unwrap()
    }
}

/// The release built again without some observations; the tables are in the folder.
fn built_without(release: &Path, gone: &[String]) -> (tempfile::TempDir, PathBuf, BuildSummary) {
    let folder = tempfile::tempdir().unwrap();
    let stage = folder.path().join("stage");
    std::fs::create_dir_all(&stage).unwrap();
    for entry in std::fs::read_dir(release).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name == "stage_observation.parquet" {
            without(&path, gone, &stage.join(name));
        } else if name.starts_with("stage_") {
            std::fs::copy(&path, stage.join(name)).unwrap();
        }
    }
    let project = Project::open(with_real_files().path(), None).unwrap();
    let rules = spec::rules::load(&project, &spec::load_codes(&project).value).value;
    let into = folder.path().join("releases").join("without");
    let built = warehouse::build(&stage, &project.models(), &project.audits(), &rules, &into, &mut |_| {});
    let summary = built.unwrap_or_else(|faults| panic!("{}", faults[0].render()));
    (folder, into, summary)
}

fn without(path: &Path, gone: &[String], to: &Path) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let session = SessionContext::new();
        let all = session.read_parquet(path.to_str().unwrap(), ParquetReadOptions::default()).await.unwrap();
        let before = all.clone().count().await.unwrap();
        let kept = all.filter(ident("obs_id").in_list(gone.iter().map(|id| lit(id.as_str())).collect(), true)).unwrap();
        assert_eq!(kept.clone().count().await.unwrap() + gone.len(), before, "each observation is there once");
        let options = DataFrameWriteOptions::new().with_single_file_output(true);
        kept.write_parquet(to.to_str().unwrap(), options, None).await.unwrap();
    });
}

/// A figure that stayed as it was.
struct Kept {
    figure: usize,
    observation: usize,
    name: String,
}

/// Build without what is to be removed; how many figures changed, those that did not, and those looked at.
fn removed(release: &Path, removal: &Removal, figures: &[Walked]) -> (usize, Vec<Kept>, BTreeSet<usize>) {
    let mut before = Tables::of(release);
    let ids: Vec<String> =
        removal.observations.iter().map(|row| before.value("core_observation", *row, "obs_id").to_string()).collect();
    let (_folder, into, summary) = built_without(release, &ids);
    let grains: HashMap<&str, &[String]> =
        summary.tables.iter().map(|table| (table.name.as_str(), table.grain.as_slice())).collect();
    let mut after = Tables::of(&into);
    let mut places: HashMap<&str, HashMap<Vec<String>, usize>> = HashMap::new();
    let (mut changed, mut kept, mut looked_at) = (0, Vec::new(), BTreeSet::new());
    for (nth, walked) in figures.iter().enumerate() {
        let Some(observation) = removal.only(walked).filter(|row| walked.computed_from.contains(row)) else { continue };
        looked_at.insert(nth);
        let figure = &walked.figure;
        let (table, grain) = (figure.table.as_str(), grains[figure.table.as_str()]);
        let there = places.entry(table).or_insert_with(|| after.by_key(table, grain));
        let own = key(before.rows(table), figure.row, grain);
        let was = before.value(table, figure.row, &figure.column);
        let is = there.get(&own).map(|row| after.value(table, *row, &figure.column));
        if is.as_ref() == Some(&was) {
            let id = before.value("core_observation", observation, "obs_id");
            let name = format!("{table}[{}].{} = {was} without {id}", figure.row, figure.column);
            kept.push(Kept { figure: nth, observation, name });
        } else {
            changed += 1;
        }
    }
    (changed, kept, looked_at)
}

/// What tells one quantity from another.
const QUANTITY: [&str; 9] =
    ["indicator", "period", "region", "scheme", "ownership", "industry", "population", "breakdown", "value"];

/// Why a figure may be the same without a cell that it was computed from.
fn why_it_stays(tables: &mut Tables, walked: &Walked, observation: usize) -> &'static str {
    let count = tables.rows("core_observation").rows.len();
    let mut quantity = |row: usize| QUANTITY.map(|column| tables.value("core_observation", row, column).to_string());
    let own = quantity(observation);
    if (0..count).filter(|row| quantity(*row) == own).count() > 1 {
        return "whose quantity is stated twice with the same number";
    }
    if own[8] == "0" {
        return "to which a 0 was added";
    }
    let any = |names: &[&str]| names.iter().any(|name| walked.kinds.contains(*name));
    if any(&["max", "min", "greatest", "least"]) {
        return "which another number reaches as well, being the greatest or least";
    }
    if walked.is_decided_constant {
        return "which is a constant that its absence leads to as well";
    }
    "for no reason"
}

#[test]
fn every_cell_of_a_figure_counts() {
    let figures = &walk().figures;
    let project = Project::open(with_real_files().path(), None).unwrap();
    let release = Releases::open(&project.warehouse).current().unwrap().unwrap().path;
    let (removals, left_out) = removals(figures);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        while let Some(removal) = removals.get(next.fetch_add(1, Ordering::Relaxed)) {
            done.push(removed(&release, removal, figures));
        }
        done
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let done: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let mut tables = Tables::of(&release);
    let (mut changed, mut kept, mut looked_at) = (0, BTreeMap::<&str, Vec<String>>::new(), BTreeSet::new());
    for (more, unchanged, figures_of) in done {
        changed += more;
        looked_at.extend(figures_of);
        for Kept { figure, observation, name } in unchanged {
            kept.entry(why_it_stays(&mut tables, &figures[figure], observation)).or_default().push(name);
        }
    }
    let told: Vec<String> = kept.iter().map(|(why, names)| format!("{} {why}, as {}", names.len(), names[0])).collect();
    let out: usize = removals.iter().map(|removal| removal.observations.len()).sum();
    eprintln!(
        "{out} cells taken out in {} builds for {} figures of {} looked at: {changed} changed; kept: {}; left out: {}",
        removals.len(),
        removals.iter().map(|removal| removal.figures.len()).sum::<usize>(),
        looked_at.len(),
        told.join("; "),
        left_out.join("; ")
    );
    let unknown = kept.remove("for no reason").unwrap_or_default();
    assert!(unknown.is_empty(), "{} figures stay:\n{}", unknown.len(), unknown[..unknown.len().min(60)].join("\n"));
}
