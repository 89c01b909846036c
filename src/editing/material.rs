//! What the rules are put to: the readings that any of them looks at, the declared parts, and how a figure is found.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use rust_decimal::Decimal;

use super::edit::{Cell, Interval};
use crate::domain::{Breakdown, Period};
use crate::spec::rules::{Dimension, Place, Rulebook, Step};

/// What a reading counts and where it stands among the dimensions; the kind of its period follows from the indicator.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    pub indicator: Arc<str>,
    pub period: Arc<str>,
    pub region: Arc<str>,
    pub scheme: Arc<str>,
    pub ownership: Arc<str>,
    pub industry: Arc<str>,
    pub population: Arc<str>,
    pub breakdown: Arc<str>,
}

impl Key {
    /// The code of a dimension.
    pub fn code(&self, of: Dimension) -> &Arc<str> {
        match of {
            Dimension::Period => &self.period,
            Dimension::Region => &self.region,
            Dimension::Scheme => &self.scheme,
            Dimension::Ownership => &self.ownership,
            Dimension::Industry => &self.industry,
            Dimension::Population => &self.population,
        }
    }

    /// The key with nothing said of some dimensions.
    pub fn without(&self, dimensions: &[Dimension]) -> Key {
        let mut key = self.clone();
        for of in dimensions {
            let code = match of {
                Dimension::Period => &mut key.period,
                Dimension::Region => &mut key.region,
                Dimension::Scheme => &mut key.scheme,
                Dimension::Ownership => &mut key.ownership,
                Dimension::Industry => &mut key.industry,
                Dimension::Population => &mut key.population,
            };
            *code = "".into();
        }
        key
    }
}

/// A row of `core_reading`.
#[derive(Clone, Debug)]
pub struct Reading {
    pub obs_id: String,
    pub dataset: Arc<str>,
    pub table_id: Arc<str>,
    pub edition: Arc<str>,
    pub key: Key,
    pub value: Option<Decimal>,
    /// Half a unit of the last printed digit in base units; 0 for a count printed in full.
    pub rounding: Decimal,
    /// Digits after the point, in the printed unit.
    pub decimals: u8,
    /// A number in the printed unit times this is one in the base unit.
    pub factor: Decimal,
    pub unit_name: Arc<str>,
    pub mark: Arc<str>,
    pub printed: String,
    pub subject: String,
    /// The same in Chinese, the indicator first.
    pub subject_zh: String,
    pub source_file: Arc<str>,
    pub sheet: Arc<str>,
    pub cell: String,
    /// How a text bounds the number: exact, at_least, at_most, about.
    pub qualifier: Arc<str>,
    /// Section and quote of a figure from a text; blank for a cell of a table.
    pub citation: String,
    /// Whether it stands at the end of its period.
    pub is_stock: bool,
    /// Whether it is the figure that counts for its quantity.
    pub counts: bool,
}

/// A row of `core_break`: from this day on figures are not what they were; a dimension that is blank means all.
#[derive(Clone, Debug)]
pub struct Break {
    pub indicator: String,
    pub scheme: String,
    pub region: String,
    pub ownership: String,
    pub industry: String,
    /// ISO text.
    pub day: String,
    /// Whether figures cannot be compared across it; else they can, and it says what moved them.
    pub parts: bool,
    pub reason: String,
    pub reason_zh: String,
}

impl Break {
    fn concerns(&self, key: &Key) -> bool {
        let said = [
            (&self.indicator, &key.indicator),
            (&self.scheme, &key.scheme),
            (&self.region, &key.region),
            (&self.ownership, &key.ownership),
            (&self.industry, &key.industry),
        ];
        said.into_iter().all(|(of_break, of_key)| of_break.is_empty() || **of_break == **of_key)
    }
}

/// A row of `core_part`, with places in the list of readings.
#[derive(Clone, Debug)]
pub struct Part {
    pub relation_id: Arc<str>,
    pub kind: Arc<str>,
    pub dimension: Arc<str>,
    pub whole: usize,
    /// `None` where the table has no such cell.
    pub part: Option<usize>,
}

/// A table in an edition.
pub type TableKey = (Arc<str>, Arc<str>, Arc<str>);

#[derive(Debug, Default)]
pub struct Material {
    pub readings: Vec<Reading>,
    pub parts: Vec<Part>,
    pub breaks: Vec<Break>,
    in_table: HashMap<(TableKey, Key), usize>,
    figures: HashMap<Key, usize>,
    /// The first period of each series that has a number; the key's own period is blank.
    first: HashMap<(Key, usize), Arc<str>>,
    /// The figures that count, by their keys without a period.
    of_series: HashMap<Key, Vec<usize>>,
    /// The readings of quantities that several cells state.
    places: HashMap<Key, Vec<usize>>,
}

impl Reading {
    pub fn table(&self) -> TableKey {
        (self.dataset.clone(), self.table_id.clone(), self.edition.clone())
    }

