//! Rows of a table that are in proportion to each other: a cell that stands out of its row, and a row that is not in the
//! proportion of its base.

use std::collections::BTreeMap;
use std::sync::Arc;

use num_traits::Signed as _;
use rust_decimal::Decimal;

use super::Look;
use crate::editing::edit::{Exact, Interval, exact};
use crate::editing::material::TableKey;
use crate::editing::number::quotient;
use crate::editing::slip::Slip;
use crate::editing::tell::fact::Odd;
use crate::editing::words::{decimal, grouped};
use crate::spec::rules::{Proportional, Severity};

impl Look<'_> {
    /// Rows whose ratio to the base row is the same in every column; a cell alone out of its row stands out.
    pub(super) fn proportional(&mut self, kind: &Proportional) {
        type Rows = BTreeMap<i64, BTreeMap<i64, usize>>;
        type Place = (TableKey, Arc<str>, Arc<str>, Arc<str>);
        let mut tables: BTreeMap<Place, Rows> = BTreeMap::new();
        for nth in self.material.starts(&kind.at) {
            let reading = &self.material.readings[nth];
            let code = |key: &str| reading.breakdown(key)?.parse::<i64>().ok();
            if let (Some(row), Some(column), Some(_)) = (code(&kind.rows), code(&kind.columns), reading.value) {
                let key = &reading.key;
                let table = (reading.table(), key.period.clone(), key.region.clone(), key.scheme.clone());
                tables.entry(table).or_default().entry(row).or_default().insert(column, nth);
            }
        }
        let Ok(base) = kind.base.parse::<i64>() else { return };
        for rows in tables.into_values() {
            let Some(of_base) = rows.get(&base) else { continue };
            for (row, cells) in rows.iter().filter(|(row, _)| **row != base) {
                let pairs: Vec<(usize, usize)> =
                    cells.iter().filter_map(|(column, cell)| Some((*cell, *of_base.get(column)?))).collect();
                self.all.looked.extend(pairs.iter().map(|(cell, _)| (self.nth, *cell)));
                self.out_of_row(kind, &pairs);
                self.off_base(&pairs, *row, base);
            }
        }
    }

    fn ratio(&self, cell: usize, base: usize) -> Option<Interval> {
        let printed = |nth: usize| {
            let reading = &self.material.readings[nth];
            Some(Interval::around(reading.value?, reading.rounding))
        };
        let (a, b) = (printed(cell)?, printed(base)?);
        Some(Interval { low: Some(a.low? / b.high?), high: Some(a.high? / b.low?) })
    }

    fn out_of_row(&mut self, kind: &Proportional, pairs: &[(usize, usize)]) {
        for (nth, (cell, base)) in pairs.iter().enumerate() {
            let others: Option<Vec<Interval>> =
                pairs.iter().enumerate().filter(|(n, _)| *n != nth).map(|(_, (c, b))| self.ratio(*c, *b)).collect();
            let (Some(others), Some(own)) = (others, self.ratio(*cell, *base)) else { continue };
            // The others must agree with each other; else nothing stands out.
            let agreed =
                others.iter().skip(1).try_fold(others.first().cloned().unwrap_or(Interval::ALL), |a, b| a.meet(b));
            let (Some(agreed), true) = (agreed, others.len() > 1) else { continue };
            if own.meet(&agreed).is_some() {
                continue;
            }
            let reading = &self.material.readings[*cell];
            let (value, of_base) =
                (reading.value.unwrap_or_default(), self.material.readings[*base].value.unwrap_or_default());
            let Interval { low: Some(low), high: Some(high) } = &agreed else { continue };
            let printed = |(cell, base): (usize, usize)| {
                let value = |nth: usize| exact(self.material.readings[nth].value.unwrap_or_default());
                value(cell) / value(base)
            };
            let rest: Vec<Exact> =
                pairs.iter().enumerate().filter(|(n, _)| *n != nth).map(|(_, pair)| printed(*pair)).collect();
            let count = exact(Decimal::from(rest.len()));
            let middle = rest.into_iter().sum::<Exact>() / count * exact(of_base);
            let Some(expected) = decimal(&middle).map(|n| n.round_dp(u32::from(reading.decimals))) else { continue };
            let range = Interval { low: Some(low * exact(of_base)), high: Some(high * exact(of_base)) };
            let residual = expected - value;
            let tolerance = decimal(&((high - low) / exact(2.into()) * exact(of_base)));
            if residual.abs() * Decimal::from(1000) < value.abs() * Decimal::from(kind.grave_permille) {
                continue;
            }
            let odd = Odd::OutOfRow { expected: grouped(expected) };
            let likely = self.slips_within(*cell, &range, Slip::is_of_digits);
            let cells = vec![*base, *cell];
            let doubt = self.push(*cell, cells, [Some(residual.normalize()), tolerance], odd);
            doubt.likely = likely;
            doubt.stands_out = true;
            doubt.severity = Some(Severity::Warning);
        }
    }

    fn off_base(&mut self, pairs: &[(usize, usize)], row: i64, base: i64) {
        for (cell, of_base) in pairs {
            let (reading, other) = (&self.material.readings[*cell], &self.material.readings[*of_base]);
            let (Some(value), Some(whole)) = (reading.value, other.value) else { continue };
            let share = exact(Decimal::from(row)) / exact(Decimal::from(base));
            let (expected, tolerance) =
                (exact(whole) * &share, exact(reading.rounding) + exact(other.rounding) * &share);
            let residual = expected - exact(value);
            if residual.abs() <= tolerance {
                continue;
            }
            let pct = quotient(value * Decimal::from(base) * Decimal::ONE_HUNDRED, whole * Decimal::from(row));
            let odd = Odd::OffBase { row, base, whole: *of_base, pct: pct.map(|pct| pct.round_dp(2)) };
            let numbers = [decimal(&residual), decimal(&tolerance)];
            self.push(*cell, vec![*of_base, *cell], numbers, odd).severity = Some(Severity::Info);
        }
    }
}
