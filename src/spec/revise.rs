//! What an edition changes of the labels that its table declares: renamed, gone, new, in another unit. Each change names a
//! declared label; one that names none is a fault, so that no slip passes for a change.

use std::collections::BTreeSet;

use toml::Spanned;

use super::meaning::Scope;
use super::raw::{self, Entry, OneOrMany, Text};
use crate::domain::label::{nearest, normalise};

/// Between the parts of a label that is written as one text.
pub const JOINT: &str = " / ";

/// The keys of a layout in which an edition has changed something.
#[derive(Debug, Default)]
pub(super) struct Revised {
    anchor: Option<raw::Anchor>,
    corner: Option<Spanned<OneOrMany>>,
    rows: Option<Vec<Entry>>,
    columns: Option<Vec<Entry>>,
}

impl Revised {
    /// The keys as the edition has them.
    pub fn over<'a>(&'a self, keys: raw::Layout<'a>) -> raw::Layout<'a> {
        raw::Layout {
            anchor: self.anchor.as_ref().or(keys.anchor),
            corner: self.corner.as_ref().or(keys.corner),
            rows: self.rows.as_deref().or(keys.rows),
            columns: self.columns.as_deref().or(keys.columns),
            ..keys
        }
    }
}

/// Make the changes of an edition.
pub(super) fn revise(keys: raw::Layout<'_>, edition: &raw::Edition, scope: &mut Scope<'_>) -> Revised {
    let mut rows = lines(keys.rows, edition.new_rows.as_deref(), scope);
    let mut columns = lines(keys.columns, edition.new_columns.as_deref(), scope);
    let labels: Vec<String> = rows.iter().chain(&columns).filter(|l| !l.new).map(|l| l.path.join(JOINT)).collect();
    let mut changes = Changes { labels, scope };
    for label in edition.gone.iter().flatten() {
        changes.gone(label, [&mut rows, &mut columns]);
    }
    for (label, unit) in edition.units.iter().flatten() {
        changes.unit(label, unit, [&mut rows, &mut columns]);
    }
    let mut renames = Renames { all: edition.rename.iter().flatten().collect(), used: BTreeSet::new() };
    rows.iter_mut().chain(&mut columns).filter(|l| !l.new).for_each(|line| renames.line(line));
    let mut revised = Revised {
        anchor: keys.anchor.and_then(|a| renames.anchor(a)),
        corner: keys.corner.and_then(|c| renames.corner(c)),
        ..Revised::default()
    };
    for (_, (from, _)) in renames.all.iter().enumerate().filter(|(nth, _)| !renames.used.contains(nth)) {
        let others =
            keys.corner.iter().flat_map(|c| c.get_ref().texts()).chain(keys.anchor.map(|a| a.text.get_ref().as_str()));
        let known = changes.labels.iter().cloned().chain(others.filter(|t| !t.is_empty()).map(str::to_owned));
        unknown(changes.scope, from, "rename-unknown", &known.collect::<Vec<_>>());
    }
    let entries = |lines: Vec<Line>| lines.into_iter().filter(|l| !l.gone).map(|l| l.entry).collect();
    revised.rows = (keys.rows.is_some() || edition.new_rows.is_some()).then(|| entries(rows));
    revised.columns = (keys.columns.is_some() || edition.new_columns.is_some()).then(|| entries(columns));
    revised
}

/// One entry and what becomes of it.
struct Line {
    /// The label as declared.
    path: Vec<String>,
    entry: Entry,
    /// Added by the edition.
    new: bool,
    gone: bool,
}

impl Line {
    /// Whether a text names the label: whole, its parts joined, or by its one part.
    fn is(&self, label: &str) -> bool {
        let parts = label.split(JOINT).map(normalise);
        parts.eq(self.path.iter().map(|p| normalise(p))) || (self.path.len() == 1 && same(&self.path[0], label))
    }
}

fn same(one: &str, other: &str) -> bool {
    normalise(one) == normalise(other)
}

/// The declared entries, with the new ones in their places.
fn lines(declared: Option<&[Entry]>, new: Option<&[Entry]>, scope: &mut Scope<'_>) -> Vec<Line> {
    let line = |entry: &Entry, new: bool| {
        let path: Vec<String> = entry.label.get_ref().texts().into_iter().map(str::to_owned).collect();
        let origin = raw::EntryOrigin { declared: Some(path.join(JOINT)), new };
        Line { path, entry: Entry { origin, ..entry.clone() }, new, gone: false }
    };
    let mut lines: Vec<Line> = declared.unwrap_or_default().iter().map(|entry| line(entry, false)).collect();
    for after in lines.iter().filter_map(|l| l.entry.after.as_ref()) {
        let hint = "entries stand in the order in which they are declared";
        scope.fault(after.span(), "after-misplaced", "after is for the new_rows and new_columns of an edition", hint);
    }
    for entry in new.unwrap_or_default() {
        let place = match &entry.after {
            None => lines.len(),
            Some(after) => after_label(&lines, after, scope),
        };
        lines.insert(place, line(entry, true));
    }
    lines
}

