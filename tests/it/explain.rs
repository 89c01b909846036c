//! Every published figure explained, and computed again from its explanation by plain fractions, outside the warehouse.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One as _, Signed as _, Zero as _};
use serde_json::Value;
use shebao::explain::{Explainer, json};
use shebao::grid::{self, Declared};
use shebao::project::Project;
use shebao::report::formats::keys;

use shebao::warehouse::provenance::Cell;
use shebao::warehouse::{Rows, Scalar};

use crate::support::{TestProject, published};

fn explainer() -> Explainer {
    explainer_of(published())
}

fn explainer_of(project: &TestProject) -> Explainer {
    let project = Project::open(project.path(), None).unwrap();
    Explainer::new(shebao::cli::job::open_provenance(&project, None).unwrap())
}

/// The fixtures and the real files that have specifications, where these are there.
fn with_real_files() -> &'static TestProject {
    static ALL: OnceLock<TestProject> = OnceLock::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let real = root.join("../shared/data/real");
    if !real.is_dir() {
        eprintln!("without the real files: ../shared/data/real is absent");
        return published();
    }
    ALL.get_or_init(|| {
        let project = TestProject::new();
        let specs = walked(&root.join("tests/real/pipelines"));
        for path in &specs {
            let below = path.strip_prefix(root.join("tests/real")).unwrap().display().to_string();
            project.write(&below, std::fs::read(path).unwrap());
        }
        let words: String = specs.iter().filter_map(|path| std::fs::read_to_string(path).ok()).collect();
        for path in walked(&real) {
            let below = path.strip_prefix(&real).unwrap().display().to_string();
            if words.contains(&below) {
                project.write(&format!("fixtures/{below}"), std::fs::read(&path).unwrap());
            }
        }
        // What rules find in them is no matter here.
        project.shebao(&["run"]);
        project.current();
        project
    })
}

fn walked(folder: &Path) -> Vec<PathBuf> {
    let (mut open, mut files) = (vec![folder.to_owned()], Vec::new());
    while let Some(folder) = open.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() { open.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files
}

/// A value of an expression.
#[derive(Clone, Debug, PartialEq)]
enum Found {
    Null,
    Number(BigRational),
    Text(String),
    Truth(bool),
}

/// Computes the figure of an explanation again; the printed and declared cells are all it takes over.
struct Evaluator<'a> {
    document: &'a Value,
    /// Cells computed already: most stand below several others.
    known: RefCell<BTreeMap<String, Found>>,
}

impl<'a> Evaluator<'a> {
    fn new(document: &'a Value) -> Evaluator<'a> {
        Evaluator { document, known: RefCell::default() }
    }

    fn cell(&self, id: &str) -> Result<Found, String> {
        if let Some(known) = self.known.borrow().get(id) {
            return Ok(known.clone());
        }
        let cell = &self.document["cells"][id];
        let Some(expression) = cell.get("expression") else {
            if cell.get("source").is_none() && cell.get("declared").is_none() {
                return Err(format!("{id} has neither an expression nor a source"));
            }
            return Ok(told(&cell["value"]));
        };
        let found = self.expression(expression)?;
        self.compare(&found, &cell["value"], id)?;
        self.known.borrow_mut().insert(id.to_owned(), found.clone());
        Ok(found)
    }

    fn compare(&self, found: &Found, told_value: &Value, what: &str) -> Result<(), String> {
        let told = told(told_value);
        if *found == told {
            return Ok(());
        }
        Err(format!("{what}: computed {found:?}, told {told_value}"))
    }

    fn expression(&self, node: &Value) -> Result<Found, String> {
        if let Some(literal) = node.get("literal") {
            return Ok(told(literal));
        }
        if let Some(id) = node.get("cell") {
            return self.cell(id.as_str().ok_or("a cell that is not in the explanation")?);
        }
        if node.get("row").is_some() {
            return Ok(whole(1));
        }
        let op = node["op"].as_str().ok_or("a node without an operator")?;
        // What decided for a constant is computed as well: the conditions that were looked at.
        for condition in node["decided_by"].as_array().into_iter().flatten() {
            self.expression(condition)?;
        }
        let args = node["args"].as_array().ok_or("an operator without arguments")?;
        let args: Vec<Found> = args.iter().map(|arg| self.expression(arg)).collect::<Result<_, _>>()?;
        let found = apply(op, &args, node).ok_or_else(|| format!("{op} of {args:?}"))?;
        self.compare(&found, &node["value"], op)?;
        Ok(found)
    }
}

fn told(value: &Value) -> Found {
    match value {
        Value::Null => Found::Null,
        Value::Bool(truth) => Found::Truth(*truth),
        Value::String(text) => number(text).map_or_else(|| Found::Text(text.clone()), Found::Number),
        other => Found::Text(other.to_string()),
    }
}

fn whole(n: i64) -> Found {
    Found::Number(BigRational::from_integer(n.into()))
}

fn number(text: &str) -> Option<BigRational> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let all = format!("{whole}{part}");
    if whole.is_empty() || !all.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let scale = u32::try_from(part.len()).ok()?;
    Some(BigRational::new(all.parse::<BigInt>().ok()? * sign, BigInt::from(10).pow(scale)))
}

/// Half away from zero.
fn rounded(exact: &BigRational, decimals: u32) -> BigRational {
    let power = BigRational::from_integer(BigInt::from(10).pow(decimals));
    (exact * &power).round() / power
}

