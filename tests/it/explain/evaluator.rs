//! Plain fractions over the tree of `explain --json`, outside the warehouse: the printed and declared cells are all that is taken
//! over, and every number above them is computed again.

use std::cell::RefCell;
use std::collections::BTreeMap;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One as _, Signed as _, Zero as _};
use serde_json::Value;

/// A value of an expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    Null,
    Number(BigRational),
    Text(String),
    Truth(bool),
}

/// Computes the figure of an explanation again; the printed and declared cells are all it takes over.
pub struct Evaluator<'a> {
    document: &'a Value,
    /// Cells computed already: most stand below several others.
    pub known: RefCell<BTreeMap<String, Found>>,
}

impl<'a> Evaluator<'a> {
    pub fn new(document: &'a Value) -> Evaluator<'a> {
        Evaluator { document, known: RefCell::default() }
    }

    pub fn cell(&self, id: &str) -> Result<Found, String> {
        if let Some(known) = self.known.borrow().get(id) {
            return Ok(known.clone());
        }
        let cell = &self.document["cells"][id];
        let Some(expression) = cell.get("expression") else {
            if cell.get("source").is_none() && cell.get("declared").is_none() {
                return Err(format!("{id} has neither an expression nor a source"));
            }
            return Ok(told(&cell["value"]));
        };
        let found = self.expression(expression)?;
        self.compare(&found, &cell["value"], id)?;
        self.known.borrow_mut().insert(id.to_owned(), found.clone());
        Ok(found)
    }

    fn compare(&self, found: &Found, told_value: &Value, what: &str) -> Result<(), String> {
        let told = told(told_value);
        if *found == told {
            return Ok(());
        }
        Err(format!("{what}: computed {found:?}, told {told_value}"))
    }

    fn expression(&self, node: &Value) -> Result<Found, String> {
        if let Some(literal) = node.get("literal") {
            return Ok(told(literal));
        }
        if let Some(id) = node.get("cell") {
            return self.cell(id.as_str().ok_or("a cell that is not in the explanation")?);
        }
        if node.get("row").is_some() {
            return Ok(whole(1));
        }
        let op = node["op"].as_str().ok_or("a node without an operator")?;
        // What decided for a constant is computed as well: the conditions that were looked at.
        for condition in node["decided_by"].as_array().into_iter().flatten() {
            self.expression(condition)?;
        }
        let args = node["args"].as_array().ok_or("an operator without arguments")?;
        let args: Vec<Found> = args.iter().map(|arg| self.expression(arg)).collect::<Result<_, _>>()?;
        let found = apply(op, &args, node).ok_or_else(|| format!("{op} of {args:?}"))?;
        self.compare(&found, &node["value"], op)?;
        Ok(found)
    }
}

fn told(value: &Value) -> Found {
    match value {
        Value::Null => Found::Null,
        Value::Bool(truth) => Found::Truth(*truth),
        Value::String(text) => number(text).map_or_else(|| Found::Text(text.clone()), Found::Number),
        other => Found::Text(other.to_string()),
    }
}

fn whole(n: i64) -> Found {
    Found::Number(BigRational::from_integer(n.into()))
}

fn number(text: &str) -> Option<BigRational> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let all = format!("{whole}{part}");
    if whole.is_empty() || !all.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let scale = u32::try_from(part.len()).ok()?;
    Some(BigRational::new(all.parse::<BigInt>().ok()? * sign, BigInt::from(10).pow(scale)))
}

/// Half away from zero.
fn rounded(exact: &BigRational, decimals: u32) -> BigRational {
    let power = BigRational::from_integer(BigInt::from(10).pow(decimals));
    (exact * &power).round() / power
}

