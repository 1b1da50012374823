//! What the original project says, beside what is measured here.

use serde::Serialize;

/// A table of the original project. Claims, not golden values: nothing is held to them.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Claimed {
    /// Where it says so.
    pub source: &'static str,
    /// What its own record shows of the same subject.
    pub record: &'static str,
    /// What it concludes.
    pub conclusion: &'static str,
    /// The table.
    pub rows: &'static [Claim],
}

/// One number of such a table.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Claim {
    /// The arm, as it is called here.
    pub arm: &'static str,
    /// The condition, as it is called here.
    pub condition: &'static str,
    /// The accuracy claimed, in `0..=1`.
    pub accuracy: f64,
}
