//! A chart as it was drawn, with what is said of it where it is shown.

use std::collections::BTreeSet;

use super::plot::Plot;

pub struct Picture {
    pub id: String,
    pub title: String,
    pub alt: String,
    pub svg: String,
    pub png: Vec<u8>,
    /// The observations behind what is drawn.
    pub obs_ids: BTreeSet<String>,
    /// All that is written in it.
    pub texts: Vec<String>,
}

impl Picture {
    pub fn of(plot: &Plot, svg: String, png: Vec<u8>) -> Picture {
        let (title, alt, obs_ids) = (plot.full_title(), plot.alt.clone(), plot.obs_ids.clone());
        Picture { id: plot.id.clone(), title, alt, svg, png, obs_ids, texts: plot.texts() }
    }
}
