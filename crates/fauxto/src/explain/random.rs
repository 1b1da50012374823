//! The null baseline: a map that knows neither image nor detector. Whatever a score says of it, it
//! says of nothing; an explainer has to do better.

use rand::RngExt;

use super::{Case, Explainer, ExplainerEntry, Map, MapKind, NULL_BASELINE};
use crate::model::Frozen;
use crate::{Result, random};

pub(super) const ENTRY: ExplainerEntry = ExplainerEntry {
    name: NULL_BASELINE,
    summary: "uniform noise: the null baseline that every explainer has to beat",
    source: "Hooker et al. 2019, arXiv 1806.10758 (random baseline)",
    parameters: &[],
    build: |_| Box::new(Random),
};

#[derive(Debug)]
struct Random;

impl Explainer for Random {
    fn maps(&self, _: &Frozen, cases: &[Case], seed: u64) -> Result<Vec<Map>> {
        let map = |case: &Case| {
            let (width, height) = (case.image.width, case.image.height);
            let mut stream = random::stream(seed, "random map", &[case.item]);
            let values = (0..width * height).map(|_| stream.random_range(0.0..1.0)).collect();
            Map { width, height, kind: MapKind::NonNegative, values }
        };
        Ok(cases.iter().map(map).collect())
    }
}
