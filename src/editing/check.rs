//! All rules put to all figures: what fails, why, and where each rule applied.

use std::collections::{BTreeMap, BTreeSet};

use num_bigint::BigInt;
use num_traits::Signed as _;
use rust_decimal::Decimal;

use super::bind::{Form, Instance, instances};
use super::cause::{Cause, causes};
use super::doubt::{Doubt, Doubts, doubts};
use super::edit::{Cell, Edit, Exact, Judgement, Verdict, exact};
use super::locate::components;
use super::loose::loose;
use super::material::{Material, Reading};
use super::tell;
use super::words::{address, grouped, place, shown};
use crate::diag::Severity;
use crate::domain::finding::Likely;
use crate::domain::{Finding, Outcome};
use crate::spec::rules::{Rule, Rulebook, Severity as Grave};

/// What a check says.
#[derive(Debug, Default)]
pub struct Report {
    pub findings: Vec<Finding>,
    pub uses: Vec<Use>,
}

/// How often a rule applied to a table, and how it came out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Use {
    pub rule: String,
    pub dataset: String,
    pub table_id: String,
    pub pass: u64,
    pub fail: u64,
    pub unverifiable: u64,
}

/// Put all rules to all figures.
pub fn check(book: &Rulebook, material: &Material) -> Report {
    let cells = material.cells(book);
    let all = instances(book, material);
    let verdicts: Vec<Verdict> = all.iter().map(|instance| verdict(instance, &cells)).collect();
    let doubts = doubts(book, material);
    let failed: BTreeSet<usize> = (0..all.len()).filter(|nth| verdicts[*nth] == Verdict::Fail).collect();
    let mut causes = all_causes(&all, &failed, &cells, material);
    for cause in &mut causes {
        put_supported_first(cause, &doubts.found);
    }
    let cause_of: BTreeMap<usize, &Cause> =
        causes.iter().flat_map(|cause| cause.instances.iter().map(move |nth| (*nth, cause))).collect();
    let mut report = Report::default();
    for (nth, instance) in all.iter().enumerate().filter(|(nth, _)| verdicts[*nth] != Verdict::Pass) {
        let judged = instance.edit.judge(&cells);
        let telling = Telling { book, material, cells: &cells, all: &all, verdicts: &verdicts, doubts: &doubts.found };
        report.findings.push(telling.finding(nth, instance, &judged, cause_of.get(&nth).copied()));
    }
    report.findings.extend(doubts.found.iter().map(|doubt| of_doubt(doubt, book, material)));
    report.uses = uses(book, material, &all, &verdicts, &doubts);
    report
}

fn verdict(instance: &Instance, cells: &[Cell]) -> Verdict {
    match &instance.form {
        Form::Bounds { .. } => {
            let cell = &cells[instance.at];
            if cell.printed.meet(&cell.domain).is_some() { Verdict::Pass } else { Verdict::Fail }
        }
        _ => match instance.edit.verdict(cells) {
            Verdict::Pass if !instance.missing.is_empty() && !is_complete_sum(instance) => Verdict::Unverifiable,
            Verdict::Fail if !instance.missing.is_empty() && !exceeds(instance, cells) => Verdict::Unverifiable,
            Verdict::Pass if loose(instance, cells).is_some() => Verdict::Unverifiable,
            verdict => verdict,
        },
    }
}

/// A sum of parts that reaches its whole is good whatever is missing.
fn is_complete_sum(instance: &Instance) -> bool {
    matches!(instance.form, Form::Parts { .. })
}

/// Parts that are more than their whole are wrong whatever is missing.
fn exceeds(instance: &Instance, cells: &[Cell]) -> bool {
    matches!(instance.form, Form::Parts { .. }) && instance.edit.judge(cells).residual.is_positive()
}

