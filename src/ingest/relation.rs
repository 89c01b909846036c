//! Declared wholes and parts (勾稽关系), with the parts that the table holds.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::Reading;
use crate::domain::{Code, Dimension, Observation, Observations, Relation};
use crate::spec::table::{Parts, RelationSpec};

pub(super) fn relations(reading: &Reading, observations: &Observations) -> Vec<Relation> {
    let mut relations = Vec::new();
    for (nth, spec) in reading.layout().relations.iter().enumerate() {
        let parts = match &spec.parts {
            Parts::Listed(codes) => codes.clone(),
            Parts::Rest => rest(spec, observations),
        };
        let indicators = match spec.indicators.is_empty() {
            true => vec![Code::total()],
            false => spec.indicators.clone(),
        };
        for indicator in &indicators {
            let suffix = if indicators.len() > 1 { format!("/{indicator}") } else { String::new() };
            let relation_id = format!("{}/{}-{}{suffix}", reading.name(), spec.kind.as_str(), nth + 1);
            relations.extend(parts.iter().map(|part| Relation {
                relation_id: relation_id.clone(),
                dataset: reading.table.dataset.clone(),
                table_id: reading.table.id.clone(),
                kind: spec.kind,
                dimension: spec.dimension,
                whole: spec.whole.clone(),
                part: part.clone(),
                indicator: indicator.clone(),
            }));
        }
    }
    relations
}

/// Every code of the dimension in the table but the whole.
fn rest(spec: &RelationSpec, observations: &Observations) -> Vec<Code> {
    let concerned =
        observations.iter().filter(|o| spec.indicators.is_empty() || spec.indicators.contains(o.indicator()));
    let codes: BTreeSet<Cow<'_, Code>> =
        concerned.map(|o| member(spec.dimension, o)).filter(|c| **c != spec.whole).collect();
    codes.into_iter().map(Cow::into_owned).collect()
}

fn member(dimension: Dimension, o: &Observation) -> Cow<'_, Code> {
    match dimension {
        Dimension::Indicator => Cow::Borrowed(o.indicator()),
        Dimension::Breakdown => Cow::Owned(Code::new(&o.breakdown().to_string())),
        _ => o.code(dimension).map_or_else(|| Cow::Owned(Code::total()), Cow::Borrowed),
    }
}
