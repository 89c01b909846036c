//! Which figure of the release each printed one is, carried in the office file itself, so that `shebao explain FILE!CELL` finds
//! it again wherever the file has gone: a part of the container that no program shows. (A yearbook workbook in .xlsx has a
//! hidden sheet instead, which also survives programs that rewrite the file.)

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use serde_json::{Map, Value, json};
use zip::ZipArchive;

use crate::diag::{Diagnostic, Place};
use crate::report::table::key::{FigureKey, Keyed};

/// Where it lies in a Word document or an Excel workbook, and what points there.
pub const OFFICE_PART: &str = "customXml/item1.xml";
pub const OFFICE_RELATION: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/customXml";

/// Where it lies in an OpenDocument file.
pub const OPEN_PART: &str = "shebao/figures.xml";

const OPEN: &str = "<figures xmlns=\"urn:shebao:figures\">";
const CLOSE: &str = "</figures>";

/// Longest part that is read; the keys of the largest workbook are a hundredth of it.
const PART_BYTES: u64 = 1 << 28;

/// The part: JSON as the text of one element.
pub fn part(keys: &[Keyed]) -> Vec<u8> {
    let one = |keyed: &Keyed| {
        let key: Map<String, Value> =
            keyed.figure.key.iter().map(|(column, value)| (column.clone(), value.clone().into())).collect();
        json!({
            "sheet": keyed.sheet,
            "cell": keyed.cell,
            "table": keyed.figure.table,
            "column": keyed.figure.column,
            "key": key,
        })
    };
    let all = Value::from(keys.iter().map(one).collect::<Vec<_>>()).to_string();
    let text = all.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{OPEN}{text}{CLOSE}").into_bytes()
}

/// The keys of an office file; none where it carries no such part.
///
/// # Errors
/// The file is no office file, or the part is not as it was written.
pub fn read(path: &Path) -> Result<Vec<Keyed>, Diagnostic> {
    let shown = path.display().to_string();
    let fault = |error: String| {
        Diagnostic::error("keys", format!("the keys of the figures cannot be read: {error}"))
            .at(Place::file(&shown))
            .hint("check that it is there, and as `shebao run` published it")
    };
    let file = File::open(path).map_err(|error| fault(error.to_string()))?;
    let mut archive = ZipArchive::new(file).map_err(|error| fault(error.to_string()))?;
    for nth in 0..archive.len() {
        let part = archive.by_index(nth).map_err(|error| fault(error.to_string()))?;
        // Word numbers the parts anew when others are there.
        let name = part.name().map_err(|error| fault(error.to_string()))?.into_owned();
        if name != OPEN_PART && !name.starts_with("customXml/item") {
            continue;
        }
        let mut text = String::new();
        part.take(PART_BYTES).read_to_string(&mut text).map_err(|error| fault(error.to_string()))?;
        let Some(start) = text.find("urn:shebao:figures") else { continue };
        let inner = text[start..].split_once('>').and_then(|(_, rest)| rest.split_once("</"));
        let Some((inner, _)) = inner else { return Err(fault(format!("{name} has no end"))) };
        let unescaped = [("&quot;", "\""), ("&apos;", "'"), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")];
        let text = unescaped.iter().fold(inner.to_owned(), |text, (from, to)| text.replace(from, to));
        let all: Vec<Value> = serde_json::from_str(&text).map_err(|error| fault(error.to_string()))?;
        return Ok(all.iter().map(keyed).collect());
    }
    Ok(Vec::new())
}

fn keyed(value: &Value) -> Keyed {
    let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let key = value["key"].as_object().into_iter().flatten();
    let key = key.map(|(column, value)| (column.clone(), value.as_str().unwrap_or_default().to_owned()));
    Keyed {
        sheet: text("sheet"),
        cell: text("cell"),
        figure: FigureKey { table: text("table"), column: text("column"), key: key.collect() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::formats::pack::pack;

    #[test]
    fn keys_are_read_as_they_were_written() {
        let key = vec![("period".to_owned(), "2012".to_owned()), ("region".to_owned(), "<&\"'>".to_owned())];
        let figure = FigureKey { table: "ind_coverage".into(), column: "coverage_pct".into(), key };
        let keys = vec![Keyed { sheet: "表1".into(), cell: "D7".into(), figure }];
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.docx");
        std::fs::write(&path, pack(&[("a", Vec::new()), (OFFICE_PART, part(&keys))]).unwrap()).unwrap();
        assert_eq!(read(&path).unwrap(), keys);
        std::fs::write(&path, pack(&[("a", Vec::new())]).unwrap()).unwrap();
        assert!(read(&path).unwrap().is_empty());
        std::fs::write(&path, "no archive").unwrap();
        assert!(read(&path).unwrap_err().message.contains("cannot be read"));
    }
}