fn all_causes(all: &[Instance], failed: &BTreeSet<usize>, cells: &[Cell], material: &Material) -> Vec<Cause> {
    // An instance that lacks an operand says nothing of the cells it has.
    let whole: Vec<usize> =
        (0..all.len()).filter(|nth| all[*nth].missing.is_empty() && !all[*nth].edit.terms.is_empty()).collect();
    let edits: Vec<Edit> = whole.iter().map(|nth| all[*nth].edit.clone()).collect();
    let mut found = Vec::new();
    for part in components(cells.len(), &edits) {
        let part: Vec<usize> = part.into_iter().map(|nth| whole[nth]).collect();
        if part.iter().any(|nth| failed.contains(nth)) {
            found.extend(causes(&part, failed, all, cells, material));
        }
    }
    let explained: BTreeSet<usize> = found.iter().flat_map(|cause| cause.instances.iter().copied()).collect();
    for nth in failed.iter().filter(|nth| !explained.contains(nth)) {
        let sets = vec![vec![all[*nth].at]];
        found.push(Cause { instances: vec![*nth], sets, repairs: Vec::new() });
    }
    found
}

/// Of repairs and suspects that are equally good, first the ones that a rule of plausibility doubts as well.
fn put_supported_first(cause: &mut Cause, doubts: &[Doubt]) {
    let doubted = |cell: usize| doubts.iter().filter(|doubt| doubt.stands_out && doubt.cells.contains(&cell)).count();
    cause.repairs.sort_by_key(|repair| (!repair.exact, std::cmp::Reverse(doubted(repair.cell))));
}

struct Telling<'a> {
    book: &'a Rulebook,
    material: &'a Material,
    cells: &'a [Cell],
    all: &'a [Instance],
    verdicts: &'a [Verdict],
    doubts: &'a [Doubt],
}

