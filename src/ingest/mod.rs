//! Cells to observations: a document read by the layout that a specification declares. Pure: no input or output, no clock.
//!
//! A table may lie in parts, on several sheets or in several files: [`read`] reads those of one file, [`join`] puts them
//! together, [`ingest`] does both. In reading order: `locate` finds each part by its text, `header` makes one label path per
//! row and column, `hierarchy` puts before a row's label those of the rows it belongs to by their signs (`sign`), `label`
//! holds the paths against the declared ones, `unit` checks printed units, `body` reads the cells: what row and
//! column say of each (`said`) and a record of its row (`passage`), what it holds (`value`, `number`, `split`), what that makes
//! (`fact`); `note` reads footnotes; then, over all parts, `presence` judges what is missing or not declared, `twice` what is
//! stated twice, `validity` which codes are used when they are not in force, and `relation` names wholes and parts. A layout
//! that is not what was declared is an error with its cell,
//! never a silent shift; all errors of a table are collected, and its caller withholds the edition.

mod body;
mod corner;
pub mod correct;
pub mod drift;
mod extent;
#[cfg(feature = "publish")]
pub mod extract;
mod fact;
mod header;
mod hierarchy;
mod hint;
mod label;
mod locate;
mod note;
mod passage;
pub mod number;
mod presence;
mod relation;
mod said;
mod sign;
mod split;
mod twice;
mod unit;
mod validity;
mod value;

use crate::diag::{Checked, Diagnostic, Place};
use crate::domain::label::without_english;
use crate::domain::{Codebook, LabelScope, Observations, Relation};
use crate::grid::{CellRef, Declared, Document, Grid};
use crate::spec::pattern::Captured;
use crate::spec::table::Meaning;
use crate::spec::{Edition, Layout, Source, Table};

/// Most cells that the body of one table may have.
const BODY_CELLS_MAX: u64 = 5_000_000;

/// What one edition of a table yields.
#[derive(Debug, Default)]
pub struct Ingested {
    /// In the order of files, sheets, rows and columns; numbers of footnotes last on each sheet.
    pub observations: Observations,
    pub relations: Vec<Relation>,
}

/// One edition of a table, to be read.
#[derive(Clone, Copy, Debug)]
pub struct Task<'a> {
    pub source: &'a Source,
    pub table: &'a Table,
    pub edition: &'a Edition,
    pub codebook: &'a Codebook,
}

/// One of the files that hold it.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    pub document: &'a Document,
    /// Path below the input folder.
    pub file: &'a str,
    pub sha256: &'a str,
    /// What the file's name says.
    pub captured: &'a [Captured],
}

/// What one file holds of an edition, to be joined with what the others hold.
#[derive(Debug)]
pub struct Portion {
    file: String,
    observations: Observations,
    doubts: Doubts,
    met: presence::Met,
    notes: note::Open,
    faults: Vec<Diagnostic>,
}

/// What has to be looked at cell by cell once all are together, since the lines of a panel do not show that it is sound.
#[derive(Clone, Copy, Debug, Default)]
struct Doubts {
    /// Two cells may state the same.
    twice: bool,
    /// A code may not be in force.
    validity: bool,
    /// There are records, whose keys may be the same.
    records: bool,
}

impl Doubts {
    fn add(&mut self, others: Doubts) {
        self.twice |= others.twice;
        self.validity |= others.validity;
        self.records |= others.records;
    }
}

impl Portion {
    /// What is wrong in this file, whatever the others hold.
    pub fn into_faults(self) -> Vec<Diagnostic> {
        self.faults
    }
}

/// Read one edition of a table. Where there are errors, what could be read is returned for inspection only.
pub fn ingest(task: Task<'_>, files: &[Input<'_>]) -> Checked<Ingested> {
    join(task, files.iter().map(|file| read(task, *file)).collect())
}

/// What an edition says of its files that they do not say themselves.
pub fn declared(edition: &Edition) -> Declared<'_> {
    Declared { encoding: edition.encoding.as_deref(), delimiter: edition.delimiter }
}

