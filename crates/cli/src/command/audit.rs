//! `fauxto audit`.

use std::path::PathBuf;

use clap::Args;
use fauxto::data::audit::{Audit as Findings, audit_dataset};
use fauxto::data::{Dataset, Labels, OpenOptions};

use super::{Outcome, say, say_json};
use crate::options::DataOptions;
use crate::{progress, table};

/// Look for duplicates, unreadable files and giveaways that would let a detector cheat
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  fauxto audit photos/\n  fauxto audit train.parquet --json | jq .giveaways\n\nExit code 1: files that cannot be read (unless --skip-bad), or giveaways for which training would be refused."
)]
pub(crate) struct Arguments {
    /// Folder, Parquet file or folder of shards, CSV, JSON Lines
    data: PathBuf,
    #[command(flatten)]
    options: DataOptions,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// How many unreadable files and duplicate clusters the tables name; JSON has all.
const NAMED: usize = 10;

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let options =
        OpenOptions { classes: arguments.options.classes.clone(), labels: Labels::Optional, ..OpenOptions::default() };
    let dataset = Dataset::open(&arguments.data, &options)?;
    let bar = progress::bar(dataset.items.len(), "images", "auditing");
    let findings = audit_dataset(&dataset, &|| bar.inc(1));
    bar.finish_and_clear();
    if arguments.json {
        say_json(&findings)?;
    } else {
        say_tables(&findings)?;
    }
    let unreadable = !findings.unreadable.is_empty() && !arguments.options.skip_bad;
    Ok(if unreadable || findings.stops_training().is_some() { Outcome::No } else { Outcome::Done })
}

fn say_tables(findings: &Findings) -> anyhow::Result<()> {
    let balance = findings.balance;
    say(format!(
        "{} images: {} real, {} fake, {} unlabelled, {} unreadable",
        findings.images,
        balance.real,
        balance.fake,
        balance.unlabelled,
        findings.unreadable.len()
    ))?;
    for entry in findings.unreadable.iter().take(NAMED) {
        say(table::visible(&format!("  {}: {}", entry.identity, entry.reason), &[]))?;
    }
    let duplicates = &findings.duplicates;
    for (kind, clusters) in [("the same pixels", &duplicates.exact), ("nearly the same pixels", &duplicates.near)] {
        let across = clusters.iter().filter(|cluster| cluster.across_labels).count();
        say(format!("{} sets of images with {kind}, {across} of them across labels", clusters.len()))?;
        for cluster in clusters.iter().take(NAMED) {
            say(table::visible(&format!("  {}", cluster.identities.join(", ")), &[]))?;
        }
    }
    let rows = findings.giveaways.iter().map(|finding| {
        let number = |value: Option<f64>| value.map_or_else(|| "undefined".into(), |value| format!("{value:.3}"));
        vec![finding.name.clone(), format!("{:?}", finding.kind).to_lowercase(), number(finding.separation)]
    });
    say(table::table(&["property", "of the", "separation (AUC)"], rows))?;
    if let Some(reason) = findings.stops_training() {
        say(reason)?;
    }
    Ok(())
}
