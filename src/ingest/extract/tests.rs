//! Cells to records and rejects, each case a text of some lines.
