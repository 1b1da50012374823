//! The report of a pipeline's folder.

use std::path::{Path, PathBuf};

use anyhow::Context;
use fauxto::data::split::Split;
use fauxto::data::{Dataset, OpenOptions};
use fauxto::evaluate::Evaluation;
use fauxto::model::Classes;
use fauxto::predict::Predictor;
use fauxto::run::RunFolder;
use report::{Cases, Data, Figure, Figures, HeldOut, Part, Phase, Report, Stage, Training};
use serde::Deserialize;

use super::measured::Results;
use super::{calibration, cases, claims, data, drawings, measured, training};
use crate::command::run::{PHASES, SETTINGS, alias};
use crate::figure;
use crate::scores_file::{self, Scored};

/// The file that makes a folder that of a finished pipeline.
pub(super) const RESULTS: &str = "results.json";

/// What the phases are called.
const NAMES: [&str; 2] = ["before fine-tuning", "after fine-tuning"];

/// `pipeline.toml`, as far as a report looks.
#[derive(Deserialize)]
struct Settings {
    data: PathBuf,
    report: Option<PathBuf>,
    classes: Option<Vec<String>>,
    models: Vec<String>,
    about: Option<String>,
}

/// A pipeline's folder with its settings.
struct Pipeline<'a> {
    arguments: &'a super::Arguments,
    root: &'a Path,
    settings: Settings,
    /// The judge the report is about.
    judge: String,
}

pub(super) fn gather(arguments: &super::Arguments) -> anyhow::Result<Report> {
    let root = arguments.run.as_path();
    let recorded = read(&root.join(SETTINGS))?;
    let settings: Settings = toml::from_str(&recorded).with_context(|| root.join(SETTINGS).display().to_string())?;
    let judge = if settings.models.len() > 1 { "ensemble".to_owned() } else { settings.models[0].clone() };
    let pipeline = Pipeline { arguments, root, settings, judge };
    let text = read(&root.join(RESULTS))?;
    let results: Results = serde_json::from_str(&text).with_context(|| root.join(RESULTS).display().to_string())?;
    // With one model, the vote is that model under another name.
    let shown = |judge: &str| pipeline.settings.models.len() > 1 || judge != "ensemble";
    let phases: Vec<Phase> = results
        .phases
        .iter()
        .map(|record| {
            let name =
                PHASES.iter().position(|phase| *phase == record.phase).map_or(record.phase.as_str(), |p| NAMES[p]);
            measured::phase(record, name, &shown)
        })
        .collect();
    let last = PHASES[PHASES.len() - 1];
    let runs: Vec<PathBuf> = pipeline.settings.models.iter().map(|model| root.join(last).join(model)).collect();
    let device = arguments.device.open()?;
    let predictor = Predictor::open(&runs, &device)?;
    let cases = pipeline.cases(&predictor, last)?;
    Ok(Report {
        title: super::listed(&pipeline.settings.models),
        about: arguments.about.clone().or_else(|| pipeline.settings.about.clone()),
        judge_in_words: pipeline.judge_in_words(),
        judge: pipeline.judge.clone(),
        program: super::program(),
        held_out: pipeline.held_out(),
        data: pipeline.data(predictor.input_size())?,
        training: pipeline.training(recorded)?,
        changes: measured::changes(&results.changes, &shown),
        calibration: calibration::of(&predictor, &device)?,
        cases,
        claims: claims::claims(&pipeline.settings.models, &phases, &|name| {
            let member = predictor.members().iter().find(|member| member.name == name)?;
            Some(member.frozen().detector().parameter_count())
        })?,
        figures: pipeline.figures(&phases)?,
        phases,
    })
}

