//! Sheets as they are filled, merged and put together.

use super::*;

fn span(first: (u32, u32), last: (u32, u32)) -> Span {
    Span { first: CellRef { row: first.0, col: first.1 }, last: CellRef { row: last.0, col: last.1 } }
}

fn shown(grid: &Grid) -> String {
    grid.iter().map(|(at, cell)| format!("{}={}", grid.address(at), cell.text)).collect::<Vec<_>>().join(" ")
}

#[test]
fn cells_lie_in_order_however_they_came() {
    let count = CellCount::default();
    let mut sheet = Builder::new("", Addressing::A1, &count);
    for (row, col, text) in [(3, 1, "x"), (0, 2, "c"), (0, 0, "a"), (7, 0, "y"), (3, 1, "z"), (3, 0, "")] {
        sheet.put(row, col, Cell::text(text)).unwrap();
    }
    let mut grid = sheet.finish();
    assert_eq!(shown(&grid), "A1=a C1=c B4=z A8=y");
    grid.set(3, 0, Cell::text("w"));
    assert_eq!((grid.text(3, 0), grid.text(3, 1), grid.text(3, 2), grid.text(4, 0)), ("w", "z", "", ""));
    assert_eq!((grid.rows, grid.cols), (8, 3));
    assert_eq!(grid.row(3).map(|(at, _)| at.col).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(grid.rows_in(1..7).map(|(at, _)| at.row).collect::<Vec<_>>(), [3, 3]);
}

#[test]
fn merged_ranges_are_found_by_their_cells() {
    let grid = Grid::from_text("a|b|c|d\ne|f|g|h\ni|j|k|l\nm|n|o|p");
    let spans = [span((2, 2), (3, 3)), span((0, 0), (3, 0)), span((0, 1), (0, 2)), span((1, 1), (2, 1))];
    let over = [span((1, 1), (1, 2)), span((3, 3), (4, 4)), span((0, 2), (1, 3))];
    let plain = grid.clone();
    let grid = grid.with_merges([spans, [over[0], over[1], over[2], over[0]]].concat());
    assert_eq!(shown(&grid), "A1=a B1=b D1=d B2=f D2=h B3=j C3=k B4=n");
    assert_eq!(grid.merges().len(), 4);
    for (at, _) in plain.iter() {
        let expected = grid.merges().iter().find(|m| m.contains(at));
        assert_eq!(grid.merge_at(at), expected, "{}", grid.address(at));
    }
    assert_eq!(grid.merge_at(CellRef { row: 9, col: 9 }), None);
}

#[test]
fn a_large_sheet_lies_in_stretches() {
    let count = CellCount::default();
    let mut sheet = Builder::new("", Addressing::A1, &count);
    let most = STRETCH_CELLS as u32;
    // Rows of none to six cells, one of more than a stretch holds; names in the first column.
    let length = |row: u32| if row == 5_000 { most + 1 } else { row % 7 };
    let text = |row, col| if col == 0 { format!("第{row}县") } else { format!("{row}.{col}") };
    for row in 0..10_000 {
        (0..length(row)).for_each(|col| sheet.put(row, col, Cell::text(text(row, col))).unwrap());
    }
    let grid = sheet.finish();
    // Three cells a row: two stretches before the long row is over, and two after it.
    assert_eq!(
        grid.stretches.iter().map(|s| s.cells.len() > STRETCH_CELLS).collect::<Vec<_>>(),
        [false, true, false, false]
    );
    for row in 0..10_000 {
        let found: Vec<(u32, &str)> = grid.row(row).map(|(at, cell)| (at.col, cell.text.as_str())).collect();
        let expected: Vec<(u32, String)> = (0..length(row)).map(|col| (col, text(row, col))).collect();
        assert!(found.iter().map(|(col, text)| (*col, (*text).to_owned())).eq(expected), "row {row}");
        assert_eq!(grid.get(row, length(row)), None);
    }
    let words = |rows| grid.words_in(rows).map(|(at, cell)| format!("{}{}", at.col, cell.text)).collect::<Vec<_>>();
    assert_eq!(words(4_997..5_003), ["0第4997县", "0第4999县", "0第5000县", "0第5001县", "0第5002县"]);
    assert_eq!(words(0..10_000).len(), (0..10_000).filter(|row| length(*row) > 0).count());
    assert_eq!(words(9_999..20_000).len(), 1);
}

#[test]
fn parts_of_a_sheet_are_put_together() {
    let count = CellCount::default();
    let part = |rows: &[u32]| {
        let mut part = Builder::new("", Addressing::A1, &count);
        rows.iter().for_each(|row| part.put(*row, row % 2, Cell::text(format!("{row}县"))).unwrap());
        part
    };
    let whole = |parts: &[&[u32]]| {
        let mut sheet = part(&[0, 1]);
        parts.iter().for_each(|rows| sheet.append(part(rows)));
        sheet.finish()
    };
    let in_order = whole(&[&[2, 5], &[], &[9]]);
    assert_eq!(shown(&in_order), "A1=0县 B2=1县 A3=2县 B6=5县 B10=9县");
    assert!(in_order.words_in(1..9).map(|(at, _)| at.row).eq([1, 2, 5]));
    let grid = whole(&[&[2, 5], &[], &[9], &[4, 10]]);
    assert_eq!(shown(&grid), "A1=0县 B2=1县 A3=2县 A5=4县 B6=5县 B10=9县 A11=10县");
    assert_eq!((grid.rows, grid.cols, grid.text(9, 1)), (11, 2, "9县"));
    assert!(grid.words_in(4..10).map(|(at, _)| at.row).eq([4, 5, 9]));
}

#[test]
fn places_and_counts_have_limits() {
    let count = CellCount::default();
    let mut sheet = Builder::new("", Addressing::A1, &count);
    let told = |sheet: &mut Builder<'_>, row, col| sheet.put(row, col, Cell::text("x")).err().map(|d| d.message);
    assert_eq!(told(&mut sheet, limit::ROWS - 1, limit::COLUMNS - 1), None);
    assert!(told(&mut sheet, limit::ROWS, 0).unwrap().ends_with("1048576 rows"));
    assert!(told(&mut sheet, 0, limit::COLUMNS).unwrap().ends_with("16384 columns"));
    let mut lines = Builder::new("", Addressing::A1, &count).of_lines();
    assert_eq!(told(&mut lines, limit::LINES - 1, 0), None);
    assert!(told(&mut lines, limit::LINES, 0).unwrap().ends_with("16777216 rows"));
    assert!(sheet.merge((0, 0), (limit::ROWS, 0)).is_err());
    assert!(count.add(limit::CELLS - 2 * 1024).is_ok() && count.check_room(1).is_err());
    assert!(limit::check_text(&"x".repeat(limit::CELL_CHARS + 1).into()).is_err());
}
