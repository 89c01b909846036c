//! `shebao inspect`: what is in a file that nobody declared.

use std::path::{Path, PathBuf};

use super::{Context, Ended, Fault, print};
use crate::grid::{Declared, Document};
use crate::survey::{self, html, report, text};
use crate::{grid, spec};

/// Show what is in a file: its sheets, the tables on them, and what they may mean
///
/// For each table: where it is, title, header, label columns, notes, how far the code lists know its labels, printed units and
/// periods, and what looks wrong. Nothing is written; `shebao draft` makes a specification of it.
/// What a person knows of a text file.
#[derive(clap::Args, Debug)]
pub(super) struct TextFile {
    /// Encoding of a text file; detected where left out
    #[arg(long)]
    encoding: Option<String>,
    /// Character between the cells of a text file; detected where left out
    #[arg(long, value_name = "CHARACTER")]
    delimiter: Option<char>,
}

impl TextFile {
    pub(super) fn declared(&self) -> Declared<'_> {
        Declared { encoding: self.encoding.as_deref(), delimiter: self.delimiter }
    }
}

#[derive(clap::Args, Debug)]
pub struct Args {
    /// The file to look at: xls, xlsx, xlsb, ods, csv, dbf or html
    file: PathBuf,
    /// Only this sheet
    #[arg(long)]
    sheet: Option<String>,
    /// A page that draws each sheet with its parts coloured
    #[arg(long, conflicts_with = "json")]
    html: bool,
    /// Where to write instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    declared: TextFile,
}

pub fn run(context: &Context, args: &Args) -> anyhow::Result<Ended> {
    let codes = spec::load_codes(&context.project);
    print::diagnostics(&codes.diagnostics, context.json);
    let document = read(context, &args.file, args.declared.declared(), args.sheet.as_deref())?;
    let found = survey::survey(&document);
    let name = context.project.display(&args.file);
    let told = report::report(&codes.value, &document, &found, &name);
    let out = if context.json {
        serde_json::to_string_pretty(&told)? + "\n"
    } else if args.html {
        html::html(&told, &document, &found)
    } else {
        text::text(&told, &document, &found)
    };
    match &args.output {
        Some(path) => std::fs::write(path, out)?,
        None => print::whole(&out)?,
    }
    Ok(Ended::Good)
}

/// The file with all its sheets, or with one.
pub(super) fn read(
    context: &Context,
    file: &Path,
    declared: Declared<'_>,
    sheet: Option<&str>,
) -> anyhow::Result<Document> {
    let shown = context.project.display(file);
    let mut document = grid::read(file, &shown, declared).map_err(|fault| Fault(vec![fault]))?;
    if let Some(name) = sheet {
        let there = document.grids.iter().map(|g| format!("\"{}\"", g.sheet)).collect::<Vec<_>>().join(", ");
        document.grids.retain(|g| g.sheet == name);
        if document.grids.is_empty() {
            anyhow::bail!("{shown} has no sheet \"{name}\"; it has {there}");
        }
    }
    Ok(document)
}
