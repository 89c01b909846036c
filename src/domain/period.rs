//! Periods as ISO text, and whether a number stands at the end of one or runs over it.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;

/// `2004`, `2004-07` or `2013-01/2013-08`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Period {
    Year(i16),
    Month { year: i16, month: i8 },
    Months { start: (i16, i8), end: (i16, i8) },
}

/// What a number says about its period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PeriodKind {
    /// At the end of the period (期末).
    Stock,
    /// Over the period (当期).
    Flow,
    Rate,
    /// A standard in force.
    Rule,
}

impl PeriodKind {
    /// The text stored in `core_observation.period_kind`.
    pub fn as_str(self) -> &'static str {
        match self {
            PeriodKind::Stock => "stock",
            PeriodKind::Flow => "flow",
            PeriodKind::Rate => "rate",
            PeriodKind::Rule => "rule",
        }
    }

    pub fn parse(text: &str) -> Option<PeriodKind> {
        [PeriodKind::Stock, PeriodKind::Flow, PeriodKind::Rate, PeriodKind::Rule]
            .into_iter()
            .find(|k| k.as_str() == text)
    }
}

impl Period {
    /// The period `by` steps on: years for a year, months for a month; a range of months keeps its months and changes its
    /// year. `None` outside the calendar.
    pub fn offset(self, by: i64) -> Option<Period> {
        let years_on = |year: i16| i16::try_from(i64::from(year).checked_add(by)?).ok();
        let moved = match self {
            Period::Year(year) => Period::Year(years_on(year)?),
            Period::Month { year, month } => {
                let months = (i64::from(year) * 12 + i64::from(month) - 1).checked_add(by)?;
                let year = i16::try_from(months.div_euclid(12)).ok()?;
                Period::Month { year, month: i8::try_from(months.rem_euclid(12) + 1).ok()? }
            }
            Period::Months { start, end } => {
                Period::Months { start: (years_on(start.0)?, start.1), end: (years_on(end.0)?, end.1) }
            }
        };
        // Reading it back refuses a year outside the calendar.
        moved.to_string().parse().ok()
    }

    /// The first day of the period.
    pub fn start(self) -> Date {
        let (year, month) = match self {
            Period::Year(year) => (year, 1),
            Period::Month { year, month } => (year, month),
            Period::Months { start, .. } => start,
        };
        first_day(year, month)
    }

    /// The last day of the period; a stock stands here.
    pub fn end(self) -> Date {
        let (year, month) = match self {
            Period::Year(year) => (year, 12),
            Period::Month { year, month } => (year, month),
            Period::Months { end, .. } => end,
        };
        first_day(year, month).last_of_month()
    }
}

fn first_day(year: i16, month: i8) -> Date {
    Date::new(year, month, 1).expect("years and months are checked when a period is made")
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Period::Year(year) => write!(f, "{year:04}"),
            Period::Month { year, month } => write!(f, "{year:04}-{month:02}"),
            Period::Months { start, end } => {
                write!(f, "{:04}-{:02}/{:04}-{:02}", start.0, start.1, end.0, end.1)
            }
        }
    }
}

/// The text is not a period; says what one looks like.
#[derive(Debug, thiserror::Error)]
#[error("\"{0}\" is not a period; write 2004, 2004-07 or 2013-01/2013-08")]
pub struct PeriodError(String);

impl FromStr for Period {
    type Err = PeriodError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fault = || PeriodError(text.to_owned());
        if let Some((start, end)) = text.split_once('/') {
            let start = year_month(start).ok_or_else(fault)?;
            let end = year_month(end).ok_or_else(fault)?;
            return if start <= end { Ok(Period::Months { start, end }) } else { Err(fault()) };
        }
        if let Some((year, month)) = year_month(text) {
            return Ok(Period::Month { year, month });
        }
        year(text).map(Period::Year).ok_or_else(fault)
    }
}

/// A period or a day in Chinese words: `2012年`, `2013年9月`, `2013年1月至8月`; what is neither stays as it is.
pub fn period_zh(period: &str) -> String {
    if !period.starts_with(|c: char| c.is_ascii_digit()) {
        return period.to_owned();
    }
    let (first, last) = period.split_once('/').map_or((period, None), |(first, last)| (first, Some(last)));
    let one = |text: &str, known_year: Option<&str>| {
        let mut parts = text.split('-');
        let year = parts.next().unwrap_or_default();
        let mut words = if known_year == Some(year) { String::new() } else { format!("{year}年") };
        for (part, word) in parts.zip(["月", "日"]) {
            words.push_str(&format!("{}{word}", part.trim_start_matches('0')));
        }
        words
    };
    match last {
        None => one(first, None),
        Some(last) => {
            let year = first.split('-').next().filter(|_| first.contains('-'));
            format!("{}至{}", one(first, None), one(last, year))
        }
    }
}

fn year(text: &str) -> Option<i16> {
    if text.len() != 4 {
        return None;
    }
    text.parse().ok().filter(|year| (1000..=9999).contains(year))
}

fn year_month(text: &str) -> Option<(i16, i8)> {
    let (y, m) = text.split_once('-')?;
    let month: i8 = m.parse().ok().filter(|m| (1..=12).contains(m))?;
    (m.len() == 2).then_some((year(y)?, month))
}

#[cfg(test)]
mod tests {
    use super::{Period, period_zh};

    #[test]
    fn periods_print_as_they_are_read() {
        for text in ["2004", "2004-07", "2013-01/2013-08"] {
            assert_eq!(text.parse::<Period>().unwrap().to_string(), text);
        }
        for text in ["04", "2004-13", "2004-7", "2013-08/2013-01", "2004年"] {
            assert!(text.parse::<Period>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_period_ends_on_its_last_day() {
        assert_eq!("2004-02".parse::<Period>().unwrap().end().to_string(), "2004-02-29");
        assert_eq!("2013-01/2013-08".parse::<Period>().unwrap().start().to_string(), "2013-01-01");
    }
    #[test]
    fn periods_are_said_in_words() {
        let check = |period: &str, words: &str| assert_eq!(period_zh(period), words);
        check("2012", "2012年");
        check("2013-09", "2013年9月");
        check("2013-01/2013-08", "2013年1月至8月");
        check("2012-11/2013-02", "2012年11月至2013年2月");
        check("2005/2010", "2005年至2010年");
        check("2013-09-05", "2013年9月5日");
        check("_T", "_T");
    }
}
