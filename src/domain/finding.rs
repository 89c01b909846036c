//! What a check says about cells; a row of `core_finding`, never capped.

use rust_decimal::Decimal;

use crate::diag::Severity;

/// Whether a rule failed or could not be judged. A rule that holds leaves no finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    Fail,
    Unverifiable,
}

impl Outcome {
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Fail => "fail",
            Outcome::Unverifiable => "unverifiable",
        }
    }
}

/// One finding; the columns of `core_finding` in order, blank text where a column does not apply.
#[derive(Clone, Debug)]
pub struct Finding {
    pub rule: String,
    /// What the rule says, in Chinese.
    pub rule_zh: String,
    pub severity: Severity,
    pub outcome: Outcome,
    pub dataset: String,
    pub period: String,
    pub region: String,
    pub scheme: String,
    pub source_file: String,
    pub sheet: String,
    /// One or several addresses, separated by a space.
    pub cell: String,
    pub residual: Option<Decimal>,
    pub tolerance: Option<Decimal>,
    pub message: String,
    /// The same in Chinese.
    pub message_zh: String,
    pub suggestion: String,
    pub likely: Likely,
}

/// What probably lies behind a finding; blank where nothing is known of that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Likely {
    /// What findings of one cause have in common: the observations to look at first.
    pub cause: String,
    /// The smallest sets of cells that would have to change, `|` between sets, `+` within one.
    pub suspects: String,
    /// The slip of print that would explain it.
    pub repair: String,
    /// How many slips are equally likely; `None` where none was looked for.
    pub candidates: Option<u64>,
    /// Which other rules and places say so too.
    pub agrees: String,
}
