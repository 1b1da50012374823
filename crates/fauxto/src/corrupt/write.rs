//! A corrupted data set on disk.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{CorruptionEntry, Severity};
use crate::data::decode::names_an_image;
use crate::data::{Broken, ContentHash, Dataset, ManifestWriter, decode, encode, resize};
use crate::image::RgbImage;
use crate::write_atomically::NewFolder;
use crate::{Error, Label, Result};

/// The manifest's name in the folder.
pub const MANIFEST: &str = "manifest.csv";

/// Images of a data set, each by every corruption at every severity.
pub struct CorruptedSet<'call> {
    /// Where the images are from.
    pub dataset: &'call Dataset,
    /// Which of its items; their indices are their numbers in [`CorruptionEntry::corrupt`].
    pub indices: &'call [usize],
    /// What to do to them.
    pub corruptions: &'call [&'static CorruptionEntry],
    /// How strongly.
    pub severities: &'call [Severity],
    /// Of all random numbers.
    pub seed: u64,
    /// The side of the square that images are first brought to, as detectors see them; their own
    /// size where `None`.
    pub size: Option<usize>,
    /// Whether to leave out images that cannot be used instead of writing nothing.
    pub skip_broken: bool,
    /// Called after each source image with the number done and the total, from any thread.
    pub progress: Option<&'call (dyn Fn(usize, usize) + Sync)>,
}

/// One image of a set, for looking at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// The image's identity.
    pub identity: String,
    /// As it was before.
    pub clean: RgbImage,
    /// By each corruption at each severity in turn, as [`CorruptedSet::write`] writes it.
    pub corrupted: Vec<RgbImage>,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Corrupted images.
    pub files: usize,
    /// What was left out: entries that are no items, then images that cannot be used.
    pub broken: Vec<Broken>,
}

