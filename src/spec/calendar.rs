//! The calendar of deliveries, `pipelines/calendar.toml`: which files are due of whom, for which periods, until when, and
//! what to do where one has not come.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::edition::path_fits;
use super::pattern::{Capture, Pattern};
use super::schema;
use crate::diag::{Checked, Diagnostic, Place, SourceText};
use crate::domain::calendar::{Deadline, Rhythm};
use crate::domain::{Code, CodeEntry, Codebook, Dimension, Period};
use crate::project::Project;

const REGION: &str = "region";

/// The calendar as written.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Raw {
    /// Of the deadlines, and of the month that a run without a clock of its own means; `Asia/Shanghai`.
    #[schemars(with = "String")]
    time_zone: Spanned<String>,
    /// Seconds for which a file must not have changed to be taken as whole; 0 where it is not given.
    #[serde(default)]
    settle: u16,
    /// What is due, one set of files each.
    #[serde(default)]
    due: Vec<RawDue>,
}

/// The files of one kind: one for each period and region.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct RawDue {
    /// What people call it.
    name: String,
    /// Path below the input folder; `{month}`, `{year}` or `{period}` says the period, `{region}` the region.
    #[schemars(with = "String")]
    file: Spanned<String>,
    /// How often.
    every: RawRhythm,
    /// The first period, `2026-01`.
    #[schemars(with = "String")]
    from: Spanned<String>,
    /// The last period; open where it is not given.
    #[schemars(with = "Option<String>")]
    until: Option<Spanned<String>>,
    /// The regions that deliver, by code or name.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    regions: Vec<Spanned<String>>,
    /// Instead of `regions`: all that lie directly below this one and are in force in the period.
    #[schemars(with = "Option<String>")]
    below: Option<Spanned<String>>,
    /// Months after the one in which the period ends; 1 where it is not given.
    due_months: Option<i32>,
    /// Day of that month.
    #[schemars(with = "i8")]
    due_day: Spanned<i8>,
    /// Time of that day, `18:00`; its end where it is not given.
    #[schemars(with = "Option<String>")]
    due_time: Option<Spanned<String>>,
    /// What to do with a period of which a file is missing.
    #[serde(default)]
    on_missing: OnMissing,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum RawRhythm {
    Month,
    Quarter,
    Year,
}

/// What to do with a period of which a file is missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnMissing {
    /// Nothing of the period is published until all of it is there.
    #[default]
    Withhold,
    /// What is there is published, and what is missing stands beside it in `core_delivery`.
    Partial,
}

/// What is due, and by which clock.
#[derive(Clone, Debug)]
pub struct Calendar {
    pub zone: TimeZone,
    /// For how long a file must not have changed to be taken as whole.
    pub settle: Duration,
    pub due: Vec<Due>,
}

/// The files of one kind: one for each period and region.
#[derive(Clone, Debug)]
pub struct Due {
    pub name: String,
    pub file: Pattern,
    pub rhythm: Rhythm,
    pub from: Period,
    pub until: Option<Period>,
    regions: Regions,
    pub deadline: Deadline,
    pub on_missing: OnMissing,
}

#[derive(Clone, Debug)]
enum Regions {
    /// One file is all of a period.
    Undivided,
    Listed(Vec<Code>),
    Below(Code),
}

impl Due {
    /// Whose files make a period whole, of those that are in force in it; `_T` where one file is all of a period.
    pub fn regions(&self, period: Period, codes: &Codebook) -> Vec<Code> {
        let Some(list) = codes.lists.get(REGION) else { return Vec::new() };
        let delivers = |entry: &&CodeEntry| match &self.regions {
            Regions::Undivided => false,
            Regions::Listed(regions) => regions.contains(&entry.code),
            Regions::Below(outer) => entry.parent.as_ref() == Some(outer),
        };
        if matches!(self.regions, Regions::Undivided) {
            return vec![Code::total()];
        }
        let here = list.entries.iter().filter(delivers).filter(|entry| list.validity(entry).covers(period));
        let mut regions: Vec<Code> = here.map(|entry| entry.code.clone()).collect();
        regions.sort();
        regions
    }

