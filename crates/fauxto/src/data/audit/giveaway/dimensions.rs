//! Size in pixels, before any resizing.

use super::{Giveaway, Kind, Measure};

pub(super) const WIDTH: Giveaway = Giveaway {
    name: "width",
    summary: "width in pixels as stored",
    kind: Kind::Container,
    measure: Measure::Number(|contents| contents.width as f64),
};

pub(super) const HEIGHT: Giveaway = Giveaway {
    name: "height",
    summary: "height in pixels as stored",
    kind: Kind::Container,
    measure: Measure::Number(|contents| contents.height as f64),
};

/// Generators have a few favourite sizes between a camera's smallest and largest, which neither
/// width nor height shows when taken in order.
pub(super) const DIMENSIONS: Giveaway = Giveaway {
    name: "dimensions",
    summary: "width and height together, as a category",
    kind: Kind::Container,
    measure: Measure::Category(|contents| format!("{}x{}", contents.width, contents.height)),
};
