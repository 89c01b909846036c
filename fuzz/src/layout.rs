//! Random layouts: a specification, and a sheet that is most often what it declares.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use shebao::grid::column_letters;

use super::choices::Choices;
use super::container;

const CORNERS: [&str; 3] = ["地区", "年份", "指标"];
const HEADERS: [&str; 10] =
    ["参保人数", "合计", "男", "女", "2012年", "2013年", "年末", "参保人数（人）", "合 计", "失业保险"];
const LABELS: [&str; 16] = [
    "北京",
    "上海市",
    "全国",
    "合计",
    "2012",
    "2013",
    "失业保险",
    "其中：天津",
    "　河北",
    "  山西",
    "一、内蒙古",
    "注：快报数",
    "北京*",
    "天津 Tianjin",
    "续表",
    "* 快报数",
];
const NUMBERS: [&str; 12] = ["0", "7", "36.7", "36. 7", "1,408", "1 408", "+5", "１２３", ".7", "0.50", "…", "—"];
const ODD_NUMBERS: [&str; 8] = ["- 3. 5", "－12", "x", "12%", "36.7*", "7p", "1 40", "二"];
const COLUMN_ENTRIES: [&str; 7] = ["参保人数", "合计", "男", "{year}年", "{c:int}岁", "{scheme}", "女"];
const ROW_ENTRIES: [&str; 8] = ["{region}", "合计", "北京", "{year}", "{r:int}级", "{any}", "上海市", "其中：{region}"];

/// Keys of a table that change how it is found and read, each chosen or not.
const KEYS: [&str; 14] = [
    "header_blank = \"left\"\n",
    "label_blank = \"above\"\n",
    "until = [\"注\"]\n",
    "until = [\"\"]\n",
    "bilingual = true\n",
    "order = \"any\"\n",
    "panels = \"right\"\n",
    "panels = \"both\"\nbetween = [\"续表\"]\n",
    "until_column = [\"年末\", \"\"]\n",
    "levels = [\"indent\", \"of-which\"]\n",
    "levels = [\"numbering\", \"bold\", \"heading\"]\n",
    "levels = [\"heading\"]\n",
    "note_marks = [\"*\"]\n",
    "levels = [\"of-which\"]\n",
];
const ENTRY_KEYS: [&str; 6] = [
    "merged = true\n",
    "unit = \"10k_person\"\n",
    "population = \"_T\"\n",
    "optional = true\n",
    "skip = true\n",
    "period = \"left\"\n",
];

/// A cell as it is written into the workbook.
pub struct Written {
    pub text: String,
    /// Made as one of the numbers, not as a label.
    pub number: bool,
    /// Stored as a number, not as text.
    stored: bool,
    style: usize,
}

pub type Cells = BTreeMap<(usize, usize), Written>;

/// A merged range: first row and column, last row and column.
pub type Merge = [usize; 4];

/// The parts of a label, as patterns.
type Label = Vec<&'static str>;

/// What a table declares: of each row its label columns, of each column its header from the top.
pub struct Layout {
    corner: &'static [&'static str],
    header_rows: usize,
    keys: String,
    rows: Vec<Label>,
    columns: Vec<Label>,
}

impl Layout {
    pub fn choose(choices: &mut Choices) -> Layout {
        let label_columns = 1 + choices.below(2);
        let corner = if choices.once_in(8) { &[""; 2][..label_columns] } else { &CORNERS[..label_columns] };
        let header_rows = 1 + choices.below(3);
        let mut keys: Vec<&str> = (0..choices.below(4)).map(|_| choices.pick(&KEYS)).collect();
        keys.sort_unstable();
        keys.dedup_by_key(|key| key.split(' ').next());
        let mut labels = |entries: &[&'static str], parts: usize, all: bool| {
            let mut labels: Vec<Label> = Vec::new();
            for _ in 0..=choices.below(4) {
                let parts = if all { parts } else { 1 + choices.below(parts) };
                let label: Label = (0..parts).map(|_| choices.pick(entries)).collect();
                if !labels.contains(&label) {
                    labels.push(label);
                }
            }
            labels
        };
        let rows = labels(&ROW_ENTRIES, label_columns, true);
        let columns = labels(&COLUMN_ENTRIES, header_rows, false);
        Layout { corner, header_rows, keys: keys.concat(), rows, columns }
    }

