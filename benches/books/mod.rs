//! Workbooks made for the benches, and how a job is measured on them: in a process of its own, so that its peak memory is
//! its own.

use std::hint::black_box;
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use calamine::{Data, Reader, Xlsx, open_workbook};

/// What a job took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    pub ms: f64,
    /// How far the peak memory rose, in megabytes.
    pub peak_mb: f64,
    /// What of it was held at the end.
    pub held_mb: f64,
}

/// Runs this program again for each job in turn, some rounds: what else the machine does falls on all alike. Medians of
/// time, maxima of memory.
pub fn measure(file: &Path, jobs: &[&str], rounds: usize) -> Vec<Cost> {
    let mut costs = vec![Vec::new(); jobs.len()];
    for _ in 0..rounds {
        for (job, costs) in jobs.iter().zip(&mut costs) {
            let mut command = Command::new(std::env::current_exe().expect("this program"));
            command.args(["--job", job]).arg(file).stderr(Stdio::inherit());
            let output = command.output().expect("this program again");
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            let numbers: Vec<f64> = text.split_whitespace().map(|w| w.parse().expect("a number")).collect();
            let [ms, peak_mb, held_mb] = numbers[..] else { panic!("{job} said {text}") };
            costs.push(Cost { ms, peak_mb, held_mb });
        }
    }
    let cost = |mut costs: Vec<Cost>| {
        costs.sort_by(|a, b| a.ms.total_cmp(&b.ms));
        let most = |of: fn(&Cost) -> f64| costs.iter().map(of).fold(0.0, f64::max);
        Cost { ms: costs[rounds / 2].ms, peak_mb: most(|c| c.peak_mb), held_mb: most(|c| c.held_mb) }
    };
    costs.into_iter().map(cost).collect()
}

/// A measurement within such a process: runs the job and prints what it took; what it returns is held to the end.
pub fn job<T>(run: impl FnOnce() -> T) {
    let (peak, held) = (memory("VmHWM:"), memory("VmRSS:"));
    let start = std::time::Instant::now();
    let made = black_box(run());
    let ms = start.elapsed().as_secs_f64() * 1e3;
    println!("{ms} {} {}", memory("VmHWM:") - peak, memory("VmRSS:") - held);
    drop(made);
}

/// The job and the file that this process is to measure.
pub fn asked() -> Option<(String, PathBuf)> {
    let mut arguments = std::env::args().skip_while(|a| a != "--job").skip(1);
    Some((arguments.next()?, arguments.next()?.into()))
}

/// Whether a bench is wanted: `cargo bench NAME` and `cargo test` pass on what is for others.
pub fn wanted(bench: &str) -> bool {
    !std::env::args().skip(1).any(|a| a == "--test" || (!a.starts_with('-') && !bench.contains(a.as_str())))
}

pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Megabytes of this process; 0 where the system does not tell.
fn memory(kind: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix(kind)).unwrap_or("0 kB");
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or(0.0) / 1024.0
}

/// calamine's bare decode: every cell of every sheet, kept nowhere.
pub fn calamine_cells(file: &Path) -> usize {
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

pub fn files_in(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("a folder").map(|e| e.expect("an entry").path()).collect();
    files.sort();
    files
}

/// What stands in a cell. Every third column has a number format.
pub enum Printed {
    Text(String),
    Number(f64),
}

pub fn write_xlsx(path: &Path, rows: u32, columns: u16, printed: impl Fn(u32, u16) -> Printed) {
    let mut book = rust_xlsxwriter::Workbook::new();
    let grouped = rust_xlsxwriter::Format::new().set_num_format("#,##0.00");
    let sheet = book.add_worksheet();
    for row in 0..rows {
        for column in 0..columns {
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

/// A workbook of Excel 97 with the fewest records that a reader wants: one font, two formats, texts in one list.
pub fn write_xls(path: &Path, rows: u32, columns: u16, printed: impl Fn(u32, u16) -> Printed) {
    let mut texts: Vec<String> = Vec::new();
    let mut known = std::collections::HashMap::new();
    let mut sheet = Vec::new();
    record(&mut sheet, 0x0809, &words(&[0x0600, 0x0010, 0, 0, 0, 0, 0, 0]));
    let dimensions = [&0u32.to_le_bytes()[..], &rows.to_le_bytes(), &words(&[0, columns, 0])].concat();
    record(&mut sheet, 0x0200, &dimensions);
    for row in 0..rows {
        for column in 0..columns {
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
