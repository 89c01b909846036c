//! What a text may say beside its words: `figure`, `rows`, `table`, `chart`, `name`, and the words for a change.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Enumerator, Kwargs, Object, Value, ValueKind};
use minijinja::{Environment, Error, ErrorKind, State};
use rust_decimal::Decimal;

use super::document::{Used, mark_block, mark_figure};
use super::figure::{Quoted, Wanted, of_row, refuse_column, row};
use crate::diag::Diagnostic;
use crate::domain::label::nearest;
use crate::domain::period_zh;
use crate::domain::value::Mark;
use crate::report::rows::names::Names;
use crate::report::rows::records::Records;
use crate::report::rows::source::quoted;
use crate::warehouse::{Rows, Scalar};

/// What a text works with while it is rendered.
#[derive(Default)]
pub struct Desk {
    pub names: Names,
    /// The tables asked for so far.
    pub tables: BTreeMap<String, Arc<Known>>,
    /// A table asked for that is not on the desk yet; the text is rendered again with it.
    pub missing: Option<String>,
    /// What stopped the text.
    pub fault: Option<Diagnostic>,
    pub used: Vec<Used>,
    /// Ids of the report's tables and charts.
    pub placed: BTreeMap<&'static str, Vec<String>>,
}

/// The rows of a table, and the columns that tell them apart.
pub struct Known {
    pub rows: Rows,
    pub grain: Vec<String>,
}

pub type Shared = Arc<Mutex<Desk>>;

pub fn open(desk: &Shared) -> MutexGuard<'_, Desk> {
    desk.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The template's language, and the functions of a desk.
pub fn environment(desk: &Shared) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().unwrap_or_default());
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    let own = desk.clone();
    environment.add_function("figure", move |table: &str, column: &str, options: Kwargs| {
        let (wanted, key) = wanted(table, column, &options)?;
        quote(&own, Wanted { key, ..wanted })
    });
    let own = desk.clone();
    environment.add_function("rows", move |table: &str, options: Kwargs| list(&own, table, &options));
    for kind in ["table", "chart"] {
        let own = desk.clone();
        environment.add_function(kind, move |id: &str| place(&own, kind, id));
    }
    let own = desk.clone();
    environment.add_function("name", move |list: &str, code: &str| open(&own).names.code(list, code).to_owned());
    environment.add_filter("when", |period: &str| period_zh(period));
    let own = desk.clone();
    environment.add_filter("change", move |value: &Value, up: Option<&str>, down: Option<&str>, even: Option<&str>| {
        let words = [up.unwrap_or("增长"), down.unwrap_or("下降"), even.unwrap_or("持平")];
        change(&own, value, words)
    });
    let own = desk.clone();
    environment.add_filter("size", move |value: &Value| {
        let asked = asked(value)?;
        show(&own, &asked.size())
    });
    let own = desk.clone();
    environment.add_filter("number", move |value: &Value| {
        let bare = Quoted { unit_name: String::new(), ..asked(value)?.clone() };
        show(&own, &bare)
    });
    environment.add_filter("otherwise", |value: Value, words: Value| match asked(&value) {
        Ok(asked) if asked.figure.is_none() => words,
        _ => value,
    });
    let own = desk.clone();
    environment.set_formatter(move |out, state, value| match value.downcast_object_ref::<Handle>() {
        Some(handle) => Ok(out.write_str(&show(&own, &handle.0)?)?),
        None => minijinja::escape_formatter(out, state, value),
    });
    environment
}

/// A figure on its way to a sentence.
#[derive(Debug)]
struct Handle(Quoted);