    /// The period and region of a file, where its name is one of these.
    pub fn delivery(&self, path: &str, codes: &Codebook) -> Option<(Period, Code)> {
        let captured = path_fits(&self.file, path)?;
        let period = captured.iter().find_map(|c| c.period())?;
        let region = captured.iter().find(|c| c.capture == Capture::Dimension(Dimension::Region));
        let code = match region {
            Some(region) => codes.find(REGION, &region.text)?,
            None => Code::total(),
        };
        Some((self.rhythm.period_of(period.end()), code))
    }
}

impl Calendar {
    /// The last month that has ended by the calendar's own clock.
    ///
    /// # Errors
    /// The time lies at the beginning of the calendar.
    pub fn month_before(&self, now: Timestamp) -> Result<Period, jiff::Error> {
        let month = now.to_zoned(self.zone.clone()).date().first_of_month();
        Ok(Rhythm::Month.period_of(month.yesterday()?))
    }

    /// The months (or quarters, years) of each kind of which a file is among `paths`.
    pub fn newest<'p>(&self, paths: impl Iterator<Item = &'p str> + Clone, codes: &Codebook) -> Option<Period> {
        let of = |due: &Due| {
            paths.clone().filter_map(|path| due.delivery(path, codes)).map(|(period, _)| period).max_by_key(|p| p.end())
        };
        self.due.iter().filter_map(of).max_by_key(|period| period.end())
    }
}

/// Read the calendar of a project; `None` where it has none.
pub fn load(project: &Project, codes: &Codebook) -> Checked<Option<Calendar>> {
    let path = project.calendar();
    if !path.is_file() {
        return Checked::new(None, Vec::new());
    }
    let mut faults = Vec::new();
    let Some(source) = super::read(&path, &|path| project.display(path), &mut faults) else {
        return Checked::new(None, faults);
    };
    let raw: Option<Raw> = schema::parse(&source, &mut faults);
    let calendar = raw.map(|raw| Reader { source: &source, codes, faults: &mut faults }.calendar(raw));
    Checked::new(calendar, faults)
}

struct Reader<'a> {
    source: &'a Arc<SourceText>,
    codes: &'a Codebook,
    faults: &'a mut Vec<Diagnostic>,
}

