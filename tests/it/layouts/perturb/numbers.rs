//! Numbers that are none any more, and numbers written in another way.

use super::super::sheet::Fact;
use super::{OnSheet, Role};

impl OnSheet<'_, '_> {
    /// Numbers that are none any more, and numbers written in another way.
    pub(super) fn numbers_changed(&mut self) {
        for (row, col, cell) in self.cells(&[Role::Data]) {
            let at = (row, col);
            let digit = |c: char| c.is_ascii_digit();
            if let Some(last) = cell.text.rfind(digit) {
                let with = |letter: &str| {
                    let mut text = cell.text.clone();
                    text.replace_range(last..=last, letter);
                    text
                };
                // In turn, so that every cell meets some of them.
                let wrong = [
                    ("a digit replaced by O", with("O")),
                    ("a digit replaced by l", with("l")),
                    ("about before a number", format!("约{}", cell.text)),
                    ("two points in a number", format!("{}.3.4", cell.text)),
                    ("a unit after a number", format!("{}人", cell.text)),
                    ("a number in brackets", format!("({})", cell.text)),
                    ("a question mark after a number", format!("{}?", cell.text)),
                    ("two numbers in a cell", format!("{0}、{0}", cell.text)),
                ];
                for turn in [row + col, row + col + 4] {
                    let (kind, text) = &wrong[turn % wrong.len()];
                    self.retext(kind, at, text, Vec::new());
                }
                if (row + col) % 3 == 0 && !cell.text.ends_with('%') {
                    let percent = format!("{}%", cell.text);
                    let read =
                        self.facts_here().any(|f| (f.place.row, f.place.col) == at && f.says("unit") == "percent");
                    let right = if read { vec![self.reprinted(at, &percent)] } else { Vec::new() };
                    self.retext("a percent sign added", at, &percent, right);
                }
            }
            if cell.text.len() > 3 && cell.text.bytes().all(|b| b.is_ascii_digit()) {
                for (kind, text) in [
                    ("separators of thousands", grouped(&cell.text, ",")),
                    ("groups of digits parted by blanks", grouped(&cell.text, " ")),
                ] {
                    let right = vec![self.reprinted(at, &text)];
                    self.retext(kind, at, &text, right);
                }
                self.retext("a separator misplaced", at, &format!("{},{}", &cell.text[..1], &cell.text[1..]), {
                    if cell.text.len() == 4 { vec![self.reprinted(at, &grouped(&cell.text, ","))] } else { Vec::new() }
                });
            }
            let wide: String = cell.text.chars().map(widened).collect();
            if wide != cell.text {
                let right = vec![self.reprinted(at, &wide)];
                self.retext("a number in full width", at, &wide, right);
            }
            // What is not there has no numbers one and two; its status is that of its row and column.
            let emptied = |status: Option<&str>| {
                self.facts(|f| match (f.place.row, f.place.col) == at {
                    true if f.place.nth > 1 => None,
                    true => {
                        let mut f = f.clone().with("value", "not_available").with("printed", "").with("decimals", "");
                        f.place.nth = 0;
                        Some(match status {
                            Some(status) => f.with("status", status),
                            None => f,
                        })
                    }
                    false => Some(f.clone()),
                })
            };
            let right = vec![emptied(None), emptied(Some("normal"))];
            if !cell.text.is_empty() {
                self.retext("a number emptied", at, "", right);
            }
        }
    }

    /// The facts with another print of one number.
    pub(super) fn reprinted(&self, at: (usize, usize), text: &str) -> Vec<Fact> {
        self.facts(|f| {
            let here = (f.place.row, f.place.col) == at;
            Some(if here { f.clone().with("printed", text) } else { f.clone() })
        })
    }
}

fn grouped(digits: &str, separator: &str) -> String {
    let first = digits.len() % 3;
    let mut groups: Vec<&str> = Vec::new();
    groups.extend(Some(&digits[..first]).filter(|g| !g.is_empty()));
    let mut at = first;
    while at < digits.len() {
        groups.push(&digits[at..at + 3]);
        at += 3;
    }
    groups.join(separator)
}

fn widened(c: char) -> char {
    match c {
        '0'..='9' | '.' => char::from_u32(c as u32 + 0xFEE0).unwrap_or(c),
        c => c,
    }
}
