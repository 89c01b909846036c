//! A frame as a page of its own: the yearbook layout as an accessible table whose every figure names its source cell.

use std::collections::BTreeSet;

use crate::report::chart::picture::Picture;
use crate::report::definition::spec::Head;
use crate::report::made::{Made, stem_of_chart, stem_of_table};
use crate::report::rows::kept::notice;
use crate::report::site::index::FILES;
use crate::report::table::frame::{Answer, Block, Cell, Content, Frame};
use crate::report::table::key::addresses;
use crate::report::table::select::flat;

/// The one style sheet of all pages.
pub const STYLE: &str = include_str!("../site/page.css");

/// The page of one table, with the charts that draw its figures, and links to what is made. `report` is its report's name and title;
/// `up` leads from the page to the folder of the index.
pub fn render(frame: &Frame, charts: &[&Picture], report: (&str, &str), up: &str, made: &Made) -> String {
    let (report, report_title) = report;
    let stem = stem_of_table(report, &frame.id);
    let title = escape(&frame.full_title());
    let mut body = String::new();
    body.push_str(&format!(
        "<nav class=\"trail\" aria-label=\"位置\"><a href=\"{up}index.html\">目录</a> › {}</nav>\n<main>\n",
        escape(report_title)
    ));
    for kept in &frame.kept {
        body.push_str(&format!("<p class=\"kept\" role=\"note\">{}</p>\n", escape(&notice(kept))));
    }
    let way = made.has_way(&stem).then(|| format!("{}.way.html", frame.id));
    body.push_str(&sheet(frame, "h1", "title", way.as_deref()));
    body.extend(charts.iter().map(|chart| figure(chart, up, made)));
    let id = escape(&frame.id);
    let files = made.among(&FILES, &stem);
    if !files.is_empty() {
        body.push_str(&format!(
            "<p class=\"files\">下载：{}。将指针停在数字上，可见其来源文件与单元格。</p>\n",
            links(&files, &id, &frame.full_title())
        ));
    }
    body.push_str("</main>\n");
    page(&title, &body)
}

/// A whole page around a body; needs nothing from the network.
pub fn page(title: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"zh-CN\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n{body}</body>\n</html>\n"
    )
}

/// The table with the lines below it. Its title is an element `tag` with the anchor `name`; `way` is the page that explains its
/// figures.
pub fn sheet(frame: &Frame, tag: &str, name: &str, way: Option<&str>) -> String {
    let mut out = format!("<div class=\"sheet\">\n{}", table(frame, tag, name, way));
    // What is said of kept figures stands above the table.
    let foot = frame.foot();
    let foot = &foot[..foot.len() - frame.kept.len()];
    if !foot.is_empty() {
        out.push_str("<footer class=\"notes\">\n");
        for line in foot {
            out.push_str(&format!("<p>{}</p>\n", text(line)));
        }
        out.push_str("</footer>\n");
    }
    out.push_str("</div>\n");
    out
}

