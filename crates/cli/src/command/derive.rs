//! `fauxto derive`.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use burn::tensor::{Tensor, TensorData};
use fauxto::attack::{Batch, ChosenAttack, Epsilon, Norm, Target};
use fauxto::data::Dataset;
use fauxto::data::split::Split;
use fauxto::derive::{Adversarial, Augmented, MANIFEST, Written, recipe};
use fauxto::device;
use fauxto::predict::Predictor;
use fauxto::run::RunFolder;
use serde::Serialize;

use super::{Outcome, say, say_json};
use crate::arguments::{Derive, Models};
use crate::images::Images;
use crate::progress;

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

pub(super) fn run(arguments: &Derive) -> anyhow::Result<Outcome> {
    let file = match arguments.split.is_dir() {
        true => RunFolder::new(&arguments.split).split(),
        false => arguments.split.clone(),
    };
    let split = Split::load(&file)?;
    let images = Images::open(&arguments.data, &arguments.options, CHECKED_SIZE)?;
    split.check(&images.candidates()).with_context(|| file.display().to_string())?;
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

fn augmented(arguments: &Derive, dataset: &Dataset, split: &Split) -> anyhow::Result<Written> {
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
    arguments: &Derive,
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
    let predictor = Predictor::open(&models.0, &device::device(&arguments.device)?)?;
    let target = predictor.ensemble()?;
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
        let moved = attack.perturb(&target, &images, &batch.epsilon.to_string().parse()?, arguments.seed)?;
        bar.inc(batch.labels.len() as u64);
        Ok(moved.to_data().iter::<f32>().collect())
    })?;
    bar.finish_and_clear();
    Ok(written)
}
