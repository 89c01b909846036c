//! A printed number or the reason there is none: no NaN, no silent zero.

use rust_decimal::Decimal;

/// Why a cell holds no number. Stored as text in `core_observation.mark`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mark {
    /// Not reported or not published; a blank cell unless the source says otherwise.
    NotAvailable,
    /// The phenomenon does not exist: a true nothing, printed as a dash.
    Nil,
    /// The combination of row and column has no meaning.
    NotApplicable,
    /// Withheld to protect a respondent.
    Confidential,
    /// Less than half a unit of the last printed digit.
    RoundedToZero,
}

impl Mark {
    pub const ALL: [Mark; 5] =
        [Mark::NotAvailable, Mark::Nil, Mark::NotApplicable, Mark::Confidential, Mark::RoundedToZero];

    /// The text stored in `core_observation.mark`.
    pub fn as_str(self) -> &'static str {
        match self {
            Mark::NotAvailable => "not_available",
            Mark::Nil => "nil",
            Mark::NotApplicable => "not_applicable",
            Mark::Confidential => "confidential",
            Mark::RoundedToZero => "rounded_to_zero",
        }
    }

    pub fn parse(text: &str) -> Option<Mark> {
        Mark::ALL.into_iter().find(|m| m.as_str() == text)
    }
}

/// What its publisher says of a figure, by a mark in print. Stored as text in `core_observation.status`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Nothing is said.
    #[default]
    Normal,
    /// To be replaced by a final figure.
    Provisional,
    /// Changed since it was first published.
    Revised,
    /// Estimated or expected, not counted.
    Estimated,
}

impl Status {
    pub const ALL: [Status; 4] = [Status::Normal, Status::Provisional, Status::Revised, Status::Estimated];

    /// The text stored in `core_observation.status`.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Normal => "normal",
            Status::Provisional => "provisional",
            Status::Revised => "revised",
            Status::Estimated => "estimated",
        }
    }

    pub fn parse(text: &str) -> Option<Status> {
        Status::ALL.into_iter().find(|s| s.as_str() == text)
    }
}

/// How a text qualifies a number. Stored as text in `core_observation.qualifier`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Qualifier {
    /// Nothing is said: the number, as far as its digits go.
    #[default]
    Exact,
    /// A lower bound: 以上, 余, 多.
    AtLeast,
    /// An upper bound: 近, 以内.
    AtMost,
    /// Approximate: 左右, 约.
    About,
}

impl Qualifier {
    pub const ALL: [Qualifier; 4] = [Qualifier::Exact, Qualifier::AtLeast, Qualifier::AtMost, Qualifier::About];

    /// The text stored in `core_observation.qualifier`.
    pub fn as_str(self) -> &'static str {
        match self {
            Qualifier::Exact => "exact",
            Qualifier::AtLeast => "at_least",
            Qualifier::AtMost => "at_most",
            Qualifier::About => "about",
        }
    }

    pub fn parse(text: &str) -> Option<Qualifier> {
        Qualifier::ALL.into_iter().find(|q| q.as_str() == text)
    }
}

/// A number in the base unit, exact, or the mark that stands in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    Number(Decimal),
    Missing(Mark),
}

impl Value {
    pub fn number(self) -> Option<Decimal> {
        match self {
            Value::Number(number) => Some(number),
            Value::Missing(_) => None,
        }
    }

    pub fn mark(self) -> Option<Mark> {
        match self {
            Value::Number(_) => None,
            Value::Missing(mark) => Some(mark),
        }
    }
}
