//! The tables.

use std::path::Path;

use fauxto::ablate::{AblationResult, Claimed, ConditionResult, GroupResult};

use super::{Report, within};
use crate::command::say;
use crate::{figure, table};

/// From which p-value on a difference is called one.
const SIGNIFICANT: f64 = 0.05;

pub(super) fn tables(report: &Report<'_>, out: &Path) -> anyhow::Result<()> {
    let result = report.result;
    say(format!(
        "{}: {} images to learn from, {} to stop on; reported on {}: {} images, {} of them attacked; seeds {}",
        report.data,
        result.n_train,
        result.n_validation,
        report.reported_on,
        result.n_reported,
        result.n_attacked,
        result.seeds.iter().map(u64::to_string).collect::<Vec<_>>().join(", "),
    ))?;
    for ablation in &result.ablations {
        say("")?;
        say(format!("{}: {}", ablation.title, ablation.summary))?;
        for group in &ablation.groups {
            of_group(group)?;
        }
        if let Some(claimed) = ablation.claimed {
            of_claims(claimed, ablation)?;
        }
    }
    say("")?;
    let runs = if result.seeds.len() > 1 {
        "mean accuracy in percent (lowest to highest over the seeds)"
    } else {
        "accuracy in percent"
    };
    say(format!("{runs}; guessing has {:.0}. +N and -N: better and worse than the", 100.0 * result.chance))?;
    say(format!("reference in N runs by McNemar's test on the same images, p < {SIGNIFICANT}"))?;
    let stems: Vec<String> = result.ablations.iter().map(|ablation| format!("{}.png", ablation.name)).collect();
    say(format!("95% intervals of every run in {}; figures: {}", within(out, "results.json"), stems.join(", ")))
}

fn of_group(group: &GroupResult) -> anyhow::Result<()> {
    let titles: Vec<String> = group.arms.first().map_or_else(Vec::new, |arm| {
        arm.conditions.iter().map(|condition| figure::condition(&condition.condition)).collect()
    });
    let mut header = vec![group.group.as_str()];
    header.extend(titles.iter().map(String::as_str));
    let rows = group.arms.iter().map(|arm| {
        let mark = if arm.arm == group.reference { " (reference)" } else { "" };
        std::iter::once(format!("{}{mark}", arm.arm)).chain(arm.conditions.iter().map(cell)).collect()
    });
    say(table::table(&header, rows))
}

fn cell(condition: &ConditionResult) -> String {
    let percent = |value: f64| format!("{:.1}", 100.0 * value);
    let accuracy = &condition.accuracy;
    let mut text = percent(accuracy.mean);
    if condition.runs.len() > 1 {
        text.push_str(&format!(" ({} to {})", percent(accuracy.lowest), percent(accuracy.highest)));
    }
    let significant = |better: bool| {
        let tests = condition.runs.iter().filter_map(|run| run.against_reference);
        tests
            .filter(|test| test.p_value < SIGNIFICANT && (test.only_first_right > test.only_second_right) == better)
            .count()
    };
    for (sign, count) in [('+', significant(true)), ('-', significant(false))] {
        if count > 0 {
            text.push_str(&format!(" {sign}{count}"));
        }
    }
    text
}

fn of_claims(claimed: &Claimed, ablation: &AblationResult) -> anyhow::Result<()> {
    let has = |arm: &str| ablation.groups.iter().flat_map(|group| &group.arms).any(|found| found.arm == arm);
    let mut conditions: Vec<&str> = claimed.rows.iter().map(|claim| claim.condition).collect();
    conditions.dedup();
    say(format!("Claimed in {}:", claimed.source))?;
    for condition in conditions {
        let claims = claimed.rows.iter().filter(|claim| claim.condition == condition && has(claim.arm));
        let claims: Vec<String> = claims.map(|claim| format!("{} {:.1}", claim.arm, 100.0 * claim.accuracy)).collect();
        say(format!("  {}: {}", figure::condition(condition), claims.join(", ")))?;
    }
    say(format!("  \"{}\"; {}", claimed.conclusion, claimed.record))
}
