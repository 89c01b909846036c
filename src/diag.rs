//! Diagnostics: what is wrong, where, what was expected and what to do next.
//!
//! Faults in data are values ([`Checked`]), collected in file order; `Err` is kept for what stops a stage. This module
//! knows nothing of statistics; it is the only user of miette, which draws the excerpts of specification and SQL files.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// How much a diagnostic or a finding weighs: an error is data that cannot be used, a warning is data that a person
/// should look at, an info is worth knowing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    Info,
    Warning,
    Error,
}

impl Severity {
    /// The word stored in `core_finding.severity`.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// A text file that a diagnostic points into: a specification, a SQL file, a code list.
#[derive(Debug)]
pub struct SourceText {
    pub name: String,
    pub text: String,
}

/// Where a fault stands: a file, and in it a sheet and cell, or a span of bytes of a text.
#[derive(Clone, Debug, Default)]
pub struct Place {
    pub file: Option<String>,
    pub sheet: Option<String>,
    /// A1 in sheets and delimited text, `RnCm` in html, `recN.FIELD` in dbf.
    pub cell: Option<String>,
    pub text: Option<(Arc<SourceText>, Range<usize>)>,
}

impl Place {
    pub fn file(file: impl Into<String>) -> Self {
        Place { file: Some(file.into()), ..Place::default() }
    }

    pub fn cell(file: impl Into<String>, sheet: impl Into<String>, cell: impl Into<String>) -> Self {
        Place { file: Some(file.into()), sheet: Some(sheet.into()), cell: Some(cell.into()), text: None }
    }

    pub fn span(text: &Arc<SourceText>, span: Range<usize>) -> Self {
        Place { file: Some(text.name.clone()), text: Some((text.clone(), span)), ..Place::default() }
    }

    /// Line and column, both from 1, of a place in a text.
    pub fn line_column(&self) -> Option<(usize, usize)> {
        let (source, span) = self.text.as_ref()?;
        let before = source.text.get(..span.start)?;
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        Some((line, column))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{file}")?;
        }
        if let Some((line, column)) = self.line_column() {
            write!(f, ":{line}:{column}")?;
        }
        if let Some(sheet) = self.sheet.as_deref().filter(|s| !s.is_empty()) {
            write!(f, ", sheet \"{sheet}\"")?;
        }
        if let Some(cell) = self.cell.as_deref().filter(|c| !c.is_empty()) {
            write!(f, ", cell {cell}")?;
        }
        Ok(())
    }
}

/// One fault: a code in kebab case, a sentence without a final full stop, the place, and what to do.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    pub severity: Severity,
    pub code: &'static str,
    pub message: String,
    /// The same in Chinese, where what is said in general of its code does not do.
    pub zh: Option<String>,
    pub place: Place,
    pub hints: Vec<String>,
}

impl Diagnostic {
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, message)
    }

    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, message)
    }

    pub fn info(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Info, code, message)
    }

    fn new(severity: Severity, code: &'static str, message: impl Into<String>) -> Self {
        Diagnostic { severity, code, message: message.into(), zh: None, place: Place::default(), hints: Vec::new() }
    }

    pub fn zh(mut self, message: impl Into<String>) -> Self {
        self.zh = Some(message.into());
        self
    }

    pub fn at(mut self, place: Place) -> Self {
        self.place = place;
        self
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The whole message as a person reads it; an excerpt with a caret where the place is a span of text.
    pub fn render(&self) -> String {
        let mut out = format!("{}[{}]: {}\n", self.severity.as_str(), self.code, self.message);
        match &self.place.text {
            Some((source, span)) => out.push_str(&excerpt(source, span.clone())),
            None if self.place.file.is_some() => out.push_str(&format!("  --> {}\n", self.place)),
            None => {}
        }
        for hint in &self.hints {
            out.push_str(&format!("  hint: {hint}\n"));
        }
        out
    }
}

/// The lines around a span, drawn by miette in plain characters so that logs and snapshots read the same everywhere.
fn excerpt(source: &Arc<SourceText>, span: Range<usize>) -> String {
    #[derive(Debug)]
    struct Excerpt {
        source: miette::NamedSource<String>,
        span: miette::SourceSpan,
    }
    impl fmt::Display for Excerpt {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            Ok(())
        }
    }
    impl std::error::Error for Excerpt {}
    impl miette::Diagnostic for Excerpt {
        fn source_code(&self) -> Option<&dyn miette::SourceCode> {
            Some(&self.source)
        }
        fn labels(&self) -> Option<Box<dyn Iterator<Item = miette::LabeledSpan> + '_>> {
            Some(Box::new(std::iter::once(miette::LabeledSpan::underline(self.span))))
        }
    }
    let length = span.len().max(1);
    let report = Excerpt {
        source: miette::NamedSource::new(&source.name, source.text.clone()),
        span: miette::SourceSpan::from((span.start, length)),
    };
    let mut drawn = String::new();
    let theme = miette::GraphicalTheme::unicode_nocolor();
    let handler = miette::GraphicalReportHandler::new_themed(theme).with_width(100).with_context_lines(1);
    if handler.render_report(&mut drawn, &report).is_err() {
        return format!("  --> {}\n", source.name);
    }
    let body: Vec<&str> =
        drawn.lines().map(str::trim_end).filter(|l| !l.trim().is_empty() && l.trim() != "×").collect();
    body.join("\n") + "\n"
}

/// A value, and the faults met on the way to it.
#[derive(Clone, Debug, Default)]
pub struct Checked<T> {
    pub value: T,
    pub diagnostics: Vec<Diagnostic>,
}

impl<T> Checked<T> {
    pub fn new(value: T, diagnostics: Vec<Diagnostic>) -> Self {
        Checked { value, diagnostics }
    }

    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|d| d.severity == Severity::Error)
    }

    /// The value, its faults moved to `sink`.
    pub fn split(self, sink: &mut Vec<Diagnostic>) -> T {
        sink.extend(self.diagnostics);
        self.value
    }
}
