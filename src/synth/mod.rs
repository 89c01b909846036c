//! Made-up extracts with the truth beside them: for tests, measurements and demonstrations.
//!
//! Nothing is kept of a person: what befalls whom is drawn from the seed and the person's number each time it is asked, so
//! that any number of persons and months is written in the memory of the units. Files are written by the layouts of
//! `pipelines/`, spread as `pipelines/synth.toml` says, and the same seed gives the same bytes.

mod fate;
mod write;
mod truth;
mod month;
mod count;

use std::io;
use std::path::Path;

use crate::domain::{Codebook, Period};
use crate::spec::Source;
use crate::spec::synth::Synth;

use fate::{Chance, Fate};
pub use truth::Truth;
use write::Layouts;

/// How much is made up.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub persons: u64,
    pub months: u32,
    pub seed: u64,
}

/// Why nothing is made up.
#[derive(Debug, thiserror::Error)]
pub enum SynthError {
    #[error("cannot write {path}: {source}")]
    Io { path: String, source: io::Error },
    #[error("the source \"{source_id}\" has no layout of {table}; add one to pipelines/{source_id}/")]
    NoLayout { source_id: String, table: &'static str },
    #[error("the layout {spec} cannot be written: {why}")]
    Layout { spec: String, why: String },
}

/// A unit of one region and group. Its persons have consecutive numbers; two units beside each other exchange persons.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unit {
    pub number: u64,
    pub region: usize,
    pub group: usize,
    pub first_person: u64,
    pub persons: u64,
}

/// All that is the same in every month.
pub(crate) struct World<'a> {
    pub synth: &'a Synth,
    pub size: Size,
    pub chance: Chance,
    /// Months since the year 0.
    pub start: u32,
    pub regions: Vec<&'a str>,
    /// In the order of their regions, an even number in each, and where those of each region lie.
    pub units: Vec<Unit>,
    pub fates: Vec<Fate>,
    pub places: Vec<std::ops::Range<usize>>,
    /// Where the numbers of each region's pensioners begin, and how many there are.
    pub retired: Vec<(u64, u64)>,
}

/// Write a set of extracts below a folder with the calendar by which they are due, and the truth about it into `truth/`.
///
/// # Errors
/// The folder cannot be written, or the source has no layout of one of the record tables.
pub fn write(
    synth: &Synth,
    source: &Source,
    codebook: &Codebook,
    size: Size,
    into: &Path,
    progress: &mut dyn FnMut(&str),
) -> Result<Truth, SynthError> {
    let world = World::new(synth, size);
    let layouts = Layouts::new(source, codebook, into)?;
    let mut truth = Truth::default();
    write::calendar(synth, source, into)?;
    write::wages(synth, codebook, world.start / 12 - 1..=(world.start + size.months - 1) / 12, into)?;
    for month in 0..size.months {
        let name = crate::store::records::month_text(world.start + month);
        progress(&name);
        for region in 0..world.regions.len() {
            month::write(&world, &layouts, region, month, &mut truth)?;
        }
    }
    truth.write(&into.join("truth"))?;
    Ok(truth)
}

impl<'a> World<'a> {
    fn new(synth: &'a Synth, size: Size) -> World<'a> {
        let chance = Chance::new(size.seed);
        let regions: Vec<&str> = synth.regions.keys().map(|code| code.get_ref().as_str()).collect();
        let weights: Vec<u64> = synth.regions.values().map(|weight| u64::from(*weight)).collect();
        let all: u64 = weights.iter().sum();
        let (mut units, mut retired) = (Vec::new(), Vec::new());
        let (mut first, mut gone, mut places) = (0, 0, Vec::new());
        for (region, weight) in weights.iter().enumerate() {
            gone += weight;
            // What rounding leaves falls to the next region, so that all persons are somewhere.
            let end = size.persons * gone / all;
            let begun = units.len();
            settle(synth, chance, region, first..end, &mut units);
            places.push(begun..units.len());
            first = end;
        }
        let mut next = size.persons;
        for weight in &weights {
            let pensioners = (size.persons as f64 * synth.rates.retired) as u64 * weight / all;
            retired.push((next, pensioners));
            next += pensioners;
        }
        let start = match synth.start.get_ref().parse() {
            Ok(Period::Month { year, month }) => year as u32 * 12 + month as u32 - 1,
            _ => 0,
        };
        let mut world = World { synth, size, chance, start, regions, units, fates: Vec::new(), places, retired };
        world.fates = world.units.iter().map(|unit| world.fate(unit)).collect();
        world
    }
}

/// Spread the persons of a region over units, in pairs.
fn settle(synth: &Synth, chance: Chance, region: usize, persons: std::ops::Range<u64>, units: &mut Vec<Unit>) {
    let weights: u64 = synth.group.iter().map(|group| u64::from(group.weight)).sum();
    let mut first = persons.start;
    let begun = units.len();
    while first < persons.end {
        let number = units.len() as u64;
        let mut drawn = chance.draw(fate::Tag::Group, number / 2, 0) % weights.max(1);
        let group = synth.group.iter().position(|group| {
            let weight = u64::from(group.weight);
            let is_it = drawn < weight;
            drawn = drawn.wrapping_sub(weight);
            is_it
        });
        let group = group.unwrap_or_default();
        let mean = u64::from(synth.group[group].persons.max(1));
        // Between a fifth and almost twice of the mean.
        let wanted = (mean / 5 + chance.draw(fate::Tag::Persons, number, 0) % (mean * 8 / 5 + 1)).max(1);
        let persons = wanted.min(persons.end - first);
        units.push(Unit { number, region, group, first_person: first, persons });
        first += persons;
    }
    if (units.len() - begun) % 2 == 1 {
        let number = units.len() as u64;
        units.push(Unit { number, region, group: units[begun].group, first_person: first, persons: 0 });
    }
}
