//! A record layout as resolved: which files hold the extract, and which column of the record table each of theirs fills.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use toml::Spanned;

use super::meaning::Scope;
use super::pattern::{Capture, Captured, Pattern};
use super::raw::extract as raw;
use super::raw::{OneOrMany, Text};
use crate::domain::label::{nearest, normalise};
use crate::domain::record::MONTH;
use crate::domain::{Code, RECORD_TABLES, RecordKind, RecordTable, record_table};

/// An agency's extract: the file `pipelines/<dataset>/<id>.toml` with the key `record`.
#[derive(Clone, Debug)]
pub struct Extract {
    pub dataset: String,
    pub id: String,
    pub title: String,
    pub table: &'static RecordTable,
    /// Paths below the input folder; what they capture holds for every row.
    pub files: Vec<Pattern>,
    pub encoding: Option<String>,
    pub delimiter: char,
    /// Columns of the record table that tell the records of a month apart.
    pub key: Vec<usize>,
    /// Names of the captures that tell submissions apart.
    pub replaces: Vec<String>,
    /// The share of wrong rows above which a file is refused whole.
    pub rejects_max: f64,
    /// A file without any record says that there was nothing.
    pub may_be_empty: bool,
    /// Normalised headers of columns that are not read.
    pub skip: Vec<String>,
    /// Code list → version.
    pub versions: BTreeMap<String, String>,
    /// Columns that are the same in every row of every file.
    pub context: Vec<(usize, Code)>,
    pub fields: Vec<Field>,
    pub database: Option<Database>,
    /// The specification's path as shown in messages.
    pub spec: String,
}

/// A PostgreSQL database that is asked for rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Database {
    pub address: Address,
    /// As written, or the whole table.
    pub query: String,
}

/// Where the address of a database is found, since it holds a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    Variable(String),
    File(String),
}

/// How the names end of what a database is asked for.
pub const DATABASE_SUFFIX: &str = ".postgres";
/// The place of the month in a query.
pub const MONTH_PLACE: &str = "{month}";

/// A column of an extract.
#[derive(Clone, Debug)]
pub struct Field {
    /// The column of the record table that it fills.
    pub column: usize,
    /// As written, any of which stands over it.
    pub labels: Vec<String>,
    /// Fen in one of the unit that money is written in.
    pub fen: i64,
    pub optional: bool,
}

impl Extract {
    /// What a file's name says, where the file is one of the extract.
    pub fn captured(&self, path: &str) -> Option<Vec<Captured>> {
        self.files.iter().find_map(|pattern| super::edition::path_fits(pattern, path))
    }

    /// The same of a file that may lie anywhere: its path ends as one of the extract's does.
    pub fn captured_by_end(&self, path: &str) -> Option<Vec<Captured>> {
        super::edition::end_fits(&self.files, path)
    }

    /// The name of what a database is asked for, its month not filled in.
    pub fn asked(&self) -> Option<(&str, &Database)> {
        let name = self.files.iter().map(Pattern::as_str).find(|name| name.ends_with(DATABASE_SUFFIX))?;
        Some((name, self.database.as_ref()?))
    }
}

/// The name under which a capture is known: the column that it fills, or what it counts.
pub fn capture_name(capture: &Capture) -> Option<&str> {
    match capture {
        Capture::Dimension(dimension) => Some(dimension.as_str()),
        Capture::Breakdown(name) | Capture::Integer(name) => Some(name),
        Capture::Month => Some(MONTH),
        _ => None,
    }
}