fn table(frame: &Frame, tag: &str, name: &str, way: Option<&str>) -> String {
    let mut out =
        format!("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"{name}\">\n<table>\n");
    let number = if frame.number.is_empty() {
        String::new()
    } else {
        format!("<span class=\"number\">{}</span>　", escape(&frame.number))
    };
    out.push_str(&format!(
        "<caption><{tag} id=\"{name}\">{number}{}</{tag}>",
        label(frame, &frame.title, "", &frame.title_en)
    ));
    if !frame.unit_note.is_empty() {
        out.push_str(&format!("<span class=\"unit\">{}</span>", text(&frame.unit_note)));
    }
    out.push_str("</caption>\n<thead>\n");
    for (level, blocks) in frame.header.iter().enumerate() {
        out.push_str("<tr>");
        if level == 0 {
            for head in &frame.heads {
                out.push_str(&corner(frame, head));
            }
        }
        for block in blocks {
            let scope = if block.group { "colgroup" } else { "col" };
            out.push_str(&heading(frame, block, scope));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</thead>\n");
    let starts = group_starts(frame);
    let addresses = if way.is_some() { addresses(frame) } else { Vec::new() };
    for (at, (stub, cells)) in frame.stub.iter().zip(&frame.cells).enumerate() {
        if starts.contains(&at) {
            out.push_str(if at == 0 { "<tbody>\n" } else { "</tbody>\n<tbody>\n" });
        }
        out.push_str("<tr>");
        for block in stub {
            let scope = if block.group { "rowgroup" } else { "row" };
            out.push_str(&heading(frame, block, scope));
        }
        for (nth, cell) in cells.iter().enumerate().filter(|(_, cell)| !cell.covered) {
            let address = addresses.get(at).and_then(|row| row.get(nth)).filter(|_| !cell.answers.is_empty());
            let link = way.zip(address).map(|(way, address)| format!("{way}#{address}"));
            out.push_str(&data(cell, link.as_deref()));
        }
        out.push_str("</tr>\n");
    }
    out.push_str(if frame.stub.is_empty() { "" } else { "</tbody>\n" });
    out.push_str("</table>\n</div>\n");
    out
}

/// Rows at which a body group starts: the row groups of the stub, unless a data cell reaches over their border.
fn group_starts(frame: &Frame) -> BTreeSet<usize> {
    let mut starts: BTreeSet<usize> = frame
        .stub
        .iter()
        .enumerate()
        .filter(|(_, blocks)| blocks.first().is_some_and(|b| b.column == 0 && b.group))
        .map(|(at, _)| at)
        .collect();
    for (at, cell) in frame.cells.iter().enumerate().flat_map(|(at, row)| row.iter().map(move |cell| (at, cell))) {
        starts.retain(|start| *start <= at || *start >= at + cell.high);
    }
    starts.insert(0);
    starts
}

/// The files of a chart, each with what it is called.
pub const CHART_FILES: [(&str, &str); 3] = [("svg", "SVG"), ("png", "PNG"), ("pdf", "PDF")];

/// A chart with its files.
pub fn figure(chart: &Picture, up: &str, made: &Made) -> String {
    let path = format!("{up}charts/{}", chart.id);
    format!(
        "<figure><a href=\"{path}.svg\"><img src=\"{path}.png\" alt=\"{}\"></a><figcaption>{}</figcaption></figure>\n",
        escape(&chart.alt),
        links(&made.among(&CHART_FILES, &stem_of_chart(&chart.id)), &path, &chart.title)
    )
}

/// Links to files of one stem, each by its ending and what it is called; `title` is whose they are.
pub fn links(files: &[(&str, &str)], path: &str, title: &str) -> String {
    let title = escape(title);
    let link = |(ending, called): &(&str, &str)| {
        format!("<a href=\"{path}.{ending}\" aria-label=\"{title}，{called}\">{called}</a>")
    };
    files.iter().map(link).collect::<Vec<_>>().join(" · ")
}

fn corner(frame: &Frame, head: &Head) -> String {
    let span = spans(1, frame.header.len());
    match head {
        Head::Text(text) => format!("<th scope=\"col\"{span}>{}</th>", label(frame, text, "", "")),
        Head::Bilingual { text, english } => {
            format!("<th scope=\"col\"{span}>{}</th>", label(frame, text, "", english))
        }
        Head::Diagonal { rows, columns } => format!(
            "<th scope=\"col\" class=\"diagonal\"{span}><span class=\"columns\">{}</span><span class=\"rows\">{}</span></th>",
            text(columns),
            text(rows)
        ),
    }
}

fn heading(frame: &Frame, block: &Block, scope: &str) -> String {
    let indent = match block.indent {
        0 => String::new(),
        steps => format!(" style=\"padding-inline-start:calc({steps}em + .5rem)\""),
    };
    let label = label(frame, &block.text, &signs(&block.signs()), &block.english);
    format!("<th scope=\"{scope}\"{}{indent}>{label}</th>", spans(block.wide, block.high))
}

/// A label, the signs of its notes, and its English where the table is bilingual.
fn label(frame: &Frame, chinese: &str, signs: &str, english: &str) -> String {
    let english = match frame.bilingual && !english.is_empty() {
        true => format!("<br><span lang=\"en\">{}</span>", text(english)),
        false => String::new(),
    };
    format!("{}{signs}{english}", text(chinese))
}

/// What stands beside a figure or a label, raised.
fn signs(signs: &str) -> String {
    if signs.is_empty() { String::new() } else { format!("<sup>{}</sup>", escape(signs)) }
}

/// `way` leads to where the figure comes from.
fn data(cell: &Cell, way: Option<&str>) -> String {
    let class = match (&cell.content, cell.wide > 1 || cell.high > 1) {
        (Content::Blank, _) => "blank",
        (Content::Text(_), _) => "words",
        (Content::Mark(_), false) => "mark",
        (Content::Mark(_), true) | (Content::Number(_), true) => "number merged",
        (Content::Number(_), false) => "number",
    };
    let shown = match (text(&cell.text()), way) {
        (shown, Some(way)) if !shown.is_empty() => {
            // A sign is told by what it means.
            let told = cell.answers.first().map_or("", |answer| meaning(&answer.mark));
            let told = if told.is_empty() { String::new() } else { format!(" aria-label=\"{told}\"") };
            format!("<a href=\"{}\"{told}>{shown}</a>", escape(way))
        }
        (shown, _) => shown,
    };
    let shown = format!("{shown}{}", signs(&cell.signs()));
    format!("<td class=\"{class}\"{}{}>{shown}</td>", spans(cell.wide, cell.high), origin(&cell.answers))
}

/// What a mark says in words.
fn meaning(mark: &str) -> &'static str {
    match mark {
        "not_available" => "缺数",
        "not_applicable" => "不适用",
        "nil" => "无此现象",
        "confidential" => "保密",
        "rounded_to_zero" => "不足最小单位",
        _ => "",
    }
}

/// What the pointer shows, and what a program reads, about the source of a cell.
fn origin(answers: &[Answer]) -> String {
    let Some(first) = answers.first() else { return String::new() };
    if first.file.is_empty() {
        return String::new();
    }
    let sheet = if first.sheet.is_empty() { String::new() } else { format!("，工作表 {}", first.sheet) };
    let mark = meaning(&first.mark);
    let mark = if mark.is_empty() { String::new() } else { format!("；{mark}") };
    let printed = flat(first.printed.trim());
    let printed = if printed.is_empty() { String::new() } else { format!("；原文“{printed}”") };
    let said = format!("来源：{}{sheet}，单元格 {}{printed}{mark}", first.file, first.cell);
    let ids: Vec<&str> = answers.iter().map(|t| t.obs_id.as_str()).collect();
    let mut out = format!(" title=\"{}\"", escape(&said));
    for (name, value) in [
        ("obs", ids.join(" ").as_str()),
        ("file", &first.file),
        ("sheet", &first.sheet),
        ("cell", &first.cell),
        ("mark", &first.mark),
    ] {
        if !value.is_empty() {
            out.push_str(&format!(" data-{name}=\"{}\"", escape(value)));
        }
    }
    out
}

fn spans(wide: usize, high: usize) -> String {
    let mut out = String::new();
    if wide > 1 {
        out.push_str(&format!(" colspan=\"{wide}\""));
    }
    if high > 1 {
        out.push_str(&format!(" rowspan=\"{high}\""));
    }
    out
}

/// Text with its line breaks kept.
pub fn text(raw: &str) -> String {
    escape(raw).replace('\n', "<br>")
}

pub fn escape(raw: &str) -> String {
    raw.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
