//! A column of row labels to paths: the labels of the rows above that a row belongs to, and its own.
//!
//! Which signs count is declared in `levels`; nothing else is a sign, and without the key a label stands for itself. Rows
//! are taken from top to bottom. A row belongs to the nearest one above that stands over it:
//!
//! - `indent`: the row is indented deeper. Rows that belong to one row have one indent; another one, seen nowhere beside
//!   it, is refused. Only the first row, of the table or below a text over its columns, may stand
//!   in the middle of its cell.
//! - `of-which`: the row has the sign and the other does not, and is not indented deeper. Without `indent` the sign binds
//!   its own row only; with it, rows indented no further than to its text stand beside that row.
//! - `numbering`: the other's number is of an outer form. Rows of one form stand side by side, and count upwards: a number
//!   that starts again has lost the row it belongs to. A row without a number stands where `indent` says, or, where that
//!   is not declared, below the last number.
//! - `bold`: the other is bold and the row is not.
//! - `heading`: the other has no cell in the columns that are read, and no other sign parts the two; or it is a text merged
//!   over those columns, alone in its row, which heads all rows up to the next such text. A heading yields no
//!   observations and needs no entry; with nothing below it, it is a row that has lost its numbers, and refused, and so is
//!   one that an entry declares.
//!
//! Rows go on over the panels of a sheet (续表) that have the same columns, so that a county finds its city on the page above.
//! Where two signs contradict each other the row is refused. What a path means, and whether it is declared, is for
//! `label`: a row that has lost its sign has another path, which must fit an entry of its own. One such fit passes
//! through a look-up, a label that is looked up at one depth and stands by mistake at another; [`lone`] refuses it.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::Reading;
use super::header::{Label, Part};
use super::hint;
use super::label::{Line, entry_of};
use super::locate::{Found, origin};
use super::sign::{self, Indent, Number, Signs};
use crate::diag::Diagnostic;
use crate::domain::label::normalise;
use crate::grid::CellRef;
use crate::spec::annotation::Marks;
use crate::spec::table::{Entry, Levels, Meaning};

/// Blanks by which a row may miss the text that it is aligned with.
const ALIGNED_BLANKS: u32 = 1;

/// A row that is open: the next ones may belong to it.
struct Node {
    signs: Signs,
    at: CellRef,
    marks: Marks,
    below: Below,
    /// A heading that is wrong for another reason than that it heads nothing.
    told: bool,
}

/// What is known of the rows that belong to one row.
#[derive(Default)]
struct Below {
    count: usize,
    /// Whether rows that are closed had rows of their own below them.
    first_has_rows: bool,
    /// The indent they share, and the first that has it.
    indent: Option<(Indent, CellRef)>,
    /// Indent and text of the last one that is an 其中.
    of_which: Option<(Indent, Indent)>,
    number: Option<(Number, CellRef)>,
}

/// How a row stands to one above.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stand {
    Below,
    Beside,
    Elsewhere,
}

/// Where the rows of a table stand after one of its panels: they go on in the next one that has the same columns. One that
/// has others begins again with the same rows.
pub(super) struct Page {
    columns: Vec<Meaning>,
    /// The last row, and those it belongs to, the outermost first.
    open: Vec<Node>,
    top: Below,
}

/// The columns that are read, which tell a heading from a row, and what they mean, as far as that is known.
pub(super) struct Columns {
    lines: Vec<u32>,
    meanings: Vec<Meaning>,
}

