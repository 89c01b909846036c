//! The rules of a project, read from their files and held against the code lists.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use super::{Rule, Rulebook, Rules};
use crate::diag::{Checked, Diagnostic, Place as At, SourceText};
use crate::domain::Codebook;
use crate::domain::label::nearest;
use crate::project::Project;
use crate::spec::{self, schema};

/// Read the rules of a project; none where there is no such folder.
pub fn load(project: &Project, codebook: &Codebook) -> Checked<Rulebook> {
    let mut faults = Vec::new();
    let shown = |path: &Path| project.display(path);
    let (mut book, mut known) = (Rulebook::default(), BTreeSet::new());
    let folder = project.rules();
    let files = if folder.is_dir() { spec::listing(&folder, &shown, &mut faults) } else { Vec::new() };
    for path in files.iter().filter(|path| path.extension().is_some_and(|e| e == "toml")) {
        let Some(text) = spec::read(path, &shown, &mut faults) else { continue };
        let Some(file) = schema::parse::<Rules>(&text, &mut faults) else { continue };
        for mut rule in file.rule {
            faults.extend(name(&mut rule, &file.roles, &text));
            faults.extend(check(&rule, &mut known, codebook, &text));
            book.rules.push(rule);
        }
        book.weights = file.weights.unwrap_or(book.weights);
    }
    Checked::new(book, faults)
}

/// Give the figures of a rule their Chinese names.
fn name(rule: &mut Rule, roles: &BTreeMap<String, String>, text: &Arc<SourceText>) -> Vec<Diagnostic> {
    let id = rule.id.clone();
    let mut faults = Vec::new();
    let mut missed = BTreeSet::new();
    for operand in rule.operands_mut() {
        let role = &mut operand.role;
        match roles.get(&role.en) {
            Some(zh) if !zh.trim().is_empty() => role.zh.clone_from(zh),
            _ if missed.insert(role.en.clone()) => {
                let message = format!("the rule \"{id}\" has the role \"{}\", which has no Chinese name", role.en);
                let hint = format!(
                    "findings are told in both languages: write \"{}\" = \"…\" below [roles] in this file",
                    role.en
                );
                faults.push(Diagnostic::error("role-unnamed", message).at(place(text, &id, &role.en)).hint(hint));
            }
            _ => {}
        }
    }
    faults
}

/// Where a word stands in quotation marks in the text of a rule.
fn place(text: &Arc<SourceText>, rule: &str, word: &str) -> At {
    let start = text.text.find(&format!("\"{rule}\"")).unwrap_or(0);
    let found = text.text[start..].find(&format!("\"{word}\"")).map_or(start, |nth| start + nth);
    At::span(text, found..found + word.len() + 2)
}

/// What the form of a rule's file does not say.
fn check(rule: &Rule, known: &mut BTreeSet<String>, codebook: &Codebook, text: &Arc<SourceText>) -> Vec<Diagnostic> {
    let at = |word: &str| place(text, &rule.id, word);
    let mut faults = Vec::new();
    if !known.insert(rule.id.clone()) {
        let message = format!("there is already a rule \"{}\"", rule.id);
        faults.push(Diagnostic::error("rule-twice", message).at(at(&rule.id)).hint("give one of them another name"));
    }
    match rule.kinds().as_slice() {
        [_] => {}
        kinds => {
            let given = if kinds.is_empty() { "none".to_owned() } else { kinds.join(" and ") };
            let message = format!("the rule \"{}\" must be of one kind, and says {given}", rule.id);
            let hint =
                "write one table below it: [rule.linear], [rule.rate], [rule.range] …; pipelines/README.md lists them";
            faults.push(Diagnostic::error("rule-kind", message).at(at(&rule.id)).hint(hint));
        }
    }
    for indicator in rule.indicators() {
        if codebook.indicator(indicator).is_none() {
            let message =
                format!("the rule \"{}\" names the indicator \"{indicator}\", which no code list has", rule.id);
            let near = nearest(indicator, codebook.indicators.iter().map(|i| i.code.as_str()));
            let hint = match near.is_empty() {
                true => "indicators stand in pipelines/codes/indicator.csv".to_owned(),
                false => format!("did you mean {}?", near.join(", ")),
            };
            faults.push(Diagnostic::error("unknown-indicator", message).at(at(indicator)).hint(hint));
        }
    }
    faults
}
