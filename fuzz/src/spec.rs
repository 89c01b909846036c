//! Specification files: every text is read or refused, and what is read can be held against any document.

use std::sync::OnceLock;

use shebao::grid::{self, Document};
use shebao::ingest::{Input, Task, ingest};
use shebao::spec::{self, Pipelines};

use super::{codebook, root};

pub fn check(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let loaded = spec::read_text(codebook().clone(), "fuzz.toml", text);
    loaded.diagnostics.iter().for_each(|d| drop(d.render()));
    let pipelines = loaded.value;
    assert!(
        !pipelines.sources.iter().all(|s| s.tables.is_empty() && s.extracts.is_empty())
            || !loaded.diagnostics.is_empty(),
        "refused in silence"
    );
    documents().iter().for_each(|document| hold(&pipelines, document));
}

/// Read a document by the first edition of every table.
fn hold(pipelines: &Pipelines, document: &Document) {
    for source in &pipelines.sources {
        for table in &source.tables {
            let Some(edition) = table.editions.first() else { continue };
            let task = Task { source, table, edition, codebook: &pipelines.codebook };
            let read = ingest(task, &[Input { document, file: "fuzz.xlsx", sha256: "", captured: &[] }]);
            read.diagnostics.iter().take(3).for_each(|d| drop(d.render()));
        }
    }
}

/// Every office file of the fixtures.
fn documents() -> &'static [Document] {
    static DOCUMENTS: OnceLock<Vec<Document>> = OnceLock::new();
    DOCUMENTS.get_or_init(|| {
        let fixtures = root().join("fixtures");
        let folders = ["qinghai-2005", "shandong-2003", "yuxi-2013"];
        let files = folders.into_iter().flat_map(|f| std::fs::read_dir(fixtures.join(f)).into_iter().flatten());
        let mut paths: Vec<_> = files.flatten().map(|f| f.path()).collect();
        paths.sort();
        paths.iter().filter_map(|p| grid::read(p, &p.to_string_lossy(), grid::Declared::default()).ok()).collect()
    })
}
