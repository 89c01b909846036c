//! The page beside a published table or text that explains each of its figures, down to the printed cells.

use super::html::escape;
use crate::diag::Diagnostic;
use crate::explain::{Explainer, text};
use crate::report::prose::document::Document;
use crate::report::table::frame::Frame;
use crate::report::table::key::{FigureKey, addresses};
use crate::warehouse::provenance::Cell;

/// The way of every figure of a table.
///
/// # Errors
/// A table cannot be read, or the SQL does not make the release's tables.
pub fn render(frame: &Frame, explainer: &mut Explainer, up: &str) -> Result<String, Vec<Diagnostic>> {
    let addresses = addresses(frame);
    let mut figures = Vec::new();
    for (cells, addresses) in frame.cells.iter().zip(&addresses) {
        for (nth, cell) in cells.iter().enumerate().filter(|(_, cell)| !cell.covered && !cell.answers.is_empty()) {
            let address = addresses[nth].clone();
            let heading = format!("{address}　{}", cell.text());
            figures.push((address, heading, cell.answers.iter().map(|answer| &answer.key).collect()));
        }
    }
    page(&frame.full_title(), &frame.id, up, &figures, explainer)
}

/// The way of every figure of a text.
///
/// # Errors
/// As [`render`].
pub fn of_text(document: &Document, id: &str, explainer: &mut Explainer, up: &str) -> Result<String, Vec<Diagnostic>> {
    let figures: Vec<(String, String, Vec<&FigureKey>)> = document
        .figures
        .iter()
        .enumerate()
        .map(|(nth, used)| (format!("f{}", nth + 1), used.shown.clone(), vec![&used.quoted.key]))
        .collect();
    page(&document.title, id, up, &figures, explainer)
}

/// One section per figure: its anchor, its heading, and which figures of the release it is.
fn page(
    title: &str,
    id: &str,
    up: &str,
    figures: &[(String, String, Vec<&FigureKey>)],
    explainer: &mut Explainer,
) -> Result<String, Vec<Diagnostic>> {
    let (title, id) = (escape(title), escape(id));
    let mut body = format!(
        "<nav class=\"trail\" aria-label=\"位置\"><a href=\"{up}index.html\">目录</a> › <a href=\"{id}.html\">{title}</a></nav>\n<main class=\"way\">\n<h1>{title}</h1>\n"
    );
    for (anchor, heading, keys) in figures {
        body.push_str(&format!("<section id=\"{anchor}\"><h2>{}</h2>\n", escape(heading)));
        for figure in keys {
            let Some(row) = explainer.find(&figure.table, &figure.key).map_err(|fault| vec![fault])? else {
                continue;
            };
            let cell = Cell { table: figure.table.clone(), row, column: figure.column.clone() };
            let told = text::text(&explainer.explain(&cell)?);
            body.push_str(&format!("<pre>{}</pre>\n", escape(&told)));
        }
        body.push_str("</section>\n");
    }
    body.push_str("</main>\n");
    Ok(super::html::page(&title, &body))
}
