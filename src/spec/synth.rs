//! `pipelines/synth.toml`: how made-up extracts are spread, for tests, measurements and demonstrations.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::calendar::OnMissing;
use super::meaning::Scope;
use super::raw::Text;
use super::{read, schema};
use crate::diag::{Checked, Diagnostic, Place, SourceText};
use crate::domain::{Codebook, Period};
use crate::project::Project;

const FILE: &str = "synth.toml";

/// How persons, units and their fates are spread.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Synth {
    /// The source by whose layouts the files are written; it has one for each record table.
    #[schemars(with = "String")]
    pub source: Text,
    /// The first month.
    #[schemars(with = "String")]
    pub start: Text,
    /// The mean wage of a month, which bounds the contribution bases.
    pub average_wage_yuan: u32,
    /// The least contribution base in percent of the mean wage.
    pub floor_pct: u32,
    /// The largest contribution base in percent of the mean wage.
    pub ceiling_pct: u32,
    /// Region → its weight.
    #[schemars(with = "BTreeMap<String, u32>")]
    pub regions: BTreeMap<Text, u32>,
    /// The schemes of employees.
    pub scheme: Vec<Scheme>,
    /// Who is in two schemes of which one excludes the other.
    pub exclusive: Exclusive,
    /// Kinds of units.
    pub group: Vec<Group>,
    /// How often what happens.
    pub rates: Rates,
    /// What pensioners get.
    pub pension: Benefit,
    /// What is paid for the treated.
    pub treatment: Benefit,
    /// How the mean wage and the bounds of bases are told, a file for each year from the one before the first month.
    pub wage: Wage,
    /// How records call what happened.
    pub states: States,
    /// What is said of when the files are due.
    pub calendar: Due,
}

/// The calendar that is written beside the files: each kind is due every month, of every region.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Due {
    /// By whose clock files are late.
    pub time_zone: String,
    /// Day of the month after, on which they are due.
    pub due_day: u8,
    /// What is done with a month of which a file is missing.
    pub on_missing: OnMissing,
}

/// A table of mean wages and bounds of bases.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Wage {
    /// Its path, with `{year}`.
    #[schemars(with = "String")]
    pub file: Text,
    /// The region for which they hold.
    #[schemars(with = "String")]
    pub region: Text,
    /// Over the region, the mean wage of a month, the least and the largest base in percent of it.
    pub header: [String; 4],
}

/// A benefit.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Benefit {
    /// A code of `codes/scheme.csv`.
    #[schemars(with = "String")]
    pub scheme: Text,
    /// A code of `codes/benefit_kind.csv`.
    #[schemars(with = "String")]
    pub benefit_kind: Text,
}

/// Codes of states.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct States {
    /// A unit that is there: a code of `codes/unit_status.csv`.
    #[schemars(with = "String")]
    pub active: Text,
    /// A unit that has ended.
    #[schemars(with = "String")]
    pub cancelled: Text,
    /// A contribution paid in its month: a code of `codes/payment_status.csv`.
    #[schemars(with = "String")]
    pub paid: Text,
    /// One that is owed.
    #[schemars(with = "String")]
    pub unpaid: Text,
    /// One that was paid later.
    #[schemars(with = "String")]
    pub recovered: Text,
    /// The group whose persons at work are counted: a code of `codes/population.csv`.
    #[schemars(with = "String")]
    pub population: Text,
}

/// A scheme of employees.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Scheme {
    /// A code of `codes/scheme.csv`.
    #[schemars(with = "String")]
    pub code: Text,
    /// The share of the employees who are in it.
    pub share: f64,
    /// What the unit owes, in percent of the base.
    pub unit_pct: u32,
    /// What the person owes, in percent of the base.
    pub person_pct: u32,
}

/// A scheme that some employees are in and may not be.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Exclusive {
    /// A code of `codes/scheme.csv`.
    #[schemars(with = "String")]
    pub scheme: Text,
    /// The scheme that it excludes.
    #[schemars(with = "String")]
    pub excludes: Text,
    /// The share of the employees who are in both.
    pub share: f64,
    /// What is paid a month.
    pub yuan: u32,
}

