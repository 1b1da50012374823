//! Whether detectors judge better together.

use super::{AblationEntry, Arm, Claim, Claimed, Judge, Recipe};
use crate::ensemble::COMBINATIONS;

pub(super) const ENTRY: AblationEntry = AblationEntry {
    name: "ensemble",
    title: "Detectors alone and voting",
    summary: "base detectors alone against every way of combining them, fitted on validation images",
    source: "the original project's ablation; Dietterich 2000, `Ensemble Methods in Machine Learning`",
    least_models: 2,
    arms,
    claimed: Some(&CLAIMED),
};

/// The original project's vote.
const REFERENCE: &str = "accuracy_weighted";

fn arms(models: &[String]) -> Vec<Arm> {
    let arm = |name: &str, judge| Arm {
        group: "ensemble".into(),
        name: name.to_owned(),
        judge,
        reference: name == REFERENCE,
    };
    let members: Vec<Recipe> = models.iter().map(|model| Recipe::base(model)).collect();
    let alone = members.iter().map(|recipe| arm(&recipe.model, Judge::Detector(recipe.clone())));
    let votes = COMBINATIONS
        .iter()
        .map(|entry| arm(entry.name, Judge::Vote { combination: entry.name, members: members.clone() }));
    alone.chain(votes).collect()
}

const CLAIMED: Claimed = Claimed {
    source: "the original project's README, `Ensemble vs Single Model`",
    record: "its notebook never evaluates the ensemble, and shows 69.4% for ConvNeXt-Tiny, 68.8% for \
             EfficientNet-B0 and 99.4% for ResNet-SE, whose training set held every validation image",
    conclusion: "the weighted ensemble is better than its best member",
    rows: &[
        claim("convnext_tiny", 0.994),
        claim("efficientnet_b0", 0.694),
        claim("resnet_se", 0.688),
        claim(REFERENCE, 0.996),
    ],
};

const fn claim(arm: &'static str, accuracy: f64) -> Claim {
    Claim { arm, condition: "clean", accuracy }
}
