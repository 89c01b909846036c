//! PDF as its readers see it: the tagged structure that a screen reader walks, told by poppler's `pdfinfo`. What a machine lacks is
//! said and passed over; `make clients-setup` installs it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use super::read::{Line, lines};
use super::{files, sample, tables};
use crate::support::TestProject;

/// A part of a tagged document: heading, paragraph, table …
#[derive(Debug, Default)]
pub struct Part {
    pub name: String,
    attributes: BTreeMap<String, String>,
    text: String,
    parts: Vec<Part>,
}

/// Whether poppler's tools are here to read PDF.
pub fn is_there() -> bool {
    let found = Command::new("pdfinfo").arg("-v").output().is_ok();
    if !found {
        eprintln!("skipped: poppler's tools are not here; make clients-setup installs them");
    }
    found
}

fn told(program: &str, options: &[&str], path: &Path) -> String {
    // To the output, where a program would write a file.
    let output = (program == "pdftotext").then_some("-");
    let said = Command::new(program).args(options).arg(path).args(output).output().expect("it runs");
    assert!(said.status.success(), "{program} {}: {}", path.display(), String::from_utf8_lossy(&said.stderr));
    String::from_utf8_lossy(&said.stdout).into_owned()
}

/// The structure of a document. Parts lie deeper than what holds them; what begins with a stroke is an attribute, with a
/// quotation mark text.
pub fn structure(path: &Path) -> Part {
    let mut open: Vec<(usize, Part)> = vec![(0, Part::default())];
    let close = |open: &mut Vec<(usize, Part)>| {
        let (_, part) = open.pop().expect("a part is open");
        open.last_mut().expect("something holds it").1.parts.push(part);
    };
    for line in told("pdfinfo", &["-struct-text"], path).lines() {
        let words = line.trim_start();
        let depth = 1 + line.len() - words.len();
        while open.len() > 1 && open.last().expect("a part").0 >= depth {
            close(&mut open);
        }
        let holder = &mut open.last_mut().expect("a part").1;
        if let Some(text) = words.strip_prefix('"') {
            holder.text.push_str(text.strip_suffix('"').unwrap_or(text));
        } else if let Some(attribute) = words.strip_prefix('/') {
            let (name, value) = attribute.split_once(' ').unwrap_or((attribute, ""));
            holder.attributes.insert(name.to_owned(), value.to_owned());
        } else if !words.is_empty() {
            let name = words.split([' ', ':']).next().unwrap_or(words).to_owned();
            open.push((depth, Part { name, ..Part::default() }));
        }
    }
    while open.len() > 1 {
        close(&mut open);
    }
    open.pop().expect("the whole").1
}

impl Part {
    /// All text within it.
    pub fn words(&self) -> String {
        self.parts.iter().fold(self.text.clone(), |words, part| words + &part.words())
    }

    /// The outermost parts of these names, in order; lists of contents are left out.
    pub fn all<'a>(&'a self, names: &[&str]) -> Vec<&'a Part> {
        let own = |part: &'a Part| match names.contains(&part.name.as_str()) {
            true => vec![part],
            false => part.all(names),
        };
        self.parts.iter().filter(|part| part.name != "TOC").flat_map(own).collect()
    }

    fn number(&self, attribute: &str) -> usize {
        self.attributes.get(attribute).and_then(|n| n.parse().ok()).unwrap_or(1)
    }
}

/// The texts of a document that stand outside tables.
pub fn texts(path: &Path) -> Vec<String> {
    let whole = structure(path);
    let found = whole.all(&["H1", "H2", "H3", "H4", "P", "LBody", "Table"]);
    let found = found.into_iter().filter(|part| part.name != "Table");
    found.map(|part| part.words().split_whitespace().collect()).collect()
}

/// What stands on the pages of a table, line by line.
pub fn table(path: &Path) -> Vec<Line> {
    let whole = structure(path);
    let mut all = Vec::new();
    for part in whole.all(&["H1", "P", "Table"]) {
        if part.name != "Table" {
            all.push(Line::Whole(part.words()));
            continue;
        }
        let cell = |cell: &&Part| (cell.words(), cell.number("ColSpan"), cell.number("RowSpan"));
        let rows: Vec<Vec<_>> =
            own_rows(part).iter().map(|row| row.all(&["TH", "TD"]).iter().map(cell).collect()).collect();
        all.extend(lines(&rows).into_iter().map(Line::Slots));
    }
    all
}

/// The rows of a table but the first of a long one, which holds what stands above a part that goes on, and the last, which rules it off.
fn own_rows(table: &Part) -> Vec<&Part> {
    let rows = table.all(&["TR"]);
    let goes_on = rows[0].all(&["TH", "TD"]).len() == 1 && rows[0].words().is_empty();
    rows[usize::from(goes_on)..rows.len() - 1].to_vec()
}

