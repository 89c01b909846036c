//! `shebao series`: one time series, in the version of a code list that is asked for.

use std::collections::BTreeMap;
use std::io::{self, Write as _};

use anyhow::{Context as _, bail};
use clap::ValueEnum;

use super::{Context, Ended, Fault, job, print};
use crate::diag::Diagnostic;
use crate::domain::label::nearest;
use crate::domain::{Period, TOTAL, Validity};
use crate::warehouse::{Rows, Scalar, Warehouse};

/// Print one time series, by one code list version throughout
///
/// A point is printed, as a table states it; bridged, where the code has no figure of its own and those it took the place
/// of have: their sum, by the concordance, with what was added up; or a gap, where one of those is missing. A break is
/// marked, and no change is computed across it; years are compared to years only. Codes or Chinese names are understood.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// What is counted: insured_person, fund_income_yuan, …
    indicator: String,
    #[arg(long, default_value = TOTAL)]
    region: String,
    #[arg(long, default_value = TOTAL)]
    scheme: String,
    #[arg(long, default_value = TOTAL)]
    ownership: String,
    #[arg(long, default_value = TOTAL)]
    industry: String,
    #[arg(long, default_value = TOTAL)]
    population: String,
    #[arg(long, default_value = TOTAL)]
    breakdown: String,
    /// First period to show: 2004, 2004-07
    #[arg(long, value_name = "PERIOD")]
    from: Option<Period>,
    /// Last period to show
    #[arg(long, value_name = "PERIOD")]
    to: Option<Period>,
    /// Carry figures over to the codes of a version (industry=2011), or to those in force at a time (scheme=2014)
    #[arg(long, value_name = "LIST=VERSION")]
    in_version: Vec<String>,
    /// As an edition has it, or as it was known on a day from the editions published by then
    #[arg(long, value_name = "EDITION|DAY", conflicts_with = "in_version")]
    vintage: Option<String>,
    /// Ask the release that was current at a time (2026-11-22 or 2026-11-22T08:00:00Z), or one by its id
    #[arg(long, value_name = "TIME|RELEASE")]
    as_of: Option<String>,
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Csv,
    Json,
}

/// What is printed of a point.
const POINT_COLUMNS: [&str; 11] = [
    "period",
    "value",
    "unit",
    "point",
    "bridge",
    "missing",
    "previous_period",
    "change",
    "change_pct",
    "break",
    "policy",
];
const VINTAGE_COLUMNS: [&str; 9] =
    ["period", "value", "unit", "mark", "dataset", "table_id", "edition", "known_from", "superseded_by"];

pub fn run(context: &Context, args: &Args) -> anyhow::Result<Ended> {
    let warehouse = job::open_release(&context.project, args.as_of.as_deref())?;
    let codes = Codes::read(&warehouse)?;
    let versions = codes.versions(&args.in_version)?;
    let key = codes.key(args, &versions)?;
    let rows = match &args.vintage {
        Some(vintage) => as_published(&warehouse, &key, vintage)?,
        None => points(&warehouse, &key, &versions, context.json || args.format != Format::Table)?,
    };
    let rows = between(rows, args.from, args.to);
    let mut out = io::BufWriter::new(io::stdout().lock());
    match args.format {
        _ if context.json => print::json(&rows, &mut out)?,
        Format::Table => print::table(&rows, &mut out)?,
        Format::Csv => print::csv(&rows, &mut out)?,
        Format::Json => print::json(&rows, &mut out)?,
    }
    out.flush()?;
    Ok(Ended::Good)
}

fn fault(fault: Diagnostic) -> Fault {
    Fault(vec![fault])
}

/// The points of a series; bridged over the lists whose version was asked for, and no others.
fn points(
    warehouse: &Warehouse,
    key: &[(String, String)],
    versions: &BTreeMap<String, String>,
    quiet: bool,
) -> anyhow::Result<Rows> {
    let mut all = warehouse.table("core_series", key).map_err(fault)?;
    let place = |name: &str| all.column(name).with_context(|| format!("core_series has no column \"{name}\""));
    let (list, period, previous) = (place("list")?, place("period")?, place("previous_period")?);
    let compared = [previous, place("change")?, place("change_pct")?];
    let other = |row: &[Scalar]| matches!(&row[list], Scalar::Text(list) if !versions.contains_key(list));
    let left_out: Vec<Vec<Scalar>> = all.rows.iter().filter(|row| other(row)).cloned().collect();
    all.rows.retain(|row| !other(row));
    for row in &mut all.rows {
        // What is not shown is not compared to.
        if left_out.iter().any(|out| out[period] == row[previous]) {
            compared.iter().for_each(|place| row[*place] = Scalar::Null);
        }
    }
    if let Some(first) = left_out.first().filter(|_| !quiet) {
        let points = print::count(left_out.len(), "point");
        eprintln!(
            "{points} can be bridged from codes that this one took the place of: --in-version {}=VERSION",
            first[list]
        );
    }
    if all.rows.is_empty() && left_out.is_empty() {
        return Err(nothing(warehouse, key)?.into());
    }
    sorted(print::choose(all, &POINT_COLUMNS))
}

