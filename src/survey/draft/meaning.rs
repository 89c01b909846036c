//! What the rows and columns of a drafted table may mean: periods and codes where lists know them, local codes where not.

use std::collections::{BTreeMap, BTreeSet};

use super::super::guess;
use super::local::Local;
use super::quote::{one_or_many, quoted, tidy};
use crate::domain::label::normalise;
use crate::domain::{Codebook, Dimension};

/// More columns than this are looked up in a list instead of being written out.
const COLUMNS_WRITTEN_MAX: usize = 40;

/// More rows than this are looked up in a list even where that may not hold.
const ROWS_WRITTEN_MAX: usize = 300;

/// How far a draft ventures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Daring {
    /// Codes of the lists where they fit.
    Codes,
    /// Local codes for everything but periods.
    Periods,
    /// Local codes for everything.
    Nothing,
}

/// One `[[rows]]` or `[[columns]]` block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    label: Vec<String>,
    /// Keys and values as written, with what is said about them.
    keys: Vec<(String, String, &'static str)>,
    remark: String,
}

impl Entry {
    pub fn write(&self, kind: &str) -> String {
        let mut out = format!("\n[[{kind}]]\n");
        if !self.remark.is_empty() {
            out.push_str(&format!("# guessed: {}\n", self.remark));
        }
        out.push_str(&format!("label = {}\n", one_or_many(&self.label)));
        for (key, value, about) in &self.keys {
            let about = if about.is_empty() { String::new() } else { format!("   # guessed: {about}") };
            out.push_str(&format!("{key} = {value}{about}\n"));
        }
        out
    }
}

/// What is known of the table as a whole.
#[derive(Clone, Debug, Default)]
pub(super) struct Whole {
    /// What the title says is counted.
    pub subject: String,
    /// Printed units of the table, as printed.
    pub units: Vec<String>,
}

/// A label path of a row or column with its line on the sheet.
pub(super) type Path = (u32, Vec<String>);

pub(super) struct Drafted {
    pub rows: Vec<Entry>,
    pub columns: Vec<Entry>,
    pub local: Local,
}

/// What one position of the paths of one length holds.
#[derive(Clone, Debug)]
enum Level {
    /// Every text is written out.
    Literal,
    /// Periods, by patterns; texts that fit none are written out.
    Period,
    List(String),
}

pub(super) struct Guessing<'a> {
    pub book: &'a Codebook,
    pub whole: &'a Whole,
    pub daring: Daring,
    /// Columns whose numbers are all percentages, rows likewise.
    pub percent_columns: &'a BTreeSet<u32>,
    pub percent_rows: &'a BTreeSet<u32>,
    /// Columns of texts, which are not read.
    pub text_columns: &'a BTreeSet<u32>,
}

