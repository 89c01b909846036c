//! SQL files: a header of comments and exactly one query. Read, checked and parsed; nothing is run here.

mod growth;
mod header;

use std::collections::BTreeMap;
use std::ops::{ControlFlow, Range};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::sql::parser::{DFParserBuilder, Statement};
use datafusion::sql::resolve::resolve_table_references;
use datafusion::sql::sqlparser::ast::{Statement as SqlStatement, visit_relations};

pub use growth::{Growth, MONTHS, Read};
use header::Header;

use super::fault;
use super::session::SQL_DEPTH;
use crate::diag::{Checked, Diagnostic, Place, Severity, SourceText};
use crate::store::StoreError;

/// Longest SQL file; a longer one is not written by hand.
const FILE_BYTES: u64 = 1 << 20;

/// Which tables a model may read; ordered from raw to published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    Stage,
    Core,
    Ind,
    Out,
}

impl Layer {
    /// The layer a table's prefix names.
    pub fn of(table: &str) -> Option<Layer> {
        match table.split_once('_')?.0 {
            "stage" => Some(Layer::Stage),
            "core" => Some(Layer::Core),
            "ind" => Some(Layer::Ind),
            "out" => Some(Layer::Out),
            _ => None,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Layer::Stage => "stage",
            Layer::Core => "core",
            Layer::Ind => "ind",
            Layer::Out => "out",
        }
    }
}

/// One query as written in a file, and the tables it reads.
#[derive(Clone, Debug)]
pub struct Query {
    pub source: Arc<SourceText>,
    pub statement: Statement,
    /// Names of tables, without those of its own WITH, each with the first place it is named at.
    pub reads: Vec<(String, Range<usize>)>,
}

/// `sql/models/<layer>/<name>.sql`: one table.
#[derive(Clone, Debug)]
pub struct Model {
    pub name: String,
    pub layer: Layer,
    /// The columns that tell rows apart; rows are sorted by them.
    pub grain: Vec<String>,
    pub doc: String,
    /// What columns mean, by name.
    pub columns: BTreeMap<String, String>,
    /// Of a model that is built month by month.
    pub growth: Option<Growth>,
    pub query: Query,
}

/// `sql/audits/<name>.sql`: a query that selects offenders.
#[derive(Clone, Debug)]
pub struct Audit {
    pub name: String,
    pub rule: String,
    /// What the rule says, in Chinese.
    pub zh: String,
    pub severity: Severity,
    pub doc: String,
    pub query: Query,
}

