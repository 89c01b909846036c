//! One text in many pieces, and cells at the odd places of encodings and quotation marks.

use std::io::Write as _;
use std::ops::ControlFlow;

use super::*;

#[derive(Default)]
struct Heard {
    labels: Vec<String>,
    rows: Vec<(u64, Vec<String>)>,
}

impl Heard {
    fn read(name: &str, content: &[u8], encoding: &str, delimiter: char) -> Result<Heard, Diagnostic> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        struct Listening(Heard, Option<TextForm>);
        impl Sink for Listening {
            fn header(&mut self, header: Header) -> ControlFlow<()> {
                self.0.labels = header.labels;
                self.1 = Some(header.text);
                ControlFlow::Continue(())
            }
            fn piece(&mut self, piece: Piece) -> ControlFlow<()> {
                let text = self.1.unwrap();
                piece.each(&text, |line, _, cells| {
                    let shown = cells.iter().map(|cell| {
                        let shown = text.decode(cell.bytes).map_or("?".to_owned(), Cow::into_owned);
                        if cell.form == Form::Broken { format!("!{shown}") } else { shown }
                    });
                    self.0.rows.push((line, shown.collect()));
                });
                ControlFlow::Continue(())
            }
        }
        let mut listening = Listening(Heard::default(), None);
        super::read(&path, name, Some(encoding), delimiter, &mut listening)?;
        Ok(listening.0)
    }

    fn shown(&self) -> String {
        self.rows.iter().map(|(line, cells)| format!("{line}:{}", cells.join("/"))).collect::<Vec<_>>().join(" ")
    }
}

#[test]
fn records_are_cut_at_any_delimiter_and_quotation() {
    let check = |content: &[u8], encoding: &str, delimiter: char, expected: &str| {
        let heard = Heard::read("a.csv", content, encoding, delimiter).unwrap();
        assert_eq!(heard.shown(), expected, "{}", String::from_utf8_lossy(content));
    };
    check(b"a,b\n1,2\n3,4\n", "utf-8", ',', "2:1/2 3:3/4");
    check(b"a,b\r\n1,2\r\n\r\n3,", "utf-8", ',', "2:1/2 4:3/");
    check("\u{FEFF}险种,b\n失业,2".as_bytes(), "utf-8", ',', "2:失业/2");
    check(b"a,b\n\"x,y\",\"1\n2\"\n\"\"\"\",4\n", "utf-8", ',', "2:x,y/1\n2 4:\"\"/4");
    check(b"a,b\n\"x\"y,2\n3,4\"5\n", "utf-8", ',', "2:!x/2 3:3/4\"5");
    // The second byte of 倈 in GB18030 is that of `|`, and so it is of the four-byte sign before it no line's end.
    let (text, _, lost) = encoding_rs::GB18030.encode("名|数\n倈|1\n\u{20000}倈|2\n");
    assert!(!lost && text.windows(2).any(|w| w[1] == b'|' && w[0] > 0x80), "the test needs such a character");
    check(&text, "gb18030", '|', "2:倈/1 3:\u{20000}倈/2");
    // A character cut in its middle takes no line's end with it.
    check(b"a|b\n\x81\n3|4\n", "gb18030", '|', "2:? 3:3/4");
}

#[test]
fn a_long_text_comes_in_pieces_with_every_line_once() {
    let mut text = String::from("号,名\n");
    let rows = 300_000;
    for n in 0..rows {
        text.push_str(&if n % 7 == 0 { format!("{n},\"甲\n乙\"\n") } else { format!("{n},甲\n") });
    }
    let check = |name: &str, content: &[u8]| {
        let heard = Heard::read(name, content, "utf-8", ',').unwrap();
        assert_eq!(heard.labels, ["号", "名"]);
        assert_eq!(heard.rows.len(), rows);
        let mut line = 2;
        for (n, (at, cells)) in heard.rows.iter().enumerate() {
            assert_eq!((*at, cells[0].as_str()), (line, n.to_string().as_str()));
            line += if n % 7 == 0 { 2 } else { 1 };
        }
    };
    check("a.csv", text.as_bytes());
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(text.as_bytes()).unwrap();
    check("a.csv.gz", &gz.finish().unwrap());
    let mut zip = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
    zip.start_file("a.csv", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(text.as_bytes()).unwrap();
    check("a.zip", &zip.finish().unwrap().into_inner());
}

#[test]
fn what_is_no_extract_is_refused_with_a_reason() {
    let check = |name: &str, content: &[u8], code: &str| {
        let fault = Heard::read(name, content, "gb18030", ',').map(|heard| heard.shown()).unwrap_err();
        assert_eq!((fault.code, fault.place.file.as_deref()), (code, Some(name)), "{}", fault.message);
    };
    check("a.csv", b"", "empty-file");
    check("a.csv", b"a,b\n\"1,2\n", "unclosed-quotation");
    let long = [b"a,b\n\"1,2\n".as_slice(), &b"3,4\n".repeat(200)].concat();
    check("a.csv", &long, "unclosed-quotation");
    check("a.csv", &vec![b'x'; 3 << 20], "record-too-long");
    check("a.gz", b"a,b\n1,2\n", "format-mismatch");
    check("a.csv", b"PK\x03\x04....", "format-mismatch");
    check("a.csv", b"\xFF\xFEa\x00", "not-text");
    check("a.parquet", b"PAR1 and no more", "damaged-file");
    check("a.dbf", b"\x03 no table", "damaged-file");
    check("a.csv.gz", b"\x1F\x8B and no more", "damaged-file");
    check("a.csv", b"\xFF\xFF,b\n1,2\n", "undecodable-byte");
}
