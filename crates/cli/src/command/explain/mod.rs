//! `fauxto explain`.

mod draw;
pub(super) mod files;
mod score;

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use fauxto::Label;
use fauxto::explain::{EXPLAINERS, Explainer, ExplainerEntry, explainer};
use fauxto::predict::Predictor;

use super::Outcome;
use crate::options::{DataOptions, DeviceOptions, Models, check_threshold, require_distinct};

/// Show which pixels speak for a verdict, or score how well explanations find them
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    fauxto explain runs/mine picture.jpg --out explanations\n  \
    fauxto explain runs/a,runs/b picture.jpg --explainer grad_cam,occlusion\n  \
    fauxto explain runs/mine photos/ --explainer all --class fake --set lime.samples=500 --json\n  \
    fauxto explain runs/mine test.parquet --score --explainer all --limit 100\n\n\
    Several models vote, and each is explained for the class that they decide together; with --score, \
    each for the class it decides itself.\n\
    Exit code 2: an image could not be explained; the others were. With --skip-bad, unreadable images \
    are named and left out.")]
#[command(mut_arg("classes", |classes| classes.requires("score")))]
pub(crate) struct Arguments {
    /// Run folders or checkpoints, separated by commas
    #[arg(value_name = "RUN|CHECKPOINT", value_parser = Models::parse)]
    models: Models,
    /// Images, folders, Parquet files; `-` reads one image from standard input; with --score, labelled images
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Explainers, separated by commas (`fauxto list explainers`), or `all`
    #[arg(long, value_name = "NAMES", value_delimiter = ',', default_value = "grad_cam")]
    explainer: Vec<String>,
    /// Change a parameter (`fauxto list parameters`), as in `lime.samples=500`; repeatable
    #[arg(long = "set", value_name = "EXPLAINER.PARAMETER=VALUE")]
    settings: Vec<String>,
    /// The class whose evidence to show
    #[arg(long, value_name = "CLASS", default_value = "decided")]
    class: ClassName,
    /// Probability of fake from which an image is called fake
    #[arg(long, value_name = "P", default_value_t = 0.5)]
    threshold: f64,
    /// Folder for a figure of each image
    #[arg(long, value_name = "FOLDER", default_value = "explanations", conflicts_with = "score")]
    out: PathBuf,
    /// Score the explainers instead: deletion, insertion, ROAD, and the weight randomisation check
    #[arg(long)]
    score: bool,
    /// Score on this many images, drawn by the seed
    #[arg(long, value_name = "N", requires = "score", value_parser = clap::value_parser!(u32).range(2..))]
    limit: Option<u32>,
    /// Seed of whatever is drawn
    #[arg(long, default_value_t = 42)]
    seed: u64,
    #[command(flatten)]
    device: DeviceOptions,
    #[command(flatten)]
    options: DataOptions,
    /// Print JSON, and write each image's maps as JSON beside its figure
    #[arg(long)]
    json: bool,
}

/// Whose evidence to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ClassName {
    /// Of the class decided for
    Decided,
    /// For a photograph
    Real,
    /// For a generated image
    Fake,
}

/// An explainer by its name.
type Named = (String, Box<dyn Explainer>);

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    check_threshold(arguments.threshold)?;
    let explainers = explainers(&arguments.explainer, &arguments.settings)?;
    let predictor = Predictor::open(&arguments.models.0, &arguments.device.open()?)?;
    if arguments.score {
        score::run(arguments, &predictor, &explainers)
    } else {
        draw::run(arguments, &predictor, &explainers)
    }
}

/// The explainers called `names`, or all of them, with `settings` applied.
fn explainers(names: &[String], settings: &[String]) -> anyhow::Result<Vec<Named>> {
    require_distinct("--explainer", names)?;
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
