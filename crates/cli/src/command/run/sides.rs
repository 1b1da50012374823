//! Which images a pipeline learns from, stops on and reports on, decided before hours are spent on them.

use std::path::Path;

use anyhow::Context;
use fauxto::config::Config;
use fauxto::data::Side;
use fauxto::data::audit::Audit;
use fauxto::data::split::Split;
use fauxto::run::RunFolder;
use fauxto::write_atomically::write_atomically;

use super::Arguments;
use crate::command::train::new_split;
use crate::images::Images;

/// The size of pixels that nobody looks at: contents are those of the image as it was decoded.
const CONTENT_SIZE: usize = 32;

/// A new split, and the audit over whose clusters it was made.
pub(super) struct Sides {
    split: Split,
    audit: Audit,
}

/// The sides of a new pipeline; none where it has them. What is reported on may have changed since then.
pub(super) fn decide(arguments: &Arguments, config: &Config) -> anyhow::Result<Option<Sides>> {
    let decided = arguments.out.join(Split::FILE);
    if decided.exists() {
        require_reported(arguments, &Split::load(&decided)?)?;
        return Ok(None);
    }
    let images = Images::open(&arguments.data, &arguments.options, CONTENT_SIZE)?;
    let (split, audit) = new_split(&images.dataset, &images.candidates(), config, arguments.allow_giveaways)?;
    require_reported(arguments, &split)?;
    Ok(Some(Sides { split, audit }))
}

/// Refuses to report on nothing, or on what is learned from or stopped on by `split`.
fn require_reported(arguments: &Arguments, split: &Split) -> anyhow::Result<()> {
    let Some(report) = &arguments.reported.report else {
        let test = split.on(Side::Test).next();
        anyhow::ensure!(
            test.is_some(),
            "{}: found no image on the split's test side; expected some to report on; give others with --report, or a folder \
             `test` of real and fake ones",
            arguments.data.display()
        );
        return Ok(());
    };
    let reported = Images::open(report, &arguments.options, CONTENT_SIZE)?;
    let contents = reported.examples.iter().filter_map(|example| reported.store.hash(example.index));
    split.require_unused(contents).with_context(|| report.display().to_string())
}

impl Sides {
    /// Writes both into the pipeline's folder, the split last: where it is, the audit is.
    pub(super) fn save(&self, folder: &Path) -> anyhow::Result<()> {
        write_atomically(&RunFolder::new(folder).audit(), &serde_json::to_vec_pretty(&self.audit)?)?;
        Ok(self.split.save(&folder.join(Split::FILE))?)
    }
}
