//! The page beside a published table that explains each of its figures, down to the printed cells.

use super::html::escape;
use crate::diag::Diagnostic;
use crate::explain::{Explainer, text};
use crate::report::table::frame::Frame;
use crate::report::table::key::addresses;
use crate::warehouse::provenance::Cell;

/// # Errors
/// A table cannot be read, or the SQL does not make the release's tables.
pub fn render(frame: &Frame, explainer: &mut Explainer, up: &str) -> Result<String, Vec<Diagnostic>> {
    let title = escape(&frame.full_title());
    let id = escape(&frame.id);
    let mut body = format!(
        "<nav class=\"trail\" aria-label=\"位置\"><a href=\"{up}index.html\">目录</a> › <a href=\"{id}.html\">{title}</a></nav>\n<main class=\"way\">\n<h1>{title}</h1>\n"
    );
    let addresses = addresses(frame);
    for (cells, addresses) in frame.cells.iter().zip(&addresses) {
        for (nth, cell) in cells.iter().enumerate().filter(|(_, cell)| !cell.covered && !cell.answers.is_empty()) {
            let address = &addresses[nth];
            let shown = escape(&cell.text());
            body.push_str(&format!("<section id=\"{address}\"><h2>{address}　{shown}</h2>\n"));
            for figure in cell.answers.iter().map(|answer| &answer.key) {
                let Some(row) = explainer.find(&figure.table, &figure.key).map_err(|fault| vec![fault])? else {
                    continue;
                };
                let cell = Cell { table: figure.table.clone(), row, column: figure.column.clone() };
                let told = text::text(&explainer.explain(&cell)?);
                body.push_str(&format!("<pre>{}</pre>\n", escape(&told)));
            }
            body.push_str("</section>\n");
        }
    }
    body.push_str("</main>\n");
    Ok(super::html::page(&title, &body))
}
