//! Instances in words: what was expected, what is printed, by how much it misses.

use std::collections::BTreeSet;

use num_traits::{Signed as _, Zero as _};
use rust_decimal::Decimal;

use super::bind::{Counted, Form, Instance};
use super::edit::{Exact, Judgement, exact};
use super::loose::Loose;
use super::material::{Material, Reading};
use super::words::{address, beside, decimal, grouped, shown};
use crate::spec::rules::Comparison;

/// What a finding says of a failed instance: how much is missed and may be missed, and a sentence.
pub struct Told {
    pub residual: Option<Decimal>,
    pub tolerance: Option<Decimal>,
    pub message: String,
}

/// The cells of an instance as a finding names them.
pub fn cells(instance: &Instance, material: &Material) -> String {
    let at = &material.readings[instance.at];
    let mut names: Vec<String> = instance.cells.iter().map(|cell| address(&material.readings[*cell], at)).collect();
    // A cell may hold two figures.
    let mut seen = BTreeSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names.join(" ")
}

pub fn unverifiable(instance: &Instance, judged: &Judgement, loose: Option<Loose>, material: &Material) -> Told {
    let at = &material.readings[instance.at];
    if let (Form::Terms { terms, .. }, Some(loose)) = (&instance.form, loose) {
        return loosely(at, terms, judged, loose, material);
    }
    if let Form::Parts { .. } = &instance.form {
        let told = failed(instance, judged, material);
        let missing = instance.missing.join(", ");
        let message = match missing.is_empty() {
            true => format!("{}; some of the parts have no number, so the sum cannot be judged", told.message),
            false => format!("{}; {missing} have no number, so the sum cannot be judged", told.message),
        };
        return Told { message, ..told };
    }
    let missing = if instance.missing.is_empty() { "a number".to_owned() } else { instance.missing.join(", ") };
    let (printed, unit) = (shown(at), &at.unit_name);
    let message = format!("{}: {printed} {unit} cannot be checked, what is not stated: {missing}", at.subject);
    Told { residual: None, tolerance: None, message }
}

pub fn failed(instance: &Instance, judged: &Judgement, material: &Material) -> Told {
    let at = &material.readings[instance.at];
    let numbers = |residual: &Exact, tolerance: &Exact| (decimal(residual), decimal(tolerance));
    let (residual, tolerance) = numbers(&judged.residual, &judged.tolerance);
    match &instance.form {
        Form::Parts { dimension, count, sum } => {
            let whole = &material.readings[instance.cells[instance.cells.len() - 1]];
            Told { residual, tolerance, message: parts(instance, judged, whole, dimension, *count, *sum, material) }
        }
        Form::Terms { terms, is, .. } => Told {
            residual: decimal(&by_sense(*is, &judged.residual)),
            tolerance,
            message: sum(at, terms, *is, judged, material),
        },
        Form::Rate { part, less, whole, times } => {
            let reading = |cell: &Option<usize>| cell.map(|cell| &material.readings[cell]);
            let (part, less, whole) = (reading(part), reading(less), reading(whole));
            let base = whole.and_then(|reading| reading.value).map_or_else(Exact::zero, exact);
            if base.is_zero() {
                return Told { residual: None, tolerance: None, message: format!("{}: the base is 0", at.subject) };
            }
            let (residual, tolerance) = numbers(&(&judged.residual / &base), &(&judged.tolerance / &base));
            let value = |of: Option<&Reading>| of.and_then(|reading| reading.value).unwrap_or_default();
            let computed = exact(value(part) - value(less)) * Exact::from_integer((*times).into()) / &base;
            let computed = decimal(&computed).map_or_else(String::new, |n| grouped(n.round_dp(4)));
            let told = |of: Option<&Reading>| {
                of.map_or_else(|| "0".to_owned(), |reading| format!("{} {}", shown(reading), reading.unit_name))
            };
            let taken_off = less.map_or_else(String::new, |_| format!(" − {}", told(less)));
            let message = format!(
                "{}: {}{taken_off} of {} are {computed} {}, but {} is printed",
                at.subject,
                told(part),
                told(whole),
                at.unit_name,
                shown(at)
            );
            Told { residual, tolerance, message }
        }
        Form::Level { per, .. } => Told { residual, tolerance, message: level(at, &material.readings[*per], judged) },
        Form::Extreme { stated, is_low } => {
            let stated = &material.readings[*stated];
            let (word, end) = if *is_low { ("less", "lowest") } else { ("more", "highest") };
            let message = format!(
                "{}: {} {} is {word} than {}, which {} calls the {end}",
                at.subject,
                shown(at),
                at.unit_name,
                shown(stated),
                if stated.citation.is_empty() { &stated.cell } else { &stated.citation },
            );
            Told { residual, tolerance, message }
        }
        Form::Places { other } => Told { residual, tolerance, message: places(at, &material.readings[*other]) },
        Form::Bounds { low, high } => bounds(at, *low, *high),
    }
}

/// Computed − printed, whichever way the statement was put.
fn by_sense(is: Comparison, residual: &Exact) -> Exact {
    if is == Comparison::AtMost { -residual } else { residual.clone() }
}

fn parts(
    instance: &Instance,
    judged: &Judgement,
    whole: &Reading,
    dimension: &str,
    count: usize,
    sum: bool,
    material: &Material,
) -> String {
    let total = beside(whole, &(exact(whole.value.unwrap_or_default()) + &judged.residual));
    let off = beside(whole, &judged.residual.abs());
    let (unit, printed) = (&whole.unit_name, shown(whole));
    if sum {
        let word = if judged.residual.is_negative() { "less" } else { "more" };
        return format!(
            "{}: the {count} parts by {dimension} add up to {total} {unit}, {off} {word} than the printed total {printed}",
            whole.subject
        );
    }
    let what = match count {
        1 => format!("the part \"{}\" is", material.readings[instance.cells[0]].subject),
        _ => format!("the {count} parts together are"),
    };
    format!("{}: {what} {total} {unit}, {off} more than the whole {printed}", whole.subject)
}

