//! What every ablation keeps.

use std::collections::{HashMap, HashSet};

use super::*;
use crate::model::MODELS;

fn models() -> Vec<String> {
    MODELS.iter().map(|entry| entry.name.to_owned()).collect()
}

fn phases() -> Phases {
    Phases { base: "base".into(), fine_tuning: "adversarial".into(), settings: vec!["train.epochs=2".into()] }
}

#[test]
fn arms_are_distinct_and_each_group_has_one_reference() {
    for ablation in ABLATIONS {
        let arms = (ablation.arms)(&models()[..ablation.least_models]);
        let groups: HashSet<&str> = arms.iter().map(|arm| arm.group.as_str()).collect();
        for group in groups {
            let members: Vec<&Arm> = arms.iter().filter(|arm| arm.group == group).collect();
            assert!(members.len() > 1, "{}: nothing to compare in {group}", ablation.name);
            assert_eq!(members.iter().filter(|arm| arm.reference).count(), 1, "{}: {group}", ablation.name);
            for (what, distinct) in [
                ("names", members.iter().map(|arm| arm.name.clone()).collect::<HashSet<_>>().len()),
                ("judges", members.iter().map(|arm| arm.judge.file(1)).collect::<HashSet<_>>().len()),
            ] {
                assert_eq!(distinct, members.len(), "{}: {what} in {group}", ablation.name);
            }
        }
        for text in [ablation.title, ablation.summary, ablation.source] {
            assert!(!text.is_empty(), "{}", ablation.name);
        }
        assert_eq!(super::ablation(ablation.name).unwrap().name, ablation.name);
    }
    assert!(super::ablation("dropout").unwrap_err().to_string().contains("adversarial_ratio"));
}

#[test]
fn every_recipe_resolves_and_equal_folders_mean_equal_settings() {
    let mut by_folder = HashMap::new();
    for ablation in ABLATIONS {
        for arm in (ablation.arms)(&models()) {
            for recipe in arm.judge.members() {
                for recipe in [recipe.before_fine_tuning(), recipe.clone()] {
                    let config = phases().config(&recipe, 7).unwrap();
                    assert_eq!((config.model.as_str(), config.seed, config.train.epochs), (&*recipe.model, 7, 2));
                    let known = by_folder.entry(recipe.folder(7)).or_insert_with(|| config.clone());
                    assert_eq!(*known, config, "{}: {}", ablation.name, recipe.name());
                }
            }
        }
    }
    let distinct: HashSet<String> = by_folder.values().map(|config| config.to_toml().unwrap()).collect();
    assert_eq!(distinct.len(), by_folder.len(), "two folders for the same settings");
}

#[test]
fn arms_of_one_detector_differ_in_nothing_but_their_subject() {
    let model = &models()[..1];
    let share = |arm: &Arm| {
        let config = phases().config(&arm.judge.members()[0], 1).unwrap();
        let mut adversarial = config.train.adversarial.clone().unwrap();
        let share = std::mem::replace(&mut adversarial.share, 0.0);
        (share, adversarial, config.train.epochs)
    };
    let arms = (ablation("adversarial_ratio").unwrap().arms)(model);
    let shares: Vec<f64> = arms.iter().map(|arm| share(arm).0).collect();
    assert_eq!(shares, [0.0, 0.1, 0.3, 0.5, 1.0]);
    assert!(arms.iter().all(|arm| (share(arm).1, share(arm).2) == (share(&arms[0]).1, share(&arms[0]).2)));

    let arms = (ablation("augmentation").unwrap().arms)(model);
    let [on, off] = [0, 1].map(|place| phases().config(&arms[place].judge.members()[0], 1).unwrap());
    assert!(!on.train.augment.is_empty() && off.train.augment.is_empty());
    let mut without = on;
    without.train.augment.clear();
    assert_eq!(without, off);
}

#[test]
fn claims_are_about_arms_and_conditions_there_are() {
    let original: Vec<String> = ["convnext_tiny", "efficientnet_b0", "resnet_se"].map(String::from).into();
    for ablation in ABLATIONS {
        let arms = (ablation.arms)(&original);
        for claim in ablation.claimed.iter().flat_map(|claimed| claimed.rows) {
            assert!(arms.iter().any(|arm| arm.name == claim.arm), "{}: {}", ablation.name, claim.arm);
            assert!(conditions().iter().any(|name| name == claim.condition), "{}", claim.condition);
            assert!((0.0..=1.0).contains(&claim.accuracy));
        }
    }
}
