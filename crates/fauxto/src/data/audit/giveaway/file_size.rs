//! Length of the encoded file.

use super::{Giveaway, Kind, Measure};

pub(super) const GIVEAWAY: Giveaway = Giveaway {
    name: "file_size",
    summary: "length of the encoded file in bytes",
    kind: Kind::Container,
    measure: Measure::Number(|contents| contents.encoded_bytes as f64),
};