pub(super) fn resolve(dataset: &str, id: &str, raw: &raw::Extract, scope: &mut Scope<'_>) -> Option<Extract> {
    let table = record(&raw.record, scope)?;
    let files = super::resolve::names(&raw.file, scope);
    for file in files.iter().map(Pattern::as_str) {
        if file.starts_with('/') || file.split(['/', '\\']).any(|part| part == "..") {
            let message = format!("\"{file}\" leaves the input folder");
            scope.fault(raw.file.span(), "extract-file", message, "name the file below the input folder");
        }
    }
    let captures = captures(table, &raw.file, &files, scope);
    let fields: Vec<Field> = raw.field.iter().filter_map(|field| resolve_field(table, field, scope)).collect();
    let context = context(table, raw, scope);
    for (nth, column) in table.columns.iter().enumerate() {
        let by_field = raw.field.iter().any(|f| f.name.get_ref() == column.name);
        let known = by_field || context.iter().any(|(c, _)| *c == nth) || captures.iter().any(|c| c == column.name);
        if !known && !column.optional {
            let message = format!("nothing fills the column \"{}\" of {} ({})", column.name, table.name, column.doc);
            let field = format!("add a [[field]] with name = \"{}\"", column.name);
            let hint = match column.kind {
                RecordKind::Code(_) => {
                    format!("{field}, or capture {{{}}} in the file's name, or state it in context", column.name)
                }
                RecordKind::Month => format!("{field}, or capture {{{}}} in the file's name", column.name),
                _ => field,
            };
            scope.fault(raw.record.span(), "extract-column", message, hint);
        }
    }
    let share = *raw.rejects_max.get_ref();
    if !(0.0..=1.0).contains(&share) {
        let message = format!("{share} is not a share");
        scope.fault(raw.rejects_max.span(), "extract-share", message, "write 0.001 for one row in a thousand");
    }
    let database = database(raw, &files, scope);
    let versions = raw.versions.iter().flatten().filter_map(|(list, version)| scope.version(list, version)).collect();
    Some(Extract {
        dataset: dataset.to_owned(),
        id: id.to_owned(),
        title: raw.title.get_ref().clone(),
        table,
        files,
        encoding: encoding(raw, scope),
        delimiter: delimiter(raw, scope),
        key: key(table, &raw.key, scope),
        replaces: replaces(&captures, &raw.replaces, scope),
        rejects_max: share,
        may_be_empty: raw.may_be_empty,
        skip: raw.skip.iter().flatten().map(|label| normalise(label.get_ref()).into_owned()).collect(),
        versions,
        context,
        fields,
        database,
        spec: scope.source.name.clone(),
    })
}

fn record(written: &Text, scope: &mut Scope<'_>) -> Option<&'static RecordTable> {
    let table = record_table(written.get_ref());
    if table.is_none() {
        let known: Vec<&str> = RECORD_TABLES.iter().map(|t| t.name).collect();
        let message = format!("\"{}\" is no record table", written.get_ref());
        scope.fault(written.span(), "extract-record", message, format!("write one of {}", known.join(", ")));
    }
    table
}

/// What the names of files say, the same in all of them.
fn captures(
    table: &RecordTable,
    written: &Spanned<OneOrMany>,
    files: &[Pattern],
    scope: &mut Scope<'_>,
) -> Vec<String> {
    let mut named: Option<Vec<String>> = None;
    for file in files {
        let mut names: Vec<String> = Vec::new();
        for capture in file.captures().filter(|c| **c != Capture::Any) {
            let counted = matches!(capture, Capture::Integer(_));
            match capture_name(capture).filter(|name| counted || table.column(name).is_some()) {
                Some(name) => names.push(name.to_owned()),
                None => {
                    let message = format!("a capture in \"{}\" fills no column of {}", file.as_str(), table.name);
                    let hint =
                        "write {month}, {region} or another code column of the table; {any} for what does not matter";
                    scope.fault(written.span(), "extract-capture", message, hint);
                }
            }
        }
        names.sort();
        if named.as_ref().is_some_and(|first| *first != names) {
            let message = format!("\"{}\" captures other things than the first name does", file.as_str());
            scope.fault(written.span(), "extract-capture", message, "give all names the same captures");
        }
        named.get_or_insert(names);
    }
    named.unwrap_or_default()
}

fn resolve_field(table: &'static RecordTable, raw: &raw::Field, scope: &mut Scope<'_>) -> Option<Field> {
    let name = raw.name.get_ref().as_str();
    let Some(nth) = table.column(name) else {
        let known: Vec<&str> = table.columns.iter().map(|c| c.name).collect();
        let near = nearest(name, known.iter().copied()).join(" or ");
        let meant = if near.is_empty() { String::new() } else { format!("did you mean {near}? ") };
        let hint = format!("{meant}its columns are {}", known.join(", "));
        scope.fault(raw.name.span(), "extract-column", format!("{} has no column \"{name}\"", table.name), hint);
        return None;
    };
    let column = &table.columns[nth];
    let (word, list) = expected(column.kind);
    if *raw.kind.get_ref() != word {
        let message = format!("\"{name}\" of {} cannot be read as this type", table.name);
        scope.fault(raw.kind.span(), "extract-type", message, format!("write type = \"{}\"", type_word(word)));
    }
    let stated = raw.list.as_ref().map(|l| l.get_ref().as_str());
    if stated != list {
        let span = raw.list.as_ref().map_or(raw.name.span(), Spanned::span);
        let (message, hint) = match list {
            Some(list) => {
                (format!("the codes of \"{name}\" are those of the list {list}"), format!("write list = \"{list}\""))
            }
            None => (format!("\"{name}\" holds no codes"), "leave out list".to_owned()),
        };
        scope.fault(span, "extract-list", message, hint);
    }
    if raw.optional && !column.optional {
        let message = format!("no record of {} can be without \"{name}\"", table.name);
        scope.fault(raw.name.span(), "extract-optional", message, "leave out optional");
    }
    let labels: Vec<String> = raw.label.get_ref().texts().into_iter().map(str::to_owned).collect();
    if labels.iter().any(|label| normalise(label).is_empty()) || labels.is_empty() {
        scope.fault(raw.label.span(), "extract-label", "a label is blank", "write the header over the column");
    }
    Some(Field { column: nth, labels, fen: fen(column.kind, raw, scope), optional: raw.optional })
}

fn expected(kind: RecordKind) -> (raw::FieldType, Option<&'static str>) {
    match kind {
        RecordKind::Text => (raw::FieldType::Text, None),
        RecordKind::Code(list) => (raw::FieldType::Code, Some(list)),
        RecordKind::Month => (raw::FieldType::Month, None),
        RecordKind::Date => (raw::FieldType::Date, None),
        RecordKind::Yuan => (raw::FieldType::Decimal, None),
        RecordKind::Count => (raw::FieldType::Integer, None),
        RecordKind::Person => (raw::FieldType::Person, None),
        RecordKind::Unit => (raw::FieldType::Unit, None),
    }
}

fn type_word(kind: raw::FieldType) -> &'static str {
    match kind {
        raw::FieldType::Text => "text",
        raw::FieldType::Code => "code",
        raw::FieldType::Month => "month",
        raw::FieldType::Date => "date",
        raw::FieldType::Decimal => "decimal",
        raw::FieldType::Integer => "integer",
        raw::FieldType::Person => "person",
        raw::FieldType::Unit => "unit",
    }
}

