//! The font that charts are drawn with: found among the machine's fonts by the characters it covers, never by a path.
//! Every string is checked against it before drawing, so that a missing glyph is a named error and never an empty box.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use resvg::usvg::fontdb::{Database, FaceInfo, ID, Style};
use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, MetadataProvider};

use crate::diag::Diagnostic;

/// What Debian calls the package with the font we suggest.
const FONT_PACKAGE: &str = "fonts-noto-cjk";

/// The share of Chinese characters a font must have to be the one that merely lacks a few, in percent.
const NEARLY_COMPLETE_PERCENT: usize = 50;

/// A font and the widths of the characters it will draw.
#[derive(Clone)]
pub struct Face {
    pub family: String,
    /// All fonts of the machine; the renderer finds the family in it.
    pub database: Arc<Database>,
    /// Character → advance in em.
    advances: BTreeMap<char, f64>,
}

impl Face {
    /// The font among those installed that has a glyph for every character of the texts, or for most: which of them cannot be drawn
    /// with it, [`Face::check`] tells of each.
    ///
    /// # Errors
    /// No installed font has Chinese characters.
    pub fn find<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Face, Diagnostic> {
        let mut database = Database::new();
        database.load_system_fonts();
        Face::find_in(database, texts)
    }

    /// As [`Face::find`], among given fonts.
    ///
    /// # Errors
    /// As [`Face::find`].
    pub fn find_in<'a>(database: Database, texts: impl IntoIterator<Item = &'a str>) -> Result<Face, Diagnostic> {
        let texts: Vec<&str> = texts.into_iter().collect();
        let needed: BTreeSet<char> = texts.iter().flat_map(|t| t.chars()).filter(|c| !c.is_whitespace()).collect();
        let mut best: Option<(usize, Rank, ID, BTreeMap<char, f64>)> = None;
        for face in database.faces().filter(|f| f.style == Style::Normal) {
            let Some(advances) = advances(&database, face.id, &needed) else { continue };
            let candidate = (needed.len() - advances.len(), rank(face), face.id, advances);
            if best.as_ref().is_none_or(|b| (candidate.0, &candidate.1) < (b.0, &b.1)) {
                best = Some(candidate);
            }
        }
        let Some((_, _, id, advances)) = best else { return Err(no_font()) };
        let family = database.face(id).and_then(|f| f.families.first()).map(|f| f.0.clone()).unwrap_or_default();
        let face = Face { family, database: Arc::new(database), advances };
        let chinese = needed.iter().filter(|c| is_chinese(**c)).count();
        let known = needed.iter().filter(|c| is_chinese(**c) && face.advances.contains_key(c)).count();
        if known * 100 < chinese * NEARLY_COMPLETE_PERCENT { Err(no_font()) } else { Ok(face) }
    }

    /// # Errors
    /// The font lacks a character of the text.
    pub fn check(&self, text: &str) -> Result<(), Diagnostic> {
        let lacking = text.chars().find(|c| !c.is_whitespace() && !self.advances.contains_key(c));
        lacking.map_or(Ok(()), |c| {
            Err(Diagnostic::error(
                "missing-glyph",
                format!("the font \"{}\" has no glyph for {c:?} (U+{:04X}) in \"{text}\"", self.family, u32::from(c)),
            )
            .hint(format!("replace the character, or install a font that has it: apt-get install {FONT_PACKAGE}")))
        })
    }

    /// Width of a line of text at a size in pixels.
    pub fn width(&self, text: &str, size: f64) -> f64 {
        let em: f64 = text.chars().map(|c| self.advance(c)).sum();
        em * size
    }

    fn advance(&self, c: char) -> f64 {
        let blank = if c == '\u{3000}' { 1.0 } else { 0.3 };
        self.advances.get(&c).copied().unwrap_or(blank)
    }

    /// A text broken into lines no wider than `width`; Chinese breaks anywhere except before closing punctuation.
    pub fn wrap(&self, text: &str, size: f64, width: f64) -> Vec<String> {
        let mut lines = Vec::new();
        for paragraph in text.split('\n') {
            let mut line = String::new();
            for c in paragraph.chars() {
                let full = self.width(&line, size) + self.advance(c) * size > width;
                let closing =
                    matches!(c, '，' | '。' | '；' | '、' | '：' | '）' | '》' | '”' | '%' | '％' | ')' | ',' | '.');
                let inside_word = c.is_ascii_alphanumeric() && ends_in_word(&line);
                let may_break = !line.is_empty() && !closing && !inside_word;
                if full && may_break {
                    lines.push(std::mem::take(&mut line));
                }
                line.push(c);
            }
            lines.push(line);
        }
        lines
    }
}

