//! How the detector was trained: settings, seeds, revision, time.

use maud::html;

use crate::Report;
use crate::figure::{self, Room};
use crate::number::{duration, short, thousands};
use crate::page::Section;
use crate::table::{Cell, Table, pairs};

/// How a run's detectors were trained.
#[derive(Clone, Debug)]
pub struct Training {
    /// Each training, in order.
    pub trained: Vec<Trained>,
    /// What each stage of a pipeline took; empty for a single training.
    pub stages: Vec<Stage>,
    /// The pipeline's own settings as written to disk, if it was one.
    pub pipeline: Option<String>,
}

/// One training.
#[derive(Clone, Debug)]
pub struct Trained {
    /// The architecture.
    pub model: String,
    /// When, as in "base" or "final"; empty for a single training.
    pub phase: String,
    /// Seed of weights, order and augmentation.
    pub seed: u64,
    /// Revision of the program's source.
    pub commit: String,
    /// Hash of images and labels.
    pub data_hash: String,
    /// Images learned from.
    pub n_train: u64,
    /// Images stopped on.
    pub n_validation: u64,
    /// Epochs trained.
    pub epochs: u64,
    /// The epoch kept, from 1.
    pub best_epoch: u64,
    /// What it took.
    pub seconds: f64,
    /// The resolved configuration, as written to disk.
    pub config: String,
}

/// One stage of a pipeline.
#[derive(Clone, Debug)]
pub struct Stage {
    /// Its name.
    pub name: String,
    /// What it took.
    pub seconds: f64,
}

pub(crate) fn section(report: &Report, room: &Room) -> Section {
    let training = &report.training;
    let table = Table {
        caption: "Each training; the epoch kept is the one that did best on the validation images.".into(),
        columns: ["training", "seed", "images", "epochs", "kept", "time", "revision", "data"]
            .map(String::from)
            .to_vec(),
        rows: training
            .trained
            .iter()
            .map(|trained| {
                let cells = vec![
                    Cell::Number(trained.seed.to_string()),
                    Cell::Number(format!("{} + {}", thousands(trained.n_train), thousands(trained.n_validation))),
                    Cell::Number(trained.epochs.to_string()),
                    Cell::Number(trained.best_epoch.to_string()),
                    Cell::Number(duration(trained.seconds)),
                    Cell::Words(short(&trained.commit)),
                    Cell::Words(short(&trained.data_hash)),
                ];
                (trained.name(), cells)
            })
            .collect(),
    };
    let stages: Vec<(&str, String)> =
        training.stages.iter().map(|stage| (stage.name.as_str(), duration(stage.seconds))).collect();
    let body = html! {
        (table.markup())
        (figure::figures(&report.figures.training, room))
        @for trained in &training.trained {
            details {
                summary { "Configuration of " (trained.name()) }
                div.scroll tabindex="0" role="region" aria-label={ "Configuration of " (trained.name()) } {
                    pre { (trained.config) }
                }
            }
        }
        @if let Some(settings) = &training.pipeline {
            details {
                summary { "Settings of the pipeline" }
                div.scroll tabindex="0" role="region" aria-label="Settings of the pipeline" { pre { (settings) } }
            }
        }
        @if !stages.is_empty() {
            details { summary { "What each stage took" } (pairs(&stages)) }
        }
    };
    Section { id: "training", title: "How it was trained", body }
}

impl Trained {
    fn name(&self) -> String {
        if self.phase.is_empty() { self.model.clone() } else { format!("{}, {}", self.model, self.phase) }
    }
}
