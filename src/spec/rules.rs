//! The editing rules under `pipelines/rules/`: what must hold between figures, as types. Putting them to figures is the
//! business of `editing`.

mod load;
mod look;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

pub use load::load;

/// One file of rules.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Rules {
    /// What the roles of the file are called in Chinese.
    #[serde(default)]
    pub roles: BTreeMap<String, String>,
    /// The rules of the file.
    #[serde(default)]
    pub rule: Vec<Rule>,
    /// How loath the localisation is to change a cell.
    pub weights: Option<Weights>,
}

/// A rule: what it says, how grave it is, and, in one table, what kind of rule it is.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Rule {
    /// Kebab case; stands in `core_finding.rule`.
    pub id: String,
    /// How grave a failure is.
    pub severity: Severity,
    /// What the rule says, in Chinese.
    pub zh: String,
    /// What the rule says, in English.
    pub en: String,
    /// Where the rule is written: a regulation, a manual, a paper.
    pub reference: String,
    /// What to do about a failure that no slip explains.
    pub hint: String,
    /// Whether a slip of print is looked for that would explain a failure; not where words are at fault.
    #[serde(default = "yes")]
    pub slips: bool,
    /// Wholes and parts as the tables declare them.
    pub relation: Option<Relation>,
    /// A quantity is the sum of others, or bounds it.
    pub linear: Option<Linear>,
    /// A quantity is a share of another.
    pub rate: Option<Rate>,
    /// An amount lies between the lowest and the highest standard for as many persons.
    pub level: Option<Level>,
    /// One quantity in two places is the same.
    pub places: Option<Places>,
    /// A quantity lies within fixed bounds.
    pub range: Option<Range>,
    /// A quantity does not grow or shrink faster than a factor from one period to the next.
    pub growth: Option<Growth>,
    /// A ratio is not far from that of its peers.
    pub peers: Option<Peers>,
    /// A figure lies between the lowest and the highest that are stated for it.
    pub extremes: Option<Extremes>,
    /// A number is not a unit (万, 亿) away from its neighbours in time, place and edition.
    pub magnitude: Option<Magnitude>,
    /// The rows of a table are proportional to each other.
    pub proportional: Option<Proportional>,
    /// A stock moves the way its flows do.
    pub direction: Option<Direction>,
    /// Several schemes, times or kinds of unit do not have the very same figures.
    pub coincidence: Option<Coincidence>,
    /// A column that gives signs a meaning gives each figure one.
    pub signs: Option<Signs>,
}

fn yes() -> bool {
    true
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Error,
    Warning,
    Info,
}

impl Severity {
    pub fn resolved(self) -> crate::diag::Severity {
        match self {
            Severity::Error => crate::diag::Severity::Error,
            Severity::Warning => crate::diag::Severity::Warning,
            Severity::Info => crate::diag::Severity::Info,
        }
    }
}

/// Which figures, by what they count; a dimension left out is that of the figure the rule starts from.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Place {
    /// The indicator.
    pub indicator: String,
    /// The period, if it is another than that of the figure the rule starts from.
    pub period: Option<Step>,
    /// The region; `_T` for all.
    pub region: Option<String>,
    /// The scheme; `_T` for all.
    pub scheme: Option<String>,
    /// The registration type; `_T` for all.
    pub ownership: Option<String>,
    /// The industry; `_T` for all.
    pub industry: Option<String>,
    /// The group of persons; `_T` for all.
    pub population: Option<String>,
    /// The further groups, `key=code`; `_T` for none.
    pub breakdown: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// The period before: the year before a year, the month before a month.
    Previous,
    /// The longest period that ends on the same day: what flowed up to a stock.
    Ending,
    /// The latest period that has begun when this one ends: what was in force, or was counted last.
    Latest,
    /// The year in which the period begins.
    First,
    /// The year in which the period ends.
    Last,
}

/// What tells figures of one table apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Dimension {
    Period,
    Region,
    Scheme,
    Ownership,
    Industry,
    Population,
}

