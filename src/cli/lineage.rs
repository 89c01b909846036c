//! `shebao lineage`: which columns are made of which.

use std::path::PathBuf;

use anyhow::{Context as _, bail};

use super::{Context, Ended, Fault, job, print};
use crate::explain::lineage::{self, Lineage};
use crate::store::Manifest;

/// Tell which columns a column is made of, or draw how all tables hang together
///
/// Read off the SQL: nobody writes it by hand. The numbers of one figure are told by `shebao explain`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// A column of a model
    #[arg(value_name = "MODEL.COLUMN", required_unless_present_any = ["svg", "openlineage"])]
    column: Option<String>,
    /// Draw all tables and which reads which
    #[arg(long, conflicts_with_all = ["openlineage", "column"])]
    svg: bool,
    /// All models and columns as OpenLineage events, for catalogues
    #[arg(long, conflicts_with = "column")]
    openlineage: bool,
    /// Where to write instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub fn run(context: &Context, args: &Args) -> anyhow::Result<Ended> {
    let provenance = job::open_provenance(&context.project, None)?;
    let all = lineage::lineage(&provenance).map_err(Fault)?;
    let out = match &args.column {
        _ if args.svg => lineage::svg(&all),
        Some(column) => of_column(&all, column, context.json)?,
        None => {
            let release = job::release(&context.project, None)?;
            let manifest = Manifest::read(&release.path)?;
            serde_json::to_string_pretty(&lineage::openlineage(&all, &manifest))? + "\n"
        }
    };
    match &args.output {
        Some(path) => std::fs::write(path, out).with_context(|| format!("writing {}", path.display()))?,
        None => print::whole(&out)?,
    }
    Ok(Ended::Good)
}

fn of_column(all: &[Lineage], written: &str, as_json: bool) -> anyhow::Result<String> {
    let Some((model, column)) = written.split_once('.') else {
        bail!("write MODEL.COLUMN, as in ind_coverage.coverage_pct")
    };
    let Some(found) = all.iter().find(|lineage| lineage.model == model) else {
        let near = crate::domain::label::nearest(model, all.iter().map(|lineage| lineage.model.as_str()));
        bail!(
            "there is no model \"{model}\"{}",
            if near.is_empty() { String::new() } else { format!("; did you mean {}", near.join(", ")) }
        );
    };
    let Some((_, sources)) = found.columns.made_of.iter().find(|(name, _)| name == column) else {
        let columns: Vec<&str> = found.columns.made_of.iter().map(|(name, _)| name.as_str()).collect();
        bail!("{model} has no column \"{column}\"; it has {}", columns.join(", "));
    };
    if as_json {
        let named = |of: &std::collections::BTreeSet<(String, String)>| {
            of.iter().map(|(table, column)| format!("{table}.{column}")).collect::<Vec<_>>()
        };
        let told = serde_json::json!({
            "column": written, "made_of": named(sources), "rows_chosen_by": named(&found.columns.chosen_by),
        });
        return Ok(serde_json::to_string_pretty(&told)? + "\n");
    }
    Ok(lineage::text(all, model, column))
}
