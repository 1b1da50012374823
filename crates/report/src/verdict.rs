//! What the detector is worth, in two sentences made of the numbers.

use crate::number::{percent, thousands};
use crate::{Evaluation, HeldOut, Report};

/// A fall in accuracy, in shares, that a reader should act upon.
const MUCH: f64 = 0.1;
/// A share of one class from which always naming it beats a coin.
const UNBALANCED: f64 = 0.55;

/// The two sentences.
pub(crate) fn sentences(report: &Report) -> [String; 2] {
    [worth(report), weakness(report)]
}

fn worth(report: &Report) -> String {
    let Some(evaluation) = report.judged() else {
        return "No labelled images were measured, so nothing is known of what a verdict is worth.".into();
    };
    let accuracy = &evaluation.accuracy;
    let images = match report.held_out {
        HeldOut::OtherData | HeldOut::TestSide => "images that taught it nothing",
        HeldOut::ValidationSide => "images that taught it nothing but chose its epoch",
    };
    let (chance, guessing) = chance(evaluation);
    let standing = if accuracy.may_be(chance) {
        "that cannot be told from guessing"
    } else if accuracy.value < chance {
        "that is worse than guessing"
    } else if accuracy.interval[0] > 0.95 {
        "a verdict on such an image is rarely wrong"
    } else if accuracy.interval[0] > 0.8 {
        "a verdict on such an image is usually right, and no proof"
    } else {
        "a verdict on such an image is a hint and no more"
    };
    format!(
        "Of {} {images}, {} judged {} rightly (95% interval {}; {guessing}): {standing}.",
        thousands(accuracy.n),
        report.judge_in_words,
        percent(accuracy.value),
        accuracy.bounds()
    )
}

/// What can be had without looking at the images, as a share and in words: tossing a coin, or always naming the class that
/// is clearly the commoner.
fn chance(evaluation: &Evaluation) -> (f64, String) {
    let commoner = evaluation.n_real.max(evaluation.n_fake) as f64 / (evaluation.accuracy.n.max(1)) as f64;
    if commoner > UNBALANCED {
        return (commoner, format!("always naming the commoner class would get {}", percent(commoner)));
    }
    (0.5, "guessing gets 50%".to_owned())
}

/// The same, to end a caption of accuracies with; empty where nothing was judged.
pub(crate) fn beside_chance(report: &Report) -> String {
    report.judged().map(|evaluation| format!("; {}", chance(evaluation).1)).unwrap_or_default()
}

fn weakness(report: &Report) -> String {
    let attack = report.attacked().and_then(|attacked| attacked.worst_at_smallest());
    let corruption = report.corrupted().min_by(|a, b| a.accuracy.value.total_cmp(&b.accuracy.value));
    let mut parts = Vec::new();
    if let Some(worst) = attack {
        parts.push(format!(
            "an attacker who may change each pixel by {} brings it to {} ({}, {} images; chance is 50%)",
            worst.epsilon,
            percent(worst.accuracy.value),
            worst.title,
            thousands(worst.accuracy.n)
        ));
    }
    if let Some(worst) = corruption {
        parts.push(format!(
            "the worst corruption tried, {} at severity {}, {} {}",
            worst.corruption.replace('_', " "),
            worst.severity,
            if parts.is_empty() { "brings it to" } else { "to" },
            percent(worst.accuracy.value)
        ));
    }
    if parts.is_empty() {
        return "How it does on attacked or corrupted images was not measured, so nothing is known about pictures that \
                were tampered with, compressed again or blurred."
            .into();
    }
    // At any size that was tried: what holds at the smallest may fall at the next.
    let tried =
        || report.attacked().into_iter().flat_map(|attacked| attacked.attacks.iter().filter(|one| !one.is_noise));
    let deceived = tried().any(|one| one.accuracy.interval[0] <= 0.5);
    let falls = tried().any(|one| one.clean.value - one.accuracy.value > MUCH);
    let fragile = match (corruption, report.judged()) {
        (Some(worst), Some(evaluation)) => evaluation.accuracy.value - worst.accuracy.value > MUCH,
        _ => false,
    };
    let advice = match (deceived, falls, fragile) {
        (true, _, _) => "do not rely on it where somebody may want to deceive it",
        (false, true, _) => "trust it less where somebody may want to deceive it",
        (false, false, true) => "trust it less on pictures that went through other hands",
        (false, false, false) => "it held up against what was tried, and nothing is known beyond that",
    };
    let mut text = parts.join(", and ");
    if let Some(first) = text.get(..1) {
        text = format!("{}{}", first.to_uppercase(), &text[1..]);
    }
    format!("{text}: {advice}.")
}
