//! The observations behind a table as tidy text: one line per observation, codes and names side by side.
//!
//! UTF-8 with a byte order mark, because spreadsheet programs on Chinese systems read a file without one as GBK.

use crate::report::table::frame::Tidy;

const BYTE_ORDER_MARK: &str = "\u{FEFF}";

pub fn render(tidy: &Tidy) -> Vec<u8> {
    let mut text = BYTE_ORDER_MARK.to_owned();
    for line in std::iter::once(&tidy.columns).chain(&tidy.rows) {
        let fields: Vec<String> = line.iter().map(|f| field(f)).collect();
        text.push_str(&fields.join(","));
        text.push_str("\r\n");
    }
    text.into_bytes()
}

/// Quoted as RFC 4180 asks.
fn field(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::{Tidy, render};

    #[test]
    fn fields_are_quoted_where_needed() {
        let row = ["a,b", "说“1”", "x\"y", "两\n行"].map(str::to_owned).to_vec();
        let tidy = Tidy { columns: vec!["a".into(), "b".into(), "c".into(), "d".into()], rows: vec![row] };
        let text = String::from_utf8(render(&tidy)).unwrap();
        assert_eq!(text, "\u{FEFF}a,b,c,d\r\n\"a,b\",说“1”,\"x\"\"y\",\"两\n行\"\r\n");
    }
}
