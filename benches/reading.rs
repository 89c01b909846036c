//! What does reading cost beside calamine's bare decode of the same file, and how much memory does it take?
//!
//! The files are made anew in a temporary folder.

use std::hint::black_box;
use std::io::Write as _;
use std::path::Path;

use books::Printed;
use calamine::{Reader, Xls, Xlsb, Xlsx, open_workbook};
use shebao::grid;

mod books;

const ROUNDS: usize = 5;
const ROWS: u32 = 62_500;
const COLUMNS: u16 = 16;
const SMALL_FILES: usize = 1_000;

fn main() {
    if let Some((job, file)) = books::asked() {
        return books::job(|| run(&job, &file));
    }
    if !books::wanted("reading") {
        return;
    }
    let mut folder = tempfile::tempdir().expect("a temporary folder");
    // For a look at one job with a profiler.
    folder.disable_cleanup(std::env::var_os("KEEP").is_some());
    let path = |name: &str| folder.path().join(name);
    books::write_xlsx(&path("big.xlsx"), ROWS, COLUMNS, printed);
    books::write_xls(&path("big.xls"), ROWS, COLUMNS, printed);
    write_csv(&path("big.csv"), ROWS);
    std::fs::create_dir(path("small")).expect("a temporary folder");
    for nth in 0..SMALL_FILES {
        books::write_xlsx(&path(&format!("small/{nth:04}.xlsx")), 40, COLUMNS, printed);
    }
    println!(
        "{} cells, {} small files, median of {ROUNDS}, {} cores",
        ROWS * u32::from(COLUMNS),
        SMALL_FILES,
        books::cores()
    );
    compare("xlsx", &path("big.xlsx"), &["calamine-xlsx", "calamine-xlsx-range", "grid"]);
    compare("xls", &path("big.xls"), &["calamine-xls", "grid"]);
    compare("csv", &path("big.csv"), &["bytes", "grid"]);
    compare("small", &path("small"), &["calamine-small", "grid-small-one-by-one", "grid-small"]);
}

/// Prints the cost of each job beside that of the first.
fn compare(what: &str, file: &Path, jobs: &[&str]) {
    let costs = books::measure(file, jobs, ROUNDS);
    for (job, cost) in jobs.iter().zip(&costs) {
        let ratio = cost.ms / costs[0].ms;
        println!("{what:6} {job:22} {:8.1} ms  {ratio:5.2} x  peak {:6.1} MB", cost.ms, cost.peak_mb);
    }
}

fn run(job: &str, file: &Path) {
    match job {
        "calamine-xlsx" => assert!(books::calamine_cells(file) > 0),
        "calamine-xlsx-range" => {
            let mut book: Xlsx<_> = open_workbook(file).expect("a workbook");
            black_box(book.worksheets());
        }
        "calamine-xls" => {
            let mut book: Xls<_> = open_workbook(file).expect("a workbook");
            black_box(book.worksheets());
        }
        "calamine-xlsb" => {
            let mut book: Xlsb<_> = open_workbook(file).expect("a workbook");
            black_box(book.worksheets());
        }
        "bytes" => drop(black_box(std::fs::read(file))),
        "grid" => {
            drop(black_box(grid::read(file, &file.to_string_lossy(), grid::Declared::default()).expect("a table")))
        }
        "calamine-small" => books::files_in(file).iter().for_each(|f| assert!(books::calamine_cells(f) > 0)),
        "grid-small-one-by-one" => {
            books::files_in(file)
                .iter()
                .for_each(|f| drop(black_box(grid::read(f, "small.xlsx", grid::Declared::default()))));
        }
        "grid-small" => {
            let files = books::files_in(file);
            let read = grid::on_all_cores(&files, |f| {
                grid::read(f, "small.xlsx", grid::Declared::default()).map_or(0, |d| d.grids.len())
            });
            assert_eq!(read.iter().sum::<usize>(), SMALL_FILES);
        }
        other => panic!("no job {other}"),
    }
}

/// A region's name, a year, then figures as a yearbook prints them.
fn printed(row: u32, column: u16) -> Printed {
    match (row, column) {
        (0, 0) => Printed::Text("地区".to_owned()),
        (0, _) => Printed::Text(format!("参保人数（万人）{column}")),
        (_, 0) => Printed::Text(format!("第{:03}号县（市、区）", row % 2860)),
        (_, 1) => Printed::Number(f64::from(1990 + row % 35)),
        _ => {
            let digits = (u64::from(row) * 7919 + u64::from(column) * 104_729) % 10_000_000;
            Printed::Number(digits as f64 / [1.0, 10.0, 100.0][usize::from(column % 3)])
        }
    }
}

fn write_csv(path: &Path, rows: u32) {
    let mut out = std::io::BufWriter::new(std::fs::File::create(path).expect("a temporary folder"));
    for row in 0..rows {
        let cells: Vec<String> = (0..COLUMNS)
            .map(|column| match printed(row, column) {
                Printed::Text(text) => text,
                Printed::Number(number) => number.to_string(),
            })
            .collect();
        writeln!(out, "{}", cells.join(",")).expect("a temporary folder");
    }
}