fn apply(op: &str, args: &[Found], node: &Value) -> Option<Found> {
    let numbers: Option<Vec<&BigRational>> =
        args.iter().map(|arg| if let Found::Number(n) = arg { Some(n) } else { None }).collect();
    let text = |nth: usize| if let Some(Found::Text(text)) = args.get(nth) { Some(text.as_str()) } else { None };
    let present = || args.iter().filter_map(|arg| if let Found::Number(n) = arg { Some(n.clone()) } else { None });
    match op {
        "choice" => return args.first().cloned(),
        "count" => {
            let there = args.iter().filter(|arg| **arg != Found::Null);
            return Some(whole(i64::try_from(there.count()).ok()?));
        }
        "sum" => return Some(present().reduce(|a, b| a + b).map_or(Found::Null, Found::Number)),
        "greatest" => return Some(present().max().map_or(Found::Null, Found::Number)),
        "least" => return Some(present().min().map_or(Found::Null, Found::Number)),
        "period_year" | "period_month_count" => {
            let Some(period) = period(args.first()?) else { return Some(Found::Null) };
            let ((from_year, from_month), (to_year, to_month)) = period;
            let months = (to_year - from_year) * 12 + to_month - from_month + 1;
            return Some(whole(if op == "period_year" { to_year } else { months }));
        }
        "breakdown_value" => {
            let pairs = text(0).into_iter().flat_map(|all| all.split(';')).filter_map(|pair| pair.split_once('='));
            let value = pairs.filter(|(key, _)| Some(*key) == text(1)).map(|(_, value)| value).next();
            return Some(value.map_or(Found::Null, |value| told(&Value::from(value))));
        }
        "allocated" => return allocated(args),
        _ => {}
    }
    if let Some(found) = truth(op, args) {
        return Some(found);
    }
    // All others give null for a null.
    if args.contains(&Found::Null) {
        return Some(Found::Null);
    }
    // Of words it can only be said whether they are the same; what functions of words say is taken over.
    let Some(numbers) = numbers else {
        return Some(match op {
            "=" => Found::Truth(args[0] == args[1]),
            "!=" => Found::Truth(args[0] != args[1]),
            "in" => Found::Truth(args[1..].contains(&args[0])),
            "not in" => Found::Truth(!args[1..].contains(&args[0])),
            _ => told(&node["value"]),
        });
    };
    of_numbers(op, &numbers, node)
}

/// What is told of conditions, also where something is missing.
fn truth(op: &str, args: &[Found]) -> Option<Found> {
    let said = match op {
        "AND" | "OR" => {
            let decides = Found::Truth(op == "OR");
            let others = || args.iter().find(|arg| **arg == Found::Null).or(args.first());
            return args.iter().find(|arg| **arg == decides).or_else(others).cloned();
        }
        "not" => match args {
            [Found::Truth(truth)] => !truth,
            _ => return args.first().cloned(),
        },
        "is null" => args.first()? == &Found::Null,
        "is not null" => args.first()? != &Found::Null,
        "IS DISTINCT FROM" => args.first()? != args.get(1)?,
        "IS NOT DISTINCT FROM" => args.first()? == args.get(1)?,
        "istrue" => args.first()? == &Found::Truth(true),
        "isnottrue" => args.first()? != &Found::Truth(true),
        "exists" => !args.is_empty(),
        _ => return None,
    };
    Some(Found::Truth(said))
}

/// What functions of numbers give where none is missing.
fn of_numbers(op: &str, numbers: &[&BigRational], node: &Value) -> Option<Found> {
    let twelve = |exact: BigRational| Some(Found::Number(rounded(&exact, 12)));
    let hundred = || BigRational::from_integer(100.into());
    match (op, numbers) {
        ("=", [a, b]) => Some(Found::Truth(a == b)),
        ("!=", [a, b]) => Some(Found::Truth(a != b)),
        ("<", [a, b]) => Some(Found::Truth(a < b)),
        ("<=", [a, b]) => Some(Found::Truth(a <= b)),
        (">", [a, b]) => Some(Found::Truth(a > b)),
        (">=", [a, b]) => Some(Found::Truth(a >= b)),
        ("between", [n, from, to]) => Some(Found::Truth(from <= n && n <= to)),
        ("not between", [n, from, to]) => Some(Found::Truth(!(from <= n && n <= to))),
        ("in", [n, list @ ..]) => Some(Found::Truth(list.contains(n))),
        ("not in", [n, list @ ..]) => Some(Found::Truth(!list.contains(n))),
        ("+", [a, b]) => Some(Found::Number(*a + *b)),
        ("-", [a, b]) => Some(Found::Number(*a - *b)),
        ("*", [a, b]) => Some(Found::Number(*a * *b)),
        ("/", [a, b]) if !b.is_zero() => Some(Found::Number(*a / *b)),
        ("div", [a, b]) if !b.is_zero() => Some(Found::Number((*a / *b).trunc())),
        ("negative", [a]) => Some(Found::Number(-*a)),
        ("exact_div" | "percent_of", [_, b]) if b.is_zero() => Some(Found::Null),
        ("exact_div", [a, b]) => twelve(*a / *b),
        ("percent_of", [a, b]) => twelve(*a * hundred() / *b),
        ("change_pct", [_, before]) if before.is_zero() => Some(Found::Null),
        ("change_pct", [now, before]) => twelve((*now - *before) * hundred() / *before),
        ("round", [a, places]) => Some(Found::Number(rounded(a, u32::try_from(places.to_integer()).ok()?))),
        ("cast", [a]) => {
            let decimals = node["decimals"].as_u64().map_or(0, |d| u32::try_from(d).unwrap_or(0));
            Some(Found::Number(rounded(a, decimals)))
        }
        ("square_root", [a]) => {
            Some(if a.is_negative() { Found::Null } else { Found::Number(rounded(&root(a, 2), 12)) })
        }
        ("annual_growth_pct", [first, last, years]) => {
            let years = u32::try_from(years.to_integer()).ok().filter(|years| *years > 0);
            let Some(years) = years.filter(|_| first.is_positive() && !last.is_negative()) else {
                return Some(Found::Null);
            };
            twelve((root(&(*last / *first), years) - BigRational::one()) * hundred())
        }
        ("wilson_low_pct", [k, n]) => Some(wilson(k, n, -1)),
        ("wilson_high_pct", [k, n]) => Some(wilson(k, n, 1)),
        _ => None,
    }
}