impl Columns {
    pub fn of_lines(lines: &[Line<'_>]) -> Columns {
        Columns {
            lines: lines.iter().map(|l| l.label.line).collect(),
            meanings: lines.iter().map(|l| l.meaning.clone()).collect(),
        }
    }

    pub fn of_labels(labels: &[Label]) -> Columns {
        Columns { lines: labels.iter().map(|l| l.line).collect(), meanings: Vec::new() }
    }
}

/// Give every label its path; headings are taken out.
pub(super) fn nest(
    reading: &Reading,
    found: &Found<'_>,
    columns: &Columns,
    labels: Vec<Label>,
    pages: &mut Vec<Page>,
    faults: &mut Vec<Diagnostic>,
) -> Vec<Label> {
    let levels = reading.layout().levels;
    if !levels.any() {
        return labels;
    }
    let page = match pages.iter().position(|p| p.columns == columns.meanings) {
        Some(nth) => pages.remove(nth),
        None => Page { columns: columns.meanings.clone(), open: Vec::new(), top: Below::default() },
    };
    let mut tree = Tree { reading, found, levels, page, faults };
    let mut nested = Vec::new();
    for label in labels {
        let own = found.label_cols.first().map(|col| found.beneath(*col));
        let banner = |p: &Part| levels.heading && found.data_cols().any(|col| col == p.at.col);
        let first = label.parts.first();
        let first = first.filter(|p| own.as_ref().is_some_and(|own| own.contains(&p.at.col)) || banner(p));
        let Some((part, cell)) = first.and_then(|p| Some((p, found.grid.get(p.at.row, p.at.col)?))) else {
            nested.push(label);
            continue;
        };
        let filled = !banner(part) && has_cell(found, columns, label.line);
        // A label that is merged over several rows, or repeated, is placed once.
        if tree.page.open.last().is_none_or(|top| top.at != part.at) {
            let mut signs = sign::read(levels, cell, &part.text);
            signs.banner = banner(part);
            let right = own.map_or(0, |own| part.at.col.saturating_sub(*own.start()));
            signs.stand_right(levels, if signs.banner { 0 } else { right });
            signs.heading = levels.heading && !filled;
            if signs.text.is_empty() {
                tree.list(signs, part.at, filled);
                continue;
            }
            tree.place(signs, part.at, part.marks.clone());
        }
        let path = Label { line: label.line, parts: [tree.path(), label.parts[1..].to_vec()].concat() };
        if !filled && tree.takes_heading(&path) {
            continue;
        }
        // A label that is blank in one of the label columns fits no entry, however many labels stand over it.
        let whole = label.parts.len() == found.label_cols.len();
        nested.push(if whole { path } else { label });
    }
    pages.push(tree.page);
    nested
}

/// No more rows follow: every heading must have had some.
pub(super) fn finish(reading: &Reading, found: &Found<'_>, pages: Vec<Page>, faults: &mut Vec<Diagnostic>) {
    for page in pages {
        Tree { reading, found, levels: reading.layout().levels, page, faults: &mut *faults }.close(0);
    }
}

/// Whether a row has a cell of its own in one of the columns that are read.
fn has_cell(found: &Found<'_>, columns: &Columns, row: u32) -> bool {
    columns.lines.iter().map(|col| CellRef { row, col: *col }).any(|at| {
        let text = found.grid.text(at.row, at.col);
        origin(found.grid, at) == at && !text.trim().is_empty()
    })
}

struct Tree<'a, 'r> {
    reading: &'a Reading<'r>,
    found: &'a Found<'a>,
    levels: Levels,
    page: Page,
    faults: &'a mut Vec<Diagnostic>,
}

impl Tree<'_, '_> {
    fn path(&self) -> Vec<Part> {
        self.page
            .open
            .iter()
            .map(|n| Part { at: n.at, text: n.signs.text.as_str().into(), marks: n.marks.clone() })
            .collect()
    }

    /// Open a row below the one it belongs to.
    fn place(&mut self, mut signs: Signs, at: CellRef, marks: Marks) {
        // The first thing that is wrong with a row is told; what follows from it is not.
        let mut wrong = None;
        while let Some(above) = self.page.open.last() {
            let stand = stand(self.levels, above, &signs).unwrap_or_else(|conflict| {
                let address = self.found.grid.address(above.at);
                wrong
                    .get_or_insert(format!("\"{}\" and \"{}\" in {address}: {conflict}", signs.text, above.signs.text));
                Stand::Elsewhere
            });
            if stand != Stand::Below {
                self.close(self.page.open.len() - 1);
            }
            if stand != Stand::Elsewhere {
                break;
            }
        }
        if signs.of_which && self.page.open.is_empty() {
            wrong.get_or_insert(format!("\"{}\" is marked as a part, and no row above is its whole", signs.text));
        }
        // The first row of a table, or below a text over its columns, may stand in the middle of its cell, if nothing
        // stands below it.
        let first = self.page.open.last().is_none_or(|n| n.signs.banner);
        let levels = self.levels;
        let below = self.page.open.last_mut().map_or(&mut self.page.top, |n| &mut n.below);
        let centred = first && below.count == 1 && !below.first_has_rows;
        if let Err((beside, what)) = below.add(levels, centred, &mut signs, at) {
            let beside = self.found.grid.address(beside);
            wrong.get_or_insert(format!("\"{}\" {what} in {beside}", signs.text));
        }
        if let Some(message) = wrong {
            self.unclear(message, at);
        }
        self.page.open.push(Node { signs, at, marks, below: Below::default(), told: false });
    }

