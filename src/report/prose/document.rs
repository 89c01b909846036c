//! A text as it is read: headings, paragraphs, lists, tables and charts, with every figure in its place. What the writers of
//! pages, documents and PDF see.

use super::figure::Quoted;

/// A text with figures, ready to be written down.
#[derive(Clone, Debug, Default)]
pub struct Document {
    pub title: String,
    pub blocks: Vec<Block>,
    /// The figures in the order in which a reader meets them.
    pub figures: Vec<Used>,
    /// What is said of kept and corrected figures.
    pub notices: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// Levels from 1, below the title.
    Heading(u8, Words),
    Paragraph(Words),
    Item(Words),
    /// A line in small print.
    Note(Words),
    /// A table or chart of the same report.
    Table(String),
    Chart(String),
}

/// A run of text, parted where figures stand.
pub type Words = Vec<Run>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Run {
    Text(String),
    /// A figure by its place in the list, and what is shown of it.
    Figure(usize, String),
}

/// A figure that a text prints.
#[derive(Clone, Debug)]
pub struct Used {
    pub quoted: Quoted,
    /// As it stands in the text.
    pub shown: String,
}

/// What stands around figures, tables and charts while the text is being made; private to Unicode, so that no text has them.
const FIGURE: char = '\u{E000}';
const SHOWN: char = '\u{E001}';
const END: char = '\u{E002}';
const BLOCK: char = '\u{E003}';

/// A figure on its way through the template.
pub fn mark_figure(nth: usize, shown: &str) -> String {
    format!("{FIGURE}{nth}{SHOWN}{shown}{END}")
}

/// A table or chart on its way through the template.
pub fn mark_block(kind: &str, id: &str) -> String {
    format!("{BLOCK}{kind}{SHOWN}{id}{END}")
}

/// The blocks of a rendered text.
pub fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut paragraph = String::new();
    for line in text.lines().map(str::trim).chain([""]) {
        let starts = |marker: &str| line.strip_prefix(marker).map(str::trim_start);
        let heading =
            (1..=3_u8).rev().find_map(|level| Some((level, starts(&format!("{} ", "#".repeat(level.into())))?)));
        let single = match (heading, starts("- "), starts("> "), placed(line)) {
            (Some((level, rest)), ..) => Some(Block::Heading(level, words(rest))),
            (_, Some(rest), ..) => Some(Block::Item(words(rest))),
            (_, _, Some(rest), _) => Some(Block::Note(words(rest))),
            (_, _, _, Some(block)) => Some(block),
            _ => None,
        };
        if single.is_none() && !line.is_empty() {
            join(&mut paragraph, line);
            continue;
        }
        if !paragraph.is_empty() {
            blocks.push(Block::Paragraph(words(&std::mem::take(&mut paragraph))));
        }
        blocks.extend(single);
    }
    blocks
}

/// A line that is a table or a chart.
fn placed(line: &str) -> Option<Block> {
    let (kind, id) = line.strip_prefix(BLOCK)?.strip_suffix(END)?.split_once(SHOWN)?;
    Some(if kind == "table" { Block::Table(id.to_owned()) } else { Block::Chart(id.to_owned()) })
}

/// Lines of one paragraph: Chinese goes on without a blank, Latin words keep theirs.
fn join(paragraph: &mut String, line: &str) {
    let latin = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    if latin(paragraph.chars().last()) && latin(line.chars().next()) {
        paragraph.push(' ');
    }
    paragraph.push_str(line);
}

fn words(text: &str) -> Words {
    let mut runs = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(FIGURE) {
        let Some((figure, after)) = after.split_once(END) else { break };
        let Some((nth, shown)) = figure.split_once(SHOWN) else { break };
        if !before.is_empty() {
            runs.push(Run::Text(before.to_owned()));
        }
        runs.push(Run::Figure(nth.parse().unwrap_or_default(), shown.to_owned()));
        rest = after;
    }
    if !rest.is_empty() {
        runs.push(Run::Text(rest.to_owned()));
    }
    runs
}

/// What a reader sees of a run of text.
pub fn plain(words: &Words) -> String {
    let shown = |run: &Run| match run {
        Run::Text(text) | Run::Figure(_, text) => text.clone(),
    };
    words.iter().map(shown).collect()
}

impl Block {
    pub fn plain(&self) -> String {
        match self {
            Block::Heading(_, words) | Block::Paragraph(words) | Block::Item(words) | Block::Note(words) => {
                plain(words)
            }
            Block::Table(id) | Block::Chart(id) => id.clone(),
        }
    }
}

impl Document {
    /// Every text of it.
    pub fn texts(&self) -> Vec<String> {
        let blocks = self.blocks.iter().map(Block::plain);
        blocks.chain([self.title.clone()]).chain(self.notices.iter().cloned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Block, Run, blocks, mark_block, mark_figure, plain};

    #[test]
    fn a_text_is_cut_into_blocks() {
        let text = format!(
            "## 一、参保\n\n年末{}，\n比上年多。\n- 其中\n{}\n> 注：无。\nthe end\nof it",
            mark_figure(3, "12万人"),
            mark_block("table", "one")
        );
        let found = blocks(&text);
        assert_eq!(found[0], Block::Heading(2, vec![Run::Text("一、参保".into())]));
        let Block::Paragraph(words) = &found[1] else { panic!("{found:?}") };
        assert_eq!(words[1], Run::Figure(3, "12万人".into()));
        assert_eq!(plain(words), "年末12万人，比上年多。");
        assert_eq!(
            found[2..].iter().map(Block::plain).collect::<Vec<_>>(),
            ["其中", "one", "注：无。", "the end of it"]
        );
        assert_eq!(found[3], Block::Table("one".into()));
    }
}