impl CorruptedSet<'_> {
    /// Writes the new folder `folder`: `CORRUPTION/SEVERITY/NAME.png` for each image, and
    /// [`MANIFEST`] with `file_name, label, parent, parent_content_hash, corruption, severity`, which the manifest reader
    /// reads. NAME is the item's identity without its extension, or with it where some items differ in
    /// nothing else; `parent` is the identity. The folder appears whole or not at all.
    ///
    /// # Errors
    /// The folder exists already or cannot be written; an image cannot be read, or is smaller than
    /// corruptions need, and `skip_broken` is not set; or no image is left.
    pub fn write(&self, folder: &Path) -> Result<Written> {
        let whole = NewFolder::create(folder)?;
        let names = self.names();
        let mut outcomes = self.write_images(&whole, &names)?;
        outcomes.sort_unstable_by_key(|(position, _)| *position);
        let (mut usable, mut broken) = (Vec::new(), self.dataset.broken.clone());
        for (position, outcome) in outcomes {
            match outcome {
                Ok(content) => usable.push((position, content)),
                Err(entry) => broken.push(entry),
            }
        }
        if let Some(first) = broken.first().filter(|_| usable.is_empty() || !self.skip_broken) {
            return Err(Error::input(
                &first.path,
                format!("{} images that cannot be used, this being the first: {}", broken.len(), first.reason),
                "images that can be read",
                "repair or remove them, or pass --skip-bad to leave them out",
            ));
        }
        whole.write(MANIFEST, &self.manifest(folder, &names, &usable)?)?;
        whole.finish()?;
        Ok(Written { files: usable.len() * self.corruptions.len() * self.severities.len(), broken })
    }

    /// The first image that can be used, by every corruption and severity.
    ///
    /// # Errors
    /// The first image cannot be used and `skip_broken` is not set, or none can.
    pub fn sheet(&self) -> Result<Sheet> {
        let mut outcome = Err(Error::input(&self.dataset.root, "no image", "at least one image", "check the data set"));
        for &index in self.indices {
            outcome = self.sheet_of(index);
            if outcome.is_ok() || !self.skip_broken {
                break;
            }
        }
        outcome
    }

    fn sheet_of(&self, index: usize) -> Result<Sheet> {
        let item = &self.dataset.items[index];
        let bytes = self.dataset.encoded(index)?;
        let image = decode(&bytes, &self.dataset.limits).map_err(|defect| defect.at(item.location.path()))?;
        let clean = self.sized(image)?;
        let corrupted = self.corrupted(&clean, index)?.into_iter().map(|(_, image)| image).collect();
        Ok(Sheet { identity: item.identity.clone(), clean, corrupted })
    }

    /// The file name of each position, below corruption and severity.
    fn names(&self) -> Vec<String> {
        let identities: Vec<&str> =
            self.indices.iter().map(|&index| self.dataset.items[index].identity.as_str()).collect();
        let stems: Vec<&str> = identities.iter().map(|identity| stem(identity)).collect();
        let distinct = stems.iter().collect::<HashSet<_>>().len() == stems.len();
        let names = if distinct { stems } else { identities };
        names.into_iter().map(|name| format!("{name}.png")).collect()
    }

    /// Writes every image that can be used. Returns what each image showed before, by position and in no order, or why it
    /// cannot be used.
    fn write_images(&self, whole: &NewFolder, names: &[String]) -> Result<Vec<(usize, Result<ContentHash, Broken>)>> {
        let (failure, outcomes) = (Mutex::new(None), Mutex::new(Vec::new()));
        let done = AtomicUsize::new(0);
        self.dataset.visit_encoded(self.indices, &|position, outcome| {
            if failure.lock().is_ok_and(|failure| failure.is_some()) {
                return;
            }
            let item = &self.dataset.items[self.indices[position]];
            let path = item.location.path();
            let images = outcome
                .and_then(|bytes| decode(bytes, &self.dataset.limits))
                .map_err(|defect| defect.to_string())
                .and_then(|image| {
                    let content = ContentHash::of(&image);
                    let image = self.sized(image).map_err(|error| error.to_string())?;
                    let images = self.corrupted(&image, self.indices[position]).map_err(|error| error.to_string())?;
                    Ok((content, images))
                });
            let outcome = match images {
                Ok((content, images)) => {
                    let written = images.iter().try_for_each(|(folder, image)| {
                        write_png(whole, &format!("{folder}/{}", names[position]), image)
                    });
                    if let (Err(error), Ok(mut failure)) = (written, failure.lock()) {
                        failure.get_or_insert(error);
                    }
                    Ok(content)
                }
                Err(reason) => Err(Broken { identity: item.identity.clone(), path: path.to_path_buf(), reason }),
            };
            if let Ok(mut outcomes) = outcomes.lock() {
                outcomes.push((position, outcome));
            }
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            if let Some(progress) = self.progress {
                progress(done, names.len());
            }
        });
        match failure.into_inner().unwrap_or_default() {
            Some(error) => Err(error),
            None => Ok(outcomes.into_inner().unwrap_or_default()),
        }
    }

    fn sized(&self, image: RgbImage) -> Result<RgbImage> {
        match self.size {
            Some(size) => resize(&image, size),
            None => Ok(image),
        }
    }

    /// One image by every corruption at every severity, with the folder it belongs in.
    fn corrupted(&self, image: &RgbImage, index: usize) -> Result<Vec<(String, RgbImage)>> {
        let mut images = Vec::with_capacity(self.corruptions.len() * self.severities.len());
        for entry in self.corruptions {
            for &severity in self.severities {
                let folder = format!("{}/{severity}", entry.name);
                images.push((folder, entry.corrupt(image, severity, self.seed, index as u64)?));
            }
        }
        Ok(images)
    }

    fn manifest(&self, folder: &Path, names: &[String], usable: &[(usize, ContentHash)]) -> Result<Vec<u8>> {
        let columns = ["file_name", "label", "parent", "parent_content_hash", "corruption", "severity"];
        let mut manifest = ManifestWriter::new(folder, columns)?;
        for entry in self.corruptions {
            for &severity in self.severities {
                for &(position, content) in usable {
                    let item = &self.dataset.items[self.indices[position]];
                    let file_name = format!("{}/{severity}/{}", entry.name, names[position]);
                    let label = item.label.map_or("", Label::name);
                    let (content, severity) = (content.to_string(), severity.to_string());
                    manifest.add([&file_name, label, &item.identity, &content, entry.name, &severity])?;
                }
            }
        }
        manifest.finish()
    }
}

/// An identity without an image's extension.
fn stem(identity: &str) -> &str {
    match identity.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() && names_an_image(Path::new(identity)) => stem,
        _ => identity,
    }
}

fn write_png(whole: &NewFolder, name: &str, image: &RgbImage) -> Result<()> {
    if let Some((folder, _)) = name.rsplit_once('/') {
        whole.make(folder)?;
    }
    whole.write(name, &encode::png(image)?)
}
