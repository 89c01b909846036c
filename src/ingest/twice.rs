//! Two cells of one table may not state the same quantity.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::Reading;
use crate::diag::{Diagnostic, Place};
use crate::domain::{Code, Dimension, Dimensions, Observation, Period};

/// A fault for every observation whose quantity another one before it states.
pub(super) fn check(reading: &Reading, observations: &[Observation], faults: &mut Vec<Diagnostic>) {
    // Prints of all, in order, show whether any two may be alike; as a rule none are.
    let mut prints: Vec<u64> = observations.iter().map(fingerprint).collect();
    prints.sort_unstable();
    let alike: Vec<u64> = prints.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
    drop(prints);
    if alike.is_empty() {
        return;
    }
    let mut seen: HashMap<Quantity<'_>, &Observation> = HashMap::new();
    for o in observations.iter().filter(|o| alike.binary_search(&fingerprint(o)).is_ok()) {
        if let Some(other) = seen.insert((o.indicator(), o.period, o.dimensions()), o) {
            faults.push(twice(reading, other, o));
        }
    }
}

/// What a number says the value of.
type Quantity<'o> = (&'o Code, Period, Dimensions);

/// A number that two observations of one quantity have in common, and hardly any others.
fn fingerprint(o: &Observation) -> u64 {
    let mut hasher = DefaultHasher::new();
    (o.indicator(), o.period).hash(&mut hasher);
    for dimension in Dimension::ALL {
        if let Some(code) = o.code(dimension) {
            hasher.write_u8(dimension as u8);
            code.hash(&mut hasher);
        }
    }
    o.breakdown().hash(&mut hasher);
    hasher.finish()
}

fn twice(reading: &Reading, other: &Observation, o: &Observation) -> Diagnostic {
    let (one, two) = cells_shown(other, o);
    let message = format!("cells {one} and {two} state the same quantity: {} of {}", o.indicator(), o.period);
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
