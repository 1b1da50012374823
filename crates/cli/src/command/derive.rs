//! `fauxto derive`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use burn::tensor::{Tensor, TensorData};
use clap::Args;
use fauxto::attack::{Batch, ChosenAttack, Epsilon, Norm};
use fauxto::data::Dataset;
use fauxto::data::split::Split;
use fauxto::derive::{Adversarial, Augmented, MANIFEST, Written, recipe};
use fauxto::predict::Predictor;
use serde::Serialize;

use super::{Outcome, say, say_json};
use crate::images::Images;
use crate::options::{DataOptions, DeviceOptions, Models};
use crate::progress;

/// Make augmented or attacked images from the training side of a split, each naming its parent
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    fauxto derive photos/ --split runs/mine --out derived/\n  \
    fauxto derive train.parquet --split split.json --out derived/ --augmented 1000 --seed 7\n  \
    fauxto derive photos/ --split runs/mine --adversarial 400 --models runs/mine --out attacked/\n\n\
    Half of the images are real and half fake, and each keeps its parent's label. OUT/metadata.csv \
    names every parent, by identity and by content hash; a command given OUT reads it.\n\
    Exit code 1: the data are not the ones that were split.")]
pub(crate) struct Arguments {
    /// The labelled images that were split
    data: PathBuf,
    /// The split, or a run that has one
    #[arg(long, value_name = "FILE|RUN")]
    split: PathBuf,
    /// New folder for the derived images
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// Augmented images to make, an even number
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    augmented: u32,
    /// Make attacked images instead, this many, an even number, at least two for each epsilon
    #[arg(long, value_name = "N", requires = "models", conflicts_with = "augmented", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    adversarial: Option<u32>,
    /// Run folders or checkpoints to attack; several, separated by commas, are attacked as they vote
    #[arg(long, value_name = "RUN|CHECKPOINT", requires = "adversarial", value_parser = Models::parse)]
    models: Option<Models>,
    /// The attack, in L-infinity (`fauxto list attacks`)
    #[arg(long, value_name = "NAME", requires = "adversarial", default_value = "fgsm")]
    attack: String,
    /// How far it may go, from 1/255 on, each for as many images
    #[arg(
        long = "epsilon",
        value_name = "EPSILONS",
        requires = "adversarial",
        value_delimiter = ',',
        default_value = ".02,.03,.05,.08"
    )]
    epsilons: Vec<Epsilon>,
    #[command(flatten)]
    device: DeviceOptions,
    /// Seed of parents and changes
    #[arg(long, default_value_t = 42)]
    seed: u64,
    #[command(flatten)]
    options: DataOptions,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// The size at which images are looked at to check them against the split; hashes are of their own size.
const CHECKED_SIZE: usize = 32;

/// Images attacked at a time.
const BATCH: usize = 128;

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Report<'a> {
    out: &'a Path,
    seed: u64,
    /// By what was made: `augmented` or `adversarial`.
    #[serde(flatten)]
    written: BTreeMap<&'static str, &'a Written>,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let (images, split) = Images::open_split(&arguments.data, &arguments.options, CHECKED_SIZE, &arguments.split)?;
    let Images { dataset, .. } = images;
    let (kind, written) = match (&arguments.models, arguments.adversarial) {
        (Some(models), Some(count)) => ("adversarial", attacked(arguments, &dataset, &split, models, count as usize)?),
        _ => ("augmented", augmented(arguments, &dataset, &split)?),
    };
    if arguments.json {
        let written = [(kind, &written)].into();
        say_json(&Report { out: &arguments.out, seed: arguments.seed, written })?;
        return Ok(Outcome::Done);
    }
    let [(real, real_parents), (fake, fake_parents)] =
        [0, 1].map(|label| (written.images[label], written.parents[label]));
    say(format!(
        "{real} real images of {real_parents} parents and {fake} fake images of {fake_parents}, all from the training \
         side; listed in {}",
        arguments.out.join(MANIFEST).display()
    ))?;
    Ok(Outcome::Done)
}

fn augmented(arguments: &Arguments, dataset: &Dataset, split: &Split) -> anyhow::Result<Written> {
    let count = arguments.augmented as usize;
    let bar = progress::bar(count, "images", "augmenting");
    let steps = recipe()?;
    let augmented = Augmented {
        dataset,
        split,
        count,
        seed: arguments.seed,
        steps: &steps,
        progress: Some(&|done| bar.set_position(done as u64)),
    };
    let written = augmented.write(&arguments.out)?;
    bar.finish_and_clear();
    Ok(written)
}

/// Attacked images at the detectors' input size; several detectors are attacked as they vote.
fn attacked(
    arguments: &Arguments,
    dataset: &Dataset,
    split: &Split,
    models: &Models,
    count: usize,
) -> anyhow::Result<Written> {
    let attack = ChosenAttack::parse(&arguments.attack)?;
    anyhow::ensure!(
        attack.entry.norm == Norm::LInfinity,
        "--attack: found {}, an attack in L2; expected one in L-infinity",
        attack.name
    );
    let predictor = Predictor::open(&models.0, &arguments.device.open()?)?;
    let target = predictor.target()?;
    let epsilons: Vec<f64> = arguments.epsilons.iter().map(Epsilon::value).collect();
    let bar = progress::bar(count, "images", "attacking");
    let set = Adversarial {
        dataset,
        split,
        count,
        seed: arguments.seed,
        size: predictor.input_size(),
        batch: BATCH,
        epsilons: &epsilons,
        attack: &attack.name,
    };
    let written = set.write(&arguments.out, &mut |batch| {
        let shape = [batch.labels.len(), batch.size, batch.size, 3];
        let pixels = Tensor::from_data(TensorData::new(batch.pixels.to_vec(), shape), &target.device());
        let images = Batch::new(pixels, batch.labels.to_vec(), batch.numbers.to_vec())?;
        let moved = attack.perturb(&*target, &images, &batch.epsilon.to_string().parse()?, arguments.seed)?;
        bar.inc(batch.labels.len() as u64);
        Ok(moved.to_data().iter::<f32>().collect())
    })?;
    bar.finish_and_clear();
    Ok(written)
}
