//! Judges under attack, before and after.

use maud::html;

use crate::accuracy::judges;
use crate::figure::{self, Room};
use crate::number::{Proportion, percent, thousands};
use crate::page::Section;
use crate::part::marked;
use crate::table::{Cell, Table};
use crate::{Part, Phase, Report};

/// One judge under every attack.
#[derive(Clone, Debug)]
pub struct Attacked {
    /// A model's name, or that of the vote.
    pub judge: String,
    /// On the same images without attack.
    pub clean: Proportion,
    /// Under each attack.
    pub attacks: Vec<UnderAttack>,
    /// Share of the images from which no gradient attack can start, in `0..=1`.
    pub zero_gradient_share: f64,
}

/// One attack at one size.
#[derive(Clone, Debug)]
pub struct UnderAttack {
    /// The attack, as in `pgd:steps=50`.
    pub attack: String,
    /// What it is called, as in `PGD, 50 steps`.
    pub title: String,
    /// Whether it is no attack but random noise of the same size.
    pub is_noise: bool,
    /// How far it may go, as in `8/255`.
    pub epsilon: String,
    /// The same as a number, for order.
    pub epsilon_value: f64,
    /// Share of images still judged right.
    pub accuracy: Proportion,
    /// Share of the same images judged right without attack.
    pub clean: Proportion,
}

impl Attacked {
    /// The most damaging attack at the smallest size at which one was tried; none if there was only noise.
    pub(crate) fn worst_at_smallest(&self) -> Option<&UnderAttack> {
        let attacks = || self.attacks.iter().filter(|attack| !attack.is_noise);
        let smallest = attacks().map(|attack| attack.epsilon_value).fold(f64::INFINITY, f64::min);
        attacks()
            .filter(|attack| attack.epsilon_value == smallest)
            .min_by(|a, b| a.accuracy.value.total_cmp(&b.accuracy.value))
    }
}

pub(crate) fn section(report: &Report, room: &Room) -> Section {
    let reason = report.phases.iter().find_map(|phase| match &phase.attacks {
        Part::Missing(reason) => Some(reason),
        Part::There(_) => None,
    });
    let names = judges(attacked(&report.phases).map(|attacked| attacked.judge.as_str()));
    let (chief, others): (Vec<&str>, Vec<&str>) = names.iter().partition(|name| **name == report.judge);
    let body = html! {
        @if let Some(reason) = reason { p.missing { (marked(reason)) } }
        @if !names.is_empty() {
            p {
                "An attacker who knows the detector changes every pixel by at most ε of the range from black to white, "
                "so as to be judged wrongly. " strong { "Chance is 50%" } ": below it, the attacker decides the verdict. "
                "Random noise of the same size stands beside the attacks, since a detector that fails on noise was not "
                "beaten by cleverness. One step of FGSM alone proves nothing: a detector can learn to hide its gradient "
                "from a single step and fall to ten."
            }
            (figure::figures(&report.figures.attacks, room))
            @for judge in chief { (table(&report.phases, judge).markup()) }
            @if !others.is_empty() {
                details {
                    summary { "Each detector alone" }
                    @for judge in others { (table(&report.phases, judge).markup()) }
                }
            }
            @if !report.figures.attacked_samples.is_empty() {
                details {
                    summary { "Sample images under attack" }
                    (figure::figures(&report.figures.attacked_samples, room))
                }
            }
        }
    };
    Section { id: "attacks", title: "Under attack", body }
}

fn attacked(phases: &[Phase]) -> impl Iterator<Item = &Attacked> {
    phases.iter().filter_map(|phase| phase.attacks.there()).flatten()
}

fn table(phases: &[Phase], judge: &str) -> Table {
    let found: Vec<(&Phase, Option<&Attacked>)> = phases
        .iter()
        .map(|phase| (phase, phase.attacks.there().and_then(|all| all.iter().find(|one| one.judge == judge))))
        .collect();
    let mut columns = ["attack", "ε", "n"].map(String::from).to_vec();
    columns.extend(found.iter().map(|(phase, _)| {
        if phases.len() > 1 {
            format!("accuracy (95% interval), {}", phase.name)
        } else {
            "accuracy (95% interval)".into()
        }
    }));
    let mut rows = Vec::new();
    let cells = |values: Vec<Option<Proportion>>, epsilon: &str| {
        let n = values.iter().flatten().next().map_or(Cell::Empty, |share| Cell::Number(thousands(share.n)));
        let last = values.len();
        let shares = values.into_iter().zip(1..).map(|(share, place)| match share {
            None => Cell::Empty,
            Some(share) if place == last => Cell::Chief(share.with_interval()),
            Some(share) => Cell::Number(share.with_interval()),
        });
        [Cell::Number(epsilon.to_owned()), n].into_iter().chain(shares).collect()
    };
    let clean = found.iter().map(|(_, attacked)| attacked.map(|attacked| attacked.clean)).collect();
    rows.push(("none".to_owned(), cells(clean, "0")));
    let first = found.iter().find_map(|(_, attacked)| *attacked);
    let mut planned: Vec<&UnderAttack> = first.map(|attacked| attacked.attacks.iter().collect()).unwrap_or_default();
    planned.sort_by(|a, b| {
        (!a.is_noise)
            .cmp(&!b.is_noise)
            .then_with(|| a.title.cmp(&b.title))
            .then(a.epsilon_value.total_cmp(&b.epsilon_value))
    });
    for plan in planned {
        let of = |attacked: &Option<&Attacked>| {
            let same = |one: &&UnderAttack| one.attack == plan.attack && one.epsilon == plan.epsilon;
            attacked.and_then(|attacked| attacked.attacks.iter().find(same)).map(|one| one.accuracy)
        };
        let values = found.iter().map(|(_, attacked)| of(attacked)).collect();
        rows.push((plan.title.clone(), cells(values, &plan.epsilon)));
    }
    let chance = || Cell::Number(percent(0.5));
    rows.push((
        "guessing".into(),
        [Cell::Empty, Cell::Empty].into_iter().chain(found.iter().map(|_| chance())).collect(),
    ));
    let hidden = found.iter().filter_map(|(_, attacked)| *attacked).map(|attacked| attacked.zero_gradient_share);
    let hidden = hidden.fold(0.0, f64::max);
    let warning = if hidden > 0.0 {
        format!(" {} of the images have no gradient to start from: look for masked gradients.", percent(hidden))
    } else {
        String::new()
    };
    Table { caption: format!("{judge} under attack; chance is 50%.{warning}"), columns, rows }
}
