//! Whether accuracies under attack can be trusted. A model can be easy to move and yet look robust,
//! because it hides its gradients (Athalye et al. 2018, arXiv 1802.00420); attacks then fail in ways that
//! give themselves away (Carlini et al. 2019, arXiv 1902.06705). Each check looks for one of these ways.
//!
//! What fails here does not say how robust the model is; it says that the attacks have not found out.

use serde::{Deserialize, Serialize};

use super::robustness::{Robustness, UnderAttack};
use super::{ATTACKS, AttackEntry, Epsilon, Knowledge, Norm};
use crate::evaluate::metric::accuracy::wilson_interval;
use crate::{Error, Result};

/// A sign that gradients are masked.
#[derive(Debug)]
pub struct CheckEntry {
    /// Its name in reports.
    pub name: &'static str,
    /// What is expected of a model whose gradients tell the truth, and what it means where it does not hold.
    pub meaning: &'static str,
    /// Where it is argued.
    pub source: &'static str,
    /// What must hold on these measurements.
    examine: fn(&Robustness) -> Vec<Outcome>,
}

/// Every check.
pub static CHECKS: &[CheckEntry] = &[
    CheckEntry {
        name: "gradients_reach_the_pixels",
        meaning: "at most one image in twenty has a zero gradient; where more have, gradient attacks cannot start",
        source: "Athalye et al. 2018, section 3",
        examine: gradients_reach_the_pixels,
    },
    CheckEntry {
        name: "iterative_is_not_weaker_than_single_step",
        meaning: "PGD or APGD leaves no more right than FGSM; else the loss is rough where single steps jump over",
        source: "Athalye et al. 2018, section 3.1",
        examine: iterative_is_not_weaker_than_single_step,
    },
    CheckEntry {
        name: "white_box_is_not_weaker_than_black_box",
        meaning: "attacks with gradients leave no more right than Square without; else the gradients mislead",
        source: "Athalye et al. 2018, section 3.1",
        examine: white_box_is_not_weaker_than_black_box,
    },
    CheckEntry {
        name: "gradient_is_not_weaker_than_noise",
        meaning: "FGSM leaves no more right than random noise of its size; else the gradient's direction says nothing",
        source: "Carlini et al. 2019, section 4.2",
        examine: gradient_is_not_weaker_than_noise,
    },
    CheckEntry {
        name: "a_large_epsilon_defeats_everything",
        meaning: "at an epsilon of 0.5, where every image can become grey, at most one in ten is judged right; else the \
                  attack does not work",
        source: "Athalye et al. 2018, section 3.1",
        examine: a_large_epsilon_defeats_everything,
    },
];

/// From here on any image can be turned into any other's grey, so no detector can hold.
pub const LARGE_EPSILON: &str = "0.5";

/// The share of right verdicts at [`LARGE_EPSILON`] above which the attack is held for broken.
const LARGE_EPSILON_CEILING: f64 = 0.1;

/// The share of images without a gradient above which gradient attacks are held for blind.
const ZERO_GRADIENT_CEILING: f64 = 0.05;

/// One check at one epsilon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The check.
    pub name: String,
    /// At which epsilon; absent where the check concerns none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epsilon: Option<Epsilon>,
    /// Whether what is expected holds.
    pub passed: bool,
    /// What was compared: names and numbers in `0..=1`.
    pub values: Vec<(String, f64)>,
    /// What is expected and what it means where it does not hold.
    pub meaning: String,
}

/// What a check found at one epsilon; `None` where a measurement it needs is missing.
struct Outcome {
    epsilon: Option<Epsilon>,
    found: Option<(bool, Vec<(String, f64)>)>,
}

/// Attacks and epsilons that give every check something to look at, for each of `epsilons` (L-infinity).
/// Square gets a fifth of its queries: enough to beat gradients that mislead.
#[must_use]
pub fn needed(epsilons: &[Epsilon]) -> Vec<(&'static str, Epsilon)> {
    let attacks = ["random_noise", "fgsm", "pgd:steps=50", "square:queries=1000"];
    let at = |epsilon: &Epsilon| attacks.map(|attack| (attack, epsilon.clone()));
    let mut needed: Vec<_> = epsilons.iter().flat_map(at).collect();
    if let Ok(large) = LARGE_EPSILON.parse() {
        // PGD's fixed steps of a quarter of so large an epsilon wander about even on plain models.
        needed.push(("apgd_ce", large));
    }
    needed
}

/// Runs every check on every epsilon measured. Accuracies are compared as follows: the attack that should
/// be stronger fails where its accuracy lies above the upper end of the other's 95% interval; shares fail
/// where their interval lies above the limit.
///
/// # Errors
/// [`Error::Refused`] if a check finds nothing to look at, naming the measurements it needs (see
/// [`needed`]).
pub fn examine(robustness: &Robustness) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for check in CHECKS {
        let outcomes = (check.examine)(robustness);
        let before = findings.len();
        findings.extend(outcomes.into_iter().filter_map(|Outcome { epsilon, found }| {
            let (passed, values) = found?;
            Some(Finding { name: check.name.into(), epsilon, passed, values, meaning: check.meaning.into() })
        }));
        if findings.len() == before {
            return Err(Error::Refused(format!(
                "gradient-masking check {}: found no attacks to compare; expected random_noise, fgsm, pgd and square at \
                 one epsilon, and apgd_ce at {LARGE_EPSILON}; run these too",
                check.name
            )));
        }
    }
    Ok(findings)
}

