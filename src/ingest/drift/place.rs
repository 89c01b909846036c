//! Where the table lies: the sheet, the title, the header and its depth, each tried until the table is found.

use super::super::label::{Axis, begins, entries};
use super::super::locate::{self, Found, origin};
use super::super::presence::Met;
use super::super::{Input, Reading, Task};
use super::pairs::{self, Axes};
use super::text::{bones, likeness, likeness_of_titles, with_captures};
use super::{Drift, Kind, Trial};
use crate::diag::{Diagnostic, Place};
use crate::domain::label::normalise;
use crate::grid::{CellRef, Document, Grid, column_letters};
use crate::spec::Edition;
use crate::spec::pattern::{Capture, Captured, Pattern};
use crate::spec::table::{Anchor, Within};

/// A title is taken for the declared one from this likeness on.
const TITLE_LIKENESS: f64 = 0.3;
/// Texts that are like no title and are tried as one.
const TITLES_TRIED: usize = 12;
/// A header cell is taken for a declared label from this likeness on.
const HEADER_LIKENESS: f64 = 0.75;
/// Rows by which a header may have grown.
const ROWS_MORE: u32 = 3;
/// Rows below a header in which labels are looked for.
const ROWS_LOOKED_AT: u32 = 200;
/// A depth of the header is better than the declared one from so much on.
const CLEARLY: f64 = 0.5;
/// Changes of place that one file has at most.
const TRIES_MAX: usize = 6;

/// The edition with those changes of place by which the table is found.
pub(super) fn find(task: Task<'_>, input: Input<'_>, drift: &mut Drift) -> Edition {
    let mut trial = Trial { task, input, edition: task.edition.clone() };
    for _ in 0..TRIES_MAX {
        let faults = trial.with(|reading| lost(reading, input.document));
        let Some(fault) = faults.first() else { break };
        let changed = match fault.code {
            "sheet-missing" => sheet(&mut trial, drift),
            "anchor-missing" | "anchor-ambiguous" if trial.edition.layout.anchor.is_some() => anchor(&mut trial, drift),
            "header-missing" => corner(&mut trial, drift),
            _ => false,
        };
        if !changed {
            drift.tell(
                Kind::TableMoved,
                format!("the table is not found: {}", fault.message),
                [None, None],
                fault.place.clone(),
            );
            break;
        }
    }
    depth(&mut trial, drift);
    trial.edition
}

/// Why parts of the table are not found.
fn lost(reading: &Reading, document: &Document) -> Vec<Diagnostic> {
    let mut faults = Vec::new();
    for scope in locate::scopes(reading, document, &mut Met::default(), &mut faults) {
        locate::locate(reading, scope, &mut faults);
    }
    faults
}

/// The parts that are found.
pub(super) fn parts<'d>(reading: &Reading, document: &'d Document) -> Vec<Found<'d>> {
    let mut faults = Vec::new();
    let scopes = locate::scopes(reading, document, &mut Met::default(), &mut faults);
    scopes.into_iter().filter_map(|scope| locate::locate(reading, scope, &mut faults)).flatten().collect()
}

/// The year that title or sheet state.
pub(super) fn year(reading: &Reading, document: &Document) -> Option<i16> {
    let found = parts(reading, document);
    let period = found.iter().flat_map(|f| f.captured.iter().chain(&f.of_sheet)).find_map(Captured::period)?;
    Some(period.start().year())
}

/// How well the labels of a file fit a layout.
fn score(trial: &Trial<'_>) -> f64 {
    trial.with(|reading| {
        let found = parts(reading, trial.input.document);
        let axes = Axes::of_parts(reading, &found);
        axes.iter().map(|axes| pairs::score(reading, axes)).fold(f64::MIN, f64::max)
    })
}

