//! In which order the models run: read off the queries themselves.

use std::collections::{BTreeMap, BTreeSet};

use super::fault::suggest;
use super::model::{Audit, Layer, Library, Model, Query};
use crate::diag::{Diagnostic, Place};

/// The table the engine makes from the findings of ingest and of every audit.
pub const FINDINGS: &str = "core_finding";

/// The table of where each editing rule applied, made together with the findings.
pub const CHECKS: &str = "core_check";

/// One step of a build; indices into the library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Model(usize),
    /// Run the audits and write [`FINDINGS`].
    Findings,
}

/// The steps, each after all it reads; equal ones in the order core, ind, findings, out, then by name. Of the tables that
/// are given, `by_month` lie by month.
///
/// # Errors
/// A query reads an unknown table or one of a layer it may not read, or months that there are not, or models read each
/// other in a circle.
pub fn order(library: &Library, stage: &[&str], by_month: &[&str]) -> Result<Vec<Step>, Vec<Diagnostic>> {
    let mut faults = check_reads(library, stage);
    faults.extend(check_months(library, by_month));
    if !faults.is_empty() {
        return Err(faults);
    }
    let by_name: BTreeMap<&str, usize> = library.models.iter().enumerate().map(|(n, m)| (m.name.as_str(), n)).collect();
    let mut waiting: BTreeSet<(u8, &str)> = library.models.iter().map(|m| (rank(m.layer), m.name.as_str())).collect();
    waiting.insert((RANK_OF_FINDINGS, FINDINGS));
    let mut done: BTreeSet<&str> = stage.iter().copied().collect();
    let mut steps = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let ready = waiting.iter().copied().find(|(_, name)| {
            needs(library, by_name.get(name).map(|nth| &library.models[*nth])).all(|needed| done.contains(needed))
        });
        let Some(next) = ready else {
            let rest: BTreeSet<&str> = waiting.iter().map(|(_, name)| *name).collect();
            return Err(vec![cycle(library, &by_name, &rest)]);
        };
        waiting.remove(&next);
        done.insert(next.1);
        steps.push(by_name.get(next.1).map_or(Step::Findings, |nth| Step::Model(*nth)));
    }
    Ok(steps)
}

/// Every table that a model or audit reads, directly or through others.
pub fn upstream<'a>(library: &'a Library, name: &str) -> BTreeSet<&'a str> {
    let audit = library.audits.iter().find(|audit| audit.name == name).map(|audit| &audit.query);
    let model = library.models.iter().find(|model| model.name == name).map(|model| &model.query);
    let mut found = BTreeSet::new();
    let mut waiting: Vec<&Query> = model.or(audit).into_iter().collect();
    while let Some(query) = waiting.pop() {
        for (read, _) in &query.reads {
            if found.insert(read.as_str()) {
                waiting.extend(library.models.iter().filter(|model| model.name == *read).map(|model| &model.query));
                if read == FINDINGS {
                    waiting.extend(library.audits.iter().map(|audit| &audit.query));
                }
            }
        }
    }
    found
}

const RANK_OF_FINDINGS: u8 = 3;

fn rank(layer: Layer) -> u8 {
    match layer {
        Layer::Stage => 0,
        Layer::Core => 1,
        Layer::Ind => 2,
        Layer::Out => RANK_OF_FINDINGS + 1,
    }
}

/// What a model reads; without a model: what the audits read.
fn needs<'a>(library: &'a Library, model: Option<&'a Model>) -> Box<dyn Iterator<Item = &'a str> + 'a> {
    fn names(query: &Query) -> impl Iterator<Item = &str> {
        query.reads.iter().map(|(name, _)| name.as_str())
    }
    match model {
        // A model that reads itself reads the month before.
        Some(model) => Box::new(names(&model.query).filter(|name| model.growth.is_none() || *name != model.name)),
        // Doubled keys are findings too, so every core and ind model comes first.
        None => Box::new(
            library
                .audits
                .iter()
                .flat_map(|audit| names(&audit.query))
                .chain(library.models.iter().filter(|m| m.layer < Layer::Out).map(|m| m.name.as_str())),
        ),
    }
}

