//! What AutoAttack (Croce & Hein 2020, arXiv 2003.01690) comes to with two classes: APGD-CE, FAB with its
//! one target, and Square, each on what the ones before left right.
//!
//! This is not AutoAttack: its APGD-DLR needs a third class, because the DLR loss divides by the distance
//! to the third logit. With two classes the logit margin that is left of DLR is what cross entropy climbs
//! too (see the [module](super)), so nothing takes its place.

use burn::tensor::Tensor;

use super::batch::Worst;
use super::target::wrong_leads;
use super::{Attack, Batch, Epsilon, Parameters, Target, apgd_ce, fab, square};
use crate::Result;

#[derive(Debug)]
struct AutoAttackTwoClass {
    attacks: [Box<dyn Attack>; 3],
}

impl Attack for AutoAttackTwoClass {
    fn perturb(&self, target: &dyn Target, batch: &Batch, epsilon: &Epsilon, seed: u64) -> Result<Tensor<4>> {
        let leads = wrong_leads(target, batch.pixels.clone(), &batch.labels)?;
        let mut worst = Worst { pixels: batch.pixels.clone(), leads };
        for attack in &self.attacks {
            let rows = worst.still_right(&batch.labels);
            if rows.is_empty() {
                break;
            }
            let rest = batch.select(&rows);
            let found = attack.perturb(target, &rest, epsilon, seed)?;
            let leads = wrong_leads(target, found.clone(), &rest.labels)?;
            worst.offer(&rows, found, &leads);
        }
        Ok(worst.pixels)
    }
}

/// Hands its parameters on: `iterations` and `restarts` to APGD-CE and FAB, `queries` and `half` to Square.
pub(super) fn build(parameters: &mut Parameters) -> Result<Box<dyn Attack>> {
    let iterations = parameters.count("iterations", 100, 100_000)?;
    let restarts = parameters.count("restarts", 1, 10_000)?;
    let queries = parameters.count("queries", 5000, 10_000_000)?;
    let table = |values: &[(&str, usize)]| {
        values.iter().map(|(name, value)| ((*name).to_owned(), toml::Value::Integer(*value as i64))).collect()
    };
    let ascent = || table(&[("iterations", iterations), ("restarts", restarts)]);
    let mut search: toml::Table = table(&[("queries", queries)]);
    search.insert("half".into(), parameters.switch("half", false)?.into());
    let attacks = [
        apgd_ce::build(&mut Parameters::new("apgd_ce", ascent()))?,
        fab::build(&mut Parameters::new("fab", ascent()))?,
        square::build(&mut Parameters::new("square", search))?,
    ];
    Ok(Box::new(AutoAttackTwoClass { attacks }))
}
