//! Whole tables, right and wrong: what comes out, and what the messages say.

use std::path::Path;

use super::{Ingested, Reading, ingest};
use crate::diag::Checked;
use crate::grid::{Document, Format, Grid, Span};
use crate::spec::{self, Pipelines};

/// A table's specification with the given layout keys over a body of no meaning, and a document with its text.
pub(super) fn layout(keys: &str, text: &str, merges: Vec<Span>) -> (Pipelines, Document) {
    let rest = "
        period = \"2010\"\n[context]\nindicator = \"insured_person\"
        [[rows]]\nlabel = [\"{scheme}\", \"{year}\"]
        [[columns]]\nlabel = \"{any}\"
        [[edition]]\nid = \"1\"\nfile = \"t/t.csv\"";
    let spec = format!("title = \"t\"\npriority = 1\nunit = \"person\"\n{keys}\n{rest}");
    (pipelines(&spec), document(text, merges))
}

/// The project's code lists with one table `t/table`.
fn pipelines(spec: &str) -> Pipelines {
    let folder = tempfile::tempdir().unwrap();
    let source = "publisher = \"p\"\ntitle = \"t\"\ncitation = \"c\"\nlicence = \"none stated\"\n";
    std::fs::create_dir(folder.path().join("t")).unwrap();
    std::fs::write(folder.path().join("t/source.toml"), source).unwrap();
    std::fs::write(folder.path().join("t/table.toml"), spec).unwrap();
    let codes = Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines/codes");
    let root = folder.path().to_owned();
    let shown = move |p: &Path| format!("pipelines/{}", p.strip_prefix(&root).unwrap_or(p).display());
    let loaded = spec::load_folder(folder.path(), &codes, &shown);
    let faults: Vec<String> = loaded.diagnostics.iter().map(|d| d.render()).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    loaded.value
}

fn document(text: &str, merges: Vec<Span>) -> Document {
    let mut grid = Grid::from_text(text);
    grid.merges = merges;
    Document { format: Format::Delimited, encoding: None, grids: vec![grid], diagnostics: Vec::new() }
}

pub(super) fn reading_of(pipelines: &Pipelines) -> Reading<'_> {
    let source = &pipelines.sources[0];
    let table = &source.tables[0];
    Reading { source, table, edition: &table.editions[0], codebook: &pipelines.codebook, file: "t/t.csv", sha256: "" }
}

fn read(pipelines: &Pipelines, document: &Document) -> Checked<Ingested> {
    let r = reading_of(pipelines);
    ingest(r.source, r.table, r.edition, r.codebook, document, r.file, r.sha256)
}
