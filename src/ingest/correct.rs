//! Corrections applied to what was read: the printed text and the printed value stay beside the corrected one.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::number;
use crate::diag::Diagnostic;
use crate::domain::observation::Correction as Applied;
use crate::domain::{Observation, Value};
use crate::spec::corrections::Correction;

/// Apply the corrections to the observations of their cells. `is_read` says whether a file was read at all: of one that was
/// not, nothing can be said.
pub fn correct(
    observations: &mut [Observation],
    corrections: &[Correction],
    is_read: &dyn Fn(&str) -> bool,
) -> Vec<Diagnostic> {
    let mut faults = Vec::new();
    for correction in corrections {
        let stands_there = |o: &&mut Observation| {
            let origin = o.origin();
            origin.source_file == correction.file
                && origin.sheet == correction.sheet
                && o.cell().as_str() == correction.cell
        };
        let mut found: Vec<&mut Observation> = observations.iter_mut().filter(stands_there).collect();
        if found.is_empty() && is_read(&correction.file) {
            let cell = &correction.cell;
            let message =
                format!("no figure is read from cell {cell} of {}, so it cannot be corrected", correction.file);
            let fault = Diagnostic::error("correction-unread", message).at(correction.at_file());
            faults.push(fault.hint("name the cell as `shebao check` does, with its sheet"));
        }
        found.retain(|o| o.correction().is_none());
        for observation in found {
            if let Err(fault) = apply(observation, correction) {
                faults.push(*fault);
            }
        }
    }
    faults
}

fn apply(observation: &mut Observation, correction: &Correction) -> Result<(), Box<Diagnostic>> {
    if observation.printed.as_str().trim() != correction.from.trim() {
        let (cell, printed) = (&correction.cell, observation.printed.as_str());
        let message = format!(
            "the correction of cell {cell} expects \"{}\" there, but \"{printed}\" is printed",
            correction.from
        );
        let hint = "the file has changed: look at the cell again, then mend or delete the correction; until then the figure stays as printed";
        return Err(Box::new(Diagnostic::error("correction-stale", message).at(correction.at_from()).hint(hint)));
    }
    let to = number::parse(&correction.to).map_err(|error| {
        let message = format!("\"{}\" is no number: {error}", correction.to);
        let hint = "write the number as it should have been printed, in the unit of the cell";
        Box::new(Diagnostic::error("correction-number", message).at(correction.at_to()).hint(hint))
    })?;
    let from = number::parse(&correction.from).ok().map(signed);
    let factor = match (observation.value, from) {
        // What the layout makes of a printed number: its unit, and the meaning of its sign.
        (Value::Number(value), Some(from)) if !from.is_zero() => value.checked_div(from),
        _ => None,
    };
    let value = factor.and_then(|factor| signed(to).checked_mul(factor)).ok_or_else(|| {
        let message =
            format!("\"{}\" holds no number other than 0, so its unit and sign are not known", correction.from);
        Box::new(
            Diagnostic::error("correction-number", message)
                .at(correction.at_from())
                .hint("correct the layout's specification instead"),
        )
    })?;
    let note = correction.note();
    let applied = Applied { original: observation.value, text: note.clone() };
    observation.besides_mut().correction = Some(applied);
    observation.value = Value::Number(value.normalize());
    observation.decimals = Some(to.decimals);
    let series = Arc::make_mut(&mut observation.series);
    Arc::make_mut(&mut series.notes).push(note);
    Ok(())
}

fn signed(printed: number::Printed) -> Decimal {
    if printed.sign == Some(number::Sign::Minus) { -printed.magnitude } else { printed.magnitude }
}
