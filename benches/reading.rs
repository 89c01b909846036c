//! What does reading cost beside calamine's bare decode of the same file, and how much memory does it take?
//!
//! Every measurement is a process of its own, so that its peak memory is its own; rounds alternate, so that what else the
//! machine does falls on all alike. The big files are made anew in a temporary folder.

use std::hint::black_box;
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use calamine::{Data, Reader, Xls, Xlsb, Xlsx, open_workbook};
use shebao::grid;

const ROUNDS: usize = 5;
const ROWS: u32 = 62_500;
const COLUMNS: u16 = 16;
const SMALL_FILES: usize = 1_000;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, flag, job, file] = arguments.as_slice()
        && flag == "--job"
    {
        return run(job, Path::new(file));
    }
    // What `cargo bench NAME` or `cargo test` passes on is for other benches.
    if arguments.iter().skip(1).any(|a| a == "--test" || (!a.starts_with('-') && !"reading".contains(a.as_str()))) {
        return;
    }
    let mut folder = tempfile::tempdir().expect("a temporary folder");
    // For a look at one job with a profiler.
    folder.disable_cleanup(std::env::var_os("KEEP").is_some());
    let path = |name: &str| folder.path().join(name);
    write_xlsx(&path("big.xlsx"), ROWS);
    write_xls(&path("big.xls"), ROWS);
    write_csv(&path("big.csv"), ROWS);
    std::fs::create_dir(path("small")).expect("a temporary folder");
    for nth in 0..SMALL_FILES {
        write_xlsx(&path(&format!("small/{nth:04}.xlsx")), 40);
    }
    println!("{} cells, {} small files, median of {ROUNDS}, {} cores", ROWS * u32::from(COLUMNS), SMALL_FILES, cores());
    compare("xlsx", &path("big.xlsx"), &["calamine-xlsx", "calamine-xlsx-range", "grid"]);
    compare("xls", &path("big.xls"), &["calamine-xls", "grid"]);
    compare("csv", &path("big.csv"), &["bytes", "grid"]);
    compare("small", &path("small"), &["calamine-small", "grid-small-one-by-one", "grid-small"]);
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Runs each job in turn, some rounds, and prints its median beside that of the first.
fn compare(what: &str, file: &Path, jobs: &[&str]) {
    let mut times = vec![Vec::new(); jobs.len()];
    let mut memory = vec![0.0f64; jobs.len()];
    for _ in 0..ROUNDS {
        for (nth, job) in jobs.iter().enumerate() {
            let program = std::env::current_exe().expect("this program");
            let mut command = Command::new(program);
            command.args(["--job", job]).arg(file).stderr(Stdio::inherit());
            let output = command.output().expect("this program again");
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            let mut words = text.split_whitespace().map(|w| w.parse::<f64>().expect("a number"));
            times[nth].push(words.next().expect("a time"));
            memory[nth] = memory[nth].max(words.next().expect("a size"));
        }
    }
    for (nth, job) in jobs.iter().enumerate() {
        times[nth].sort_by(f64::total_cmp);
        let (median, first) = (times[nth][ROUNDS / 2], times[0][ROUNDS / 2]);
        let ratio = median / first;
        println!("{what:6} {job:22} {median:8.1} ms  {ratio:5.2} x  peak {:6.1} MB", memory[nth]);
    }
}

/// One measurement: milliseconds, and how far the peak memory rose, in megabytes.
fn run(job: &str, file: &Path) {
    let before = peak();
    let start = Instant::now();
    match job {
        "calamine-xlsx" => assert!(calamine_cells(file) > 0),
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
        "grid" => drop(black_box(grid::read(file, &file.to_string_lossy(), None).expect("a table"))),
        "calamine-small" => small_files(file).iter().for_each(|f| assert!(calamine_cells(f) > 0)),
        "grid-small-one-by-one" => {
            small_files(file).iter().for_each(|f| drop(black_box(grid::read(f, "small.xlsx", None))));
        }
        "grid-small" => {
            let files = small_files(file);
            let read = grid::on_all_cores(&files, |f| grid::read(f, "small.xlsx", None).map_or(0, |d| d.grids.len()));
            assert_eq!(read.iter().sum::<usize>(), SMALL_FILES);
        }
        other => panic!("no job {other}"),
    }
    println!("{} {}", start.elapsed().as_secs_f64() * 1e3, peak() - before);
}

fn calamine_cells(file: &Path) -> usize {
    let mut book: Xlsx<_> = open_workbook(file).expect("a workbook");
    let mut count = 0;
    for name in book.sheet_names() {
        let mut cells = book.worksheet_cells_reader(&name).expect("a sheet");
        while let Some(cell) = cells.next_cell().expect("a cell") {
            count += usize::from(Data::from(black_box(cell.get_value().clone())) != Data::Empty);
        }
    }
    count
}

