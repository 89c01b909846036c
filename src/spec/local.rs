//! Local codes: what a table names that no code list has (`[local]`). They join the codebook under names that begin with
//! `x-` or `x_`, and their labels are aliases of that table alone, so that no other table meets them and nobody takes them
//! for official ones.

use std::sync::Arc;

use rust_decimal::Decimal;
use toml::Spanned;

use super::codes::{code_exists, list_exists};
use super::raw::{Local, LocalIndicator, LocalUnit, Text};
use crate::diag::{Diagnostic, Place, SourceText};
use crate::domain::code::{LOCAL, is_local};
use crate::domain::label::nearest;
use crate::domain::{Alias, Code, CodeEntry, CodeList, Codebook, Indicator, PeriodKind, Unit, Validity};

/// The version of a code list that a table makes.
const VERSION: &str = "local";

/// Add a table's local codes to the codebook; what has a fault is left out.
pub(super) fn declare(
    scope: &str,
    local: &Local,
    book: &mut Codebook,
    source: &Arc<SourceText>,
    faults: &mut Vec<Diagnostic>,
) {
    let mut declaring = Declaring { scope, book, source, faults };
    for (code, unit) in local.units.iter().flatten() {
        declaring.unit(code, unit);
    }
    for (code, indicator) in local.indicators.iter().flatten() {
        declaring.indicator(code, indicator);
    }
    for (list, labels) in local.codes.iter().flatten() {
        declaring.list(list);
        for (label, code) in labels {
            declaring.code(list, label, code);
        }
    }
    book.index();
}

struct Declaring<'a> {
    /// `dataset/table`.
    scope: &'a str,
    book: &'a mut Codebook,
    source: &'a Arc<SourceText>,
    faults: &'a mut Vec<Diagnostic>,
}

impl Declaring<'_> {
    fn fault<T>(&mut self, at: &Spanned<T>, code: &'static str, message: String, hint: String) {
        self.faults.push(Diagnostic::error(code, message).at(Place::span(self.source, at.span())).hint(hint));
    }

    fn must_be_local(&mut self, name: &Text) -> bool {
        let local = is_local(name.get_ref());
        if !local {
            let message = format!("\"{}\" is made by this table, and does not begin with x- or x_", name.get_ref());
            let hint = format!("write {}{}, so that nobody takes it for an official one", LOCAL[1], name.get_ref());
            self.fault(name, "local-name", message, hint);
        }
        local
    }

    fn alias(&mut self, list: &str, label: &str, code: &str) {
        self.book.aliases.push(Alias {
            list: list.to_owned(),
            scope: self.scope.to_owned(),
            label: label.to_owned(),
            code: Code::new(code),
            reason: VERSION.to_owned(),
            misprint: false,
        });
    }

    fn unit(&mut self, code: &Text, unit: &LocalUnit) {
        if !self.must_be_local(code) {
            return;
        }
        let base = unit.base.as_ref().map_or(code.get_ref(), |b| b.get_ref());
        let factor = Decimal::from(unit.factor.as_ref().map_or(1, |f| *f.get_ref()));
        if let Some(at) = unit.factor.as_ref().filter(|_| factor.is_zero()) {
            self.fault(at, "unit-factor", "a factor is larger than 0".to_owned(), "leave it out for 1".to_owned());
        }
        let name = unit.name.get_ref();
        let made = Unit { code: code.get_ref().clone(), name_zh: name.clone(), base: base.clone(), factor };
        // A base that stands nowhere else is made with its first unit.
        if is_local(base) && self.book.unit(base).is_none() && base != code.get_ref() {
            let own = Unit { code: base.clone(), name_zh: base.clone(), base: base.clone(), factor: Decimal::ONE };
            self.book.units.push(own);
        } else if let Some(at) = unit.base.as_ref().filter(|_| !is_local(base) && self.book.unit(base).is_none()) {
            let known = self.book.units.iter().map(|u| u.base.as_str());
            let hint = format!("did you mean {}?", nearest(base, known).join(" or "));
            self.fault(at, "unknown-code", format!("\"{base}\" is no base unit"), hint);
        }
        match self.book.unit(code.get_ref()) {
            Some(other) if *other != made => {
                let message = format!("another table's local unit \"{}\" is {}", code.get_ref(), other.name_zh);
                self.fault(code, "local-twice", message, "give this one a code of its own".to_owned());
            }
            Some(_) => {}
            None => self.book.units.push(made),
        }
        self.alias("unit", name, code.get_ref());
    }

    fn indicator(&mut self, code: &Text, indicator: &LocalIndicator) {
        if !self.must_be_local(code) {
            return;
        }
        let unit = indicator.unit.get_ref();
        if self.book.unit(unit).is_none_or(|u| u.base != *unit) {
            let bases = self.book.units.iter().filter(|u| u.base == u.code).map(|u| u.code.as_str());
            let hint = format!("base units are {}", bases.collect::<Vec<_>>().join(", "));
            self.fault(&indicator.unit, "unknown-code", format!("\"{unit}\" is no base unit"), hint);
        }
        let Some(kind) = PeriodKind::parse(indicator.kind.get_ref()) else {
            let message = format!("\"{}\" is none of stock, flow, rate, rule", indicator.kind.get_ref());
            let hint = "stock: at the end of the period; flow: over it; rate: a quotient; rule: in force".to_owned();
            return self.fault(&indicator.kind, "indicator-kind", message, hint);
        };
        let name = indicator.name.get_ref();
        let made = Indicator {
            code: Code::new(code.get_ref()),
            name_zh: name.clone(),
            name_en: String::new(),
            unit: unit.clone(),
            kind,
            definition: String::new(),
            definition_zh: String::new(),
            numerator: String::new(),
            denominator: String::new(),
            source: self.scope.to_owned(),
        };
        match self.book.indicator(code.get_ref()) {
            Some(other) if (&other.name_zh, &other.unit, other.kind) != (name, unit, kind) => {
                let message = format!("the local indicator \"{}\" of {} is another one", code.get_ref(), other.source);
                self.fault(code, "local-twice", message, "give this one a code of its own".to_owned());
            }
            Some(_) => {}
            None => self.book.indicators.push(made),
        }
        self.alias("indicator", name, code.get_ref());
    }

    /// A list of this table alone is made.
    fn list(&mut self, list: &Text) {
        let name = list.get_ref();
        if list_exists(self.book, name) {
            return;
        }
        if !is_local(name) {
            let near = nearest(name, self.book.lists.keys().map(String::as_str)).join(" or ");
            let hint = match near.is_empty() {
                true => format!("a list of this table alone begins with {}", LOCAL[1]),
                false => format!("did you mean {near}? a list of this table alone begins with {}", LOCAL[1]),
            };
            return self.fault(list, "unknown-list", format!("there is no code list \"{name}\""), hint);
        }
        let made = CodeList::single(name, name, VERSION, Vec::new());
        self.book.lists.insert(name.clone(), made);
    }

    /// A label and its code: one that the list has, or one made here.
    fn code(&mut self, list: &Text, label: &Text, code: &Text) {
        let (name, written) = (list.get_ref(), code.get_ref());
        if !list_exists(self.book, name) {
            return;
        }
        let makes = is_local(written) && !["mark", "unit", "indicator"].contains(&name.as_str());
        if !code_exists(self.book, name, written) {
            let Some(list) = self.book.lists.get_mut(name).filter(|_| makes) else {
                let message = format!("list {name} has no code \"{written}\"");
                let hint = match name.as_str() {
                    "mark" => "marks stand in pipelines/codes/mark.csv".to_owned(),
                    "unit" | "indicator" => format!("make it in [local.{name}s.{written}]"),
                    _ => format!("a code of this table alone begins with {}", LOCAL[0]),
                };
                return self.fault(code, "unknown-code", message, hint);
            };
            list.entries.push(CodeEntry {
                code: Code::new(written),
                parent: None,
                name_zh: label.get_ref().clone(),
                name_en: String::new(),
                valid: Validity::default(),
                version: list.version.clone(),
            });
        }
        self.alias(name, label.get_ref(), written);
    }
}