/// Terms that agree with the figure only loosely.
fn loosely(at: &Reading, terms: &[Counted], judged: &Judgement, loose: Loose, material: &Material) -> Told {
    let text = added(at, terms, material);
    let total = beside(at, &(exact(at.value.unwrap_or_default()) + &judged.residual));
    let (off, unit, printed) = (beside(at, &judged.residual.abs()), &at.unit_name, shown(at));
    let message = match (loose, judged.residual.is_negative()) {
        (Loose::Rest, true) => format!(
            "{}: {text} = {total} {unit} of {printed}; some of the parts are more than is printed, so that at most {off} are \
             of no part that is named",
            at.subject
        ),
        (Loose::Rest, false) => format!(
            "{}: {text} = {total} {unit}, {printed} is printed; some of the parts are less than is printed, so that at most \
             {off} are too many",
            at.subject
        ),
        (Loose::CutOff, _) => format!(
            "{}: {text} = {total} {unit}, but {printed} is printed: within rounding, yet as if the digits behind it had been \
             cut off",
            at.subject
        ),
    };
    let tolerance = (loose == Loose::CutOff).then(|| decimal(&judged.tolerance)).flatten();
    Told { residual: decimal(&judged.residual), tolerance, message }
}

fn sum(at: &Reading, terms: &[Counted], is: Comparison, judged: &Judgement, material: &Material) -> String {
    let text = added(at, terms, material);
    let residual = by_sense(is, &judged.residual);
    let total = beside(at, &(exact(at.value.unwrap_or_default()) + &residual));
    let off = beside(at, &residual.abs());
    let what = match is {
        Comparison::Equal => "but",
        Comparison::AtMost => "at most so much, but",
        Comparison::AtLeast => "at least so much, but",
    };
    let word = if residual.is_positive() { "less" } else { "more" };
    // A term alone is the total.
    let equals = if terms.len() == 1 && text.ends_with(&format!(" {total}")) { "" } else { &format!(" = {total}") };
    format!("{}: {text}{equals} {}, {what} {} is printed, {off} {word}", at.subject, at.unit_name, shown(at))
}

/// The terms of a sum as they are added up.
fn added(at: &Reading, terms: &[Counted], material: &Material) -> String {
    let mut text = String::new();
    for (nth, Counted { role, times, cell, each }) in terms.iter().enumerate() {
        let number = material.readings[*cell].value.map_or_else(Exact::zero, exact);
        let number = match each.map(|each| &material.readings[each]) {
            None => beside(at, &number),
            Some(each) => {
                let of = &material.readings[*cell];
                format!("{} {} × {} {}", shown(of), of.unit_name, shown(each), each.unit_name)
            }
        };
        let sign = match (nth, *times < 0) {
            (0, false) => "",
            (0, true) => "−",
            (_, false) => " + ",
            (_, true) => " − ",
        };
        let times = if times.abs() == 1 { String::new() } else { format!("{} × ", times.abs()) };
        text.push_str(&format!("{sign}{times}{role} {number}"));
    }
    text
}

fn level(at: &Reading, per: &Reading, judged: &Judgement) -> String {
    let value = exact(at.value.unwrap_or_default());
    let persons = exact(per.value.unwrap_or(Decimal::ONE));
    let bound = &value + &judged.residual;
    let per_head = |amount: &Exact| decimal(&(amount / &persons)).map_or_else(String::new, |n| grouped(n.round_dp(2)));
    let word = if judged.residual.is_negative() { "above" } else { "below" };
    let end = if judged.residual.is_negative() { "highest" } else { "lowest" };
    format!(
        "{}: {} {} for {} persons are {} yuan each, {} {} {word} what the {end} standards make, {} ({} each)",
        at.subject,
        shown(at),
        at.unit_name,
        per.value.map_or_else(String::new, grouped),
        per_head(&value),
        beside(at, &judged.residual.abs()),
        at.unit_name,
        beside(at, &bound),
        per_head(&bound),
    )
}

fn places(at: &Reading, other: &Reading) -> String {
    let sheet = if other.sheet.is_empty() { String::new() } else { format!(", sheet \"{}\"", other.sheet) };
    let said = |of: &Reading| if of.citation.is_empty() { String::new() } else { format!(" ({})", of.citation) };
    format!(
        "{}: {} {} here{}, but {} {} in {}{sheet}, cell {}{}, which counts",
        at.subject,
        shown(at),
        at.unit_name,
        said(at),
        shown(other),
        other.unit_name,
        other.source_file,
        other.cell,
        said(other)
    )
}

fn bounds(at: &Reading, low: Option<i64>, high: Option<i64>) -> Told {
    let value = at.value.unwrap_or_default();
    let below = low.map(Decimal::from).filter(|low| value < *low);
    let (residual, what) = match below {
        Some(low) if low.is_zero() => (value, "is negative".to_owned()),
        Some(low) => (value - low, format!("is less than {low}")),
        None => {
            let high = high.map(Decimal::from).unwrap_or_default();
            (value - high, format!("is more than {high}"))
        }
    };
    let message = format!("{}: {} {} {what}", at.subject, shown(at), at.unit_name);
    Told { residual: Some(residual.normalize()), tolerance: Some(at.rounding), message }
}