#[test]
fn every_pdf_is_tagged_and_carries_its_fonts() {
    if !is_there() {
        return;
    }
    let all: Vec<_> = ["out/tables", "out/texts", "out/charts"]
        .iter()
        .flat_map(|folder| files(&sample().file(folder), ".pdf"))
        .collect();
    assert!(all.len() > tables().len(), "{} files", all.len());
    for path in all {
        let info = told("pdfinfo", &[], &path);
        let says =
            |name: &str| info.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim().to_owned();
        assert_eq!(says("Tagged:"), "yes", "{}", path.display());
        // A chart is as large as it is.
        let is_chart = path.parent().is_some_and(|folder| folder.ends_with("charts"));
        assert_eq!(says("Page size:").ends_with("(A4)"), !is_chart, "{}: {info}", path.display());
        assert!(!says("Title:").is_empty() && says("CreationDate:").is_empty(), "{}: {info}", path.display());
        let meta = told("pdfinfo", &["-meta"], &path);
        assert!(meta.contains("<pdfuaid:part>1</pdfuaid:part>"), "{}: {meta}", path.display());
        // name, type, encoding, embedded, subset, to Unicode
        let fonts = told("pdffonts", &[], &path);
        let fonts: Vec<&str> = fonts.lines().skip(2).collect();
        assert!(!fonts.is_empty(), "{}", path.display());
        for font in fonts {
            let columns: Vec<&str> = font.split_whitespace().rev().collect();
            assert_eq!(columns[2..5], ["yes", "yes", "yes"], "{}: {font}", path.display());
        }
    }
}

#[test]
fn a_table_that_goes_on_repeats_its_head() {
    if !is_there() {
        return;
    }
    let project =
        TestProject::small(&["core_code", "core_table", "core_indicator", "core_measure", "core_observation"]);
    let names = super::records(&project.file("pipelines/codes/region.csv"));
    let in_force = names.iter().filter(|row| row["valid_to"].is_empty() && row["parent"].ends_with("00"));
    let names: Vec<&str> = in_force.map(|row| row["name_zh"].as_str()).collect();
    assert!(names.len() > 50, "{}", names.len());
    let rows: String = names.iter().enumerate().map(|(nth, name)| format!("{name},{}\n", 1000 + nth)).collect();
    for (name, text) in [
        (
            "pipelines/office/source.toml",
            "publisher = \"p\"\ntitle = \"t\"\ncitation = \"c\"\nlicence = \"none stated\"\n",
        ),
        (
            "pipelines/office/table.toml",
            "title = \"参保人数\"\ncorner = \"地区\"\nunit = \"person\"\nperiod = \"2020\"\ncontext = { indicator = \"insured_person\", scheme = \"unemployment\" }\n\n[[rows]]\nlabel = \"{region}\"\n\n[[columns]]\nlabel = \"人数\"\n\n[[edition]]\nid = \"2013\"\nfile = \"office/long.csv\"\n",
        ),
        (
            "reports/office/report.toml",
            "[report]\ntitle = \"参保人数\"\n\n[[table]]\nid = \"long\"\nnumber = \"表1\"\ntitle = \"参保人数\"\nunit_note = \"单位：人\"\nfrom = \"core_observation\"\nheads = [\"地区\"]\nrows = [{ each = \"region\" }]\ncolumns = [{ label = \"人数\" }]\n",
        ),
    ] {
        project.write(name, text);
    }
    project.write("fixtures/office/long.csv", format!("地区,人数\n{rows}"));
    project.shebao(&["run"]).must_end_with(0);
    let path = project.file("out/tables/office/long.pdf");
    let pages = told("pdftotext", &["-layout"], &path);
    let pages: Vec<&str> = pages.split('\u{c}').filter(|page| !page.trim().is_empty()).collect();
    assert_eq!(pages.len(), 2, "{pages:?}");
    let above = |page: &str| {
        page.lines()
            .map(|line| line.split_whitespace().collect())
            .filter(|line: &String| !line.is_empty())
            .take(3)
            .collect::<Vec<_>>()
    };
    assert_eq!(above(pages[0]), ["表1参保人数", "单位：人", "地区人数"]);
    assert_eq!(above(pages[1]), ["续表1参保人数", "单位：人", "地区人数"]);
    // For a screen reader it is one table.
    let whole = structure(&path);
    let tables = whole.all(&["Table"]);
    let rows: Vec<_> = tables.iter().flat_map(|table| own_rows(table)).collect();
    assert_eq!((tables.len(), rows.len()), (1, 1 + names.len()));
    let head = rows[1].all(&["TH"])[0];
    assert_eq!((head.words().as_str(), head.attributes["Scope"].as_str()), (names[0], "/Row"));
    assert!(!whole.words().contains("续表"));
}
