//! Charts: a definition and its rows become a plot, the plot an SVG, the SVG a picture.

mod axis;
pub mod draw;
pub mod font;
mod kinds;
mod label;
mod legend;
pub mod picture;
pub mod plot;
pub mod png;
mod scene;