/// The root to thirty decimals, downwards.
fn root(of: &BigRational, degree: u32) -> BigRational {
    let power = BigInt::from(10).pow(30);
    let scaled = of * BigRational::from_integer(power.clone().pow(degree));
    BigRational::new(scaled.to_integer().nth_root(degree), power)
}

/// Wilson's interval for k of n at 95 %.
fn wilson(k: &BigRational, n: &BigRational, side: i64) -> Found {
    if !n.is_positive() || k.is_negative() || k > n {
        return Found::Null;
    }
    let z = number("1.959963984540054236").unwrap();
    let z2 = &z * &z;
    let of = |n: i64| BigRational::from_integer(n.into());
    let spread = root(&(k * (n - k) / n + &z2 / of(4)), 2);
    let end = (k + &z2 / of(2) + of(side) * z * spread) / (n + z2);
    let end = end.max(of(0)).min(of(1));
    Found::Number(rounded(&(end * of(100)), 12))
}

/// A share by the largest remainder, in the smallest unit of the number.
fn allocated(args: &[Found]) -> Option<Found> {
    let [Found::Number(total), weights, Found::Number(place)] = args else { return Some(Found::Null) };
    let weights = match weights {
        Found::Text(weights) => weights.clone(),
        Found::Number(weight) => weight.to_string(),
        _ => return Some(Found::Null),
    };
    let weights: Vec<BigRational> = weights.split(' ').filter_map(|weight| weight.parse().ok()).collect();
    let mut unit = BigRational::one();
    while !(total / &unit).is_integer() {
        unit /= BigRational::from_integer(10.into());
    }
    let units = (total / &unit).to_integer();
    let exact: Vec<BigRational> = weights.iter().map(|w| w * BigRational::from_integer(units.abs())).collect();
    let mut shares: Vec<BigInt> = exact.iter().map(|share| share.to_integer()).collect();
    let mut order: Vec<usize> = (0..shares.len()).collect();
    order.sort_by(|a, b| exact[*b].fract().cmp(&exact[*a].fract()).then(a.cmp(b)));
    let left = units.abs() - shares.iter().sum::<BigInt>();
    for nth in order.into_iter().take(usize::try_from(left).ok()?) {
        shares[nth] += 1;
    }
    let share = shares.get(usize::try_from(place.to_integer()).ok()?)?;
    Some(Found::Number(BigRational::from_integer(share * units.signum()) * unit))
}

/// First and last month of `2004`, `2004-07` or `2013-01/2013-08`.
fn period(text: &Found) -> Option<((i64, i64), (i64, i64))> {
    let text = match text {
        Found::Text(text) => text.clone(),
        Found::Number(year) => year.to_string(),
        _ => return None,
    };
    let month = |part: &str, missing: i64| match part.split_once('-') {
        Some((year, month)) => Some((year.parse().ok()?, month.parse().ok()?)),
        None => Some((part.parse().ok()?, missing)),
    };
    let (from, to) = text.split_once('/').unwrap_or((&text, &text));
    Some((month(from, 1)?, month(to, 12)?))
}

/// Every number of the published tables.
fn figures(explainer: &mut Explainer) -> Vec<Cell> {
    let provenance = &mut explainer.provenance;
    let tables: Vec<String> =
        provenance.tables().filter(|t| t.starts_with("ind_") || t.starts_with("out_")).map(str::to_owned).collect();
    let mut figures = Vec::new();
    for table in tables {
        let columns = provenance.columns(&table).unwrap();
        for row in 0..provenance.count(&table).unwrap() {
            for column in &columns {
                if let Scalar::Number(_) | Scalar::Integer(_) = provenance.value(&table, row, column).unwrap() {
                    figures.push(Cell { table: table.clone(), row, column: column.clone() });
                }
            }
        }
    }
    figures
}

#[test]
fn every_figure_is_computed_again_from_its_cells() {
    walk();
}

#[test]
#[ignore = "takes several minutes: the models run again for each group of cells"]
fn every_cell_of_a_figure_counts() {
    let (mut explainer, figures, rests_on) = walk();
    each_cell_counts(&mut explainer, &figures, &rests_on);
}

