//! `fauxto derive`.

use std::path::Path;

use anyhow::Context;
use fauxto::data::split::Split;
use fauxto::data::{Dataset, OpenOptions};
use fauxto::derive::{Augmented, MANIFEST, Written, recipe};
use fauxto::run::{self, RunFolder};
use serde::Serialize;

use super::{Outcome, say, say_json};
use crate::arguments::Derive;
use crate::{pixels, progress};

/// The size at which images are looked at to check them against the split; hashes are of their own size.
const CHECKED_SIZE: usize = 32;

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Report<'a> {
    out: &'a Path,
    seed: u64,
    augmented: Written,
}

pub(super) fn run(arguments: &Derive) -> anyhow::Result<Outcome> {
    let file = match arguments.split.is_dir() {
        true => RunFolder::new(&arguments.split).split(),
        false => arguments.split.clone(),
    };
    let split = Split::load(&file)?;
    let options = OpenOptions { classes: arguments.options.classes.clone(), ..OpenOptions::default() };
    let dataset = Dataset::open(&arguments.data, &options)?;
    let indices = dataset.labelled();
    let store = pixels::decode(&dataset, &indices, CHECKED_SIZE)?;
    let positions = pixels::usable(&dataset, &store, arguments.options.skip_bad)?;
    split
        .check(&run::candidates(&dataset, &indices, &store, &positions))
        .with_context(|| file.display().to_string())?;
    let count = arguments.augmented as usize;
    let bar = progress::bar(count, "images", "augmenting");
    let steps = recipe()?;
    let augmented = Augmented {
        dataset: &dataset,
        split: &split,
        count,
        seed: arguments.seed,
        steps: &steps,
        progress: Some(&|done| bar.set_position(done as u64)),
    };
    let written = augmented.write(&arguments.out)?;
    bar.finish_and_clear();
    if arguments.json {
        say_json(&Report { out: &arguments.out, seed: arguments.seed, augmented: written })?;
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
