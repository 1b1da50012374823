//! `fauxto explain`.

mod draw;
pub(super) mod files;
mod score;

use anyhow::{Context, bail};
use fauxto::Label;
use fauxto::device;
use fauxto::explain::{EXPLAINERS, Explainer, ExplainerEntry, explainer};
use fauxto::predict::Predictor;

use super::Outcome;
use crate::arguments::{ClassName, Explain, check_threshold};

/// An explainer by its name.
type Named = (String, Box<dyn Explainer>);

pub(super) fn run(arguments: &Explain) -> anyhow::Result<Outcome> {
    check_threshold(arguments.threshold)?;
    let explainers = explainers(&arguments.explainer, &arguments.settings)?;
    let predictor = Predictor::open(&arguments.models.0, &device::device(&arguments.device)?)?;
    if arguments.score {
        score::run(arguments, &predictor, &explainers)
    } else {
        draw::run(arguments, &predictor, &explainers)
    }
}

/// The explainers called `names`, or all of them, with `settings` applied.
fn explainers(names: &[String], settings: &[String]) -> anyhow::Result<Vec<Named>> {
    let entries: Vec<&ExplainerEntry> = if names.iter().any(|name| name == "all") {
        EXPLAINERS.iter().collect()
    } else {
        names.iter().map(|name| explainer(name)).collect::<Result<_, _>>()?
    };
    let mut parameters: Vec<_> = entries.iter().map(|entry| entry.defaults()).collect();
    for setting in settings {
        let parsed = setting.split_once('=').and_then(|(key, value)| {
            let (explainer, parameter) = key.split_once('.')?;
            Some((explainer, parameter, value))
        });
        let Some((name, parameter, value)) = parsed else {
            bail!("--set: found `{setting}`; expected EXPLAINER.PARAMETER=VALUE, as in `lime.samples=500`");
        };
        let value: f64 = value.parse().ok().with_context(|| format!("--set {setting}: expected a number"))?;
        let Some(position) = entries.iter().position(|entry| entry.name == name) else {
            let chosen: Vec<&str> = entries.iter().map(|entry| entry.name).collect();
            bail!("--set {setting}: found `{name}`; expected one of those asked for: {}", chosen.join(", "));
        };
        parameters[position].set(parameter, value)?;
    }
    Ok(entries.iter().zip(&parameters).map(|(entry, values)| (entry.name.to_owned(), (entry.build)(values))).collect())
}

/// The class asked for, where `decided` is the one decided for.
fn asked(class: ClassName, decided: Label) -> Label {
    match class {
        ClassName::Decided => decided,
        ClassName::Real => Label::Real,
        ClassName::Fake => Label::Fake,
    }
}
