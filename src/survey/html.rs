//! A survey drawn: each sheet as it looks, with titles, header, labels, body and notes coloured.

use std::collections::{BTreeMap, BTreeSet};

use super::oddity;
use super::report::{FileReport, TableReport};
use super::{Survey, Table};
use crate::grid::{CellRef, CellValue, Document, Grid, column_letters};

/// Rows and columns of a sheet that are drawn.
const ROWS_MAX: u32 = 400;
const COLUMNS_MAX: u32 = 80;

/// The look of a page that draws sheets.
pub const STYLE: &str = "\
:root{color-scheme:light;--ink:#1d2733;--soft:#66727f;--line:#d5dbe1;--title:#fdf0c8;--header:#cfe2f7;--label:#e1f0dd;--body:#fff;--note:#eee4f4;--odd:#c2371c}\
*{box-sizing:border-box}body{margin:0;padding:28px 32px;font:14px/1.45 'Noto Sans','Noto Sans CJK SC','Noto Sans SC','WenQuanYi Zen Hei','Segoe UI',sans-serif;color:var(--ink);background:#f6f7f9}\
h1{font-size:21px;margin:0 0 2px}h2{font-size:16px;margin:34px 0 8px}p{margin:2px 0}.soft{color:var(--soft)}\
.legend{display:flex;flex-wrap:wrap;gap:8px 18px;margin:14px 0 0;padding:0;list-style:none}.legend i{display:inline-block;width:16px;height:16px;border:1px solid var(--line);vertical-align:-3px;margin-right:6px}\
.sheet{overflow:auto;max-height:78vh;border:1px solid var(--line);border-radius:6px;background:#fff}\
.grid{border-collapse:separate;border-spacing:0;font-size:12.5px}.grid td,.grid th{border-right:1px solid var(--line);border-bottom:1px solid var(--line);padding:2px 7px;height:22px;max-width:260px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;vertical-align:top}\
.grid th{background:#eef1f4;color:var(--soft);font-weight:400;text-align:center;position:sticky;z-index:1}.grid thead th{top:0}.grid tbody th{left:0}.grid thead th:first-child{left:0;z-index:2}\
.n{text-align:right;font-variant-numeric:tabular-nums}.b{font-weight:600}.title{background:var(--title)}.header{background:var(--header)}.header.m{text-align:center}.label{background:var(--label)}.note{background:var(--note)}.out{color:var(--soft);background:#fafbfc}.odd{box-shadow:inset 0 0 0 1.5px var(--odd);color:var(--odd)}.hit{outline:3px solid #d08700;outline-offset:-3px;background:#fff3c4;font-weight:600}\
dl{display:grid;grid-template-columns:max-content 1fr;gap:3px 14px;margin:10px 0 0;padding:12px 16px;background:#fff;border:1px solid var(--line);border-radius:6px}dt{color:var(--soft)}dd{margin:0}dd+dt{}h3{font-size:14px;margin:14px 0 0}";

/// A page of its own, with nothing to load.
pub fn html(report: &FileReport, document: &Document, survey: &Survey) -> String {
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"zh\"><head><meta charset=\"utf-8\"><title>{0}</title><style>{STYLE}</style></head><body>\n<h1>{0}</h1>\n<p class=\"soft\">{1}{2}, {3} sheets</p>\n",
        escaped(&report.file),
        report.format,
        report.encoding.as_ref().map_or(String::new(), |e| format!(", {e}")),
        report.sheets.len()
    );
    out.push_str("<ul class=\"legend\">");
    for (class, name) in [
        ("title", "title"),
        ("header", "header"),
        ("label", "labels"),
        ("body", "numbers"),
        ("note", "notes"),
        ("out", "no table"),
        ("odd", "looks wrong"),
    ] {
        out.push_str(&format!("<li><i class=\"{class}\"></i>{name}</li>"));
    }
    out.push_str("</ul>\n");
    for ((told, found), grid) in report.sheets.iter().zip(&survey.sheets).zip(&document.grids) {
        let hidden = if told.hidden { " (hidden)" } else { "" };
        let name = if told.name.is_empty() { "The table" } else { &told.name };
        out.push_str(&format!(
            "<section>\n<h2>{}{hidden} <span class=\"soft\">{} × {}</span></h2>\n",
            escaped(name),
            told.rows,
            told.columns
        ));
        match told.rows {
            0 => out.push_str("<p class=\"soft\">The sheet is empty</p>\n"),
            _ => draw(&mut out, grid, &found.tables, &BTreeSet::new()),
        }
        for table in &told.tables {
            facts(&mut out, table);
        }
        out.push_str("</section>\n");
    }
    out.push_str("</body></html>\n");
    out
}

