//! The figures of the prose against the list of facts of the survey papers (`../shared/seeds/observations.csv`): every fact
//! that stands neither in a cell of a table nor in a questionnaire is a record, equal in value, unit, period, dimensions and
//! place. What the list calls by other names stands in `tests/papers.toml`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use rust_decimal::Decimal;
use serde::Deserialize;
use shebao::domain::{Observation, TOTAL};
use shebao::ingest::Ingested;

use crate::ingest::read_all;
use crate::support::{root, shared};

/// The groups of ids of what stands in the two questionnaires; those of tables are `t` and a number.
const QUESTIONNAIRES: [&str; 2] = ["qu", "qr"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    indicator: BTreeMap<String, String>,
    unit: BTreeMap<String, String>,
    period_kind: BTreeMap<String, String>,
    region: BTreeMap<String, String>,
    scheme: BTreeMap<String, String>,
    ownership: BTreeMap<String, String>,
    industry: BTreeMap<String, String>,
    population: BTreeMap<String, String>,
    qualifier: BTreeMap<String, String>,
    note: BTreeMap<String, String>,
    fact: Vec<Exception>,
    further: Vec<Further>,
}

/// Records that the list of facts does not count to the prose, and why they are there.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Further {
    id: String,
    #[allow(dead_code, reason = "it tells the reader")]
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Exception {
    id: String,
    indicator: Option<String>,
    population: Option<String>,
    breakdown: Option<String>,
    qualifier: Option<String>,
}

#[derive(Deserialize)]
struct Fact {
    id: String,
    location: String,
    period: String,
    period_kind: String,
    region: String,
    region_code: String,
    scheme: String,
    indicator: String,
    ownership: String,
    industry: String,
    population: String,
    value: String,
    value_base: String,
    base_unit: String,
    quote: String,
    note: String,
}

#[test]
fn every_figure_of_the_prose_is_a_record() {
    let Some(list) = shared("seeds/observations.csv") else { return };
    let text = fs::read_to_string(root().join("tests/papers.toml")).expect("tests/papers.toml can be read");
    let words: Words = toml::from_str(&text).expect("tests/papers.toml is well formed");
    let mut reader = csv::Reader::from_path(list).expect("the list can be read");
    let facts: Vec<Fact> = reader.deserialize().collect::<Result<_, _>>().expect("the list is well formed");
    let all = facts.len();
    let facts: Vec<Fact> = facts.into_iter().filter(|f| !stands_elsewhere(&f.id)).collect();
    let observations: Vec<Observation> = read_all().into_iter().flat_map(|i: Ingested| i.observations).collect();
    let record = |o: &Observation| o.passage().map(|p| p.record.clone()).filter(|r| !r.is_empty());
    let mut records: BTreeMap<String, &Observation> =
        observations.iter().filter_map(|o| Some((record(o)?, o))).collect();
    let mut wrong = Vec::new();
    for fact in &facts {
        let Some(observation) = records.remove(&fact.id) else {
            wrong.push(format!("{}: there is no such record", fact.id));
            continue;
        };
        let (expected, found) = (words.expected(fact), found(observation));
        let differing = expected.iter().zip(&found).filter(|(e, f)| e != f);
        wrong.extend(
            differing
                .map(|((what, expected), (_, found))| format!("{}: {what} is {found}, expected {expected}", fact.id)),
        );
    }
    let surplus: Vec<&String> = records.keys().filter(|id| !words.further.iter().any(|f| fits(&f.id, id))).collect();
    println!("{} of {all} facts stand in the prose, {} in tables and questionnaires", facts.len(), all - facts.len());
    assert!(wrong.is_empty(), "{} differ\n{}", wrong.len(), wrong.join("\n"));
    assert!(surplus.is_empty(), "records that the list does not know: {surplus:?}");
    assert_eq!(facts.len(), 497);
}

/// A word that no fact uses is one that was corrected elsewhere.
#[test]
fn every_exception_concerns_a_fact() {
    let Some(list) = shared("seeds/observations.csv") else { return };
    let text = fs::read_to_string(root().join("tests/papers.toml")).expect("tests/papers.toml can be read");
    let words: Words = toml::from_str(&text).expect("tests/papers.toml is well formed");
    let mut reader = csv::Reader::from_path(list).expect("the list can be read");
    let facts: Vec<Fact> = reader.deserialize().collect::<Result<_, _>>().expect("the list is well formed");
    let idle: BTreeSet<&str> = words.fact.iter().map(|e| e.id.as_str()).collect();
    let idle: Vec<&str> = idle.into_iter().filter(|form| !facts.iter().any(|f| fits(form, &f.id))).collect();
    assert!(idle.is_empty(), "no fact is called {idle:?}");
}

fn stands_elsewhere(id: &str) -> bool {
    let group = id.split('.').nth(1).unwrap_or("");
    let in_table = group.strip_prefix('t').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    in_table || QUESTIONNAIRES.contains(&group)
}