impl Guessing<'_> {
    pub fn draft(&self, rows: &[Path], columns: &[Path]) -> Drafted {
        let mut local = Local::default();
        let (skipped, columns): (Vec<Path>, Vec<Path>) =
            columns.iter().cloned().partition(|(line, _)| self.text_columns.contains(line));
        let columns = columns.as_slice();
        let column_levels = self.levels(columns, columns.len() > COLUMNS_WRITTEN_MAX);
        let said = |path: &Path| {
            let level = |k: usize| column_levels.get(&(path.1.len(), k));
            path.1.iter().enumerate().any(|(k, text)| match level(k) {
                Some(Level::Period) => guess::period_pattern(text).is_none(),
                Some(Level::List(_)) => false,
                _ => true,
            })
        };
        // Where columns are periods and groups alone, rows with units in brackets say what is counted.
        let counted = !columns.iter().any(said) && self.rows_count(rows);
        let row_levels = match counted {
            true => self.levels(rows, false).into_iter().filter(|(_, l)| matches!(l, Level::Period)).collect(),
            // Written out, a label may be a heading here and a row there.
            false => self.levels(rows, self.daring != Daring::Nothing || rows.len() > ROWS_WRITTEN_MAX),
        };
        let rows = self.entries(rows, &row_levels, &mut local, counted, "row", self.percent_rows);
        let mut columns = self.entries(columns, &column_levels, &mut local, !counted, "column", self.percent_columns);
        columns.extend(skipped.iter().map(|(_, path)| Entry {
            label: path.iter().map(|t| tidy(t)).collect(),
            keys: vec![("skip".into(), "true".into(), "the column holds texts")],
            remark: String::new(),
        }));
        Drafted { rows, columns, local }
    }

    /// Whether row labels say what is counted: they have units, or are indicators of the list.
    fn rows_count(&self, rows: &[Path]) -> bool {
        let last: Vec<&str> = rows.iter().filter_map(|(_, p)| p.last()).map(String::as_str).collect();
        let unit = |l: &&&str| {
            guess::bracket(l).is_some_and(|b| guess::unit_code(self.book, &b).is_some() || b.chars().count() <= 8)
        };
        let with_units = last.iter().filter(unit).count();
        let known = guess::best_list(self.book, &last).is_some_and(|fit| fit.list == "indicator");
        with_units * 2 > last.len() || known
    }

    /// What each position of the paths of each length holds; `listed`: texts that no list knows become a list of their own.
    fn levels(&self, paths: &[Path], listed: bool) -> BTreeMap<(usize, usize), Level> {
        let mut texts: BTreeMap<(usize, usize), Vec<&str>> = BTreeMap::new();
        for (_, path) in paths {
            for (k, text) in path.iter().enumerate() {
                texts.entry((path.len(), k)).or_default().push(text);
            }
        }
        let mut taken: BTreeSet<(usize, String)> = BTreeSet::new();
        let mut levels = BTreeMap::new();
        for ((length, k), texts) in texts {
            let periods = texts.iter().filter(|t| guess::period_pattern(t).is_some()).count();
            let distinct: BTreeSet<&str> = texts.iter().copied().collect();
            let fit = guess::best_list(self.book, &texts).filter(|f| {
                !["indicator", "unit"].contains(&f.list.as_str())
                    && f.known > 2
                    && !taken.contains(&(length, f.list.clone()))
            });
            let level = if self.daring != Daring::Nothing && periods * 2 >= texts.len() {
                Level::Period
            } else if let Some(fit) = fit.filter(|_| self.daring == Daring::Codes) {
                taken.insert((length, fit.list.clone()));
                Level::List(fit.list)
            } else if listed && distinct.len() > 1 {
                Level::List(String::new())
            } else {
                Level::Literal
            };
            levels.insert((length, k), level);
        }
        levels
    }

    /// One entry per kind of path; `counts`: what the texts say is what is counted.
    fn entries(
        &self,
        paths: &[Path],
        levels: &BTreeMap<(usize, usize), Level>,
        local: &mut Local,
        counts: bool,
        noun: &str,
        percent: &BTreeSet<u32>,
    ) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::new();
        let has_period = |path: &[String]| path.iter().any(|t| guess::period_pattern(t).is_some());
        let dated = noun == "column" && paths.iter().any(|(_, path)| has_period(path));
        for (line, path) in paths {
            let mut label = Vec::new();
            let mut rest: Vec<&str> = Vec::new();
            let mut period = None;
            let mut remark = String::new();
            for (k, text) in path.iter().enumerate() {
                let level = levels.get(&(path.len(), k)).unwrap_or(&Level::Literal);
                match level {
                    Level::Period => match guess::period_pattern(text) {
                        Some(pattern) => label.push(pattern.to_owned()),
                        None => {
                            period = guess::loose_period(text);
                            if period.is_none() {
                                rest.push(text);
                            }
                            label.push(tidy(text));
                        }
                    },
                    Level::List(list) => {
                        let name = if list.is_empty() { own_list(noun, path.len() - 1 - k) } else { list.clone() };
                        let plain = guess::without_unit(text);
                        if list.is_empty() || !guess::is_known(self.book, list, &plain) {
                            let bare = self.without_known_unit(text);
                            local.code(&name, &bare);
                        }
                        if !list.is_empty() {
                            remark = format!("labels of the code list {list}");
                        }
                        label.push(format!("{{{name}}}"));
                    }
                    Level::Literal => {
                        rest.push(text);
                        label.push(tidy(text));
                    }
                }
            }
            let mut entry = Entry { label, keys: Vec::new(), remark };
            if let Some(period) = period {
                entry.keys.push(("period".into(), quoted(&period), "the label begins with it"));
            }
            // The same header again and again, beside years: each is of the year on its left.
            let again = paths.iter().filter(|(_, other)| other == path).count() > 1;
            if dated && again && !has_period(path) {
                entry.keys.push(("period".into(), quoted("left"), "the header is repeated beside years"));
            }
            if counts {
                self.counted(path, &rest, percent.contains(line), local, &mut entry);
            } else {
                self.grouped(&rest, local, &mut entry, noun);
            }
            if !entries.iter().any(|e| e.label == entry.label) {
                entries.push(entry);
            }
        }
        entries
    }

    /// The keys of an entry whose texts say what is counted.
    fn counted(&self, path: &[String], rest: &[&str], percent: bool, local: &mut Local, entry: &mut Entry) {
        let mut names: Vec<&str> = rest.to_vec();
        let mut official = None;
        if self.daring == Daring::Codes {
            names.retain(|text| {
                let plain = guess::without_unit(text);
                let dimension =
                    Dimension::ALL.into_iter().filter(|d| !matches!(d, Dimension::Breakdown | Dimension::Indicator));
                let mut known = dimension.filter_map(|d| Some((d, guess::code_of(self.book, d.as_str(), &plain)?)));
                if official.is_none()
                    && let Some(code) = guess::code_of(self.book, "indicator", &plain)
                {
                    official = Some(code);
                    return false;
                }
                match known.next() {
                    Some((d, code)) if !entry.keys.iter().any(|(k, ..)| k == d.as_str()) => {
                        entry.keys.push((d.as_str().into(), quoted(&code), ""));
                        false
                    }
                    _ => true,
                }
            });
        }
        let (unit, said) = self.unit(path, percent, official.as_deref(), local);
        let base = self.book.unit(&unit).map_or(unit.clone(), |u| u.base.clone());
        let fits = |code: &String| self.book.indicator(code).is_some_and(|i| i.unit == base);
        let indicator = match official.filter(|code| names.is_empty() && fits(code)) {
            Some(code) => code,
            None => {
                let of: Vec<String> =
                    rest.iter().filter(|t| names.contains(t) || names.is_empty()).map(|t| tidy(t)).collect();
                let name = if of.is_empty() { self.whole.subject.clone() } else { of.join(" / ") };
                local.indicator(&name, &base, guess::kind(&name, &unit))
            }
        };
        entry.keys.push(("indicator".into(), quoted(&indicator), ""));
        entry.keys.push(("unit".into(), quoted(&unit), said));
    }

    /// The keys of an entry that groups: a text of its own is a local code.
    fn grouped(&self, rest: &[&str], local: &mut Local, entry: &mut Entry, noun: &str) {
        if !rest.is_empty() {
            let name = rest.iter().map(|t| tidy(t)).collect::<Vec<_>>().join(" / ");
            let list = own_list(noun, 0);
            let code = local.code(&list, &name);
            entry.keys.push(("breakdown".into(), format!("{{ {list} = {} }}", quoted(&code)), ""));
        }
    }

    /// The unit of a line: in brackets in its label, as a word in its header, of the table, or unknown.
    fn unit(
        &self,
        path: &[String],
        percent: bool,
        official: Option<&str>,
        local: &mut Local,
    ) -> (String, &'static str) {
        if percent {
            return ("percent".into(), "the cells show a percent sign");
        }
        for text in path.iter().rev() {
            let Some(name) = guess::bracket(text) else { continue };
            if let Some(code) = guess::unit_code(self.book, &name) {
                return (code, "");
            }
            if guess::is_unit_word(&name) {
                return (local.unit(&name), "");
            }
        }
        if let Some(word) = path.iter().rev().find(|t| guess::is_unit_word(t)) {
            let share = guess::is_share(word);
            return if share {
                ("percent".into(), "the header says so")
            } else {
                (local.unit(word), "the header says so")
            };
        }
        if path.iter().any(|t| guess::is_share(t))
            && (self.whole.units.is_empty() || self.whole.units.iter().any(|u| normalise(u) == "%"))
        {
            return ("percent".into(), "the header speaks of shares");
        }
        let base = official.and_then(|code| self.book.indicator(code)).map(|i| i.unit.clone());
        let codes: Vec<String> = self
            .whole
            .units
            .iter()
            .map(|name| guess::unit_code(self.book, name).unwrap_or_else(|| local.unit(name)))
            .collect();
        let of_kind = |code: &&String| base.is_some() && self.book.unit(code).map(|u| &u.base) == base.as_ref();
        let named = path.iter().flat_map(|t| {
            let text = normalise(t);
            self.whole.units.iter().position(|u| text.contains(u.trim_start_matches('万')) && u != "%")
        });
        let named: Vec<usize> = named.collect();
        let money = path.iter().any(|t| guess::is_money(t));
        let of_money = |code: &&String| money && self.book.unit(code).is_some_and(|u| u.base.starts_with("yuan"));
        let first = codes
            .iter()
            .find(of_kind)
            .or_else(|| codes.iter().find(of_money))
            .or_else(|| codes.get(*named.last()?))
            .or_else(|| codes.iter().find(|c| *c != "percent"))
            .or(codes.first());
        match first {
            Some(code) if codes.len() > 1 => (code.clone(), "the table names several units"),
            Some(code) => (code.clone(), ""),
            None => (base.unwrap_or_else(|| local.unit("unit not printed")), "no unit is printed"),
        }
    }

    /// A label as `ingest` looks it up: without a unit in brackets that the lists know.
    fn without_known_unit(&self, text: &str) -> String {
        match guess::bracket(text) {
            Some(name) if guess::unit_code(self.book, &name).is_some() => guess::without_unit(text),
            _ => tidy(text),
        }
    }
}

/// The list that a table makes for labels: `x_row` for a row's own, `x_row_of`, `x_row_of2` for those it belongs to. Each has
/// its own, so that a heading is none of the rows.
fn own_list(noun: &str, outward: usize) -> String {
    match outward {
        0 => format!("x_{noun}"),
        1 => format!("x_{noun}_of"),
        n => format!("x_{noun}_of{n}"),
    }
}