    /// A label that is nothing but 其中 opens a list: the rows that are indented below it.
    fn list(&mut self, signs: Signs, at: CellRef, filled: bool) {
        if filled || !self.levels.indent {
            let message = match filled {
                true => "the row has figures, and its label is only a sign",
                false => "nothing says which rows the sign stands for",
            };
            return self.unclear(message.to_owned(), at);
        }
        let above =
            |n: &Node| matches!(n.signs.indent.partial_cmp(&signs.indent), Some(Ordering::Less | Ordering::Equal));
        while self.page.open.last().is_some_and(|n| !above(n)) {
            self.close(self.page.open.len() - 1);
        }
        match self.page.open.last_mut() {
            Some(whole) => whole.below.of_which = Some((signs.indent, signs.text_indent)),
            None => self.unclear("no row above is the whole of this list".to_owned(), at),
        }
    }

    /// Whether the label that was placed last is a heading, which is no row of its own. One that is declared to be skipped
    /// heads nothing.
    fn takes_heading(&mut self, label: &Label) -> bool {
        let Some(last) = self.page.open.last_mut().filter(|n| n.signs.heading) else { return false };
        let entries = self.reading.layout().rows.iter().filter(|e| !e.merged);
        let Ok(Some(fitting)) = entry_of(self.reading, label, entries) else { return true };
        if fitting.entry.skip {
            self.page.open.pop();
            return false;
        }
        last.told = true;
        let entry = fitting.entry.shown();
        let message = format!("\"{}\" has no figures, like a heading, and is declared as a row", label.shown());
        let fault = self.reading.fault("heading-declared", message, self.found.grid, last.at);
        let hint =
            format!("if it is a heading, it must not fit the entry \"{entry}\": write out the labels of that entry");
        let fault = fault.hint("if it is a row, its figures are missing");
        self.faults.push(fault.hint(format!("{hint} in {}", self.reading.table.spec)));
        false
    }

    /// Close the rows from a depth on; a heading must have had rows below it.
    fn close(&mut self, depth: usize) {
        let closed = self.page.open.split_off(depth);
        let above = self.page.open.last_mut().map_or(&mut self.page.top, |n| &mut n.below);
        above.first_has_rows |= closed.first().is_some_and(|n| n.below.count > 0);
        for node in closed {
            if node.signs.heading && node.below.count == 0 && !node.told {
                let message = format!("the heading \"{}\" has no row below it", node.signs.text);
                let mut fault = self.reading.fault("heading-alone", message, self.found.grid, node.at);
                if let Some(hint) = hint::of_row(self.reading, self.found, node.at.row) {
                    fault = fault.hint(hint);
                }
                self.faults.push(fault.hint("if it is a row, its figures are missing"));
            }
        }
    }