fn apply(op: &str, args: &[Found], node: &Value) -> Option<Found> {
    let numbers: Option<Vec<&BigRational>> =
        args.iter().map(|arg| if let Found::Number(n) = arg { Some(n) } else { None }).collect();
    let text = |nth: usize| if let Some(Found::Text(text)) = args.get(nth) { Some(text.as_str()) } else { None };
    let present = || args.iter().filter_map(|arg| if let Found::Number(n) = arg { Some(n.clone()) } else { None });
    match op {
        "choice" => return args.first().cloned(),
        "count" => {
            let there = args.iter().filter(|arg| **arg != Found::Null);
            return Some(whole(i64::try_from(there.count()).ok()?));
        }
        "sum" => return Some(present().reduce(|a, b| a + b).map_or(Found::Null, Found::Number)),
        "greatest" => return Some(present().max().map_or(Found::Null, Found::Number)),
        "least" => return Some(present().min().map_or(Found::Null, Found::Number)),
        "period_year" | "period_month_count" => {
            let Some(period) = period(args.first()?) else { return Some(Found::Null) };
            let ((from_year, from_month), (to_year, to_month)) = period;
            let months = (to_year - from_year) * 12 + to_month - from_month + 1;
            return Some(whole(if op == "period_year" { to_year } else { months }));
        }
        "breakdown_value" => {
            let pairs = text(0).into_iter().flat_map(|all| all.split(';')).filter_map(|pair| pair.split_once('='));
            let value = pairs.filter(|(key, _)| Some(*key) == text(1)).map(|(_, value)| value).next();
            return Some(value.map_or(Found::Null, |value| told(&Value::from(value))));
        }
        "allocated" => return allocated(args),
        _ => {}
    }
    if let Some(found) = truth(op, args) {
        return Some(found);
    }
    // All others give null for a null.
    if args.contains(&Found::Null) {
        return Some(Found::Null);
    }
    // Of words it can only be said whether they are the same; what functions of words say is taken over.
    let Some(numbers) = numbers else {
        return Some(match op {
            "=" => Found::Truth(args[0] == args[1]),
            "!=" => Found::Truth(args[0] != args[1]),
            "in" => Found::Truth(args[1..].contains(&args[0])),
            "not in" => Found::Truth(!args[1..].contains(&args[0])),
            _ => told(&node["value"]),
        });
    };
    of_numbers(op, &numbers, node)
}

/// What is told of conditions, also where something is missing.
fn truth(op: &str, args: &[Found]) -> Option<Found> {
    let said = match op {
        "AND" | "OR" => {
            let decides = Found::Truth(op == "OR");
            let others = || args.iter().find(|arg| **arg == Found::Null).or(args.first());
            return args.iter().find(|arg| **arg == decides).or_else(others).cloned();
        }
        "not" => match args {
            [Found::Truth(truth)] => !truth,
            _ => return args.first().cloned(),
        },
        "is null" => args.first()? == &Found::Null,
        "is not null" => args.first()? != &Found::Null,
        "IS DISTINCT FROM" => args.first()? != args.get(1)?,
        "IS NOT DISTINCT FROM" => args.first()? == args.get(1)?,
        "istrue" => args.first()? == &Found::Truth(true),
        "isnottrue" => args.first()? != &Found::Truth(true),
        "exists" => !args.is_empty(),
        _ => return None,
    };
    Some(Found::Truth(said))
}

/// What functions of numbers give where none is missing.
fn of_numbers(op: &str, numbers: &[&BigRational], node: &Value) -> Option<Found> {
    let twelve = |exact: BigRational| Some(Found::Number(rounded(&exact, 12)));
    let hundred = || BigRational::from_integer(100.into());
    match (op, numbers) {
        ("=", [a, b]) => Some(Found::Truth(a == b)),
        ("!=", [a, b]) => Some(Found::Truth(a != b)),
        ("<", [a, b]) => Some(Found::Truth(a < b)),
        ("<=", [a, b]) => Some(Found::Truth(a <= b)),
        (">", [a, b]) => Some(Found::Truth(a > b)),
        (">=", [a, b]) => Some(Found::Truth(a >= b)),
        ("between", [n, from, to]) => Some(Found::Truth(from <= n && n <= to)),
        ("not between", [n, from, to]) => Some(Found::Truth(!(from <= n && n <= to))),
        ("in", [n, list @ ..]) => Some(Found::Truth(list.contains(n))),
        ("not in", [n, list @ ..]) => Some(Found::Truth(!list.contains(n))),
        ("+", [a, b]) => Some(Found::Number(*a + *b)),
        ("-", [a, b]) => Some(Found::Number(*a - *b)),
        ("*", [a, b]) => Some(Found::Number(*a * *b)),
        ("/", [a, b]) if !b.is_zero() => Some(Found::Number(*a / *b)),
        ("div", [a, b]) if !b.is_zero() => Some(Found::Number((*a / *b).trunc())),
        ("negative", [a]) => Some(Found::Number(-*a)),
        ("exact_div" | "percent_of", [_, b]) if b.is_zero() => Some(Found::Null),
        ("exact_div", [a, b]) => twelve(*a / *b),
        ("percent_of", [a, b]) => twelve(*a * hundred() / *b),
        ("change_pct", [_, before]) if before.is_zero() => Some(Found::Null),
        ("change_pct", [now, before]) => twelve((*now - *before) * hundred() / *before),
        ("round", [a, places]) => Some(Found::Number(rounded(a, u32::try_from(places.to_integer()).ok()?))),
        ("cast", [a]) => {
            let decimals = node["decimals"].as_u64().map_or(0, |d| u32::try_from(d).unwrap_or(0));
            Some(Found::Number(rounded(a, decimals)))
        }
        ("square_root", [a]) => {
            Some(if a.is_negative() { Found::Null } else { Found::Number(rounded(&root(a, 2), 12)) })
        }
        ("annual_growth_pct", [first, last, years]) => {
            let years = u32::try_from(years.to_integer()).ok().filter(|years| *years > 0);
            let Some(years) = years.filter(|_| first.is_positive() && !last.is_negative()) else {
                return Some(Found::Null);
            };
            twelve((root(&(*last / *first), years) - BigRational::one()) * hundred())
        }
        ("wilson_low_pct", [k, n]) => Some(wilson(k, n, -1)),
        ("wilson_high_pct", [k, n]) => Some(wilson(k, n, 1)),
        _ => None,
    }
}

