//! The index page: what the release holds, every table and chart, what the checks found, and the sources.

use std::collections::BTreeMap;

use crate::report::chart::plot::Plot;
use crate::report::definition::spec::{ChartSpec, ReportSpec, Sign, TableSpec};
use crate::report::formats::html::{CHART_FILES, escape, links, page};
use crate::report::formats::text;
use crate::report::made::{Made, stem_of_chart, stem_of_table, stem_of_text};
use crate::report::prose::document::Document;
use crate::report::rows::kept::HEAD;
use crate::report::rows::records::Records;
use crate::report::table::format::Figure;
use crate::report::table::frame::Frame;
use crate::store::release::Kept;
use crate::warehouse::Rows;

/// Findings shown on the page; all of them are in `core_finding`.
const FINDINGS_MAX: usize = 1_000;

/// Decimals of an amount in the list of findings.
const RESIDUAL_DECIMALS_MAX: u32 = 2;

/// What the head of the page says of the release.
#[derive(Clone, Debug, Default)]
pub struct Imprint {
    pub release: String,
    /// The day of publication, as text.
    pub date: String,
    pub source_files: usize,
    pub observations: u64,
    /// Tables whose figures are those of an earlier release.
    pub kept: Vec<Kept>,
}

/// What was made of one report, in the order it is shown.
pub struct Shelf<'a> {
    pub report: &'a ReportSpec,
    pub tables: Vec<(&'a TableSpec, Frame)>,
    pub charts: Vec<(&'a ChartSpec, Plot)>,
    pub text: Option<Document>,
}

impl Imprint {
    /// `2026-11-22发布，版本 959d…`
    pub fn line(&self) -> String {
        match self.date.is_empty() {
            true => String::new(),
            false => format!("{}发布，版本 {}", self.date, self.release),
        }
    }
}

/// A field to search the page with; it appears where scripts run.
const SEARCH: &str = "<p class=\"search\" role=\"search\" hidden><label for=\"search\">查找</label> <input type=\"search\" id=\"search\" \
    autocomplete=\"off\"> <span id=\"found\" role=\"status\"></span></p>\n";
const SCRIPT: &str = include_str!("search.js");

/// The page, which links to what is made; `findings` and `sources` are the rows of `core_finding` and `core_table`.
pub fn render(imprint: &Imprint, shelves: &[Shelf<'_>], made: &Made, findings: &Rows, sources: &Rows) -> String {
    let publisher = shelves.first().map_or("", |s| s.report.palette.publisher.as_str());
    let title = "社会保险统计资料";
    let mut body =
        format!("<header class=\"masthead\">\n<p class=\"publisher\">{}</p>\n<h1>{title}</h1>\n", escape(publisher));
    body.push_str("<p>由原始表格逐格读入、核对后重新刊印；每个数字都可以追溯到来源文件和单元格。</p>\n");
    body.push_str(&facts(imprint, shelves, findings));
    body.push_str("</header>\n<main>\n");
    body.push_str(&kept_note(&imprint.kept, sources));
    body.push_str(&contents(shelves, findings));
    body.push_str(SEARCH);
    for (nth, shelf) in shelves.iter().enumerate() {
        body.push_str(&section(nth, shelf, made));
    }
    body.push_str(&findings_section(findings));
    body.push_str(&sources_section(sources));
    body.push_str("</main>\n<footer class=\"colophon\">\n");
    body.push_str("<p>说明：空白为数据不详或无该项数据，“…”为不足最小单位，“—”为无此现象；数字按四舍五入；表内数字保持来源的小数位数，来源中的差错原样刊印，并列于“核对结果”。</p>\n");
    body.push_str("</footer>\n");
    body.push_str(&format!("<script>\n{SCRIPT}</script>\n"));
    page(title, &body)
}

fn facts(imprint: &Imprint, shelves: &[Shelf<'_>], findings: &Rows) -> String {
    let tables: usize = shelves.iter().map(|s| s.tables.len()).sum();
    let charts: usize = shelves.iter().map(|s| s.charts.len()).sum();
    let entries = [
        ("版本", imprint.release.clone()),
        ("发布日期", imprint.date.clone()),
        ("来源文件", imprint.source_files.to_string()),
        ("数字", imprint.observations.to_string()),
        ("统计表", tables.to_string()),
        ("统计图", charts.to_string()),
        ("核对结果", findings.rows.len().to_string()),
    ];
    let mut out = String::from("<dl class=\"facts\">\n");
    for (name, value) in entries.iter().filter(|(_, value)| !value.is_empty()) {
        out.push_str(&format!("<div><dt>{name}</dt><dd>{}</dd></div>\n", escape(value)));
    }
    out.push_str("</dl>\n");
    out
}

/// Near the top, and only where there is something to say.
fn kept_note(kept: &[Kept], sources: &Rows) -> String {
    if kept.is_empty() {
        return String::new();
    }
    let records = Records::new(sources);
    let mut out = format!(
        "<aside class=\"kept\" id=\"kept\">\n<strong>{HEAD}</strong>以下 {} 项的新文件未能采用，所印仍为此前版本的数字。\n<ul>\n",
        kept.len()
    );
    for table in kept {
        let is_own = |row: &usize| {
            records.text(*row, "dataset") == table.dataset && records.text(*row, "table_id") == table.table_id
        };
        let title = (0..sources.rows.len()).find(is_own).map_or_else(String::new, |row| records.text(row, "title"));
        out.push_str(&format!(
            "<li>{}（{}/{}）：取自版本 {}；<span lang=\"en\">{}</span></li>\n",
            escape(&title),
            escape(&table.dataset),
            escape(&table.table_id),
            escape(&table.release),
            escape(&table.reason)
        ));
    }
    out.push_str("</ul>\n</aside>\n");
    out
}

/// At the line of a table or a chart that prints kept figures.
fn kept_mark(kept: &[Kept]) -> String {
    let mut releases: Vec<&str> = kept.iter().map(|table| table.release.as_str()).collect();
    releases.sort_unstable();
    releases.dedup();
    match releases.is_empty() {
        true => String::new(),
        false => format!("<br><small class=\"kept\">{HEAD}版本 {}</small>", escape(&releases.join("、"))),
    }
}

fn contents(shelves: &[Shelf<'_>], findings: &Rows) -> String {
    let mut out = String::from("<nav aria-label=\"目录\">\n<ol class=\"contents\">\n");
    for (nth, shelf) in shelves.iter().enumerate() {
        out.push_str(&format!("<li><a href=\"#r{nth}\">{}</a></li>\n", escape(&shelf.report.title)));
    }
    out.push_str(&format!("<li><a href=\"#findings\">核对结果</a>（{} 项）</li>\n", findings.rows.len()));
    out.push_str("<li><a href=\"#sources\">资料来源</a></li>\n</ol>\n</nav>\n");
    out
}

fn section(nth: usize, shelf: &Shelf<'_>, made: &Made) -> String {
    let report = shelf.report;
    let mut out = format!("<section id=\"r{nth}\">\n<h2>{}</h2>\n", escape(&report.title));
    if !report.summary.is_empty() {
        out.push_str(&format!("<p class=\"summary\">{}</p>\n", escape(&report.summary)));
    }
    if shelf.text.is_some() {
        let path = format!("texts/{0}/{0}", report.name);
        out.push_str(&format!(
            "<p class=\"files\"><a href=\"{path}.html\">{}</a>：{}</p>\n",
            escape(&report.title),
            links(&made.among(&text::FILES, &stem_of_text(&report.name)), &path, &report.title)
        ));
    }
    if !shelf.tables.is_empty() {
        out.push_str("<table class=\"list\">\n<thead><tr><th scope=\"col\">统计表</th><th scope=\"col\" class=\"links\">下载</th></tr></thead>\n<tbody>\n");
        for (table, frame) in &shelf.tables {
            let path = format!("tables/{}/{}", report.name, table.id);
            let title = escape(&frame.full_title());
            out.push_str(&format!(
                "<tr><td><a href=\"{path}.html\">{title}</a>{}</td><td class=\"links\">{}</td></tr>\n",
                kept_mark(&frame.kept),
                links(&made.among(&FILES, &stem_of_table(&report.name, &table.id)), &path, &frame.full_title())
            ));
        }
        out.push_str("</tbody>\n</table>\n");
        out.push_str(&whole(report));
    }
    if !shelf.charts.is_empty() {
        out.push_str("<div class=\"figures\">\n");
        for (chart, plot) in &shelf.charts {
            let path = format!("charts/{}", chart.id);
            out.push_str(&format!(
                "<figure><a href=\"{path}.svg\"><img src=\"{path}.png\" alt=\"{}\" loading=\"lazy\"></a><figcaption>\
                 <span>{}{}</span><span>{}</span></figcaption></figure>\n",
                escape(&plot.alt),
                escape(&plot.full_title()),
                kept_mark(&plot.kept),
                links(&made.among(&CHART_FILES, &stem_of_chart(&chart.id)), &path, &plot.full_title())
            ));
        }
        out.push_str("</div>\n");
    }
    out.push_str("</section>\n");
    out
}

/// Severities as they are stored, heaviest first, with their Chinese names.
const SEVERITIES: [(&str, &str); 3] = [("error", "错误"), ("warning", "警告"), ("info", "提示")];

fn findings_section(findings: &Rows) -> String {
    let records = Records::new(findings);
    let mut by_severity: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for row in 0..findings.rows.len() {
        by_severity.entry(records.text(row, "severity")).or_default().push(row);
    }
    let mut out = String::from("<section id=\"findings\">\n<h2>核对结果</h2>\n");
    if findings.rows.is_empty() {
        out.push_str("<p class=\"summary\">全部核对规则均已通过。</p>\n</section>\n");
        return out;
    }
    let counts: Vec<String> = SEVERITIES
        .iter()
        .map(|(key, name)| format!("{name} {} 项", by_severity.get(*key).map_or(0, Vec::len)))
        .collect();
    out.push_str(&format!("<p class=\"summary\">{}。来源数字不作改动，疑点列此备查。</p>\n", counts.join("，")));
    let mut shown = 0;
    let heaviest = SEVERITIES.iter().find(|(key, _)| by_severity.contains_key(*key)).map(|(key, _)| *key);
    for (key, name) in SEVERITIES {
        let Some(rows) = by_severity.get(key) else { continue };
        let open = if Some(key) == heaviest { " open" } else { "" };
        out.push_str(&format!("<details{open}><summary>{name}（{} 项）</summary>\n", rows.len()));
        out.push_str(
            "<table class=\"list\">\n<thead><tr><th scope=\"col\">程度</th><th scope=\"col\">内容</th><th scope=\"col\">差额（基本单位）</th>\
             <th scope=\"col\">出处</th><th scope=\"col\">规则</th></tr></thead>\n<tbody>\n",
        );
        for row in rows.iter().take(FINDINGS_MAX.saturating_sub(shown)) {
            out.push_str(&finding(&records, *row, key, name));
            shown += 1;
        }
        out.push_str("</tbody>\n</table>\n</details>\n");
    }
    if shown < findings.rows.len() {
        out.push_str(&format!(
            "<p class=\"summary\">另有 {} 项，见数据表 core_finding。</p>\n",
            findings.rows.len() - shown
        ));
    }
    out.push_str("</section>\n");
    out
}

/// The files of a table, each with what it is called.
pub const FILES: [(&str, &str); 7] = [
    ("pdf", "PDF"),
    ("xlsx", "Excel"),
    ("ods", "ODS"),
    ("docx", "Word"),
    ("csv", "CSV"),
    ("sdmx.csv", "SDMX-CSV"),
    ("structure.xml", "SDMX 结构"),
];

/// The files that hold all tables of a report.
fn whole(report: &ReportSpec) -> String {
    let folder = format!("tables/{0}/{0}", report.name);
    format!(
        "<p class=\"files\">全部表格：<a href=\"{folder}.accessible.xlsx\">无障碍工作簿（Excel）</a> · <a \
         href=\"{folder}.accessible.ods\">无障碍工作簿（ODS）</a> · <a href=\"tables/{}/datapackage/datapackage.json\">\
         数据包（CSV、Parquet）</a></p>\n",
        report.name
    )
}

fn finding(records: &Records<'_>, row: usize, key: &str, name: &str) -> String {
    let text = |column: &str| escape(&records.text(row, column));
    let sheet = text("sheet");
    let sheet = if sheet.is_empty() { String::new() } else { format!("，工作表 {sheet}") };
    let file = text("source_file");
    let place = if file.is_empty() { String::new() } else { format!("{file}{sheet}，{}", text("cell")) };
    let suggestion = text("suggestion");
    let suggestion = match suggestion.is_empty() {
        true => String::new(),
        false => format!("<br><small lang=\"en\">{suggestion}</small>"),
    };
    format!(
        "<tr><td><span class=\"severity {key}\">{name}</span></td><td>{}{suggestion}</td><td class=\"amount\">{}</td>\
         <td class=\"place\">{place}</td><td class=\"rule\">{}<br><small>{}</small></td></tr>\n",
        text("message_zh"),
        residual(records, row),
        text("rule_zh"),
        text("rule")
    )
}

/// The amount a rule is missed by, short enough to read; `core_finding` has every digit.
fn residual(records: &Records<'_>, row: usize) -> String {
    records.number(row, "residual").map_or_else(String::new, |number| {
        let decimals = number.normalize().scale().min(RESIDUAL_DECIMALS_MAX);
        Figure::rounded(number, decimals, true, Sign::default()).text()
    })
}

fn sources_section(sources: &Rows) -> String {
    let records = Records::new(sources);
    let mut lines: Vec<String> = Vec::new();
    for row in 0..sources.rows.len() {
        let text = |column: &str| escape(&records.text(row, column));
        let parts: Vec<String> = [text("publisher"), text("citation"), text("licence")]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect();
        let line = format!("<li>{}（{}）</li>\n", parts.join("；"), text("dataset"));
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    format!("<section id=\"sources\">\n<h2>资料来源</h2>\n<ol>\n{}</ol>\n</section>\n", lines.concat())
}
