//! The pipeline's figures, under the original project's names.

use std::path::PathBuf;

use anyhow::Context;
use burn::tensor::{Tensor, TensorData};
use fauxto::attack::{Batch, ChosenAttack, Epsilon};
use fauxto::evaluate::Evaluation;
use fauxto::explain::{Case, decided, explainer};
use fauxto::image::FloatImage;
use fauxto::model::Classes;
use fauxto::model::Frozen;
use fauxto::train::Example;
use fauxto::{Label, random};
use figures::{Bar, Bars, ContactSheet, Explained, ExplanationFigure, Frame, Notation, Tile};
use rand::seq::SliceRandom;
use serde_json::Value;

use super::measure::{PHASES, images, predictor, read_scores};
use super::{Pipeline, alias};
use crate::figure::CorruptionRows;
use crate::images::Images;
use crate::options::SideName;
use crate::{figure, progress};

/// Images of each figure of samples.
const SAMPLES: usize = 6;
const EPSILONS: [&str; 4] = [".02", ".03", ".05", ".08"];

pub(super) fn draw(pipeline: &Pipeline<'_>) -> anyhow::Result<()> {
    let before = predictor(pipeline, "base")?;
    let reported = images(pipeline, SideName::Test, before.input_size())?;
    let samples = samples(&reported, pipeline.arguments.seed);
    let phases = PHASES
        .map(|phase| {
            let path = pipeline.path(format!("{phase}.json"));
            let text = std::fs::read(&path).with_context(|| path.display().to_string())?;
            Ok::<Value, anyhow::Error>(serde_json::from_slice(&text)?)
        })
        .into_iter()
        .collect::<anyhow::Result<Vec<_>>>()?;
    for (phase, name) in PHASES.into_iter().zip(["BEFORE", "AFTER"]) {
        let predictor = predictor(pipeline, phase)?;
        for member in predictor.members() {
            progress::note(format!("drawing {} {phase}", member.name));
            let stem = |what: &str| pipeline.path(format!("{}_{what}", alias(&member.name)));
            let scores = read_scores(pipeline, phase, &member.name)?;
            let title = format!("{}, {phase}", member.name);
            figure::evaluation(
                &title,
                Classes::RealFake,
                &scores,
                &Evaluation::new(&scores, 0.5)?,
                &stem(&format!("{phase}_evaluation")),
            )?;
            attacked(member.frozen(), &member.name, name, &reported, &samples, stem(&format!("adv_{name}")))?;
            if phase == "final" {
                explained(member.frozen(), &member.name, &reported, &samples, stem("gradcam"))?;
                comparison(&phases, &member.name, stem("comparison"))?;
            }
        }
    }
    corruptions(&phases, pipeline)?;
    models(&phases, pipeline)
}

/// As many real as fake images, drawn by `seed`, real ones first.
fn samples(images: &Images, seed: u64) -> Vec<Example> {
    let mut chosen = Vec::new();
    for label in [Label::Real, Label::Fake] {
        let mut of_class: Vec<Example> = images.examples.iter().filter(|e| e.label == label).copied().collect();
        of_class.shuffle(&mut random::stream(seed, "figure samples", &[label.index() as u64]));
        chosen.extend(of_class.into_iter().take(SAMPLES / 2));
    }
    chosen
}

