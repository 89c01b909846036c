//! The XML of office files, cut into elements and texts, without a copy.
//!
//! A sheet of a million cells is four million elements, and office programs write plain XML: no entities of their own, no
//! document types. So this is all that is needed, at a fraction of the cost of a general parser. What it cannot cut is
//! refused.

use std::borrow::Cow;

use super::archive::damaged;
use crate::diag::Diagnostic;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Piece<'a> {
    Open(Element<'a>),
    /// Ends an element, by its name without prefix. An element without content is only opened.
    Close(&'a str),
    /// Text as it stands in the source.
    Text(&'a str),
    /// Text in which no character stands for another.
    Verbatim(&'a str),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Element<'a> {
    /// Without prefix.
    pub name: &'a str,
    attributes: &'a str,
    /// `<c/>`: nothing closes it.
    pub empty: bool,
}

pub(super) struct Xml<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Xml<'a> {
    pub(super) fn new(text: &'a str) -> Xml<'a> {
        Xml { text: text.strip_prefix('\u{feff}').unwrap_or(text), at: 0 }
    }

    /// What is still to come.
    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Goes on after so many bytes of the rest.
    pub(super) fn go_on(&mut self, bytes: usize) {
        self.at += bytes;
    }

    /// The next piece, or `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Piece<'a>>, Diagnostic> {
        loop {
            let rest = &self.text[self.at..];
            let Some(first) = rest.as_bytes().first() else { return Ok(None) };
            if *first != b'<' {
                let end = find(rest.as_bytes(), b'<').unwrap_or(rest.len());
                self.at += end;
                return Ok(Some(Piece::Text(&rest[..end])));
            }
            match rest.as_bytes().get(1) {
                Some(b'/') => {
                    let end = find(rest.as_bytes(), b'>').ok_or_else(|| self.cut_short())?;
                    self.at += end + 1;
                    return Ok(Some(Piece::Close(local(rest[2..end].trim_ascii_end()))));
                }
                Some(b'?') => drop(self.until(rest, "?>")?),
                Some(b'!') if rest.starts_with("<!--") => drop(self.until(rest, "-->")?),
                Some(b'!') if rest.starts_with("<![CDATA[") => {
                    return Ok(Some(Piece::Verbatim(&self.until(rest, "]]>")?[9..])));
                }
                Some(b'!') => return Err(damaged("its XML declares a document type, which no office program writes")),
                _ => return self.element(rest).map(Some),
            }
        }
    }

    fn element(&mut self, rest: &'a str) -> Result<Piece<'a>, Diagnostic> {
        let bytes = rest.as_bytes();
        let mut quote = 0;
        let mut name_end = 0;
        let mut at = 1;
        loop {
            match *bytes.get(at).ok_or_else(|| self.cut_short())? {
                b'>' if quote == 0 => break,
                byte @ (b'"' | b'\'') if quote == 0 => quote = byte,
                byte if byte == quote => quote = 0,
                b' ' | b'\t' | b'\n' | b'\r' if name_end == 0 => name_end = at,
                _ => {}
            }
            at += 1;
        }
        self.at += at + 1;
        let empty = bytes[at - 1] == b'/';
        let inner_end = if empty { at - 1 } else { at };
        if inner_end < 1 {
            return Err(self.cut_short());
        }
        let name_end = if name_end == 0 { inner_end } else { name_end };
        let name = local(rest.get(1..name_end).unwrap_or(""));
        Ok(Piece::Open(Element { name, attributes: rest.get(name_end..inner_end).unwrap_or(""), empty }))
    }

    /// What stands before `mark`; goes on after it.
    fn until(&mut self, rest: &'a str, mark: &str) -> Result<&'a str, Diagnostic> {
        let end = rest.find(mark).ok_or_else(|| self.cut_short())?;
        self.at += end + mark.len();
        Ok(&rest[..end])
    }

    pub(super) fn cut_short(&self) -> Diagnostic {
        damaged(&format!("its XML ends or breaks off at byte {}", self.at))
    }

    /// All text within an element that was just opened; goes on after its end.
    pub(super) fn text_of(&mut self, element: &Element<'a>) -> Result<Cow<'a, str>, Diagnostic> {
        let mut out = Cow::Borrowed("");
        let mut open = usize::from(!element.empty);
        while open > 0 {
            let text = match self.next()?.ok_or_else(|| self.cut_short())? {
                Piece::Open(inner) => {
                    open += usize::from(!inner.empty);
                    continue;
                }
                Piece::Close(_) => {
                    open -= 1;
                    continue;
                }
                Piece::Text(text) => unescaped(text),
                Piece::Verbatim(text) => Cow::Borrowed(text),
            };
            if out.is_empty() { out = text } else { out.to_mut().push_str(&text) }
        }
        Ok(out)
    }

    /// Goes on after the end of an element that was just opened.
    pub(super) fn skip(&mut self, element: &Element<'a>) -> Result<(), Diagnostic> {
        let mut open = usize::from(!element.empty);
        while open > 0 {
            match self.next()?.ok_or_else(|| self.cut_short())? {
                Piece::Open(inner) if !inner.empty => open += 1,
                Piece::Close(_) => open -= 1,
                _ => {}
            }
        }
        Ok(())
    }
}

impl<'a> Element<'a> {
    /// The value of an attribute as it stands in the source, by its name with prefix.
    pub(super) fn raw(&self, name: &str) -> Option<&'a str> {
        self.attributes().find(|(n, _)| *n == name).map(|(_, value)| value)
    }

    pub(super) fn get(&self, name: &str) -> Option<Cow<'a, str>> {
        self.raw(name).map(unescaped)
    }

    /// The value of an attribute whatever its prefix is.
    pub(super) fn local(&self, name: &str) -> Option<Cow<'a, str>> {
        self.attributes().find(|(n, _)| local(n) == name).map(|(_, value)| unescaped(value))
    }

    /// Whether an attribute is true, as XML writes it.
    pub(super) fn is(&self, name: &str) -> bool {
        matches!(self.raw(name), Some("1" | "true" | "on"))
    }

    pub(super) fn number<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.raw(name)?.trim().parse().ok()
    }

    pub(super) fn attributes(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let mut rest = self.attributes;
        std::iter::from_fn(move || {
            rest = rest.trim_ascii_start();
            let equals = find(rest.as_bytes(), b'=')?;
            let name = rest[..equals].trim_ascii_end();
            let value = rest[equals + 1..].trim_ascii_start();
            let quote = *value.as_bytes().first().filter(|q| matches!(q, b'"' | b'\''))?;
            let end = 1 + find(&value.as_bytes()[1..], quote)?;
            rest = &value[end + 1..];
            Some((name, &value[1..end]))
        })
    }
}

fn find(bytes: &[u8], wanted: u8) -> Option<usize> {
    bytes.iter().position(|b| *b == wanted)
}

fn local(name: &str) -> &str {
    find(name.as_bytes(), b':').map_or(name, |colon| &name[colon + 1..])
}

/// Text with its entities resolved; an unknown one stays as it is.
pub(super) fn unescaped(text: &str) -> Cow<'_, str> {
    if find(text.as_bytes(), b'&').is_none() && find(text.as_bytes(), b'\r').is_none() {
        return Cow::Borrowed(text);
    }
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(start) = rest.find('&') {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let entity = rest.find(';').and_then(|end| Some((end, resolve(&rest[1..end])?)));
        match entity {
            Some((end, c)) => {
                out.push(c);
                rest = &rest[end + 1..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn resolve(entity: &str) -> Option<char> {
    let code = match entity {
        "amp" => return Some('&'),
        "lt" => return Some('<'),
        "gt" => return Some('>'),
        "quot" => return Some('"'),
        "apos" => return Some('\''),
        _ => entity.strip_prefix('#')?,
    };
    let number = match code.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => code.parse().ok()?,
    };
    char::from_u32(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let mut xml = Xml::new(text);
        let mut told = Vec::new();
        loop {
            match xml.next() {
                Ok(None) => break,
                Ok(Some(Piece::Open(e))) => {
                    let attributes: Vec<String> =
                        e.attributes().map(|(n, v)| format!(" {n}={}", unescaped(v))).collect();
                    told.push(format!("<{}{}{}", e.name, attributes.concat(), if e.empty { "/" } else { "" }));
                }
                Ok(Some(Piece::Close(name))) => told.push(format!("/{name}")),
                Ok(Some(Piece::Text(text))) => told.push(unescaped(text).into_owned()),
                Ok(Some(Piece::Verbatim(text))) => told.push(text.to_owned()),
                Err(fault) => {
                    told.push(fault.code.to_owned());
                    break;
                }
            }
        }
        assert_eq!(told, expected, "{text}");
    }

    #[test]
    fn xml_is_cut_into_pieces() {
        check("\u{feff}<?xml version='1.0'?><a b = \"1\" c='>&lt;'>x</a >", &["<a b=1 c=><", "x", "/a"]);
        check("<x:c r=\"A1\"/><v>1</v>", &["<c r=A1/", "<v", "1", "/v"]);
        check("<a/><!-- <b> --><![CDATA[<&amp;]]>", &["<a/", "<&amp;"]);
        check("&#27979;&#x6D4B;&amp;&none;&", &["测测&&none;&"]);
        check("<a", &["damaged-file"]);
        check("<a b='>", &["damaged-file"]);
        check("<>", &["<"]);
        check("</>", &["/"]);
        check("</", &["damaged-file"]);
        check("<!DOCTYPE x>", &["damaged-file"]);
        check("a\r\nb", &["a\nb"]);
    }

    #[test]
    fn text_of_an_element() {
        let mut xml = Xml::new("<v>1<x>2</x>&lt;<y/></v>3");
        let Ok(Some(Piece::Open(v))) = xml.next() else { panic!() };
        assert_eq!(xml.text_of(&v).unwrap(), "12<");
        assert_eq!(xml.next().unwrap(), Some(Piece::Text("3")));
    }
}