/// Compute the figures again; with them, those that each printed cell is in, by the observation.
fn walk() -> (Explainer, Vec<Cell>, BTreeMap<usize, Vec<usize>>) {
    let project = with_real_files();
    let mut explainer = explainer_of(project);
    // With the real files there are some eighteen thousand: all take minutes, so a part of them is walked, of every table.
    let figures = figures(&mut explainer);
    let stride = (figures.len() / 5000).max(1);
    let figures: Vec<Cell> = figures.into_iter().step_by(stride).collect();
    assert!(figures.len() >= 5000, "only {} figures are published", figures.len());
    let mut faults = Vec::new();
    let mut computed: BTreeMap<Cell, Found> = BTreeMap::new();
    let mut rests_on: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (nth, figure) in figures.iter().enumerate() {
        let name = format!("{}[{}].{}", figure.table, figure.row, figure.column);
        let explanation = explainer.explain(figure).unwrap_or_else(|f| panic!("{name}: {}", f[0].render()));
        if explanation.depends_on.values().all(BTreeSet::is_empty) {
            faults.push(format!("{name} depends on nothing"));
        }
        for (explained, _) in explanation.printed() {
            rests_on.entry(explained.cell.row).or_default().push(nth);
        }
        // A cell that several figures stand on is computed once.
        let places: Vec<usize> = (0..explanation.cells.len()).collect();
        let (done, new): (Vec<usize>, Vec<usize>) =
            places.into_iter().partition(|nth| computed.contains_key(&explanation.cells[*nth].cell));
        let cells: serde_json::Map<String, Value> =
            new.iter().map(|nth| (json::name(*nth), json::cell(&explanation, *nth))).collect();
        let document = serde_json::json!({ "cells": cells });
        let evaluator = Evaluator::new(&document);
        for nth in done {
            evaluator.known.borrow_mut().insert(json::name(nth), computed[&explanation.cells[nth].cell].clone());
        }
        if let Err(fault) = evaluator.cell("c0") {
            faults.push(format!("{name}: {fault}"));
            continue;
        }
        for (id, found) in evaluator.known.into_inner() {
            let nth: usize = id[1..].parse().unwrap();
            computed.insert(explanation.cells[nth].cell.clone(), found);
        }
    }
    assert!(faults.is_empty(), "{} of {}:\n{}", faults.len(), figures.len(), faults[..faults.len().min(30)].join("\n"));
    (explainer, figures, rests_on)
}

/// Printed cells that are taken out of the input, each table's figures resting on one of them.
const REMOVED: usize = 8;

/// Take an observation out of what was read and run the models again: each figure that is said to rest on it is another one,
/// or gone. What may stay is named by its kind.
fn each_cell_counts(explainer: &mut Explainer, figures: &[Cell], rests_on: &BTreeMap<usize, Vec<usize>>) {
    // Spread over the observations, and over all tables.
    let all: Vec<usize> = rests_on.keys().copied().collect();
    let mut sample: BTreeSet<usize> = all.iter().copied().step_by((all.len() / REMOVED).max(1)).collect();
    let tables_of = |row: &usize| rests_on[row].iter().map(|nth| figures[*nth].table.as_str()).collect::<BTreeSet<_>>();
    let mut missing: BTreeSet<&str> = figures.iter().map(|figure| figure.table.as_str()).collect();
    sample.iter().for_each(|row| missing.retain(|table| !tables_of(row).contains(table)));
    while let Some(row) = all.iter().max_by_key(|row| tables_of(row).intersection(&missing).count()) {
        if tables_of(row).is_disjoint(&missing) {
            break;
        }
        missing.retain(|table| !tables_of(row).contains(table));
        sample.insert(*row);
    }
    let (mut changed, mut kept) = (0, BTreeMap::<&str, Vec<String>>::new());
    let mut stated: BTreeMap<[String; 5], usize> = BTreeMap::new();
    for row in 0..explainer.provenance.count("core_observation").unwrap() {
        *stated.entry(quantity(explainer, row)).or_default() += 1;
    }
    let groups = apart(&sample, rests_on);
    for group in &groups {
        let mut id = |row: usize| explainer.provenance.value("core_observation", row, "obs_id").unwrap().to_string();
        let ids: BTreeMap<usize, String> = group.iter().map(|row| (*row, id(*row))).collect();
        let touched = || group.iter().flat_map(|row| rests_on[row].iter().map(move |nth| (*row, *nth)));
        let tables: BTreeSet<String> = touched().map(|(_, nth)| figures[nth].table.clone()).collect();
        let gone = ids.values().cloned().collect();
        let rows =
            explainer.provenance.without(&gone, &tables).unwrap_or_else(|f| panic!("{gone:?}: {}", f[0].render()));
        let mut places: BTreeMap<&str, BTreeMap<Vec<String>, usize>> = BTreeMap::new();
        for (row, nth) in touched() {
            let id = &ids[&row];
            let figure = &figures[nth];
            let key = shebao::explain::key(&mut explainer.provenance, &figure.table, figure.row).unwrap();
            let before = explainer.provenance.value(&figure.table, figure.row, &figure.column).unwrap();
            let rows = &rows[&figure.table];
            let columns: Vec<&str> = key.iter().map(|(column, _)| column.as_str()).collect();
            let found = places.entry(&figure.table).or_insert_with(|| by_key(rows, &columns));
            let own: Vec<String> = key.iter().map(|(_, value)| value.clone()).collect();
            let column = rows.column(&figure.column).unwrap();
            let after = found.get(&own).map(|row| rows.rows[*row][column].to_string());
            if after.as_deref() != Some(before.to_string().as_str()) {
                changed += 1;
                continue;
            }
            let why = why_it_stays(explainer, figure, row, &stated);
            let name = format!("{}[{}].{} = {before} without {id}", figure.table, figure.row, figure.column);
            kept.entry(why).or_default().push(name);
        }
    }
    let told: Vec<String> = kept.iter().map(|(why, names)| format!("{} {why}, as {}", names.len(), names[0])).collect();
    eprintln!(
        "{} cells taken out in {} runs: {changed} figures changed; kept: {}",
        sample.len(),
        groups.len(),
        told.join("; ")
    );
    let unknown = kept.remove("for no reason").unwrap_or_default();
    assert!(unknown.is_empty(), "{} figures stay:\n{}", unknown.len(), unknown[..unknown.len().min(30)].join("\n"));
    let kept: usize = kept.values().map(Vec::len).sum();
    assert!(changed > 200 && kept < changed, "{changed} figures changed, {kept} stay");
}

