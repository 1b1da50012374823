//! What a run was trained on: its audit, if it kept one, and its split.

use std::path::Path;

use anyhow::Context;
use fauxto::Label;
use fauxto::data::Side;
use fauxto::data::audit::{Audit as Findings, GIVEAWAYS, Kind};
use fauxto::data::split::Split;
use report::{Audit, Giveaway, HeldOut, Part};

/// The first audit that one of `folders` kept.
pub(super) fn audit<'p>(folders: impl IntoIterator<Item = &'p Path>) -> anyhow::Result<Part<Audit>> {
    for folder in folders {
        let path = fauxto::run::RunFolder::new(folder).audit();
        if let Some(text) = super::text(&path)? {
            let findings: Findings = serde_json::from_str(&text).with_context(|| path.display().to_string())?;
            return Ok(Part::There(plain(&findings)));
        }
    }
    Ok(Part::Missing(
        "This run kept no audit of its images (runs that were given a split make none). `fauxto audit DATA` looks for \
         duplicates, unreadable files and giveaways."
            .into(),
    ))
}

fn plain(findings: &Findings) -> Audit {
    let duplicates = &findings.duplicates;
    let clusters = duplicates.exact.iter().chain(&duplicates.near);
    let giveaway = |finding: &fauxto::data::audit::Finding| Giveaway {
        name: finding.name.clone(),
        summary: GIVEAWAYS
            .iter()
            .find(|entry| entry.name == finding.name)
            .map_or_else(String::new, |entry| entry.summary.to_owned()),
        of_the_file: finding.kind == Kind::Container,
        separation: finding.separation,
    };
    Audit {
        images: findings.images as u64,
        real: findings.balance.real as u64,
        fake: findings.balance.fake as u64,
        unlabelled: findings.balance.unlabelled as u64,
        unreadable: findings.unreadable.len() as u64,
        same_pixels: duplicates.exact.len() as u64,
        near_pixels: duplicates.near.len() as u64,
        across_labels: clusters.filter(|cluster| cluster.across_labels).count() as u64,
        giveaways: findings.giveaways.iter().map(giveaway).collect(),
        stops_training: findings.stops_training(),
    }
}

/// The split in plain data.
pub(super) fn split(split: &Split, held_out: HeldOut) -> report::Split {
    let side = |side: Side, name: &str, purpose: &str| {
        let count = |label: Label| split.on(side).filter(|item| item.label == label).count() as u64;
        report::Side { name: name.into(), purpose: purpose.into(), real: count(Label::Real), fake: count(Label::Fake) }
    };
    let of_test =
        if held_out == HeldOut::TestSide { "measured on, nothing else" } else { "kept apart, not measured on here" };
    report::Split {
        seed: split.settings().seed,
        hash: split.data_hash().to_string(),
        sides: [
            side(Side::Train, "train", "learned from"),
            side(Side::Validation, "validation", "chooses the epoch, weighs votes"),
            side(Side::Test, "test", of_test),
        ]
        .into_iter()
        .filter(|side| side.real + side.fake > 0)
        .collect(),
        left_out: split.left_out().count() as u64,
    }
}