/// The place after a label, and after what has been put there before; a blank label stands before all.
fn after_label(lines: &[Line], after: &Text, scope: &mut Scope<'_>) -> usize {
    let label = after.get_ref();
    let first = match lines.iter().position(|l| l.is(label)) {
        Some(nth) => nth + 1,
        None if label.trim().is_empty() => 0,
        None => {
            let known: Vec<String> = lines.iter().map(|l| l.path.join(JOINT)).collect();
            unknown(scope, after, "after-unknown", &known);
            return lines.len();
        }
    };
    let put_there = |l: &&Line| l.new && l.entry.after.as_ref().is_some_and(|a| same(a.get_ref(), label));
    first + lines[first..].iter().take_while(put_there).count()
}

fn unknown(scope: &mut Scope<'_>, label: &Text, code: &'static str, known: &[String]) {
    let near = nearest(label.get_ref(), known.iter().map(String::as_str)).join("\" or \"");
    let hint = match near.is_empty() {
        true => "write the label as it is declared, the parts of a path joined by \" / \"".to_owned(),
        false => format!("did you mean \"{near}\"?"),
    };
    scope.fault(label.span(), code, format!("the table declares no label \"{}\"", label.get_ref()), hint);
}

struct Changes<'a, 'b> {
    /// Those of rows and columns.
    labels: Vec<String>,
    scope: &'a mut Scope<'b>,
}

impl Changes<'_, '_> {
    fn gone(&mut self, label: &Text, axes: [&mut Vec<Line>; 2]) {
        let mut found = false;
        for line in axes.into_iter().flatten().filter(|l| !l.new && l.is(label.get_ref())) {
            (line.gone, found) = (true, true);
        }
        if !found {
            unknown(self.scope, label, "gone-unknown", &self.labels);
        }
    }

    fn unit(&mut self, label: &Text, unit: &Text, axes: [&mut Vec<Line>; 2]) {
        let mut found = false;
        for line in axes.into_iter().flatten().filter(|l| !l.new && l.is(label.get_ref())) {
            line.entry.unit = Some(unit.clone());
            line.entry.unit_label = None;
            found = true;
        }
        if !found {
            unknown(self.scope, label, "unit-unknown", &self.labels);
        }
    }
}

/// The texts that an edition prints otherwise than declared.
struct Renames<'a> {
    all: Vec<(&'a Text, &'a Text)>,
    used: BTreeSet<usize>,
}

impl<'a> Renames<'a> {
    fn of(&mut self, declared: &str) -> Option<&'a Text> {
        let nth = self.all.iter().position(|(from, _)| same(from.get_ref(), declared))?;
        self.used.insert(nth);
        Some(self.all[nth].1)
    }

    /// Whole paths first, then their parts; by the declared text, so that two labels may change places.
    fn line(&mut self, line: &mut Line) {
        let whole = (line.path.len() > 1).then(|| self.of(&line.path.join(JOINT))).flatten();
        let mut span = None;
        let mut path: Vec<String> = Vec::new();
        if let Some(to) = whole {
            path.extend(to.get_ref().split(JOINT).map(str::to_owned));
            span = Some(to.span());
        } else {
            for part in &line.path {
                match self.of(part) {
                    Some(to) => {
                        path.extend(to.get_ref().split(JOINT).map(str::to_owned));
                        span = Some(to.span());
                    }
                    None => path.push(part.clone()),
                }
            }
        }
        if let Some(span) = span {
            line.entry.label = Spanned::new(span, OneOrMany::Many(path));
        }
    }

    fn corner(&mut self, corner: &Spanned<OneOrMany>) -> Option<Spanned<OneOrMany>> {
        let mut span = None;
        let mut text = |declared: &str| match self.of(declared) {
            Some(to) => {
                span = Some(to.span());
                to.get_ref().clone()
            }
            None => declared.to_owned(),
        };
        let texts = corner.get_ref().texts().into_iter().map(&mut text).collect();
        span.map(|span| Spanned::new(span, OneOrMany::Many(texts)))
    }

    fn anchor(&mut self, anchor: &raw::Anchor) -> Option<raw::Anchor> {
        let to = self.of(anchor.text.get_ref())?;
        Some(raw::Anchor { text: to.clone(), within: anchor.within.clone() })
    }
}