/// Cells that no figure rests on together may be taken out in one run of the models.
fn apart(sample: &BTreeSet<usize>, rests_on: &BTreeMap<usize, Vec<usize>>) -> Vec<Vec<usize>> {
    let mut groups: Vec<(Vec<usize>, BTreeSet<usize>)> = Vec::new();
    for row in sample {
        let own: BTreeSet<usize> = rests_on[row].iter().copied().collect();
        match groups.iter_mut().find(|(_, figures)| figures.is_disjoint(&own)) {
            Some((rows, figures)) => {
                rows.push(*row);
                figures.extend(own);
            }
            None => groups.push((vec![*row], own)),
        }
    }
    groups.into_iter().map(|(rows, _)| rows).collect()
}

/// The rows of a table by the columns that tell them apart.
fn by_key(rows: &Rows, columns: &[&str]) -> BTreeMap<Vec<String>, usize> {
    let places: Vec<usize> = columns.iter().map(|column| rows.column(column).unwrap()).collect();
    let key = |row: &Vec<Scalar>| places.iter().map(|place| row[*place].to_string()).collect();
    rows.rows.iter().enumerate().rev().map(|(nth, row)| (key(row), nth)).collect()
}

/// What an observation states, and its number.
fn quantity(explainer: &mut Explainer, row: usize) -> [String; 5] {
    let columns = ["indicator", "period", "region", "scheme", "value"];
    columns.map(|column| explainer.provenance.value("core_observation", row, column).unwrap().to_string())
}

/// Why a figure may be the same without a cell that it was computed from.
fn why_it_stays(
    explainer: &mut Explainer,
    figure: &Cell,
    observation: usize,
    stated: &BTreeMap<[String; 5], usize>,
) -> &'static str {
    let explanation = explainer.explain(figure).unwrap();
    let document = json::json(&explanation).to_string();
    // The same quantity is stated a second time, by another table or edition, with the same number.
    let own = quantity(explainer, observation);
    let value = own[4].clone();
    if stated[&own] > 1 {
        return "whose quantity is stated twice with the same number";
    }
    if value == "0" {
        return "to which a 0 was added";
    }
    let any = |names: &[&str]| names.iter().any(|name| document.contains(name));
    if any(&["\"by\":\"max\"", "\"by\":\"min\"", "\"op\":\"greatest\"", "\"op\":\"least\""]) {
        return "which another number reaches as well, being the greatest or least";
    }
    if any(&["\"decided_by\":[{"]) {
        return "which is a constant that its absence leads to as well";
    }
    "for no reason"
}

/// A key is found again whatever workbook it left the house in, and its figure ends in a printed cell.
#[test]
fn every_figure_of_a_workbook_carries_its_key() {
    let mut explainer = explainer();
    let mut found = 0;
    let mut open = vec![published().file("out/tables")];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        // The accessible workbook of a whole report is another layout of the same figures.
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        if !file.ends_with(".xlsx") || file.ends_with(".accessible.xlsx") {
            continue;
        }
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let document = grid::read(&path, &format!("{name}.xlsx"), Declared::default()).unwrap();
        let page = std::fs::read_to_string(path.with_extension("html")).unwrap();
        let ways = std::fs::read_to_string(path.with_extension("way.html")).unwrap();
        let [sheet, .., keys] = document.grids.as_slice() else { panic!("{name} has no keys") };
        let mut keyed = BTreeSet::new();
        for row in 1..keys.rows {
            let text = |column: u32| keys.get(row, column).map(|cell| cell.text.to_string()).unwrap_or_default();
            let key: BTreeMap<String, String> = serde_json::from_str(&text(3)).unwrap();
            let at = explainer.find(&text(1), &key.into_iter().collect::<Vec<_>>()).unwrap();
            let row = at.unwrap_or_else(|| panic!("{name} {}: no row for {}", text(0), text(3)));
            let explanation = explainer.explain(&Cell { table: text(1), row, column: text(2) }).unwrap();
            assert!(!explanation.depends_on.is_empty(), "{name} {} comes from nowhere", text(0));
            assert!(ways.contains(&format!("<section id=\"{}\">", text(0))), "{name} {}", text(0));
            keyed.insert(text(0));
            found += 1;
        }
        // Each number of the table has a key, and leads to its way.
        let numbers = sheet.iter().filter(|(_, cell)| matches!(cell.value, grid::CellValue::Number(_)));
        for (at, _) in numbers {
            let address = sheet.address(at);
            assert!(keyed.contains(&address), "{name} {address} has no key");
            assert!(
                page.contains(&format!("<a href=\"{name}.way.html#{address}\">")),
                "{name} {address} leads nowhere"
            );
        }
    }
    assert!(found > 300, "only {found} figures are printed");
}

