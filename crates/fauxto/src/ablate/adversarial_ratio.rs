//! How much of every batch to attack.

use super::{AblationEntry, Arm, Claim, Claimed, Judge, Recipe, Variant};

pub(super) const ENTRY: AblationEntry = AblationEntry {
    name: "adversarial_ratio",
    title: "Share of every batch attacked in fine-tuning",
    summary: "fine-tuning with 0, 10, 30, 50 or 100% of every batch attacked, from the same base detector",
    source: "the original project's ablation; Goodfellow et al. 2015, arXiv 1412.6572, section 6",
    least_models: 1,
    arms,
    claimed: Some(&CLAIMED),
};

/// In percent. Without attacks fine-tuning goes on just as long, so that what attacks do is told apart from what
/// more epochs do.
const SHARES: [u32; 5] = [0, 10, 30, 50, 100];

/// What the original project decided for.
const REFERENCE: u32 = 30;

fn arms(models: &[String]) -> Vec<Arm> {
    let arm = |model: &str, share: u32| Arm {
        group: model.to_owned(),
        name: format!("{share}%"),
        judge: Judge::Detector(Recipe {
            fine_tuning: Some(Variant {
                name: format!("attacked_{share}"),
                settings: vec![format!("train.adversarial.share={}", f64::from(share) / 100.0)],
            }),
            ..Recipe::base(model)
        }),
        reference: share == REFERENCE,
    };
    models.iter().flat_map(|model| SHARES.map(|share| arm(model, share))).collect()
}

const CLAIMED: Claimed = Claimed {
    source: "the original project's README, `Effect of Adversarial Training Ratio`",
    record: "its notebook has one ratio, 30%: under FGSM .05 after fine-tuning 53.8% (ResNet-SE), \
             54.6% (ConvNeXt-Tiny), 61.8% (EfficientNet-B0)",
    conclusion: "70% clean and 30% attacked images are the best balance",
    rows: &[
        clean("0%", 0.994),
        clean("10%", 0.988),
        clean("30%", 0.992),
        clean("50%", 0.965),
        clean("100%", 0.88),
        attacked("0%", 0.40),
        attacked("10%", 0.55),
        attacked("30%", 0.70),
        attacked("50%", 0.75),
        attacked("100%", 0.85),
    ],
};

const fn clean(arm: &'static str, accuracy: f64) -> Claim {
    Claim { arm, condition: "clean", accuracy }
}

const fn attacked(arm: &'static str, accuracy: f64) -> Claim {
    Claim { arm, condition: "fgsm .05", accuracy }
}
