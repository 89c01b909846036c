//! Labels that are new, gone, renamed or moved, and the keys by which an edition says so.

use std::collections::{BTreeMap, BTreeSet};

use super::super::Reading;
use super::super::label::{Axis, begins, entries};
use super::super::locate::Found;
use super::pairs::{Axes, Pair, Seen, joined, pair};
use super::text::years;
use super::{Drift, Kind, cells, place};
use crate::diag::Place;
use crate::domain::LookupError;
use crate::domain::label::normalise;
use crate::grid::Document;
use crate::spec::block::{Declared, NewEntry};
use crate::spec::table::{Entry, PeriodRule};

/// Characters of the beginning of a line after the body.
const BEGINNING_CHARS: usize = 4;
/// More labels than this that moved are told as one change.
const MOVED_TOLD: usize = 3;

pub(super) fn compare(reading: &Reading, document: &Document, drift: &mut Drift) {
    let found = place::parts(reading, document);
    let mut axes: Vec<Axes> = Axes::of_parts(reading, &found);
    if axes.is_empty() {
        return;
    }
    for (nth, part) in axes.iter_mut().enumerate() {
        part.columns.iter_mut().chain(&mut part.rows).for_each(|seen| seen.part = nth);
        ends(reading, part, drift);
    }
    let (mut columns, mut rows) = (Vec::new(), Vec::new());
    for part in axes {
        columns.extend(part.columns);
        rows.extend(part.rows);
    }
    let columns = compare_axis(reading, Axis::Columns, &columns, &found, drift);
    let rows = compare_axis(reading, Axis::Rows, &rows, &found, drift);
    shorten(reading, drift);
    cells::compare(reading, &found, &rows, &columns, drift);
}

/// A row or column with the entry that it is taken for.
pub(super) struct Taken<'s> {
    pub seen: &'s Seen,
    pub entry: usize,
}

/// Lines without numbers at the end of the body are none of its rows.
fn ends(reading: &Reading, part: &mut Axes, drift: &mut Drift) {
    let is_row = |seen: &Seen| {
        let known = |nth: usize| reading.layout().rows[nth].is_literal();
        let named = || seen.texts.iter().any(|text| begins(reading, Axis::Rows, text));
        seen.has_numbers || seen.entry.is_some_and(known) || named()
    };
    let count = part.rows.iter().rposition(is_row).map_or(0, |last| last + 1);
    if count == 0 || count == part.rows.len() {
        return;
    }
    let after = part.rows.split_off(count);
    let Some(first) = after.first().filter(|s| s.entry.is_none()) else {
        part.rows.extend(after);
        return;
    };
    let text = normalise(first.texts.first().map_or("", String::as_str));
    let named = text.split_once(':').map(|(name, _)| name.to_owned());
    let beginning = named.unwrap_or_else(|| text.chars().take(BEGINNING_CHARS).collect());
    let message = format!("the table ends above the line \"{}\"", first.shown);
    drift.tell(Kind::TableMoved, message, [None, Some(&first.shown)], first.place.clone());
    if !drift.absorbed_by.until.contains(&beginning) {
        drift.absorbed_by.until.push(beginning);
    }
}