/// The series as one edition states it, or as the editions had it that were published by a day.
fn as_published(warehouse: &Warehouse, key: &[(String, String)], vintage: &str) -> anyhow::Result<Rows> {
    let mut all = warehouse.table("core_vintage", key).map_err(fault)?;
    let place = |name: &str| all.column(name).with_context(|| format!("core_vintage has no column \"{name}\""));
    let (edition, from, to) = (place("edition")?, place("known_from")?, place("known_to")?);
    let is_edition = |row: &Vec<Scalar>| matches!(&row[edition], Scalar::Text(edition) if edition == vintage);
    if all.rows.is_empty() {
        return Err(nothing(warehouse, key)?.into());
    }
    if all.rows.iter().any(is_edition) {
        all.rows.retain(is_edition);
    } else if let Some(day) = Validity::parse("", vintage).ok().and_then(|v| v.last()) {
        let known = |row: &Vec<Scalar>| !matches!(row[from], Scalar::Date(from) if from > day);
        all.rows.retain(|row| known(row) && !matches!(row[to], Scalar::Date(to) if to <= day));
    } else {
        let editions: Vec<String> = all.rows.iter().map(|row| row[edition].to_string()).collect();
        let near = nearest(vintage, editions.iter().map(String::as_str)).join(" or ");
        bail!("\"{vintage}\" is neither an edition that states this series nor a day; did you mean {near}?");
    }
    sorted(print::choose(all, &VINTAGE_COLUMNS))
}

/// No table states the series: those that come nearest are named.
fn nothing(warehouse: &Warehouse, key: &[(String, String)]) -> anyhow::Result<Fault> {
    let asked: Vec<String> = key.iter().map(|(_, code)| code.clone()).collect();
    let of_indicator = warehouse.table("core_series", &key[..1]).map_err(fault)?;
    let places: Vec<usize> = key.iter().filter_map(|(column, _)| of_indicator.column(column)).collect();
    let mut known: Vec<Vec<String>> =
        of_indicator.rows.iter().map(|row| places.iter().map(|place| row[*place].to_string()).collect()).collect();
    known.sort();
    known.dedup();
    let missed = |series: &Vec<String>| series.iter().zip(&asked).filter(|(a, b)| a != b).count();
    known.sort_by_key(missed);
    let shown = |series: &Vec<String>| {
        let options = key.iter().zip(series).skip(1).filter(|(_, code)| *code != TOTAL);
        options.map(|((list, _), code)| format!("--{list} {code}")).collect::<Vec<_>>().join(" ")
    };
    let near: Vec<String> = known.iter().take(5).map(shown).collect();
    let diagnostic = Diagnostic::error("no-series", format!("no table states {} for these codes", asked[0]));
    Ok(fault(match near.is_empty() {
        true => diagnostic.hint("`shebao query \"SELECT * FROM core_indicator\"` lists what is counted"),
        false => diagnostic.hint(format!("there is {}", near.join("; "))),
    }))
}

fn period(row: &[Scalar]) -> Option<Period> {
    row[0].to_string().parse().ok()
}

/// In the order of time: by the last day, the shorter period first.
fn sorted(mut rows: Rows) -> anyhow::Result<Rows> {
    rows.rows.sort_by_cached_key(|row| {
        period(row)
            .map(|p| (p.end(), std::cmp::Reverse(p.start()), row.iter().map(Scalar::to_string).collect::<Vec<_>>()))
    });
    Ok(rows)
}

fn between(mut rows: Rows, from: Option<Period>, to: Option<Period>) -> Rows {
    rows.rows.retain(|row| {
        let Some(period) = period(row) else { return false };
        from.is_none_or(|from| from.start() <= period.start()) && to.is_none_or(|to| period.end() <= to.end())
    });
    rows
}

/// Code lists as the release holds them.
struct Codes {
    /// (list, version) → from, to
    versions: BTreeMap<(String, String), Validity>,
    entries: Vec<Entry>,
    indicators: Vec<[String; 2]>,
}

struct Entry {
    list: String,
    version: String,
    code: String,
    name: String,
    valid: Validity,
}

