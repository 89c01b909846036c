//! `shebao draft`: a specification for a table that nobody declared, ready to be corrected.

use std::path::PathBuf;

use anyhow::bail;

use super::inspect::{self, TextFile};
use super::{Context, Ended, print};
use crate::spec;
use crate::survey::{self, draft};

/// Write a specification that reads the tables of a file, with every guess marked
///
/// Goes to standard output, one specification per table, each after a line `# --- table N`; it has been tried out on the file,
/// and says at its head what it reads. Labels that no code list knows get local codes, which begin with x- or x_: put
/// official ones in their place. To see what comes out:
///
///   shebao draft FILE | shebao ingest --spec - FILE
#[derive(clap::Args, Debug)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// The file to look at: xls, xlsx, xlsb, ods, csv, dbf or html
    file: PathBuf,
    /// Only this sheet
    #[arg(long)]
    sheet: Option<String>,
    /// Only this table, counted from 1 over the sheets
    #[arg(long, value_name = "N")]
    table: Option<usize>,
    #[command(flatten)]
    declared: TextFile,
}

pub fn run(context: &Context, args: &Args) -> anyhow::Result<Ended> {
    let codes = spec::load_codes(&context.project);
    print::diagnostics(&codes.diagnostics, context.json);
    let document = inspect::read(context, &args.file, args.declared.declared(), None)?;
    let found = survey::survey(&document);
    // Tables keep their sheets: the specification names the sheet where the file has several.
    let name = args.file.file_name().map_or(String::new(), |n| n.to_string_lossy().into_owned());
    let mut tables = Vec::new();
    for (grid, seen) in document.grids.iter().zip(&found.sheets) {
        if args.sheet.as_ref().is_none_or(|name| *name == seen.name) {
            tables.extend(seen.whole_tables().into_iter().map(|parts| (grid, parts)));
        }
    }
    if tables.is_empty() {
        bail!("no table of numbers was found; shebao inspect shows what is in the file");
    }
    let count = tables.len();
    if let Some(nth) = args.table {
        if nth == 0 || nth > count {
            bail!("there are {count} tables, and none with the number {nth}; shebao inspect lists them");
        }
        tables = vec![tables.swap_remove(nth - 1)];
    }
    let single = tables.len() == 1;
    let mut ended = Ended::Good;
    for (nth, (grid, parts)) in tables.iter().enumerate() {
        let draft = draft::draft(&codes.value, &document, grid, parts, &name);
        if !draft.trial.holds() {
            ended = Ended::DataErrors;
        }
        let head = if single {
            String::new()
        } else {
            format!("{}{}: {}\n", spec::NEXT_TABLE, nth + 1, grid.sheet.replace('\n', " "))
        };
        print::whole(&format!("{head}{}{}", draft.text, if nth + 1 < tables.len() { "\n" } else { "" }))?;
    }
    Ok(ended)
}