/// Fen in one of the declared unit; 1 where there is no money.
fn fen(kind: RecordKind, raw: &raw::Field, scope: &mut Scope<'_>) -> i64 {
    let money = kind == RecordKind::Yuan;
    let Some(unit) = &raw.unit else {
        if money {
            let message = format!("the unit of \"{}\" is not stated", raw.name.get_ref());
            scope.fault(raw.name.span(), "extract-unit", message, "write unit = \"yuan\"");
        }
        return 1;
    };
    let found = scope.book.unit(unit.get_ref()).filter(|u| money && u.base == "yuan");
    let fen = found.and_then(|u| (u.factor * Decimal::ONE_HUNDRED).to_i64());
    if fen.is_none() {
        let message = format!("\"{}\" is no unit of \"{}\"", unit.get_ref(), raw.name.get_ref());
        let hint = if money { "write \"yuan\" or \"10k_yuan\"" } else { "leave out unit: only money has one" };
        scope.fault(unit.span(), "extract-unit", message, hint);
    }
    fen.unwrap_or(1)
}

fn context(table: &'static RecordTable, raw: &raw::Extract, scope: &mut Scope<'_>) -> Vec<(usize, Code)> {
    let mut context = Vec::new();
    for (name, code) in raw.context.iter().flatten() {
        let column = table.column(name.get_ref()).map(|nth| (nth, table.columns[nth].kind));
        let Some((nth, RecordKind::Code(list))) = column else {
            let message = format!("{} has no column of codes \"{}\"", table.name, name.get_ref());
            scope.fault(name.span(), "extract-column", message, "context states codes that hold for every row");
            continue;
        };
        if raw.field.iter().any(|f| f.name.get_ref() == name.get_ref()) {
            let message = format!("\"{}\" is a field as well as stated for every row", name.get_ref());
            scope.fault(name.span(), "extract-column", message, "keep one of the two");
        }
        context.extend(scope.code(list, code).map(|code| (nth, code)));
    }
    context
}

