//! The report of a single training's folder.

use std::path::PathBuf;

use anyhow::ensure;
use fauxto::data::split::Split;
use fauxto::data::{Dataset, OpenOptions, Side};
use fauxto::evaluate::Evaluation;
use fauxto::model::Classes;
use fauxto::predict::Predictor;
use fauxto::run::RunFolder;
use report::{Cases, Data, Figures, HeldOut, Part, Phase, Report, Training};

use super::{calibration, cases, data, drawings, measured, training};
use crate::scores_file::{self, Scored};
use crate::{figure, pixels};

const BATCH: usize = 128;

pub(super) fn gather(arguments: &super::Arguments) -> anyhow::Result<Report> {
    let folder = RunFolder::new(&arguments.run);
    let summary = training::summary(&folder)?;
    let split = Split::load(&folder.split())?;
    let device = arguments.device.open()?;
    let predictor = Predictor::open(std::slice::from_ref(&arguments.run), &device)?;
    // Numbers are of the detector's own probabilities, since the calibration may have been fitted on these images.
    let own = Predictor::open(std::slice::from_ref(&arguments.run), &device)?.without_calibration();
    let member = predictor.members()[0].name.clone();
    let side = if split.on(Side::Test).next().is_some() { Side::Test } else { Side::Validation };
    let scores = match &arguments.data {
        Some(path) => Some((path, scored(arguments, path, &own, &split, side)?)),
        None => None,
    };
    let mut held_out = HeldOut::ValidationSide;
    let mut evaluation = summary.validation.clone();
    let mut figures = Figures::default();
    figures.training.push(drawings::drawn(
        folder.root(),
        "curves.svg",
        "Losses, validation scores and learning rate by epoch.",
        "Curves by epoch: training and validation loss, validation AUC and accuracy, learning rate.",
    )?);
    let cases: Part<Cases> = match &scores {
        Some((_, (dataset, scores))) => {
            if side == Side::Test {
                held_out = HeldOut::TestSide;
            }
            let paired = scores_file::scores(scores)?;
            evaluation = Evaluation::new(&paired, 0.5)?;
            let drawing = figure::evaluation_figure(&member, Classes::RealFake, &paired, &evaluation)?;
            figures.accuracy.push(drawings::evaluation(&drawing, "run.json", &member, name(side), &evaluation));
            Part::There(cases::explained(&predictor, dataset, scores)?)
        }
        None => {
            figures.accuracy.push(drawings::drawn(
                folder.root(),
                "validation.svg",
                "ROC curve, confusion matrix, and how probabilities are spread, on the validation images.",
                "ROC curve, confusion matrix and histogram of scores on the validation images.",
            )?);
            Part::Missing(
                "A training's folder does not say where its images are. `fauxto report RUN --data DATA` says it, and shows \
                 verdicts with explanations here."
                    .into(),
            )
        }
    };
    let measured_side = if held_out == HeldOut::TestSide { Side::Test } else { Side::Validation };
    Ok(Report {
        title: summary.model.clone(),
        about: arguments.about.clone(),
        judge: member.clone(),
        judge_in_words: format!("the detector ({})", summary.model),
        program: super::program(),
        held_out,
        data: Data {
            name: match &arguments.data {
                Some(path) => Part::There(path.display().to_string()),
                None => Part::Missing("A training's folder does not say where its images are.".into()),
            },
            reported_on: format!("the {} side of their split", name(measured_side)),
            audit: data::audit([folder.root()])?,
            split: Part::There(data::split(&split, held_out)),
            input_size: Some(predictor.input_size() as u64),
        },
        training: Training {
            trained: vec![training::trained(&folder, "")?],
            stages: Vec::new(),
            pipeline: None,
        },
        phases: vec![Phase {
            name: format!("{} images", name(measured_side)),
            clean: vec![measured::evaluation(&member, &evaluation)],
            attacks: Part::Missing(
                "Not measured: this is the folder of a training. `fauxto attack RUN DATA --check` attacks it, `fauxto run` \
                 measures everything."
                    .into(),
            ),
            corruptions: Part::Missing(
                "Not measured: this is the folder of a training. `fauxto run` measures corruptions; `fauxto corrupt` and \
                 `fauxto evaluate` measure one."
                    .into(),
            ),
        }],
        changes: Vec::new(),
        calibration: calibration::of(&predictor, &device)?,
        cases,
        claims: None,
        figures,
    })
}

fn name(side: Side) -> &'static str {
    match side {
        Side::Train => "training",
        Side::Validation => "validation",
        Side::Test => "test",
    }
}

/// The images of one side of `split` in the data set at `path`, with their scores.
fn scored(
    arguments: &super::Arguments,
    path: &PathBuf,
    predictor: &Predictor,
    split: &Split,
    side: Side,
) -> anyhow::Result<(Dataset, Vec<Scored>)> {
    let options = OpenOptions { classes: arguments.classes.clone(), ..OpenOptions::default() };
    let dataset = Dataset::open(path, &options)?;
    let indices: Vec<usize> = (0..dataset.items.len())
        .filter(|&index| split.item(&dataset.items[index].identity).is_some_and(|assigned| assigned.side == Some(side)))
        .collect();
    ensure!(
        !indices.is_empty(),
        "{}: found no image of the run's {} side; expected the data it was split from; pass those with --data",
        path.display(),
        name(side)
    );
    let store = pixels::decode(&dataset, &indices, predictor.input_size())?;
    let positions = pixels::usable(&dataset, &store, true)?;
    let judgements = predictor.judge(&store, &positions, BATCH, &mut |_| ())?;
    let scored = positions.iter().zip(judgements).filter_map(|(&position, judgement)| {
        let item = &dataset.items[indices[position]];
        let assigned = split.item(&item.identity)?;
        let one = Scored {
            path: item.identity.clone(),
            label: assigned.label,
            probability_fake: judgement.probability_fake,
            content: Some(assigned.content),
        };
        // The same names with other pixels would be other images.
        Some(cases::require_same(&dataset, &one, store.hash(position)).map(|()| one))
    });
    let scored = scored.collect::<anyhow::Result<_>>()?;
    Ok((dataset, scored))
}