    pub fn specification(&self, choices: &mut Choices) -> String {
        let (corner, header_rows, keys) = (self.corner, self.header_rows, &self.keys);
        let mut text = format!("title = \"t\"\nheader_rows = {header_rows}\ncorner = {corner:?}\n{keys}");
        text.push_str("unit = \"person\"\nperiod = \"2010\"\n");
        if choices.once_in(3) {
            text.push_str("[status]\n\"p\" = \"provisional\"\n");
        }
        text.push_str("[context]\nindicator = \"insured_person\"\n");
        for (key, lines) in [("rows", &self.rows), ("columns", &self.columns)] {
            for (nth, label) in lines.iter().enumerate() {
                text.push_str(&format!("[[{key}]]\nlabel = {label:?}\n"));
                // So that two labels do not mean the same.
                if !choices.once_in(16) {
                    text.push_str(&format!("breakdown = {{ of_{key} = {nth} }}\n"));
                }
                if choices.once_in(8) {
                    text.push_str(choices.pick(&ENTRY_KEYS));
                }
            }
        }
        text.push_str("[[edition]]\nid = \"1\"\nfile = \"fuzz.xlsx\"\n");
        text
    }

    /// The table at some place of a sheet, here and there with another text than declared, and merged ranges.
    pub fn sheet(&self, choices: &mut Choices) -> (Cells, Vec<Merge>) {
        let (top, left) = (choices.below(3), choices.below(2));
        let (label_columns, header_rows) = (self.corner.len(), self.header_rows);
        let (rows, columns) = (lines(&self.rows, choices.below(4)), lines(&self.columns, choices.below(3)));
        let (height, width) = (header_rows + rows.len(), label_columns + columns.len());
        let mut panels =
            |key: &str| if self.keys.contains(key) || choices.once_in(32) { 1 + choices.below(2) } else { 1 };
        let (right, below) = (panels("panels"), panels("both"));
        let mut cells = Cells::new();
        for place in 0..height * below * width * right {
            let at = (place / (width * right), place % (width * right));
            let (row, col) = (at.0 % height, at.1 % width);
            // Labels of other panels are other ones.
            let turn = (at.0 / height + 2 * (at.1 / width)) * rows.len();
            let odd = choices.once_in(32);
            let text = match (row.checked_sub(header_rows), col.checked_sub(label_columns)) {
                (None, None) if row == 0 => self.corner[col],
                (None, None) => "",
                (None, Some(_)) if odd => choices.pick(&HEADERS),
                (Some(_), None) if odd => choices.pick(&LABELS),
                (Some(_), Some(_)) if odd => choices.pick(&ODD_NUMBERS),
                (None, Some(col)) => columns[col].get(row).map_or("", |part| instance(part, col)),
                (Some(row), None) => instance(rows[row][col], turn + row),
                (Some(_), Some(_)) => choices.pick(&NUMBERS),
            };
            let number = row >= header_rows && col >= label_columns;
            let how = choices.byte();
            let blank = text.is_empty() || (how % 16 == 15 && (odd || number));
            let digits = text.bytes().all(|b| b.is_ascii_digit() || b == b'.') && !text.starts_with('.');
            let stored = number && digits && how % 4 == 2;
            if !blank {
                let written = Written { text: plain(text, stored), number, stored, style: usize::from(how / 16) % 4 };
                cells.insert((top + at.0, left + at.1), written);
            }
        }
        let merges = merges(choices, (top, left), (height * below, width * right));
        // What a merged cell covers nobody sees; readers are tested on files that keep it.
        cells.retain(|at, _| merges.iter().find(|m| covers(m, *at)).is_none_or(|m| (m[0], m[1]) == *at));
        (cells, merges)
    }
}

/// Every label once, and those that capture something as often again as is wanted.
fn lines(labels: &[Label], more: usize) -> Vec<&Label> {
    let open: Vec<&Label> = labels.iter().filter(|l| l.iter().any(|part| part.contains('{'))).collect();
    labels.iter().chain(open.into_iter().cycle().take(more)).collect()
}