fn ends_in_word(line: &str) -> bool {
    let word = line.chars().rev().take_while(char::is_ascii_alphanumeric).count();
    word > 0 && word < line.chars().count()
}

fn no_font() -> Diagnostic {
    Diagnostic::error("no-cjk-font", "no installed font has the Chinese characters that the charts need")
        .hint(format!("install one: apt-get install -y {FONT_PACKAGE}"))
}

fn is_chinese(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9FFF}' | '\u{20000}'..='\u{3FFFF}')
}

/// Among fonts that cover the same characters: simplified Chinese forms, then a sans serif, then a regular weight, then
/// the name, so that the choice does not depend on the order of files.
type Rank = (bool, bool, u16, bool, String);

fn rank(face: &FaceInfo) -> Rank {
    let family = face.families.first().map(|f| f.0.clone()).unwrap_or_default();
    let words: Vec<&str> = family.split(' ').collect();
    let simplified = words.iter().any(|w| matches!(*w, "SC" | "CN" | "GB" | "YaHei" | "Hei" | "SimHei"));
    let sans = words.iter().any(|w| matches!(*w, "Sans" | "YaHei" | "Hei" | "SimHei" | "Gothic"));
    let weight = face.weight.0.abs_diff(400);
    (!simplified, !sans, weight, face.monospaced, family)
}

/// Widths of those of the needed characters that the face has.
fn advances(database: &Database, id: ID, needed: &BTreeSet<char>) -> Option<BTreeMap<char, f64>> {
    database.with_face_data(id, |data, index| {
        let font = FontRef::from_index(data, index).ok()?;
        let charmap = font.charmap();
        let metrics = font.glyph_metrics(Size::unscaled(), LocationRef::default());
        let per_em = f64::from(font.metrics(Size::unscaled(), LocationRef::default()).units_per_em.max(1));
        let covered = needed.iter().filter_map(|c| {
            let glyph = charmap.map(*c).filter(|g| g.to_u32() != 0)?;
            Some((*c, f64::from(metrics.advance_width(glyph).unwrap_or(0.0)) / per_em))
        });
        Some(covered.collect())
    })?
}

#[cfg(test)]
mod tests {
    use super::Face;
    use resvg::usvg::fontdb::Database;

    #[test]
    fn no_font_names_the_package() {
        let fault = Face::find_in(Database::new(), ["参保人数"]).err().unwrap();
        assert_eq!(fault.code, "no-cjk-font");
        assert_eq!(fault.hints, ["install one: apt-get install -y fonts-noto-cjk"]);
    }

    #[test]
    fn a_missing_glyph_is_named() {
        // A machine without a Chinese font is a case of its own above; the run itself says so there.
        let Ok(face) = Face::find(["参保人数（万人）2004"]) else { return };
        assert!(face.check("参保").is_ok());
        let face = Face::find(["参保人数", "A\u{10FFFD}"]).unwrap();
        assert!(face.check("参保人数").is_ok(), "what has its glyphs is drawn beside what has not");
        let fault = face.check("A\u{10FFFD}").err().unwrap();
        assert_eq!(fault.code, "missing-glyph");
        assert!(fault.message.contains("U+10FFFD"), "{}", fault.message);
    }

    #[test]
    fn chinese_wraps_by_width() {
        let Ok(face) = Face::find(["基本养老保险，失业ABC"]) else { return };
        assert_eq!(face.wrap("基本养老保险", 10.0, 30.0), ["基本养", "老保险"]);
        assert_eq!(face.wrap("失业，保险", 10.0, 20.0), ["失业，", "保险"]);
        assert_eq!(face.width("基本", 10.0), 20.0);
    }
}
