//! Marks, footnotes and states of figures, as whole tables.

use super::{document, pipelines, read};

/// A table of two regions and two columns, with further keys and the text of its lines.
fn spec(keys: &str) -> String {
    format!(
        "title = \"t\"\nanchor = {{ text = \"{{year}}年情况\" }}\ncorner = \"地区\"\nunit = \"person\"\nuntil = [\"注\"]\n{keys}
        [context]\nscheme = \"pension\"
        [[rows]]\nlabel = \"{{region}}\"
        [[columns]]\nlabel = \"参保人数\"\nindicator = \"insured_person\"
        [[columns]]\nlabel = \"待遇人数\"\nindicator = \"beneficiary_person\"
        [[edition]]\nid = \"1\"\nfile = \"t/t.csv\""
    )
}

/// What is said of each cell, or the codes of the faults.
fn said(keys: &str, table: &str) -> String {
    let pipelines = pipelines(&spec(keys));
    let read = read(&pipelines, &document(table, Vec::new()));
    if read.has_errors() {
        return read
            .diagnostics
            .iter()
            .map(|d| format!("{} {}", d.code, d.place.cell.as_deref().unwrap_or("")))
            .collect::<Vec<_>>()
            .join("; ");
    }
    let cells = read.value.observations.iter().map(|o| {
        let value = o.value.number().map_or(o.value.mark().map_or("", |m| m.as_str()).to_owned(), |n| n.to_string());
        format!("{}={value} {} {}", o.cell(), o.status().as_str(), o.notes().join("+").replace('\n', "/"))
    });
    cells.collect::<Vec<_>>().join("; ").replace(" normal", "")
}

#[test]
fn notes_concern_the_cells_that_carry_their_mark() {
    let check = |rows: &str, expected: &str| {
        let table = format!("2012年情况\n地区 | 参保人数 | 待遇人数\n{rows}");
        assert_eq!(said("", &table), expected, "{rows}");
    };
    check("北京 | 1 | 2\n注：快报数", "B3=1 注：快报数; C3=2 注：快报数");
    check("北京① | 1 | 2\n天津 | 3 | 4\n注：①快报数", "B3=1 注：①快报数; C3=2 注：①快报数; B4=3 ; C4=4 ");
    check("北京 | 1* | 2\n注：* 快报数\n资料来源：局", "B3=1 注：* 快报数+资料来源：局; C3=2 资料来源：局");
    check("北京 | ＊1 | 2\n注：* 快报数", "B3=1 注：* 快报数; C3=2 ");
    check("北京 | …① | 2（注1）\n注：①甲\n注1）乙", "B3=rounded_to_zero 注：①甲; C3=2 注1）乙");
    check("北京 | 1①、② | 2②\n注：①甲\n②乙", "B3=1 注：①甲+②乙; C3=2 ②乙");
    check("北京 | 1 | 2\n注：1.甲\n2.乙", "B3=1 注：1.甲+2.乙; C3=2 注：1.甲+2.乙");
    // The mark in a cell of its own.
    check("北京 | 1① | 2\n注：① | 甲", "B3=1 注：①甲; C3=2 ");
    // Faults.
    check("北京① | 1 | 2\n注：甲", "note-missing A3");
    check("北京 | 1 | 2*", "note-missing C3");
    check("北京 | 1 | 2\n注：①甲", "note-unbound A4");
    check("北京① | 1 | 2\n注：①甲\n①乙", "note-twice A5");
    check("北京 | ① | 2\n注：①甲", "not-a-number B3; note-unbound A4");
}

#[test]
fn marks_of_title_and_headers() {
    let notes = "注：①甲";
    let all = format!("B3=1 {notes}; C3=2 {notes}");
    assert_eq!(said("", &format!("2012年情况①\n地区 | 参保人数 | 待遇人数\n北京 | 1 | 2\n{notes}")), all);
    assert_eq!(said("", &format!("2012年情况\n地区① | 参保人数 | 待遇人数\n北京 | 1 | 2\n{notes}")), all);
    assert_eq!(said("", &format!("2012年情况 | 单位：人①\n地区 | 参保人数 | 待遇人数\n北京 | 1 | 2\n{notes}")), all);
    let column = format!("B3=1 {notes}; C3=2 ");
    for header in ["参保人数①", "参保人数①（人）", "参保人数（人）①"] {
        let table = format!("2012年情况\n地区 | {header} | 待遇人数\n北京 | 1 | 2\n{notes}");
        assert_eq!(said("", &table), column, "{header}");
    }
}

#[test]
fn lines_that_are_indented_go_on_with_the_note_above() {
    let spec = spec("");
    let table = "2012年情况\n地区 | 参保人数 | 待遇人数\n北京 | 1① | 2\n注：①甲\n乙\n2.丙\n资料来源：局";
    let mut document = document(table, Vec::new());
    for (row, text) in [(4, "　　乙"), (5, "  2.丙"), (6, "  资料来源：局")] {
        document.grids[0].set(row, 0, crate::grid::Cell::text(text));
    }
    let pipelines = pipelines(&spec);
    let read = read(&pipelines, &document);
    assert!(!read.has_errors(), "{:?}", read.diagnostics);
    assert_eq!(*read.value.observations[0].notes(), ["注：①甲乙", "2.丙", "资料来源：局"]);
    assert_eq!(*read.value.observations[1].notes(), ["2.丙", "资料来源：局"]);
}