/// Each office file that a table or a report is published as knows its figures, and where they stand.
#[test]
fn every_office_file_carries_the_keys_of_its_figures() {
    let project = published();
    let files = walked(&project.file("out/tables"));
    let ending = |path: &Path, end: &str| path.to_string_lossy().ends_with(end);
    let (mut cells, mut words, mut books) = (0, 0, 0);
    for path in files.iter().filter(|path| ending(path, ".ods") && !ending(path, ".accessible.ods")) {
        let name = path.display().to_string();
        let of_sheet = keys::read(path).unwrap();
        let grid = grid::read(path, &name, Declared::default()).unwrap().grids.remove(0);
        let shown: BTreeMap<String, String> =
            grid.iter().map(|(at, cell)| (grid.address(at), cell.text.to_string())).collect();
        let of_document = keys::read(&path.with_extension("docx")).unwrap();
        assert_eq!(of_sheet.len(), of_document.len(), "{name}");
        let tables = word_tables(&path.with_extension("docx"));
        for (in_sheet, in_document) in of_sheet.iter().zip(&of_document) {
            assert_eq!(in_sheet.figure, in_document.figure, "{name}");
            let place = format!("{}!{}", in_document.sheet, in_document.cell);
            let printed = tables.get(&place).unwrap_or_else(|| panic!("{name} has no cell {place}"));
            // A cell with nothing in it is not read.
            let own = shown.get(&in_sheet.cell).map(|text| text.replace('\n', "")).unwrap_or_default();
            // Signs of footnotes stand behind a number in a document.
            assert!(printed.starts_with(own.as_str()), "{name}: {own} in {}, {printed} in {place}", in_sheet.cell);
            cells += 1;
        }
    }
    for path in files.iter().filter(|path| ending(path, ".accessible.ods") || ending(path, ".accessible.xlsx")) {
        let name = path.display().to_string();
        let document = grid::read(path, &name, Declared::default()).unwrap();
        let keyed = keys::read(path).unwrap();
        assert!(!keyed.is_empty(), "{name} has no keys");
        let all: BTreeSet<(String, String)> = keyed.into_iter().map(|keyed| (keyed.sheet, keyed.cell)).collect();
        for grid in document.grids.iter().filter(|grid| all.iter().any(|(sheet, _)| *sheet == grid.sheet)) {
            for (at, _) in grid.iter().filter(|(_, cell)| matches!(cell.value, grid::CellValue::Number(_))) {
                let place = (grid.sheet.to_string(), grid.address(at));
                assert!(all.contains(&place), "{name}: {place:?} has no key");
                books += 1;
            }
        }
    }
    for path in walked(&project.file("out"))
        .iter()
        .filter(|path| ending(path, ".docx") && !path.with_extension("ods").is_file())
    {
        let keyed = keys::read(path).unwrap();
        words += keyed.iter().filter(|keyed| keyed.sheet.is_empty() && keyed.cell.starts_with('F')).count();
    }
    assert!(cells > 300 && books > 600 && words > 20, "{cells} cells, {books} in books, {words} in sentences");
    // The same figure, whichever file it is asked in.
    let table = project.file("out/tables/yuxi-2013/injury_by_county");
    let ask = |place: &str| project.shebao(&["explain", place]).must_end_with(0).stdout;
    let of_workbook = ask(&format!("{}.xlsx!D7", table.display()));
    assert_eq!(ask(&format!("{}.ods!D7", table.display())), of_workbook);
    let sought = keys::read(&table.with_extension("ods")).unwrap().into_iter().find(|k| k.cell == "D7").unwrap().figure;
    let found = keys::read(&table.with_extension("docx")).unwrap().into_iter().find(|k| k.figure == sought).unwrap();
    assert_eq!(ask(&format!("{}.docx!{}", table.display(), found.cell)), of_workbook);
    for kind in ["ods", "xlsx"] {
        let book = project.file(&format!("out/tables/yuxi-2013/yuxi-2013.accessible.{kind}"));
        let found = keys::read(&book).unwrap().into_iter().find(|k| k.figure == sought).unwrap();
        assert_eq!(ask(&format!("{}!{}!{}", book.display(), found.sheet, found.cell)), of_workbook);
        project
            .shebao(&["explain", &format!("{}!A1", book.display())])
            .must_end_with(2)
            .must_contain("prints no figure in A1");
    }
}

/// The texts of the tables of a Word document, by number of the table and cell.
fn word_tables(path: &Path) -> BTreeMap<String, String> {
    let mut archive = zip::ZipArchive::new(std::fs::File::open(path).unwrap()).unwrap();
    let mut xml = String::new();
    std::io::Read::read_to_string(&mut archive.by_name("word/document.xml").unwrap(), &mut xml).unwrap();
    let mut texts = BTreeMap::new();
    for (table, of_table) in (1..).zip(xml.split("<w:tbl>").skip(1)) {
        let of_table = of_table.split("</w:tbl>").next().unwrap();
        for (row, of_row) in (1..).zip(of_table.split("<w:tr>").skip(1)) {
            let mut column = 0;
            for cell in of_row.split("<w:tc>").skip(1) {
                let wide = cell
                    .split_once("<w:gridSpan w:val=\"")
                    .map_or(1, |(_, rest)| rest.split_once('"').unwrap().0.parse::<u32>().unwrap());
                let text: String =
                    cell.split("</w:t>").filter_map(|run| run.rsplit_once("preserve\">")).map(|(_, t)| t).collect();
                texts.insert(format!("{table}!{}{row}", grid::column_letters(column)), text);
                column += wide;
            }
        }
    }
    texts
}

