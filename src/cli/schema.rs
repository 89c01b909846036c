//! `shebao schema`: JSON Schema of the files a person writes, so that an editor completes and checks them.

use std::fs;
use std::path::PathBuf;

use anyhow::Context as _;

use super::Ended;
use crate::{report, spec};

/// Write the JSON Schema of pipelines and reports, for editors
///
/// An editor with TOML support (for example taplo in VS Code) completes and checks a file whose first line is
/// `#:schema …/table.schema.json`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The folder to write table.schema.json, source.schema.json and report.schema.json to
    #[arg(default_value = "docs/schema", value_name = "DIR")]
    folder: PathBuf,
}

pub fn run(args: &Args) -> anyhow::Result<Ended> {
    fs::create_dir_all(&args.folder).with_context(|| format!("creating {}", args.folder.display()))?;
    let mut schemas = spec::json_schemas();
    schemas.push(("report.schema.json", report::json_schema()));
    for (name, schema) in schemas {
        let path = args.folder.join(name);
        let text = serde_json::to_string_pretty(&schema)? + "\n";
        fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
        println!("{}", path.display());
    }
    Ok(Ended::Good)
}
