//! JPEG quantisation tables: a signature of the program and quality that wrote the file.

use super::{Giveaway, Kind, Measure};

pub(super) const GIVEAWAY: Giveaway = Giveaway {
    name: "quantisation_table",
    summary: "JPEG quantisation tables, `none` for other formats",
    kind: Kind::Container,
    measure: Measure::Category(|contents| {
        contents.container.quantisation.as_ref().map_or_else(|| "none".into(), |tables| tables.id.clone())
    }),
};