/// Units of an industry and a registration type.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Group {
    /// A code of `codes/industry.csv`.
    #[schemars(with = "String")]
    pub industry: Text,
    /// A code of `codes/ownership.csv`.
    #[schemars(with = "String")]
    pub ownership: Text,
    /// What they are called, with `{region}` for the name of their region and `{number}` for their own number.
    pub name: String,
    /// Its weight by number of units.
    pub weight: u32,
    /// Employees of a unit, on average.
    pub persons: u32,
    /// The mean wage of a month.
    pub wage_yuan: u32,
}

/// Shares of all persons or units.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Rates {
    /// Persons at work who are in no scheme.
    pub uninsured: f64,
    /// Persons insured after the first month.
    pub new: f64,
    /// Persons who leave and do not come back.
    pub stopped: f64,
    /// Persons who leave for some months.
    pub gap: f64,
    /// Persons who change to another unit.
    pub transferred: f64,
    /// Units that owe for some months.
    pub arrears: f64,
    /// Of these, units that pay all of it afterwards.
    pub arrears_recovered: f64,
    /// Units that end.
    pub cancelled: f64,
    /// Pensioners for each employee.
    pub retired: f64,
    /// Persons who die.
    pub death: f64,
    /// Of the pensioners who die, those whose pension goes on.
    pub claim_after_death: f64,
    /// Of these, those from whom it is taken back when the death is known.
    pub claim_recovered: f64,
    /// Insured persons of the second scheme who are paid for in a month.
    pub treated: f64,
    /// Records of contributions that have a wrong cell.
    pub wrong: f64,
}

/// Read the file of a project, its codes checked.
///
/// # Errors
/// There is none, or it has faults.
pub fn load(project: &Project, codebook: &Codebook) -> Checked<Option<Synth>> {
    let mut faults = Vec::new();
    let path = project.pipelines().join(FILE);
    let text = read(&path, &|path| project.display(path), &mut faults);
    let raw = text.as_ref().and_then(|text| Some((text, schema::parse::<Synth>(text, &mut faults)?)));
    let synth = raw.map(|(text, synth)| {
        faults.extend(check(text, &synth, codebook));
        synth
    });
    Checked::new(synth, faults)
}

fn check(text: &Arc<SourceText>, synth: &Synth, codebook: &Codebook) -> Vec<Diagnostic> {
    let mut scope = Scope { book: codebook, source: text, questionnaire: None, faults: Vec::new() };
    synth.regions.keys().for_each(|code| drop(scope.code("region", code)));
    synth.scheme.iter().for_each(|scheme| drop(scope.code("scheme", &scheme.code)));
    scope.code("region", &synth.wage.region);
    for code in [&synth.exclusive.scheme, &synth.exclusive.excludes] {
        scope.code("scheme", code);
    }
    let states = &synth.states;
    for (list, code) in [
        ("scheme", &synth.pension.scheme),
        ("benefit_kind", &synth.pension.benefit_kind),
        ("scheme", &synth.treatment.scheme),
        ("benefit_kind", &synth.treatment.benefit_kind),
        ("unit_status", &states.active),
        ("unit_status", &states.cancelled),
        ("payment_status", &states.paid),
        ("payment_status", &states.unpaid),
        ("payment_status", &states.recovered),
        ("population", &states.population),
    ] {
        scope.code(list, code);
    }
    for group in &synth.group {
        scope.code("industry", &group.industry);
        scope.code("ownership", &group.ownership);
    }
    if !matches!(synth.start.get_ref().parse(), Ok(Period::Month { .. })) {
        let message = format!("\"{}\" is not a month", synth.start.get_ref());
        scope.fault(synth.start.span(), "synth-start", message, "write \"2025-01\"");
    }
    if synth.scheme.len() < 2 || synth.group.is_empty() || synth.regions.values().all(|weight| *weight == 0) {
        let place = Place::span(text, Spanned::span(&synth.source));
        let message = "there must be two schemes, a group and a region at least";
        scope.faults.push(Diagnostic::error("synth-empty", message).at(place));
    }
    scope.faults
}
