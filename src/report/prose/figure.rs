//! A figure of a text: found by table, column and key, printed with its unit, or missing for a reason.

use std::collections::BTreeSet;

use crate::diag::{Diagnostic, Place};
use crate::domain::code::TOTAL;
use crate::domain::value::{Mark, Status};
use crate::report::definition::spec::{Decimals, Sign, Style};
use crate::report::definition::stated::unknown_code;
use crate::report::rows::kept::names_observations;
use crate::report::rows::names::Names;
use crate::report::rows::records::{Records, TOTALLED};
use crate::report::rows::source::unknown_column;
use crate::report::table::format::Figure;
use crate::report::table::key::FigureKey;
use crate::report::table::select;
use crate::warehouse::Rows;

/// Decimals of a number that a sentence may print as it is; one with more must say how many.
const DECIMALS_MAX: u32 = 4;

/// How a text asks for a figure.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    pub table: String,
    pub column: String,
    /// Columns and the values they hold; a dimension that is not named means its total.
    pub key: Vec<(String, String)>,
    pub unit: Option<String>,
    pub decimals: Option<u32>,
    pub grouping: bool,
}

/// The figure found.
#[derive(Clone, Debug, Default)]
pub struct Quoted {
    pub key: FigureKey,
    /// As it is printed; `None` where it is missing.
    pub figure: Option<Figure>,
    /// It is not zero, but is printed as zero.
    pub vanishes: bool,
    /// Code and name of the unit it is printed in.
    pub unit: String,
    pub unit_name: String,
    /// Why it is missing, where the source says.
    pub mark: Option<Mark>,
    pub status: Status,
    /// The observations it comes from.
    pub obs_ids: BTreeSet<String>,
}

impl Quoted {
    /// `14.31万人`
    pub fn text(&self) -> Option<String> {
        self.figure.as_ref().map(|figure| format!("{}{}", figure.text(), self.unit_name))
    }

    /// Without its sign, for words that say which way it goes: 下降, 减少, 赤字.
    pub fn size(&self) -> Quoted {
        let bare = Sign { positive: String::new(), negative: String::new() };
        let figure = self.figure.clone().map(|figure| Figure { sign: bare, ..figure });
        Quoted { figure, ..self.clone() }
    }

    /// What it is, for messages.
    pub fn asked(&self) -> String {
        asked(&self.key.table, &self.key.column, &self.key.key)
    }
}

fn asked(table: &str, column: &str, key: &[(String, String)]) -> String {
    let key: Vec<String> = key.iter().map(|(column, value)| format!("{column}={value}")).collect();
    format!("{table}.{column} ({})", key.join(", "))
}

/// The one row that a key means; `None` where there is none.
///
/// # Errors
/// A column is not in the table, a code not in its list, or several rows have the key.
pub fn row(wanted: &Wanted, rows: &Rows, names: &Names) -> Result<Option<usize>, Diagnostic> {
    let records = Records::new(rows);
    for column in wanted.key.iter().map(|(column, _)| column).chain([&wanted.column]) {
        refuse_column(&wanted.table, column, &records)?;
    }
    if let Some(fault) = wanted.key.iter().find_map(|(column, value)| unknown_code(column, value, &records, names)) {
        return Err(fault);
    }
    let found = rows_of(&wanted.key, &records);
    match found.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(*one)),
        several => {
            let parts: Vec<&str> = records
                .column_names()
                .filter(|column| !names_observations(column) && !wanted.key.iter().any(|(named, _)| named == column))
                .filter(|column| {
                    several.iter().any(|row| records.text(*row, column) != records.text(several[0], column))
                })
                .collect();
            let what = asked(&wanted.table, &wanted.column, &wanted.key);
            Err(Diagnostic::error("several-figures", format!("{} rows answer {what}", several.len()))
                .hint(format!("say which by one of {}", parts.join(", "))))
        }
    }
}

