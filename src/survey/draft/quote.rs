//! Texts of a specification, written so that they read back as they are.

use std::fmt::Write as _;

/// A text in quotes.
pub fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {
                // A String takes every text.
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// One text, or a list of several.
pub fn one_or_many(texts: &[String]) -> String {
    match texts {
        [one] => quoted(one),
        many => format!("[{}]", many.iter().map(|t| quoted(t)).collect::<Vec<_>>().join(", ")),
    }
}

/// A text of a sheet in one line, white space as single blanks.
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A label in one line; blanks between Chinese characters are print's, and dropped.
pub fn tidy(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let wide = |c: Option<char>| c.is_some_and(|c| c as u32 > 0x2E7F);
    let mut out = String::new();
    for word in words {
        let joined = wide(out.chars().next_back()) && wide(word.chars().next());
        if !out.is_empty() && !joined {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}
