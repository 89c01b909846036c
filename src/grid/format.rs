//! What kind of file it is: judged by content, then compared with the name.
//!
//! Agencies send web pages and text files named `.xls`; a reader that believed the name would fail with a riddle, and one
//! that believed the content would let a wrong download pass as a table. Both are refused, with the true kind named.

use super::Format;
use super::archive::Archive;
use super::compound::{self, Compound};
use super::encoding;
use crate::diag::Diagnostic;

/// What the bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Table(Format),
    /// A workbook in an encrypted envelope.
    Encrypted,
    Empty,
    /// Something that holds no table we can read, described for a person.
    Other(&'static str),
}

/// The format of a file whose content and name agree.
pub(super) fn judge(bytes: &[u8], shown: &str) -> Result<Format, Diagnostic> {
    let name = shown.rsplit(['/', '\\']).next().unwrap_or(shown);
    let extension = name.rsplit_once('.').map(|(_, e)| e.to_lowercase()).unwrap_or_default();
    if name.starts_with("~$") || name.starts_with(".~lock.") {
        return Err(wrong_type("a lock file that an office program leaves while a workbook is open", &extension)
            .hint("close the workbook, or leave this file out"));
    }
    let Some(expected) = expected_formats(&extension) else {
        let message = format!("files named .{extension} are not read");
        return Err(Diagnostic::error("unknown-file-type", message)
            .hint("expected .xls, .xlsx, .xlsm, .xlsb, .ods, .csv, .tsv, .txt, .dbf, .html, .htm or .parquet"));
    };
    match kind(bytes)? {
        Kind::Table(format) if expected.contains(&format) => Ok(format),
        Kind::Table(format) => Err(wrong_type(describe(format), &extension)
            .hint(format!("if it holds the table, rename it to .{}; if not, fetch it again", usual_extension(format)))),
        Kind::Encrypted => Err(password_protected()),
        Kind::Empty => Err(Diagnostic::error("empty-file", "the file is empty, a table was expected")
            .hint("fetch the file again, or leave it out")),
        Kind::Other(what) => {
            Err(wrong_type(what, &extension).hint("save the table as .xlsx, .ods or .csv, or fetch the file again"))
        }
    }
}

pub(super) fn password_protected() -> Diagnostic {
    Diagnostic::error("password-protected", "the workbook is protected by a password")
        .hint("open it in a spreadsheet program, remove the password, save it, and run again")
}

fn wrong_type(what: &str, extension: &str) -> Diagnostic {
    Diagnostic::error("wrong-file-type", format!("the file is named .{extension} but it is {what}"))
}

fn expected_formats(extension: &str) -> Option<&'static [Format]> {
    Some(match extension {
        "xls" | "xlt" | "et" => &[Format::Xls],
        "xlsx" | "xlsm" | "xltx" | "xltm" => &[Format::Xlsx],
        "xlsb" => &[Format::Xlsb],
        "ods" | "ots" => &[Format::Ods],
        "csv" | "tsv" | "tab" | "txt" => &[Format::Delimited],
        "dbf" => &[Format::Dbf],
        "html" | "htm" => &[Format::Html],
        "parquet" => &[Format::Parquet],
        _ => return None,
    })
}

fn usual_extension(format: Format) -> &'static str {
    match format {
        Format::Xls => "xls",
        Format::Xlsx => "xlsx",
        Format::Xlsb => "xlsb",
        Format::Ods => "ods",
        Format::Delimited => "csv",
        Format::Dbf => "dbf",
        Format::Html => "html",
        Format::Parquet => "parquet",
    }
}

fn describe(format: Format) -> &'static str {
    match format {
        Format::Xls => "an Excel 97 workbook (.xls)",
        Format::Xlsx => "an Excel workbook (.xlsx)",
        Format::Xlsb => "an Excel binary workbook (.xlsb)",
        Format::Ods => "an OpenDocument spreadsheet (.ods)",
        Format::Delimited => "plain text, perhaps separated by commas or tabs (.csv)",
        Format::Dbf => "a dBASE table (.dbf)",
        Format::Html => "a web page (.html)",
        Format::Parquet => "a Parquet file (.parquet)",
    }
}

/// Openings of files that are no tables.
const SIGNATURES: &[(&[u8], &str)] = &[
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a PNG image"),
    (b"\xFF\xD8\xFF", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"BM\0", "a bitmap image"),
    (b"II*\0", "a TIFF image"),
    (b"MM\0*", "a TIFF image"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xBC\xAF", "a 7-Zip archive"),
    (b"\x1F\x8B", "a gzip archive"),
    (b"{\\rtf", "a rich text document (.rtf)"),
    (b"MIME-Version:", "a web archive (.mht)"),
    (b"\x09\x00\x04\x00", "an Excel 2 worksheet"),
    (b"\x09\x02\x06\x00", "an Excel 3 worksheet"),
    (b"\x09\x04\x06\x00", "an Excel 4 worksheet"),
];

fn kind(bytes: &[u8]) -> Result<Kind, Diagnostic> {
    if bytes.iter().all(|b| b.is_ascii_whitespace() || *b == 0) {
        return Ok(Kind::Empty);
    }
    if bytes.starts_with(compound::SIGNATURE) {
        return compound_kind(bytes);
    }
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        return zip_kind(bytes);
    }
    if let Some((_, what)) = SIGNATURES.iter().find(|(start, _)| bytes.starts_with(start)) {
        return Ok(Kind::Other(what));
    }
    if bytes.starts_with(b"PAR1") {
        return Ok(Kind::Table(Format::Parquet));
    }
    if super::dbf::is_dbf(bytes) {
        return Ok(Kind::Table(Format::Dbf));
    }
    Ok(text_kind(bytes))
}

