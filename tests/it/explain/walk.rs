//! Every published figure explained, and computed again from its explanation.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::{Map, Value, json};
use shebao::explain::{Explained, Explainer, Explanation, OBSERVATIONS, Origin, json};
use shebao::warehouse::Scalar;
use shebao::warehouse::provenance::{Cell, Part, Tree};

use super::evaluator::{Evaluator, Found};
use super::{explainer_of, walked};
use crate::support::{TestProject, root};

/// Figures that must be there with the real files, and with the fixtures alone.
const FIGURES_MIN: [usize; 2] = [15_000, 5_000];

/// All figures of one release.
pub struct Walk {
    pub figures: Vec<Walked>,
    /// What cannot be explained, or comes to another number.
    faults: Vec<String>,
}

/// A figure, and the observations that it rests on, by their rows.
pub struct Walked {
    pub figure: Cell,
    /// Those that its value was computed from.
    pub computed_from: BTreeSet<usize>,
    /// Those among them of which a label was read and not the number: the period or the breakdown that a row is of.
    pub by_label: BTreeSet<usize>,
    /// Those that it depends on in any way.
    pub depends_on: BTreeSet<usize>,
    /// The operators of its own expression.
    pub kinds: BTreeSet<String>,
    /// A constant of the query, taken because of what conditions found; or computed from one.
    pub is_decided_constant: bool,
    pub rests_on_constant: bool,
}

/// A release of the fixtures and of the real files that have specifications, where these are there.
pub fn with_real_files() -> &'static TestProject {
    static ALL: OnceLock<TestProject> = OnceLock::new();
    ALL.get_or_init(|| {
        let project = TestProject::new();
        let real = root().join("../shared/data/real");
        if real.is_dir() {
            add(&project, &real);
        } else {
            eprintln!("without the real files: ../shared/data/real is absent");
        }
        // What rules find in the real files is no matter here, and nothing of it is printed.
        project.shebao(&["ingest"]);
        project.shebao(&["build"]);
        project.current();
        project
    })
}

fn add(project: &TestProject, real: &Path) {
    let specs = walked(&root().join("tests/real/pipelines"));
    for path in &specs {
        let below = path.strip_prefix(root().join("tests/real")).unwrap().display().to_string();
        project.write(&below, std::fs::read(path).unwrap());
    }
    let words: String = specs.iter().filter_map(|path| std::fs::read_to_string(path).ok()).collect();
    for path in walked(real) {
        let below = path.strip_prefix(real).unwrap().display().to_string();
        if words.contains(&below) {
            project.write(&format!("fixtures/{below}"), std::fs::read(&path).unwrap());
        }
    }
}

