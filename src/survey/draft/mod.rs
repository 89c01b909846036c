//! A specification drafted for a table that nobody declared: every guess is marked, and the draft has been tried out on the
//! file before it is shown. Labels of which no code list knows get local codes, so that a foreign table can be read at once.

mod local;
mod meaning;
mod place;
mod quote;

use std::collections::BTreeSet;

use super::trial::{self, Trial};
use super::{Table, guess, report};
use crate::diag::{Diagnostic, Severity};
use crate::domain::Codebook;
use crate::grid::{Document, Grid};
use crate::{ingest, spec};
use meaning::{Daring, Guessing, Path, Whole};
use place::Place;

/// The period of a table that states none anywhere.
const UNKNOWN_PERIOD: &str = "9999";
/// Numbers that all trials of a table may read together, and trials that any table gets: large tables get few.
const NUMBERS_TRIED: usize = 60_000;
const TRIALS_MIN: usize = 3;
/// Characters of a text that may stand for a missing number.
const MARK_CHARS_MAX: usize = 6;
/// Faults that a draft tells at its head.
const FAULTS_TOLD: usize = 8;

/// Faults that a draft which ventures less may not have.
const OF_MEANING: [&str; 13] = [
    "heading-declared",
    "level-unclear",
    "unknown-label",
    "unknown-unit",
    "unknown-code",
    "label-twice",
    "label-undeclared",
    "stated-twice",
    "meaning-clash",
    "meaning-missing",
    "unit-contradicts",
    "unit-of-indicator",
    "label-pattern",
];

/// A drafted specification and what it reads.
#[derive(Debug)]
pub struct Draft {
    pub text: String,
    pub trial: Trial,
}

/// Draft a specification of one table of a document.
pub fn draft(book: &Codebook, document: &Document, grid: &Grid, parts: &[&Table], file: &str) -> Draft {
    let several = document.grids.len() > 1;
    let mut best: Option<Draft> = None;
    let mut tried = BTreeSet::new();
    let levels = report::levels(grid, parts[0]);
    let numbers = trial::figures(grid, parts).len().max(1);
    let trials_most = (NUMBERS_TRIED / numbers).max(TRIALS_MIN);
    for place in variants(place::place(grid, parts, file, several), &levels) {
        if tried.len() >= trials_most {
            break;
        }
        let paths = paths(book, document, grid, &place, parts[0], file);
        for daring in [Daring::Codes, Daring::Periods, Daring::Nothing] {
            let text = write(book, grid, parts, &place, daring, &paths);
            if !tried.insert(text.clone()) {
                continue;
            }
            // Without rows or columns the specification lacks them, for a reason that has been found.
            let trial = match paths.rows.is_empty() || paths.columns.is_empty() {
                true => Trial::failed(grid, parts, paths.faults.clone()),
                false => trial::try_out(book, &text, document, grid, parts, file),
            };
            let settled = trial.holds() || !trial.faults.iter().any(|f| OF_MEANING.contains(&f.code));
            let better = best.as_ref().is_none_or(|b| rank(&trial) < rank(&b.trial));
            if better {
                best = Some(Draft { text, trial });
            }
            if settled {
                break;
            }
        }
        if best.as_ref().is_some_and(|b| b.trial.holds()) {
            break;
        }
    }
    let mut draft = best.unwrap_or_else(|| Draft { text: String::new(), trial: Trial::default() });
    draft.text = format!("{}{}", head(grid, parts, &draft.trial, file), draft.text);
    draft
}

/// Fewer numbers missed first, then fewer faults.
fn rank(trial: &Trial) -> (usize, usize) {
    (trial.missed.len(), trial.faults.len())
}

