//! `shebao report --diff`: which printed figures another release prints otherwise, by how much, and why.

use std::collections::BTreeMap;
use std::path::Path;

use rust_decimal::Decimal;
use serde_json::json;

use super::{Context, Ended, Fault, print};
use crate::explain::{Explainer, OBSERVATIONS};
use crate::project::Project;
use crate::report::printed::{self, Place, Printed};
use crate::report::{self, Records, ReportSpec, Tables};
use crate::store::{Manifest, Releases, StoreError};
use crate::warehouse::provenance::{Cell, Provenance};
use crate::warehouse::{Column, Kind, Rows, Scalar, Warehouse};

/// What the current release prints otherwise than an earlier one, under the reports as they are now.
pub fn run(context: &Context, earlier: &str) -> anyhow::Result<Ended> {
    let project = &context.project;
    let releases = Releases::open(&project.warehouse);
    let none = || StoreError::NoRelease { wanted: "yet".to_owned(), newest: None };
    let now = releases.current()?.ok_or_else(none)?;
    let before = releases.as_of(earlier)?;
    let mut faults = Vec::new();
    let specs = report::load(&project.reports()).split(&mut faults);
    print::diagnostics(&faults, context.json);
    let (was, mut old, cells) = read(project, &before.path, &specs)?;
    let (is, mut new, _) = read(project, &now.path, &specs)?;
    let mut rows = Vec::new();
    let mut places: Vec<&Place> = was.keys().chain(is.keys()).collect();
    places.sort_unstable();
    places.dedup();
    for place in places {
        let (was, is) = (was.get(place), is.get(place));
        let text = |printed: Option<&Printed>| printed.map_or_else(String::new, |printed| printed.text.clone());
        if was.is_some() == is.is_some() && text(was) == text(is) {
            continue;
        }
        let number = |printed: Option<&Printed>| printed.and_then(|printed| printed.number);
        let difference = number(is).zip(number(was)).and_then(|(is, was)| is.checked_sub(was));
        let cause = cause(was.map(|p| sources(&mut old, p)), is.map(|p| sources(&mut new, p)), &cells);
        let (report, table, row, column, _) = place.clone();
        rows.push((report, table, row, column, text(was), text(is), difference, cause));
    }
    if context.json {
        let lines = rows.iter().map(|(report, table, row, column, was, is, difference, cause)| {
            json!({ "report": report, "table": table, "row": row, "column": column, "before": was, "after": is,
                "difference": difference.map(|d| d.normalize().to_string()), "cause": cause })
        });
        println!("{}", json!({ "before": before.id, "after": now.id, "changes": lines.collect::<Vec<_>>() }));
        return Ok(Ended::Good);
    }
    if rows.is_empty() {
        println!("release {} prints what release {} printed", now.id, before.id);
        return Ok(Ended::Good);
    }
    let column = |name: &str, kind| Column { name: name.to_owned(), kind };
    let heads = ["report", "table", "row", "column", "before", "after"].map(|name| column(name, Kind::Text));
    let ends = [column("difference", Kind::Number), column("cause", Kind::Text)];
    let count = rows.len();
    let lines = rows.into_iter().map(|(report, table, row, column, was, is, difference, cause)| {
        let texts = [report, table, row, column, was, is].map(Scalar::Text);
        let difference = difference.map_or(Scalar::Null, |d: Decimal| Scalar::Number(d.normalize()));
        texts.into_iter().chain([difference, Scalar::Text(cause.to_owned())]).collect()
    });
    let rows = Rows { columns: heads.into_iter().chain(ends).collect(), rows: lines.collect() };
    print::table(&rows, &mut std::io::stdout().lock())?;
    println!("{count} figures of release {} are not printed as in release {}", now.id, before.id);
    Ok(Ended::Good)
}

type Figures = BTreeMap<Place, Printed>;