    pub fn is_of_one_sheet(&self, other: &Reading) -> bool {
        self.source_file == other.source_file && self.sheet == other.sheet
    }

    /// What its indicator is called in Chinese.
    pub fn indicator_zh(&self) -> &str {
        self.subject_zh.split('，').next().unwrap_or_default()
    }

    /// The value in the printed unit.
    pub fn printed_value(&self) -> Option<Decimal> {
        self.value?.checked_div(self.factor)
    }

    /// What the breakdown says of a key.
    pub fn breakdown(&self, key: &str) -> Option<String> {
        Breakdown::parse(&self.key.breakdown)?.0.remove(key).map(|code| code.to_string())
    }

    pub fn breakdown_without(&self, key: &str) -> String {
        let mut breakdown = Breakdown::parse(&self.key.breakdown).unwrap_or_default();
        breakdown.0.remove(key);
        breakdown.to_string()
    }
}

impl Material {
    pub fn new(readings: Vec<Reading>, parts: Vec<Part>) -> Material {
        let (mut in_table, mut figures, mut first) = (HashMap::new(), HashMap::new(), HashMap::new());
        let mut of_series: HashMap<Key, Vec<usize>> = HashMap::new();
        for (nth, reading) in readings.iter().enumerate() {
            // Of several sentences of one text the one that counts.
            let held = in_table.entry((reading.table(), reading.key.clone())).or_insert(nth);
            if reading.counts {
                *held = nth;
            }
            if reading.value.is_some() {
                let held: &mut Arc<str> =
                    first.entry(series(&reading.key)).or_insert_with(|| reading.key.period.clone());
                if reading.key.period < *held {
                    *held = reading.key.period.clone();
                }
            }
            if reading.counts {
                figures.entry(reading.key.clone()).or_insert(nth);
                of_series.entry(timeless(&reading.key)).or_default().push(nth);
            }
        }
        let mut places: HashMap<Key, Vec<usize>> = HashMap::new();
        for (nth, reading) in readings.iter().enumerate() {
            places.entry(reading.key.clone()).or_default().push(nth);
        }
        places.retain(|_, cells| cells.len() > 1);
        Material { readings, parts, breaks: Vec::new(), in_table, figures, first, of_series, places }
    }

    /// The breaks between two periods of a series. A stock stands at the end of its period; any other figure that begins
    /// before the break holds some of both sides.
    pub fn breaks_between<'m>(&'m self, before: &str, reading: &'m Reading) -> impl Iterator<Item = &'m Break> {
        let period = |text: &str| text.parse::<Period>().ok();
        let last =
            period(before).map(|p| if reading.is_stock { p.end() } else { p.start() }).map(|day| day.to_string());
        let end = period(&reading.key.period).map(|p| p.end().to_string());
        self.breaks.iter().filter(move |b| {
            let between =
                last.as_ref().is_some_and(|last| *last < b.day) && end.as_ref().is_some_and(|end| b.day <= *end);
            between && b.concerns(&reading.key)
        })
    }

    /// Whether the figure a period before a reading cannot be compared to it.
    pub fn is_parted(&self, reading: &Reading) -> bool {
        previous(&reading.key.period).is_some_and(|before| self.breaks_between(&before, reading).any(|b| b.parts))
    }

    /// The readings of a place that a rule may start from.
    pub fn starts<'m>(&'m self, place: &'m Place) -> impl Iterator<Item = usize> + 'm {
        let fits = |nth: &usize| fits(&self.readings[*nth].key, place);
        (0..self.readings.len()).filter(fits)
    }

    /// A reading of the table of another.
    pub fn of_table(&self, of: usize, key: &Key) -> Option<usize> {
        self.in_table.get(&(self.readings[of].table(), key.clone())).copied()
    }

    /// The figure that counts for a quantity.
    pub fn figure(&self, key: &Key) -> Option<usize> {
        self.figures.get(key).copied()
    }

    /// The figure of the longest period that ends with the period of a key.
    pub fn ending(&self, key: &Key) -> Option<usize> {
        let day = |period: &str| period.parse::<Period>().ok();
        let end = day(&key.period)?.end();
        let ends = |nth: &&usize| day(&self.readings[**nth].key.period).is_some_and(|period| period.end() == end);
        let mut found: Vec<usize> = self.of_series.get(&timeless(key))?.iter().filter(ends).copied().collect();
        found.sort_by_key(|nth| day(&self.readings[*nth].key.period).map(Period::start));
        found.first().copied()
    }

    /// The figure of the latest period that has begun when the period of a key ends; of those that begin on one day the
    /// longest.
    pub fn latest(&self, key: &Key) -> Option<usize> {
        let period = |period: &str| period.parse::<Period>().ok();
        let end = period(&key.period)?.end();
        let span = |nth: usize| period(&self.readings[nth].key.period).map(|p| (p.start(), p.end()));
        let begun =
            self.of_series.get(&timeless(key))?.iter().copied().filter(|nth| span(*nth).is_some_and(|s| s.0 <= end));
        begun.max_by_key(|nth| span(*nth))
    }

