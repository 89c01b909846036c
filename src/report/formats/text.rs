//! What a text is written down with: the tables and charts of its report, and where its figures are explained. The page and the
//! list of its figures; Word and PDF have files of their own.

use std::borrow::Cow;

use super::csv::line;
use super::html;
use super::html::{escape, page, sheet};
use crate::report::chart::picture::Picture;
use crate::report::made::{Made, stem_of_table, stem_of_text};
use crate::report::prose::document::{Block, Document, Run, Words, plain};
use crate::report::table::frame::{Frame, status_sign};

/// A text with all that it shows.
pub struct Whole<'a> {
    /// The report's folder, which names its files.
    pub name: &'a str,
    pub document: &'a Document,
    pub tables: Vec<Shown<'a>>,
    pub charts: &'a [Picture],
    pub publisher: &'a str,
    /// Day and id of the release.
    pub imprint: String,
    pub cover: bool,
    /// What its page may link to.
    pub made: &'a Made,
}

/// A table as a text shows it.
pub struct Shown<'a> {
    /// What the text calls it: its id, or `report/id` of another report.
    pub called: String,
    /// The report whose files it has.
    pub report: &'a str,
    pub frame: Cow<'a, Frame>,
}

/// The tables of a text. Where some are those of other reports, it numbers all of them by itself, in their order.
pub fn shown<'a>(document: &Document, tables: &[(String, &'a str, &'a Frame)]) -> Vec<Shown<'a>> {
    let called = document.blocks.iter().filter_map(|block| match block {
        Block::Table(called) => Some(called),
        _ => None,
    });
    let found = called.filter_map(|called| tables.iter().find(|(known, ..)| known == called));
    let mut shown: Vec<Shown<'a>> = found
        .map(|(called, report, frame)| Shown { called: called.clone(), report, frame: Cow::Borrowed(*frame) })
        .collect();
    if shown.iter().any(|table| table.called.contains('/')) {
        for (nth, table) in shown.iter_mut().enumerate() {
            table.frame.to_mut().number = format!("表{}", nth + 1);
        }
    }
    shown
}

impl Whole<'_> {
    pub fn table(&self, called: &str) -> Option<&Shown<'_>> {
        self.tables.iter().find(|table| table.called == called)
    }

    pub fn chart(&self, id: &str) -> Option<&Picture> {
        self.charts.iter().find(|chart| chart.id == id)
    }

    /// Headings in order: level, text; their place is their anchor.
    pub fn headings(&self) -> Vec<(u8, String)> {
        let heading = |block: &Block| match block {
            Block::Heading(level, words) => Some((*level, plain(words))),
            _ => None,
        };
        self.document.blocks.iter().filter_map(heading).collect()
    }
}

/// The files of a text beside its page, each with what it is called.
pub const FILES: [(&str, &str); 3] = [("pdf", "PDF"), ("docx", "Word"), ("figures.csv", "所引数字（CSV）")];