/// Read what one file holds of an edition; the document is needed no longer then.
pub fn read(task: Task<'_>, input: Input<'_>) -> Portion {
    let mut portion = Portion {
        file: input.file.to_owned(),
        observations: Observations::default(),
        doubts: Doubts::default(),
        met: presence::Met::default(),
        notes: note::Open::default(),
        faults: Vec::new(),
    };
    Reading { task, file: input.file, sha256: input.sha256, captured: input.captured }
        .parts(input.document, &mut portion);
    portion
}

/// Join what the files of an edition hold, and judge what none of them does.
pub fn join(task: Task<'_>, portions: Vec<Portion>) -> Checked<Ingested> {
    let Some(file) = portions.first().map(|p| p.file.clone()) else {
        return Checked::new(Ingested::default(), Vec::new());
    };
    let reading = Reading { task, file: &file, sha256: "", captured: &[] };
    let (mut met, mut notes) = (presence::Met::default(), note::Open::default());
    let (mut found, mut observations, mut doubts) = (Vec::new(), Observations::default(), Doubts::default());
    for portion in portions {
        met.add(portion.met);
        notes.add(portion.notes, observations.len());
        found.extend(portion.faults);
        observations.append(portion.observations);
        doubts.add(portion.doubts);
    }
    notes.settle(&mut observations, &mut found);
    let mut faults = Vec::new();
    presence::judge(&reading, &mut met, &mut faults);
    faults.extend(found);
    doubts.twice |= met.parts > 1 || !met.figures.is_empty();
    doubts.validity |= !met.figures.is_empty();
    if doubts.twice && faults.iter().all(|f| f.code != "label-twice") {
        twice::check(&reading, &observations, &mut faults);
    }
    if doubts.records {
        twice::records(&reading, &observations, &mut faults);
    }
    twice::prefer(&reading, &mut observations, &mut faults);
    if doubts.validity {
        validity::check(&reading, &observations, &mut faults);
    }
    if observations.is_empty() && faults.is_empty() {
        let fault = reading.fault_of_file("table-empty", "every row or every column of the table is skipped");
        faults.push(fault.hint(format!("entries with skip = true in {} take all that is there", reading.table.spec)));
    }
    faults.append(&mut met.remarks);
    let relations = relation::relations(&reading, &observations);
    Checked::new(Ingested { observations, relations }, faults)
}

/// What a layout makes of the places of a table, before anything is known of its meaning: the label path of every row and
/// column, by its number on the sheet.
#[derive(Clone, Debug, Default)]
pub struct Paths {
    pub columns: Vec<(u32, Vec<String>)>,
    pub rows: Vec<(u32, Vec<String>)>,
}

/// The label paths of a table's rows and columns in one file.
pub fn paths(task: Task<'_>, input: Input<'_>) -> Checked<Paths> {
    let reading = Reading { task, file: input.file, sha256: "", captured: &[] };
    let (mut faults, mut paths) = (Vec::new(), Paths::default());
    let texts = |label: header::Label| (label.line, label.parts.iter().map(|p| p.text.to_string()).collect());
    let mut met = presence::Met::default();
    for scope in locate::scopes(&reading, input.document, &mut met, &mut faults) {
        for found in locate::locate(&reading, scope, &mut faults).into_iter().flatten() {
            let columns = header::columns(&reading, &found, &mut faults);
            let rows = header::rows(&reading, &found, &mut faults);
            let read = hierarchy::Columns::of_labels(&columns);
            let rows = hierarchy::nest(&reading, &found, &read, rows, &mut Vec::new(), &mut faults);
            paths.rows.extend(rows.into_iter().map(texts));
            paths.columns.extend(columns.into_iter().map(texts));
        }
    }
    Checked::new(paths, faults)
}

