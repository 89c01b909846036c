//! What follows from the papers' figures: every figure of the list of derived figures, asked of the contract tables by the
//! queries of `tests/derived.toml`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use rust_decimal::{Decimal, RoundingStrategy};
use serde::Deserialize;
use shebao::warehouse::Scalar;

use crate::support::{release, root, shared};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Queries {
    words: BTreeMap<String, Word>,
    family: Vec<Family>,
    #[serde(default)]
    left_out: Vec<LeftOut>,
}

/// What may stand for `{word}` in an id: a run of digits, or one of some names, each with its code.
#[derive(Deserialize)]
#[serde(untagged)]
enum Word {
    #[allow(dead_code, reason = "the word only tells the two forms apart")]
    Digits(String),
    Names(BTreeMap<String, String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Family {
    id: String,
    query: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LeftOut {
    id: String,
    reason: String,
}

/// A row of the list of derived figures.
#[derive(Deserialize)]
struct Derived {
    id: String,
    expected: String,
    printed: String,
    agrees: String,
}

#[test]
fn derived_figures_come_out_to_the_last_printed_digit() {
    let Some(list) = shared("seeds/derived.csv") else { return };
    let queries = queries();
    let (mut faults, mut compared, mut against_print) = (Vec::new(), 0, 0);
    let mut left_out: BTreeMap<&str, usize> = BTreeMap::new();
    for row in rows(&list) {
        if let Some(sql) = query_of(&queries, &row.id) {
            compared += 1;
            against_print += usize::from(row.agrees == "yes" && !row.printed.trim().is_empty());
            faults.extend(check(&row, &sql).err());
        } else if let Some(known) = queries.left_out.iter().find(|l| bind(&queries.words, &l.id, &row.id).is_some()) {
            *left_out.entry(&known.reason).or_default() += 1;
        } else {
            faults.push(format!("{}: tests/derived.toml has no family for it", row.id));
        }
    }
    println!("{compared} derived figures compared, {against_print} of them with a printed figure too");
    for (reason, count) in left_out {
        println!("{count} left out: {reason}");
    }
    assert!(compared > 0, "no derived figure was compared");
    assert!(faults.is_empty(), "{} of {compared} differ:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn ids_bind_words_to_codes() {
    let words = queries().words;
    let check = |pattern: &str, id: &str, expected: Option<&[(&str, &str)]>| {
        let bound = bind(&words, pattern, id);
        let bound = bound.as_ref().map(|b| b.iter().map(|(w, c)| (w.as_str(), c.as_str())).collect::<Vec<_>>());
        assert_eq!(bound.as_deref(), expected, "{pattern} {id}");
    };
    check("d0.growth.{scheme}.{year}", "d0.growth.injury.2004", Some(&[("scheme", "work-injury"), ("year", "2004")]));
    check("d4.t1.std_{kind}.{year}", "d4.t1.std_child.2010", Some(&[("kind", "student-child"), ("year", "2010")]));
    check(
        "d4.t2.colsum.{subsidy}",
        "d4.t2.colsum.sub_city",
        Some(&[("subsidy", "indicator = 'subsidy_increase_yuan' AND breakdown = 'payer=city'")]),
    );
    check("d0.growth.{scheme}.{year}", "d0.growth.injury", None);
    check("d0.cov.{scheme}", "d0.cov.housing", None);
}

#[test]
fn printed_figures_are_read() {
    let check = |printed: &str, value: &str, agrees: bool| {
        assert_eq!(agrees_with_print(value.parse().expect("a number"), printed), agrees, "{printed} {value}");
    };
    check("42%", "42.252716", true);
    check("15%", "14.499999", false);
    check("-0.45万人", "-4500", true);
    check("15716.4万元", "157197000", false);
    check("290万元 no sign = shortfall", "-2900000", true);
    check("1147万元 ＋", "11470000", true);
    check("54万人 (approximate)", "514411.764706", true);
    check("26180.23万元 (lower bound)", "483671920", true);
    check("26180.23万元 (upper bound)", "452467280", false);
}

fn queries() -> Queries {
    let text = fs::read_to_string(root().join("tests/derived.toml")).expect("tests/derived.toml can be read");
    toml::from_str(&text).expect("tests/derived.toml is well formed")
}

fn rows(list: &Path) -> Vec<Derived> {
    let mut reader = csv::Reader::from_path(list).expect("the list can be read");
    reader.deserialize().collect::<Result<_, _>>().expect("the list is well formed")
}

fn query_of(queries: &Queries, id: &str) -> Option<String> {
    queries.family.iter().find_map(|family| {
        let bound = bind(&queries.words, &family.id, id)?;
        Some(bound.iter().fold(family.query.clone(), |sql, (word, code)| sql.replace(&format!("{{{word}}}"), code)))
    })
}

/// The codes that an id's parts stand for, when the id is of the pattern's family.
fn bind(words: &BTreeMap<String, Word>, pattern: &str, id: &str) -> Option<Vec<(String, String)>> {
    let Some((before, rest)) = pattern.split_once('{') else {
        return (pattern == id).then(Vec::new);
    };
    let (word, after) = rest.split_once('}').expect("a brace in an id is closed");
    let id = id.strip_prefix(before)?;
    let choices: Vec<(&str, &str)> = match &words[word] {
        Word::Digits(_) => {
            let end = id.find(|c: char| !c.is_ascii_digit()).unwrap_or(id.len());
            if end == 0 { Vec::new() } else { vec![(&id[..end], &id[..end])] }
        }
        Word::Names(names) => names.iter().map(|(name, code)| (name.as_str(), code.as_str())).collect(),
    };
    choices.into_iter().find_map(|(name, code)| {
        let mut bound = bind(words, after, id.strip_prefix(name)?)?;
        bound.insert(0, (word.to_owned(), code.to_owned()));
        Some(bound)
    })
}

fn check(row: &Derived, sql: &str) -> Result<(), String> {
    let value = number(sql).map_err(|fault| format!("{}: {fault}\n{sql}", row.id))?;
    let expected: Decimal = row.expected.parse().map_err(|e| format!("{}: {e}", row.id))?;
    if round(value, decimals(expected)) != round(expected, decimals(expected)) {
        return Err(format!("{}: {value}, expected {expected}\n{sql}", row.id));
    }
    if row.agrees == "yes" && !row.printed.trim().is_empty() && !agrees_with_print(value, &row.printed) {
        return Err(format!("{}: {value} does not print as {}\n{sql}", row.id, row.printed));
    }
    Ok(())
}

/// The list gives six decimals, worked out in binary: of a large number the digits past the fifteenth are not its own.
fn decimals(expected: Decimal) -> u32 {
    let whole = expected.trunc().abs().to_string().len();
    u32::try_from(15_usize.saturating_sub(whole)).map_or(6, |left| left.min(6))
}

/// The one number a query returns.
fn number(sql: &str) -> Result<Decimal, String> {
    let rows = release().query(sql).map_err(|diagnostic| format!("{diagnostic:?}"))?.rows;
    match rows.as_slice() {
        [row] => match row.as_slice() {
            [Scalar::Number(number)] => Ok(*number),
            [Scalar::Integer(number)] => Ok(Decimal::from(*number)),
            other => Err(format!("one number was expected, the query returns {other:?}")),
        },
        rows => Err(format!("one row was expected, the query returns {}", rows.len())),
    }
}

/// Whether a figure, rounded as printed, is the printed one; an approximate figure may be 5% off, a bound must hold.
fn agrees_with_print(value: Decimal, printed: &str) -> bool {
    let end = printed.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-')).unwrap_or(printed.len());
    let (number, rest) = printed.split_at(end);
    let Ok(mut number) = number.parse::<Decimal>() else { return false };
    let decimals = number.scale();
    let factor = match rest.chars().next() {
        Some('万') => Decimal::from(10_000),
        Some('亿') => Decimal::from(100_000_000),
        _ => Decimal::ONE,
    };
    if rest.contains("no sign = shortfall") {
        number = -number;
    }
    let value = value / factor;
    if rest.contains("(approximate)") {
        let near = (value - number).abs() <= number.abs() * Decimal::new(5, 2);
        return near || round(value, decimals) == number;
    }
    if rest.contains("(lower bound)") {
        return value >= number;
    }
    if rest.contains("(upper bound)") {
        return value <= number;
    }
    round(value, decimals) == number
}

fn round(value: Decimal, decimals: u32) -> Decimal {
    value.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero)
}