fn attacked(
    frozen: &Frozen,
    model: &str,
    when: &str,
    images: &Images,
    samples: &[Example],
    stem: PathBuf,
) -> anyhow::Result<()> {
    let size = images.store.size();
    let pixels: Vec<f32> = samples
        .iter()
        .map(|example| Ok(FloatImage::from(&images.store.image(example.index)?).pixels))
        .collect::<anyhow::Result<Vec<_>>>()?
        .concat();
    let pixels = Tensor::from_data(TensorData::new(pixels, [samples.len(), size, size, 3]), frozen.detector().device());
    let labels: Vec<Label> = samples.iter().map(|example| example.label).collect();
    let items = samples.iter().map(|example| example.index as u64).collect();
    let batch = Batch::new(pixels.clone(), labels.clone(), items)?;
    let fgsm = ChosenAttack::parse("fgsm")?;
    let mut columns = vec![("clean".to_owned(), pixels)];
    for epsilon in EPSILONS {
        let parsed: Epsilon = epsilon.parse()?;
        columns.push((format!("FGSM {epsilon}"), fgsm.perturb(frozen, &batch, &parsed, 0)?));
    }
    let mut cells: Vec<Vec<(Vec<u8>, f64)>> = vec![Vec::new(); samples.len()];
    for (_, pixels) in &columns {
        let probabilities = frozen.probability_fake(pixels.clone());
        let values: Vec<f32> = pixels.to_data().iter::<f32>().collect();
        let per_image = values.chunks_exact(size * size * 3);
        for ((cells, values), probability) in cells.iter_mut().zip(per_image).zip(probabilities) {
            cells.push((values.iter().map(|value| (value * 255.0).round() as u8).collect(), probability));
        }
    }
    let tiles: Vec<Tile<'_>> = cells
        .iter()
        .zip(&labels)
        .flat_map(|(row, label)| {
            row.iter().map(move |(pixels, probability)| {
                let verdict = if *probability >= 0.5 { Label::Fake } else { Label::Real };
                let confidence = if verdict == Label::Fake { *probability } else { 1.0 - probability };
                Tile {
                    width: size as u32,
                    height: size as u32,
                    pixels,
                    caption: vec![format!("{} {:.0}%", verdict.name(), 100.0 * confidence)],
                    frame: Some(if verdict == *label { Frame::Right } else { Frame::Wrong }),
                }
            })
        })
        .collect();
    let column_titles: Vec<String> = columns.into_iter().map(|(title, _)| title).collect();
    let row_titles: Vec<String> = labels.iter().map(|label| label.name().to_owned()).collect();
    let title = format!("{model} under FGSM, {} fine-tuning", when.to_lowercase());
    let sheet = ContactSheet {
        title: &title,
        caption: "Verdict and confidence below each image; thick vermillion frame: wrong.",
        columns: column_titles.len(),
        column_titles: &column_titles,
        row_titles: &row_titles,
        tiles: &tiles,
    };
    sheet.draw()?.save(&stem)?;
    Ok(())
}

fn explained(frozen: &Frozen, model: &str, images: &Images, samples: &[Example], stem: PathBuf) -> anyhow::Result<()> {
    let stored = samples.iter().map(|example| images.store.image(example.index)).collect::<fauxto::Result<Vec<_>>>()?;
    let floats: Vec<FloatImage> = stored.iter().map(FloatImage::from).collect();
    let classes = decided(frozen, &floats, 0.5);
    let cases: Vec<Case> = floats
        .into_iter()
        .zip(&classes)
        .zip(samples)
        .map(|((image, &class), example)| Case { image, class, item: example.index as u64 })
        .collect();
    let entry = explainer("grad_cam")?;
    let maps = (entry.build)(&entry.defaults()).explain(frozen, &cases, 0)?;
    let rows: Vec<Explained<'_>> = stored
        .iter()
        .zip(&maps)
        .zip(classes.iter().zip(samples))
        .map(|((image, map), (class, example))| Explained {
            name: format!("judged {}", class.name()),
            notes: vec![format!("is {}", example.label.name())],
            width: map.width as u32,
            height: map.height as u32,
            pixels: &image.pixels,
            values: &map.values,
            signed: false,
        })
        .collect();
    let title = format!("Grad-CAM of {model}, after fine-tuning");
    let caption = "What speaks for the class each image was judged to be.";
    ExplanationFigure { title: &title, caption, rows: &rows }.draw()?.save(&stem)?;
    Ok(())
}

/// Accuracy and its interval.
fn measured(evaluation: &Value) -> (f64, [f64; 2]) {
    let confusion = &evaluation["confusion"];
    let count = |name: &str| confusion[name].as_f64().unwrap_or(0.0);
    let right = count("real_as_real") + count("fake_as_fake");
    let total = right + count("real_as_fake") + count("fake_as_real");
    let bound = |index: usize| evaluation["accuracy_interval"][index].as_f64().unwrap_or(0.0);
    (right / total.max(1.0), [bound(0), bound(1)])
}

/// What a list says of one judge.
fn of_judge<'v>(list: &'v Value, judge: &str) -> Option<&'v Value> {
    list.as_array()?.iter().find(|one| one["judge"] == judge)
}