/// The sheet whose content fits best, then whose name does.
fn sheet(trial: &mut Trial<'_>, drift: &mut Drift) -> bool {
    let declared: Vec<String> = trial.edition.sheets.iter().map(|s| s.as_str().to_owned()).collect();
    let wanted = declared.join(", ");
    let mut best: Option<(f64, &str, Pattern)> = None;
    for grid in trial.input.document.grids.iter().filter(|g| !g.hidden) {
        let captured = trial.edition.sheets.iter().any(|s| !s.is_literal());
        let name = if captured { with_captures(&grid.sheet) } else { grid.sheet.clone() };
        let Ok(pattern) = Pattern::parse(&name, &[]) else { continue };
        let edition = Edition { sheets: vec![pattern.clone()], ..trial.edition.clone() };
        let trial = Trial { edition, ..*trial };
        let content = trial.with(|reading| usize::from(lost(reading, trial.input.document).is_empty()));
        let fits = content as f64 + likeness(&wanted, &name);
        if best.as_ref().is_none_or(|(other, ..)| fits > *other) {
            best = Some((fits, &grid.sheet, pattern));
        }
    }
    let Some((_, sheet, pattern)) = best else { return false };
    let message = format!("there is no sheet \"{wanted}\"; the table stands on the sheet \"{sheet}\"");
    let place = Place { sheet: Some(sheet.to_owned()), ..Place::file(trial.input.file) };
    drift.tell(Kind::TableMoved, message, [Some(&wanted), Some(sheet)], place);
    drift.absorbed_by.sheet = Some(pattern.as_str().to_owned());
    trial.edition.sheets = vec![pattern];
    true
}

/// The title elsewhere on the sheet, or the text that is most like it.
fn anchor(trial: &mut Trial<'_>, drift: &mut Drift) -> bool {
    let Some(declared) = trial.edition.layout.anchor.clone() else { return false };
    let text = declared.pattern.as_str().to_owned();
    let titles = trial.with(|reading| titles(reading, trial.input.document, &declared));
    let (like, unlike): (Vec<_>, Vec<_>) = titles.into_iter().partition(|t| t.0 >= TITLE_LIKENESS);
    // A title that is like no other is one only above a table that is as declared.
    let unlike = unlike.into_iter().take(TITLES_TRIED).map(|t| (t, true));
    for ((_, grid, at, title), whole) in like.into_iter().map(|t| (t, false)).chain(unlike) {
        let Ok(pattern) = Pattern::parse(&title, &lists(trial)) else { continue };
        let around = format!("{0}{1}:{0}{1}", column_letters(at.col), at.row + 1);
        for within in [None, Some(around)] {
            let area = within.as_ref().map(|_| Within { first: (at.row, at.col), last: (at.row, at.col) });
            let anchor = Anchor { pattern: pattern.clone(), within: area };
            let mut edition = trial.edition.clone();
            edition.layout.anchor = Some(anchor.clone());
            let next = Trial { edition, ..*trial };
            let faults = next.with(|reading| lost(reading, trial.input.document));
            if faults.first().is_some_and(|f| f.code.starts_with("anchor")) || (whole && score(&next) < f64::INFINITY) {
                continue;
            }
            let place = trial.with(|reading| reading.place(grid, at));
            let (kind, message) = match title == text {
                true => (Kind::TableMoved, format!("the title \"{text}\" stands elsewhere than declared")),
                false => {
                    (Kind::Renamed, format!("the title \"{text}\" reads \"{}\"", grid.text(at.row, at.col).trim()))
                }
            };
            drift.tell(kind, message, [Some(&text), Some(&title)], place);
            drift.absorbed_by.anchor = Some((title.clone(), within));
            trial.edition.layout.anchor = Some(anchor);
            return true;
        }
    }
    false
}

