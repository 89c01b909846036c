//! How much of what offices really send can be read by a drafted specification, without an edit: every table of every real
//! file (`../shared/data/real`), each number held against its cell.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use rust_decimal::Decimal;
use shebao::domain::{Codebook, Observation, Observations};
use shebao::grid::{CellRef, CellValue, Document, Grid};
use shebao::project::Project;
use shebao::survey::draft::draft;
use shebao::survey::{Table, survey, trial};
use shebao::{grid, spec};

use super::support::{root, shared};

/// Tables of fewer numbers or lines are none.
const NUMBERS_MIN: usize = 4;

/// Share of the tables whose draft must hold: a little under what is reached.
const SHARE_MIN: f64 = 0.70;

struct Outcome {
    file: String,
    place: String,
    /// What stands in the way, by its code.
    fault: Option<String>,
}

#[test]
fn real_tables_draft_to_specifications_that_hold() {
    let Some(folder) = shared("data/real") else { return };
    let book = spec::load_codes(&Project::open(root(), None).expect("a project")).value;
    let files = files(&folder);
    let next = std::sync::atomic::AtomicUsize::new(0);
    let read = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(path) = files.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
                    let file = path.strip_prefix(&folder).expect("it is inside").to_string_lossy().into_owned();
                    let found = grid::read(path, &file, grid::Declared::default())
                        .map(|document| outcomes_of(&book, &document, &file));
                    read.lock().expect("no reader panicked").push((file, found));
                }
            });
        }
    });
    let mut read = read.into_inner().expect("no reader panicked");
    read.sort_by(|a, b| a.0.cmp(&b.0));
    let (mut outcomes, mut unread, mut bare) = (Vec::new(), Vec::new(), Vec::new());
    for (file, found) in read {
        match found {
            Err(fault) => unread.push(format!("{file}: {}", fault.message)),
            Ok(of_file) if of_file.is_empty() => bare.push(file),
            Ok(of_file) => outcomes.extend(of_file),
        }
    }
    let held = outcomes.iter().filter(|o| o.fault.is_none()).count();
    let report = report(&outcomes, &bare, &unread);
    let target = std::env::temp_dir().join("shebao-drafts.txt");
    std::fs::write(&target, &report).expect("the report can be written");
    let share = held as f64 / outcomes.len() as f64;
    eprintln!("{}\n(all of it: {})", report.lines().take(40).collect::<Vec<_>>().join("\n"), target.display());
    let wrong: Vec<&Outcome> =
        outcomes.iter().filter(|o| o.fault.as_deref().is_some_and(|f| f.starts_with("WRONG"))).collect();
    assert!(
        wrong.is_empty(),
        "{} drafts read a wrong value, the first in {} {}",
        wrong.len(),
        wrong[0].file,
        wrong[0].place
    );
    assert!(share >= SHARE_MIN, "{held} of {} tables", outcomes.len());
}

/// Every table of a file that has at least two data columns or rows, with what its draft came to.
fn outcomes_of(book: &Codebook, document: &Document, file: &str) -> Vec<Outcome> {
    let found = survey(document);
    let mut outcomes = Vec::new();
    for (sheet, grid) in found.sheets.iter().zip(&document.grids) {
        for (nth, parts) in sheet.whole_tables().iter().enumerate() {
            let lines = parts.iter().map(|t| (t.body.end - t.body.start).max(t.data_cols.len() as u32)).max();
            if parts.iter().map(|t| t.numbers).sum::<usize>() < NUMBERS_MIN || lines < Some(2) {
                continue;
            }
            let name = file.rsplit('/').next().unwrap_or(file);
            let draft = draft(book, document, grid, parts, name);
            let fault =
                match draft.trial.holds() {
                    true => wrong_value(book, grid, parts, &draft.trial.observations, &draft.text),
                    false => Some(draft.trial.faults.first().map_or("cells-missed".to_owned(), |f| {
                        format!("{}: {}", f.code, f.message.replace('\n', " "))
                    })),
                };
            outcomes.push(Outcome { file: file.to_owned(), place: format!("{} #{}", grid.sheet, nth + 1), fault });
        }
    }
    outcomes
}

