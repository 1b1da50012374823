//! `fauxto corrupt`.

use fauxto::corrupt::{CorruptedSet, MANIFEST, Written};
use fauxto::data::{Dataset, OpenOptions};
use serde::Serialize;

use super::{Outcome, say, say_json};
use crate::arguments::Corrupt;
use crate::{figure, progress};

/// What `--json` prints. Field names are stable.
#[derive(Debug, Serialize)]
struct Report<'a> {
    folder: String,
    manifest: String,
    /// Source images that were corrupted.
    images: usize,
    /// Images written.
    files: usize,
    corruptions: Vec<&'a str>,
    severities: &'a [fauxto::corrupt::Severity],
    seed: u64,
    /// Source images left out, with the reasons.
    skipped: &'a [fauxto::data::Broken],
    /// The figure's files.
    figure: Vec<String>,
}

pub(super) fn run(arguments: &Corrupt) -> anyhow::Result<Outcome> {
    let options =
        OpenOptions { classes: arguments.options.classes.clone(), allow_unlabelled: true, ..OpenOptions::default() };
    let dataset = Dataset::open(&arguments.data, &options)?;
    let indices: Vec<usize> = (0..dataset.items.len()).collect();
    let bar = progress::bar(indices.len(), "images", "corrupting");
    let advance = |done: usize, _: usize| bar.set_position(done as u64);
    let set = CorruptedSet {
        dataset: &dataset,
        indices: &indices,
        corruptions: &arguments.corruption.0,
        severities: &arguments.severity.0,
        seed: arguments.seed,
        size: arguments.size.map(|size| size as usize),
        skip_broken: arguments.options.skip_bad,
        progress: Some(&advance),
    };
    // Drawn first: a figure that cannot be drawn leaves no folder behind.
    let sheet = arguments.figure.as_ref().map(|_| figure::corruptions(&set)).transpose()?;
    let written = set.write(&arguments.out)?;
    bar.finish_and_clear();
    let figure = match (&arguments.figure, sheet) {
        (Some(stem), Some(sheet)) => sheet.save(stem)?.map(|path| path.display().to_string()).to_vec(),
        _ => Vec::new(),
    };
    report(arguments, &written, figure)?;
    Ok(Outcome::Done)
}

fn report(arguments: &Corrupt, written: &Written, figure: Vec<String>) -> anyhow::Result<()> {
    let (corruptions, severities) = (&arguments.corruption.0, &arguments.severity.0);
    let images = written.files / (corruptions.len() * severities.len());
    if arguments.json {
        return say_json(&Report {
            folder: arguments.out.display().to_string(),
            manifest: arguments.out.join(MANIFEST).display().to_string(),
            images,
            files: written.files,
            corruptions: corruptions.iter().map(|entry| entry.name).collect(),
            severities,
            seed: arguments.seed,
            skipped: &written.broken,
            figure,
        });
    }
    for entry in &written.broken {
        progress::note(format!("left out {}: {}", entry.identity, entry.reason));
    }
    let count = |number: usize, one: &str, many: &str| format!("{number} {}", if number == 1 { one } else { many });
    say(format!(
        "{} ({} x {} x {}) in {}",
        count(written.files, "image", "images"),
        count(images, "image", "images"),
        count(corruptions.len(), "corruption", "corruptions"),
        count(severities.len(), "severity", "severities"),
        arguments.out.display()
    ))?;
    say(format!("labels and parents in {}", arguments.out.join(MANIFEST).display()))?;
    for path in figure {
        say(format!("drawn: {path}"))?;
    }
    Ok(())
}
