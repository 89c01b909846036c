//! The figures that reports print, without the files: by their place, for comparing one release with another.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::diag::Diagnostic;
use crate::report::definition::spec::ReportSpec;
use crate::report::prose::render::{self, About};
use crate::report::rows::names::Names;
use crate::report::rows::source::Tables;
use crate::report::table::frame::Frame;
use crate::report::table::key::FigureKey;
use crate::report::table::point::points;
use crate::report::table::select;

/// Where a figure is printed: report, table (blank for the text), row and column, and its number among those of one place.
pub type Place = (String, String, String, String, usize);

/// A figure as it is printed.
#[derive(Clone, Debug)]
pub struct Printed {
    pub text: String,
    /// In the printed unit, rounded; `None` for a mark.
    pub number: Option<Decimal>,
    pub key: FigureKey,
}

/// All figures of all reports.
///
/// # Errors
/// The release lacks the tables every report needs.
pub fn figures(specs: &[ReportSpec], tables: &Tables<'_>) -> Result<BTreeMap<Place, Printed>, Diagnostic> {
    let names = Names::read(tables)?;
    let mut all: BTreeMap<Place, Printed> = BTreeMap::new();
    let frames: Vec<(&ReportSpec, Frame)> = specs
        .iter()
        .flat_map(|report| report.tables.iter().map(move |table| (report, table)))
        .filter_map(|(report, table)| Some((report, select::fill(table, tables, &names).value?)))
        .collect();
    for (report, frame) in &frames {
        for point in points(frame) {
            let printed = Printed { text: point.text.clone(), number: point.number, key: point.answer.key.clone() };
            put(&mut all, [&report.name, &frame.id, &point.row_label, &point.column_label], printed);
        }
    }
    for report in specs {
        let Some(spec) = &report.text else { continue };
        let called = frames.iter().flat_map(|(owner, frame)| {
            let own = (owner.name == report.name).then(|| frame.id.clone());
            own.into_iter().chain([format!("{}/{}", owner.name, frame.id)])
        });
        let charts = specs.iter().flat_map(|spec| &spec.charts).map(|chart| chart.id.clone());
        // The day and the id of a release differ in any case.
        let about = About { release: "", date: "", tables: called.collect(), charts: charts.collect() };
        let document = render::render(report, spec, tables, &names, &about).value;
        for used in document.into_iter().flat_map(|document| document.figures) {
            let number = used.quoted.figure.as_ref().map(|figure| figure.number);
            let asked = used.quoted.asked();
            let printed = Printed { text: used.shown, number, key: used.quoted.key };
            put(&mut all, [&report.name, "", &asked, ""], printed);
        }
    }
    Ok(all)
}

fn put(all: &mut BTreeMap<Place, Printed>, [report, table, row, column]: [&str; 4], printed: Printed) {
    let place = |nth| (report.to_owned(), table.to_owned(), row.to_owned(), column.to_owned(), nth);
    let nth = (0..).find(|nth| !all.contains_key(&place(*nth))).unwrap_or_default();
    all.insert(place(nth), printed);
}
