//! What the library that writes workbooks cannot say: that the title of a sheet is a heading, in which language the
//! workbook is, and which figures of the release it prints. Readers who do not see a sheet are led by both.

use std::io::{Cursor, Read as _};

use zip::ZipArchive;

use super::keys;
use super::pack::pack;
use crate::diag::Diagnostic;
use crate::report::table::key::Keyed;

/// A workbook whose cells in the font of a size are tagged as headings, with the keys of its figures as a part of its own.
///
/// # Errors
/// The bytes are no workbook.
pub fn tag(workbook: &[u8], title_size: f64, figures: &[Keyed]) -> Result<Vec<u8>, Diagnostic> {
    let fault = |error: String| Diagnostic::error("xlsx", format!("a workbook cannot be tagged: {error}"));
    let mut archive = ZipArchive::new(Cursor::new(workbook)).map_err(|e| fault(e.to_string()))?;
    let mut parts: Vec<(String, Vec<u8>)> = Vec::new();
    for nth in 0..archive.len() {
        let mut part = archive.by_index(nth).map_err(|e| fault(e.to_string()))?;
        let name = part.name().map_err(|e| fault(e.to_string()))?.into_owned();
        let mut bytes = Vec::new();
        part.read_to_end(&mut bytes).map_err(|e| fault(e.to_string()))?;
        let text = String::from_utf8(bytes).map_err(|e| fault(e.to_string()))?;
        let changed = match name.as_str() {
            "xl/styles.xml" => headings(&text, title_size),
            "docProps/core.xml" => {
                Some(text.replace("</cp:coreProperties>", "<dc:language>zh-CN</dc:language></cp:coreProperties>"))
            }
            "xl/_rels/workbook.xml.rels" => {
                let target = format!("../{}", keys::OFFICE_PART);
                let relation = keys::OFFICE_RELATION;
                let one = format!("<Relationship Id=\"rIdFigures\" Type=\"{relation}\" Target=\"{target}\"/>");
                Some(text.replace("</Relationships>", &format!("{one}</Relationships>")))
            }
            _ => Some(text),
        };
        let changed = changed.ok_or_else(|| fault(format!("{name} is not as expected")))?;
        parts.push((name, changed.into_bytes()));
    }
    parts.push((keys::OFFICE_PART.to_owned(), keys::part(figures)));
    let parts: Vec<(&str, Vec<u8>)> = parts.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    pack(&parts)
}

/// The style sheet with the built-in style of headings, worn by the cells in the title's font.
fn headings(styles: &str, size: f64) -> Option<String> {
    let font =
        section(styles, "fonts")?.split("<font>").skip(1).position(|f| f.contains(&format!("<sz val=\"{size}\"/>")))?;
    let named = count(section(styles, "cellStyleXfs")?)?;
    let xf = format!("<xf numFmtId=\"0\" fontId=\"{font}\" fillId=\"0\" borderId=\"0\"/>");
    let style = format!("<cellStyle name=\"Heading 1\" xfId=\"{named}\" builtinId=\"16\"/>");
    let styles = append(styles, "cellStyleXfs", &xf)?;
    let styles = append(&styles, "cellStyles", &style)?;
    let cells = section(&styles, "cellXfs")?;
    let worn = |xf: &str| match xf.contains(&format!("fontId=\"{font}\"")) {
        true => xf.replacen("xfId=\"0\"", &format!("xfId=\"{named}\""), 1),
        false => xf.to_owned(),
    };
    let tagged: Vec<String> = cells.split("<xf ").map(worn).collect();
    Some(styles.replacen(cells, &tagged.join("<xf "), 1))
}

/// `<name count="1">…</name>`, both tags included.
fn section<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let start = text.find(&format!("<{name} "))?;
    let close = format!("</{name}>");
    let end = start + text[start..].find(&close)? + close.len();
    Some(&text[start..end])
}

fn count(section: &str) -> Option<usize> {
    section.split_once("count=\"")?.1.split_once('"')?.0.parse().ok()
}

/// One more entry in a counted section.
fn append(text: &str, name: &str, entry: &str) -> Option<String> {
    let old = section(text, name)?;
    let (before, close) = (count(old)?, format!("</{name}>"));
    let new = old.replacen(&format!("count=\"{before}\""), &format!("count=\"{}\"", before + 1), 1);
    Some(text.replacen(old, &new.replacen(&close, &format!("{entry}{close}"), 1), 1))
}

#[cfg(test)]
mod tests {
    use super::headings;

    #[test]
    fn the_title_is_a_heading() {
        let styles = "<fonts count=\"2\"><font><sz val=\"11\"/></font><font><b/><sz val=\"16\"/></font></fonts>\
            <cellStyleXfs count=\"1\"><xf numFmtId=\"0\"/></cellStyleXfs>\
            <cellXfs count=\"2\"><xf fontId=\"0\" xfId=\"0\"/><xf fontId=\"1\" xfId=\"0\"/></cellXfs>\
            <cellStyles count=\"1\"><cellStyle name=\"Normal\" xfId=\"0\"/></cellStyles>";
        let tagged = headings(styles, 16.0).unwrap();
        assert!(tagged.contains("<xf fontId=\"0\" xfId=\"0\"/><xf fontId=\"1\" xfId=\"1\"/>"), "{tagged}");
        assert!(
            tagged.contains("<cellStyleXfs count=\"2\">") && tagged.contains("<cellStyles count=\"2\">"),
            "{tagged}"
        );
        assert!(
            tagged.contains("<cellStyle name=\"Heading 1\" xfId=\"1\" builtinId=\"16\"/></cellStyles>"),
            "{tagged}"
        );
        assert!(headings("<styleSheet/>", 16.0).is_none());
    }
}