/// The text as a page, which links to `files` of it.
pub fn render(whole: &Whole<'_>, files: &[(&str, &str)], up: &str) -> String {
    let Whole { name, document, .. } = whole;
    let title = escape(&document.title);
    let mut body = format!(
        "<nav class=\"trail\" aria-label=\"位置\"><a href=\"{up}index.html\">目录</a> › {title}</nav>\n<main class=\"prose\">\n<h1>{title}</h1>\n\
         <p class=\"byline\">{}<br>{}</p>\n",
        escape(whole.publisher),
        escape(&whole.imprint)
    );
    for notice in &document.notices {
        body.push_str(&format!("<p class=\"kept\" role=\"note\">{}</p>\n", escape(notice)));
    }
    if whole.cover {
        body.push_str(&contents(whole));
    }
    let mut in_list = false;
    let mut heading = 0;
    for block in &document.blocks {
        let is_item = matches!(block, Block::Item(_));
        if is_item != in_list {
            body.push_str(if is_item { "<ul>\n" } else { "</ul>\n" });
            in_list = is_item;
        }
        match block {
            Block::Heading(level, text) => {
                heading += 1;
                let level = level + 1;
                body.push_str(&format!("<h{level} id=\"h{heading}\">{}</h{level}>\n", words(whole, text)));
            }
            Block::Paragraph(text) => body.push_str(&format!("<p>{}</p>\n", words(whole, text))),
            Block::Item(text) => body.push_str(&format!("<li>{}</li>\n", words(whole, text))),
            Block::Note(text) => body.push_str(&format!("<p class=\"note\">{}</p>\n", words(whole, text))),
            Block::Table(id) => {
                let Some(Shown { report, frame, .. }) = whole.table(id) else { continue };
                let way = whole.made.has_way(&stem_of_table(report, &frame.id));
                let way = way.then(|| format!("{up}tables/{report}/{}.way.html", frame.id));
                body.push_str(&sheet(frame, "span", &format!("t-{}", id.replace('/', "-")), way.as_deref()));
            }
            Block::Chart(id) => {
                let Some(chart) = whole.chart(id) else { continue };
                body.push_str(&html::figure(chart, up, whole.made));
            }
        }
    }
    body.push_str(if in_list { "</ul>\n" } else { "" });
    body.push_str(&format!(
        "<p class=\"files\">下载：{}。点按文中数字，可见其来源与算法。</p>\n</main>\n",
        html::links(files, name, &document.title)
    ));
    page(&title, &body)
}

fn contents(whole: &Whole<'_>) -> String {
    let mut out = String::from("<nav aria-label=\"目次\">\n<ol class=\"contents\">\n");
    for (nth, (level, text)) in whole.headings().iter().enumerate() {
        out.push_str(&format!("<li class=\"level{level}\"><a href=\"#h{}\">{}</a></li>\n", nth + 1, escape(text)));
    }
    out.push_str("</ol>\n</nav>\n");
    out
}

fn words(whole: &Whole<'_>, text: &Words) -> String {
    let run = |run: &Run| match run {
        Run::Text(text) => html::text(text),
        Run::Figure(nth, shown) => {
            let status = whole.document.figures.get(*nth).map_or("", |used| status_sign(used.quoted.status));
            let status = if status.is_empty() { String::new() } else { format!("<sup>{status}</sup>") };
            let shown = escape(shown);
            match whole.made.has_way(&stem_of_text(whole.name)) {
                true => {
                    format!("<a class=\"figure\" href=\"{}.way.html#f{}\">{shown}</a>{status}", whole.name, nth + 1)
                }
                false => format!("{shown}{status}"),
            }
        }
    };
    text.iter().map(run).collect()
}

/// The figures of a text, one per line, in the order in which they stand there.
pub fn figures(document: &Document) -> Vec<u8> {
    let mut out = "\u{FEFF}".to_owned();
    let heads = ["figure", "shown", "value", "decimals", "unit", "status", "table", "column", "key", "obs_ids"];
    line(&mut out, heads.map(str::to_owned));
    for (nth, used) in document.figures.iter().enumerate() {
        let (quoted, figure) = (&used.quoted, used.quoted.figure.as_ref());
        let key: Vec<String> = quoted.key.key.iter().map(|(column, value)| format!("{column}={value}")).collect();
        let number = |figure: &crate::report::table::format::Figure| {
            let mut number = figure.number;
            number.rescale(figure.decimals);
            number.to_string()
        };
        line(
            &mut out,
            [
                format!("f{}", nth + 1),
                used.shown.clone(),
                figure.map_or_else(String::new, number),
                figure.map_or_else(String::new, |figure| figure.decimals.to_string()),
                quoted.unit.clone(),
                quoted.status.as_str().to_owned(),
                quoted.key.table.clone(),
                quoted.key.column.clone(),
                key.join(";"),
                quoted.obs_ids.iter().cloned().collect::<Vec<_>>().join(" "),
            ],
        );
    }
    out.into_bytes()
}
