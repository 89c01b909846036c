//! Instances told: what was expected, what is printed, by how much it misses. Judged here once as a [`Fact`], which `en`
//! and `zh` put into sentences.

pub mod fact;
mod en;
mod zh;

use std::collections::BTreeSet;

use num_traits::{Signed as _, Zero as _};
use rust_decimal::Decimal;

use super::bind::{Counted, Form, Instance};
use super::edit::{Exact, Judgement, exact};
use super::loose::Loose;
use super::material::{Material, Reading};
use super::words::{address, beside, decimal, grouped};
use crate::spec::rules::Comparison;
use fact::{Addend, Fact, Number, Sum};

/// What a finding says of an instance: how much is missed and may be missed, and what is the case.
pub struct Told {
    pub residual: Option<Decimal>,
    pub tolerance: Option<Decimal>,
    pub fact: Fact,
}

/// A sentence in English and in Chinese.
pub struct Sentences {
    pub en: String,
    pub zh: String,
}

/// A fact about a reading in words.
pub fn sentences(fact: &Fact, at: usize, material: &Material) -> Sentences {
    let at = &material.readings[at];
    Sentences { en: en::sentence(fact, at, material), zh: zh::sentence(fact, at, material) }
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
    match (&instance.form, loose) {
        (Form::Terms { terms, .. }, Some(loose)) => Told {
            residual: decimal(&judged.residual),
            tolerance: (loose == Loose::CutOff).then(|| decimal(&judged.tolerance)).flatten(),
            fact: Fact::Loosely {
                sum: sum(at, terms, &judged.residual, material),
                loose,
                off: beside(at, &judged.residual.abs()),
                short: judged.residual.is_negative(),
            },
        },
        (Form::Parts { .. }, _) => {
            let told = failed(instance, judged, material);
            Told { fact: Fact::Unjudged(Box::new(told.fact), instance.missing.clone()), ..told }
        }
        _ => Told { residual: None, tolerance: None, fact: Fact::Unchecked(instance.missing.clone()) },
    }
}

pub fn failed(instance: &Instance, judged: &Judgement, material: &Material) -> Told {
    let at = &material.readings[instance.at];
    let numbers = |residual: &Exact, tolerance: &Exact| (decimal(residual), decimal(tolerance));
    let (residual, tolerance) = numbers(&judged.residual, &judged.tolerance);
    match &instance.form {
        Form::Parts { dimension, count, sum } => {
            let off = beside(at, &judged.residual.abs());
            let total = total(at, &judged.residual);
            let fact = match (sum, count) {
                (true, _) => Fact::Parts {
                    dimension: dimension.clone(),
                    count: *count,
                    total,
                    off,
                    less: judged.residual.is_negative(),
                },
                (false, 1) => Fact::PartAbove { part: instance.cells[0], total, off },
                (false, _) => Fact::PartsAbove { count: *count, total, off },
            };
            Told { residual, tolerance, fact }
        }
        Form::Terms { terms, is, .. } => {
            // Computed − printed, whichever way the statement was put.
            let residual = if *is == Comparison::AtMost { -&judged.residual } else { judged.residual.clone() };
            let fact = Fact::Sum {
                sum: sum(at, terms, &residual, material),
                is: *is,
                off: beside(at, &residual.abs()),
                less: residual.is_positive(),
            };
            Told { residual: decimal(&residual), tolerance, fact }
        }
        Form::Rate { part, less, whole, times } => {
            let value = |cell: &Option<usize>| cell.and_then(|cell| material.readings[cell].value);
            let base = value(whole).map_or_else(Exact::zero, exact);
            if base.is_zero() {
                return Told { residual: None, tolerance: None, fact: Fact::NoBase };
            }
            let (residual, tolerance) = numbers(&(&judged.residual / &base), &(&judged.tolerance / &base));
            let share = exact(value(part).unwrap_or_default() - value(less).unwrap_or_default());
            let computed = share * Exact::from_integer((*times).into()) / &base;
            let computed = decimal(&computed).map_or_else(String::new, |n| grouped(n.round_dp(4)));
            Told { residual, tolerance, fact: Fact::Rate { part: *part, less: *less, whole: *whole, computed } }
        }
        Form::Level { per, .. } => Told { residual, tolerance, fact: level(at, &material.readings[*per], judged) },
        Form::Extreme { stated, is_low } => {
            Told { residual, tolerance, fact: Fact::Extreme { stated: *stated, is_low: *is_low } }
        }
        Form::Places { other } => Told { residual, tolerance, fact: Fact::Places { other: *other } },
        Form::Bounds { low, high } => bounds(at, *low, *high),
    }
}

/// What is computed where a figure misses it by a residual.
fn total(at: &Reading, residual: &Exact) -> String {
    beside(at, &(exact(at.value.unwrap_or_default()) + residual))
}

fn sum(at: &Reading, terms: &[Counted], residual: &Exact, material: &Material) -> Sum {
    let addend = |term: &Counted| {
        let plain = || beside(at, &material.readings[term.cell].value.map_or_else(Exact::zero, exact));
        let number = match term.each {
            None => Number::Plain(plain()),
            Some(each) => Number::Each { cell: term.cell, each },
        };
        Addend { role: term.role.clone(), times: term.times, number }
    };
    let terms: Vec<Addend> = terms.iter().map(addend).collect();
    let total = total(at, residual);
    let alone = matches!(terms.as_slice(), [Addend { number: Number::Plain(number), .. }] if *number == total);
    Sum { terms, total, alone }
}

fn level(at: &Reading, per: &Reading, judged: &Judgement) -> Fact {
    let value = exact(at.value.unwrap_or_default());
    let persons = exact(per.value.unwrap_or(Decimal::ONE));
    let bound = &value + &judged.residual;
    let per_head = |amount: &Exact| decimal(&(amount / &persons)).map_or_else(String::new, |n| grouped(n.round_dp(2)));
    Fact::Level {
        persons: per.value.map_or_else(String::new, grouped),
        each: per_head(&value),
        above: judged.residual.is_negative(),
        off: beside(at, &judged.residual.abs()),
        bound: beside(at, &bound),
        bound_each: per_head(&bound),
    }
}

fn bounds(at: &Reading, low: Option<i64>, high: Option<i64>) -> Told {
    let value = at.value.unwrap_or_default();
    let below = low.map(Decimal::from).filter(|low| value < *low);
    let (residual, fact) = match below {
        Some(low) if low.is_zero() => (value, Fact::Negative),
        Some(low) => (value - low, Fact::Below(low)),
        None => {
            let high = high.map(Decimal::from).unwrap_or_default();
            (value - high, Fact::Above(high))
        }
    };
    Told { residual: Some(residual.normalize()), tolerance: Some(at.rounding), fact }
}