/// An OLE2 container: a workbook, another office document, or an encrypted envelope.
fn compound_kind(bytes: &[u8]) -> Result<Kind, Diagnostic> {
    let file = Compound::open(bytes).map_err(|_| super::archive::damaged("the container is broken"))?;
    let has = |name: &str| file.has(name);
    Ok(if has("EncryptedPackage") || has("EncryptionInfo") {
        Kind::Encrypted
    } else if has("Workbook") || has("Book") {
        Kind::Table(Format::Xls)
    } else if has("WordDocument") {
        Kind::Other("a Word document (.doc)")
    } else if has("PowerPoint Document") {
        Kind::Other("a PowerPoint presentation (.ppt)")
    } else {
        Kind::Other("an office container without a workbook")
    })
}

fn zip_kind(bytes: &[u8]) -> Result<Kind, Diagnostic> {
    let mut archive = Archive::open(bytes)?;
    let mimetype = if archive.has("mimetype") { Some(archive.part("mimetype")) } else { None };
    let has = |name: &str| archive.has(name);
    let has_part = |end: &str| archive.has_file(end);
    Ok(if let Some(mimetype) = mimetype.filter(|_| has("content.xml")) {
        let spreadsheet = "application/vnd.oasis.opendocument.spreadsheet";
        match mimetype {
            Ok(kind) if kind.starts_with(spreadsheet.as_bytes()) => Kind::Table(Format::Ods),
            _ => Kind::Other("an OpenDocument file without a spreadsheet"),
        }
    } else if has_part("workbook.bin") {
        Kind::Table(Format::Xlsb)
    } else if has_part("workbook.xml") || (has("[content_types].xml") && has_part("sheet1.xml")) {
        Kind::Table(Format::Xlsx)
    } else if has("word/document.xml") {
        Kind::Other("a Word document (.docx)")
    } else if has("ppt/presentation.xml") {
        Kind::Other("a PowerPoint presentation (.pptx)")
    } else {
        Kind::Other("a ZIP archive")
    })
}

/// Bytes looked at to tell a page from plain text.
const HEAD_BYTES: usize = 64 << 10;

fn text_kind(bytes: &[u8]) -> Kind {
    let marked = bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF");
    let wide = marked || encoding::wide(bytes).is_some();
    let head: Vec<u8> = bytes.iter().take(HEAD_BYTES).copied().filter(|b| !wide || *b != 0).collect();
    if head.contains(&0) {
        return Kind::Other("a binary file of unknown kind");
    }
    let head = String::from_utf8_lossy(&head).to_lowercase();
    let start = head.trim_start_matches(|c: char| c == '\u{feff}' || c == '\u{fffd}' || c.is_whitespace());
    let has_tag = |tags: &[&str]| tags.iter().any(|tag| head.contains(tag));
    if start.starts_with("<?xml") && head.contains("urn:schemas-microsoft-com:office:spreadsheet") {
        Kind::Other("an Excel 2003 XML spreadsheet")
    } else if start.starts_with('<') && has_tag(&["<table", "<html", "<!doctype html", "<body", "<div", "<p>", "<tr"]) {
        Kind::Table(Format::Html)
    } else if start.starts_with("<?xml") {
        Kind::Other("an XML file")
    } else {
        Kind::Table(Format::Delimited)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(shown: &str, bytes: &[u8], expected: &str) {
        let got = match judge(bytes, shown) {
            Ok(format) => format!("{format:?}"),
            Err(d) => format!("{}: {}", d.code, d.message),
        };
        assert_eq!(got, expected, "{shown}");
    }

    #[test]
    fn content_is_compared_with_the_name() {
        check("a.csv", b"x,y\n1,2\n", "Delimited");
        check("a/b.TXT", "\u{feff}甲\t乙".as_bytes(), "Delimited");
        check("a.html", b" <!DOCTYPE html><table><tr><td>1</table>", "Html");
        check("a.xls", b"<html><table>", "wrong-file-type: the file is named .xls but it is a web page (.html)");
        check(
            "a.xls",
            b"x\ty\n1\t2\n",
            "wrong-file-type: the file is named .xls but it is plain text, perhaps separated by commas or tabs (.csv)",
        );
        check("a.xlsx", b"\x89PNG\r\n\x1a\n", "wrong-file-type: the file is named .xlsx but it is a PNG image");
        check("a.xlsx", b"%PDF-1.4", "wrong-file-type: the file is named .xlsx but it is a PDF document");
        check("a.csv", b"", "empty-file: the file is empty, a table was expected");
        check("a.csv", b" \r\n", "empty-file: the file is empty, a table was expected");
        check("a.csv", b"a\0b\x01", "wrong-file-type: the file is named .csv but it is a binary file of unknown kind");
        check("a.shp", b"", "unknown-file-type: files named .shp are not read");
        check(
            "a.xlsx",
            b"PK\x03\x04\x14\0\0\0",
            "truncated-file: the file is cut short: the list of its parts, which stands at its end, is missing",
        );
    }
}