/// What a release prints, what explains it, and the cells that it was made from.
fn read(project: &Project, path: &Path, specs: &[ReportSpec]) -> anyhow::Result<(Figures, Option<Explainer>, Sources)> {
    let one = |fault| Fault(vec![fault]);
    let manifest = Manifest::read(path)?;
    let warehouse = Warehouse::open_with(path, &manifest.first_released).map_err(one)?;
    // A release made by other SQL cannot be explained by this.
    let explainer = Provenance::open(path, &project.models(), &project.audits()).map(Explainer::new).ok();
    let names = warehouse.tables().to_vec();
    let grains = explainer.as_ref().map_or(BTreeMap::new(), |explainer| {
        names.iter().map(|name| (name.clone(), explainer.provenance.grain(name).to_vec())).collect()
    });
    let read = |name: &str, filters: &[(String, String)]| warehouse.table(name, filters);
    let figures = printed::figures(specs, &Tables { names, grains, read: &read }).map_err(one)?;
    let cells = observed(&warehouse.table(OBSERVATIONS, &[]).map_err(one)?);
    Ok((figures, explainer, cells))
}

/// The cells that a figure was made from: address, what is printed there, and by which correction.
type Sources = BTreeMap<(String, String), (String, Option<(String, String)>)>;

fn sources(explainer: &mut Option<Explainer>, printed: &Printed) -> Option<Sources> {
    let explainer = explainer.as_mut()?;
    let row = explainer.find(&printed.key.table, &printed.key.key).ok()??;
    let cell = Cell { table: printed.key.table.clone(), row, column: printed.key.column.clone() };
    let explanation = explainer.explain(&cell).ok()?;
    let source = |p: &crate::explain::source::Printed| {
        ((format!("{} {}", p.file, p.sheet), p.address.clone()), (p.text.clone(), p.correction.clone()))
    };
    Some(explanation.printed().map(|(_, printed)| source(printed)).collect())
}

/// All cells that observations were read from.
fn observed(rows: &Rows) -> Sources {
    let records = Records::new(rows);
    let cell = |row: usize| {
        let text = |column: &str| records.text(row, column);
        let correction = Some((text("original_value"), text("correction"))).filter(|(_, entry)| !entry.is_empty());
        ((format!("{} {}", text("source_file"), text("sheet")), text("cell")), (text("printed"), correction))
    };
    (0..rows.rows.len()).map(cell).collect()
}

/// Other corrections, else other cells or other numbers in them, else another way from the same cells. A figure of a release that was
/// made by other SQL cannot be explained any more: then the cells behind the new figure are looked up among `cells`, those of that
/// release.
fn cause(was: Option<Option<Sources>>, is: Option<Option<Sources>>, cells: &Sources) -> &'static str {
    let (Some(was), Some(Some(is))) = (was, is) else { return "input" };
    let known = |(cell, _): (&(String, String), _)| Some((cell.clone(), cells.get(cell)?.clone()));
    let was = was.unwrap_or_else(|| is.iter().filter_map(known).collect());
    let corrections = |sources: &Sources| {
        let own = sources.iter().filter_map(|(cell, (_, correction))| Some((cell.clone(), correction.clone()?)));
        own.collect::<Vec<_>>()
    };
    if corrections(&was) != corrections(&is) {
        "correction"
    } else if was != is {
        "input"
    } else {
        "definition"
    }
}

#[cfg(test)]
mod tests {
    use super::{Sources, cause};

    fn sources(cells: &[(&str, &str, Option<&str>)]) -> Option<Option<Sources>> {
        let cell = |(at, text, note): &(&str, &str, Option<&str>)| {
            (("a.xls".to_owned(), (*at).to_owned()), ((*text).to_owned(), note.map(|n| (n.to_owned(), n.to_owned()))))
        };
        Some(Some(cells.iter().map(cell).collect()))
    }

    #[test]
    fn a_change_has_one_cause() {
        let plain = || sources(&[("B2", "10", None)]);
        let changed = || sources(&[("B2", "11", None)]);
        let corrected = || sources(&[("B2", "11", Some("a slip"))]);
        let cells = plain().flatten().unwrap_or_default();
        // Whether the release before can be explained or not.
        for was in [plain(), Some(None)] {
            assert_eq!(cause(was.clone(), changed(), &cells), "input");
            assert_eq!(cause(was.clone(), corrected(), &cells), "correction");
            assert_eq!(cause(was, plain(), &cells), "definition");
        }
        assert_eq!(cause(None, plain(), &cells), "input");
        assert_eq!(cause(Some(None), sources(&[("B2", "10", None), ("B3", "1", None)]), &cells), "input");
    }
}
