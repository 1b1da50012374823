//! `fauxto run`: the whole pipeline, stage by stage, each skipped if an earlier call finished it.

mod draw;
mod measure;
mod settings;
mod sides;

pub(super) use measure::PHASES;
pub(super) use settings::FILE as SETTINGS;

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, bail};
use clap::Args;
use fauxto::data::split::Split;
use fauxto::data::{Dataset, Labels, OpenOptions};
use fauxto::predict::CHECKPOINT_FILE;
use fauxto::run::RunFolder;
use fauxto::write_atomically::write_atomically;
use serde::{Deserialize, Serialize};

use super::{Outcome, call, say};
use crate::options::{DataOptions, DeviceOptions, PhaseOptions, ReportedOptions};
use crate::progress;

/// The whole pipeline: train, attack, fine-tune, measure before and after, draw, submit
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    fauxto run photos/ --out runs/pipeline\n  \
    fauxto run photos/ --report test.parquet --models resnet_se_small --finetune robust --out runs/pipeline\n\n\
    Stopped half-way, the same command goes on where it stopped.")]
pub(crate) struct Arguments {
    /// Labelled images: folder, Parquet file or folder of shards, CSV, JSON Lines
    data: PathBuf,
    /// Folder for everything the pipeline makes
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// Architectures, separated by commas
    #[arg(
        long,
        value_name = "NAMES",
        value_delimiter = ',',
        default_value = "convnext_tiny,efficientnet_b0,resnet_se"
    )]
    models: Vec<String>,
    #[command(flatten)]
    reported: ReportedOptions,
    #[command(flatten)]
    phases: PhaseOptions,
    /// Augmented images to write into `augmented_set`, an even number: to look at, or for others to learn from; training
    /// draws its own anew in every epoch
    #[arg(long, value_name = "N", default_value_t = 500)]
    augmented_images: u32,
    /// Attacked images to write into `adversarial_set`, an even number; the same holds of them
    #[arg(long, value_name = "N", default_value_t = 400)]
    adversarial_images: u32,
    /// Reported images under FGSM and PGD
    #[arg(long, value_name = "N", default_value_t = 500)]
    attack_images: u32,
    /// Reported images under the two-class AutoAttack, which takes long; 0: none
    #[arg(long, value_name = "N", default_value_t = 32)]
    strong_images: u32,
    /// Reported images under every corruption
    #[arg(long, value_name = "N", default_value_t = 500)]
    corruption_images: u32,
    /// Seed of everything random but the split
    #[arg(long, value_name = "N", default_value_t = 42)]
    seed: u64,
    /// Train although a property of the files separates the classes
    #[arg(long)]
    allow_giveaways: bool,
    /// What the images are and where they come from, in a sentence, for the report
    #[arg(long, value_name = "TEXT")]
    about: Option<String>,
    #[command(flatten)]
    device: DeviceOptions,
    #[command(flatten)]
    options: DataOptions,
}

/// What each stage took; kept in `stages.json`, which is also how an interrupted pipeline knows what is done.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Stage {
    name: String,
    seconds: f64,
}