impl Object for Handle {
    fn repr(self: &Arc<Self>) -> minijinja::value::ObjectRepr {
        minijinja::value::ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let number = self.0.figure.as_ref().map(|figure| figure.number);
        let is = |wanted: fn(Decimal) -> bool| Some(Value::from(number.is_some_and(wanted)));
        match key.as_str()? {
            "present" => Some(Value::from(number.is_some())),
            "missing" => Some(Value::from(number.is_none())),
            "withheld" => Some(Value::from(self.0.mark == Some(Mark::Confidential))),
            "rises" => is(|number| number > Decimal::ZERO),
            "falls" => is(|number| number < Decimal::ZERO),
            "even" => is(|number| number.is_zero()),
            _ => None,
        }
    }

    fn is_true(self: &Arc<Self>) -> bool {
        self.0.figure.is_some()
    }
}

/// A row of a table: `row.column` is its text or its figure.
struct Line {
    desk: Shared,
    table: String,
    known: Arc<Known>,
    at: usize,
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {} of {}", self.at, self.table)
    }
}

impl Line {
    fn figure(&self, column: &str, options: &Kwargs) -> Result<Value, Error> {
        let (wanted, key) = wanted(&self.table, column, options)?;
        let records = Records::new(&self.known.rows);
        let mut desk = open(&self.desk);
        let found = refuse_column(&self.table, column, &records).and_then(|()| {
            of_row(&Wanted { key, ..wanted }, Some(self.at), &self.known.rows, &self.known.grain, &desk.names)
        });
        found.map(|quoted| Value::from_object(Handle(quoted))).map_err(|fault| stop(&mut desk, fault))
    }
}

impl Object for Line {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let column = key.as_str()?;
        let records = Records::new(&self.known.rows);
        if !records.has(column) {
            return None;
        }
        match records.scalar(self.at, column) {
            Scalar::Number(_) | Scalar::Integer(_) => {
                self.figure(column, &Kwargs::from_iter(Vec::<(String, Value)>::new())).ok()
            }
            Scalar::Bool(is) => Some(Value::from(*is)),
            other => Some(Value::from(other.to_string())),
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let names = Records::new(&self.known.rows).column_names().map(Value::from).collect();
        Enumerator::Values(names)
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        if method != "figure" {
            return Err(Error::from(ErrorKind::UnknownMethod));
        }
        let (column, options): (&str, Kwargs) = minijinja::value::from_args(args)?;
        self.figure(column, &options)
    }
}

/// The options of a figure; those that are no options are its key.
fn wanted(table: &str, column: &str, options: &Kwargs) -> Result<(Wanted, Vec<(String, String)>), Error> {
    let wanted = Wanted {
        table: table.to_owned(),
        column: column.to_owned(),
        key: Vec::new(),
        unit: options.get("unit")?,
        decimals: options.get("decimals")?,
        grouping: options.get::<Option<bool>>("grouping")?.unwrap_or(false),
    };
    let mut key = Vec::new();
    for name in options.args().filter(|name| !["unit", "decimals", "grouping"].contains(name)) {
        let value = options.get::<Value>(name)?;
        // A truth is written as in the tables.
        let is_truth = value.kind() == ValueKind::Bool;
        key.push((name.to_owned(), if is_truth { value.is_true().to_string() } else { value.to_string() }));
    }
    Ok((wanted, key))
}

/// A table on the desk.
fn known(desk: &mut Desk, table: &str) -> Result<Arc<Known>, Error> {
    match desk.tables.get(table) {
        Some(known) => Ok(known.clone()),
        None => {
            desk.missing = Some(table.to_owned());
            Err(Error::new(ErrorKind::InvalidOperation, format!("{table} is not read yet")))
        }
    }
}

fn stop(desk: &mut Desk, fault: Diagnostic) -> Error {
    let error = Error::new(ErrorKind::InvalidOperation, fault.message.clone());
    desk.fault = Some(fault);
    error
}

fn quote(desk: &Shared, wanted: Wanted) -> Result<Value, Error> {
    let mut desk = open(desk);
    let known = known(&mut desk, &wanted.table)?;
    let found = row(&wanted, &known.rows, &desk.names)
        .and_then(|at| of_row(&wanted, at, &known.rows, &known.grain, &desk.names));
    found.map(|quoted| Value::from_object(Handle(quoted))).map_err(|fault| stop(&mut desk, fault))
}

