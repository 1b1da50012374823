//! What the numbers do not show, from what is known of how they came about.

use maud::html;

use crate::number::{counted, thousands};
use crate::page::Section;
use crate::{HeldOut, Part, Report};

/// The sentences, most important first.
pub(crate) fn limits(report: &Report) -> Vec<String> {
    let mut limits = Vec::new();
    limits.push(match report.held_out {
        HeldOut::OtherData => {
            "The images measured on are a data set of their own. As far as they come from the same cameras and the same \
             generator as those learned from, the numbers say nothing of others."
                .to_owned()
        }
        HeldOut::TestSide => "The images measured on are a part of the same data set as those learned from: same \
                              cameras, same generator, same way of storing. Other sources are not covered, and \
                              detectors usually do worse on them."
            .to_owned(),
        HeldOut::ValidationSide => "The images measured on chose the epoch that was kept, and are a part of the same \
                                    data set as those learned from. The numbers are flattering twice over; measure on \
                                    a test side or on other data before relying on them."
            .to_owned(),
    });
    limits.push(
        "Labels say real or fake and not which generator made an image. A generator that was not among the training \
         images, or a newer one, is not covered."
            .into(),
    );
    if let Some(size) = report.data.input_size {
        limits.push(format!(
            "The detector sees every image at {size} x {size} pixels. Evidence that lives in finer detail of larger \
             pictures is gone before it looks."
        ));
    }
    if let Some(evaluation) = report.judged() {
        let accuracy = &evaluation.accuracy;
        let half = 50.0 * (accuracy.interval[1] - accuracy.interval[0]);
        limits.push(format!(
            "{} were measured: accuracies closer together than about {half:.1} percentage points are not told apart, and \
             a rate of false alarms below about one in {} is not visible at all.",
            counted(accuracy.n, "image", "images"),
            thousands((evaluation.n_real / 3).max(1))
        ));
        if evaluation.n_real != evaluation.n_fake {
            limits.push(format!(
                "{} real and {} fake images were measured. Where fakes are rarer than here, more of the alarms are \
                 false, whatever the accuracy.",
                thousands(evaluation.n_real),
                thousands(evaluation.n_fake)
            ));
        } else {
            limits.push(
                "Half of the images measured are fake. Where fakes are rarer, more of the alarms are false, whatever \
                 the accuracy."
                    .into(),
            );
        }
    }
    let mut seeds: Vec<u64> = report.training.trained.iter().map(|trained| trained.seed).collect();
    seeds.sort_unstable();
    seeds.dedup();
    if seeds.len() == 1 {
        limits.push(
            "One seed was trained. The intervals are about the images, not about training: another seed can move the numbers \
             by more."
                .into(),
        );
    }
    attacks(report, &mut limits);
    if let Some(n) = report.phases.last().and_then(|phase| phase.corruptions.there()).map(|all| all.n)
        && report.judged().is_some_and(|evaluation| n < evaluation.accuracy.n)
    {
        limits.push(format!("Corruptions were measured on {} only.", counted(n, "image", "images")));
    }
    match &report.data.audit {
        Part::Missing(_) => limits.push(
            "Whether duplicates or giveaways of the files (size, format, compression) tell the classes apart is not \
             recorded here."
                .into(),
        ),
        Part::There(audit) if audit.stops_training.is_some() => limits.push(
            "A property of the files alone tells the classes apart, and training went on all the same: the detector may \
             have learned how files were stored."
                .into(),
        ),
        Part::There(_) => {}
    }
    if report.calibration.there().is_none() {
        limits
            .push("Probabilities are the detector's own and are not calibrated: 90% need not mean nine in ten.".into());
    }
    if let Some(cases) = report.cases.there() {
        limits.push(format!(
            "The {} shown are chosen, not drawn: the most and the least certain and the wrong ones, not typical ones.",
            cases.shown()
        ));
    }
    limits
}

fn attacks(report: &Report, limits: &mut Vec<String>) {
    let Some(attacked) = report.attacked() else {
        if report.phases.last().is_some_and(|phase| phase.attacks.there().is_none()) {
            limits.push("No attack was tried.".into());
        }
        return;
    };
    let smallest = attacked.attacks.iter().map(|attack| attack.accuracy.n).min().unwrap_or(0);
    let strongest = attacked.attacks.iter().any(|attack| attack.attack.starts_with("autoattack"));
    let known = if strongest {
        "The strongest attack tried is the two-class composition of APGD, FAB and Square"
    } else {
        "AutoAttack was not tried, nor anything stronger than what is listed"
    };
    limits.push(format!(
        "{known}; attacks were measured on as few as {}. Robust accuracy is an upper bound: an attacker with more time, \
         or one who fits the attack to this detector, gets further.",
        counted(smallest, "image", "images")
    ));
}

pub(crate) fn section(report: &Report) -> Section {
    let body = html! { ul.limits { @for limit in limits(report) { li { (limit) } } } };
    Section { id: "limits", title: "What these numbers do not show", body }
}
