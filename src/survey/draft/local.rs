//! The codes that a draft makes up for labels of which no list knows, each once.

use std::collections::{BTreeMap, BTreeSet};

use super::super::guess::slug;
use super::quote::{quoted, tidy};
use crate::domain::label::normalise;

/// What a draft adds under `[local]`.
#[derive(Clone, Debug, Default)]
pub(super) struct Local {
    /// List → label and code, in the order of the sheet.
    codes: BTreeMap<String, Vec<(String, String)>>,
    /// List and normalised label → code.
    known: BTreeMap<(String, String), String>,
    indicators: Vec<(String, Indicator)>,
    units: Vec<(String, String)>,
    used: BTreeSet<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Indicator {
    name: String,
    unit: String,
    kind: &'static str,
}

impl Local {
    /// The code of a label in a list, made where the label is new.
    pub fn code(&mut self, list: &str, label: &str) -> String {
        let known = (list.to_owned(), normalise(label).into_owned());
        if let Some(code) = self.known.get(&known) {
            return code.clone();
        }
        let code = self.unused(&format!("{list} x-{}", slug(label, '-')), '-');
        let code = code.trim_start_matches(list).trim_start().to_owned();
        self.alias(list, label, &code);
        self.known.insert(known, code.clone());
        code
    }

    /// A label that means a code of an official list.
    pub fn alias(&mut self, list: &str, label: &str, code: &str) {
        self.codes.entry(list.to_owned()).or_default().push((tidy(label), code.to_owned()));
    }

    pub fn indicator(&mut self, name: &str, unit: &str, kind: &'static str) -> String {
        let made = Indicator { name: tidy(name), unit: unit.to_owned(), kind };
        if let Some((code, _)) = self.indicators.iter().find(|(_, i)| *i == made) {
            return code.clone();
        }
        let code = self.unused(&format!("x_{}", slug(name, '_')), '_');
        self.indicators.push((code.clone(), made));
        code
    }

    pub fn unit(&mut self, name: &str) -> String {
        let name = tidy(name);
        if let Some((code, _)) = self.units.iter().find(|(_, n)| *n == name) {
            return code.clone();
        }
        let code = self.unused(&format!("x_{}", slug(&name, '_')), '_');
        self.units.push((code.clone(), name));
        code
    }

    fn unused(&mut self, wanted: &str, joint: char) -> String {
        let numbered = (2..).map(|n| format!("{wanted}{joint}{n}"));
        let free = std::iter::once(wanted.to_owned()).chain(numbered).find(|c| !self.used.contains(c));
        let free = free.unwrap_or_else(|| wanted.to_owned());
        self.used.insert(free.clone());
        free
    }

    pub fn write(&self) -> String {
        let mut out = String::new();
        for (code, name) in &self.units {
            out.push_str(&format!(
                "\n[local.units.{}]   # no unit of pipelines/codes/unit.csv\nname = {}\n",
                key(code),
                quoted(name)
            ));
        }
        for (code, i) in &self.indicators {
            out.push_str(&format!(
                "\n[local.indicators.{}]\nname = {}\nunit = {}\nkind = {}   # guessed: stock, flow, rate or rule\n",
                key(code),
                quoted(&i.name),
                quoted(&i.unit),
                quoted(i.kind)
            ));
        }
        for (list, labels) in &self.codes {
            let about = if list == "mark" { "   # guessed: why these are no numbers" } else { "" };
            out.push_str(&format!("\n[local.codes.{}]{about}\n", key(list)));
            for (label, code) in labels {
                out.push_str(&format!("{} = {}\n", quoted(label), quoted(code)));
            }
        }
        out
    }
}

/// A key as TOML has it: bare where it can be.
fn key(text: &str) -> String {
    let bare = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if bare { text.to_owned() } else { quoted(text) }
}
