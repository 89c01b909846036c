//! The proof of the layout language: every layout of `fixtures/layouts` in every format that can hold it reads to exactly
//! the facts written down for it; perturbed in the ways in which yearbooks change from one year to the next, it reads to
//! what the changed sheet says or is refused by the code of an error. Nothing is misread in silence.

mod absorb;
mod corpus;
mod perturb;
mod random;
mod read;
mod sheet;
mod write;
mod write_xls;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use corpus::Layout;
use read::Specs;
use write::Format;

use crate::support::root;

/// The layouts named by `LAYOUT` (a part of the name), or all.
fn layouts() -> Vec<Layout> {
    let mut layouts = corpus::read(&root().join("fixtures/layouts"));
    if let Ok(part) = std::env::var("LAYOUT") {
        layouts.retain(|l| l.name.contains(&part));
    }
    layouts
}

fn specs(layouts: &[Layout]) -> BTreeMap<&'static str, Specs> {
    let codes = root().join("pipelines/codes");
    let aliases = root().join("fixtures/layouts/aliases.csv");
    let aliases = aliases.is_file().then_some(aliases.as_path());
    let mut specs = BTreeMap::new();
    for format in Format::ALL {
        specs.entry(format.extension()).or_insert_with(|| Specs::load(layouts, &codes, aliases, format));
    }
    specs
}

fn formats(layout: &Layout) -> Vec<Format> {
    let named = |f: &Format| layout.formats.as_ref().is_none_or(|list| list.iter().any(|e| e == f.extension()));
    Format::ALL.into_iter().filter(|f| named(f) && f.holds(&layout.book)).collect()
}

/// The formats, those first whose turn it is: texts and pages most of the time, since workbooks take longer to write.
fn in_turn(formats: &[Format], turn: usize) -> impl Iterator<Item = Format> {
    let (quick, slow): (Vec<_>, Vec<_>) = formats.iter().partition(|f| ["csv", "html"].contains(&f.extension()));
    let of = |list: &[Format], turn: usize| (0..list.len()).map(|n| list[(turn + n) % list.len()]).collect::<Vec<_>>();
    let (quick, slow) = (of(&quick, turn / 4), of(&slow, turn / 4));
    let both = if turn.is_multiple_of(4) { [slow, quick] } else { [quick, slow] };
    both.concat().into_iter()
}

/// Do a piece of work for every number below `count`, on all cores.
fn on_all_cores(count: usize, work: impl Fn(usize, &Path) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        for _ in 0..cores {
            scope.spawn(|| {
                let folder = tempfile::tempdir().expect("a folder");
                loop {
                    let nth = next.fetch_add(1, Ordering::Relaxed);
                    if nth >= count {
                        break;
                    }
                    work(nth, folder.path());
                }
            });
        }
    });
}

/// What the layouts must show between them, as the beginnings of what they say they cover.
const COVERED: [&str; 53] = [
    "header depth 1",
    "header depth 2",
    "header depth 3",
    "header depth 4",
    "merged header",
    "repeated header band",
    "blank header inherits left",
    "bands that mix dimensions",
    "hierarchy by indent (full-width spaces)",
    "hierarchy by indent (spaces)",
    "hierarchy by indent (cell indent)",
    "hierarchy by 其中",
    "hierarchy by numbering",
    "hierarchy by bold",
    "hierarchy by heading",
    "blank row label inherits above",
    "vertical merge of row labels",
    "label and English label in one cell",
    "several tables on a sheet below each other",
    "several tables on a sheet beside each other",
    "side-by-side panels",
    "header repeated down the sheet",
    "continuation pages",
    "one table over several sheets",
    "one table over several files",
    "transposed table",
    "year in the sheet name",
    "year in the file name",
    "unit per table",
    "unit per column",
    "unit per row",
    "unit in brackets after a label",
    "unit column",
    "two values in one cell by exact text",
    "two values in one cell by pattern",
    "rows that mix levels",
    "footnotes with ① and *",
    "provisional and revised figures",
    "totals kept apart as _T",
    "record-shaped table",
    "figures of a text with their place",
    "period column",
    "column of further groups",
    "NBS query export",
    "editions with labels renamed and gone and new and in other units",
    "editions with a moved anchor",
    "editions with new rows",
    "order of columns",
    "optional column",
    "blank corner",
    "merged cells in the body",
    "table without a header",
    "footnotes that concern some numbers",
];

#[test]
fn every_part_of_the_language_has_a_layout() {
    let layouts = corpus::read(&root().join("fixtures/layouts"));
    let covered = |what: &str| layouts.iter().any(|l| l.covers.iter().any(|c| c.starts_with(what)));
    let lacking: Vec<&str> = COVERED.into_iter().filter(|what| !covered(what)).collect();
    assert!(lacking.is_empty(), "no layout shows: {}", lacking.join("; "));
    let mut titles: Vec<&str> = layouts.iter().map(|l| l.title.as_str()).collect();
    titles.sort_unstable();
    titles.dedup();
    assert!(titles.len() == layouts.len() && layouts.len() >= 40, "{} layouts", layouts.len());
}