impl Telling<'_> {
    fn finding(&self, nth: usize, instance: &Instance, judged: &Judgement, cause: Option<&Cause>) -> Finding {
        let rule = &self.book.rules[instance.rule];
        let fails = self.verdicts[nth] == Verdict::Fail;
        let loose = loose(instance, self.cells).filter(|_| !fails && instance.missing.is_empty());
        let told = match fails {
            true => tell::failed(instance, judged, self.material),
            false => tell::unverifiable(instance, judged, loose, self.material),
        };
        let words = tell::sentences(&told.fact, instance.at, self.material);
        let severity = if fails { severity(instance, judged, self.material) } else { Severity::Info };
        // What is only worth knowing has a reason of its own, and no slip of print is looked for.
        let likely = cause
            .filter(|_| fails && rule.slips && severity > Severity::Info)
            .map_or_else(Likely::default, |cause| self.likely(instance, cause));
        let suggestion = match (fails, &likely) {
            (false, _) if loose.is_some() => rule.hint.clone(),
            (false, _) => "find what is missing in another table or edition".to_owned(),
            (true, likely) if likely.repair.is_empty() => rule.hint.clone(),
            (true, likely) => format!("compare the cells with the original; {}", likely.repair),
        };
        Finding {
            severity,
            outcome: if fails { Outcome::Fail } else { Outcome::Unverifiable },
            residual: told.residual,
            tolerance: told.tolerance,
            message: words.en,
            message_zh: words.zh,
            suggestion,
            cell: tell::cells(instance, self.material),
            likely,
            ..blank(rule, instance.at, self.material)
        }
    }

    fn likely(&self, instance: &Instance, cause: &Cause) -> Likely {
        let at = &self.material.readings[instance.at];
        let name = |cell: &usize| address(&self.material.readings[*cell], at);
        let stands = |cell: &usize| {
            let reading = &self.material.readings[*cell];
            (!reading.is_of_one_sheet(at), reading.source_file.clone(), reading.sheet.clone(), place(&reading.cell))
        };
        let mut sets = cause.sets.clone();
        sets.iter_mut().for_each(|set| set.sort_by_key(stands));
        sets.sort_by_key(|set| set.iter().map(stands).collect::<Vec<_>>());
        let mut sets: Vec<String> =
            sets.iter().map(|set| set.iter().map(name).collect::<Vec<_>>().join(" + ")).collect();
        sets.dedup();
        let candidates = cause.candidates();
        let repair = match candidates {
            [] => String::new(),
            [only] => format!("one slip explains it: {}", self.repair(only, at)),
            several if several.len() <= REPAIRS_TOLD => {
                let told: Vec<String> = several.iter().map(|one| self.repair(one, at)).collect();
                format!("one of {} slips explains it: {}", several.len(), told.join("; "))
            }
            several => {
                let told: Vec<String> = several.iter().take(REPAIRS_TOLD).map(|one| self.repair(one, at)).collect();
                format!(
                    "{} slips would explain it, so none can be told from the others, for example {}",
                    several.len(),
                    told.join("; ")
                )
            }
        };
        Likely {
            cause: self.name_of(cause),
            suspects: sets.join(" | "),
            repair,
            candidates: Some(candidates.len() as u64),
            agrees: self.agrees(cause),
        }
    }

    fn repair(&self, repair: &super::cause::Repair, from: &Reading) -> String {
        let reading = &self.material.readings[repair.cell];
        let meant = repair.meant.text.parse::<Decimal>().map_or_else(|_| repair.meant.text.clone(), grouped);
        format!(
            "{} {} would have to be {meant} ({})",
            address(reading, from),
            shown(reading),
            repair.meant.slip.as_str()
        )
    }

    /// What findings of one cause have in common: the cells to look at first.
    fn name_of(&self, cause: &Cause) -> String {
        let cells = match cause.candidates() {
            [] => cause.suspects(),
            several => several.iter().map(|repair| repair.cell).collect(),
        };
        if cells.is_empty() {
            let at = &self.material.readings[self.all[cause.instances[0]].at];
            return format!("{}/{}/{}: no few cells", at.dataset, at.table_id, at.edition);
        }
        let mut names: Vec<String> = cells.iter().map(|cell| self.material.readings[*cell].obs_id.clone()).collect();
        names.sort();
        let more = names.len().saturating_sub(CELLS_TOLD);
        names.truncate(CELLS_TOLD);
        let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{}{rest}", names.join(" | "))
    }

    /// Who else says so: other failed rules of the cause, rules of plausibility that doubt the same cell, and places that
    /// print the figures which the cause leaves as they are.
    fn agrees(&self, cause: &Cause) -> String {
        let mut told: BTreeSet<String> = BTreeSet::new();
        if cause.instances.len() > 1 {
            let mut rules: Vec<String> = cause
                .instances
                .iter()
                .map(|nth| {
                    let instance = &self.all[*nth];
                    format!(
                        "{} of {}",
                        self.book.rules[instance.rule].id, self.material.readings[instance.at].key.period
                    )
                })
                .collect();
            rules.sort();
            rules.dedup();
            told.insert(format!("explains {}", rules.join(", ")));
        }
        let suspects: BTreeSet<usize> = match cause.candidates() {
            [] => cause.suspects(),
            several => several.iter().map(|repair| repair.cell).collect(),
        };
        for doubt in self.doubts.iter().filter(|doubt| doubt.cells.iter().any(|cell| suspects.contains(cell))) {
            told.insert(format!("{} doubts {}", self.book.rules[doubt.rule].id, self.material.readings[doubt.at].cell));
        }
        let kept: BTreeSet<usize> = cause
            .instances
            .iter()
            .flat_map(|nth| self.all[*nth].edit.cells())
            .filter(|cell| !suspects.contains(cell))
            .collect();
        for cell in kept {
            let reading = &self.material.readings[cell];
            for other in self.material.agreeing(cell) {
                let other = &self.material.readings[other];
                told.insert(format!("{}!{} prints {} too", other.source_file, other.cell, shown(reading)));
            }
        }
        let mut all: Vec<String> = told.into_iter().collect();
        all.truncate(AGREEING_TOLD);
        all.join("; ")
    }
}