#[test]
fn a_figure_is_told_as_text_as_json_and_as_a_page() {
    let project = published();
    // 实际参保人数 115.22 + 4.93 万人, 应参保人数 118.43 + 5.12 万人: 120.15 / 123.55 = 97.2480…%.
    let key = ["--period", "2013-09", "--region", "530400", "--scheme", "pension-resident"];
    let explain = |more: &[&str]| project.shebao(&[&["explain", "coverage"][..], &key, more].concat()).must_end_with(0);
    let text = explain(&[]);
    for told in [
        "97.248",
        "(1,152,200 + 49,300) / (1,184,300 + 51,200) × 100",
        "printed \"115.22\" (10k_person) in papers/yuxi-2013.csv M21",
        "words 实际参保人数115.22万人",
        "参保人数: Persons insured at the end of the period",
    ] {
        assert!(text.stdout.contains(told), "no {told} in\n{}", text.stdout);
    }
    let document: Value = serde_json::from_str(&explain(&["--json"]).stdout).unwrap();
    assert_eq!(document["cells"]["c0"]["value"], "97.248077701335");
    let page = explain(&["--html"]).stdout;
    assert_eq!(page.matches("class=\"hit\"").count() + page.matches(" hit\"").count(), 4, "four cells are marked");
    let workbook = project.file("out/tables/yuxi-2013/injury_by_county.xlsx");
    let cell = project.shebao(&["explain", &format!("{}!D7", workbook.display())]).must_end_with(0);
    cell.must_contain("in yuxi-2013/injury_by_county.xlsx[表5] D7");
    project.shebao(&["explain", "coverag"]).must_end_with(2).must_contain("there is no table \"coverag\"");
    project
        .shebao(&["explain", "coverage", "--period", "1900"])
        .must_end_with(2)
        .must_contain("no row with period 1900");
    project
        .shebao(&["explain", "coverage", "--period", "2013-09"])
        .must_end_with(2)
        .must_contain("say more of the key");
}

#[test]
fn what_depends_on_a_cell_is_told() {
    let project = published();
    let said = project.shebao(&["impact", "papers/yuxi-2013.csv", "M21", "--json"]).must_end_with(0);
    let told: Value = serde_json::from_str(&said.stdout).unwrap();
    let coverage = told["figures"].as_array().unwrap().iter().filter(|figure| {
        figure["table"] == "ind_coverage" && figure["column"] == "coverage_pct" && figure["key"]["period"] == "2013-09"
    });
    let schemes: BTreeSet<&str> = coverage.map(|figure| figure["key"]["scheme"].as_str().unwrap()).collect();
    assert_eq!(schemes, BTreeSet::from(["pension-resident", "pension-rural-new"]));
    // A cell of a table that is printed as it was read: its own place, and those of what is computed from it.
    let said = project.shebao(&["impact", "yuxi-2013/injury_by_county.xlsx", "D7", "--json"]).must_end_with(0);
    let told: Value = serde_json::from_str(&said.stdout).unwrap();
    let is_there = |figure: &Value| {
        figure["file"] == "out/tables/yuxi-2013/injury_by_county.xlsx"
            && figure["cell"] == "D7"
            && figure["page"] == "out/tables/yuxi-2013/injury_by_county.way.html#D7"
    };
    let printed = told["printed"].as_array().unwrap();
    assert!(printed.iter().any(is_there), "{told}");
    // Down to the cells of every file that prints them, and the pages.
    for figure in printed {
        let file = figure["file"].as_str().unwrap();
        assert!(project.file(file).is_file(), "there is no {file}");
        let page = figure["page"].as_str().unwrap();
        let (page, anchor) = page.split_once('#').unwrap_or((page, ""));
        let text = project.read(page);
        assert!(anchor.is_empty() || text.contains(&format!("id=\"{anchor}\"")), "{page} has no {anchor}");
    }
    project
        .shebao(&["impact", "yuxi-2013/injury_by_county.xlsx", "D7"])
        .must_end_with(0)
        .must_contain("printed in out/tables");
    project
        .shebao(&["impact", "papers/yuxi-2013.csv", "A1"])
        .must_end_with(2)
        .must_contain("no figure was read from A1");
    project.shebao(&["impact", "nothing.xlsx"]).must_end_with(2).must_contain("nothing in this release was read from");
}