fn compare_axis<'s>(
    reading: &Reading,
    axis: Axis,
    seen: &'s [Seen],
    found: &[Found<'_>],
    drift: &mut Drift,
) -> Vec<Taken<'s>> {
    let declared = entries(reading, axis);
    let pairs = pair(reading, axis, seen);
    let mut told = BTreeSet::new();
    let mut after: Option<(usize, String)> = None;
    let mut taken = Vec::new();
    for (nth, label) in seen.iter().enumerate() {
        let next = seen.get(nth + 1).and_then(|next| next.entry.or(pairs.get(&next.shown).map(|p| p.entry)));
        let dates_next = next.is_some_and(|next| declared[next].meaning.period == Some(PeriodRule::Left));
        let before = after.take().filter(|(part, _)| *part == label.part).map_or(String::new(), |(_, before)| before);
        let pair = pairs.get(&label.shown);
        let name = match (label.entry, pair) {
            (Some(nth), _) => {
                taken.push(Taken { seen: label, entry: nth });
                declared[nth].declared.clone()
            }
            (None, Some(pair)) => {
                taken.push(Taken { seen: label, entry: pair.entry });
                if told.insert(&label.shown) {
                    renamed(reading, axis, label, pair, &before, drift);
                }
                declared[pair.entry].declared.clone()
            }
            (None, None) if axis == Axis::Rows && label.texts.len() < reading.layout().corner.len() => {
                let message = format!("the row label \"{}\" is new, and does not fill the label columns", label.shown);
                drift.tell(Kind::New, message, [None, Some(&label.shown)], label.place.clone());
                before
            }
            // A column that is not read would give the next one the period of the one before it.
            (None, None) if dates_next => {
                let message =
                    format!("the header \"{}\" is new, and the next one takes its period from it", label.shown);
                drift.tell(Kind::New, message, [None, Some(&label.shown)], label.place.clone());
                before
            }
            (None, None) => {
                let before_it = list(axis, drift).len();
                let first = told.insert(&label.shown);
                if first {
                    new(reading, axis, label, &before, drift);
                }
                if first && list(axis, drift).len() == before_it { before } else { joined(&label.texts) }
            }
        };
        after = Some((label.part, name));
    }
    gone(reading, axis, &taken, found, drift);
    moved(reading, axis, &taken, drift);
    taken
}

fn of(entry: &Entry) -> Declared {
    Declared { label: entry.declared.clone(), new: entry.new }
}

fn renamed(reading: &Reading, axis: Axis, label: &Seen, pair: &Pair, after: &str, drift: &mut Drift) {
    let entry = &entries(reading, axis)[pair.entry];
    let (declared, printed) = (entry.shown(), joined(&pair.printed));
    let sure = if pair.in_place { "in the same place" } else { "in another place" };
    let message =
        format!("the {} \"{declared}\" reads \"{}\" (likeness {:.2}, {sure})", axis.noun(), label.shown, pair.likeness);
    drift.tell(Kind::Renamed, message, [Some(&declared), Some(&label.shown)], label.place.clone());
    let (before, now) = (years(&declared), years(&label.shown));
    let redated = !now.is_empty() && before != now;
    if redated {
        drift.year = drift.year.or(now.first().copied());
    }
    let dated = matches!(entry.meaning.period, Some(PeriodRule::Fixed(_)));
    // A rename would carry the period along, and would reach every label that reads the same.
    if !(redated && dated) && is_alone(reading, axis, pair.entry) {
        drift.absorbed_by.renamed.push((of(entry), printed));
        return;
    }
    let keys = now.first().filter(|_| redated && dated).map(|year| ("period".to_owned(), year.to_string()));
    let new = NewEntry {
        label: pair.printed.clone(),
        after: after.to_owned(),
        like: Some(of(entry)),
        keys: keys.into_iter().collect(),
    };
    list(axis, drift).push(new);
    drift.absorbed_by.gone.push(of(entry));
}

fn list(axis: Axis, drift: &mut Drift) -> &mut Vec<NewEntry> {
    match axis {
        Axis::Rows => &mut drift.absorbed_by.new_rows,
        Axis::Columns => &mut drift.absorbed_by.new_columns,
    }
}

/// Whether no other label, corner or title would be changed by the name of this entry.
fn is_alone(reading: &Reading, axis: Axis, nth: usize) -> bool {
    let own = &entries(reading, axis)[nth];
    let name = normalise(&own.declared);
    let layout = reading.layout();
    let others = layout.rows.iter().chain(&layout.columns).filter(|e| !std::ptr::eq(*e, own));
    let parts = |entry: &Entry| entry.declared.split(crate::spec::revise::JOINT).any(|part| normalise(part) == name);
    let mut same = others.filter(|e| normalise(&e.declared) == name || parts(e));
    let title = layout.anchor.as_ref().is_some_and(|a| normalise(a.pattern.as_str()) == name);
    same.next().is_none() && !layout.corner.iter().any(|c| *c == name) && !title
}