/// Draw a sheet with the parts of its tables coloured; `marked` are addresses of cells to be pointed at.
pub fn draw(out: &mut String, grid: &Grid, tables: &[Table], marked: &BTreeSet<String>) {
    let marked: BTreeSet<CellRef> = if marked.is_empty() {
        BTreeSet::new()
    } else {
        grid.iter().map(|(at, _)| at).filter(|at| marked.contains(&grid.address(*at))).collect()
    };
    let (rows, cols) = (grid.rows.min(ROWS_MAX), grid.cols.min(COLUMNS_MAX));
    let classes = classes(tables);
    let odd = |at: CellRef| {
        let text_column = tables.iter().any(|t| t.body.contains(&at.row) && t.text_cols.contains(&at.col));
        let of_data = tables.iter().any(|t| t.body.contains(&at.row) && t.data_cols.binary_search(&at.col).is_ok());
        of_data && !text_column && grid.get(at.row, at.col).is_some_and(oddity::is_odd)
    };
    out.push_str("<div class=\"sheet\"><table class=\"grid\"><thead><tr><th></th>");
    (0..cols).for_each(|col| out.push_str(&format!("<th>{}</th>", column_letters(col))));
    out.push_str("</tr></thead><tbody>\n");
    for row in 0..rows {
        out.push_str(&format!("<tr><th>{}</th>", row + 1));
        for col in 0..cols {
            let at = CellRef { row, col };
            let span = grid.merge_at(at);
            if span.is_some_and(|s| s.first != at) {
                continue;
            }
            let spread = span.map_or(String::new(), |s| {
                let (down, right) = (s.last.row.min(rows - 1) - row + 1, s.last.col.min(cols - 1) - col + 1);
                format!(" rowspan=\"{down}\" colspan=\"{right}\"")
            });
            let cell = grid.get(row, col);
            let number = cell.is_some_and(|c| !matches!(c.value, CellValue::Text));
            let mut class = class_of(&classes, at).to_owned();
            for (name, set) in [
                ("n", number),
                ("b", cell.is_some_and(|c| c.bold)),
                ("m", span.is_some()),
                ("odd", odd(at)),
                ("hit", marked.contains(&at)),
            ] {
                if set {
                    class.push(' ');
                    class.push_str(name);
                }
            }
            let indent = cell.map_or(0, |c| c.indent);
            let pad = if indent > 0 {
                format!(" style=\"padding-left:{}px\"", 7 + 12 * u32::from(indent))
            } else {
                String::new()
            };
            let text = cell.map_or("", |c| &c.text);
            let hint = if text.chars().count() > 30 { format!(" title=\"{}\"", escaped(text)) } else { String::new() };
            out.push_str(&format!(
                "<td class=\"{class}\"{spread}{pad}{hint}>{}</td>",
                escaped(text).replace('\n', "<br>")
            ));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div>\n");
    if rows < grid.rows || cols < grid.cols {
        out.push_str(&format!(
            "<p class=\"soft\">The first {rows} of {} rows and {cols} of {} columns are drawn</p>\n",
            grid.rows, grid.cols
        ));
    }
}

/// For each row, the bands that cross it: first column, last column, what it is.
type Bands = BTreeMap<u32, Vec<(u32, u32, &'static str)>>;

fn classes(tables: &[Table]) -> Bands {
    let mut bands = Bands::new();
    for table in tables {
        let labels = table.label_cols.first().copied().zip(table.label_cols.last().copied());
        let data = table.data_cols.first().copied().zip(table.data_cols.last().copied());
        let first = labels.or(data).map_or(0, |(first, _)| first);
        let last = data.map_or(first, |(_, last)| last);
        for row in table.header.clone() {
            bands.entry(row).or_default().push((first, last, "header"));
        }
        for row in table.body.clone().filter(|row| *row < ROWS_MAX) {
            let band = bands.entry(row).or_default();
            band.extend(labels.map(|(a, b)| (a, b, "label")));
            band.extend(data.map(|(a, b)| (a, b, "body")));
        }
        for (cells, class) in [(&table.titles, "title"), (&table.notes, "note")] {
            for at in cells {
                bands.entry(at.row).or_default().push((at.col, at.col, class));
            }
        }
    }
    bands
}

fn class_of(bands: &Bands, at: CellRef) -> &'static str {
    let of_row = bands.get(&at.row).map_or(&[][..], Vec::as_slice);
    of_row.iter().find(|(first, last, _)| (*first..=*last).contains(&at.col)).map_or("out", |(_, _, class)| class)
}

fn facts(out: &mut String, table: &TableReport) {
    let continues = table.continues.map_or(String::new(), |n| format!(", continues table {n}"));
    out.push_str(&format!(
        "<h3>Table {} <span class=\"soft\">{}{continues}</span></h3>\n<dl>",
        table.number, table.extent
    ));
    let mut fact = |name: &str, text: String| {
        if !text.is_empty() {
            out.push_str(&format!("<dt>{name}</dt><dd>{}</dd>", escaped(&text)));
        }
    };
    for title in &table.titles {
        fact("title", format!("{}  {}", title.cell, title.text));
    }
    fact(
        "body",
        format!(
            "rows {} to {}, {} data columns, {} numbers",
            table.body.0, table.body.1, table.data_columns, table.numbers
        ),
    );
    for column in &table.label_columns {
        let codes = column.codes.as_ref().map_or("no code list fits".to_owned(), |c| {
            let unknown =
                if c.unknown.is_empty() { String::new() } else { format!("; unknown: {}", c.unknown.join(", ")) };
            format!("code list {}: {} of {} known{unknown}", c.list, c.known, c.of)
        });
        fact("labels", format!("column {} {}: {codes}", column.column, column.header));
    }
    for c in &table.header_codes {
        fact("header", format!("code list {}: {} of {} known", c.list, c.known, c.of));
    }
    fact("levels", table.levels.join(", "));
    let units = table.units.iter().map(|u| format!("{} ({})", u.name, u.code.as_deref().unwrap_or("no code")));
    fact("units", units.collect::<Vec<_>>().join(", "));
    fact("periods", table.periods.join(", "));
    for note in &table.notes {
        fact("note", format!("{}  {}", note.cell, note.text));
    }
    for odd in &table.oddities {
        fact("odd", format!("{} {}: {} \"{}\"", odd.count, odd.what, odd.cells.join(" "), odd.example));
    }
    out.push_str("</dl>\n");
}

/// A text as it may stand in a page.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