    fn unclear(&mut self, message: String, at: CellRef) {
        let hint = format!("correct it at the source, or declare other signs as levels in {}", self.reading.table.spec);
        self.faults.push(self.reading.fault("level-unclear", message, self.found.grid, at).hint(hint));
    }
}

impl Below {
    /// Count a row in. `Err` where it differs from those beside it: a cell of theirs, and how.
    fn add(&mut self, levels: Levels, centred: bool, signs: &mut Signs, at: CellRef) -> Result<(), (CellRef, String)> {
        self.count += 1;
        if let Some(number) = signs.number
            && let Some((last, beside)) = self.number.replace((number, at))
        {
            if last.form != number.form {
                return Err((beside, "is numbered in another form than the row beside it".to_owned()));
            }
            if number.value <= last.value {
                let what =
                    format!("is number {}, as if a row above it were lost: number {} stands", number.value, last.value);
                return Err((beside, what));
            }
        }
        if !levels.indent {
            return Ok(());
        }
        if signs.of_which {
            self.of_which = Some((signs.indent, signs.text_indent));
            return Ok(());
        }
        if self.of_which.is_some_and(|(own, text)| is_listed(own, text, signs.indent)) {
            return Ok(());
        }
        self.of_which = None;
        match self.indent {
            Some((shared, beside)) if shared != signs.indent => {
                if centred && signs.indent < shared {
                    self.indent = Some((signs.indent, at));
                    return Ok(());
                }
                // What follows is read as if the row stood with the others.
                let own = std::mem::replace(&mut signs.indent, shared);
                Err((beside, format!("is indented by {own}, the rows beside it by {shared}, as")))
            }
            Some(_) => Ok(()),
            None => {
                self.indent = Some((signs.indent, at));
                Ok(())
            }
        }
    }
}

/// Whether a row is indented below 其中, and no further than to the text after it.
fn is_listed(own: Indent, text: Indent, row: Indent) -> bool {
    let furthest = Indent { blanks: text.blanks + ALIGNED_BLANKS, ..text };
    own < row && row <= furthest
}

/// How a row stands to one above by all signs that say so; `Err` says how they contradict each other.
fn stand(levels: Levels, node: &Node, row: &Signs) -> Result<Stand, String> {
    let above = &node.signs;
    match (above.banner, row.banner) {
        (_, true) => return Ok(Stand::Elsewhere),
        (true, false) => return Ok(Stand::Below),
        (false, false) => {}
    }
    let mut said: Vec<(&str, Stand)> = Vec::new();
    match above.indent.partial_cmp(&row.indent) {
        None => return Err(format!("one is indented by {}, the other by {}", row.indent, above.indent)),
        Some(Ordering::Less) if above.of_which && is_listed(above.indent, above.text_indent, row.indent) => {
            said.push(("indent", Stand::Beside));
        }
        Some(Ordering::Less) => said.push(("indent", Stand::Below)),
        Some(Ordering::Greater) => said.push(("indent", Stand::Elsewhere)),
        Some(Ordering::Equal) => {}
    }
    if row.of_which && !above.of_which && said.is_empty() {
        said.push(("of-which", Stand::Below));
    }
    if let (Some(one), Some(other)) = (above.number, row.number) {
        said.push(match one.form.cmp(&other.form) {
            Ordering::Less => ("numbering", Stand::Below),
            Ordering::Equal => ("numbering", Stand::Beside),
            Ordering::Greater => ("numbering", Stand::Elsewhere),
        });
    }
    match (above.bold, row.bold) {
        (true, false) => said.push(("bold", Stand::Below)),
        (false, true) => said.push(("bold", Stand::Elsewhere)),
        _ => {}
    }
    let numbers = above.number.is_some() && row.number.is_none() && !levels.indent;
    let Some((first, stand)) = said.first().copied() else {
        // Below a heading whose rows are indented, one that is not stands elsewhere; and so does one that is bold like it.
        let indented = node.below.indent.is_some_and(|(shared, _)| above.indent < shared);
        let alike = above.bold && row.bold;
        let headed = above.heading && !row.heading && !indented && !alike;
        return Ok(if headed || numbers { Stand::Below } else { Stand::Elsewhere });
    };
    match said.iter().find(|(_, other)| *other != stand) {
        None => Ok(stand),
        Some((other, _)) => Err(format!("{first} says one thing of how they stand to each other, {other} another")),
    }
}

/// A label that is looked up stands at one depth once, and at another again and again: it has lost its sign, or the
/// others have one too many. `rows` are labels with their entries.
pub(super) fn lone(reading: &Reading, found: &Found<'_>, rows: &[(&Entry, &Label)], faults: &mut Vec<Diagnostic>) {
    if !reading.layout().levels.any() {
        return;
    }
    let mut depths: BTreeMap<Cow<'_, str>, BTreeMap<usize, Vec<&Part>>> = BTreeMap::new();
    for (entry, label) in rows {
        let own = label.parts.len().checked_sub(found.label_cols.len());
        let Some(own) = own.filter(|own| entry.path.get(*own).is_some_and(|p| !p.is_literal())) else { continue };
        let part = &label.parts[own];
        let parts = depths.entry(normalise(&part.text)).or_default().entry(own).or_default();
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    for at_depths in depths.values() {
        let Some(other) = at_depths.values().find_map(|parts| parts.get(1)) else { continue };
        for part in at_depths.values().filter(|parts| parts.len() == 1).flatten() {
            let message = format!(
                "\"{}\" stands at a depth of its own; elsewhere, as in {}, it stands at another",
                part.text,
                found.grid.address(other.at)
            );
            let hint = "correct its sign at the source; if it is right, write this label out in an entry of its own";
            faults.push(reading.fault("level-unclear", message, found.grid, part.at).hint(hint));
        }
    }
}