type Named = Vec<(&'static str, String)>;

fn found(o: &Observation) -> Named {
    let d = o.dimensions();
    let passage = o.passage().cloned().unwrap_or_default();
    vec![
        ("value", o.value.number().map_or(String::new(), |n| n.normalize().to_string())),
        ("unit", o.series.unit.clone()),
        ("indicator", o.indicator().to_string()),
        ("period", o.period().to_string()),
        ("period kind", o.series.period_kind.as_str().to_owned()),
        ("region", d.region.to_string()),
        ("scheme", d.scheme.to_string()),
        ("ownership", d.ownership.to_string()),
        ("industry", d.industry.to_string()),
        ("population", d.population.to_string()),
        ("breakdown", d.breakdown.to_string()),
        ("qualifier", o.qualifier().as_str().to_owned()),
        ("printed number", o.printed.as_str().split_whitespace().collect()),
        ("section", passage.section),
        ("quote", passage.quote),
    ]
}

impl Words {
    fn expected(&self, fact: &Fact) -> Named {
        let exceptions: Vec<&Exception> = self.fact.iter().filter(|e| fits(&e.id, &fact.id)).collect();
        let mut parts: Vec<String> = exceptions.iter().filter_map(|e| e.breakdown.clone()).collect();
        let mut code = |words: &BTreeMap<String, String>, word: &str, other: Option<&String>, unnamed: &str| {
            let known = other.or(words.get(word)).map_or(unnamed, String::as_str);
            let (code, rest) = known.split_once('|').unwrap_or((known, ""));
            parts.extend(rest.split(';').filter(|part| !part.is_empty()).map(str::to_owned));
            code.to_owned()
        };
        let indicator = exceptions.iter().find_map(|e| e.indicator.as_ref());
        let population = exceptions.iter().find_map(|e| e.population.as_ref());
        let indicator = code(&self.indicator, &fact.indicator, indicator, "?");
        let region = match fact.region_code.as_str() {
            "" => code(&self.region, &fact.region, None, "?"),
            region => region.to_owned(),
        };
        let scheme = code(&self.scheme, &fact.scheme, None, &fact.scheme);
        let unnamed = |word: &str| if word.is_empty() { TOTAL } else { "?" };
        let ownership = code(&self.ownership, &fact.ownership, None, unnamed(&fact.ownership));
        let industry = code(&self.industry, &fact.industry, None, unnamed(&fact.industry));
        let population = code(&self.population, &fact.population, population, unnamed(&fact.population));
        let noted = |words: &BTreeMap<String, String>| {
            words.iter().find(|(word, _)| fact.note.contains(word.as_str())).map(|(_, code)| code.clone())
        };
        parts.extend(noted(&self.note));
        let qualifier = exceptions.iter().find_map(|e| e.qualifier.clone()).or(noted(&self.qualifier));
        let value: Decimal = fact.value_base.parse().expect("a number");
        let known =
            |words: &BTreeMap<String, String>, word: &str| words.get(word).map_or("?", String::as_str).to_owned();
        vec![
            ("value", value.normalize().to_string()),
            ("unit", known(&self.unit, &fact.base_unit)),
            ("indicator", indicator),
            ("period", period(fact)),
            ("period kind", known(&self.period_kind, &fact.period_kind)),
            ("region", region),
            ("scheme", scheme),
            ("ownership", ownership),
            ("industry", industry),
            ("population", population),
            ("breakdown", breakdown(&parts, &fact.id)),
            ("qualifier", qualifier.unwrap_or_else(|| "exact".to_owned())),
            ("printed number", fact.value.clone()),
            ("section", fact.location.clone()),
            ("quote", fact.quote.clone()),
        ]
    }
}

/// A period in the form of this warehouse: a stock or a rate at the end of a year is the year's, a day its month's, and
/// years from one to another run from January to December.
fn period(fact: &Fact) -> String {
    let month = |text: &str, missing: &str| format!("{}{}", text, if text.len() == 4 { missing } else { "" });
    if let Some((from, to)) = fact.period.split_once('/') {
        return format!("{}/{}", month(from, "-01"), month(to, "-12"));
    }
    let at_end = matches!(fact.period_kind.as_str(), "stock at end" | "rate");
    match (fact.period.len(), fact.period.strip_suffix("-12").filter(|_| at_end)) {
        (_, Some(year)) if year.len() == 4 => year.to_owned(),
        (10, _) => fact.period[..7].to_owned(),
        _ => fact.period.clone(),
    }
}

/// The parts sorted, with the parts of the id where `{n}` stands.
fn breakdown(parts: &[String], id: &str) -> String {
    let filled = |part: &String| {
        id.split('.').enumerate().fold(part.clone(), |text, (nth, part)| text.replace(&format!("{{{nth}}}"), part))
    };
    let parts: BTreeSet<String> =
        parts.iter().map(filled).flat_map(|p| p.split(';').map(str::to_owned).collect::<Vec<_>>()).collect();
    match parts.is_empty() {
        true => TOTAL.to_owned(),
        false => parts.into_iter().collect::<Vec<_>>().join(";"),
    }
}

/// `*` stands for any text, `?` for any character.
fn fits(form: &str, id: &str) -> bool {
    match form.chars().next() {
        None => id.is_empty(),
        Some('*') => (0..=id.len()).any(|end| fits(&form[1..], &id[end..])),
        Some(c) => {
            id.chars().next().is_some_and(|i| (c == '?' || c == i) && fits(&form[c.len_utf8()..], &id[i.len_utf8()..]))
        }
    }
}