impl Pipeline<'_> {
    fn held_out(&self) -> HeldOut {
        if self.settings.report.is_some() { HeldOut::OtherData } else { HeldOut::TestSide }
    }

    fn judge_in_words(&self) -> String {
        match self.settings.models.as_slice() {
            [one] => format!("the detector ({one})"),
            several => format!("the vote of {} detectors", several.len()),
        }
    }

    fn data(&self, input_size: usize) -> anyhow::Result<Data> {
        let given = &self.settings;
        // Pipelines of before left it to their first training.
        let first = self.root.join(PHASES[0]).join(&given.models[0]);
        Ok(Data {
            name: Part::There(given.data.display().to_string()),
            reported_on: match &given.report {
                Some(path) => format!("the images of {}", path.display()),
                None => "the test side of their split".into(),
            },
            audit: data::audit([self.root, first.as_path()])?,
            split: Part::There(data::split(&Split::load(&self.root.join(Split::FILE))?, self.held_out())),
            input_size: Some(input_size as u64),
        })
    }

    fn training(&self, settings: String) -> anyhow::Result<Training> {
        #[derive(Deserialize)]
        struct StageRecord {
            name: String,
            seconds: f64,
        }
        let mut trained = Vec::new();
        for (phase, name) in PHASES.into_iter().zip(["base", "fine-tuned"]) {
            for model in &self.settings.models {
                trained.push(training::trained(&RunFolder::new(self.root.join(phase).join(model)), name)?);
            }
        }
        let path = self.root.join("stages.json");
        let stages: Vec<StageRecord> =
            serde_json::from_str(&read(&path)?).with_context(|| path.display().to_string())?;
        let stages = stages.into_iter().map(|stage| Stage { name: stage.name, seconds: stage.seconds }).collect();
        Ok(Training { trained, stages, pipeline: Some(settings) })
    }

    fn figures(&self, phases: &[Phase]) -> anyhow::Result<Figures> {
        let mut figures = Figures::default();
        for (phase, name) in PHASES.into_iter().zip(["base training", "fine-tuning"]) {
            for model in &self.settings.models {
                let folder = self.root.join(phase).join(model);
                figures.training.push(drawings::drawn(
                    &folder,
                    "curves.svg",
                    &format!("{model}, {name}: losses, validation scores and learning rate by epoch."),
                    &format!("Curves of {model}'s {name} by epoch: training and validation loss, validation AUC and accuracy, learning rate."),
                )?);
            }
        }
        if self.settings.models.len() > 1 {
            figures.accuracy.push(drawings::drawn(
                self.root,
                "models.svg",
                "Models before and after fine-tuning, on all images reported on, clean.",
                "Bars of each model's accuracy before and after fine-tuning, with intervals and chance at 50%.",
            )?);
        }
        for (phase, name) in PHASES.into_iter().zip(NAMES) {
            figures.accuracy.push(self.evaluation(phase, name)?);
        }
        figures.attacks.extend(drawings::robustness(phases, &self.judge)?);
        for model in &self.settings.models {
            for (when, name) in ["BEFORE", "AFTER"].into_iter().zip(NAMES) {
                figures.attacked_samples.push(drawings::drawn(
                    self.root,
                    &format!("{}_adv_{when}.svg", alias(model)),
                    &format!("{model}, {name}: six images under FGSM, with verdict and confidence."),
                    &format!("Six images, clean and under FGSM at four sizes, each with {model}'s verdict; wrong ones are framed thickly."),
                )?);
            }
        }
        figures.corruptions.push(drawings::drawn(
            self.root,
            "corruptions.svg",
            &format!("Accuracy of {} by corruption and severity, in percent; white is chance.", self.judge),
            "Heat maps of accuracy, 19 corruptions by five severities, before and after fine-tuning; the table of each corruption holds their means and their worst.",
        )?);
        Ok(figures)
    }

    /// ROC curve, confusion matrix and histogram of the report's judge.
    fn evaluation(&self, phase: &str, name: &str) -> anyhow::Result<Part<Figure>> {
        let scores = scores_file::scores(&self.scores(phase)?)?;
        let evaluation = Evaluation::new(&scores, 0.5)?;
        let drawing =
            figure::evaluation_figure(&format!("{}, {name}", self.judge), Classes::RealFake, &scores, &evaluation)?;
        Ok(drawings::evaluation(&drawing, &format!("{phase}_{}.csv", self.judge), &self.judge, name, &evaluation))
    }

    /// The judge's score of every image measured on, as [`crate::command::run`] wrote them.
    fn scores(&self, phase: &str) -> anyhow::Result<Vec<Scored>> {
        scores_file::read(&self.root.join(format!("{phase}_{}.csv", self.judge)))
    }

    fn cases(&self, predictor: &Predictor, phase: &str) -> anyhow::Result<Part<Cases>> {
        let scores = self.scores(phase)?;
        let settings = &self.settings;
        let path = self.arguments.data.as_ref().or(settings.report.as_ref()).unwrap_or(&settings.data);
        let classes = self.arguments.classes.as_ref().or(settings.classes.as_ref());
        let options = OpenOptions { classes: classes.cloned(), ..OpenOptions::default() };
        let dataset = match Dataset::open(path, &options) {
            Ok(dataset) => dataset,
            Err(error) if self.arguments.data.is_some() => return Err(error.into()),
            Err(error) => {
                return Ok(Part::Missing(format!(
                    "The images are not where the run found them: {error}. `fauxto report RUN --data DATA` says where \
                     they are now."
                )));
            }
        };
        match cases::explained(predictor, &dataset, &scores) {
            Err(error) if self.arguments.data.is_none() => Ok(Part::Missing(format!("{error:#}."))),
            explained => explained.map(Part::There),
        }
    }
}

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| path.display().to_string())
}