/// The nth text that fits one part of a label.
fn instance(pattern: &'static str, nth: usize) -> &'static str {
    let texts: &[&str] = match pattern {
        "{region}" => &["北京", "上海市", "全国", "河北", "天津 市", "内蒙古", "山西省", "辽宁", "吉林", "黑龙江"],
        "其中：{region}" => &["其中：天津", "其中：辽宁", "其中: 吉林", "其中：北京", "其中：山西"],
        "{year}" => &["2011", "2012", "2013", "2014", "2015", "2016", "2017"],
        "{year}年" => &["2011年", "2012年", "2013年", "2014 年", "2015年", "2016年"],
        "{scheme}" => &["失业保险", "工伤保险", "生育保险"],
        "{c:int}岁" => &["15岁", "16 岁", "17岁", "１８岁", "19岁", "20岁"],
        "{r:int}级" => &["1级", "2级", "3级", "4 级", "5级", "6级", "7级"],
        "{any}" => &["甲", "乙", "丙", "丁", "戊", "己", "庚"],
        literal => return literal,
    };
    texts[nth % texts.len()]
}

fn covers([r1, c1, r2, c2]: &Merge, (row, col): (usize, usize)) -> bool {
    (*r1..=*r2).contains(&row) && (*c1..=*c2).contains(&col)
}

/// Most often none; none lies over another.
fn merges(choices: &mut Choices, (top, left): (usize, usize), (rows, cols): (usize, usize)) -> Vec<Merge> {
    let mut merges: Vec<Merge> = Vec::new();
    for _ in 0..choices.below(8).saturating_sub(4) {
        let (row, col) = (top + choices.below(rows), left + choices.below(cols));
        let merge = [row, col, row + choices.below(3), col + choices.below(3)];
        let apart = |m: &Merge| m[2] < merge[0] || merge[2] < m[0] || m[3] < merge[1] || merge[3] < m[1];
        if merges.iter().all(apart) {
            merges.push(merge);
        }
    }
    merges
}

/// A number as General shows it.
fn plain(text: &str, stored: bool) -> String {
    let number = text.parse::<Decimal>().ok().filter(|_| stored);
    number.map_or_else(|| text.to_owned(), |n| n.normalize().to_string())
}

/// The sheet as an xlsx file. Styles: plain, bold, indented by one and by two.
pub fn workbook(cells: &Cells, merges: &[Merge]) -> Option<Vec<u8>> {
    const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const RELATIONS: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
    let relation = |id: &str, kind: &str, target: &str| {
        format!("<Relationship Id=\"{id}\" Type=\"{OFFICE}/{kind}\" Target=\"{target}\"/>")
    };
    let relations = |inner: &str| format!("<Relationships xmlns=\"{RELATIONS}\">{inner}</Relationships>");
    let mut rows: BTreeMap<usize, String> = BTreeMap::new();
    for ((row, col), cell) in cells {
        let place = format!("{}{}", column_letters(*col as u32), row + 1);
        let (kind, value) = match cell.stored {
            true => ("n", format!("<v>{}</v>", cell.text)),
            false => ("inlineStr", format!("<is><t xml:space=\"preserve\">{}</t></is>", cell.text)),
        };
        let written = format!("<c r=\"{place}\" s=\"{}\" t=\"{kind}\">{value}</c>", cell.style);
        rows.entry(row + 1).or_default().push_str(&written);
    }
    let rows: String = rows.iter().map(|(row, cells)| format!("<row r=\"{row}\">{cells}</row>")).collect();
    let corner = |row: usize, col: usize| format!("{}{}", column_letters(col as u32), row + 1);
    let merges: String = merges
        .iter()
        .filter(|[r1, c1, r2, c2]| (r1, c1) != (r2, c2))
        .map(|[r1, c1, r2, c2]| format!("<mergeCell ref=\"{}:{}\"/>", corner(*r1, *c1), corner(*r2, *c2)))
        .collect();
    let merges = if merges.is_empty() { merges } else { format!("<mergeCells>{merges}</mergeCells>") };
    let formats: String = [(0, 0), (1, 0), (0, 1), (0, 2)]
        .map(|(font, indent)| format!("<xf numFmtId=\"0\" fontId=\"{font}\" fillId=\"0\" borderId=\"0\" applyFont=\"1\" applyAlignment=\"1\"><alignment indent=\"{indent}\"/></xf>"))
        .concat();
    let parts = [
        ("_rels/.rels", relations(&relation("r1", "officeDocument", "xl/workbook.xml"))),
        (
            "xl/_rels/workbook.xml.rels",
            relations(
                &(relation("r1", "worksheet", "worksheets/sheet1.xml") + &relation("r2", "styles", "styles.xml")),
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                "<workbook xmlns=\"{MAIN}\" xmlns:r=\"{OFFICE}\"><sheets><sheet name=\"表\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>"
            ),
        ),
        (
            "xl/styles.xml",
            format!(
                "<styleSheet xmlns=\"{MAIN}\"><fonts><font/><font><b/></font></fonts><cellXfs>{formats}</cellXfs></styleSheet>"
            ),
        ),
        (
            "xl/worksheets/sheet1.xml",
            format!("<worksheet xmlns=\"{MAIN}\"><sheetData>{rows}</sheetData>{merges}</worksheet>"),
        ),
    ];
    container::zip(&parts.map(|(name, text)| (name.to_owned(), text.into_bytes())))
}
