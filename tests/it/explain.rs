//! Every published figure explained, and computed again from its explanation by plain fractions, outside the warehouse.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One as _, Signed as _, Zero as _};
use serde_json::Value;
use shebao::explain::{Explained, Explainer, Origin, json};
use shebao::grid::{self, Declared};
use shebao::project::Project;
use shebao::warehouse::Scalar;
use shebao::warehouse::provenance::Cell;

use crate::support::published;

fn explainer() -> Explainer {
    let project = Project::open(published().path(), None).unwrap();
    Explainer::new(shebao::cli::job::open_provenance(&project, None).unwrap())
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
    /// A printed cell that is taken for missing.
    dropped: Option<&'a str>,
    /// Whether every step is compared to the value told.
    compares: bool,
    /// Cells computed already: most stand below several others.
    known: RefCell<BTreeMap<String, Found>>,
}

impl<'a> Evaluator<'a> {
    fn new(document: &'a Value, dropped: Option<&'a str>) -> Evaluator<'a> {
        Evaluator { document, dropped, compares: dropped.is_none(), known: RefCell::default() }
    }

    fn cell(&self, id: &str) -> Result<Found, String> {
        if self.dropped == Some(id) {
            return Ok(Found::Null);
        }
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
        if !self.compares || *found == told {
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
    let twelve = |exact: BigRational| Some(Found::Number(rounded(&exact, 12)));
    let hundred = || BigRational::from_integer(100.into());
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
    // All others give null for a null.
    if args.contains(&Found::Null) {
        return Some(Found::Null);
    }
    let numbers = numbers?;
    match (op, numbers.as_slice()) {
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
    let mut explainer = explainer();
    let figures = figures(&mut explainer);
    assert!(figures.len() >= 5000, "only {} figures are published", figures.len());
    let (mut faults, mut dropped) = (Vec::new(), 0);
    let mut computed: BTreeMap<Cell, Found> = BTreeMap::new();
    for (nth, figure) in figures.iter().enumerate() {
        let name = format!("{}[{}].{}", figure.table, figure.row, figure.column);
        let explanation = explainer.explain(figure).unwrap_or_else(|f| panic!("{name}: {}", f[0].render()));
        if explanation.depends_on.values().all(BTreeSet::is_empty) {
            faults.push(format!("{name} depends on nothing"));
        }
        // A cell that several figures stand on is computed once.
        let places: Vec<usize> = (0..explanation.cells.len()).collect();
        let (done, new): (Vec<usize>, Vec<usize>) =
            places.into_iter().partition(|nth| computed.contains_key(&explanation.cells[*nth].cell));
        let cells: serde_json::Map<String, Value> =
            new.iter().map(|nth| (json::name(*nth), json::cell(&explanation, *nth))).collect();
        let document = serde_json::json!({ "cells": cells });
        let evaluator = Evaluator::new(&document, None);
        for nth in done {
            evaluator.known.borrow_mut().insert(json::name(nth), computed[&explanation.cells[nth].cell].clone());
        }
        let value = match evaluator.cell("c0") {
            Ok(value) => value,
            Err(fault) => {
                faults.push(format!("{name}: {fault}"));
                continue;
            }
        };
        for (id, found) in evaluator.known.into_inner() {
            let nth: usize = id[1..].parse().unwrap();
            computed.insert(explanation.cells[nth].cell.clone(), found);
        }
        // A count is another without one of its rows, whatever the row holds.
        let counts = |explained: &Explained| matches!(&explained.origin, Origin::Computed { counted, .. } if !counted.is_empty());
        if nth % 50 > 0 || explanation.cells.iter().any(|explained| counts(explained)) {
            continue;
        }
        let document = json::json(&explanation);
        // What is not the greatest of two numbers may be missing unseen.
        // A number over itself is 1, whatever it is.
        let repeats = |cell: &Value| {
            let text = cell["expression"].to_string();
            let mut reads: Vec<&str> =
                text.split("\"cell\":\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
            let all = reads.len();
            reads.sort_unstable();
            reads.dedup();
            reads.len() < all
        };
        if document["cells"].as_object().unwrap().values().any(repeats) {
            continue;
        }
        if ["greatest", "least"].iter().any(|op| document.to_string().contains(&format!("\"op\":\"{op}\""))) {
            continue;
        }
        // Every fiftieth: without one of its cells it is another figure, or none. An addend of 0 adds nothing.
        for (id, cell) in document["cells"].as_object().unwrap() {
            if cell.get("source").is_none() || told(&cell["value"]) == whole(0) {
                continue;
            }
            dropped += 1;
            let without = Evaluator::new(&document, Some(id));
            if without.cell("c0").as_ref() == Ok(&value) {
                faults.push(format!("{name} is the same without {}", cell["key"]));
            }
        }
    }
    faults.sort_by_key(|fault| fault.contains(" is the same without "));
    assert!(faults.is_empty(), "{} of {}:\n{}", faults.len(), figures.len(), faults[..faults.len().min(30)].join("\n"));
    assert!(dropped > 200, "only {dropped} cells were dropped");
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
    project
        .shebao(&["impact", "papers/yuxi-2013.csv", "A1"])
        .must_end_with(2)
        .must_contain("no figure was read from A1");
    project.shebao(&["impact", "nothing.xlsx"]).must_end_with(2).must_contain("nothing in this release was read from");
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
