//! Sums that can be right and need not be: what is printed leaves more open than rounding does.

use num_traits::{Signed as _, Zero as _};

use super::bind::{Form, Instance};
use super::edit::{Cell, Exact, Factor, exact};
use crate::spec::rules::Comparison;

/// Why a sum that agrees proves little.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loose {
    /// Parts are bounds (59万余): they fall short of the whole, or exceed it, by more than rounding explains.
    Rest,
    /// The sum is nearer to another number than to the printed one, which is what is left if its further digits are cut off.
    CutOff,
}

/// How loosely a sum agrees; `None` where it agrees as printed numbers do, or is no sum of plain numbers.
pub fn loose(instance: &Instance, cells: &[Cell]) -> Option<Loose> {
    let Form::Terms { is: Comparison::Equal, cut_off, .. } = &instance.form else { return None };
    let (mut residual, mut tolerance) = (Exact::zero(), Exact::zero());
    for term in &instance.edit.terms {
        let (Factor::Exactly(factor), cell) = (&term.factor, &cells[term.cell]) else { return None };
        let factor = exact(*factor);
        residual += &factor * exact(cell.value?);
        tolerance += factor.abs() * exact(cell.rounding);
    }
    let whole = &cells[instance.at];
    let bounds = || instance.edit.terms.iter().map(|term| &cells[term.cell]).filter(|cell| cell.is_vague);
    // What is about right says nothing either way, and neither does a whole that is a bound.
    let is_about = |cell: &Cell| cell.printed.low.is_none() && cell.printed.high.is_none();
    if whole.is_vague || bounds().any(is_about) {
        return None;
    }
    if bounds().next().is_some() {
        return (residual.abs() > tolerance).then_some(Loose::Rest);
    }
    let half = exact(whole.rounding);
    let same_sign = residual.is_positive() == exact(whole.value?).is_positive();
    let is_cut_off = *cut_off && same_sign && residual.abs() > half && residual.abs() < &half + &half;
    is_cut_off.then_some(Loose::CutOff)
}
