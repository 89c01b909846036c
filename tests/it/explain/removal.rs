//! Every cell of an explanation counts: an observation is taken out of what was read, the whole build runs again, and each figure
//! said to be computed from it is another one, or gone.
//!
//! Cells that no figure in question is computed from together are taken out in one build. A figure that is computed from two of
//! them says nothing of either, and is not looked at in that build. The other way round, a figure that changes must depend on a
//! cell that was taken out.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use datafusion::dataframe::DataFrameWriteOptions;
use datafusion::prelude::{ParquetReadOptions, SessionContext, ident, lit};
use shebao::explain::{Explainer, OBSERVATIONS};
use shebao::project::Project;
use shebao::spec;
use shebao::store::Releases;
use shebao::warehouse::provenance::{Cell, Provenance};
use shebao::warehouse::{self, Rows, Scalar, Warehouse};

use super::walk::{Walked, computed_from, walk, with_real_files};

/// Builds with something taken out.
const BUILDS: usize = 4;

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

    /// The id of an observation.
    fn id(&mut self, row: usize) -> String {
        self.value(OBSERVATIONS, row, "obs_id").to_string()
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
    /// The one observation of these that a figure was computed from.
    fn only(&self, walked: &Walked) -> Option<usize> {
        let mut shared = self.observations.intersection(&walked.computed_from);
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
    let least = |of_kind: &[usize]| of_kind.iter().map(|nth| figures[*nth].computed_from.len()).min();
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

/// The release built again without some observations.
struct Built {
    _folder: tempfile::TempDir,
    tables: Tables,
    explainer: Explainer,
    grains: HashMap<String, Vec<String>>,
}

fn built_without(release: &Path, gone: &[String]) -> Built {
    let folder = tempfile::tempdir().unwrap();
    let into = folder.path().join("releases").join("without");
    std::fs::create_dir_all(&into).unwrap();
    for entry in std::fs::read_dir(release).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name == "stage_observation.parquet" {
            without(&path, gone, &into.join(name));
        } else if name.starts_with("stage_") {
            std::fs::copy(&path, into.join(name)).unwrap();
        }
    }
    let project = Project::open(with_real_files().path(), None).unwrap();
    let rules = spec::rules::load(&project, &spec::load_codes(&project).value).value;
    let (models, audits) = (project.models(), project.audits());
    let built = warehouse::build(&into, &models, &audits, &rules, &into, &mut |_| {});
    let built = built.unwrap_or_else(|faults| panic!("{}", faults[0].render()));
    Built {
        _folder: folder,
        tables: Tables::of(&into),
        explainer: Explainer::new(Provenance::open(&into, &models, &audits).unwrap()),
        grains: built.tables.into_iter().map(|table| (table.name, table.grain)).collect(),
    }
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

/// What a build without some observations came to.
#[derive(Default)]
struct Outcome {
    /// Figures computed from one of the observations that are others now, or gone.
    changed: BTreeSet<usize>,
    /// Those that stayed, by the reason, with the observation.
    kept: Vec<(Reason, usize, String)>,
    /// Figures that changed and depend on none of the observations.
    unforeseen: Vec<usize>,
    /// Figures that only depend on them in some other way than by value; how many of these changed.
    chosen: usize,
    chosen_changed: usize,
}

/// Why a figure may be the same without a cell that it was computed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reason {
    /// Its explanation names a cell that it did not name before: the same quantity in another table, the next greatest.
    AnotherSaysTheSame,
    /// A label of it was read, the period or the breakdown, which the other rows of its group have as well.
    Label,
    /// It stood first in a group that is counted as one, and another cell that was told before takes its place.
    Group,
    /// Of no weight in a sum.
    Zero,
    /// One side of GREATEST or LEAST, and the other is the one taken.
    NotTaken,
    /// What is missing leads to the same constant of the query.
    Constant,
    /// There is none.
    None,
}

fn removed(release: &Path, removal: &Removal, figures: &[Walked]) -> Outcome {
    let mut before = Tables::of(release);
    let ids: Vec<String> = removal.observations.iter().map(|row| before.id(*row)).collect();
    let Built { _folder, tables: mut after, mut explainer, grains } = built_without(release, &ids);
    let mut places: HashMap<&str, HashMap<Vec<String>, usize>> = HashMap::new();
    let mut outcome = Outcome::default();
    for (nth, walked) in figures.iter().enumerate() {
        let figure = &walked.figure;
        let (table, grain) = (figure.table.as_str(), grains[&figure.table].as_slice());
        let there = places.entry(table).or_insert_with(|| after.by_key(table, grain));
        let at = there.get(&key(before.rows(table), figure.row, grain)).copied();
        let was = before.value(table, figure.row, &figure.column);
        let is_same = at.is_some_and(|row| after.value(table, row, &figure.column) == was);
        match (removal.only(walked), at) {
            (Some(observation), Some(row)) if is_same => {
                let explanation = explainer.explain(&Cell { row, ..figure.clone() }).unwrap();
                let own: BTreeSet<String> = walked.computed_from.iter().map(|row| before.id(*row)).collect();
                let reason = if computed_from(&explanation).into_iter().any(|(row, _)| !own.contains(&after.id(row))) {
                    Reason::AnotherSaysTheSame
                } else if walked.by_label.contains(&observation) {
                    Reason::Label
                } else if walked.kinds.contains("count") {
                    Reason::Group
                } else if walked.kinds.iter().any(|kind| kind == "greatest" || kind == "least") {
                    Reason::NotTaken
                } else if before.value(OBSERVATIONS, observation, "value").to_string() == "0" {
                    Reason::Zero
                } else if walked.rests_on_constant {
                    Reason::Constant
                } else {
                    Reason::None
                };
                outcome.kept.push((reason, nth, before.id(observation)));
            }
            (Some(_), _) => {
                outcome.changed.insert(nth);
            }
            (None, _) if walked.computed_from.is_disjoint(&removal.observations) => {
                let is_chosen = !walked.depends_on.is_disjoint(&removal.observations);
                outcome.chosen += usize::from(is_chosen);
                outcome.chosen_changed += usize::from(is_chosen && !is_same);
                if !is_chosen && !is_same {
                    outcome.unforeseen.push(nth);
                }
            }
            (None, _) => {}
        }
    }
    outcome
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
    let name = |nth: usize| {
        let Cell { table, row, column } = &figures[nth].figure;
        format!("{table}[{row}].{column} by {:?}", figures[nth].kinds)
    };
    let (mut changed, mut kept, mut unforeseen) = (BTreeSet::new(), BTreeMap::<Reason, Vec<String>>::new(), Vec::new());
    let (mut chosen, mut chosen_changed) = (0, 0);
    for outcome in done {
        changed.extend(outcome.changed);
        unforeseen.extend(outcome.unforeseen.into_iter().map(name));
        chosen += outcome.chosen;
        chosen_changed += outcome.chosen_changed;
        for (reason, figure, id) in outcome.kept {
            kept.entry(reason).or_default().push(format!("{} without {id}", name(figure)));
        }
    }
    let out: usize = removals.iter().map(|removal| removal.observations.len()).sum();
    eprintln!(
        "{out} cells taken out in {} builds: {} figures changed; {chosen_changed} of {chosen} that one only helped to choose",
        removals.len(),
        changed.len()
    );
    for (reason, names) in &kept {
        eprintln!("{} stayed, {reason:?}, as {}", names.len(), names[0]);
    }
    let first = |names: &[String]| names[..names.len().min(60)].join("\n");
    assert!(left_out.is_empty(), "no cell is taken out for\n{}", first(&left_out));
    assert!(
        unforeseen.is_empty(),
        "{} figures change that depend on nothing taken out:\n{}",
        unforeseen.len(),
        first(&unforeseen)
    );
    let unknown = kept.remove(&Reason::None).unwrap_or_default();
    assert!(unknown.is_empty(), "{} figures stay:\n{}", unknown.len(), first(&unknown));
    let kept: usize = kept.values().map(Vec::len).sum();
    assert!(changed.len() > 1000 && kept * 10 < changed.len(), "{} figures changed, {kept} stayed", changed.len());
    // What only chose seldom matters, so that a change is put down to the right cell.
    assert!(chosen_changed * 20 < chosen, "{chosen_changed} of {chosen}");
}