/// A label that nothing declares: known by its code where its neighbours differ in that, else declared as not read.
fn new(reading: &Reading, axis: Axis, label: &Seen, after: &str, drift: &mut Drift) {
    let known = guess(reading, axis, label);
    if known.is_none() && label.texts.last().is_some_and(|text| begins(reading, axis, text)) {
        // Not to be read over: the labels below it would go to another one.
        let message = format!("the {} \"{}\" is declared, and stands at another level", axis.noun(), label.shown);
        drift.tell(Kind::Moved, message, [None, Some(&label.shown)], label.place.clone());
        return;
    }
    let (keys, like) = known.unwrap_or_else(|| (vec![("skip".to_owned(), "true".to_owned())], None));
    let guessed = match &keys[0] {
        (key, _) if key == "skip" => "declared as not read".to_owned(),
        (key, code) => format!("guessed: {key} {code}"),
    };
    let message = match &label.error {
        Some(error) => {
            let near = match error {
                LookupError::Unknown { list, label } => reading.codebook.near(list, &reading.table.dataset, label),
                _ => Vec::new(),
            };
            let near = if near.is_empty() { String::new() } else { format!(", perhaps {}", near.join(" or ")) };
            format!("the {} \"{}\" is new: {error}{near}; {guessed}", axis.noun(), label.shown)
        }
        None => format!("the {} \"{}\" is new; {guessed}", axis.noun(), label.shown),
    };
    drift.tell(Kind::New, message, [None, Some(&label.shown)], label.place.clone());
    let entry = NewEntry { label: label.texts.clone(), after: after.to_owned(), like, keys };
    list(axis, drift).push(entry);
}

/// Keys of a new entry, and the declared one it is like.
type Guess = (Vec<(String, String)>, Option<Declared>);

/// The code of a new label in the dimension in which the declared ones of its axis differ, and the entry it is like.
fn guess(reading: &Reading, axis: Axis, label: &Seen) -> Option<Guess> {
    let text = label.texts.last()?;
    let outer = &label.texts[..label.texts.len() - 1];
    let siblings = entries(reading, axis).iter().filter(|entry| {
        let above = entry.path.len().checked_sub(1).map(|depth| &entry.path[..depth]);
        let same =
            above.is_some_and(|a| a.iter().map(|p| normalise(p.as_str())).eq(outer.iter().map(|t| normalise(t))));
        same && entry.is_literal() && entry.is_read()
    });
    let mut guesses: BTreeMap<(String, String), Declared> = BTreeMap::new();
    for entry in siblings {
        for dimension in entry.meaning.dimensions.keys() {
            let list = dimension.as_str();
            let found = reading.codebook.lookup(list, reading.labels(), text);
            if let Ok(code) = found {
                guesses.insert((list.to_owned(), code.to_string()), of(entry));
            }
        }
    }
    let mut guesses = guesses.into_iter();
    match (guesses.next(), guesses.next()) {
        (Some((key, like)), None) => Some((vec![key], Some(like))),
        _ => None,
    }
}

fn gone(reading: &Reading, axis: Axis, taken: &[Taken<'_>], found: &[Found<'_>], drift: &mut Drift) {
    let absent = |nth: &usize| taken.iter().all(|t| t.entry != *nth);
    for (_, entry) in
        entries(reading, axis).iter().enumerate().filter(|(nth, e)| e.is_required() && !e.merged && absent(nth))
    {
        let message = format!("the {} \"{}\" is gone", axis.noun(), entry.shown());
        let place = found.first().map_or(Place::file(reading.file), |f| reading.place(f.grid, f.corner));
        drift.tell(Kind::Gone, message, [Some(&entry.shown()), None], place);
        drift.absorbed_by.gone.push(of(entry));
    }
}