fn check_reads(library: &Library, stage: &[&str]) -> Vec<Diagnostic> {
    let mut known: Vec<&str> = library.models.iter().map(|m| m.name.as_str()).chain(stage.iter().copied()).collect();
    known.push(FINDINGS);
    known.sort_unstable();
    let mut faults = Vec::new();
    for (nth, model) in library.models.iter().enumerate() {
        let twin = library.models[..nth].iter().find(|earlier| earlier.name == model.name);
        if let Some(twin) = twin.map(|twin| twin.query.source.name.as_str()).or([FINDINGS, CHECKS]
            .iter()
            .chain(stage)
            .any(|made| *made == model.name)
            .then_some("the engine"))
        {
            let message = format!("\"{}\" is already made by {twin}", model.name);
            faults.push(Diagnostic::error("duplicate-table", message).at(Place::span(&model.query.source, 0..0)));
        }
        let (reader, allowed) = match model.layer {
            Layer::Stage | Layer::Core => ("a core_ model", &[Layer::Stage, Layer::Core][..]),
            Layer::Ind => ("an ind_ model", &[Layer::Core, Layer::Ind][..]),
            Layer::Out => ("an out_ model", &[Layer::Core, Layer::Ind, Layer::Out][..]),
        };
        let findings_allowed = model.layer == Layer::Out;
        check_query(&model.query, reader, allowed, findings_allowed, &known, &mut faults);
    }
    for Audit { query, .. } in &library.audits {
        check_query(query, "an audit", &[Layer::Core, Layer::Ind], false, &known, &mut faults);
    }
    faults
}

fn check_months(library: &Library, given: &[&str]) -> Vec<Diagnostic> {
    let grown = |name: &str| library.models.iter().any(|model| model.name == name && model.growth.is_some());
    let by_month = |name: &str| given.contains(&name) || grown(name);
    let of_model = |model: &Model| {
        let read: Vec<&str> = model.query.reads.iter().map(|(name, _)| name.as_str()).collect();
        model.growth.as_ref().map(|growth| growth.check(&model.name, &read, &by_month)).unwrap_or_default()
    };
    library.models.iter().flat_map(of_model).collect()
}

fn check_query(
    query: &Query,
    reader: &str,
    allowed: &[Layer],
    findings_allowed: bool,
    known: &[&str],
    faults: &mut Vec<Diagnostic>,
) {
    for (name, span) in &query.reads {
        let place = Place::span(&query.source, span.clone());
        if !known.contains(&name.as_str()) {
            let fault = Diagnostic::error("unknown-table", format!("no table \"{name}\"")).at(place);
            faults.push(fault.hint(suggest(name, "tables", known)));
        } else if name == FINDINGS && !findings_allowed {
            let message = format!("{reader} may not read {FINDINGS}, which is made from what comes after it");
            faults.push(Diagnostic::error("layer", message).at(place).hint("only out_ models read the findings"));
        } else if name != FINDINGS && !Layer::of(name).is_some_and(|layer| allowed.contains(&layer)) {
            let layers: Vec<String> = allowed.iter().map(|layer| format!("{}_", layer.as_str())).collect();
            let message = format!("{reader} may not read \"{name}\"");
            faults.push(
                Diagnostic::error("layer", message).at(place).hint(format!("it reads {} only", layers.join(", "))),
            );
        }
    }
}

/// Follow what each waiting model waits for until one comes back.
fn cycle(library: &Library, by_name: &BTreeMap<&str, usize>, waiting: &BTreeSet<&str>) -> Diagnostic {
    let mut path: Vec<&str> = Vec::new();
    let mut at = waiting.iter().copied().find(|name| *name != FINDINGS).unwrap_or(FINDINGS);
    while !path.contains(&at) {
        path.push(at);
        let model = by_name.get(at).map(|nth| &library.models[*nth]);
        let Some(next) = needs(library, model).find(|name| waiting.contains(name)) else { break };
        at = next;
    }
    let start = path.iter().position(|name| *name == at).unwrap_or(0);
    let mut circle: Vec<&str> = path[start..].to_vec();
    circle.push(at);
    let message = format!("models read each other in a circle: {}", circle.join(" → "));
    let place = by_name.get(at).map(|nth| &library.models[*nth].query).map(|query| {
        let next = circle.get(1).copied().unwrap_or(at);
        let span = query.reads.iter().find(|(name, _)| name == next).map_or(0..0, |(_, span)| span.clone());
        Place::span(&query.source, span)
    });
    Diagnostic::error("model-cycle", message)
        .at(place.unwrap_or_default())
        .hint("move what both need into a model of its own that reads neither")
}
