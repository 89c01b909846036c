//! PNG from the SVG of a chart, with the same font: text is laid out once.

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree};

use crate::diag::Diagnostic;
use crate::report::chart::font::Face;

/// Pixels of the picture per pixel of the drawing: sharp on dense screens and in print.
const SCALE: f32 = 2.0;

/// # Errors
/// The drawing is not SVG, or its picture does not fit into memory.
pub fn render(svg: &str, face: &Face) -> Result<Vec<u8>, Diagnostic> {
    let options = Options { fontdb: face.database.clone(), font_family: face.family.clone(), ..Options::default() };
    let tree = Tree::from_str(svg, &options).map_err(|e| fault(&e.to_string()))?;
    let size = tree.size();
    let (width, height) = ((size.width() * SCALE).ceil() as u32, (size.height() * SCALE).ceil() as u32);
    let mut picture = Pixmap::new(width, height).ok_or_else(|| fault("the picture is too large"))?;
    resvg::render(&tree, Transform::from_scale(SCALE, SCALE), &mut picture.as_mut());
    picture.encode_png().map_err(|e| fault(&e.to_string()))
}

fn fault(why: &str) -> Diagnostic {
    Diagnostic::error("png", format!("the chart cannot be turned into a picture: {why}"))
        .hint("the SVG beside it is whole; make the chart smaller")
}