/// Slips that a message tells, of those that are equally likely; how many there are is told in any case.
const REPAIRS_TOLD: usize = 5;
const CELLS_TOLD: usize = 4;
const AGREEING_TOLD: usize = 6;

fn severity(instance: &Instance, judged: &Judgement, material: &Material) -> Severity {
    if let Form::Level { near_pct, .. } = &instance.form {
        let bound = exact(material.readings[instance.at].value.unwrap_or_default()) + &judged.residual;
        let hundred = Exact::from_integer(BigInt::from(100));
        if judged.residual.abs() * hundred <= bound.abs() * Exact::from_integer(BigInt::from(*near_pct)) {
            return Severity::Info;
        }
    }
    instance.severity.resolved()
}

fn blank(rule: &Rule, at: usize, material: &Material) -> Finding {
    let reading = &material.readings[at];
    Finding {
        rule: rule.id.clone(),
        rule_zh: rule.zh.clone(),
        severity: rule.severity.resolved(),
        outcome: Outcome::Fail,
        dataset: reading.dataset.to_string(),
        period: reading.key.period.to_string(),
        region: reading.key.region.to_string(),
        scheme: reading.key.scheme.to_string(),
        source_file: reading.source_file.to_string(),
        sheet: reading.sheet.to_string(),
        cell: reading.cell.clone(),
        residual: None,
        tolerance: None,
        message: String::new(),
        message_zh: String::new(),
        suggestion: rule.hint.clone(),
        likely: Likely::default(),
    }
}

fn of_doubt(doubt: &Doubt, book: &Rulebook, material: &Material) -> Finding {
    let rule = &book.rules[doubt.rule];
    let at = &material.readings[doubt.at];
    let words = tell::sentences(&doubt.fact, doubt.at, material);
    let cells: Vec<String> = doubt.cells.iter().map(|cell| address(&material.readings[*cell], at)).collect();
    Finding {
        severity: doubt.severity.map_or(rule.severity, |own: Grave| own).resolved(),
        cell: cells.join(" "),
        residual: doubt.residual,
        tolerance: doubt.tolerance,
        message: words.en,
        message_zh: words.zh,
        likely: doubt.likely.clone(),
        ..blank(rule, doubt.at, material)
    }
}

fn uses(book: &Rulebook, material: &Material, all: &[Instance], verdicts: &[Verdict], doubts: &Doubts) -> Vec<Use> {
    let mut counts: BTreeMap<(usize, String, String), [u64; 3]> = BTreeMap::new();
    let table = |at: usize| (material.readings[at].dataset.to_string(), material.readings[at].table_id.to_string());
    for (instance, verdict) in all.iter().zip(verdicts) {
        let (dataset, table_id) = table(instance.at);
        counts.entry((instance.rule, dataset, table_id)).or_default()[*verdict as usize] += 1;
    }
    let doubted: BTreeSet<(usize, usize)> = doubts.found.iter().map(|doubt| (doubt.rule, doubt.at)).collect();
    for (rule, at) in &doubts.looked {
        let (dataset, table_id) = table(*at);
        let verdict = if doubted.contains(&(*rule, *at)) { Verdict::Fail } else { Verdict::Pass };
        counts.entry((*rule, dataset, table_id)).or_default()[verdict as usize] += 1;
    }
    for nth in 0..book.rules.len() {
        if !counts.keys().any(|(rule, ..)| *rule == nth) {
            counts.insert((nth, String::new(), String::new()), [0; 3]);
        }
    }
    let of_rule = |((rule, dataset, table_id), [pass, fail, unverifiable]): ((usize, String, String), [u64; 3])| Use {
        rule: book.rules[rule].id.clone(),
        dataset,
        table_id,
        pass,
        fail,
        unverifiable,
    };
    let mut uses: Vec<Use> = counts.into_iter().map(of_rule).collect();
    uses.sort();
    uses
}
