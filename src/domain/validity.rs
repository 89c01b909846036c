//! When a code, or a version of a list, is in force: from a day, to a day, or open.

use jiff::civil::Date;

use super::period::Period;

/// Both days belong to it; a side that is not stated is open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Validity {
    /// As written: years, months or days.
    pub from: String,
    pub to: String,
    first: Option<Date>,
    last: Option<Date>,
}

/// Why two texts are no validity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ValidityError {
    #[error("\"{0}\" is neither a year nor a date")]
    NoDate(String),
    #[error("it ends ({to}) before it begins ({from})")]
    Reversed { from: String, to: String },
}

impl Validity {
    /// From the beginning of one year, month or day to the end of another; a blank is open.
    ///
    /// # Errors
    /// A text is none of these, or the end lies before the beginning.
    pub fn parse(from: &str, to: &str) -> Result<Validity, ValidityError> {
        let bound = |text: &str, of: fn(Period) -> Date| match text {
            "" => Ok(None),
            _ => {
                day(text).or_else(|| text.parse().ok().map(of)).map(Some).ok_or(ValidityError::NoDate(text.to_owned()))
            }
        };
        let (first, last) = (bound(from, Period::start)?, bound(to, Period::end)?);
        let (from, to) = (from.to_owned(), to.to_owned());
        match (first, last) {
            (Some(first), Some(last)) if last < first => Err(ValidityError::Reversed { from, to }),
            _ => Ok(Validity { from, to, first, last }),
        }
    }

    pub fn first(&self) -> Option<Date> {
        self.first
    }

    pub fn last(&self) -> Option<Date> {
        self.last
    }

    pub fn is_open(&self) -> bool {
        self.first.is_none() && self.last.is_none()
    }

    /// Whether the two have a day in common.
    pub fn overlaps(&self, other: &Validity) -> bool {
        let after = |last: Option<Date>, first: Option<Date>| last.zip(first).is_some_and(|(last, first)| last < first);
        !after(self.last, other.first) && !after(other.last, self.first)
    }

    /// Whether a period has a day in it: the year in which a code gives way to another has figures under both.
    pub fn covers(&self, period: Period) -> bool {
        !self.ended_before(period) && self.first.is_none_or(|first| first <= period.end())
    }

    /// Whether it had ended when the period began.
    pub fn ended_before(&self, period: Period) -> bool {
        self.last.is_some_and(|last| last < period.start())
    }
}

fn day(text: &str) -> Option<Date> {
    text.parse().ok().filter(|_| text.len() == 10)
}

#[cfg(test)]
mod tests {
    use super::Validity;

    #[test]
    fn a_period_is_covered_by_one_day() {
        let rows = [
            ("2009", "2013", "2013", true),
            ("2009", "2013", "2014", false),
            ("2009", "2013", "2008", false),
            ("2009-12", "", "2009", true),
            ("2009-12", "", "2009-11", false),
            ("", "2019-10-31", "2019-10", true),
            ("", "2019-10-31", "2019-11", false),
            ("", "2019-10-31", "2019-07/2019-12", true),
            ("", "", "1949", true),
        ];
        for (from, to, period, covered) in rows {
            let validity = Validity::parse(from, to).unwrap();
            assert_eq!(validity.covers(period.parse().unwrap()), covered, "{from}–{to} {period}");
        }
    }

    #[test]
    fn dates_are_dates_and_in_order() {
        let fault = |from, to| Validity::parse(from, to).unwrap_err().to_string();
        assert_eq!(fault("2014年", ""), "\"2014年\" is neither a year nor a date");
        assert_eq!(fault("2014", "2013-12-31"), "it ends (2013-12-31) before it begins (2014)");
        assert!(Validity::parse("2014", "2014").is_ok());
    }
}