/// The folder of a pipeline.
struct Pipeline<'a> {
    arguments: &'a Arguments,
    stages: Vec<Stage>,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let recipes = settings::check(arguments)?;
    // All models learn from the same images, and share the settings of the split but for their names.
    let sides = sides::decide(arguments, &recipes[0])?;
    let _lock = RunFolder::new(&arguments.out).lock()?;
    settings::keep(arguments, &recipes)?;
    if let Some(sides) = sides {
        sides.save(&arguments.out)?;
    }
    let mut pipeline = Pipeline { arguments, stages: Vec::new() };
    if let Ok(text) = std::fs::read_to_string(pipeline.path("stages.json")) {
        pipeline.stages =
            serde_json::from_str(&text).with_context(|| pipeline.path("stages.json").display().to_string())?;
    }
    for model in &arguments.models {
        pipeline.stage(&format!("base {model}"), |pipeline| pipeline.base(model))?;
    }
    pipeline.stage("augmented set", Pipeline::augmented_set)?;
    pipeline.stage("adversarial set", Pipeline::adversarial_set)?;
    for model in &arguments.models {
        pipeline.stage(&format!("final {model}"), |pipeline| pipeline.finetune(model))?;
    }
    for phase in measure::PHASES {
        pipeline.stage(&format!("measure {phase}"), |pipeline| measure::measure(pipeline, phase))?;
    }
    pipeline.stage("figures", draw::draw)?;
    pipeline.stage("submission", Pipeline::submission)?;
    measure::summarise(&pipeline)?;
    pipeline.stage("report", Pipeline::report)?;
    let total: f64 = pipeline.stages.iter().map(|stage| stage.seconds).sum();
    say(format!(
        "{}: all stages done in {:.0} s; report.html, results.json, figures, checkpoints",
        arguments.out.display(),
        total
    ))?;
    Ok(Outcome::Done)
}

