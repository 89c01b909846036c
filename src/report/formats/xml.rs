//! XML written element by element: escaped, and closed in the order opened.

use super::html::escape;

/// A document being written.
#[derive(Debug, Default)]
pub struct Xml {
    out: String,
    open: Vec<&'static str>,
}

type Attributes<'a> = &'a [(&'a str, &'a str)];

impl Xml {
    pub fn new() -> Xml {
        Xml { out: String::new(), open: Vec::new() }
    }

    pub fn open(&mut self, name: &'static str, attributes: Attributes<'_>) -> &mut Xml {
        self.tag(name, attributes);
        self.out.push('>');
        self.open.push(name);
        self
    }

    pub fn empty(&mut self, name: &'static str, attributes: Attributes<'_>) -> &mut Xml {
        self.tag(name, attributes);
        self.out.push_str("/>");
        self
    }

    pub fn text(&mut self, text: &str) -> &mut Xml {
        self.out.push_str(&escape(text));
        self
    }

    /// An element that holds a text.
    pub fn element(&mut self, name: &'static str, attributes: Attributes<'_>, text: &str) -> &mut Xml {
        self.open(name, attributes).text(text).close()
    }

    pub fn close(&mut self) -> &mut Xml {
        let name = self.open.pop().expect("only what was opened is closed");
        self.out.push_str(&format!("</{name}>"));
        self
    }

    /// The document, all elements closed.
    pub fn finish(mut self) -> Vec<u8> {
        while !self.open.is_empty() {
            self.close();
        }
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n{}", self.out).into_bytes()
    }

    /// Put another piece, all its elements closed, at this place.
    pub fn insert(&mut self, mut piece: Xml) -> &mut Xml {
        while !piece.open.is_empty() {
            piece.close();
        }
        self.out.push_str(&piece.out);
        self
    }

    fn tag(&mut self, name: &str, attributes: Attributes<'_>) {
        self.out.push('<');
        self.out.push_str(name);
        for (name, value) in attributes {
            self.out.push_str(&format!(" {name}=\"{}\"", escape(value)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Xml;

    #[test]
    fn text_is_escaped_and_elements_are_closed() {
        let mut xml = Xml::new();
        xml.open("a", &[("k", "\"<1>\"")]).empty("b", &[]).element("c", &[], "x & y");
        let text = String::from_utf8(xml.finish()).unwrap();
        assert!(text.ends_with("<a k=\"&quot;&lt;1&gt;&quot;\"><b/><c>x &amp; y</c></a>"), "{text}");
    }
}