impl Dimension {
    /// As relations name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Dimension::Period => "period",
            Dimension::Region => "region",
            Dimension::Scheme => "scheme",
            Dimension::Ownership => "ownership",
            Dimension::Industry => "industry",
            Dimension::Population => "population",
        }
    }
}

/// What a figure is called in messages, in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(from = "String")]
#[schemars(with = "String")]
pub struct Role {
    /// As the rule writes it.
    pub en: String,
    /// As `[roles]` of its file translates it.
    pub zh: String,
}

impl From<String> for Role {
    fn from(en: String) -> Role {
        Role { en, zh: String::new() }
    }
}

/// A figure that a rule needs.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Operand {
    /// What it is called in messages; `[roles]` says it in Chinese.
    pub role: Role,
    /// The figure.
    pub is: Place,
    /// Where it is looked for next, in this order.
    #[serde(default)]
    pub or: Vec<Place>,
    /// What it counts; 1 where left out.
    pub times: Option<i64>,
    /// Another figure that it is multiplied by: persons by what is paid for each.
    pub each: Option<Place>,
    /// What it means that the figure is not there.
    pub missing: Option<Missing>,
    /// Only where the table of the figure that the rule starts from states it.
    #[serde(default)]
    pub same_table: bool,
}

/// What a figure means that is not there; without it the rule cannot be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Missing {
    /// It counts as nothing: not every source has it.
    Nothing,
    /// A series begins here: there is nothing to judge.
    Begins,
    /// The rule is not about such figures.
    Silent,
}

