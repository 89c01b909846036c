//! What is fuzzed, and what must hold of every input: one function per target, used by cargo-fuzz (`make fuzz`) and by
//! the short run of the test suite (`tests/it/fuzz.rs`).

pub mod choices;
pub mod container;
pub mod header;
pub mod layout;
pub mod reader;
pub mod spec;
pub mod text;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use shebao::domain::Codebook;

/// A name, and what is done with an input; it panics where the input shows a fault.
pub struct Target {
    pub name: &'static str,
    pub check: fn(&[u8]),
}

pub const TARGETS: [Target; 13] = [
    Target { name: "number", check: text::number },
    Target { name: "label", check: text::label },
    Target { name: "pattern", check: text::pattern },
    Target { name: "header", check: header::check },
    Target { name: "spec", check: spec::check },
    Target { name: "csv", check: |bytes| reader::check("csv", bytes) },
    Target { name: "dbf", check: |bytes| reader::check("dbf", bytes) },
    Target { name: "html", check: |bytes| reader::check("html", bytes) },
    Target { name: "ods", check: |bytes| reader::check("ods", bytes) },
    Target { name: "parquet", check: |bytes| reader::check("parquet", bytes) },
    Target { name: "xls", check: |bytes| reader::check("xls", bytes) },
    Target { name: "xlsb", check: |bytes| reader::check("xlsb", bytes) },
    Target { name: "xlsx", check: |bytes| reader::check("xlsx", bytes) },
];

/// Check one input of a target.
pub fn run(name: &str, bytes: &[u8]) {
    let target = TARGETS.iter().find(|t| t.name == name).expect("a target of this name");
    (target.check)(bytes);
}

/// The project's folder, whichever package this is compiled in.
pub fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.ancestors().find(|p| p.join("pipelines").is_dir()).unwrap_or(own).to_owned()
}

/// The project's code lists.
pub fn codebook() -> &'static Codebook {
    static BOOK: OnceLock<Codebook> = OnceLock::new();
    BOOK.get_or_init(|| {
        let project = shebao::project::Project::open(&root(), None).expect("a project");
        shebao::spec::load_codes(&project).value
    })
}
