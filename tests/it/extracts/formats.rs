//! One content in every encoding and format: GB18030 text plain, as .gz and .zip, dbf, Parquet with typed columns.

use std::fs::File;
use std::io::{Cursor, Write as _};
use std::path::Path;
use std::sync::Arc;

use parquet::data_type::{ByteArray, ByteArrayType, Int32Type, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use super::{gb18030, given, project, rows, sorted};

const KINDS: [&str; 5] = ["unit", "contribution", "benefit", "death", "workforce"];

#[test]
fn every_format_gives_the_same_records() {
    for format in ["csv", "csv.gz", "zip", "dbf", "parquet"] {
        let project = project();
        for kind in KINDS {
            let path = project.file(&format!("fixtures/agency/{kind}/530402-2026-01.{format}"));
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            write(&given(&format!("{kind}.csv")), format, &path);
        }
        project.shebao(&["run"]).must_end_with(0);
        for kind in KINDS {
            let expected = sorted(&given(&format!("{kind}.rows")));
            let sql = format!("SELECT {} FROM core_{kind}", expected[0]);
            assert_eq!(rows(&project, &sql), expected, "{kind} as .{format}");
        }
        let persons = "SELECT count(DISTINCT person_id) AS persons, max(length(person_id)) AS digits FROM ";
        for (kind, count) in [("contribution", 7), ("benefit", 18), ("death", 20)] {
            let found = rows(&project, &format!("{persons} core_{kind}"));
            assert_eq!(found[1], format!("{count},32"), "{kind} as .{format}");
        }
    }
}

fn write(text: &str, format: &str, path: &Path) {
    let records: Vec<Vec<String>> = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.as_bytes())
        .records()
        .map(|record| record.unwrap().iter().map(str::to_owned).collect())
        .collect();
    match format {
        "csv" => std::fs::write(path, gb18030(text)).unwrap(),
        "csv.gz" => {
            let mut packed = flate2::write::GzEncoder::new(File::create(path).unwrap(), flate2::Compression::default());
            packed.write_all(&gb18030(text)).unwrap();
            packed.finish().unwrap();
        }
        "zip" => {
            let mut packed = zip::ZipWriter::new(Cursor::new(Vec::new()));
            packed.start_file("extract.csv", zip::write::SimpleFileOptions::default()).unwrap();
            packed.write_all(&gb18030(text)).unwrap();
            std::fs::write(path, packed.finish().unwrap().into_inner()).unwrap();
        }
        "dbf" => std::fs::write(path, dbf(&records)).unwrap(),
        _ => parquet(&records, path),
    }
}

/// The names that offices give the columns in dbf files, which have room for ten bytes.
fn short(label: &str) -> &str {
    match label {
        "行政区划代码" | "行政区划" => "XZQH",
        "登记注册类型" => "DJZCLX",
        "费款所属期" => "FKSSQ",
        label => label,
    }
}

/// A dBASE III table of character fields; a deleted record stands before the others.
fn dbf(records: &[Vec<String>]) -> Vec<u8> {
    const WIDTH: u8 = 60;
    let (header, body) = records.split_first().unwrap();
    let size = 32 + 32 * header.len() + 1;
    let record_size = 1 + usize::from(WIDTH) * header.len();
    let mut bytes = vec![0x03, 126, 1, 31];
    bytes.extend((body.len() as u32 + 1).to_le_bytes());
    bytes.extend((size as u16).to_le_bytes());
    bytes.extend((record_size as u16).to_le_bytes());
    bytes.resize(32, 0);
    for label in header {
        let mut field = gb18030(short(label));
        assert!(field.len() <= 10, "{label}");
        field.resize(11, 0);
        field.push(b'C');
        field.resize(16, 0);
        field.push(WIDTH);
        field.resize(32, 0);
        bytes.extend(field);
    }
    bytes.push(0x0D);
    bytes.push(b'*');
    bytes.resize(bytes.len() + record_size - 1, b'x');
    for record in body {
        bytes.push(b' ');
        for cell in record {
            let mut cell = gb18030(cell);
            cell.resize(usize::from(WIDTH), b' ');
            bytes.extend(cell);
        }
    }
    bytes.push(0x1A);
    bytes
}

/// Columns typed where all their cells are of one type: amounts as decimals, whole numbers as integers, the rest as text.
fn parquet(records: &[Vec<String>], path: &Path) {
    let (header, body) = records.split_first().unwrap();
    let column = |nth: usize| body.iter().map(move |record| record[nth].as_str());
    let fen = |cell: &str| -> Option<i64> {
        let (whole, part) = cell.split_once('.').unwrap_or((cell, ""));
        let digits = format!("{whole}{part:0<2}");
        (part.len() <= 2 && cell.len() < 10).then(|| digits.parse().ok()).flatten()
    };
    let is_money = |nth: usize| header[nth].contains('缴') && column(nth).all(|cell| fen(cell).is_some());
    let is_whole = |nth: usize| column(nth).all(|cell| cell.len() < 9 && cell.parse::<i32>().is_ok());
    let kinds: Vec<&str> = (0..header.len())
        .map(|nth| {
            if is_money(nth) {
                "money"
            } else if is_whole(nth) {
                "whole"
            } else {
                "text"
            }
        })
        .collect();
    let fields: Vec<String> = header
        .iter()
        .zip(&kinds)
        .map(|(label, kind)| match *kind {
            "money" => format!("required int64 {label} (DECIMAL(18,2));"),
            "whole" => format!("required int32 {label};"),
            _ => format!("optional binary {label} (STRING);"),
        })
        .collect();
    let schema = Arc::new(parse_message_type(&format!("message t {{ {} }}", fields.join(" "))).unwrap());
    let properties = Arc::new(WriterProperties::builder().build());
    let mut writer = SerializedFileWriter::new(File::create(path).unwrap(), schema, properties).unwrap();
    let mut group = writer.next_row_group().unwrap();
    for (nth, kind) in kinds.iter().enumerate() {
        let mut writing = group.next_column().unwrap().unwrap();
        match *kind {
            "money" => {
                let values: Vec<i64> = column(nth).filter_map(fen).collect();
                writing.typed::<Int64Type>().write_batch(&values, None, None).unwrap();
            }
            "whole" => {
                let values: Vec<i32> = column(nth).map(|cell| cell.parse().unwrap()).collect();
                writing.typed::<Int32Type>().write_batch(&values, None, None).unwrap();
            }
            _ => {
                let present: Vec<i16> = column(nth).map(|cell| i16::from(!cell.is_empty())).collect();
                let values: Vec<ByteArray> = column(nth).filter(|c| !c.is_empty()).map(ByteArray::from).collect();
                writing.typed::<ByteArrayType>().write_batch(&values, Some(&present), None).unwrap();
            }
        }
        writing.close().unwrap();
    }
    group.close().unwrap();
    writer.close().unwrap();
}
