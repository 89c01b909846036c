//! Specifications: what the tables under `pipelines/` look like and mean, as types.
//!
//! Two stages: [`raw`] mirrors the TOML files with the span of every text; `resolve` looks codes up, parses patterns and
//! merges editions into [`table`]. All faults of a file are found at once, each with line, column and a hint. Reading
//! tables by these specifications is the business of `ingest`. This module is the only user of toml.

pub mod annotation;
pub mod calendar;
mod codes;
mod concordance;
pub mod corrections;
pub mod block;
pub mod edition;
pub mod extract;
mod initials;
mod local;
pub mod mark;
mod meaning;
pub mod pattern;
mod questionnaire;
mod raw;
mod resolve;
pub mod revise;
pub mod rules;
mod schema;
pub mod synth;
pub mod table;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diag::{Checked, Diagnostic, Place, SourceText};
use crate::domain::Codebook;
use crate::project::Project;

pub use edition::Edition;
pub use extract::Extract;
pub use schema::json_schemas;
pub use table::{Layout, OnError, Pipelines, Source, Table};

/// Longest specification file that is read.
const SPEC_BYTES_MAX: u64 = 1 << 20;

/// Names below `pipelines/` with a meaning of their own.
const CODES: &str = "codes";
const RULES: &str = "rules";
const CORRECTIONS: &str = "corrections";
const SOURCE_FILE: &str = "source.toml";
const ALIASES_FILE: &str = "aliases.csv";
const QUESTIONNAIRES: &str = "questionnaires";

/// What a specification outside a source's folder is called: dataset and table.
const UNFILED: &str = "unfiled";
const DRAFT: &str = "draft";

/// Read all code lists and specifications of a project. A table with a fault is left out; the faults say why.
pub fn load(project: &Project) -> Checked<Pipelines> {
    load_folder(&project.pipelines(), &project.codes(), &|path| project.display(path))
}