#[test]
fn marks_say_what_state_a_figure_is_in() {
    let keys =
        "status = { p = \"provisional\", \"(修订)\" = \"revised\", \"预计\" = \"estimated\", \"*\" = \"provisional\" }";
    let check = |rows: &str, expected: &str| {
        let table = format!("2012年情况\n地区 | 参保人数 | 待遇人数\n{rows}");
        assert_eq!(said(keys, &table), expected, "{rows}");
    };
    check("北京 | 1p | 2（修订）", "B3=1 provisional ; C3=2 revised ");
    check("北京 | 预计1 | 2*", "B3=1 estimated ; C3=2 provisional ");
    check("北京（预计） | 1 | 2", "B3=1 estimated ; C3=2 estimated ");
    check("北京 | 1p | 2\n注：p 初步数", "B3=1 provisional 注：p 初步数; C3=2 ");
    // A legend that stands on every page.
    check("北京 | 1 | 2\n注：p 初步数", "B3=1 注：p 初步数; C3=2 注：p 初步数");
    check("北京（预计） | 1p | 2", "status-clash B3");
    let table = "2012年情况（修订）\n地区 | 参保人数 | 待遇人数\n北京 | 1 | 2";
    assert_eq!(said(keys, table), "B3=1 revised ; C3=2 revised ");
    let table = "2012年情况\n(预计)\n地区 | 参保人数 | 待遇人数\n北京 | 1 | 2";
    assert_eq!(said(keys, table), "B4=1 estimated ; C4=2 estimated ");
}

#[test]
fn declared_marks_replace_the_usual_ones() {
    let check = |keys: &str, cell: &str, expected: &str| {
        let table = format!("2012年情况\n地区 | 参保人数 | 待遇人数\n北京 | {cell} | 2\n注：1)甲");
        assert_eq!(said(keys, &table), expected, "{cell}");
    };
    check("note_marks = [\"1)\"]", "12 1)", "B3=12 注：1)甲; C3=2 ");
    check("note_marks = [\"1)\"]", "12（1）", "B3=12 注：1)甲; C3=2 ");
    check("note_marks = [\"1)\"]", "121)", "not-a-number B3; note-unbound A4");
    check("note_marks = []", "12", "B3=12 注：1)甲; C3=2 注：1)甲");
    check("note_marks = []", "12*", "not-a-number B3");
}

#[test]
fn cells_of_several_numbers() {
    let of = |text: &str| {
        format!(
            "[[split]]\ntext = \"{text}\"\nvalues = [\n{{ breakdown = {{ area = \"hongta-xinping\" }} }},\n{{ breakdown = {{ area = \"other\" }} }},\n]\n"
        )
    };
    let check = |text: &str, cell: &str, expected: &str| {
        let other = if text.contains("其余") { "7人 其余8人" } else { "7/8" };
        let spec = spec("").replace("[[edition]]", &format!("{}[[edition]]", of(text)));
        let table = format!("2012年情况\n地区 | 参保人数 | 待遇人数\n北京 | {cell} | 2\n天津 | 3 | {other}");
        let pipelines = pipelines(&spec);
        let read = read(&pipelines, &document(&table, Vec::new()));
        let cells = read.value.observations.iter().map(|o| {
            format!("{} {}={}", o.obs_id().rsplit('/').next().unwrap(), o.breakdown(), o.value.number().unwrap())
        });
        let found = match read.diagnostics.first() {
            Some(fault) => fault.code.to_owned(),
            None => cells.take(2).collect::<Vec<_>>().join("; "),
        };
        assert_eq!(found, expected, "{text}, {cell}");
    };
    check("{number}/{number}", "260/280", "B3#1 area=hongta-xinping=260; B3#2 area=other=280");
    check("{number}/{number}", "1,260／ 280", "B3#1 area=hongta-xinping=1260; B3#2 area=other=280");
    check("{number}/{number}", "26 0/280", "not-a-number");
    check("{number}/{number}", "260人/280人", "not-a-number");
    check("{number}元/{number}元", "260元/280元", "unit-contradicts");
    check("{number}人 其余{number}人", "260人 其余 280人", "B3#1 area=hongta-xinping=260; B3#2 area=other=280");
    check("{number}/{number}", "260", "B3 _T=260; C3 _T=2");
}

#[test]
fn a_note_that_is_declared_concerns_what_it_says() {
    let note = "[[note]]\ntext = \"天津\"\nregion = \"120000\"\n";
    let check = |notes: &str, expected: &str| {
        let table = format!("2012年情况\n地区 | 参保人数 | 待遇人数\n北京 | 1 | 2\n天津 | 3 | 4\n{notes}");
        assert_eq!(said(note, &table), expected, "{notes}");
    };
    check("注：天津市为快报数", "B3=1 ; C3=2 ; B4=3 注：天津市为快报数; C4=4 注：天津市为快报数");
    check("注：甲\n天津市：乙", "B3=1 注：甲; C3=2 注：甲; B4=3 注：甲+天津市：乙; C4=4 注：甲+天津市：乙");
    check("注：甲", "note-missing ");
}

#[test]
fn a_figure_stands_in_the_title_or_in_one_footnote() {
    let figure = "[[figure]]\ntext = \"共{number}人\"\nindicator = \"eligible_person\"\nregion = \"110000\"\nunit = \"person\"\n";
    let check = |title: &str, note: &str, expected: &str| {
        let table = format!("2012年情况{title}\n地区 | 参保人数 | 待遇人数\n北京 | 1 | 2\n注：{note}");
        let said = said(figure, &table);
        assert_eq!(said.split("; ").last(), Some(expected), "{title} {note}");
    };
    check("（共95人）", "甲", "A1=95 注：甲");
    check("", "共95人", "A4=95 注：共95人");
    check("（共95人）", "共96人", "figure-ambiguous A4");
    check("", "甲", "figure-missing ");
}
