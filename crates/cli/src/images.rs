//! Labelled images at a detector's input size, all of them or one side of a split.

use std::path::{Path, PathBuf};

use anyhow::Context;
use fauxto::data::split::{Candidate, Split};
use fauxto::data::{Dataset, OpenOptions, PixelStore, Side};
use fauxto::derive::{WithDerived, add_derived};
use fauxto::run::{self, RunFolder};
use fauxto::train::Example;

use crate::options::{DataOptions, SideOptions};
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
    /// How many of the data set's items are its own; the rest are those of further sets.
    pub(crate) own: usize,
}

impl Images {
    /// Every labelled image of `data`.
    pub(crate) fn open(data: &Path, options: &DataOptions, size: usize) -> anyhow::Result<Self> {
        Self::open_with(data, &[], options, size)
    }

    /// Every labelled image of `data`, then those of the `further` data sets.
    pub(crate) fn open_with(
        data: &Path,
        further: &[PathBuf],
        options: &DataOptions,
        size: usize,
    ) -> anyhow::Result<Self> {
        let open = OpenOptions { classes: options.classes.clone(), ..OpenOptions::default() };
        let WithDerived { dataset, own } = open_all(Dataset::open(data, &open)?, further, &open)?;
        let indices = dataset.labelled();
        let store = pixels::decode(&dataset, &indices, size)?;
        let positions = pixels::usable(&dataset, &store, options.skip_bad)?;
        let skipped = store.len() - positions.len();
        let labelled = |index: usize| Some(Example { index, label: dataset.items[indices[index]].label? });
        let examples: Vec<Example> = positions.into_iter().filter_map(labelled).collect();
        anyhow::ensure!(
            !examples.is_empty(),
            "{}: found no labelled images that can be used; expected at least one; check the data set",
            data.display()
        );
        Ok(Self { dataset, indices, store, examples, skipped, own })
    }

    /// Every labelled image of `data`, and the split of them in the file or run folder `split`, after checking that
    /// these are the images it was made of.
    pub(crate) fn open_split(
        data: &Path,
        options: &DataOptions,
        size: usize,
        split: &Path,
    ) -> anyhow::Result<(Self, Split)> {
        let file = if split.is_dir() { RunFolder::new(split).split() } else { split.to_path_buf() };
        let split = Split::load(&file)?;
        let images = Self::open(data, options, size)?;
        split.check(&images.candidates()).with_context(|| file.display().to_string())?;
        Ok((images, split))
    }

    /// Those on one side of the split in the file, where one is given, after checking that these are the images it was
    /// made of.
    pub(crate) fn on_side(mut self, options: &SideOptions) -> anyhow::Result<Self> {
        let (Some(file), Some(side)) = (&options.split, options.side) else { return Ok(self) };
        let split = Split::load(file)?;
        split.check(&self.candidates())?;
        self.examples = self.side(&split, side.into());
        anyhow::ensure!(
            !self.examples.is_empty(),
            "{}: found no image on that side; expected at least one; measure another side",
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

/// `own`, and after it the data sets at `further`, each under its path.
pub(crate) fn open_all(own: Dataset, further: &[PathBuf], options: &OpenOptions) -> anyhow::Result<WithDerived> {
    let sets = further.iter().map(|path| Ok((path.display().to_string(), Dataset::open(path, options)?)));
    Ok(add_derived(own, sets.collect::<anyhow::Result<_>>()?)?)
}
