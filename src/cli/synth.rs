//! `shebao synth`: made-up extracts, and the truth about them.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use serde_json::json;

use super::progress::Progress;
use super::{Context, Ended, Fault};
use crate::spec;
use crate::synth::{self, Size};

/// Make up agencies' extracts, with the truth beside them
///
/// Writes a set of all five kinds by the layouts of the source that pipelines/synth.toml names, spread as it says by industry,
/// registration type and region, with arrears, gaps, double insurance, deaths and claims after death. What the statistics
/// must find in them is counted in OUT/truth; what is due of whom stands in OUT/calendar.toml, for pipelines/. The same seed gives
/// the same files.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Employees; pensioners come beside them
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    persons: u64,
    /// Months
    #[arg(long, value_name = "M", default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=600))]
    months: u32,
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// The folder to write into, to be read with --input OUT
    out: PathBuf,
}

pub fn run(context: &Context, args: &Args) -> anyhow::Result<Ended> {
    let loaded = spec::load(&context.project);
    if loaded.has_errors() {
        return Err(Fault(loaded.diagnostics).into());
    }
    let pipelines = loaded.value;
    let declared = spec::synth::load(&context.project, &pipelines.codebook);
    let (faults, Some(declared)) = (declared.diagnostics, declared.value) else { bail!("no synth.toml in pipelines/") };
    if !faults.is_empty() {
        return Err(Fault(faults).into());
    }
    let name = declared.source.get_ref();
    let source = pipelines.sources.iter().find(|source| source.id == *name);
    let source =
        source.with_context(|| format!("pipelines/synth.toml names the source \"{name}\", which is not there"))?;
    let size = Size { persons: args.persons, months: args.months, seed: args.seed };
    let mut progress = Progress::new(context.json);
    progress.stage("make up", args.months as usize);
    let mut step = |month: &str| progress.step(month);
    let truth = synth::write(&declared, source, &pipelines.codebook, size, &args.out, &mut step)?;
    let (files, records) = truth.table("file").fold((0, 0), |(files, all), (_, figures)| (files + 1, all + figures[0]));
    progress.done(&format!("{files} files, {records} records"));
    match context.json {
        true => println!("{}", json!({ "files": files, "records": records, "output": args.out.display().to_string() })),
        false => println!("{files} files with {records} records; read them with --input {}", args.out.display()),
    }
    Ok(Ended::Good)
}