/// Refuses what was measured where a check failed.
///
/// # Errors
/// [`Error::Refused`] naming each check that failed, with its values.
pub fn require(findings: &[Finding]) -> Result<()> {
    let failed: Vec<String> = findings.iter().filter(|finding| !finding.passed).map(describe).collect();
    if failed.is_empty() {
        return Ok(());
    }
    Err(Error::Refused(format!(
        "gradients are masked; accuracies under attack say nothing about this model:\n{}",
        failed.join("\n")
    )))
}

fn describe(finding: &Finding) -> String {
    let at = finding.epsilon.as_ref().map_or_else(String::new, |epsilon| format!(" at {epsilon}"));
    let values: Vec<String> = finding.values.iter().map(|(name, value)| format!("{name} {value:.3}")).collect();
    format!("  {}{at}: {}; expected: {}", finding.name, values.join(", "), finding.meaning)
}

fn gradients_reach_the_pixels(robustness: &Robustness) -> Vec<Outcome> {
    let share = robustness.zero_gradient_share;
    let without = (share * robustness.n as f64).round() as u64;
    let [low, _] = wilson_interval(without, robustness.n as u64);
    let values = vec![("zero_gradient_share".into(), share), ("its_lower_bound".into(), low)];
    vec![Outcome { epsilon: None, found: Some((low <= ZERO_GRADIENT_CEILING, values)) }]
}

fn iterative_is_not_weaker_than_single_step(robustness: &Robustness) -> Vec<Outcome> {
    compare(robustness, is_iterative, is_single_step)
}

fn white_box_is_not_weaker_than_black_box(robustness: &Robustness) -> Vec<Outcome> {
    compare(robustness, |attack| is_iterative(attack) || is_single_step(attack), |a| a.knowledge == Knowledge::Logits)
}

fn gradient_is_not_weaker_than_noise(robustness: &Robustness) -> Vec<Outcome> {
    compare(robustness, is_single_step, |attack| attack.knowledge == Knowledge::None)
}

fn a_large_epsilon_defeats_everything(robustness: &Robustness) -> Vec<Outcome> {
    let large = LARGE_EPSILON.parse::<Epsilon>().map_or(f64::INFINITY, |epsilon| epsilon.value());
    let strongest = strongest(robustness, &|attack| attack.epsilon_value >= large && is(attack, is_iterative));
    let found = strongest.map(|attack| {
        let values = vec![(attack.attack.clone(), attack.accuracy()), ("its_lower_bound".into(), attack.interval()[0])];
        (attack.interval()[0] <= LARGE_EPSILON_CEILING, values)
    });
    vec![Outcome { epsilon: strongest.map(|attack| attack.epsilon.clone()), found }]
}

// The composition is neither: its black-box part would hide what is looked for.
fn is_iterative(attack: &AttackEntry) -> bool {
    attack.knowledge == Knowledge::Gradients && attack.iterative
}

fn is_single_step(attack: &AttackEntry) -> bool {
    attack.knowledge == Knowledge::Gradients && !attack.iterative
}

/// Whether the attack behind a measurement is in L-infinity and as `wanted`.
fn is(measured: &UnderAttack, wanted: fn(&AttackEntry) -> bool) -> bool {
    let name = measured.attack.split(':').next().unwrap_or_default();
    ATTACKS.iter().any(|entry| entry.name == name && entry.norm == Norm::LInfinity && wanted(entry))
}

/// At every epsilon: the strongest of `stronger` must not lie above the interval of the strongest of
/// `weaker`.
fn compare(
    robustness: &Robustness,
    stronger: fn(&AttackEntry) -> bool,
    weaker: fn(&AttackEntry) -> bool,
) -> Vec<Outcome> {
    let mut epsilons: Vec<&Epsilon> = Vec::new();
    for attack in &robustness.attacks {
        if !epsilons.contains(&&attack.epsilon) {
            epsilons.push(&attack.epsilon);
        }
    }
    let at = |epsilon: &Epsilon| {
        let stronger = strongest(robustness, &|attack| attack.epsilon == *epsilon && is(attack, stronger))?;
        let weaker = strongest(robustness, &|attack| attack.epsilon == *epsilon && is(attack, weaker))?;
        let [_, high] = weaker.interval();
        let values = vec![
            (stronger.attack.clone(), stronger.accuracy()),
            (weaker.attack.clone(), weaker.accuracy()),
            (format!("{}_upper_bound", weaker.attack), high),
        ];
        Some((stronger.accuracy() <= high, values))
    };
    epsilons.into_iter().map(|epsilon| Outcome { epsilon: Some(epsilon.clone()), found: at(epsilon) }).collect()
}

/// Of the `wanted` attacks, the one that leaves the fewest right.
fn strongest<'a>(robustness: &'a Robustness, wanted: &dyn Fn(&UnderAttack) -> bool) -> Option<&'a UnderAttack> {
    let attacks = robustness.attacks.iter().filter(|attack| wanted(attack));
    attacks.min_by(|left, right| left.accuracy().total_cmp(&right.accuracy()))
}