impl Audit {
    /// The columns of its findings that its header gives.
    pub fn fixed(&self) -> [(&'static str, &str); 3] {
        [("rule", &self.rule), ("rule_zh", &self.zh), ("severity", self.severity.as_str())]
    }
}

/// All SQL of a project.
#[derive(Clone, Debug, Default)]
pub struct Library {
    pub models: Vec<Model>,
    pub audits: Vec<Audit>,
}

/// Read every `.sql` file below the two folders; all faults at once, in the order of paths.
pub fn load(models: &Path, audits: &Path) -> Checked<Library> {
    let mut faults = Vec::new();
    let mut library = Library::default();
    for (path, shown) in sql_files(models, &mut faults) {
        library.models.extend(read(&path, shown, &mut faults).and_then(|source| model(source, &mut faults)));
    }
    for (path, shown) in sql_files(audits, &mut faults) {
        library.audits.extend(read(&path, shown, &mut faults).and_then(|source| audit(source, &mut faults)));
    }
    Checked::new(library, faults)
}

fn model(source: Arc<SourceText>, faults: &mut Vec<Diagnostic>) -> Option<Model> {
    let before = faults.len();
    let header = Header::read(&source, &["name", "grain", "doc"], &["columns", "grows", "reads"], faults);
    let name = header.get("name");
    let stem = stem(&source.name);
    if !name.is_empty() && name != stem {
        faults.push(
            Diagnostic::error("model-name", format!("the model is named \"{name}\", its file \"{stem}.sql\""))
                .at(header.place("name"))
                .hint(format!("one file makes one table of the same name: write `-- name: {stem}`")),
        );
    }
    let folder = source.name.rsplit('/').nth(1).unwrap_or_default();
    let layer = Layer::of(stem).filter(|layer| *layer > Layer::Stage && layer.as_str() == folder);
    if layer.is_none() {
        faults.push(
            Diagnostic::error("model-layer", format!("\"{stem}\" does not belong into the folder {folder}/"))
                .at(Place::span(&source, 0..0))
                .hint("models are named core_…, ind_… or out_… and lie in core/, ind/ or out/"),
        );
    }
    let grain: Vec<String> =
        header.get("grain").split(',').map(|column| column.trim().to_owned()).filter(|c| !c.is_empty()).collect();
    let growth = Growth::read(&header, &grain, faults);
    let query = query(&source, faults)?;
    let columns = columns(&header, faults);
    if faults.len() > before {
        return None;
    }
    let doc = header.get("doc").to_owned();
    Some(Model { name: stem.to_owned(), layer: layer?, grain, doc, columns, growth, query })
}

/// `column = meaning; column = meaning`.
fn columns(header: &Header<'_>, faults: &mut Vec<Diagnostic>) -> BTreeMap<String, String> {
    let mut columns = BTreeMap::new();
    for written in header.get("columns").split(';').map(str::trim).filter(|written| !written.is_empty()) {
        match written.split_once('=').map(|(name, meaning)| (name.trim(), meaning.trim())) {
            Some((name, meaning)) if !name.contains(char::is_whitespace) && !meaning.is_empty() => {
                columns.insert(name.to_owned(), meaning.to_owned());
            }
            _ => faults.push(
                Diagnostic::error("sql-header", format!("\"{written}\" does not say what a column means"))
                    .at(header.place("columns"))
                    .hint("write `column = meaning`, parted by semicolons"),
            ),
        }
    }
    columns
}

fn audit(source: Arc<SourceText>, faults: &mut Vec<Diagnostic>) -> Option<Audit> {
    let before = faults.len();
    let header = Header::read(&source, &["rule", "zh", "severity", "doc"], &[], faults);
    let written = header.get("severity");
    let severity = [Severity::Error, Severity::Warning, Severity::Info].into_iter().find(|s| s.as_str() == written);
    if severity.is_none() && !written.is_empty() {
        faults.push(
            Diagnostic::error("audit-severity", format!("\"{written}\" is not a severity"))
                .at(header.place("severity"))
                .hint("write error, warning or info"),
        );
    }
    let query = query(&source, faults)?;
    if faults.len() > before {
        return None;
    }
    let name = stem(&source.name).to_owned();
    let [rule, zh, doc] = ["rule", "zh", "doc"].map(|key| header.get(key).to_owned());
    Some(Audit { name, rule, zh, severity: severity?, doc, query })
}

/// Parse a text that must hold one SELECT or WITH.
fn query(source: &Arc<SourceText>, faults: &mut Vec<Diagnostic>) -> Option<Query> {
    let mut statements = match statements(source) {
        Ok(statements) => statements,
        Err(fault) => {
            faults.push(fault);
            return None;
        }
    };
    let one = if statements.len() == 1 { statements.pop() } else { None };
    let Some(statement) = one.filter(is_query) else {
        faults.push(
            Diagnostic::error("sql-statement", "the file must hold exactly one SELECT or WITH query")
                .at(Place::span(source, 0..0))
                .hint("a table is made by one query; put another table into a file of its own"),
        );
        return None;
    };
    match references(source, &statement) {
        Ok(reads) => Some(Query { source: source.clone(), statement, reads }),
        Err(fault) => {
            faults.push(fault);
            None
        }
    }
}

/// The statements of a text.
pub fn statements(source: &Arc<SourceText>) -> Result<Vec<Statement>, Diagnostic> {
    DFParserBuilder::new(source.text.as_str())
        .with_recursion_limit(SQL_DEPTH)
        .build()
        .and_then(|mut parser| parser.parse_statements())
        .map(Vec::from)
        .map_err(|error| fault::diagnose_one(&error, source, &[]))
}

/// Whether a statement is a plain SELECT or WITH.
pub fn is_query(statement: &Statement) -> bool {
    matches!(statement, Statement::Statement(statement) if matches!(statement.as_ref(), SqlStatement::Query(_)))
}

fn references(source: &Arc<SourceText>, statement: &Statement) -> Result<Vec<(String, Range<usize>)>, Diagnostic> {
    let (tables, _) =
        resolve_table_references(statement, true).map_err(|error| fault::diagnose_one(&error, source, &[]))?;
    let mut places: Vec<(String, Range<usize>)> = Vec::new();
    if let Statement::Statement(statement) = statement {
        let _ = visit_relations(statement.as_ref(), |relation| {
            if let Some(ident) = relation.0.last().and_then(|part| part.as_ident())
                && let Some(start) = fault::offset(&source.text, ident.span.start)
            {
                places.push((ident.value.to_lowercase(), start..start + ident.value.len()));
            }
            ControlFlow::<()>::Continue(())
        });
    }
    let mut reads = Vec::new();
    for table in tables {
        let name = table.table().to_owned();
        let span =
            places.iter().find(|(found, _)| *found == name.to_lowercase()).map_or(0..0, |(_, span)| span.clone());
        reads.push((name, span));
    }
    Ok(reads)
}

fn read(path: &Path, shown: String, faults: &mut Vec<Diagnostic>) -> Option<Arc<SourceText>> {
    let length = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    if length > FILE_BYTES {
        faults.push(
            Diagnostic::error("sql-too-long", format!("the file has {length} bytes, at most {FILE_BYTES} are read"))
                .at(Place::file(shown)),
        );
        return None;
    }
    match std::fs::read_to_string(path) {
        Ok(text) => Some(Arc::new(SourceText { name: shown, text })),
        Err(error) => {
            faults.push(Diagnostic::from(StoreError::io("read", path)(error)).at(Place::file(shown)));
            None
        }
    }
}

/// The `.sql` files below a folder, sorted, each with the name it is shown by: `sql/models/core/core_code.sql`.
fn sql_files(folder: &Path, faults: &mut Vec<Diagnostic>) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        let entries = match std::fs::read_dir(&next) {
            Ok(entries) => entries,
            Err(error) => {
                faults.push(StoreError::io("read the folder", &next)(error).into());
                continue;
            }
        };
        for entry in entries.filter_map(Result::ok) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "sql") {
                files.push(path);
            }
        }
    }
    files.sort();
    let root: PathBuf = {
        let names: Vec<_> = folder.components().collect();
        names[names.len().saturating_sub(2)..].iter().collect()
    };
    let shown = |path: &Path| {
        let below = path.strip_prefix(folder).unwrap_or(path);
        root.join(below).to_string_lossy().replace('\\', "/")
    };
    files.into_iter().map(|path| (path.clone(), shown(&path))).collect()
}

fn stem(shown: &str) -> &str {
    let name = shown.rsplit('/').next().unwrap_or(shown);
    name.strip_suffix(".sql").unwrap_or(name)
}