impl Reader<'_> {
    fn fault<T>(&mut self, at: &Spanned<T>, code: &'static str, message: String, hint: &str) {
        self.faults.push(Diagnostic::error(code, message).at(Place::span(self.source, at.span())).hint(hint));
    }

    fn calendar(&mut self, raw: Raw) -> Calendar {
        let zone = TimeZone::get(raw.time_zone.get_ref()).unwrap_or_else(|_| {
            let message = format!("\"{}\" is no time zone that this machine knows", raw.time_zone.get_ref());
            self.fault(
                &raw.time_zone,
                "calendar-zone",
                message,
                "write the name of the tz database: \"Asia/Shanghai\"",
            );
            TimeZone::UTC
        });
        let mut names = BTreeSet::new();
        let mut due = Vec::new();
        for raw in raw.due {
            if !names.insert(raw.name.clone()) {
                let message = format!("\"{}\" is due twice", raw.name);
                self.fault(&raw.file, "calendar-twice", message, "give one of the two another name");
            }
            due.extend(self.due(raw));
        }
        Calendar { zone, settle: Duration::from_secs(u64::from(raw.settle)), due }
    }

    fn due(&mut self, raw: RawDue) -> Option<Due> {
        let before = self.faults.len();
        let rhythm = match raw.every {
            RawRhythm::Month => Rhythm::Month,
            RawRhythm::Quarter => Rhythm::Quarter,
            RawRhythm::Year => Rhythm::Year,
        };
        let from = self.period(&raw.from);
        let until = raw.until.as_ref().and_then(|until| self.period(until));
        let file = self.file(&raw);
        let regions = self.regions(&raw);
        let time = raw.due_time.as_ref().and_then(|time| self.time(time));
        if !(1..=31).contains(raw.due_day.get_ref()) {
            let message = format!("{} is no day of a month", raw.due_day.get_ref());
            self.fault(&raw.due_day, "calendar-day", message, "write due_day = 10; 31 is the last day of any month");
        }
        let deadline = Deadline { months: raw.due_months.unwrap_or(1), day: *raw.due_day.get_ref(), time };
        if self.faults.len() > before {
            return None;
        }
        Some(Due {
            name: raw.name,
            file: file?,
            rhythm,
            from: from?,
            until,
            regions,
            deadline,
            on_missing: raw.on_missing,
        })
    }

    fn period(&mut self, written: &Spanned<String>) -> Option<Period> {
        written
            .get_ref()
            .parse()
            .map_err(|error| {
                self.fault(
                    written,
                    "calendar-period",
                    format!("{error}"),
                    "write the first period that is due: \"2026-01\"",
                );
            })
            .ok()
    }

    fn time(&mut self, written: &Spanned<String>) -> Option<Time> {
        written
            .get_ref()
            .parse()
            .map_err(|_| {
                let message = format!("\"{}\" is no time of a day", written.get_ref());
                self.fault(written, "calendar-time", message, "write due_time = \"18:00\"");
            })
            .ok()
    }

    fn file(&mut self, raw: &RawDue) -> Option<Pattern> {
        let lists: Vec<&str> = self.codes.lists.keys().map(String::as_str).collect();
        let pattern = match Pattern::parse(raw.file.get_ref(), &lists) {
            Ok(pattern) => pattern,
            Err(error) => {
                self.fault(&raw.file, "calendar-file", error.to_string(), "name the file as an [[edition]] does");
                return None;
            }
        };
        let says = |capture: &Capture| pattern.captures().any(|c| c == capture);
        if ![Capture::Month, Capture::Year, Capture::Period].iter().any(says) {
            let message = "the file's name does not say of which period it is".to_owned();
            self.fault(&raw.file, "calendar-file", message, "put {month}, {year} or {period} into it");
        }
        let divided = !raw.regions.is_empty() || raw.below.is_some();
        if divided != says(&Capture::Dimension(Dimension::Region)) {
            let (message, hint) = match divided {
                true => ("the file's name does not say of which region it is", "put {region} into it"),
                false => (
                    "the file's name has a region, and nothing says which regions deliver",
                    "add regions = [\"530402\", …] or below = \"530400\"",
                ),
            };
            self.fault(&raw.file, "calendar-region", message.to_owned(), hint);
        }
        Some(pattern)
    }

    fn regions(&mut self, raw: &RawDue) -> Regions {
        match (&raw.below, raw.regions.as_slice()) {
            (None, []) => Regions::Undivided,
            (Some(outer), []) => self.region(outer).map_or(Regions::Undivided, Regions::Below),
            (None, listed) => Regions::Listed(listed.iter().filter_map(|text| self.region(text)).collect()),
            (Some(outer), _) => {
                let message = "both regions and below say who delivers".to_owned();
                self.fault(outer, "calendar-region", message, "keep one of the two");
                Regions::Undivided
            }
        }
    }

    fn region(&mut self, written: &Spanned<String>) -> Option<Code> {
        let found = self.codes.find(REGION, written.get_ref());
        if found.is_none() {
            let near = self.codes.near(REGION, "", written.get_ref()).join(", ");
            let hint = if near.is_empty() {
                "add it to pipelines/codes/region.csv".to_owned()
            } else {
                format!("did you mean {near}?")
            };
            self.fault(written, "calendar-region", format!("no region \"{}\"", written.get_ref()), &hint);
        }
        found
    }
}
