//! Texts with figures: every product of a text says the same, every figure leads to its explanation, and what is printed follows
//! from the papers. And what `report` says of changed figures.

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use scraper::{ElementRef, Html, Selector};

use crate::products::{files, pdf, sample};
use crate::support::TestProject;

fn select(css: &str) -> Selector {
    Selector::parse(css).expect("a selector")
}

fn words(element: ElementRef<'_>) -> String {
    element.text().collect::<String>().split_whitespace().collect()
}

/// Headings, paragraphs, items and notes of a page, without its tables.
fn page(html: &Html) -> Vec<String> {
    let parts = select("main > h2, main > h3, main > h4, main > p, main > ul > li");
    let is_text = |part: &ElementRef<'_>| part.attr("class").is_none_or(|class| class == "note");
    html.select(&parts).filter(is_text).map(words).collect()
}

/// The same of a Word document: its paragraphs outside tables, by their styles.
fn document(path: &Path) -> Vec<String> {
    let mut archive = zip::ZipArchive::new(fs::File::open(path).expect("a document")).expect("an archive");
    let mut xml = String::new();
    archive.by_name("word/document.xml").expect("the document").read_to_string(&mut xml).expect("text");
    let text = |paragraph: &str| {
        let runs = paragraph.split("<w:t ").skip(1).filter_map(|run| run.split_once('>')?.1.split_once("</w:t>"));
        runs.map(|(text, _)| text).collect::<String>().split_whitespace().collect::<String>()
    };
    let style = |paragraph: &str| {
        let style = paragraph.split_once("<w:pStyle w:val=\"").and_then(|(_, rest)| rest.split_once('"'));
        style.map_or("", |(style, _)| style).to_owned()
    };
    let outside: String = xml.split("<w:tbl>").map(|part| part.rsplit("</w:tbl>").next().unwrap_or("")).collect();
    let found = outside.split("<w:p>").skip(1).map(|paragraph| (style(paragraph), text(paragraph)));
    let is_text = |style: &str| style.starts_with("Heading") || ["TextBody", "TextItem"].contains(&style);
    let unescaped =
        |text: String| text.replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    found
        .filter(|(style, _)| is_text(style))
        .map(|(_, text)| unescaped(text.trim_start_matches('·').to_owned()))
        .collect()
}

#[test]
fn every_product_of_a_text_says_the_same() {
    let pages: Vec<_> = files(&sample().file("out/texts"), ".html");
    let pages: Vec<_> = pages.iter().filter(|path| !path.to_string_lossy().ends_with(".way.html")).collect();
    assert!(pages.len() >= 4, "{pages:?}");
    let can_read_pdf = pdf::is_there();
    for path in pages {
        let html = Html::parse_document(&fs::read_to_string(path).expect("a page"));
        let word = document(&path.with_extension("docx"));
        let notes = select("main > p.note");
        let notes: Vec<String> = html.select(&notes).map(words).collect();
        let body: Vec<String> = page(&html).into_iter().filter(|text| !notes.contains(text)).collect();
        assert_eq!(body, word, "{}", path.display());
        // PDF has tables' titles and notes between them.
        if can_read_pdf {
            let printed = pdf::texts(&path.with_extension("pdf"));
            let mut rest = printed.iter();
            for text in page(&html) {
                assert!(rest.any(|printed| *printed == text), "{}: {text}\n{}", path.display(), printed.join("\n"));
            }
        }
        // The list of figures is the figures of the text, in their order.
        let links: Vec<(String, String)> = html
            .select(&select("main a.figure"))
            .map(|link| (link.attr("href").expect("a link").to_owned(), words(link)))
            .collect();
        let listed = fs::read_to_string(path.with_extension("figures.csv")).expect("a list");
        let listed: Vec<(String, String)> = csv::Reader::from_reader(listed.trim_start_matches('\u{FEFF}').as_bytes())
            .records()
            .map(|row| row.expect("well formed"))
            .map(|row| (row[0].to_owned(), row[1].to_owned()))
            .collect();
        let linked: Vec<(String, String)> =
            links.iter().map(|(to, shown)| (to.rsplit('#').next().unwrap_or("").to_owned(), shown.clone())).collect();
        assert_eq!(linked, listed, "{}", path.display());
        // Each is explained down to its sources, and its explanation is there.
        let ways = Html::parse_document(&fs::read_to_string(path.with_extension("way.html")).expect("a page"));
        for (anchor, shown) in listed {
            let section = ways.select(&select(&format!("#{anchor} pre"))).next();
            assert!(section.is_some_and(|way| !words(way).is_empty()), "{}: {anchor} {shown}", path.display());
        }
    }
}

