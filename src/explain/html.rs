//! An explanation as a page of its own: the way down, and each source sheet drawn with the cells marked.

use std::collections::{BTreeMap, BTreeSet};

use super::Explanation;
use super::text::{below, facts, title, value};
use crate::grid::Document;
use crate::survey;
use crate::survey::html::{STYLE, draw, escaped};

const TREE: &str = "\
ol.way{list-style:none;margin:0;padding:0 0 0 20px;border-left:1px solid var(--line)}body>ol.way{border:0;padding:0}\
.way li{margin:10px 0}.way b{font-size:15px;font-variant-numeric:tabular-nums}.way p{margin:1px 0;max-width:92ch}.way a{color:inherit}.way p{white-space:pre-wrap}";

/// The page; `read` gives the file of a source where it is still as it was read.
pub fn html(explanation: &Explanation, read: &mut dyn FnMut(&str, &str) -> Option<Document>) -> String {
    let figure = explanation.figure();
    let name = title(figure);
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"zh\"><head><meta charset=\"utf-8\"><title>{0}</title><style>{STYLE}{TREE}</style></head><body>\n<h1>{1}</h1>\n<p class=\"soft\">{0}</p>\n",
        escaped(&name),
        escaped(&value(figure)),
    );
    way(&mut out, explanation, 0, &mut vec![false; explanation.cells.len()]);
    sheets(&mut out, explanation, read);
    out.push_str("</body></html>\n");
    out
}

fn way(out: &mut String, all: &Explanation, nth: usize, told: &mut [bool]) {
    let explained = &all.cells[nth];
    out.push_str("<ol class=\"way\"><li>");
    let again = std::mem::replace(&mut told[nth], true);
    let id = if again { String::new() } else { format!(" id=\"c{nth}\"") };
    out.push_str(&format!(
        "<b{id}>{}</b> <span class=\"soft\">{}</span>",
        escaped(&value(explained)),
        escaped(&title(explained))
    ));
    if again {
        out.push_str(&format!(" <a href=\"#c{nth}\">as above</a></li></ol>\n"));
        return;
    }
    for fact in facts(explained) {
        out.push_str(&format!("<p>{}</p>", escaped(&fact)));
    }
    let (below, more) = below(all, explained);
    if let Some(more) = more {
        out.push_str(&format!("<p class=\"soft\">{more}</p>"));
    }
    for next in below {
        way(out, all, next, told);
    }
    out.push_str("</li></ol>\n");
}

fn sheets(out: &mut String, explanation: &Explanation, read: &mut dyn FnMut(&str, &str) -> Option<Document>) {
    let mut marked: BTreeMap<(&str, &str), BTreeMap<&str, BTreeSet<String>>> = BTreeMap::new();
    for (_, printed) in explanation.printed() {
        let sheets = marked.entry((&printed.file, &printed.sha256)).or_default();
        sheets.entry(&printed.sheet).or_default().insert(printed.address.clone());
    }
    for ((file, sha256), sheets) in marked {
        let Some(document) = read(file, sha256) else {
            let why = "is not there any more as it was read, and is not drawn";
            out.push_str(&format!("<h2>{}</h2><p class=\"soft\">The file {why}</p>\n", escaped(file)));
            continue;
        };
        let surveyed = survey::survey(&document);
        for (grid, found) in document.grids.iter().zip(&surveyed.sheets) {
            // A file with one sheet may go without its name.
            let Some(cells) = sheets.get(grid.sheet.as_str()).or_else(|| sheets.get("")) else { continue };
            let named = if grid.sheet.is_empty() { String::new() } else { format!(" [{}]", grid.sheet) };
            let cells_text = cells.iter().cloned().collect::<Vec<_>>().join(" ");
            out.push_str(&format!(
                "<h2>{}{} <span class=\"soft\">{}</span></h2>\n",
                escaped(file),
                escaped(&named),
                escaped(&cells_text)
            ));
            draw(out, grid, &found.tables, cells);
        }
    }
}
