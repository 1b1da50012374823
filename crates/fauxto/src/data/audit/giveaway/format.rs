//! File format.

use super::{Giveaway, Kind, Measure};

pub(super) const GIVEAWAY: Giveaway = Giveaway {
    name: "format",
    summary: "file format by its first bytes",
    kind: Kind::Container,
    measure: Measure::Category(|contents| contents.container.format.clone()),
};
