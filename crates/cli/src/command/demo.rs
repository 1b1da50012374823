//! `fauxto demo`: the main job on the built-in sample set, by the same commands a user would call.

use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::Args;
use fauxto::sample;

use super::{Outcome, call, say};
use crate::progress;

/// Render the built-in sample set, train on it, evaluate and predict: everything, in minutes
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  fauxto demo\n  fauxto demo --out runs/demo --images 500")]
pub(crate) struct Arguments {
    /// Folder for everything the demo makes
    #[arg(long, value_name = "FOLDER", default_value = "runs/demo")]
    out: PathBuf,
    /// Images to render of each class
    #[arg(long, value_name = "N", default_value_t = 1500, value_parser = clap::value_parser!(u32).range(50..=100_000))]
    images: u32,
    /// Seed of images and training
    #[arg(long, default_value_t = 42)]
    seed: u64,
}

/// Unlabelled images, as the original project's test folder has.
const UNLABELLED: usize = 100;
/// The smallest of the project's detectors.
const MODEL: &str = "resnet_se_small";
/// Images of each class kept apart for reporting.
const REPORTED: usize = 250;
/// What the report says of the images.
const ABOUT: &str = "The built-in sample set: simulated photographs of one simulated camera, and images of one simulated \
                     generator. It demonstrates the program; a detector trained on it is of no use on real pictures.";
/// Reported images come from another seed, so that they are no copies of those learned from.
const REPORTED_SEED: u64 = 1_000_003;

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let out = &arguments.out;
    if out.exists() {
        bail!("{}: found a folder; expected none; remove it or pass another --out", out.display());
    }
    let images = out.join("images");
    let reported = out.join("reported");
    progress::note("rendering the built-in sample set: simulated photographs and simulated generated images");
    std::fs::create_dir_all(out)?;
    sample::write(&images, arguments.images as usize, UNLABELLED, arguments.seed)?;
    sample::write(&reported, REPORTED, 0, arguments.seed.wrapping_add(REPORTED_SEED))?;
    let run = out.join("run");
    let seed = arguments.seed.to_string();
    let mut words = vec!["run", text(&images)?, "--report", text(&reported)?, "--out", text(&run)?, "--seed", &seed];
    words.extend(["--models", MODEL, "--preset", "demo", "--finetune", "demo_adversarial"]);
    words.extend([
        "--augmented-images",
        "100",
        "--adversarial-images",
        "100",
        "--attack-images",
        "64",
        "--strong-images",
        "0",
    ]);
    words.extend(["--corruption-images", "50", "--about", ABOUT]);
    call(&words)?;
    say("")?;
    let [base, last] = ["base", "final"].map(|phase| run.join(phase).join(MODEL));
    for (phase, model) in [("before", base), ("after", last)] {
        say(format!("{phase} adversarial fine-tuning:"))?;
        call(&["evaluate", text(&model)?, text(&reported)?])?;
    }
    say(format!(
        "\n{}: run/ (report.html, checkpoints, figures before and after, results.json, submission.json)\nThese images are simulations for demonstration; train on real ones before judging any.",
        out.display()
    ))?;
    Ok(Outcome::Done)
}

fn text(path: &Path) -> anyhow::Result<&str> {
    match path.to_str() {
        Some(text) => Ok(text),
        None => bail!("{}: found a path that is no UTF-8; expected one that is; pass another --out", path.display()),
    }
}
