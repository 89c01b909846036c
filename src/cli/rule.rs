//! `shebao check --explain RULE`: what a rule says, how its tolerance is made, and where it applied.

use std::io::{self, Write as _};

use anyhow::bail;

use super::{Context, Ended, Fault, print};
use crate::warehouse::{Rows, Scalar, Warehouse, model};

pub fn run(context: &Context, warehouse: &Warehouse, rule: &str) -> anyhow::Result<Ended> {
    let rows = warehouse.table("core_check", &[("rule".to_owned(), rule.to_owned())]).map_err(|d| Fault(vec![d]))?;
    let mut out = io::stdout().lock();
    if context.json {
        print::json(&rows, &mut out)?;
        return Ok(Ended::Good);
    }
    let Some(first) = rows.rows.first() else {
        return audit(context, warehouse, rule);
    };
    let text = |row: &[Scalar], name: &str| rows.column(name).map_or(String::new(), |nth| row[nth].to_string());
    writeln!(out, "{rule}    {}\n{}\n", text(first, "text_zh"), text(first, "text_en"))?;
    for (word, column) in
        [("kind", "kind"), ("severity", "severity"), ("reference", "reference"), ("tolerance", "tolerance")]
    {
        writeln!(out, "{word:<11}{}", text(first, column))?;
    }
    writeln!(out, "\n{:>8} {:>8} {:>13}  table", "pass", "fail", "unverifiable")?;
    for row in rows.rows.iter().filter(|row| !text(row, "table_id").is_empty()) {
        let table = format!("{}/{}", text(row, "dataset"), text(row, "table_id"));
        let counts = ["pass", "fail", "unverifiable"].map(|name| text(row, name));
        writeln!(out, "{:>8} {:>8} {:>13}  {table}", counts[0], counts[1], counts[2])?;
    }
    if text(first, "table_id").is_empty() {
        writeln!(out, "it applied nowhere in this release")?;
    }
    Ok(Ended::Good)
}

/// A rule that is a query of its own: its header says what there is to say.
fn audit(context: &Context, warehouse: &Warehouse, rule: &str) -> anyhow::Result<Ended> {
    let library = model::load(&context.project.models(), &context.project.audits()).value;
    let Some(audit) = library.audits.iter().find(|audit| audit.rule == rule) else {
        let all: Rows = warehouse.table("core_check", &[]).map_err(|d| Fault(vec![d]))?;
        let mut known: Vec<String> =
            all.column("rule").map_or(Vec::new(), |nth| all.rows.iter().map(|row| row[nth].to_string()).collect());
        known.extend(library.audits.iter().map(|audit| audit.rule.clone()));
        known.sort();
        known.dedup();
        bail!("there is no rule \"{rule}\"; the rules are {}", known.join(", "));
    };
    let header = audit.query.source.text.lines().take_while(|line| line.starts_with("--"));
    let header: Vec<&str> = header.map(|line| line.trim_start_matches("--").trim_start_matches(' ')).collect();
    print::whole(&format!("{}\n\na query of its own: {}\n", header.join("\n"), audit.query.source.name))?;
    Ok(Ended::Good)
}