/// What the steps of reading one file share.
struct Reading<'a> {
    task: Task<'a>,
    file: &'a str,
    sha256: &'a str,
    captured: &'a [Captured],
}

impl<'a> std::ops::Deref for Reading<'a> {
    type Target = Task<'a>;

    fn deref(&self) -> &Task<'a> {
        &self.task
    }
}

impl Reading<'_> {
    /// Every part of the table that the document holds.
    fn parts(&self, document: &Document, portion: &mut Portion) {
        let scopes = locate::scopes(self, document, &mut portion.met, &mut portion.faults);
        portion.met.lost += usize::from(scopes.is_empty());
        for scope in scopes {
            match locate::locate(self, scope, &mut portion.faults) {
                Some(panels) => self.sheet(&panels, portion),
                None => portion.met.lost += 1,
            }
        }
    }

    /// All panels of the table on one sheet, whose footnotes are theirs together.
    fn sheet(&self, panels: &[locate::Found<'_>], portion: &mut Portion) {
        let Portion { observations, doubts, met, notes: open, faults, .. } = portion;
        met.repeated |= panels.len() > 1;
        let Some(meaning) = self.title(&panels[0], faults) else {
            met.lost += 1;
            return;
        };
        let (mut read, mut pages) = (Vec::new(), Vec::new());
        for found in panels {
            let of_title = note::of_title(self, found);
            let title = body::Title { meaning: meaning.clone(), marks: of_title.iter().map(|(nth, _)| *nth).collect() };
            read.extend(self.panel(found, &title, of_title, &mut pages, met, faults));
        }
        hierarchy::finish(self, &panels[panels.len() - 1], pages, faults);
        read.iter().for_each(|noted: &note::Noted| doubts.add(noted.read.doubts));
        let notes = note::footnotes(self, panels);
        note::met(self, &notes, met);
        let (bound, left) = note::bind(self, panels, &notes, read, faults);
        open.add(left, observations.len());
        observations.append(bound);
        observations.add(note::figures(self, &panels[0], &meaning, &notes, met, faults));
    }

    fn panel(
        &self,
        found: &locate::Found<'_>,
        title: &body::Title,
        of_title: Vec<(usize, CellRef)>,
        pages: &mut Vec<hierarchy::Page>,
        met: &mut presence::Met,
        faults: &mut Vec<Diagnostic>,
    ) -> Option<note::Noted> {
        let grid = found.grid;
        let cells = u64::from(found.body.end - found.body.start) * found.cols.len() as u64;
        if cells > BODY_CELLS_MAX {
            let message = format!("the table has {cells} cells, the most that are read is {BODY_CELLS_MAX}");
            faults.push(self.fault("table-size", message, grid, found.corner));
            met.lost += 1;
            return None;
        }
        if let Some(fault) = header::miscounted(self, found) {
            faults.push(fault);
            met.lost += 1;
            return None;
        }
        met.parts += 1;
        let columns = header::columns(self, found, faults);
        let rows = header::rows(self, found, faults);
        if columns.is_empty() || rows.is_empty() {
            let what = if columns.is_empty() { "columns" } else { "rows" };
            let message = format!("the header that begins here has no {what}");
            let hint = format!("until and until_column in {} say where the table ends", self.table.spec);
            faults.push(self.fault("table-empty", message, grid, found.corner).hint(hint));
        }
        let records = passage::Columns::of(self, &columns);
        let columns = label::assign(self, found, &columns, label::Axis::Columns, met, faults);
        let read = hierarchy::Columns::of_lines(&columns);
        let rows = hierarchy::nest(self, found, &read, rows, pages, faults);
        let rows = label::assign(self, found, &rows, label::Axis::Rows, met, faults);
        label::distinct(self, grid, &columns, label::Axis::Columns, faults);
        if !self.layout().quotes() {
            label::distinct(self, grid, &rows, label::Axis::Rows, faults);
        }
        unit::check(self, found, &rows, &columns, faults);
        met.remarks.extend(unit::beside_its_line(self, found, rows.iter().chain(&columns)));
        let read = body::read(self, found, title, (&rows, &columns, &records), met, faults);
        let used = note::used(of_title, &rows, &columns, &read);
        Some(note::Noted { block: found.notes.start, used, read })
    }

    /// What holds for every number of a part: what its title, sheet and file say, over what is declared for the table.
    fn title(&self, found: &locate::Found<'_>, faults: &mut Vec<Diagnostic>) -> Option<Meaning> {
        let mut title = Meaning::default();
        let said = [("title", &found.captured[..]), ("sheet's name", &found.of_sheet), ("file's name", self.captured)];
        let said = said.into_iter().filter(|(_, captured)| !captured.is_empty());
        let mut before = Vec::new();
        for (who, captured) in said {
            let meaning = match label::meaning_of(self, captured) {
                Ok(meaning) => meaning,
                Err(error) => {
                    let message = format!("{error}, which the {who} says");
                    faults.push(self.fault("unknown-label", message, found.grid, found.corner));
                    return None;
                }
            };
            match title.beside(&meaning) {
                Ok(both) => title = both,
                Err(what) => {
                    let message = format!("the {} and the {who} state a different {what}", before.join(" or the "));
                    let hint =
                        format!("one of them is wrong; in {} {{any}} captures what says nothing", self.table.spec);
                    faults.push(self.fault("meaning-clash", message, found.grid, found.corner).hint(hint));
                    return None;
                }
            }
            before.push(who);
        }
        Some(title.over(&self.layout().context))
    }

    /// `dataset/table/edition/`, with file and sheet where the edition may have several: what stands before a cell in an id.
    fn id_path(&self, grid: &Grid) -> String {
        let file = if self.edition.has_several_files() { format!("{}/", self.file) } else { String::new() };
        let several = self.edition.has_several_files() || self.edition.has_several_sheets();
        let sheet = if several && !grid.sheet.is_empty() { format!("{}!", grid.sheet) } else { String::new() };
        format!("{}/{}/{file}{sheet}", self.name(), self.edition.id)
    }

    /// A label without its translation, where labels have one.
    fn own_language<'t>(&self, printed: &'t str) -> &'t str {
        if self.layout().bilingual { without_english(printed) } else { printed }
    }

    fn layout(&self) -> &Layout {
        &self.edition.layout
    }

    /// Who reads the labels of the table.
    fn labels(&self) -> LabelScope<'_> {
        LabelScope { dataset: &self.table.dataset, table: &self.table.id, versions: &self.layout().versions }
    }

    fn name(&self) -> String {
        format!("{}/{}", self.table.dataset, self.table.id)
    }

    /// An error at a cell.
    fn fault(&self, code: &'static str, message: impl Into<String>, grid: &Grid, at: CellRef) -> Diagnostic {
        self.named(Diagnostic::error(code, message).at(self.place(grid, at)))
    }

    fn place(&self, grid: &Grid, at: CellRef) -> Place {
        Place::cell(self.file, grid.sheet.as_str(), grid.address(at))
    }

    /// Something odd at a cell.
    fn remark(&self, code: &'static str, message: impl Into<String>, grid: &Grid, at: CellRef) -> Diagnostic {
        self.named(Diagnostic::info(code, message).at(self.place(grid, at)))
    }

    /// The command that tells what moved, for hints.
    fn drift(&self) -> String {
        format!("`shebao check {} --against {}`", self.file, self.table.spec)
    }

    /// An error of the whole file.
    fn fault_of_file(&self, code: &'static str, message: impl Into<String>) -> Diagnostic {
        self.named(Diagnostic::error(code, message).at(Place::file(self.file)))
    }

    fn named(&self, mut fault: Diagnostic) -> Diagnostic {
        fault.message.push_str(&format!(" (table {}, edition {})", self.name(), self.edition.id));
        fault
    }
}

#[cfg(test)]
mod parts_tests;
#[cfg(test)]
mod tests;