fn text_of(name: &str) -> String {
    let path = sample().file(&format!("out/texts/{name}/{name}.html"));
    page(&Html::parse_document(&fs::read_to_string(path).expect("a page"))).join("\n")
}

/// 143,078 after 129,909 persons; 1,811,954 after 1,817,702; 69.75, 62.49 and 7.26 million yuan: as the report of 2013 prints them.
#[test]
fn the_bulletin_follows_from_the_paper() {
    let text = text_of("bulletin");
    for sentence in [
        "企业职工参加工伤保险14.31万人，比上年末增长10.1%；其中农民工7.69万人，增长3.2%。",
        "年末参加城乡居民基本医疗保险181.20万人，比上年末减少0.57万人，下降0.3%。",
        "全年基金收入6975万元，基金支出6249万元，当年结余726万元；年末基金累计结余2079万元，按当年支出水平可支付4.0个月。",
        "全年基金收入323万元，基金支出338万元，当年收不抵支15万元；",
        "所报基金结余核对存疑，本公报暂不发布，见核对结果。",
    ] {
        assert!(text.contains(sentence), "{sentence}\n{text}");
    }
    insta::assert_snapshot!("bulletin", text);
}

const OFFICE: [(&str, &str); 3] = [
    ("pipelines/office/source.toml", "publisher = \"p\"\ntitle = \"t\"\ncitation = \"c\"\nlicence = \"none stated\"\n"),
    (
        "pipelines/office/table.toml",
        "title = \"参保人数\"\ncorner = \"险种\"\nunit = \"person\"\ncontext = { indicator = \"insured_person\" }\n\n[[rows]]\nlabel = \"{scheme}\"\n\n[[columns]]\nlabel = \"人数\"\n\n[[edition]]\nid = \"monthly\"\nfile = \"office/{region}_{month}.csv\"\n",
    ),
    (
        "reports/office/report.toml",
        "[report]\ntitle = \"参保人数\"\n\n[[table]]\nid = \"insured\"\nnumber = \"表1\"\ntitle = \"参保人数\"\nfrom = \"core_observation\"\nheads = [\"险种\"]\nrows = [{ each = \"scheme\" }]\ncolumns = [{ label = \"人数\" }]\n",
    ),
];

fn office() -> TestProject {
    let models = ["core_code", "core_table", "core_indicator", "core_measure", "core_observation", "core_correction"];
    let project = TestProject::small(&models);
    OFFICE.iter().for_each(|(name, text)| project.write(name, text));
    project.write(
        "reports/office/text.md",
        "失业保险{{ figure(\"core_observation\", \"value\", scheme=\"unemployment\", region=\"530400\") }}。\n",
    );
    project.write("fixtures/office/530400_2012-12.csv", "险种,人数\n失业保险,1200\n工伤保险,340\n");
    project.shebao(&["run"]).must_end_with(0);
    project
}

#[test]
fn what_is_printed_otherwise_is_told_with_its_cause() {
    let project = office();
    let first = project.current();
    project.shebao(&["report", "--diff", &first]).must_end_with(0).must_contain("prints what release");
    project.write("fixtures/office/530400_2012-12.csv", "险种,人数\n失业保险,1250\n工伤保险,340\n");
    project.shebao(&["run"]).must_end_with(0);
    let said = project.shebao(&["report", "--diff", &first, "--json"]).must_end_with(0).stdout;
    let told: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    let changes = told["changes"].as_array().expect("a list");
    // The table and the text print it.
    assert_eq!(changes.len(), 2, "{said}");
    for change in changes {
        assert_eq!(change["difference"], "50", "{said}");
        assert_eq!(change["cause"], "input", "{said}");
    }
    assert_eq!((&changes[1]["before"], &changes[1]["after"]), (&"1200".into(), &"1250".into()), "{said}");
    project.shebao(&["report", "--diff", "no-such-release"]).must_end_with(2);
}

