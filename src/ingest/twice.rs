//! Two cells of one table may not state the same quantity; two sentences of a text may, and then a declared preference says
//! which of them counts. Records have keys of their own.

use std::collections::HashMap;

use super::Reading;
use super::said::{Side, period};
use crate::diag::{Diagnostic, Place};
use crate::domain::fingerprint::fingerprint;
use crate::domain::label::normalise;
use crate::domain::{Code, Dimensions, Observation, Observations, Period};
use crate::spec::table::{Meaning, PeriodRule, Preference};

/// What the lines of one axis say of their cells, each by a number that lines which say the same have in common.
#[derive(Default)]
pub(super) struct Axial {
    prints: Vec<u64>,
    /// Of what any of them says something.
    dimensions: u8,
    indicator: bool,
    period: bool,
}

impl Axial {
    pub fn add(&mut self, side: &Side<'_>, title: &Meaning) {
        let (meaning, nothing) = (side.meaning(), Meaning::default());
        self.dimensions |= side.coordinates.said();
        self.indicator |= meaning.indicator.is_some();
        self.period |= meaning.period.is_some();
        let period = period(meaning, &nothing, title);
        let indicator = meaning.indicator.as_ref().or(title.indicator.as_ref());
        self.prints.push(fingerprint((indicator, period, side.coordinates.fingerprint())));
    }

    /// Adds the lines that follow.
    pub fn append(&mut self, mut next: Axial) {
        self.prints.append(&mut next.prints);
        self.dimensions |= next.dimensions;
        self.indicator |= next.indicator;
        self.period |= next.period;
    }
}

/// Whether surely no two cells where these lines cross state the same: of nothing do both axes say something, and no two
/// lines of an axis say the same.
pub(super) fn are_apart(rows: Axial, columns: Axial) -> bool {
    let both = rows.dimensions & columns.dimensions != 0
        || rows.indicator && columns.indicator
        || rows.period && columns.period;
    !both && all_differ(rows.prints) && all_differ(columns.prints)
}

/// Whether no two of these numbers are the same.
pub(super) fn all_differ(mut prints: Vec<u64>) -> bool {
    prints.sort_unstable();
    prints.windows(2).all(|pair| pair[0] != pair[1])
}

/// A fault for every observation whose quantity another one before it states.
pub(super) fn check(reading: &Reading, observations: &Observations, faults: &mut Vec<Diagnostic>) {
    // Prints of all, in order, show whether any two may be alike; as a rule none are.
    let cells = || observations.iter().filter(|o| !o.is_quoted());
    let mut prints: Vec<u64> = cells().map(Observation::fingerprint).collect();
    prints.sort_unstable();
    let alike: Vec<u64> = prints.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
    drop(prints);
    if alike.is_empty() {
        return;
    }
    let mut seen: HashMap<Quantity<'_>, &Observation> = HashMap::new();
    for o in cells().filter(|o| alike.binary_search(&o.fingerprint()).is_ok()) {
        if let Some(other) = seen.insert((o.indicator(), o.period(), o.dimensions()), o) {
            faults.push(twice(reading, other, o));
        }
    }
}

/// A fault for every record whose key another row before it has.
pub(super) fn records(reading: &Reading, observations: &Observations, faults: &mut Vec<Diagnostic>) {
    let row = |o: &Observation| (o.origin().source_file.clone(), o.at.row);
    let mut seen: HashMap<&str, &Observation> = HashMap::new();
    for o in observations {
        let Some(record) = o.passage().map(|p| p.record.as_str()).filter(|r| !r.is_empty()) else { continue };
        let first = *seen.entry(record).or_insert(o);
        if row(first) != row(o) {
            let (one, two) = cells_shown(first, o);
            let message = format!("the rows of {one} and {two} have the same key \"{record}\"");
            let place = Place::cell(&o.origin().source_file, o.origin().sheet.as_str(), o.cell().as_str());
            let hint = "a key names one record: number the rows anew where they are edited";
            faults.push(reading.named(Diagnostic::error("record-twice", message).at(place).hint(hint)));
        }
    }
}

/// Mark the figures that the table declares to count where a quantity is stated twice; a preference that concerns no figure
/// is a fault.
pub(super) fn prefer(reading: &Reading, observations: &mut Observations, faults: &mut Vec<Diagnostic>) {
    for preference in &reading.layout().preferences {
        let mut met = false;
        for o in observations.iter_mut().filter(|o| concerns(preference, o)) {
            o.besides_mut().preferred = true;
            met = true;
        }
        // What could not be read is not known to be missing.
        if !met && faults.is_empty() {
            let of = preference.section.as_ref().map_or_else(String::new, |name| format!(" of section \"{name}\""));
            let message = format!("no figure{of} is what a preference says");
            let hint = format!("correct [[prefer]] in {}, or take it out", reading.table.spec);
            faults.push(reading.fault_of_file("prefer-missing", message).hint(hint));
        }
    }
}

fn concerns(preference: &Preference, o: &Observation) -> bool {
    let Meaning { indicator, period, dimensions, breakdown, .. } = &preference.meaning;
    let own = o.breakdown();
    let of_section = |section: &String| o.passage().is_some_and(|p| normalise(&p.section) == *section);
    preference.section.as_ref().is_none_or(of_section)
        && indicator.as_ref().is_none_or(|code| code == o.indicator())
        && period.is_none_or(|rule| rule == PeriodRule::Fixed(o.period()))
        && dimensions.iter().all(|(d, code)| o.code(*d).unwrap_or(&Code::total()) == code)
        && breakdown.iter().all(|(key, code)| own.0.get(key) == Some(code))
}

/// What a number says the value of.
type Quantity<'o> = (&'o Code, Period, Dimensions);

fn twice(reading: &Reading, other: &Observation, o: &Observation) -> Diagnostic {
    let (one, two) = cells_shown(other, o);
    let message = format!("cells {one} and {two} state the same quantity: {} of {}", o.indicator(), o.period());
    let place = Place::cell(&o.origin().source_file, o.origin().sheet.as_str(), o.cell().as_str());
    let same_sheet =
        (&other.origin().sheet, &other.origin().source_file) == (&o.origin().sheet, &o.origin().source_file);
    let hint = match same_sheet {
        true => "two rows or columns have one meaning; give one of them a dimension of its own",
        false => "two parts of the table have one meaning; capture in sheet, file or anchor what they differ in",
    };
    reading.named(Diagnostic::error("stated-twice", message).at(place).hint(hint))
}

/// Two cells, with sheet and file where these differ.
fn cells_shown(one: &Observation, two: &Observation) -> (String, String) {
    let (of_one, of_two) = (one.origin(), two.origin());
    let shown = |o: &Observation| match (of_one.source_file == of_two.source_file, of_one.sheet == of_two.sheet) {
        (true, true) => o.cell().to_string(),
        (true, false) => format!("\"{}\"!{}", o.origin().sheet, o.cell()),
        (false, _) if o.origin().sheet.is_empty() => format!("{} {}", o.origin().source_file, o.cell()),
        (false, _) => format!("{} \"{}\"!{}", o.origin().source_file, o.origin().sheet, o.cell()),
    };
    (shown(one), shown(two))
}
