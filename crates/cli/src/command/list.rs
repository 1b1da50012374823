//! `fauxto list`: every registry, as tables or JSON.

use std::borrow::Cow;

use anyhow::bail;
use clap::Args;
use fauxto::{ablate, attack, augment, config, corrupt, data, device, evaluate, explain, model, scan, synthesise};
use serde::Serialize;

use super::{Outcome, say, say_json};
use crate::table;

/// List models, augmentations, corruptions, attacks, metrics, explainers, presets, settings and all else there is by name
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  fauxto list\n  fauxto list models --json")]
pub(crate) struct Arguments {
    /// Only this kind
    kind: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// One line of a registry.
#[derive(Debug, Serialize)]
struct Row {
    kind: &'static str,
    name: Cow<'static, str>,
    summary: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    source: &'static str,
    /// Of settings and parameters.
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<String>,
}

fn rows() -> anyhow::Result<Vec<Row>> {
    let row =
        |kind, name: &'static str, summary, source| Row { kind, name: name.into(), summary, source, default: None };
    let models = model::MODELS.iter().map(|e| row("models", e.name, e.summary, e.source));
    let augmentations = augment::AUGMENTATIONS.iter().map(|e| row("augmentations", e.name, e.summary, e.source));
    let attacks = attack::ATTACKS.iter().map(|e| row("attacks", e.name, e.summary, e.source));
    let checks = attack::masking::CHECKS.iter().map(|e| row("checks", e.name, e.meaning, e.source));
    let corruptions = corrupt::CORRUPTIONS.iter().map(|e| row("corruptions", e.name, e.summary, e.source));
    let mixes = augment::mix::MIXES.iter().map(|e| row("mixes", e.name, e.summary, e.source));
    let metrics = evaluate::METRICS.iter().map(|e| row("metrics", e.name, e.summary, e.source));
    let explainers = explain::EXPLAINERS.iter().map(|e| row("explainers", e.name, e.summary, e.source));
    let parameters = explain::EXPLAINERS.iter().flat_map(parameters);
    let scores = explain::score::SCORES.iter().map(|e| row("scores", e.name, e.summary, e.source));
    let generators = synthesise::KINDS.iter().map(|e| row("generators", e.name, e.summary, e.source));
    let variants = scan::stability::VARIANTS.iter().map(|e| row("variants", e.name, e.summary, ""));
    let ablations = ablate::ABLATIONS.iter().map(|e| row("ablations", e.name, e.summary, e.source));
    let presets = config::PRESETS.iter().map(|e| row("presets", e.name, e.summary, ""));
    let settings = config::SETTINGS
        .iter()
        .map(|e| Ok(Row { default: e.default_value()?, ..row("settings", e.name, e.summary, "") }))
        .collect::<fauxto::Result<Vec<Row>>>()?;
    let readers = data::READERS.iter().map(|e| row("readers", e.name, e.summary, e.source));
    let devices = device::DEVICES.iter().map(|e| row("devices", e.name, e.summary, ""));
    Ok(models
        .chain(augmentations)
        .chain(mixes)
        .chain(corruptions)
        .chain(attacks)
        .chain(checks)
        .chain(metrics)
        .chain(explainers)
        .chain(parameters)
        .chain(scores)
        .chain(generators)
        .chain(variants)
        .chain(ablations)
        .chain(presets)
        .chain(settings)
        .chain(readers)
        .chain(devices)
        .collect())
}

/// What `fauxto explain --set` changes of one explainer.
fn parameters(explainer: &'static explain::ExplainerEntry) -> impl Iterator<Item = Row> {
    explainer.parameters.iter().map(|parameter| Row {
        kind: "parameters",
        name: format!("{}.{}", explainer.name, parameter.name).into(),
        summary: parameter.summary,
        source: "",
        default: Some(parameter.default.to_string()),
    })
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let all = rows()?;
    let mut kinds: Vec<&str> = all.iter().map(|row| row.kind).collect();
    kinds.dedup();
    let chosen: Vec<&str> = match &arguments.kind {
        None => kinds.clone(),
        Some(kind) if kinds.contains(&kind.as_str()) => vec![kind],
        Some(kind) => bail!("found `{kind}`; expected one of {}", kinds.join(", ")),
    };
    let rows: Vec<&Row> = all.iter().filter(|row| chosen.contains(&row.kind)).collect();
    if arguments.json {
        say_json(&rows)?;
        return Ok(Outcome::Done);
    }
    for kind in chosen {
        let of_kind = rows.iter().filter(|row| row.kind == kind);
        let last = if ["settings", "parameters"].contains(&kind) { "default" } else { "source" };
        let lines = of_kind.map(|row| {
            let last = row.default.clone().unwrap_or_else(|| row.source.to_owned());
            vec![row.name.clone().into_owned(), row.summary.to_owned(), last]
        });
        say(table::table(&[kind, "", last], lines))?;
    }
    Ok(Outcome::Done)
}
