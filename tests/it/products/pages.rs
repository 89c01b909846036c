//! The site as people use it who do not see it, or have no mouse: axe walks the pages in a browser, in light and in dark, and finds
//! nothing serious. What a machine lacks is said and passed over; `make clients-setup` installs it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use scraper::{Html, Selector};

use super::clients::python;
use super::{files, sample};

/// Writes what axe found below the page, for `--dump-dom` to print: a line each of rule, impact, first element.
const RUN: &str = "axe.run({ resultTypes: ['violations'] }).then(found => {
    const said = document.createElement('pre');
    said.id = 'axe-found';
    said.textContent = found.violations.map(v => [v.id, v.impact, v.nodes[0].html].join('\\t').replaceAll('\\n', ' ')).join('\\n');
    document.body.append(said);
});";

/// What is not serious is told and stands.
const SERIOUS: [&str; 2] = ["serious", "critical"];

/// The script of axe, if `make clients-setup` brought it.
fn axe() -> Option<String> {
    let place =
        "import axe_core_python, pathlib; print(pathlib.Path(axe_core_python.__file__).with_name('axe.min.js'))";
    let said = Command::new(python("axe_core_python")?).args(["-c", place]).output().ok()?;
    fs::read_to_string(String::from_utf8(said.stdout).ok()?.trim()).ok()
}

/// What axe says of a page.
fn found(axe: &str, page: &Path, scheme: &str, work: &Path) -> Vec<String> {
    let text = fs::read_to_string(page).expect("a page");
    let with_axe = work.join("page.html");
    fs::write(&with_axe, text.replace("</body>", &format!("<script>{axe}</script><script>{RUN}</script></body>")))
        .expect("written");
    let said = Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"])
        .args(["--disable-component-update", "--disable-sync", "--virtual-time-budget=30000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", work.join("profile").display()))
        .arg(format!("--blink-settings=preferredColorScheme={scheme}"))
        .arg(format!("file://{}", with_axe.display()))
        .output()
        .expect("the browser runs");
    let page_after = Html::parse_document(&String::from_utf8_lossy(&said.stdout));
    let selector = Selector::parse("#axe-found").expect("a selector");
    let told = page_after.select(&selector).next();
    let told = told
        .unwrap_or_else(|| panic!("axe said nothing of {}: {}", page.display(), String::from_utf8_lossy(&said.stderr)));
    told.text().collect::<String>().lines().map(str::to_owned).collect()
}

/// One page of each kind, and every text.
fn pages() -> Vec<PathBuf> {
    let is_way = |path: &&PathBuf| path.to_string_lossy().ends_with(".way.html");
    let (tables, texts) = (files(&sample().file("out/tables"), ".html"), files(&sample().file("out/texts"), ".html"));
    let per_report = tables.chunk_by(|a, b| a.parent() == b.parent());
    let mut pages: Vec<PathBuf> = per_report.filter_map(|own| own.iter().find(|path| !is_way(path)).cloned()).collect();
    pages.extend(texts.iter().filter(|path| !is_way(path)).cloned());
    pages.extend([&tables, &texts].into_iter().filter_map(|all| all.iter().find(is_way).cloned()));
    pages.push(sample().file("out/index.html"));
    pages
}

#[test]
fn axe_finds_nothing_serious() {
    let has_browser = Command::new("chromium").arg("--version").output().is_ok();
    let Some(axe) = axe().filter(|_| has_browser) else {
        eprintln!("skipped: chromium and axe are not here; make clients-setup installs them");
        return;
    };
    let work = tempfile::tempdir().expect("a folder");
    let mut faults = Vec::new();
    let pages = pages();
    assert!(pages.len() >= 12, "{pages:?}");
    for (nth, page) in pages.iter().enumerate() {
        // All pages have one style sheet: dark is seen on the index and one page of each folder's kind.
        let schemes: &[&str] = if nth % 4 == 0 || nth + 1 == pages.len() { &["1", "0"] } else { &["1"] };
        for scheme in schemes {
            let said = found(&axe, page, scheme, work.path());
            let serious =
                said.into_iter().filter(|line| line.split('\t').nth(1).is_some_and(|impact| SERIOUS.contains(&impact)));
            faults.extend(serious.map(|line| format!("{} ({scheme}): {line}", page.display())));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