/// The layout as it looks, and with the guesses about blanks and levels the other way round.
fn variants(place: Place, levels: &[&'static str]) -> Vec<Place> {
    let headings: Vec<&'static str> = levels.iter().copied().filter(|l| *l == "heading").collect();
    let mut of_levels = vec![headings.clone(), levels.to_vec()];
    of_levels.extend(["indent", "of-which", "numbering"].iter().filter(|l| levels.contains(l)).map(|l| {
        let mut some = vec![*l];
        some.extend(&headings);
        some
    }));
    of_levels.push(Vec::new());
    let mut all: Vec<Place> = Vec::new();
    for levels in of_levels {
        for (header, label) in [(false, false), (true, false), (false, true)] {
            let other = Place {
                levels: levels.clone(),
                header_inherits: place.header_inherits != header && place.header_rows > 1,
                label_inherits: place.label_inherits != label && place.corner.len() > 1,
                ..place.clone()
            };
            if !all.contains(&other) {
                all.push(other);
            }
        }
    }
    all
}

fn write(book: &Codebook, grid: &Grid, parts: &[&Table], place: &Place, daring: Daring, paths: &Paths) -> String {
    let titles: Vec<&str> = parts[0].titles.iter().map(|t| grid.text(t.row, t.col)).collect();
    let whole = whole(book, &titles, place);
    let (percent_columns, percent_rows) = percentages(grid, parts);
    let text_columns = text_columns(grid, parts);
    let guessing = Guessing {
        book,
        whole: &whole,
        daring,
        percent_columns: &percent_columns,
        percent_rows: &percent_rows,
        text_columns: &text_columns,
    };
    let mut drafted = guessing.draft(&paths.rows, &paths.columns);
    for mark in marks(book, grid, parts) {
        drafted.local.alias("mark", &mark, "not_available");
    }
    let mut out = format!("title = {}\n", quote::quoted(&place.title));
    out.push_str(&place.write());
    if !text_columns.is_empty() || place.panels.is_some() {
        out.push_str("order = \"any\"\n");
    }
    let dated = place.anchor.as_ref().is_some_and(|a| a.dated);
    let (period, about) = period(&titles, grid, place);
    if !dated {
        out.push_str(&format!("period = {}   # guessed: {about}\n", quote::quoted(&period)));
    }
    for entry in &drafted.rows {
        out.push_str(&entry.write("rows"));
    }
    for entry in &drafted.columns {
        out.push_str(&entry.write("columns"));
    }
    out.push_str(&drafted.local.write());
    let id = if period == UNKNOWN_PERIOD { "1" } else { &period };
    out.push_str(&place.write_edition(id));
    out
}

/// The label paths of a table's rows and columns.
#[derive(Default)]
struct Paths {
    rows: Vec<Path>,
    columns: Vec<Path>,
    faults: Vec<Diagnostic>,
}

/// The label paths that the layout makes of the table.
fn paths(book: &Codebook, document: &Document, grid: &Grid, place: &Place, head: &Table, file: &str) -> Paths {
    // A header beside columns with nothing over them is found by its first text alone.
    let columns = head.data_cols.iter().map(|col| quote::one_line(grid.text(head.header.start, *col)));
    let first = columns.filter(|t| !t.is_empty() && place.corner.first().is_some_and(String::is_empty)).take(1);
    let first: String =
        first.map(|t| format!("[[columns]]\nlabel = {}\noptional = true\n", quote::quoted(&t))).collect();
    // No row is declared, so that none seems to be one that has lost its numbers.
    let any = vec!["∅".to_owned(); place.corner.len().max(1)];
    let text = format!(
        "title = \"t\"\n{}unit = \"person\"\nperiod = \"2000\"\n[context]\nindicator = \"insured_person\"\n[[rows]]\nlabel = {}\noptional = true\n{first}[[columns]]\nlabel = \"{{any}}\"\n{}",
        place.write(),
        quote::one_or_many(&any),
        place.write_edition("1")
    );
    let loaded = spec::read_text(book.clone(), "draft", text);
    let (pipelines, faults) = (loaded.value, loaded.diagnostics);
    let found =
        pipelines.sources.first().and_then(|s| Some((s, s.tables.first()?, s.tables.first()?.editions.first()?)));
    let Some((source, table, edition)) = found else { return Paths { faults, ..Paths::default() } };
    let task = ingest::Task { source, table, edition, codebook: &pipelines.codebook };
    let found = ingest::paths(task, ingest::Input { document, file, sha256: "", captured: &[] });
    Paths { rows: found.value.rows, columns: found.value.columns, faults: found.diagnostics }
}

/// What title and unit lines say of the whole table.
fn whole(book: &Codebook, titles: &[&str], place: &Place) -> Whole {
    let mut units: Vec<String> = titles.iter().copied().filter_map(guess::units_of_line).flatten().collect();
    if units.is_empty() {
        let brackets = titles.iter().filter_map(|t| guess::bracket(t));
        units = brackets.filter(|name| guess::unit_code(book, name).is_some()).collect();
    }
    let subject =
        titles.iter().find_map(|t| t.trim().strip_prefix("指标：").or_else(|| t.trim().strip_prefix("指标:")));
    let subject = subject.map_or_else(|| place.title.clone(), guess::without_unit);
    Whole { subject, units }
}

/// The period that titles, sheet or file name state.
fn period(titles: &[&str], grid: &Grid, place: &Place) -> (String, &'static str) {
    if let Some(period) = guess::only_year(titles) {
        return (period.to_string(), "the only year above the table");
    }
    if let Some(period) = guess::only_year(&[&grid.sheet]) {
        return (period.to_string(), "the year in the sheet's name");
    }
    if let Some(period) = guess::only_year(&[&place.file]) {
        return (period.to_string(), "the year in the file's name");
    }
    let last = titles.iter().flat_map(|t| guess::years(t)).max();
    match last {
        Some(year) => (year.to_string(), "the last year above the table"),
        None => {
            (UNKNOWN_PERIOD.to_owned(), "no period is stated; 9999 holds its place where rows and columns state none")
        }
    }
}

/// Columns and rows whose numbers all show a percent sign.
fn percentages(grid: &Grid, parts: &[&Table]) -> (BTreeSet<u32>, BTreeSet<u32>) {
    let figures = trial::figures(grid, parts);
    let shown = |at: &crate::grid::CellRef| grid.text(at.row, at.col).trim_end().ends_with(['%', '％']);
    let plain: Vec<_> = figures.iter().filter(|at| !shown(at)).collect();
    let of = |line: fn(&crate::grid::CellRef) -> u32| -> BTreeSet<u32> {
        let without: BTreeSet<u32> = plain.iter().map(|at| line(at)).collect();
        figures.iter().filter(|at| shown(at)).map(line).filter(|l| !without.contains(l)).collect()
    };
    (of(|at| at.col), of(|at| at.row))
}

/// Data columns that hold texts and no number.
fn text_columns(grid: &Grid, parts: &[&Table]) -> BTreeSet<u32> {
    let numbers: BTreeSet<u32> = trial::figures(grid, parts).iter().map(|at| at.col).collect();
    parts.iter().flat_map(|p| p.text_cols.iter().copied()).filter(|col| !numbers.contains(col)).collect()
}

/// Texts in the place of numbers that no alias explains.
fn marks(book: &Codebook, grid: &Grid, parts: &[&Table]) -> BTreeSet<String> {
    let known = |text: &str| book.aliases.iter().any(|a| a.list == "mark" && a.scope.is_empty() && a.label == text);
    let mut found = BTreeSet::new();
    let skipped = text_columns(grid, parts);
    for table in parts {
        let data = |col: u32| table.data_cols.binary_search(&col).is_ok() && !skipped.contains(&col);
        let cells = grid.rows_in(table.body.clone()).filter(|(at, c)| data(at.col) && is_mark(grid, *at, c));
        let texts = cells.map(|(_, c)| c.text.trim_matches(|c: char| c.is_ascii_whitespace()).to_owned());
        found.extend(texts.filter(|text| !known(text)));
    }
    found
}

/// Whether a text among numbers may stand for one that is absent: a sign, or a few letters.
fn is_mark(grid: &Grid, at: crate::grid::CellRef, cell: &crate::grid::Cell) -> bool {
    let short = cell.text.trim().chars().count() <= MARK_CHARS_MAX && !cell.text.contains(|c: char| c.is_ascii_digit());
    let text = matches!(super::cell::kind(cell), Some(super::cell::Kind::Text));
    super::cell::is_mark(&cell.text) || (text && short && grid.merge_at(at).is_none())
}

/// What the draft is of, and whether it holds.
fn head(grid: &Grid, parts: &[&Table], trial: &Trial, file: &str) -> String {
    let extents: Vec<_> = parts.iter().map(|p| p.extent()).collect();
    let first = |f: fn(&crate::grid::Span) -> u32| extents.iter().map(f).min().unwrap_or(0);
    let last = |f: fn(&crate::grid::Span) -> u32| extents.iter().map(f).max().unwrap_or(0);
    let extent = crate::grid::Span {
        first: crate::grid::CellRef { row: first(|s| s.first.row), col: first(|s| s.first.col) },
        last: crate::grid::CellRef { row: last(|s| s.last.row), col: last(|s| s.last.col) },
    };
    let sheet =
        if grid.sheet.is_empty() { String::new() } else { format!(", sheet \"{}\"", quote::one_line(&grid.sheet)) };
    let place = format!("{file}{sheet}, {}:{}", grid.address(extent.first), grid.address(extent.last));
    let mut out = format!("# Drafted from {}.\n", quote::one_line(&place));
    let read = trial.numbers - trial.missed.len();
    if trial.holds() {
        out.push_str(&format!(
            "# Tried out: all {read} numbers of it are read. What is guessed says so; correct it.\n"
        ));
        return out;
    }
    out.push_str(&format!(
        "# Tried out: {read} of its {} numbers are read, and this stands in the way:\n",
        trial.numbers
    ));
    for fault in trial.faults.iter().filter(|f| f.severity == Severity::Error).take(FAULTS_TOLD) {
        out.push_str(&format!("#   {}: {}\n", fault.code, quote::one_line(&fault.message)));
    }
    if let Some(at) = trial.missed.first().filter(|_| trial.faults.is_empty()) {
        out.push_str(&format!("#   {} and others stand where the layout sees no body\n", grid.address(*at)));
    }
    if trial.faults.len() > FAULTS_TOLD {
        out.push_str(&format!("#   and {} more\n", trial.faults.len() - FAULTS_TOLD));
    }
    out
}