fn small_files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("a folder").map(|e| e.expect("an entry").path()).collect();
    files.sort();
    files
}

/// The most memory this process has held, in megabytes; 0 where the system does not tell.
fn peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap_or("0 kB");
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or(0.0) / 1024.0
}

/// What stands in a column of a row: a region's name, a year, then figures as a yearbook prints them.
enum Printed {
    Text(String),
    Number(f64),
}

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

fn write_xlsx(path: &Path, rows: u32) {
    let mut book = rust_xlsxwriter::Workbook::new();
    let grouped = rust_xlsxwriter::Format::new().set_num_format("#,##0.00");
    let sheet = book.add_worksheet();
    for row in 0..rows {
        for column in 0..COLUMNS {
            let written = match printed(row, column) {
                Printed::Text(text) => sheet.write(row, column, text),
                Printed::Number(number) if column % 3 == 2 => sheet.write_with_format(row, column, number, &grouped),
                Printed::Number(number) => sheet.write(row, column, number),
            };
            written.expect("a cell");
        }
    }
    book.save(path).expect("a temporary folder");
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

/// A workbook of Excel 97 with the fewest records that a reader wants: one font, two formats, texts in one list.
fn write_xls(path: &Path, rows: u32) {
    let mut texts: Vec<String> = Vec::new();
    let mut known = std::collections::HashMap::new();
    let mut sheet = Vec::new();
    record(&mut sheet, 0x0809, &words(&[0x0600, 0x0010, 0, 0, 0, 0, 0, 0]));
    let dimensions = [&0u32.to_le_bytes()[..], &rows.to_le_bytes(), &words(&[0, COLUMNS, 0])].concat();
    record(&mut sheet, 0x0200, &dimensions);
    for row in 0..rows {
        for column in 0..COLUMNS {
            let place = words(&[row as u16, column, u16::from(column % 3 == 2)]);
            match printed(row, column) {
                Printed::Text(text) => {
                    let nth = *known.entry(text.clone()).or_insert_with(|| {
                        texts.push(text);
                        texts.len() as u32 - 1
                    });
                    record(&mut sheet, 0x00FD, &[&place[..], &nth.to_le_bytes()].concat());
                }
                Printed::Number(number) => {
                    record(&mut sheet, 0x0203, &[&place[..], &number.to_le_bytes()].concat());
                }
            }
        }
    }
    record(&mut sheet, 0x000A, &[]);
    let mut book = Vec::new();
    record(&mut book, 0x0809, &words(&[0x0600, 0x0005, 0, 0, 0, 0, 0, 0]));
    record(&mut book, 0x0031, &[&words(&[220, 0, 8, 400, 0, 0, 0])[..], &[5, 0], b"Arial"].concat());
    record(&mut book, 0x041E, &[&words(&[164, 8])[..], &[0], b"#,##0.00"].concat());
    for format in [0, 164] {
        record(&mut book, 0x00E0, &words(&[0, format, 0, 0, 0, 0, 0, 0, 0, 0]));
    }
    let place = book.len() + 4 + 8 + 5;
    let strings = shared_strings(&texts, rows);
    let start = (place + strings.len() + 4) as u32;
    record(&mut book, 0x0085, &[&start.to_le_bytes()[..], &[0, 0, 5, 0], b"Sheet"].concat());
    book.extend(strings);
    record(&mut book, 0x000A, &[]);
    book.extend(sheet);
    let mut file =
        cfb::CompoundFile::create_with_version(cfb::Version::V3, Cursor::new(Vec::new())).expect("a container");
    file.create_stream("/Workbook").expect("a stream").write_all(&book).expect("a stream");
    std::fs::write(path, file.into_inner().into_inner()).expect("a temporary folder");
}

/// The list of texts, cut into records of at most 8,224 bytes between texts.
fn shared_strings(texts: &[String], rows: u32) -> Vec<u8> {
    let mut out = Vec::new();
    let mut kind = 0x00FC;
    let mut data = [rows.to_le_bytes(), (texts.len() as u32).to_le_bytes()].concat();
    for text in texts {
        let units: Vec<u16> = text.encode_utf16().collect();
        let whole = [&words(&[units.len() as u16])[..], &[1], &words(&units)].concat();
        if data.len() + whole.len() > 8224 {
            record(&mut out, kind, &data);
            (kind, data) = (0x003C, Vec::new());
        }
        data.extend(whole);
    }
    record(&mut out, kind, &data);
    out
}

fn words(words: &[u16]) -> Vec<u8> {
    words.iter().flat_map(|w| w.to_le_bytes()).collect()
}

fn record(out: &mut Vec<u8>, kind: u16, data: &[u8]) {
    out.extend(words(&[kind, data.len() as u16]));
    out.extend_from_slice(data);
}