    /// Whether an earlier number of the same series is there.
    pub fn has_earlier(&self, of: usize) -> bool {
        let key = &self.readings[of].key;
        self.first.get(&series(key)).is_some_and(|first| *first < key.period)
    }

    /// Other places that print the same number for the same quantity.
    pub fn agreeing(&self, of: usize) -> impl Iterator<Item = usize> {
        let reading = &self.readings[of];
        let others = self.places.get(&reading.key).into_iter().flatten().copied();
        others.filter(move |nth| *nth != of && reading.value.is_some() && self.readings[*nth].value == reading.value)
    }

    /// The quantity at a place, seen from a reading.
    pub fn key_at(&self, from: usize, place: &Place) -> Option<Key> {
        let mut key = self.readings[from].key.clone();
        key.indicator = place.indicator.as_str().into();
        let year = |text: &str| text.get(..4).map(Arc::from);
        match place.period {
            Some(Step::Previous) => key.period = previous(&key.period)?.into(),
            Some(Step::First) => key.period = year(&key.period)?,
            Some(Step::Last) => key.period = year(key.period.split('/').next_back()?)?,
            Some(Step::Ending | Step::Latest) | None => {}
        }
        for (code, given) in dimensions(&mut key).into_iter().zip(codes(place)) {
            if let Some(given) = given {
                *code = given.as_str().into();
            }
        }
        Some(key)
    }

    /// Every reading as a cell of the rules: what it stands for, what it could be, how loath one is to change it.
    pub fn cells(&self, book: &Rulebook) -> Vec<Cell> {
        let mut domains: BTreeMap<&str, Interval> = BTreeMap::new();
        for range in book.rules.iter().filter_map(|rule| rule.range.as_ref()) {
            for indicator in &range.indicators {
                domains.insert(indicator, Interval::new(range.low.map(Decimal::from), range.high.map(Decimal::from)));
            }
        }
        let wholes: BTreeSet<usize> = self.parts.iter().map(|part| part.whole).collect();
        // A standard is set, not measured: what is printed is all of it.
        let standards: BTreeSet<&str> =
            book.rules.iter().filter_map(|rule| Some(rule.level.as_ref()?.standard.indicator.as_str())).collect();
        let cell = |(nth, reading): (usize, &Reading)| {
            let domain = domains.get(&*reading.key.indicator).cloned().unwrap_or(Interval::ALL);
            let Some(value) = reading.value else { return of_mark(reading, domain) };
            let others = u32::try_from(self.agreeing(nth).count()).unwrap_or(u32::MAX);
            let whole = if wholes.contains(&nth) { book.weights.whole } else { 0 };
            let weight = book.weights.cell + whole + others.saturating_mul(book.weights.attested);
            let is_exact = standards.contains(&*reading.key.indicator);
            let rounding = if is_exact { Decimal::ZERO } else { reading.rounding };
            Cell::number(value, rounding, domain, weight).qualified(&reading.qualifier)
        };
        self.readings.iter().enumerate().map(cell).collect()
    }
}

/// A cell without a number: nothing where its mark says so, less than half a unit where it was rounded away, else anything.
fn of_mark(reading: &Reading, domain: Interval) -> Cell {
    match &*reading.mark {
        "nil" | "not_applicable" => Cell::number(Decimal::ZERO, Decimal::ZERO, Interval::ALL, 1),
        "rounded_to_zero" => Cell::number(Decimal::ZERO, reading.rounding, Interval::ALL, 1),
        _ => Cell::missing(domain),
    }
}

/// A key without its period, and the period's length: years are not compared to months.
fn series(key: &Key) -> (Key, usize) {
    (timeless(key), key.period.len())
}

fn timeless(key: &Key) -> Key {
    Key { period: "".into(), ..key.clone() }
}

/// The period before one.
pub fn previous(period: &str) -> Option<String> {
    Some(period.parse::<Period>().ok()?.offset(-1)?.to_string())
}

fn fits(key: &Key, place: &Place) -> bool {
    let mut key = key.clone();
    *key.indicator == *place.indicator
        && dimensions(&mut key)
            .into_iter()
            .zip(codes(place))
            .all(|(code, given)| given.is_none_or(|given| **code == **given))
}

fn dimensions(key: &mut Key) -> [&mut Arc<str>; 6] {
    [&mut key.region, &mut key.scheme, &mut key.ownership, &mut key.industry, &mut key.population, &mut key.breakdown]
}

fn codes(place: &Place) -> [Option<&String>; 6] {
    [&place.region, &place.scheme, &place.ownership, &place.industry, &place.population, &place.breakdown]
        .map(Option::as_ref)
}