#[test]
fn a_figure_of_findings_leads_to_the_cells_they_speak_of() {
    let mut explainer = explainer();
    let mut counted = 0;
    for (table, column) in [("out_finding", "finding_item"), ("out_scheme_year", "finding_count")] {
        for row in 0..explainer.provenance.count(table).unwrap() {
            let value = explainer.provenance.value(table, row, column).unwrap();
            if matches!(value, Scalar::Null) || value.to_string() == "0" {
                continue;
            }
            let cell = Cell { table: table.into(), row, column: column.into() };
            let explanation = explainer.explain(&cell).unwrap();
            let findings: Vec<&shebao::explain::Explained> =
                explanation.cells.iter().map(|e| e.as_ref()).filter(|e| e.cell.table == "core_finding").collect();
            assert_eq!(findings.len().to_string(), value.to_string(), "{table}[{row}]: each finding that is counted");
            for finding in findings {
                let of = |column: &str, explainer: &mut Explainer| {
                    explainer.provenance.value("core_finding", finding.cell.row, column).unwrap().to_string()
                };
                let (file, cells) = (of("source_file", &mut explainer), of("cell", &mut explainer));
                let told: BTreeSet<String> = explanation
                    .printed()
                    .filter(|(_, printed)| printed.file == file)
                    .map(|(_, printed)| printed.address.clone())
                    .collect();
                // A finding about a label, a note or a whole file names no figure.
                let known = (0..explainer.provenance.count("core_observation").unwrap()).any(|row| {
                    let of = |column: &str, explainer: &mut Explainer| {
                        explainer.provenance.value("core_observation", row, column).unwrap().to_string()
                    };
                    of("source_file", &mut explainer) == file
                        && cells.split([' ', ',']).any(|cell| cell == of("cell", &mut explainer))
                        && of("sheet", &mut explainer)
                            == explainer
                                .provenance
                                .value("core_finding", finding.cell.row, "sheet")
                                .unwrap()
                                .to_string()
                });
                assert!(!known || cells.split([' ', ',']).any(|cell| told.contains(cell)), "{file} {cells}: {told:?}");
                counted += usize::from(known);
            }
        }
    }
    assert!(counted > 50, "{counted} findings lead to a cell");
    // What rules held of is told by what they found.
    let checks = explainer.provenance.count("core_check").unwrap();
    let failed: Vec<usize> = (0..checks)
        .filter(|row| explainer.provenance.value("core_check", *row, "fail").unwrap().to_string() != "0")
        .collect();
    let leads = |explainer: &mut Explainer, row: &usize| {
        let cell = Cell { table: "core_check".into(), row: *row, column: "fail".into() };
        explainer.explain(&cell).unwrap().printed().next().is_some()
    };
    let there = failed.iter().filter(|row| leads(&mut explainer, row)).count();
    assert!(there * 2 > failed.len(), "{there} of {} rules that failed lead to cells", failed.len());
}

/// "A year without deficit" is the 0 of a CASE: what its condition looked at is what makes it.
#[test]
fn a_constant_leads_to_the_cells_that_its_condition_looked_at() {
    let mut explainer = explainer();
    let mut constants = 0;
    for figure in figures(&mut explainer) {
        let explanation = explainer.explain(&figure).unwrap();
        let own = json::cell(&explanation, 0).to_string();
        if !own.contains("\"literal\"") || !own.contains("\"decided_by\":[{") {
            continue;
        }
        constants += 1;
    }
    assert!(constants > 20, "{constants} figures are decided by conditions");
    let table = published().file("out/tables/warning/warning_injury.xlsx");
    let told = published().shebao(&["explain", &format!("{}!C3", table.display()), "--json"]).must_end_with(0);
    assert!(told.stdout.contains("\"source\""), "{}", told.stdout);
}

#[test]
fn columns_are_followed_through_the_models() {
    let project = published();
    let said = project.shebao(&["lineage", "ind_coverage.coverage_pct"]).must_end_with(0);
    for told in ["ind_coverage_side.insured_person", "core_figure.value", "stage_observation.value", "rows chosen by"] {
        assert!(said.stdout.contains(told), "no {told} in\n{}", said.stdout);
    }
    let events: Value =
        serde_json::from_str(&project.shebao(&["lineage", "--openlineage"]).must_end_with(0).stdout).unwrap();
    let models = std::fs::read_dir(project.file("sql/models")).unwrap();
    let models = models.flat_map(|layer| std::fs::read_dir(layer.unwrap().path()).unwrap()).count();
    assert_eq!(events.as_array().unwrap().len(), models);
    let coverage = events.as_array().unwrap().iter().find(|event| event["job"]["name"] == "ind_coverage").unwrap();
    let fields = &coverage["outputs"][0]["facets"]["columnLineage"]["fields"]["coverage_pct"]["inputFields"];
    assert!(fields.as_array().unwrap().iter().any(|field| field["field"] == "eligible_person"), "{fields}");
    let drawing = project.shebao(&["lineage", "--svg"]).must_end_with(0).stdout;
    assert!(drawing.starts_with("<svg ") && drawing.contains(">ind_coverage</text>"));
    project
        .shebao(&["lineage", "ind_coverage.nothing"])
        .must_end_with(2)
        .must_contain("ind_coverage has no column \"nothing\"");
}

#[test]
fn sql_that_did_not_make_the_release_explains_nothing() {
    let project = crate::support::TestProject::copy_of(published());
    project.edit("sql/models/core/core_break.sql", "Where series stop", "Where series end");
    project.shebao(&["explain", "core_break.at", "--where", "kind=break"]).must_end_with(2).must_contain("shebao run");
}

#[test]
fn fractions_are_read_and_rounded() {
    let rows = [("2", "3", "0.666666666667"), ("-1", "8", "-0.125"), ("1", "3", "0.333333333333")];
    for (a, b, quotient) in rows {
        let exact = number(a).unwrap() / number(b).unwrap();
        assert_eq!(rounded(&exact, 12), number(quotient).unwrap());
    }
    assert_eq!(rounded(&root(&number("2").unwrap(), 2), 12), number("1.414213562373").unwrap());
}