/// Cells that may be the table's title, the likeliest first, with the text by which each is an anchor.
fn titles<'d>(reading: &Reading, document: &'d Document, declared: &Anchor) -> Vec<(f64, &'d Grid, CellRef, String)> {
    let scopes = locate::scopes(reading, document, &mut Met::default(), &mut Vec::new());
    let mut found: Vec<(f64, &Grid, CellRef, String)> = Vec::new();
    for grid in scopes.into_iter().flat_map(|s| s.grids) {
        for (at, cell) in grid.iter() {
            if declared.pattern.find(&cell.text).is_some() {
                found.push((2.0, grid, at, declared.pattern.as_str().to_owned()));
                continue;
            }
            let title = super::super::unit::strip(reading, reading.own_language(&cell.text)).0;
            let likeness = likeness_of_titles(&bones(declared.pattern.as_str()), &bones(&title));
            if !title.is_empty() && !is_number(&title) && !contradicts(reading, &title) {
                found.push((likeness, grid, at, captured(reading, &title, &declared.pattern)));
            }
        }
    }
    // What is not like it goes by its place.
    let rank = |likeness: f64| if likeness >= TITLE_LIKENESS { likeness } else { 0.0 };
    found.sort_by(|a, b| rank(b.0).total_cmp(&rank(a.0)).then(a.2.cmp(&b.2)));
    found
}

/// Whether a title names another code than the table states: the one of the next table, not its own.
fn contradicts(reading: &Reading, title: &str) -> bool {
    let book = reading.codebook;
    reading.layout().context.dimensions.iter().any(|(dimension, code)| {
        let list = dimension.as_str();
        let names = book.lists.get(list).into_iter().flat_map(|l| &l.entries).map(|e| (&e.code, e.name_zh.as_str()));
        let aliases = book.aliases.iter().filter(|a| a.list == list).map(|a| (&a.code, a.label.as_str()));
        let named = names.chain(aliases).map(|(code, name)| (code, normalise(name)));
        let named: Vec<_> = named.filter(|(_, name)| name.chars().count() > 1 && title.contains(&**name)).collect();
        !named.is_empty() && named.iter().all(|(other, _)| *other != code)
    })
}

fn is_number(text: &str) -> bool {
    super::super::number::parse(text).is_ok()
}

/// The title with the captures that the declared one has, as far as it states something for them.
fn captured(reading: &Reading, title: &str, declared: &Pattern) -> String {
    let mut text = title.to_owned();
    if declared.captures().any(|c| matches!(c, Capture::Year | Capture::Month)) {
        text = with_captures(&text);
    }
    for capture in declared.captures() {
        let Capture::Dimension(dimension) = capture else { continue };
        let names = reading.codebook.lists.get(dimension.as_str()).into_iter().flat_map(|l| &l.entries);
        let held = names.map(|e| e.name_zh.as_str()).filter(|name| !name.is_empty() && text.contains(name));
        if let Some(name) = held.max_by_key(|name| name.len()) {
            text = text.replacen(name, &format!("{{{}}}", dimension.as_str()), 1);
        }
    }
    text
}

fn lists<'a>(trial: &Trial<'a>) -> Vec<&'a str> {
    trial.task.codebook.lists.keys().map(String::as_str).collect()
}

/// The row that holds most of the declared labels is the header; the texts left of them are its corner.
fn corner(trial: &mut Trial<'_>, drift: &mut Drift) -> bool {
    let declared = trial.edition.layout.corner.join(" / ");
    let found = trial.with(|reading| header_row(reading, trial.input.document));
    let Some((grid, cells)) = found else { return false };
    let texts: Vec<String> = cells
        .iter()
        .map(|at| {
            normalise(&trial.with(|reading| reading.own_language(grid.text(at.row, at.col)).to_owned())).into_owned()
        })
        .collect();
    if texts == trial.edition.layout.corner {
        return false;
    }
    let shown = texts.join(" / ");
    let message = format!("the text over the label columns, \"{declared}\", reads \"{shown}\"");
    let place = trial.with(|reading| reading.place(grid, cells[0]));
    drift.tell(Kind::Renamed, message, [Some(&declared), Some(&shown)], place);
    drift.absorbed_by.corner = Some(texts.clone());
    trial.edition.layout.corner = texts;
    true
}