impl Codes {
    fn read(warehouse: &Warehouse) -> anyhow::Result<Codes> {
        let texts = |table: &str, columns: &[&str]| -> anyhow::Result<Vec<Vec<String>>> {
            let rows = print::choose(warehouse.table(table, &[]).map_err(fault)?, columns);
            Ok(rows.rows.iter().map(|row| row.iter().map(Scalar::to_string).collect()).collect())
        };
        let valid = |from: &str, to: &str| Validity::parse(from, to).unwrap_or_default();
        let versions = texts("core_version", &["list", "version", "valid_from", "valid_to"])?;
        let entries = texts("core_code", &["list", "version", "code", "name_zh", "valid_from", "valid_to"])?;
        let indicators = texts("core_indicator", &["indicator", "name_zh"])?;
        Ok(Codes {
            versions: versions.into_iter().map(|v| ((v[0].clone(), v[1].clone()), valid(&v[2], &v[3]))).collect(),
            entries: entries
                .into_iter()
                .map(|e| Entry {
                    valid: valid(&e[4], &e[5]),
                    list: e[0].clone(),
                    version: e[1].clone(),
                    code: e[2].clone(),
                    name: e[3].clone(),
                })
                .collect(),
            indicators: indicators.into_iter().map(|i| [i[0].clone(), i[1].clone()]).collect(),
        })
    }

    /// What `--in-version` asks for: list → version or time.
    fn versions(&self, written: &[String]) -> anyhow::Result<BTreeMap<String, String>> {
        let mut asked = BTreeMap::new();
        for one in written {
            let Some((list, version)) = one.split_once('=') else {
                bail!("--in-version is written LIST=VERSION, as scheme=2014, and \"{one}\" is not");
            };
            let of_list: Vec<&str> =
                self.versions.keys().filter(|(other, _)| other == list).map(|(_, version)| version.as_str()).collect();
            if of_list.is_empty() {
                let known: Vec<&str> = self.versions.keys().map(|(list, _)| list.as_str()).collect();
                let near = nearest(list, known).join(" or ");
                bail!("there is no code list \"{list}\" to give a version of; did you mean {near}?");
            }
            let at_time = || {
                let period: Period = version.parse().ok()?;
                of_list.iter().find(|v| self.versions[&(list.to_owned(), (**v).to_owned())].covers(period)).copied()
            };
            let found = of_list.iter().find(|v| **v == version).copied().or_else(at_time);
            let Some(found) = found else {
                bail!(
                    "list {list} has no version \"{version}\"; its versions are {}, or give a year",
                    of_list.join(", ")
                );
            };
            // Of a list without versions the dates of its codes tell what was in force.
            let found = if of_list.len() == 1 { version } else { found };
            asked.insert(list.to_owned(), found.to_owned());
        }
        Ok(asked)
    }

    /// Column → code, in the order of the dimensions.
    fn key(&self, args: &Args, versions: &BTreeMap<String, String>) -> anyhow::Result<Vec<(String, String)>> {
        let found = self.indicators.iter().find(|i| i.contains(&args.indicator));
        let Some([indicator, _]) = found else {
            let near = nearest(&args.indicator, self.indicators.iter().map(|i| i[0].as_str())).join(" or ");
            bail!("there is no indicator \"{}\"; did you mean {near}?", args.indicator);
        };
        let mut key = vec![("indicator".to_owned(), indicator.clone())];
        let dimensions = [
            ("region", &args.region),
            ("scheme", &args.scheme),
            ("ownership", &args.ownership),
            ("industry", &args.industry),
            ("population", &args.population),
        ];
        for (list, written) in dimensions {
            key.push((list.to_owned(), self.code(list, written, versions.get(list).map(String::as_str))?));
        }
        key.push(("breakdown".to_owned(), args.breakdown.clone()));
        Ok(key)
    }

    /// The code that is meant by a code or a name, in the version where one is asked for.
    fn code(&self, list: &str, written: &str, version: Option<&str>) -> anyhow::Result<String> {
        if written == TOTAL {
            return Ok(written.to_owned());
        }
        let several = self.versions.keys().filter(|(other, _)| other == list).count() > 1;
        let of_list = || self.entries.iter().filter(|e| e.list == list);
        let of_version = |e: &&Entry| match version {
            None => true,
            Some(version) if several => e.version == version,
            Some(time) => time.parse::<Period>().is_ok_and(|period| e.valid.covers(period)),
        };
        let means = |e: &&Entry| {
            let own = e.code.strip_suffix(&format!("-{}", e.version));
            [e.code.as_str(), e.name.as_str()].contains(&written)
                || own.is_some_and(|own| version.is_some() && own == written)
        };
        let mut codes: Vec<&str> = of_list().filter(of_version).filter(means).map(|e| e.code.as_str()).collect();
        codes.sort_unstable();
        codes.dedup();
        match (codes.as_slice(), version) {
            ([code], _) => Ok((*code).to_owned()),
            ([_, _, ..], _) => bail!("\"{written}\" is the name of several {list} codes: {}", codes.join(", ")),
            ([], Some(version)) if of_list().any(|e| means(&e)) => {
                bail!(
                    "the {list} \"{written}\" is not in force in {version}; ask for the code that took its place (core_concordance)"
                )
            }
            ([], _) => {
                let known = of_list().flat_map(|e| [e.code.as_str(), e.name.as_str()]);
                bail!("list {list} has no code \"{written}\"; did you mean {}?", nearest(written, known).join(" or "))
            }
        }
    }
}
