//! Whether changing training images at random helps.

use super::{AblationEntry, Arm, Judge, Recipe, Variant};

pub(super) const ENTRY: AblationEntry = AblationEntry {
    name: "augmentation",
    title: "Augmentation on and off",
    summary: "the base phase with the preset's augmentations, and with none",
    source: "Shorten & Khoshgoftaar 2019, `A survey on Image Data Augmentation`",
    least_models: 1,
    arms,
    claimed: None,
};

fn arms(models: &[String]) -> Vec<Arm> {
    let arm = |model: &str, name: &str, base: Variant| Arm {
        group: model.to_owned(),
        reference: name == "on",
        name: name.to_owned(),
        judge: Judge::Detector(Recipe { base, ..Recipe::base(model) }),
    };
    let none = || Variant {
        name: "base_without_augmentation".into(),
        settings: vec!["train.augment=[]".into(), "train.mix=[]".into()],
    };
    models.iter().flat_map(|model| [arm(model, "on", Variant::preset()), arm(model, "off", none())]).collect()
}