/// Each number of the table must be exactly one observation, of the cell's value.
fn wrong_value(book: &Codebook, grid: &Grid, parts: &[&Table], read: &Observations, text: &str) -> Option<String> {
    let pipelines = spec::read_text(book.clone(), "draft", text.to_owned()).value;
    let mut of_cell: BTreeMap<CellRef, Vec<&Observation>> = BTreeMap::new();
    for o in read {
        of_cell.entry(o.at).or_default().push(o);
    }
    for at in trial::figures(grid, parts) {
        let cell = grid.address(at);
        let [one] = of_cell.get(&at).map_or(&[][..], Vec::as_slice) else {
            return Some(format!("WRONG: {cell} is not one observation"));
        };
        let factor = pipelines.codebook.unit(&one.series.printed_unit).map(|u| u.factor);
        let expected = value_of(grid, at).zip(factor).map(|(v, f)| (v * f).normalize());
        if one.value.number().map(|n| n.normalize()) != expected {
            return Some(format!(
                "WRONG: {cell} \"{}\" is {:?}, expected {expected:?}",
                grid.text(at.row, at.col),
                one.value
            ));
        }
    }
    None
}

/// A cell's number in its own way: what is stored, as far as it is shown; of texts the digits.
fn value_of(grid: &Grid, at: CellRef) -> Option<Decimal> {
    let cell = grid.get(at.row, at.col)?;
    let shown: String = cell.text.chars().map(half_width).filter(|c| c.is_ascii_digit() || *c == '.').collect();
    let shown: Decimal = shown.parse().ok()?;
    let negative =
        cell.text.trim_start().starts_with(['-', '−', '－', '(']) && cell.text.chars().any(|c| "-−－".contains(c));
    let shown = if negative { -shown } else { shown };
    match cell.value {
        CellValue::Number(stored) => {
            let percent = cell.text.contains('%');
            let stored = if percent { stored * Decimal::ONE_HUNDRED } else { stored }.normalize();
            Some(if stored.scale() > 6 { shown } else { stored })
        }
        _ => Some(shown),
    }
}

fn half_width(c: char) -> char {
    match c {
        '０'..='９' | '．' => char::from_u32(c as u32 - 0xFEE0).unwrap_or(c),
        _ => c,
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut open = vec![folder.to_owned()];
    let mut found = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(&path).expect("a folder").map(|e| e.expect("an entry").path()));
        } else if path.parent() != Some(folder)
            && !path.extension().is_some_and(|e| ["dbt", "fpt", "FPT", "cpg"].iter().any(|x| e == *x))
        {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The share, what fails by fault, and where.
fn report(outcomes: &[Outcome], bare: &[String], unread: &[String]) -> String {
    let held = outcomes.iter().filter(|o| o.fault.is_none()).count();
    let files: BTreeSet<&str> = outcomes.iter().map(|o| o.file.as_str()).collect();
    let whole = files.iter().filter(|f| outcomes.iter().filter(|o| o.file == **f).all(|o| o.fault.is_none())).count();
    let percent = 100.0 * held as f64 / outcomes.len().max(1) as f64;
    let mut out = format!(
        "{held} of {} tables draft to a specification that holds ({percent:.1} %); in {whole} of {} files all do\n",
        outcomes.len(),
        files.len()
    );
    let mut faults: BTreeMap<&str, usize> = BTreeMap::new();
    for fault in outcomes.iter().filter_map(|o| o.fault.as_deref()) {
        *faults.entry(fault.split(':').next().unwrap_or(fault)).or_default() += 1;
    }
    let mut faults: Vec<_> = faults.into_iter().collect();
    faults.sort_by_key(|(name, n)| (std::cmp::Reverse(*n), *name));
    for (name, n) in faults {
        let _ = writeln!(out, "  {n:4} {name}");
    }
    let mut by_folder: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for o in outcomes {
        let entry = by_folder.entry(o.file.split('/').next().unwrap_or("")).or_default();
        entry.1 += 1;
        entry.0 += usize::from(o.fault.is_none());
    }
    for (folder, (held, all)) in by_folder {
        let _ = writeln!(out, "{folder}: {held} of {all}");
    }
    for o in outcomes.iter().filter(|o| o.fault.is_some()) {
        let _ = writeln!(out, "{} [{}]: {}", o.file, o.place, o.fault.as_deref().unwrap_or(""));
    }
    let _ = writeln!(out, "no table found: {}", bare.join(", "));
    let _ = writeln!(out, "refused: {}", unread.join("; "));
    out
}