/// All figures of [`with_real_files`], walked once for all tests.
pub fn walk() -> &'static Walk {
    static WALK: OnceLock<Walk> = OnceLock::new();
    WALK.get_or_init(|| {
        let project = with_real_files();
        let tables = figures(&mut explainer_of(project));
        // A table belongs to one thread: its figures stand on the same cells.
        let next = AtomicUsize::new(0);
        let work = || {
            let mut walker = Walker::new(explainer_of(project));
            while let Some(figures) = tables.get(next.fetch_add(1, Ordering::Relaxed)) {
                figures.iter().for_each(|figure| walker.walk(figure));
            }
            walker.walk
        };
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let parts: Vec<Walk> = thread::scope(|scope| {
            let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let mut walk = Walk { figures: Vec::new(), faults: Vec::new() };
        for part in parts {
            walk.figures.extend(part.figures);
            walk.faults.extend(part.faults);
        }
        walk.figures.sort_by(|a, b| a.figure.cmp(&b.figure));
        walk
    })
}

/// Every number of the published tables, table by table, the largest first.
fn figures(explainer: &mut Explainer) -> Vec<Vec<Cell>> {
    let provenance = &mut explainer.provenance;
    let tables: Vec<String> =
        provenance.tables().filter(|t| t.starts_with("ind_") || t.starts_with("out_")).map(str::to_owned).collect();
    let mut figures = Vec::new();
    for table in tables {
        let columns = provenance.columns(&table).unwrap();
        let mut of_table = Vec::new();
        for row in 0..provenance.count(&table).unwrap() {
            for column in &columns {
                if let Scalar::Number(_) | Scalar::Integer(_) = provenance.value(&table, row, column).unwrap() {
                    of_table.push(Cell { table: table.clone(), row, column: column.clone() });
                }
            }
        }
        figures.push(of_table);
    }
    figures.sort_by_key(|of_table| std::cmp::Reverse(of_table.len()));
    figures
}

struct Walker {
    explainer: Explainer,
    /// A cell that several figures stand on is computed once.
    computed: HashMap<Cell, Found>,
    walk: Walk,
}

impl Walker {
    fn new(explainer: Explainer) -> Walker {
        Walker { explainer, computed: HashMap::new(), walk: Walk { figures: Vec::new(), faults: Vec::new() } }
    }

    fn walk(&mut self, figure: &Cell) {
        let name = format!("{}[{}].{}", figure.table, figure.row, figure.column);
        let explanation = match self.explainer.explain(figure) {
            Ok(explanation) => explanation,
            Err(faults) => return self.walk.faults.push(format!("{name}: {}", faults[0].render())),
        };
        if explanation.depends_on.values().all(BTreeSet::is_empty) {
            self.walk.faults.push(format!("{name} depends on nothing"));
        }
        if let Err(fault) = self.compute(&explanation) {
            self.walk.faults.push(format!("{name}: {fault}"));
        }
        let own = json::cell(&explanation, 0);
        let mut kinds = BTreeSet::new();
        operators(&own["expression"], &mut kinds);
        let is_decided = |explained: &Explained| match &explained.origin {
            Origin::Computed { tree, .. } => has_decided(tree),
            _ => false,
        };
        let read = computed_from(&explanation);
        let by_number = |row: &usize| read.contains(&(*row, "value"));
        self.walk.figures.push(Walked {
            figure: figure.clone(),
            computed_from: read.iter().map(|(row, _)| *row).collect(),
            by_label: read.iter().map(|(row, _)| *row).filter(|row| !by_number(row)).collect(),
            depends_on: explanation.depends_on.get(OBSERVATIONS).cloned().unwrap_or_default(),
            kinds,
            is_decided_constant: is_decided(explanation.figure()),
            rests_on_constant: explanation.cells.iter().any(|explained| is_decided(explained)),
        });
    }

    /// Compute the figure of an explanation again.
    fn compute(&mut self, explanation: &Explanation) -> Result<(), String> {
        let (done, new): (Vec<usize>, Vec<usize>) =
            (0..explanation.cells.len()).partition(|nth| self.computed.contains_key(&explanation.cells[*nth].cell));
        let cells: Map<String, Value> =
            new.into_iter().map(|nth| (json::name(nth), json::cell(explanation, nth))).collect();
        let document = json!({ "cells": cells });
        let evaluator = Evaluator::new(&document);
        for nth in done {
            let known = self.computed[&explanation.cells[nth].cell].clone();
            evaluator.known.borrow_mut().insert(json::name(nth), known);
        }
        evaluator.cell("c0")?;
        for (id, found) in evaluator.known.into_inner() {
            let nth: usize = id[1..].parse().unwrap();
            self.computed.insert(explanation.cells[nth].cell.clone(), found);
        }
        Ok(())
    }
}

/// The observations that the value was computed from, with the column that was read: not those that a finding on the way
/// speaks of.
pub fn computed_from(explanation: &Explanation) -> BTreeSet<(usize, &str)> {
    let places: BTreeMap<&Cell, usize> = explanation.cells.iter().map(|e| &e.cell).zip(0..).collect();
    let (mut found, mut met, mut open) = (BTreeSet::new(), BTreeSet::from([0]), vec![0]);
    while let Some(nth) = open.pop() {
        let explained = &explanation.cells[nth];
        match &explained.origin {
            Origin::Printed(_) => {
                found.insert((explained.cell.row, explained.cell.column.as_str()));
            }
            Origin::Declared { .. } => {}
            Origin::Computed { .. } | Origin::Counted { .. } => {
                open.extend(explained.below().iter().map(|cell| places[cell]).filter(|nth| met.insert(*nth)));
            }
        }
    }
    found
}

/// Whether a constant was taken in it because of what conditions found.
fn has_decided(tree: &Tree) -> bool {
    match &tree.part {
        Part::Choice { decided, arg, .. } => !decided.is_empty() || has_decided(arg),
        Part::Apply { args, .. } => args.iter().any(has_decided),
        Part::Cast { arg, .. } => has_decided(arg),
        Part::Literal | Part::Cell(_) | Part::Row(_) => false,
    }
}

fn operators(node: &Value, found: &mut BTreeSet<String>) {
    if let Some(op) = node["op"].as_str() {
        found.insert(node["by"].as_str().unwrap_or(op).to_owned());
    }
    for part in ["args", "decided_by"] {
        node[part].as_array().into_iter().flatten().for_each(|arg| operators(arg, found));
    }
}

#[test]
fn every_figure_is_computed_again_from_its_cells() {
    let walk = walk();
    let is_whole = root().join("../shared/data/real").is_dir();
    let least = FIGURES_MIN[usize::from(!is_whole)];
    assert!(walk.figures.len() >= least, "only {} figures are published", walk.figures.len());
    let faults = &walk.faults;
    let first = faults[..faults.len().min(30)].join("\n");
    assert!(faults.is_empty(), "{} of {}:\n{first}", faults.len(), walk.figures.len());
}
