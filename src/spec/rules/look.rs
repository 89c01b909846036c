//! What a rule looks at: the indicators, places and figures that its kind names.

use super::{Operand, Place, Rule};

impl Rule {
    /// The indicators that the rule looks at, so that other figures need not be.
    pub fn indicators(&self) -> Vec<&str> {
        let mut all: Vec<&str> = self.indicator_lists().into_iter().flatten().flatten().map(String::as_str).collect();
        all.extend(self.places_named().into_iter().map(|place| place.indicator.as_str()));
        all
    }

    fn indicator_lists(&self) -> [Option<&Vec<String>>; 3] {
        [
            self.range.as_ref().map(|kind| &kind.indicators),
            self.magnitude.as_ref().map(|kind| &kind.indicators),
            self.coincidence.as_ref().map(|kind| &kind.indicators),
        ]
    }

    /// The figures that the rule needs, to give them their names.
    pub(super) fn operands_mut(&mut self) -> Vec<&mut Operand> {
        let mut all: Vec<&mut Operand> = Vec::new();
        all.extend(self.linear.iter_mut().flat_map(|kind| kind.terms.iter_mut().chain(&mut kind.or)));
        all.extend(
            self.rate.iter_mut().flat_map(|kind| [&mut kind.part, &mut kind.whole].into_iter().chain(&mut kind.less)),
        );
        all.extend(self.direction.iter_mut().flat_map(|kind| &mut kind.terms));
        all
    }

    fn places_named(&self) -> Vec<&Place> {
        let mut places = Vec::new();
        let mut operands: Vec<&Operand> = Vec::new();
        if let Some(kind) = &self.linear {
            places.push(&kind.at);
            operands.extend(kind.terms.iter().chain(&kind.or));
        }
        if let Some(kind) = &self.rate {
            places.push(&kind.at);
            operands.extend([&kind.part, &kind.whole].into_iter().chain(&kind.less));
        }
        if let Some(kind) = &self.level {
            places.extend([&kind.at, &kind.per, &kind.standard]);
        }
        places.extend(self.growth.iter().map(|kind| &kind.at));
        places.extend(self.peers.iter().flat_map(|kind| [&kind.at, &kind.per]));
        places.extend(self.proportional.iter().map(|kind| &kind.at));
        if let Some(kind) = &self.direction {
            places.push(&kind.at);
            operands.extend(&kind.terms);
        }
        for operand in operands {
            places.extend([&operand.is].into_iter().chain(&operand.or).chain(&operand.each));
        }
        places
    }
}
