//! Texts with figures: `reports/<report>/text.md` and the tables of a release become a document of headings, paragraphs, tables
//! and charts. A figure is named by its table, column and key; no number is written in the text and none is computed here.

pub mod document;
pub mod figure;
mod functions;
pub mod render;

#[cfg(test)]
mod tests;