/// Rows that hold these values; a dimension that is not named means its total.
pub fn rows_of(key: &[(String, String)], records: &Records<'_>) -> Vec<usize> {
    let named = |column: &str| key.iter().any(|(named, _)| named == column);
    let totals: Vec<&str> = TOTALLED.into_iter().filter(|d| records.has(d) && !named(d)).collect();
    let is_meant = |row: &usize| {
        key.iter().all(|(column, value)| records.text(*row, column) == *value)
            && totals.iter().all(|dimension| records.text(*row, dimension) == TOTAL)
    };
    (0..records.rows.rows.len()).filter(is_meant).collect()
}

/// # Errors
/// The table has no such column.
pub fn refuse_column(table: &str, column: &str, records: &Records<'_>) -> Result<(), Diagnostic> {
    match records.has(column) {
        true => Ok(()),
        false => Err(unknown_column(table, column, records, &Place::default())),
    }
}

/// The figure in a row; `grain` tells the rows of the table apart.
///
/// # Errors
/// The unit is unknown or does not measure what the column holds, or the number has too many decimals to be printed as it is.
pub fn of_row(
    wanted: &Wanted,
    at: Option<usize>,
    rows: &Rows,
    grain: &[String],
    names: &Names,
) -> Result<Quoted, Diagnostic> {
    let mut quoted = Quoted {
        key: FigureKey { table: wanted.table.clone(), column: wanted.column.clone(), key: wanted.key.clone() },
        ..Quoted::default()
    };
    let Some(at) = at else { return Ok(quoted) };
    let records = Records::new(rows);
    let id = ["obs_id".to_owned()];
    let grain = if records.has(&id[0]) { &id } else { grain };
    if !grain.is_empty() {
        quoted.key.key = grain.iter().map(|column| (column.clone(), records.text(at, column))).collect();
    }
    quoted.mark = Mark::parse(&records.text(at, "mark"));
    quoted.status = Status::parse(&records.text(at, "status")).unwrap_or_default();
    let observed = records.column_names().filter(|column| names_observations(column));
    quoted.obs_ids = observed.map(|column| records.text(at, column)).filter(|id| !id.is_empty()).collect();
    let base = base(&wanted.column, &records.text(at, "unit"), names);
    if let (Some(unit), Some(base)) = (&wanted.unit, &base) {
        let known = names.unit(unit).ok_or_else(|| {
            Diagnostic::error("unknown-unit", format!("there is no unit \"{unit}\"")).hint(names.unit_hint(unit))
        })?;
        if known.base != *base {
            let fault = format!("{} in {base} cannot be printed in {unit}", quoted.asked());
            return Err(Diagnostic::error("wrong-unit", fault).hint(format!("choose a unit of {base}")));
        }
    }
    quoted.unit = wanted.unit.clone().or(base).unwrap_or_default();
    quoted.unit_name = names.unit(&quoted.unit).map(|unit| unit.name_zh.clone()).unwrap_or_default();
    let number = records.number(at, &wanted.column).filter(|_| quoted.mark.is_none());
    if let Some(number) = number {
        let style = Style {
            unit: Some((quoted.unit.clone(), Place::default())),
            decimals: wanted.decimals.map(Decimals::Fixed),
            grouping: Some(wanted.grouping),
            ..Style::default()
        };
        let figure = select::figure(number, at, &records, &style, names)?;
        if figure.decimals > DECIMALS_MAX && wanted.decimals.is_none() {
            let fault = format!("{} has {} decimals", quoted.asked(), figure.decimals);
            return Err(
                Diagnostic::error("decimals-needed", fault).hint("say how many are printed: figure(…, decimals=1)")
            );
        }
        quoted.vanishes = figure.number.is_zero() && !number.is_zero();
        quoted.figure = Some(figure);
    }
    Ok(quoted)
}

/// The unit of a column: the one its rows name, or the one its name ends with.
fn base(column: &str, of_row: &str, names: &Names) -> Option<String> {
    if !of_row.is_empty() {
        return Some(of_row.to_owned());
    }
    let ending = column.rsplit('_').next().unwrap_or(column);
    let unit = match ending {
        "pct" => "percent",
        "pp" => "percentage_point",
        other => other,
    };
    let long = names.units().filter(|unit| column.ends_with(&format!("_{unit}"))).max_by_key(|unit| unit.len());
    long.or_else(|| names.unit(unit).map(|unit| unit.code.as_str())).map(str::to_owned)
}
