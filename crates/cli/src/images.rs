//! Labelled images at a detector's input size, all of them or sides of a split.

use std::path::Path;

use anyhow::Context;
use clap::ValueEnum;
use fauxto::data::split::{Candidate, Split};
use fauxto::data::{Dataset, OpenOptions, PixelStore, Side};
use fauxto::run;
use fauxto::train::Example;

use crate::options::{DataOptions, SideName, SideOptions};
use crate::pixels;

/// Labelled images of a data set.
pub(crate) struct Images {
    pub(crate) dataset: Dataset,
    /// The items decoded: position `p` of the store holds item `indices[p]`.
    pub(crate) indices: Vec<usize>,
    pub(crate) store: PixelStore,
    /// Those that can be used, by position.
    pub(crate) examples: Vec<Example>,
    /// How many could not be used.
    pub(crate) skipped: usize,
}

impl Images {
    /// Every labelled image of `data`.
    pub(crate) fn open(data: &Path, options: &DataOptions, size: usize) -> anyhow::Result<Self> {
        let open = OpenOptions { classes: options.classes.clone(), ..OpenOptions::default() };
        let dataset = Dataset::open(data, &open)?;
        let indices = dataset.labelled();
        let store = pixels::decode(&dataset, &indices, size)?;
        let positions = pixels::usable(&dataset, &store, options.skip_bad)?;
        let skipped = dataset.broken.len() + store.len() - positions.len();
        let labelled = |index: usize| Some(Example { index, label: dataset.items[indices[index]].label? });
        let examples: Vec<Example> = positions.into_iter().filter_map(labelled).collect();
        anyhow::ensure!(
            !examples.is_empty(),
            "{}: found no labelled images that can be used; expected at least one; check the data set",
            data.display()
        );
        Ok(Self { dataset, indices, store, examples, skipped })
    }

    /// Every labelled image of `data`, and the split of them in the file or run folder `split`, after checking that
    /// these are the images it was made of.
    pub(crate) fn open_split(
        data: &Path,
        options: &DataOptions,
        size: usize,
        split: &Path,
    ) -> anyhow::Result<(Self, Split)> {
        let file = split.display();
        let split = Split::load(split)?;
        let images = Self::open(data, options, size)?;
        split.check(&images.candidates()).with_context(|| file.to_string())?;
        Ok((images, split))
    }

    /// Those on the sides asked for of the split in the file, where one is given, after checking that these are the images it was
    /// made of.
    pub(crate) fn on_side(mut self, options: &SideOptions) -> anyhow::Result<Self> {
        let Some(file) = &options.split else { return Ok(self) };
        let split = Split::load(file)?;
        split.check(&self.candidates()).with_context(|| file.display().to_string())?;
        let asked = SideName::value_variants().iter().filter(|side| options.side.contains(side));
        self.examples = asked.flat_map(|&side| self.side(&split, side.into())).collect();
        anyhow::ensure!(
            !self.examples.is_empty(),
            "{}: found no image there; expected at least one; take another side",
            file.display()
        );
        Ok(self)
    }

    /// The examples on one side of `split`.
    pub(crate) fn side(&self, split: &Split, side: Side) -> Vec<Example> {
        run::examples(&self.dataset, &self.indices, &self.positions(), split, side)
    }

    /// What a split looks at.
    pub(crate) fn candidates(&self) -> Vec<Candidate> {
        run::candidates(&self.dataset, &self.indices, &self.store, &self.positions())
    }

    pub(crate) fn positions(&self) -> Vec<usize> {
        self.examples.iter().map(|example| example.index).collect()
    }

    /// The identity of an example within its data set.
    pub(crate) fn identity(&self, example: &Example) -> &str {
        &self.dataset.items[self.indices[example.index]].identity
    }
}