/// The rows that hold some values, in the order of the table; unlike a figure's, their key is no more than it says.
fn list(shared: &Shared, table: &str, options: &Kwargs) -> Result<Vec<Value>, Error> {
    let mut desk = open(shared);
    let known = known(&mut desk, table)?;
    let (wanted, key) = wanted(table, "", options)?;
    let records = Records::new(&known.rows);
    if let Some(fault) = key.iter().find_map(|(column, _)| refuse_column(&wanted.table, column, &records).err()) {
        return Err(stop(&mut desk, fault));
    }
    let holds = |row: &usize| key.iter().all(|(column, value)| records.text(*row, column) == *value);
    let line =
        |at| Value::from_object(Line { desk: shared.clone(), table: table.to_owned(), known: known.clone(), at });
    Ok((0..known.rows.rows.len()).filter(holds).map(line).collect())
}

fn place(desk: &Shared, kind: &'static str, id: &str) -> Result<Value, Error> {
    let mut desk = open(desk);
    let ids = desk.placed.get(kind).cloned().unwrap_or_default();
    if ids.iter().any(|known| known == id) {
        return Ok(Value::from_safe_string(mark_block(kind, id)));
    }
    let near = nearest(id, ids.iter().map(String::as_str));
    let fault = Diagnostic::error("unknown-id", format!("this report prints no {kind} \"{id}\""));
    let fault = match near.is_empty() {
        false => fault.hint(format!("did you mean {}?", quoted(&near))),
        true => fault.hint(format!("it has {}", ids.join(", "))),
    };
    Err(stop(&mut desk, fault))
}

/// # Errors
/// The value is no figure.
fn asked(value: &Value) -> Result<&Quoted, Error> {
    let handle = value.downcast_object_ref::<Handle>();
    handle.map(|handle| &handle.0).ok_or_else(|| {
        Error::new(ErrorKind::InvalidOperation, "this is no figure; it stands after figure(…) or row.figure(…)")
    })
}

/// The figure as it stands in the text, noted as used.
fn show(desk: &Shared, quoted: &Quoted) -> Result<String, Error> {
    let mut desk = open(desk);
    let Some(shown) = quoted.text() else {
        let why = quoted.mark.map_or_else(|| "has no value".to_owned(), |mark| format!("is {}", mark.as_str()));
        let fault = Diagnostic::error(
            "missing-figure",
            format!("{} {why}, and its sentence cannot be written", quoted.asked()),
        );
        return Err(stop(
            &mut desk,
            fault.hint(
                "say what is written instead: {% if f.present %}…{% else %}…{% endif %}, or f | otherwise(\"…\")",
            ),
        ));
    };
    if quoted.vanishes {
        let fault = format!("{} is not zero, but would be printed as {shown}", quoted.asked());
        return Err(stop(
            &mut desk,
            Diagnostic::error("vanishing-figure", fault).hint("print it in a smaller unit or with more decimals"),
        ));
    }
    desk.used.push(Used { quoted: quoted.clone(), shown: shown.clone() });
    Ok(mark_figure(desk.used.len() - 1, &shown))
}

/// `增长3.5%`, `下降3.5%`, `持平`, or `基本持平` where only rounding makes it even: the word says which way it
/// goes, the figure how far.
fn change(desk: &Shared, value: &Value, [up, down, even]: [&str; 3]) -> Result<Value, Error> {
    let quoted = asked(value)?;
    let word = match quoted.figure.as_ref().map(|figure| figure.number) {
        Some(number) if number.is_zero() => {
            let nearly = if quoted.vanishes { "基本" } else { "" };
            return Ok(Value::from_safe_string(format!("{nearly}{even}")));
        }
        Some(number) if number.is_sign_negative() => down,
        _ => up,
    };
    Ok(Value::from_safe_string(format!("{word}{}", show(desk, &quoted.size())?)))
}