impl Pipeline<'_> {
    fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.arguments.out.join(name)
    }

    /// The run of one model in one phase.
    fn folder(&self, phase: &str, model: &str) -> RunFolder {
        RunFolder::new(self.path(phase).join(model))
    }

    fn stage(&mut self, name: &str, work: impl FnOnce(&Self) -> anyhow::Result<()>) -> anyhow::Result<()> {
        if self.stages.iter().any(|stage| stage.name == name) {
            return Ok(());
        }
        progress::note(format!("== {name}"));
        let began = Instant::now();
        work(self)?;
        self.stages.push(Stage { name: name.to_owned(), seconds: began.elapsed().as_secs_f64() });
        Ok(write_atomically(&self.path("stages.json"), &serde_json::to_vec_pretty(&self.stages)?)?)
    }

    fn base(&self, model: &str) -> anyhow::Result<()> {
        let folder = self.folder("base", model);
        let mut words = self.train_words(model, &folder, &self.arguments.phases.preset)?;
        if let Some(setting) = self.arguments.reported.setting() {
            words.extend(["--set".into(), setting]);
        }
        call(&words)?;
        self.keep(model, "base")
    }

    fn finetune(&self, model: &str) -> anyhow::Result<()> {
        let folder = self.folder("final", model);
        let mut words = self.train_words(model, &folder, &self.arguments.phases.finetune)?;
        let base = self.folder("base", model).checkpoint();
        words.extend(["--init".into(), text(&base)?]);
        call(&words)?;
        self.keep(model, "final")
    }

    fn train_words(&self, model: &str, folder: &RunFolder, preset: &str) -> anyhow::Result<Vec<String>> {
        let arguments = self.arguments;
        let mut words: Vec<String> = ["train".into(), text(&arguments.data)?, "--model".into(), model.into()].into();
        words.extend(["--preset".into(), preset.into(), "--out".into(), text(folder.root())?]);
        words.extend(["--resume".into(), "--device".into(), arguments.device.name.clone()]);
        words.extend(["--set".into(), format!("seed={}", arguments.seed)]);
        words.extend(["--split".into(), text(&self.path(Split::FILE))?]);
        self.extend_with_options(&mut words);
        Ok(words)
    }

    /// How the data are to be read.
    fn extend_with_options(&self, words: &mut Vec<String>) {
        let options = &self.arguments.options;
        if let Some(classes) = &options.classes {
            words.extend(["--classes".into(), classes.join(",")]);
        }
        if options.skip_bad {
            words.push("--skip-bad".into());
        }
    }

    /// A copy under the original project's name.
    fn keep(&self, model: &str, phase: &str) -> anyhow::Result<()> {
        let bytes = std::fs::read(self.folder(phase, model).root().join(CHECKPOINT_FILE))?;
        Ok(write_atomically(&self.path(format!("{}_{phase}.safetensors", alias(model))), &bytes)?)
    }

    /// Images made from the training side by the original project's recipe, half of them real. Nothing learns from them.
    fn augmented_set(&self) -> anyhow::Result<()> {
        let out = self.path("augmented_set");
        if out.exists() {
            std::fs::remove_dir_all(&out)?;
        }
        let mut words: Vec<String> = ["derive".into(), text(&self.arguments.data)?].into();
        words.extend(["--split".into(), text(&self.path(Split::FILE))?, "--out".into(), text(&out)?]);
        words.extend(["--augmented".into(), self.arguments.augmented_images.to_string()]);
        words.extend(["--seed".into(), self.arguments.seed.to_string()]);
        self.extend_with_options(&mut words);
        call(&words).map(drop)
    }

    /// Training images, attacked at the original project's epsilons, under their parents' labels. Nothing learns from them.
    fn adversarial_set(&self) -> anyhow::Result<()> {
        let out = self.path("adversarial_set");
        if out.exists() {
            std::fs::remove_dir_all(&out)?;
        }
        let models: Vec<String> = self
            .arguments
            .models
            .iter()
            .map(|model| text(self.folder("base", model).root()))
            .collect::<Result<_, _>>()?;
        let mut words: Vec<String> = ["derive".into(), text(&self.arguments.data)?].into();
        words.extend(["--split".into(), text(&self.path(Split::FILE))?, "--out".into(), text(&out)?]);
        words.extend(["--adversarial".into(), self.arguments.adversarial_images.to_string()]);
        words.extend(["--models".into(), models.join(","), "--device".into(), self.arguments.device.name.clone()]);
        words.extend(["--seed".into(), self.arguments.seed.to_string()]);
        self.extend_with_options(&mut words);
        call(&words).map(drop)
    }

    /// Everything above in one page.
    fn report(&self) -> anyhow::Result<()> {
        super::report::write(&super::report::Arguments {
            run: self.arguments.out.clone(),
            out: None,
            data: None,
            about: None,
            classes: self.arguments.options.classes.clone(),
            device: self.arguments.device.clone(),
        })
        .map(drop)
    }

    /// Verdicts on the unlabelled images beside the labelled ones, if there are any.
    fn submission(&self) -> anyhow::Result<()> {
        let unlabelled = self.arguments.data.join("test");
        let options = OpenOptions { labels: Labels::Optional, ..OpenOptions::default() };
        let is_unlabelled = || Dataset::open(&unlabelled, &options).is_ok_and(|dataset| dataset.labelled().is_empty());
        if !unlabelled.is_dir() || !is_unlabelled() {
            progress::note("no unlabelled folder `test` beside the labelled images: no submission.json");
            return Ok(());
        }
        let models: Vec<String> = self
            .arguments
            .models
            .iter()
            .map(|model| text(self.folder("final", model).root()))
            .collect::<Result<_, _>>()?;
        let submission = text(&self.path("submission.json"))?;
        let outcome = call(&[
            "predict".into(),
            models.join(","),
            text(&unlabelled)?,
            "--submission".into(),
            submission,
            "--quiet".into(),
        ])?;
        anyhow::ensure!(
            outcome == Outcome::Done || self.arguments.options.skip_bad,
            "{}: found images that cannot be judged, named above; expected a verdict on each; repair or remove them, or pass \
             --skip-bad to hand in the others",
            unlabelled.display()
        );
        Ok(())
    }
}

/// The name the original project's files have for a model.
pub(super) fn alias(model: &str) -> &str {
    match model {
        "convnext_tiny" => "convnext",
        "efficientnet_b0" => "efficientnet",
        "resnet_se" => "custom_cnn",
        other => other,
    }
}

fn text(path: &Path) -> anyhow::Result<String> {
    match path.to_str() {
        Some(text) => Ok(text.to_owned()),
        None => bail!("{}: found a path that is no UTF-8; expected one that is; rename it", path.display()),
    }
}
