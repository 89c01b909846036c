//! `shebao check`: what does not add up, and in which cells.

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::bail;
use clap::ValueEnum;

use super::{Context, Ended, Fault, drift, job, print, rule};
use crate::warehouse::{Column, Kind, Rows, Scalar, model};

/// Tell every finding of a release: what could not be read, and what does not add up
///
/// With FILE and --against: tell what moved between the file and a specification, and print the [[edition]] block that takes
/// it; the exit code is 0 if nothing moved. Otherwise one paragraph per cause: the cells to look at, what each rule expected
/// and by how much it misses, the slip of print that would explain it, who else says so; with --brief, one line per cause. All
/// findings are rows of core_finding. With --explain: what a rule says, how its tolerance is made, and where it applied.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// A file to hold against a specification
    #[arg(requires = "against", conflicts_with_all = ["rule", "as_of"])]
    file: Option<PathBuf>,
    /// The specification to hold FILE against: pipelines/SOURCE/TABLE.toml
    #[arg(long, value_name = "SPEC", requires = "file")]
    against: Option<PathBuf>,
    /// The edition of the specification [default: the one whose file FILE may be, else the last]
    #[arg(long, requires = "against")]
    edition: Option<String>,
    /// Only this rule, for example sum-of-parts
    #[arg(long)]
    rule: Option<String>,
    /// Tell of one rule what it says and where it applied
    #[arg(long, value_name = "RULE", conflicts_with_all = ["file", "rule"])]
    explain: Option<String>,
    /// One line per cause: how many findings, of which rules, where, and the slip that would explain them
    #[arg(long, conflicts_with_all = ["file", "explain"])]
    brief: bool,
    /// Only findings of this severity or above
    #[arg(long, value_enum, default_value_t = Level::Info)]
    severity: Level,
    /// End with exit code 1 if a finding has this severity or above
    #[arg(long, value_enum, default_value_t = Level::Error, value_name = "SEVERITY")]
    fail_on: Level,
    /// The release that was current at a time, or one by its id
    #[arg(long, value_name = "TIME|RELEASE")]
    as_of: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
enum Level {
    Info,
    Warning,
    Error,
}

/// What is told of one finding.
struct Finding {
    rule: String,
    severity: String,
    level: Level,
    place: String,
    /// The file and the first of the cells.
    first: String,
    message: String,
    suggestion: String,
    cause: String,
    suspects: String,
    repair: String,
    agrees: String,
}

pub fn run(context: &Context, args: &Args) -> anyhow::Result<Ended> {
    if let (Some(file), Some(spec)) = (&args.file, &args.against) {
        return drift::run(context, spec, file, args.edition.as_deref());
    }
    let warehouse = job::open_release(&context.project, args.as_of.as_deref())?;
    if let Some(rule) = &args.explain {
        return rule::run(context, &warehouse, rule);
    }
    let filters: Vec<(String, String)> = args.rule.iter().map(|rule| ("rule".to_owned(), rule.clone())).collect();
    let mut rows = warehouse.table("core_finding", &filters).map_err(|d| Fault(vec![d]))?;
    let all = findings(&rows);
    if let Some(rule) = args.rule.as_deref().filter(|_| all.is_empty()) {
        must_be_known(context, rule)?;
    }
    let severity = rows.column("severity");
    rows.rows.retain(|row| severity.is_none_or(|nth| level(&row[nth].to_string()) >= args.severity));
    let mut out = io::BufWriter::new(io::stdout().lock());
    if context.json {
        print::json(&rows, &mut out)?;
    } else {
        let told: Vec<&Finding> = all.iter().filter(|f| f.level >= args.severity).collect();
        match args.brief {
            true => print::table(&overview(&told), &mut out)?,
            false => tell(&told, &mut out)?,
        }
    }
    out.flush()?;
    let fails = all.iter().any(|f| f.level >= args.fail_on);
    Ok(if fails { Ended::DataErrors } else { Ended::Good })
}

/// A slip in a rule's name must not look like a clean table.
fn must_be_known(context: &Context, rule: &str) -> anyhow::Result<()> {
    let library = model::load(&context.project.models(), &context.project.audits()).value;
    let rules = job::rules(&context.project)?.rules;
    let audits = library.audits.iter().map(|audit| audit.rule.as_str());
    let known: Vec<&str> = rules.iter().map(|rule| rule.id.as_str()).chain(audits).collect();
    if !known.contains(&rule) {
        bail!("no finding has the rule \"{rule}\"; the rules are {}", known.join(", "));
    }
    Ok(())
}

fn level(severity: &str) -> Level {
    Level::from_str(severity, true).unwrap_or(Level::Error)
}

