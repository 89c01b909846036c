//! When data falls due: how often a source delivers, and how long after the end of a period it may take.
//!
//! What has come of it, and what follows from that, is the business of the main job (`cli::job::delivery`).

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use super::Period;

/// How often a source delivers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rhythm {
    Month,
    Quarter,
    Year,
}

impl Rhythm {
    /// The period of this rhythm in which a day lies.
    pub fn period_of(self, day: Date) -> Period {
        let (year, month) = (day.year(), day.month());
        match self {
            Rhythm::Month => Period::Month { year, month },
            Rhythm::Quarter => {
                let first = (month - 1) / 3 * 3 + 1;
                Period::Months { start: (year, first), end: (year, first + 2) }
            }
            Rhythm::Year => Period::Year(year),
        }
    }

    /// The periods that begin in or after `from` and have ended when `until` ends, oldest first.
    pub fn periods(self, from: Period, until: Period) -> impl Iterator<Item = Period> {
        let after = move |period: Period| Some(self.period_of(period.end().tomorrow().ok()?));
        std::iter::successors(Some(self.period_of(from.start())), move |period| after(*period))
            .take_while(move |period| period.end() <= until.end())
    }
}

/// How long after the end of a period its data may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// Months after the one in which the period ends.
    pub months: i32,
    /// Day of that month; a month that is shorter has it on its last day.
    pub day: i8,
    /// `None`: when the day ends.
    pub time: Option<Time>,
}

impl Deadline {
    /// The first moment at which what has not come is late; `None` beyond the calendar.
    pub fn of(self, period: Period, zone: &TimeZone) -> Option<Timestamp> {
        let month = period.end().first_of_month().checked_add(self.months.months()).ok()?;
        let day = month.with().day(self.day.min(month.days_in_month())).build().ok()?;
        let moment = match self.time {
            Some(time) => day.to_datetime(time),
            None => day.tomorrow().ok()?.to_datetime(Time::midnight()),
        };
        moment.to_zoned(zone.clone()).ok().map(|moment| moment.timestamp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(rhythm: Rhythm, from: &str, until: &str) -> Vec<String> {
        let (from, until) = (from.parse().unwrap(), until.parse().unwrap());
        rhythm.periods(from, until).map(|p| p.to_string()).collect()
    }

    #[test]
    fn what_has_not_ended_is_not_due() {
        assert_eq!(shown(Rhythm::Month, "2026-11", "2027-01"), ["2026-11", "2026-12", "2027-01"]);
        assert_eq!(shown(Rhythm::Quarter, "2026-11", "2027-05"), ["2026-10/2026-12", "2027-01/2027-03"]);
        assert_eq!(shown(Rhythm::Year, "2024", "2026-11"), ["2024", "2025"]);
        assert_eq!(shown(Rhythm::Month, "2026-11", "2026-10"), [""; 0]);
    }

    #[test]
    fn a_deadline_is_a_moment_of_the_offices_own_clock() {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        let of = |months, day, time: Option<&str>, period: &str| {
            let deadline = Deadline { months, day, time: time.map(|t| t.parse().unwrap()) };
            deadline.of(period.parse().unwrap(), &zone).unwrap().to_string()
        };
        assert_eq!(of(1, 10, Some("18:00"), "2026-10"), "2026-11-10T10:00:00Z");
        // The whole of the tenth: late from its end on.
        assert_eq!(of(1, 10, None, "2026-10"), "2026-11-10T16:00:00Z");
        // February has no thirty-first.
        assert_eq!(of(1, 31, None, "2026-01"), "2026-02-28T16:00:00Z");
        assert_eq!(of(3, 31, None, "2026"), "2027-03-31T16:00:00Z");
    }
}