/// The root to thirty decimals, downwards.
fn root(of: &BigRational, degree: u32) -> BigRational {
    let power = BigInt::from(10).pow(30);
    let scaled = of * BigRational::from_integer(power.clone().pow(degree));
    BigRational::new(scaled.to_integer().nth_root(degree), power)
}

/// Wilson's interval for k of n at 95 %.
fn wilson(k: &BigRational, n: &BigRational, side: i64) -> Found {
    if !n.is_positive() || k.is_negative() || k > n {
        return Found::Null;
    }
    let z = number("1.959963984540054236").unwrap();
    let z2 = &z * &z;
    let of = |n: i64| BigRational::from_integer(n.into());
    let spread = root(&(k * (n - k) / n + &z2 / of(4)), 2);
    let end = (k + &z2 / of(2) + of(side) * z * spread) / (n + z2);
    let end = end.max(of(0)).min(of(1));
    Found::Number(rounded(&(end * of(100)), 12))
}

/// A share by the largest remainder, in the smallest unit of the number.
fn allocated(args: &[Found]) -> Option<Found> {
    let [Found::Number(total), weights, Found::Number(place)] = args else { return Some(Found::Null) };
    let weights = match weights {
        Found::Text(weights) => weights.clone(),
        Found::Number(weight) => weight.to_string(),
        _ => return Some(Found::Null),
    };
    let weights: Vec<BigRational> = weights.split(' ').filter_map(|weight| weight.parse().ok()).collect();
    let mut unit = BigRational::one();
    while !(total / &unit).is_integer() {
        unit /= BigRational::from_integer(10.into());
    }
    let units = (total / &unit).to_integer();
    let exact: Vec<BigRational> = weights.iter().map(|w| w * BigRational::from_integer(units.abs())).collect();
    let mut shares: Vec<BigInt> = exact.iter().map(|share| share.to_integer()).collect();
    let mut order: Vec<usize> = (0..shares.len()).collect();
    order.sort_by(|a, b| exact[*b].fract().cmp(&exact[*a].fract()).then(a.cmp(b)));
    let left = units.abs() - shares.iter().sum::<BigInt>();
    for nth in order.into_iter().take(usize::try_from(left).ok()?) {
        shares[nth] += 1;
    }
    let share = shares.get(usize::try_from(place.to_integer()).ok()?)?;
    Some(Found::Number(BigRational::from_integer(share * units.signum()) * unit))
}

/// First and last month of `2004`, `2004-07` or `2013-01/2013-08`.
fn period(text: &Found) -> Option<((i64, i64), (i64, i64))> {
    let text = match text {
        Found::Text(text) => text.clone(),
        Found::Number(year) => year.to_string(),
        _ => return None,
    };
    let month = |part: &str, missing: i64| match part.split_once('-') {
        Some((year, month)) => Some((year.parse().ok()?, month.parse().ok()?)),
        None => Some((part.parse().ok()?, missing)),
    };
    let (from, to) = text.split_once('/').unwrap_or((&text, &text));
    Some((month(from, 1)?, month(to, 12)?))
}

#[test]
fn fractions_are_read_and_rounded() {
    let rows = [("2", "3", "0.666666666667"), ("-1", "8", "-0.125"), ("1", "3", "0.333333333333")];
    for (a, b, quotient) in rows {
        let exact = number(a).unwrap() / number(b).unwrap();
        assert_eq!(rounded(&exact, 12), number(quotient).unwrap());
    }
    assert_eq!(rounded(&root(&number("2").unwrap(), 2), 12), number("1.414213562373").unwrap());
}
