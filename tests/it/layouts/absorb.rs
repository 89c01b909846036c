//! Changed layouts that were refused, held against their specification: what the drift report's block makes of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Mutex;

use shebao::diag::Diagnostic;
use shebao::grid;
use shebao::ingest::drift::{self, Drift};
use shebao::ingest::{Input, Task};
use shebao::spec::block::{self, Named};

use super::corpus::Layout;
use super::perturb::{self, Change};
use super::read::{self, Specs};
use super::write::Format;
use super::{layouts, on_all_cores};
use crate::support::root;

/// What came of the refused changes of one kind.
#[derive(Default)]
struct Count {
    refused: usize,
    /// The block makes the file yield what the changed sheet says.
    right: usize,
    /// It yields a part of that; the rest is declared as not read, or gone.
    part: usize,
    /// Errors are left.
    left: usize,
    /// It yields something that the changed sheet does not say, by a guess that the report tells.
    guessed: usize,
}

/// One change of so many is tried, since each needs the specifications anew; `EVERY=1` tries all.
const EVERY: usize = 40;

/// Changes that only a person can judge, and whose block follows the print: another unit, a line that may be a footnote, a
/// row that moves those below it.
const LOOKED_AT: [&str; 5] = [
    ": the unit changed ",
    ": a line of text below the body ",
    ": a title renamed ",
    ": an unknown row added ",
    ": the title printed again at the end ",
];

#[test]
fn what_moved_is_absorbed() {
    let every = std::env::var("EVERY").ok().and_then(|n| n.parse().ok()).unwrap_or(EVERY);
    let layouts: Vec<Layout> = layouts().into_iter().filter(|l| l.book.len() == 1).collect();
    let counts: Mutex<BTreeMap<&str, Count>> = Mutex::default();
    let guesses: Mutex<Vec<String>> = Mutex::default();
    on_all_cores(layouts.len(), |nth, folder| {
        let layout = &layouts[nth];
        // The format that is written and read fastest.
        let format = |extension| Format::ALL.into_iter().find(|f| f.extension() == extension && f.holds(&layout.book));
        let Some(format) = ["csv", "html", "xlsx"].into_iter().find_map(format) else { return };
        let specs = load(layout, format);
        if !specs.has(layout) || specs.pipelines.sources[0].tables[0].editions.len() != 1 {
            return;
        }
        let changes = perturb::changes(layout).into_iter().skip(nth % every).step_by(every);
        for change in changes.filter(|c| format.holds(&c.book)) {
            let Err(before) = specs.read(layout, &change.book, folder) else { continue };
            let (drift, outcome) = absorbed(&specs, layout, &change, format, folder);
            let right: Vec<_> = change.right.iter().map(|r| read::lines(r, &change.book, format)).collect();
            let mut counts = counts.lock().expect("the counts");
            let count = counts.entry(change.kind).or_default();
            count.refused += 1;
            match outcome {
                Err(faults) => {
                    count.left += 1;
                    let told: Vec<&str> = drift.changes.iter().map(|c| c.message.as_str()).collect();
                    let left =
                        format!("{}: {} {}\n    told: {}", layout.name, change.kind, change.what, told.join("; "));
                    guesses.lock().expect("a list").push(format!("left: {left}\n    {faults}"));
                }
                Ok(lines) if right.contains(&lines) => count.right += 1,
                Ok(lines) => {
                    let before_it = read::lines(&layout.facts, &change.book, format);
                    let known: BTreeSet<String> =
                        right.iter().flatten().chain(&before_it).map(|l| format!("{l:?}")).collect();
                    if !known.is_empty() && lines.iter().all(|l| known.contains(&format!("{l:?}"))) {
                        count.part += 1;
                        continue;
                    }
                    count.guessed += 1;
                    let told: Vec<&str> = drift.changes.iter().map(|c| c.message.as_str()).collect();
                    let first = right.first().map_or(String::new(), |r| read::difference(r, &lines));
                    guesses.lock().expect("a list").push(format!(
                        "{}: {} {} ({})\n    told: {}\n    {first}",
                        layout.name,
                        change.kind,
                        change.what,
                        before[0].code,
                        told.join("; ")
                    ));
                }
            }
        }
    });
    print(&counts.into_inner().expect("the counts"));
    let mut told = guesses.into_inner().expect("a list");
    told.sort();
    if std::env::var("GUESSES").is_ok() {
        eprintln!("{}", told.join("\n"));
    }
    told.retain(|t| !t.starts_with("left: ") && !LOOKED_AT.iter().any(|kind| t.contains(kind)));
    assert!(told.is_empty(), "{}", told.join("\n"));
}

fn print(counts: &BTreeMap<&str, Count>) {
    eprintln!("{:>8} {:>6} {:>6} {:>6} {:>8}", "refused", "right", "part", "left", "guessed");
    let mut sum = Count::default();
    for (kind, c) in counts {
        eprintln!("{:>8} {:>6} {:>6} {:>6} {:>8}  {kind}", c.refused, c.right, c.part, c.left, c.guessed);
        sum.refused += c.refused;
        sum.right += c.right;
        sum.part += c.part;
        sum.left += c.left;
        sum.guessed += c.guessed;
    }
    eprintln!("{:>8} {:>6} {:>6} {:>6} {:>8}  in all", sum.refused, sum.right, sum.part, sum.left, sum.guessed);
}

fn load(layout: &Layout, format: Format) -> Specs {
    let aliases = root().join("fixtures/layouts/aliases.csv");
    let aliases = aliases.is_file().then_some(aliases.as_path());
    Specs::load(std::slice::from_ref(layout), &root().join("pipelines/codes"), aliases, format)
}

/// What the changed file yields by the block, or the errors that are left.
fn absorbed(
    specs: &Specs,
    layout: &Layout,
    change: &Change,
    format: Format,
    folder: &Path,
) -> (Drift, Result<Vec<read::Line>, String>) {
    let source = &specs.pipelines.sources[0];
    let table = &source.tables[0];
    let edition = &table.editions[0];
    let Some(changed) = change.book.first() else { return (Drift::default(), Err("no file".to_owned())) };
    let file = format!("{}.{}", changed.name, format.extension());
    let path = folder.join("held").with_extension(format.extension());
    std::fs::write(&path, format.bytes(changed)).expect("a file");
    let document = grid::read(&path, &file, shebao::ingest::declared(edition));
    let Ok(document) = document else { return (Drift::default(), Err("unreadable".to_owned())) };
    let captured = edition.file_by_end(&file).unwrap_or_default();
    let task = Task { source, table, edition, codebook: &specs.pipelines.codebook };
    let drift = drift::compare(task, Input { document: &document, file: &file, sha256: "", captured: &captured });
    let named = Named { id: edition.id.clone(), year: edition.year, file: None, period: None, replaces: true };
    let spec = layout.spec.replace(".EXT", &format!(".{}", format.extension()));
    let Some(block) = block::write(&spec, &edition.id, &named, &drift.absorbed_by) else {
        return (drift, Err("no block".to_owned()));
    };
    let revised = Layout { spec: block.applied, ..layout.clone() };
    let specs = load(&revised, format);
    let told = |faults: &[Diagnostic]| faults.iter().map(|d| d.message.as_str()).collect::<Vec<_>>().join("; ");
    let lines = match specs.has(layout) {
        true => specs.read(&revised, &change.book, folder).map_err(|faults| told(&faults)),
        false => Err(told(&specs.faults)),
    };
    (drift, lines)
}