/// The attacks of one judge in one phase: name with epsilon, accuracy, interval.
fn accuracies(phase: &Value, judge: &str) -> Vec<(String, f64, [f64; 2])> {
    let Some(entry) = of_judge(&phase["robustness"], judge) else { return Vec::new() };
    let (accuracy, interval) = measured(&entry["attacks"]["clean"]);
    let mut rows = vec![("clean".to_owned(), accuracy, interval)];
    for attack in entry["attacks"]["attacks"].as_array().into_iter().flatten() {
        let (accuracy, interval) = measured(attack);
        let text = |key: &str| attack[key].as_str().unwrap_or_default().to_owned();
        rows.push((format!("{} {}", text("attack"), text("epsilon")), accuracy, interval));
    }
    rows
}

fn comparison(phases: &[Value], judge: &str, stem: PathBuf) -> anyhow::Result<()> {
    let [before, after] = [0, 1].map(|phase| accuracies(&phases[phase], judge));
    let shown = |name: &str| name == "clean" || name.starts_with("fgsm .") || name.starts_with("pgd:steps=50");
    let mut bars = Vec::new();
    for (first, second) in before.iter().zip(&after).filter(|(row, _)| shown(&row.0)) {
        for (series, row) in [first, second].into_iter().enumerate() {
            let name = if series == 0 {
                row.0.replace("pgd:steps=50", "PGD-50").replace("fgsm", "FGSM")
            } else {
                String::new()
            };
            bars.push(Bar { name, series, value: row.1, interval: Some(row.2) });
        }
    }
    let title = format!("{judge} before and after adversarial fine-tuning");
    let images = of_judge(&phases[0]["robustness"], judge)
        .and_then(|judged| judged["attacks"]["clean"]["n"].as_u64())
        .unwrap_or(0);
    let caption = format!("Accuracy on {images} reported images under attack; bars are 95% Wilson intervals.");
    let figure = Bars {
        title: &title,
        caption: &caption,
        axis: "accuracy",
        notation: Notation::Percent,
        series: &["before", "after"],
        reference: Some(("chance", 0.5)),
        bars: &bars,
    };
    figure.draw()?.save(&stem)?;
    Ok(())
}

fn corruptions(phases: &[Value], pipeline: &Pipeline<'_>) -> anyhow::Result<()> {
    let judge = if pipeline.arguments.models.len() > 1 { "ensemble" } else { &pipeline.arguments.models[0] };
    let mut blocks = Vec::new();
    for (phase, title) in phases.iter().zip(["before fine-tuning", "after fine-tuning"]) {
        let mut rows = CorruptionRows::new();
        for result in phase["corruptions"].as_array().into_iter().flatten() {
            let name = result["corruption"].as_str().unwrap_or_default().replace('_', " ");
            if rows.last().is_none_or(|(last, _)| *last != name) {
                rows.push((name, Vec::new()));
            }
            if let (Some((_, row)), Some(column)) = (rows.last_mut(), of_judge(&result["columns"], judge)) {
                row.push(column["accuracy"].as_f64().unwrap_or(0.0));
            }
        }
        blocks.push((title.to_owned(), rows));
    }
    let images = phases[0]["corruption_images"].as_u64().unwrap_or(0);
    figure::under_corruptions(judge, images as usize, blocks)?.save(pipeline.path("corruptions"))?;
    Ok(())
}

fn models(phases: &[Value], pipeline: &Pipeline<'_>) -> anyhow::Result<()> {
    let mut bars = Vec::new();
    let mut judges: Vec<&str> = pipeline.arguments.models.iter().map(String::as_str).collect();
    if judges.len() > 1 {
        judges.push("ensemble");
    }
    for judge in judges {
        for (series, phase) in phases.iter().enumerate() {
            if let Some(judged) = of_judge(&phase["clean"], judge) {
                let (value, interval) = measured(&judged["evaluation"]);
                let name = if series == 0 { judge.to_owned() } else { String::new() };
                bars.push(Bar { name, series, value, interval: Some(interval) });
            }
        }
    }
    let images = phases[0]["clean"][0]["evaluation"]["n"].as_u64().unwrap_or(0);
    let caption = format!("Accuracy on {images} clean reported images; bars are 95% Wilson intervals.");
    let figure = Bars {
        title: "Models before and after adversarial fine-tuning",
        caption: &caption,
        axis: "accuracy",
        notation: Notation::Percent,
        series: &["before", "after"],
        reference: Some(("chance", 0.5)),
        bars: &bars,
    };
    figure.draw()?.save(pipeline.path("models"))?;
    Ok(())
}