#[test]
fn clean_layouts_read_exactly() {
    let layouts = layouts();
    let specs = specs(&layouts);
    let mut faults: Vec<String> = specs["xlsx"].faults.iter().map(|d| d.render()).collect();
    let (files, found) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    on_all_cores(layouts.len(), |nth, folder| {
        let layout = &layouts[nth];
        for format in formats(layout).into_iter().filter(|f| specs[f.extension()].has(layout)) {
            files.fetch_add(layout.book.len(), Ordering::Relaxed);
            let expected = read::lines(&layout.facts, &layout.book, format);
            let fault = match specs[format.extension()].read(layout, &layout.book, folder) {
                Ok(lines) if lines == expected => continue,
                Ok(lines) => read::difference(&expected, &lines),
                Err(faults) => faults.iter().map(|d| d.render()).collect::<Vec<_>>().join("    "),
            };
            found.lock().expect("a list").push(format!("{} as {format:?}:\n    {fault}", layout.name));
        }
    });
    faults.extend(found.into_inner().expect("a list"));
    faults.sort();
    let facts: usize = layouts.iter().map(|l| l.facts.len()).sum();
    eprintln!("{} layouts, {facts} facts, {} files", layouts.len(), files.into_inner());
    assert!(faults.is_empty(), "{} do not read\n{}", faults.len(), faults.join("\n"));
}

/// What came of the changes of one kind.
#[derive(Default)]
struct Count {
    made: usize,
    read: usize,
    refused: usize,
}

#[test]
fn changed_layouts_read_rightly_or_not_at_all() {
    let layouts = layouts();
    let specs = specs(&layouts);
    let counts: Mutex<BTreeMap<&str, Count>> = Mutex::default();
    let codes: Mutex<BTreeMap<&str, usize>> = Mutex::default();
    let wrong: Mutex<Vec<String>> = Mutex::default();
    on_all_cores(layouts.len(), |nth, folder| {
        let layout = &layouts[nth];
        let mut formats = formats(layout);
        formats.retain(|f| specs[f.extension()].has(layout));
        if formats.is_empty() {
            return; // told by the other test
        }
        for (turn, change) in perturb::changes(layout).into_iter().enumerate() {
            let Some(format) = in_turn(&formats, turn + nth).find(|f| f.holds(&change.book)) else { continue };
            let outcome = specs[format.extension()].read(layout, &change.book, folder);
            let mut counts = counts.lock().expect("the counts");
            let count = counts.entry(change.kind).or_default();
            count.made += 1;
            match outcome {
                Err(faults) => {
                    count.refused += 1;
                    *codes.lock().expect("the codes").entry(faults[0].code).or_default() += 1;
                }
                Ok(found) => {
                    let right: Vec<_> = change.right.iter().map(|r| read::lines(r, &change.book, format)).collect();
                    if right.contains(&found) {
                        count.read += 1;
                        continue;
                    }
                    let apart = right.first().map_or("it must be refused".to_owned(), |r| read::difference(r, &found));
                    let fault = format!("{}: {} {} as {format:?}:\n    {apart}", layout.name, change.kind, change.what);
                    wrong.lock().expect("a list").push(fault);
                }
            }
        }
    });
    let counts = counts.into_inner().expect("the counts");
    eprintln!("{:>6} {:>6} {:>7}", "made", "read", "refused");
    for (kind, count) in &counts {
        eprintln!("{:>6} {:>6} {:>7}  {kind}", count.made, count.read, count.refused);
    }
    let sum = |of: fn(&Count) -> usize| counts.values().map(of).sum::<usize>();
    let codes: Vec<String> = codes.into_inner().expect("the codes").iter().map(|(c, n)| format!("{c} {n}")).collect();
    let mut wrong = wrong.into_inner().expect("a list");
    wrong.sort();
    eprintln!(
        "{} layouts, {} changes: {} read exactly, {} refused ({}), {} wrong in silence",
        layouts.len(),
        sum(|c| c.made),
        sum(|c| c.read),
        sum(|c| c.refused),
        codes.join(", "),
        wrong.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// How many random tables are made; chance is seeded, so that every run makes the same ones.
const TABLES: u32 = 300;

#[test]
fn random_tables_come_back_from_random_layouts() {
    use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
    let config = Config { cases: TABLES, failure_persistence: None, max_shrink_iters: 500, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]));
    let codes = root().join("pipelines/codes");
    let folder = tempfile::tempdir().expect("a folder");
    let facts = AtomicUsize::new(0);
    let outcome = runner.run(&random::choices(), |choice| {
        let layout = choice.layout();
        let formats = formats(&layout);
        let format = formats[choice.format % formats.len()];
        let specs = Specs::load(std::slice::from_ref(&layout), &codes, None, format);
        let told = |faults: &[shebao::diag::Diagnostic]| faults.iter().map(|d| d.render()).collect::<String>();
        if !specs.faults.is_empty() {
            return Err(TestCaseError::fail(format!("{}\n{}", told(&specs.faults), layout.spec)));
        }
        let expected = read::lines(&layout.facts, &layout.book, format);
        facts.fetch_add(expected.len(), Ordering::Relaxed);
        match specs.read(&layout, &layout.book, folder.path()) {
            Ok(lines) if lines == expected => Ok(()),
            Ok(lines) => Err(TestCaseError::fail(format!("{format:?}: {}", read::difference(&expected, &lines)))),
            Err(faults) => Err(TestCaseError::fail(format!("{format:?}: {}\n{}", told(&faults), layout.spec))),
        }
    });
    eprintln!("{TABLES} random tables, {} facts", facts.into_inner());
    if let Err(fault) = outcome {
        panic!("{fault}");
    }
}