/// Read the code lists and one specification with its `source.toml`, for trying a specification out; where there is no
/// `source.toml` beside it, nothing is known of its source.
pub fn load_table(project: &Project, spec: &Path) -> Checked<Pipelines> {
    let shown = |path: &Path| project.display(path);
    let folder = spec.parent().filter(|f| !f.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut faults = Vec::new();
    if !folder.join(SOURCE_FILE).is_file() {
        let text = read(spec, &shown, &mut faults).map_or(String::new(), |t| t.text.clone());
        return match faults.is_empty() {
            true => load_text(project, &shown(spec), text),
            false => Checked::new(Pipelines { codebook: Codebook::default(), sources: Vec::new() }, faults),
        };
    }
    let mut codebook = codes::load(&project.codes(), &shown, &mut faults);
    let source = load_source(folder, &[spec.to_owned()], &mut codebook, &shown, &mut faults);
    Checked::new(Pipelines { codebook, sources: source.into_iter().collect() }, faults)
}

/// Like [`load_table`], with another text in the place of the file's.
pub fn load_table_as(project: &Project, spec: &Path, text: String) -> Checked<Pipelines> {
    let shown = |path: &Path| project.display(path);
    let folder = spec.parent().filter(|f| !f.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.join(SOURCE_FILE).is_file() {
        return load_text(project, &shown(spec), text);
    }
    let mut faults = Vec::new();
    let mut codebook = codes::load(&project.codes(), &shown, &mut faults);
    let source = load_source(folder, &[], &mut codebook, &shown, &mut faults).map(|source| {
        let text = Arc::new(SourceText { name: shown(spec), text });
        let declared = resolve_spec(&source.id, &table_id(spec), &text, &mut codebook, &mut faults);
        with(source, declared)
    });
    Checked::new(Pipelines { codebook, sources: source.into_iter().collect() }, faults)
}

/// Read the code lists and a specification that is no file yet; `name` is what messages call it.
pub fn load_text(project: &Project, name: &str, text: String) -> Checked<Pipelines> {
    let codes = load_codes(project);
    let read = read_text(codes.value, name, text);
    Checked::new(read.value, codes.diagnostics.into_iter().chain(read.diagnostics).collect())
}

/// How the line begins that parts the specifications of a text.
pub const NEXT_TABLE: &str = "# --- table ";

/// The specifications of a text that holds several, as `shebao draft` writes them.
pub fn parts_of(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    for line in text.lines() {
        if line.starts_with(NEXT_TABLE) && parts.last().is_some_and(|p| !p.trim().is_empty()) {
            parts.push(String::new());
        }
        if let Some(part) = parts.last_mut() {
            part.push_str(line);
            part.push('\n');
        }
    }
    parts
}

/// Read the code lists alone.
pub fn load_codes(project: &Project) -> Checked<Codebook> {
    let mut faults = Vec::new();
    let codebook = codes::load(&project.codes(), &|path| project.display(path), &mut faults);
    Checked::new(codebook, faults)
}

/// A specification of which nothing but its text is known, resolved with these code lists.
pub fn read_text(mut codebook: Codebook, name: &str, text: String) -> Checked<Pipelines> {
    let mut faults = Vec::new();
    let text = Arc::new(SourceText { name: name.to_owned(), text });
    let declared = resolve_spec(UNFILED, DRAFT, &text, &mut codebook, &mut faults);
    let source = with(Source::unstated(UNFILED), declared);
    Checked::new(Pipelines { codebook, sources: vec![source] }, faults)
}

/// Read specifications and code lists of any two folders; `shown` gives a path its name in messages.
pub fn load_folder(pipelines: &Path, codes: &Path, shown: &dyn Fn(&Path) -> String) -> Checked<Pipelines> {
    let mut faults = Vec::new();
    let mut codebook = codes::load(codes, shown, &mut faults);
    let mut sources = Vec::new();
    for folder in listing(pipelines, shown, &mut faults) {
        let name = folder.file_name().unwrap_or_default();
        if !folder.is_dir() || [CODES, RULES, CORRECTIONS].iter().any(|own| name == *own) {
            continue;
        }
        let specs: Vec<PathBuf> = listing(&folder, shown, &mut faults)
            .into_iter()
            .filter(|p| is_spec(p) && p.file_name().is_some_and(|n| n != SOURCE_FILE))
            .collect();
        sources.extend(load_source(&folder, &specs, &mut codebook, shown, &mut faults));
    }
    Checked::new(Pipelines { codebook, sources }, faults)
}

/// A folder's entries in the order of their names.
fn listing(folder: &Path, shown: &dyn Fn(&Path) -> String, faults: &mut Vec<Diagnostic>) -> Vec<PathBuf> {
    match std::fs::read_dir(folder) {
        Ok(entries) => {
            let mut paths: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
            paths.sort();
            paths
        }
        Err(error) => {
            let message = format!("cannot read the folder: {error}");
            faults.push(Diagnostic::error("spec-folder", message).at(Place::file(shown(folder))));
            Vec::new()
        }
    }
}

fn load_source(
    folder: &Path,
    specs: &[PathBuf],
    codebook: &mut Codebook,
    shown: &dyn Fn(&Path) -> String,
    faults: &mut Vec<Diagnostic>,
) -> Option<Source> {
    let id = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let id = id.file_name().map_or(String::new(), |n| n.to_string_lossy().into_owned());
    let aliases = folder.join(ALIASES_FILE);
    if aliases.is_file() {
        codes::add_aliases(&aliases, codebook, shown, faults);
        codebook.index();
    }
    let questionnaires = folder.join(QUESTIONNAIRES);
    if questionnaires.is_dir() {
        for path in listing(&questionnaires, shown, faults).iter().filter(|p| is_spec(p)) {
            load_questionnaire(path, codebook, shown, faults);
        }
    }
    let text = read(&folder.join(SOURCE_FILE), shown, faults)?;
    let raw: raw::Source = schema::parse(&text, faults)?;
    let mut source = resolve::source(&id, &raw);
    for spec in specs {
        source = with(source, load_spec(&id, spec, codebook, shown, faults));
    }
    Some(source)
}

/// Add a questionnaire to the codebook, be it with faults, so that the tables that count its answers are not told of them.
fn load_questionnaire(
    path: &Path,
    codebook: &mut Codebook,
    shown: &dyn Fn(&Path) -> String,
    faults: &mut Vec<Diagnostic>,
) {
    let Some(text) = read(path, shown, faults) else { return };
    let Some(raw) = schema::parse::<raw::questionnaire::Questionnaire>(&text, faults) else { return };
    let survey = table_id(path);
    let mut scope = meaning::Scope { book: codebook, source: &text, questionnaire: None, faults: Vec::new() };
    let resolved = questionnaire::resolve(&survey, &raw, &mut scope);
    faults.append(&mut scope.faults);
    codebook.questionnaires.insert(survey, resolved);
}

fn load_spec(
    dataset: &str,
    spec: &Path,
    codebook: &mut Codebook,
    shown: &dyn Fn(&Path) -> String,
    faults: &mut Vec<Diagnostic>,
) -> Option<Declared> {
    let text = read(spec, shown, faults)?;
    resolve_spec(dataset, &table_id(spec), &text, codebook, faults)
}

fn is_spec(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "toml")
}

fn table_id(spec: &Path) -> String {
    spec.file_stem().map_or(String::new(), |s| s.to_string_lossy().into_owned())
}

/// What a file beside `source.toml` declares.
enum Declared {
    Table(Box<Table>),
    Extract(Box<Extract>),
}

fn with(mut source: Source, declared: Option<Declared>) -> Source {
    match declared {
        Some(Declared::Table(table)) => source.tables.push(*table),
        Some(Declared::Extract(extract)) => source.extracts.push(*extract),
        None => {}
    }
    source
}

fn resolve_spec(
    dataset: &str,
    id: &str,
    text: &Arc<SourceText>,
    codebook: &mut Codebook,
    faults: &mut Vec<Diagnostic>,
) -> Option<Declared> {
    let mut found = Vec::new();
    let is_extract = schema::kind_of(text, &mut found);
    let declared = match is_extract {
        _ if !found.is_empty() => None,
        true => resolve_extract(dataset, id, text, codebook, &mut found).map(|e| Declared::Extract(Box::new(e))),
        false => resolve_table(dataset, id, text, codebook, &mut found).map(|table| Declared::Table(Box::new(table))),
    };
    found.sort_by_key(|f| f.place.line_column());
    let sound = found.is_empty();
    faults.extend(found);
    declared.filter(|_| sound)
}

fn resolve_extract(
    dataset: &str,
    id: &str,
    text: &Arc<SourceText>,
    codebook: &Codebook,
    found: &mut Vec<Diagnostic>,
) -> Option<Extract> {
    let raw: raw::extract::Extract = schema::parse(text, found)?;
    let mut scope = meaning::Scope { book: codebook, source: text, questionnaire: None, faults: Vec::new() };
    let extract = extract::resolve(dataset, id, &raw, &mut scope);
    found.extend(scope.faults);
    extract
}

fn resolve_table(
    dataset: &str,
    id: &str,
    text: &Arc<SourceText>,
    codebook: &mut Codebook,
    found: &mut Vec<Diagnostic>,
) -> Option<Table> {
    let raw: Option<raw::Table> = schema::parse(text, found);
    if let Some(local) = raw.as_ref().and_then(|raw| raw.local.as_ref()) {
        local::declare(&format!("{dataset}/{id}"), local, codebook, text, found);
    }
    let mut scope = meaning::Scope { book: codebook, source: text, questionnaire: None, faults: Vec::new() };
    let table = raw.map(|raw| resolve::table(dataset, id, &raw, &mut scope));
    let misspelt = !found.is_empty();
    for fault in scope.faults {
        // Editions share their table's keys, and would repeat its faults; a key that is misspelt is not missing as well.
        let same = |f: &Diagnostic| f.message == fault.message && f.place.line_column() == fault.place.line_column();
        let follows = misspelt && ["spec-missing-key", "meaning-missing"].contains(&fault.code);
        if !follows && !found.iter().any(same) {
            found.push(fault);
        }
    }
    table
}

fn read(path: &Path, shown: &dyn Fn(&Path) -> String, faults: &mut Vec<Diagnostic>) -> Option<Arc<SourceText>> {
    let fault = |message: String| Diagnostic::error("spec-read", message).at(Place::file(shown(path)));
    let long = std::fs::metadata(path).is_ok_and(|m| m.len() > SPEC_BYTES_MAX);
    if long {
        faults.push(fault(format!("the file is longer than {SPEC_BYTES_MAX} bytes, which no specification is")));
        return None;
    }
    match std::fs::read_to_string(path) {
        Ok(text) => Some(Arc::new(SourceText { name: shown(path), text })),
        Err(error) => {
            faults.push(fault(format!("cannot read the specification: {error}")));
            None
        }
    }
}

#[cfg(test)]
mod tests;
