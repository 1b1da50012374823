//! `--corrupted`: the same detectors on the same images, corrupted.

use std::path::PathBuf;

use clap::Args;
use fauxto::attack::robustness::subset;
use fauxto::corrupt::{CORRUPTIONS, CorruptionEntry};
use fauxto::evaluate::{UnderCorruption, mean_accuracies, under_corruptions};
use fauxto::predict::Predictor;
use serde::Serialize;

use crate::command::say;
use crate::figure::CorruptionRows;
use crate::images::Images;
use crate::{figure, progress, table};

/// How many images to corrupt, and what of it to draw.
#[derive(Debug, Args)]
pub(super) struct CorruptedOptions {
    /// Judge this many of the images also under every corruption of CIFAR-10-C at severities 1 to 5 (fake from a
    /// probability of one half on)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    corrupted: Option<u32>,
    /// Where to draw accuracy by corruption and severity (.svg and .png are appended)
    #[arg(long, value_name = "STEM", requires = "corrupted")]
    corrupted_figure: Option<PathBuf>,
    /// Decides which images are corrupted and what is drawn in them
    #[arg(long, value_name = "N", default_value_t = 42, requires = "corrupted")]
    seed: u64,
}

/// What corruptions left. Field names are stable.
#[derive(Debug, Serialize)]
pub(super) struct Corrupted {
    /// Images under each.
    n: usize,
    seed: u64,
    /// Mean accuracy over the benchmark's 15 corruptions at all severities.
    mean_accuracy_15: f64,
    /// The same over all 19.
    mean_accuracy_19: f64,
    results: Vec<UnderCorruption>,
}

impl CorruptedOptions {
    /// Judges, and draws where that was asked for under the title `data`; `None` where it was not asked for at all.
    pub(super) fn measure(
        &self,
        predictor: &Predictor,
        images: &Images,
        batch_size: usize,
        data: &str,
    ) -> anyhow::Result<Option<Corrupted>> {
        let Some(limit) = self.corrupted else { return Ok(None) };
        let examples = subset(&images.examples, limit as usize, self.seed);
        let entries: Vec<&'static CorruptionEntry> = CORRUPTIONS.iter().collect();
        let bar = progress::bar(entries.len() * 5, "corrupted sets", "corrupting");
        let results =
            under_corruptions(predictor, &images.store, &examples, &entries, self.seed, batch_size, &mut |done| {
                bar.set_position(done as u64)
            })?;
        bar.finish_and_clear();
        let [mean_accuracy_15, mean_accuracy_19] =
            mean_accuracies(&results, TOGETHER).expect("every corruption was judged");
        let corrupted = Corrupted { n: examples.len(), seed: self.seed, mean_accuracy_15, mean_accuracy_19, results };
        if let Some(stem) = &self.corrupted_figure {
            let names: Vec<&str> = predictor.members().iter().map(|member| member.name.as_str()).collect();
            let block = (data.to_owned(), corrupted.rows());
            figure::under_corruptions(&names.join(" + "), corrupted.n, vec![block])?.save(stem)?;
        }
        Ok(Some(corrupted))
    }
}

/// The judge that all members are together, a single one too.
const TOGETHER: &str = "ensemble";

impl Corrupted {
    /// Accuracy by severity, of each corruption.
    fn rows(&self) -> CorruptionRows {
        let together = |under: &UnderCorruption| {
            let column = under.columns.iter().find(|column| column.judge == TOGETHER);
            column.map_or(f64::NAN, |column| column.accuracy)
        };
        let row = |of_one: &[UnderCorruption]| {
            (of_one[0].corruption.replace('_', " "), of_one.iter().map(together).collect())
        };
        self.results.chunk_by(|one, next| one.corruption == next.corruption).map(row).collect()
    }

    /// The table, and the means.
    pub(super) fn say(&self) -> anyhow::Result<()> {
        let rows = self.rows().into_iter().map(|(name, accuracies)| {
            std::iter::once(name).chain(accuracies.iter().map(|accuracy| format!("{accuracy:.4}"))).collect()
        });
        let header = ["accuracy at severity", "1", "2", "3", "4", "5"];
        say(table::table(&header, rows))?;
        say(format!(
            "under corruptions {:.4} in the mean over 15 of the benchmark, {:.4} over all 19, on {} images each",
            self.mean_accuracy_15, self.mean_accuracy_19, self.n
        ))
    }
}