/// Where the operands are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Within {
    /// In the table and edition of the figure that the rule starts from.
    Table,
    /// Among the figures that count (`core_figure`), whatever table states them.
    Figures,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Relation {
    /// What must hold between whole and parts.
    pub kind: RelationKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RelationKind {
    Sum,
    PartOf,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Linear {
    /// The figure that the rule starts from.
    pub at: Place,
    /// Where the other figures are looked for.
    pub within: Within,
    /// How the figure compares to the sum of the terms.
    pub is: Comparison,
    /// The figures that are added up, each with what it counts.
    pub terms: Vec<Operand>,
    /// Another sum that would do as well: sources differ in what they count.
    #[serde(default)]
    pub or: Vec<Operand>,
    /// Whether it is told where the sum agrees only if the figure was cut off: in sentences; in coarse tables it is chance.
    #[serde(default)]
    pub cut_off: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum Comparison {
    #[serde(rename = "=")]
    Equal,
    #[serde(rename = "<=")]
    AtMost,
    #[serde(rename = ">=")]
    AtLeast,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Rate {
    /// The figure that the rule starts from.
    pub at: Place,
    /// Where the other figures are looked for.
    pub within: Within,
    /// The part.
    pub part: Operand,
    /// What is taken off the part: growth is what is there now less what was there, over that.
    pub less: Option<Operand>,
    /// The whole.
    pub whole: Operand,
    /// 100 for a percentage.
    pub times: i64,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Level {
    /// The figure that the rule starts from.
    pub at: Place,
    /// The persons that the standard is paid for.
    pub per: Place,
    /// The standard: any figure of the same table, period, region and scheme, whatever its population.
    pub standard: Place,
    /// The key of the breakdown whose standards are paid beside each other.
    pub sum_over: String,
    /// Up to so many percent off, the finding is only worth knowing.
    pub near_pct: i64,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Places {
    /// How grave a difference between two editions of one table is.
    pub revision: Severity,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Range {
    /// The indicators the rule is about.
    pub indicators: Vec<String>,
    /// The lowest value that is possible.
    pub low: Option<i64>,
    /// The highest value that is possible.
    pub high: Option<i64>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Growth {
    /// The figure that the rule starts from.
    pub at: Place,
    /// 150: from 100 to more than 150, or from 150 to less than 100.
    pub factor_pct: i64,
    /// A fall by more than so many percent is too much already.
    pub fall_pct: Option<i64>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Peers {
    /// The figure that the rule starts from.
    pub at: Place,
    /// What the figure is divided by.
    pub per: Place,
    /// What makes peers of the figures of one table; the region where left out.
    #[serde(default = "of_region")]
    pub over: Vec<Dimension>,
    /// So many times the median, or so many times less.
    pub factor: i64,
    /// Peers that make a median.
    pub least: usize,
}

fn of_region() -> Vec<Dimension> {
    vec![Dimension::Region]
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Extremes {
    /// The key of the breakdown that says that a figure is the lowest or the highest.
    pub key: String,
    /// Its code for the lowest.
    pub low: String,
    /// Its code for the highest.
    pub high: String,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Magnitude {
    /// The indicators the rule is about.
    pub indicators: Vec<String>,
    /// The factors of units that are mistaken for each other.
    pub factors: Vec<i64>,
    /// The number is so many times the factor or less away from its neighbour.
    pub near: i64,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Proportional {
    /// The figure that the rule starts from.
    pub at: Place,
    /// The keys of the breakdown that make rows and columns; the row's code is a number.
    pub rows: String,
    /// The key that makes columns.
    pub columns: String,
    /// The row to which the others should be in the proportion of their codes.
    pub base: String,
    /// From so many thousandths on, a cell that stands out of its row is a warning.
    pub grave_permille: i64,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Direction {
    /// The stock.
    pub at: Place,
    /// What should move it.
    pub terms: Vec<Operand>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Coincidence {
    /// The indicators the rule is about.
    pub indicators: Vec<String>,
    /// What the figures that are alike differ by; the scheme where left out.
    #[serde(default = "scheme")]
    pub over: Dimension,
    /// Digits that must be the same to be worth telling.
    pub digits: usize,
}

fn scheme() -> Dimension {
    Dimension::Scheme
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Signs {}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Weights {
    /// Of any cell.
    pub cell: u32,
    /// More for the whole of a declared relation.
    pub whole: u32,
    /// More for each other place that prints the same.
    pub attested: u32,
}

impl Default for Weights {
    fn default() -> Weights {
        Weights { cell: 1, whole: 0, attested: 0 }
    }
}

impl Rule {
    /// The name of the rule's kind.
    pub fn kind(&self) -> &'static str {
        self.kinds().first().copied().unwrap_or_default()
    }

    fn kinds(&self) -> Vec<&'static str> {
        let given = [
            ("relation", self.relation.is_some()),
            ("linear", self.linear.is_some()),
            ("rate", self.rate.is_some()),
            ("level", self.level.is_some()),
            ("places", self.places.is_some()),
            ("range", self.range.is_some()),
            ("growth", self.growth.is_some()),
            ("peers", self.peers.is_some()),
            ("extremes", self.extremes.is_some()),
            ("magnitude", self.magnitude.is_some()),
            ("proportional", self.proportional.is_some()),
            ("direction", self.direction.is_some()),
            ("coincidence", self.coincidence.is_some()),
            ("signs", self.signs.is_some()),
        ];
        given.into_iter().filter(|(_, given)| *given).map(|(kind, _)| kind).collect()
    }

    /// How the tolerance of the rule is made, in words.
    pub fn tolerance(&self) -> &'static str {
        match self.kind() {
            "relation" | "linear" | "places" | "extremes" => {
                "the sum of half a unit of the last printed digit of every number that takes part; whole persons and units \
                 printed in full are exact"
            }
            "rate" | "level" => {
                "what half a unit of the last printed digit of each number moves the product; whole persons and units \
                 printed in full are exact"
            }
            "proportional" => "what half a unit of the last printed digit of the four numbers moves the proportion",
            "range" => "half a unit of the last printed digit of the number",
            "direction" => "half a unit of the last printed digit of the numbers on each side",
            "signs" | "coincidence" => "none: what is printed is compared, not its size",
            _ => "the factor that the rule declares: it asks for a look, and says of no figure that it is wrong",
        }
    }
}

/// All rules of a project, in the order of files and of their places in them.
#[derive(Clone, Debug, Default)]
pub struct Rulebook {
    pub rules: Vec<Rule>,
    pub weights: Weights,
}