fn key(table: &RecordTable, written: &Spanned<Vec<Text>>, scope: &mut Scope<'_>) -> Vec<usize> {
    if written.get_ref().is_empty() {
        scope.fault(written.span(), "extract-key", "a record needs a key", "name the columns that tell records apart");
    }
    let mut key = Vec::new();
    for name in written.get_ref() {
        match table.column(name.get_ref()).filter(|nth| table.columns[*nth].kind != RecordKind::Text) {
            Some(nth) => key.push(nth),
            None => {
                let known: Vec<&str> =
                    table.columns.iter().filter(|c| c.kind != RecordKind::Text).map(|c| c.name).collect();
                let message = format!("\"{}\" cannot be part of a key of {}", name.get_ref(), table.name);
                scope.fault(name.span(), "extract-key", message, format!("its columns are {}", known.join(", ")));
            }
        }
    }
    key.sort_unstable();
    key.dedup();
    key
}

fn replaces(captures: &[String], written: &Spanned<Vec<Text>>, scope: &mut Scope<'_>) -> Vec<String> {
    for name in written.get_ref() {
        if !captures.contains(name.get_ref()) {
            let message =
                format!("no file's name says \"{}\", so that nothing tells what a file replaces", name.get_ref());
            let hint = format!("capture {{{}}} in `file`", name.get_ref());
            scope.fault(name.span(), "extract-replaces", message, hint);
        }
    }
    written.get_ref().iter().map(|name| name.get_ref().clone()).collect()
}

/// The database of a name that ends in `.postgres`; neither is without the other.
fn database(raw: &raw::Extract, files: &[Pattern], scope: &mut Scope<'_>) -> Option<Database> {
    let names: Vec<&Pattern> = files.iter().filter(|name| name.as_str().ends_with(DATABASE_SUFFIX)).collect();
    let Some(written) = &raw.postgres else {
        if let Some(name) = names.first() {
            let message = format!("nothing says where \"{}\" comes from", name.as_str());
            scope.fault(raw.file.span(), "extract-database", message, "add [postgres] with url_env and query");
        }
        return None;
    };
    let mut fault = |message: &str, hint: &str| {
        scope.fault(written.span(), "extract-database", message, hint);
    };
    let is_month = |name: &&Pattern| name.captures().all(|capture| *capture == Capture::Month);
    if names.len() != 1 || !names.iter().all(is_month) {
        let hint =
            "write file = \"agency/contribution/{month}.postgres\", beside the names of files where there are some";
        fault("one name in `file` ends in .postgres, and captures nothing but {month}", hint);
    }
    let raw::Postgres { url_env, url_file, query, table } = written.get_ref();
    let address = match (url_env, url_file) {
        (Some(name), None) => Some(Address::Variable(name.clone())),
        (None, Some(path)) => Some(Address::File(path.clone())),
        _ => {
            fault("the address of the database is said once", "write url_env = \"NAME\" or url_file = \"PATH\"");
            None
        }
    };
    let query = match (query, table) {
        (Some(query), None) => Some(query.trim().trim_end_matches(';').to_owned()),
        (None, Some(table)) => Some(format!("TABLE {table}")),
        _ => {
            fault("what the database is asked for is said once", "write query = \"SELECT …\" or table = \"NAME\"");
            None
        }
    };
    let (address, query) = (address?, query?);
    if query.contains(MONTH_PLACE) != names.iter().any(|name| name.captures().next().is_some()) {
        let hint =
            "a query for {month} gives the rows of one month, whose name captures it: write {month} in both or neither";
        fault("the query and the name do not speak of the same month", hint);
    }
    Some(Database { address, query })
}

fn encoding(raw: &raw::Extract, scope: &mut Scope<'_>) -> Option<String> {
    let written = raw.encoding.as_ref()?;
    let name = written.get_ref().to_lowercase();
    if !ENCODINGS.contains(&name.as_str()) {
        let message = format!("extracts are not read in \"{}\"", written.get_ref());
        scope.fault(written.span(), "extract-encoding", message, format!("write one of {}", ENCODINGS.join(", ")));
    }
    Some(name)
}

/// Encodings in which a line's end, a comma and a quotation mark are the bytes of ASCII wherever they stand.
const ENCODINGS: [&str; 4] = ["utf-8", "gb18030", "gbk", "big5"];

fn delimiter(raw: &raw::Extract, scope: &mut Scope<'_>) -> char {
    let Some(written) = &raw.delimiter else { return ',' };
    let delimiter = *written.get_ref();
    if !delimiter.is_ascii() || delimiter.is_alphanumeric() || "\"\r\n.-+".contains(delimiter) {
        let message = format!("{delimiter:?} does not separate the cells of an extract");
        scope.fault(
            written.span(),
            "extract-delimiter",
            message,
            "write the character between the cells: \",\" or \"|\"",
        );
        return ',';
    }
    delimiter
}