fn findings(rows: &Rows) -> Vec<Finding> {
    let text = |row: &[Scalar], name: &str| rows.column(name).map_or(String::new(), |nth| row[nth].to_string());
    let of = |row: &Vec<Scalar>| {
        let (file, sheet, cell) = (text(row, "source_file"), text(row, "sheet"), text(row, "cell"));
        let first = format!("{file} {}", cell.split_whitespace().next().unwrap_or_default());
        let sheet = if sheet.is_empty() { sheet } else { format!(", sheet \"{sheet}\"") };
        let cell = match cell.split_whitespace().count() {
            0 => cell,
            1 => format!(", cell {cell}"),
            _ => format!(", cells {cell}"),
        };
        let severity = text(row, "severity");
        Finding {
            rule: text(row, "rule"),
            level: level(&severity),
            severity,
            place: format!("{file}{sheet}{cell}"),
            first,
            message: text(row, "message"),
            suggestion: text(row, "suggestion"),
            cause: text(row, "cause"),
            suspects: text(row, "suspects"),
            repair: text(row, "repair"),
            agrees: text(row, "agrees"),
        }
    };
    let mut found: Vec<Finding> = rows.rows.iter().map(of).collect();
    // The gravest first; within a severity as the warehouse has them, by rule.
    found.sort_by_key(|finding| std::cmp::Reverse(finding.level));
    found
}

/// Findings of one cause together, those without one by rule; the gravest first.
fn by_cause<'a>(findings: &[&'a Finding]) -> Vec<Vec<&'a Finding>> {
    let mut groups: Vec<Vec<&Finding>> = Vec::new();
    for finding in findings {
        match groups.iter_mut().find(|group| group[0].head() == finding.head()) {
            Some(group) => group.push(finding),
            None => groups.push(vec![finding]),
        }
    }
    groups
}

fn rules_of<'a>(group: &[&'a Finding]) -> Vec<&'a str> {
    let mut rules: Vec<&str> = Vec::new();
    for finding in group {
        if !rules.contains(&finding.rule.as_str()) {
            rules.push(&finding.rule);
        }
    }
    rules
}

/// A line per cause, for a screen: the first cell stands for all.
fn overview(findings: &[&Finding]) -> Rows {
    let column = |name: &str, kind| Column { name: name.to_owned(), kind };
    let line = |group: Vec<&Finding>| {
        [
            Scalar::Text(group[0].severity.clone()),
            Scalar::Integer(i64::try_from(group.len()).unwrap_or(i64::MAX)),
            Scalar::Text(rules_of(&group).join(", ")),
            Scalar::Text(group[0].first.clone()),
            Scalar::Text(cut(&group[0].repair)),
        ]
        .to_vec()
    };
    Rows {
        columns: vec![
            column("severity", Kind::Text),
            column("findings", Kind::Integer),
            column("rules", Kind::Text),
            column("first cell", Kind::Text),
            column("would be explained by", Kind::Text),
        ],
        rows: by_cause(findings).into_iter().map(line).collect(),
    }
}

/// The beginning of a text, as wide as a column of an overview may be.
fn cut(text: &str) -> String {
    const WIDE: usize = 48;
    match text.char_indices().nth(WIDE) {
        Some((end, _)) => format!("{} …", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

/// A paragraph per cause.
fn tell(findings: &[&Finding], out: &mut dyn Write) -> io::Result<()> {
    for group in by_cause(findings) {
        let finding = group[0];
        writeln!(out, "{} {} ({})\n", finding.severity, rules_of(&group).join(", "), group.len())?;
        for one in &group {
            writeln!(out, "  {}", one.message)?;
            if !one.place.is_empty() {
                writeln!(out, "    at  {}", one.place)?;
            }
        }
        if !finding.suspects.is_empty() {
            writeln!(out, "  in  {}", shortened(&finding.suspects))?;
        }
        if !finding.suggestion.is_empty() {
            writeln!(out, "  do  {}", finding.suggestion)?;
        }
        if !finding.repair.is_empty() && !finding.suggestion.contains(&finding.repair) {
            writeln!(out, "  or  {}", finding.repair)?;
        }
        let agree: Vec<&str> =
            finding.agrees.split("; ").filter(|a| !a.is_empty() && !a.starts_with("explains ")).collect();
        if !agree.is_empty() {
            writeln!(out, "  so  {}", agree.join("; "))?;
        }
        writeln!(out)?;
    }
    let count = |level| findings.iter().filter(|f| f.level == level).count();
    let words = [(Level::Error, "error"), (Level::Warning, "warning"), (Level::Info, "info")];
    writeln!(out, "{}", words.map(|(level, word)| print::count(count(level), word)).join(", "))
}

impl Finding {
    /// What findings that are told together have in common.
    fn head(&self) -> (&str, &str, &str) {
        let rule = if self.cause.is_empty() { self.rule.as_str() } else { "" };
        (&self.severity, rule, &self.cause)
    }
}

/// Sets of cells that may be meant; of many the first ones.
fn shortened(suspects: &str) -> String {
    const TOLD: usize = 12;
    let sets: Vec<&str> = suspects.split(" | ").collect();
    match sets.len() > TOLD {
        true => format!("{} or {} others", sets[..TOLD].join(" or "), sets.len() - TOLD),
        false => sets.join(" or "),
    }
}