fn header_row<'d>(reading: &Reading, document: &'d Document) -> Option<(&'d Grid, Vec<CellRef>)> {
    let wanted = u32::try_from(reading.layout().corner.len()).ok()?;
    let mut best: Option<(usize, &Grid, CellRef)> = None;
    for grid in
        locate::scopes(reading, document, &mut Met::default(), &mut Vec::new()).into_iter().flat_map(|s| s.grids)
    {
        let mut row: Option<(usize, CellRef)> = None;
        for (at, _) in grid.iter().filter(|(at, cell)| at.col >= wanted && is_label(reading, &cell.text)) {
            let same = row.filter(|(_, first)| first.row == at.row);
            row = Some(same.map_or((1, at), |(count, first)| (count + 1, first)));
            let (count, first) = row.unwrap_or((1, at));
            // A band above may hold as few labels as it likes: the first row with the most of them counts.
            if best.is_none_or(|(other, ..)| count > other) {
                best = Some((count, grid, first));
            }
        }
    }
    let (_, grid, first) = best?;
    let start = label_col(reading, grid, first, wanted)?;
    let cells: Vec<CellRef> =
        (start..start + wanted).map(|col| origin(grid, CellRef { row: first.row, col })).collect();
    let level = cells.iter().all(|c| c.row == cells[0].row);
    level.then_some((grid, cells))
}

/// The first of the label columns left of a header: below the last of them stand the most of the declared row labels.
fn label_col(reading: &Reading, grid: &Grid, first: CellRef, wanted: u32) -> Option<u32> {
    let fitting = |start: u32| {
        let rows = first.row + 1..grid.rows.min(first.row + ROWS_LOOKED_AT);
        rows.filter(|row| begins(reading, Axis::Rows, reading.own_language(grid.text(*row, start + wanted - 1))))
            .count()
    };
    let starts = 0..=first.col.checked_sub(wanted)?;
    // The leftmost of equals.
    starts
        .map(|start| (fitting(start), start))
        .max_by_key(|(count, start)| (*count, std::cmp::Reverse(*start)))
        .map(|(_, s)| s)
}

/// Whether a text is a part of a declared header.
fn is_label(reading: &Reading, text: &str) -> bool {
    let bare = super::super::unit::strip(reading, reading.own_language(text)).0;
    let of = |pattern: &Pattern| match pattern.is_literal() {
        true => likeness(pattern.as_str(), &bare) >= HEADER_LIKENESS,
        false => pattern.captures().all(|c| *c != Capture::Any) && pattern.matches(&bare).is_some(),
    };
    entries(reading, Axis::Columns).iter().flat_map(|e| &e.path).any(of)
}

/// A header of another depth, where it fits clearly better than the declared one.
fn depth(trial: &mut Trial<'_>, drift: &mut Drift) {
    let declared = trial.edition.layout.header_rows;
    if declared == 0 {
        return;
    }
    let own = score(trial);
    let mut best = (own + CLEARLY, declared);
    for rows in (1..=declared + ROWS_MORE).filter(|rows| *rows != declared) {
        let mut edition = trial.edition.clone();
        edition.layout.header_rows = rows;
        let fits = score(&Trial { edition, ..*trial });
        if fits > best.0 {
            best = (fits, rows);
        }
    }
    if best.1 == declared {
        return;
    }
    let message = format!("the header has {} rows, declared are {declared}", best.1);
    let place = trial.with(|reading| {
        let found = parts(reading, trial.input.document);
        found.first().map_or(Place::file(reading.file), |f| reading.place(f.grid, f.corner))
    });
    drift.tell(Kind::HeaderDepth, message, [Some(&declared.to_string()), Some(&best.1.to_string())], place);
    drift.absorbed_by.header_rows = Some(best.1);
    trial.edition.layout.header_rows = best.1;
}