#[cfg(test)]
mod tests {
    use crate::spec::tests::faults_of;

    const HEAD: &str =
        "title = \"t\"\ncorner = \"Kanton\"\nperiod = \"2013\"\n[[edition]]\nid = \"2013\"\nfile = \"t.csv\"\n";
    const BODY: &str =
        "[[rows]]\nlabel = \"{x_canton}\"\n[[columns]]\nlabel = \"Fläche\"\nindicator = \"x_area\"\nunit = \"x_kha\"\n";
    const LOCAL: &str = "[local.codes.x_canton]\n\"Zürich\" = \"x-zurich\"\n[local.codes.mark]\n\"...\" = \"not_available\"\n\
        [local.indicators.x_area]\nname = \"Fläche\"\nunit = \"x_ha\"\nkind = \"stock\"\n\
        [local.units.x_ha]\nname = \"ha\"\n[local.units.x_kha]\nname = \"1000 ha\"\nbase = \"x_ha\"\nfactor = 1000\n";

    fn check(from: &str, to: &str, expected: &[&str]) {
        assert!(LOCAL.contains(from), "{from}");
        let text = format!("{HEAD}{BODY}{}", LOCAL.replacen(from, to, 1));
        let found: Vec<String> = faults_of(&text).into_iter().map(|f| format!("{}: {}", f.code, f.message)).collect();
        assert_eq!(found, expected, "{from} → {to}");
    }

    #[test]
    fn local_codes_are_marked_as_such() {
        check("x-zurich", "x-zurich", &[]);
        check("x-zurich", "zurich", &["unknown-code: list x_canton has no code \"zurich\""]);
        check("\"not_available\"", "\"x-none\"", &["unknown-code: list mark has no code \"x-none\""]);
        check(
            "stock",
            "stack",
            &[
                "unknown-code: list indicator has no code \"x_area\"",
                "indicator-kind: \"stack\" is none of stock, flow, rate, rule",
            ],
        );
        check(
            "unit = \"x_ha\"",
            "unit = \"x_kha\"",
            &[
                "unit-of-indicator: x_area is counted in x_kha, and x_kha is a unit of x_ha",
                "unknown-code: \"x_kha\" is no base unit",
            ],
        );
        check(
            "codes.x_canton",
            "codes.cantons",
            &[
                "label-pattern: there is no code list \"x_canton\" to look {x_canton} up in",
                "unknown-list: there is no code list \"cantons\"",
            ],
        );
    }
}