#[test]
fn another_definition_is_told_as_the_cause() {
    let project = office();
    let model = |factor: u8| {
        format!(
            "-- name:  ind_times\n-- grain: scheme\n-- doc:   Persons, some times over.\n-- columns: times_person = persons, so many times\n\
             SELECT scheme, value * {factor} AS times_person, obs_id\nFROM core_observation\nORDER BY scheme\n"
        )
    };
    project.write("sql/models/ind/ind_times.sql", model(1));
    project.write(
        "reports/times/report.toml",
        "[report]\ntitle = \"倍数\"\n\n[[table]]\nid = \"times\"\nnumber = \"表1\"\ntitle = \"倍数\"\nfrom = \"ind_times\"\nheads = [\"险种\"]\nrows = [{ each = \"scheme\" }]\ncolumns = [{ label = \"人数\", value = \"times_person\", unit = \"person\", decimals = 0 }]\n",
    );
    project.shebao(&["run"]).must_end_with(0);
    let first = project.current();
    project.write("sql/models/ind/ind_times.sql", model(2));
    project.shebao(&["run"]).must_end_with(0);
    let said = project.shebao(&["report", "--diff", &first, "--json"]).must_end_with(0).stdout;
    let told: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    let changes = told["changes"].as_array().expect("a list");
    assert_eq!(changes.len(), 2, "{said}");
    assert!(changes.iter().all(|change| change["cause"] == "definition"), "{said}");
}

#[test]
fn a_saved_report_is_printed_again() {
    let project = office();
    let mut watching = Command::new(env!("CARGO_BIN_EXE_shebao"))
        .args(["--project", &project.path().to_string_lossy(), "report", "--watch"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary runs");
    let printed = |text: &str| {
        let limit = Instant::now() + Duration::from_secs(60);
        let page = project.file("out/tables/office/insured.html");
        while Instant::now() < limit {
            if fs::read_to_string(&page).is_ok_and(|page| page.contains(text)) {
                return true;
            }
            std::thread::yield_now();
        }
        false
    };
    project.edit("reports/office/report.toml", "label = \"人数\"", "label = \"年末人数\"");
    let seen = printed("年末人数");
    project.edit("reports/office/report.toml", "[{ label = \"年末人数\" }]", "[{ label = \"参保人数（人）\" }]");
    let again = printed("参保人数（人）");
    watching.kill().expect("it can be ended");
    watching.wait().expect("it ends");
    assert!(seen && again);
}

const DUE: &str = r#"time_zone = "Asia/Shanghai"

[[due]]
name       = "缴费明细"
file       = "agency/contribution/{region}-{month}.csv"
every      = "month"
from       = "2026-02"
regions    = ["530402", "530403"]
due_day    = 10
on_missing = "partial"
"#;

/// Three persons in February 2025, four in January 2026, five in February: 1 more than the month before, a quarter; 2 more than a
/// year before, two thirds. The second region has not sent its file, and the city has no sum.
#[test]
fn the_monthly_report_compares_with_the_month_and_the_year_before() {
    let parts = ["pipelines/codes", "pipelines/agency", "sql/models", "reports/palette.toml", "reports/monthly"];
    let project = TestProject::of(&parts);
    fs::create_dir_all(project.file("sql/audits")).expect("the folder can be made");
    project.write("pipelines/calendar.toml", DUE);
    let header = "费款所属期,单位编号,个人编号,险种,缴费基数,单位应缴,个人应缴,实缴,到账日期,缴费状态\n";
    for (month, persons) in [("2025-02", 3), ("2026-01", 4), ("2026-02", 5)] {
        let of = month.replace('-', "");
        let row = |nth| format!("{of},530402000001,53040219900101000{nth},失业,5000,35,15,50,{month}-20,已缴\n");
        let text: String = (1..=persons).map(row).collect();
        let name = format!("fixtures/agency/contribution/530402-{month}.csv");
        project.write(&name, crate::extracts::gb18030(&format!("{header}{text}")));
    }
    project.shebao_at("2026-03-15T03:00:00Z", &["run", "--period", "2026-02"]);
    let path = project.file("out/texts/monthly/monthly.html");
    let text = page(&Html::parse_document(&fs::read_to_string(path).expect("a page"))).join("\n");
    for sentence in [
        "一、2026年2月资料到达情况",
        "本期应报2份，已到1份，未到1份。",
        "缴费明细，江川区：未到。",
        "红塔区：参保5人，比上期增加1人（增长25.0%），比上年同期增加2人（增长66.7%）。",
    ] {
        assert!(text.contains(sentence), "{sentence}\n{text}");
    }
    assert!(!text.contains("玉溪市，失业保险：参保5人，比"), "{text}");
}