/// Labels that stand elsewhere than declared: those outside the longest run that keeps the declared order.
fn moved(reading: &Reading, axis: Axis, taken: &[Taken<'_>], drift: &mut Drift) {
    if !reading.layout().ordered {
        return;
    }
    let declared = entries(reading, axis);
    let mut out: Vec<&Taken<'_>> = Vec::new();
    for part in taken.iter().map(|t| t.seen.part).collect::<BTreeSet<_>>() {
        let of_part = taken.iter().filter(|t| t.seen.part == part && declared[t.entry].is_literal());
        let of_part: Vec<&Taken<'_>> = of_part.collect();
        let kept = in_order(&of_part.iter().map(|t| t.entry).collect::<Vec<_>>());
        out.extend(of_part.iter().enumerate().filter(|(nth, _)| !kept.contains(nth)).map(|(_, t)| *t));
    }
    drift.absorbed_by.reordered |= !out.is_empty();
    if out.len() > MOVED_TOLD {
        let names: Vec<&str> = out.iter().map(|t| t.seen.shown.as_str()).collect();
        let message = format!("{} of the {}s stand in another order: {}", out.len(), axis.noun(), names.join(", "));
        drift.tell(Kind::OrderChanged, message, [None, None], out[0].seen.place.clone());
        return;
    }
    for label in out {
        let shown = declared[label.entry].shown();
        let before = label
            .entry
            .checked_sub(1)
            .map_or("at the beginning".to_owned(), |n| format!("after \"{}\"", declared[n].shown()));
        let message = format!("the {} \"{shown}\" moved; it is declared {before}", axis.noun());
        drift.tell(Kind::Moved, message, [Some(&shown), Some(&label.seen.shown)], label.seen.place.clone());
    }
}

/// The places of a longest rising run.
fn in_order(numbers: &[usize]) -> BTreeSet<usize> {
    let mut best: Vec<(usize, Option<usize>)> = Vec::new();
    for (at, number) in numbers.iter().enumerate() {
        let before = (0..at).filter(|n| numbers[*n] <= *number).max_by_key(|n| (best[*n].0, std::cmp::Reverse(*n)));
        best.push((before.map_or(1, |n| best[n].0 + 1), before));
    }
    let mut next = (0..numbers.len()).max_by_key(|n| (best[*n].0, std::cmp::Reverse(*n)));
    let mut kept = BTreeSet::new();
    while let Some(at) = next {
        kept.insert(at);
        next = best[at].1;
    }
    kept
}

/// One rename of a text that many labels share in the place of one rename for each.
fn shorten(reading: &Reading, drift: &mut Drift) {
    let joint = crate::spec::revise::JOINT;
    let mut by_part: BTreeMap<(String, String), Vec<usize>> = BTreeMap::new();
    for (nth, (declared, printed)) in drift.absorbed_by.renamed.iter().enumerate() {
        let (old, new): (Vec<&str>, Vec<&str>) =
            (declared.label.split(joint).collect(), printed.split(joint).collect());
        let differing: Vec<(&&str, &&str)> =
            old.iter().zip(&new).filter(|(one, other)| normalise(one) != normalise(other)).collect();
        if let (true, [(one, other)], true) =
            (old.len() == new.len(), differing.as_slice(), old.len() > 1 && !declared.new)
        {
            by_part.entry(((**one).to_owned(), (**other).to_owned())).or_default().push(nth);
        }
    }
    let layout = reading.layout();
    let holds = |part: &str| {
        let entries = layout.rows.iter().chain(&layout.columns);
        let held =
            entries.filter(|e| !e.merged && e.declared.split(joint).any(|p| normalise(p) == normalise(part))).count();
        held + usize::from(layout.corner.iter().any(|c| *c == normalise(part)))
    };
    let mut dropped: BTreeSet<usize> = BTreeSet::new();
    let mut added = Vec::new();
    for ((old, new), all) in by_part.into_iter().filter(|((old, _), all)| all.len() > 1 && all.len() == holds(old)) {
        dropped.extend(all);
        added.push((Declared { label: old, new: false }, new));
    }
    let mut nth = 0;
    drift.absorbed_by.renamed.retain(|_| {
        nth += 1;
        !dropped.contains(&(nth - 1))
    });
    drift.absorbed_by.renamed.extend(added);
}

#[cfg(test)]
mod tests {
    use super::in_order;

    #[test]
    fn the_longest_run_stays() {
        let check = |numbers: &[usize], kept: &[usize]| {
            assert_eq!(in_order(numbers).into_iter().collect::<Vec<_>>(), kept, "{numbers:?}");
        };
        check(&[0, 1, 2], &[0, 1, 2]);
        check(&[2, 0, 1], &[1, 2]);
        check(&[1, 2, 0], &[0, 1]);
        check(&[], &[]);
    }
}
