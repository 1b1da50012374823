//! Decoded pixels of a data set at a model's input size, in memory or on disk.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::content::ContentHash;
use super::dataset::{Broken, Dataset};
use super::decode::{Defect, decode};
use super::pixels::Pixels;
use super::resize::resize_into;
use crate::image::RgbImage;
use crate::{Error, Result};

/// How to fill a store.
pub struct StoreOptions<'call> {
    /// The model's input size: pixels across and down.
    pub size: usize,
    /// Raw bytes (`count * size * size * 3`) above which pixels go to a temporary file.
    pub memory_limit: u64,
    /// The folder of that file; the system's temporary folder if `None`. Where that folder lives in
    /// memory itself, as `/tmp` does on some systems, name another.
    pub scratch: Option<PathBuf>,
    /// Called after each image with the number done and the total, from any thread.
    pub progress: Option<&'call (dyn Fn(usize, usize) + Sync)>,
}

impl StoreOptions<'_> {
    /// Input size `size`, in memory up to half of what the system has free, without progress.
    #[must_use]
    pub fn new(size: usize) -> Self {
        Self {
            size,
            memory_limit: available_memory().map_or(UNKNOWN_MEMORY_LIMIT, |bytes| bytes / 2),
            scratch: None,
            progress: None,
        }
    }
}

/// The limit where the system does not say how much memory it has.
const UNKNOWN_MEMORY_LIMIT: u64 = 4 << 30;

/// Bytes that can be had without swapping, where the system says so.
fn available_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// RGB pixels as `u8`, `[count, size, size, 3]`, with each image's [`ContentHash`]. Reading is by
/// position and gives the same bytes whether they lie in memory or on disk.
#[derive(Debug)]
pub struct PixelStore {
    size: usize,
    pixels: Pixels,
    hashes: Vec<ContentHash>,
    broken: Vec<BrokenPixels>,
}

/// A position without pixels, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenPixels {
    /// The position in the store.
    pub position: usize,
    /// Which image and why.
    pub entry: Broken,
}

impl PixelStore {
    /// Decodes and resizes the items at `indices`, in parallel; position `p` of the store is item
    /// `indices[p]`. In memory this takes the raw size, some 60 bytes an image, and what the
    /// images in work need at their own size, one per thread.
    ///
    /// Broken images do not fail the filling: their positions hold black, and [`PixelStore::broken`]
    /// lists them. The caller decides whether to stop or to leave them out.
    ///
    /// # Errors
    /// The size is 0, memory is short, or the temporary file cannot be made or written.
    ///
    /// # Panics
    /// An index is not below the number of items.
    pub fn fill(dataset: &Dataset, indices: &[usize], options: &StoreOptions<'_>) -> Result<Self> {
        let image_bytes = 3 * options.size * options.size;
        let raw = image_bytes.checked_mul(indices.len()).filter(|_| image_bytes > 0).ok_or_else(|| Error::Setting {
            setting: "input size".to_owned(),
            found: options.size.to_string(),
            expected: "at least 1, and small enough to address every pixel".to_owned(),
        })?;
        let count = indices.len();
        let mut pixels = match raw as u64 <= options.memory_limit {
            true => Pixels::in_memory(count, image_bytes)?,
            false => Pixels::on_disk(count, image_bytes, options.scratch.as_deref())?,
        };
        let hashes = Hashes::of(vec![ContentHash::from([0; 32]); count]);
        let filler = Filler { dataset, indices, options, done: AtomicUsize::new(0), broken: Mutex::new(Vec::new()) };
        pixels.write(|write| {
            filler.run(&|position, image| {
                let mut resized = vec![0; image_bytes];
                resize_into(image, options.size, &mut resized)?;
                hashes.set(position, ContentHash::of(image));
                write(position, &resized)
            })
        })?;
        let mut broken = filler.broken.into_inner().unwrap_or_else(PoisonError::into_inner);
        broken.sort_by_key(|entry| entry.position);
        Ok(Self { size: options.size, pixels, hashes: hashes.into_inner(), broken })
    }

    /// These images and, behind them, what `make` gives for the position and the image of each of `positions`: the last
    /// `positions.len()` of the new store, in that order, in memory or on disk as these are.
    ///
    /// # Errors
    /// Where `make` fails, memory is short, or a temporary file cannot be read, made or written.
    ///
    /// # Panics
    /// `make` gives an image of another size, or a position is not below [`PixelStore::len`].
    pub fn followed_by(
        &self,
        positions: &[usize],
        make: &(dyn Fn(usize, RgbImage) -> Result<RgbImage> + Sync),
    ) -> Result<Self> {
        let own = self.len();
        let mut pixels = self.pixels.another(own + positions.len())?;
        let mut all = self.hashes.clone();
        all.resize(own + positions.len(), ContentHash::from([0; 32]));
        let hashes = Hashes::of(all);
        pixels.write(|write| {
            (0..own).into_par_iter().try_for_each(|position| write(position, &self.image(position)?.pixels))?;
            positions.par_iter().enumerate().try_for_each(|(place, &position)| {
                let image = make(position, self.image(position)?)?;
                assert_eq!((image.width, image.height), (self.size, self.size), "size of an image that follows");
                hashes.set(own + place, ContentHash::of(&image));
                write(own + place, &image.pixels)
            })
        })?;
        Ok(Self { size: self.size, pixels, hashes: hashes.into_inner(), broken: self.broken.clone() })
    }

    /// Number of positions, broken ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Whether there is no position.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// Pixels across and down.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size
    }

    /// Bytes of one image: `3 * size * size`.
    #[must_use]
    pub fn image_bytes(&self) -> usize {
        3 * self.size * self.size
    }

    /// Whether the pixels lie in a temporary file rather than in memory.
    #[must_use]
    pub fn is_on_disk(&self) -> bool {
        self.pixels.are_on_disk()
    }

    /// Positions without pixels, in order, with the reasons.
    #[must_use]
    pub fn broken(&self) -> &[BrokenPixels] {
        &self.broken
    }

    /// What the image at `position` shows, or `None` if it is broken.
    ///
    /// # Panics
    /// `position` is not below [`PixelStore::len`].
    #[must_use]
    pub fn hash(&self, position: usize) -> Option<ContentHash> {
        let hash = self.hashes[position];
        self.broken.binary_search_by_key(&position, |entry| entry.position).is_err().then_some(hash)
    }

    /// What the image at `position` shows, where it is to be one that was decoded.
    ///
    /// # Errors
    /// [`Error::Refused`] if it is broken.
    ///
    /// # Panics
    /// `position` is not below [`PixelStore::len`].
    pub fn content(&self, position: usize) -> Result<ContentHash> {
        self.hash(position).ok_or_else(|| {
            Error::Refused(format!(
                "found a broken image at position {position} of the store; expected images that were decoded; leave broken \
                 ones out"
            ))
        })
    }

    /// Copies the image at `position`, `[size, size, 3]`, into `output`.
    ///
    /// # Errors
    /// The temporary file cannot be read.
    ///
    /// # Panics
    /// `position` is not below [`PixelStore::len`], or `output` has not [`PixelStore::image_bytes`].
    pub fn read(&self, position: usize, output: &mut [u8]) -> Result<()> {
        assert!(position < self.len(), "position {position} of {}", self.len());
        assert_eq!(output.len(), self.image_bytes(), "bytes of one image");
        self.pixels.read(position, output)
    }

    /// The image at `position`.
    ///
    /// # Errors
    /// The temporary file cannot be read.
    ///
    /// # Panics
    /// `position` is not below [`PixelStore::len`].
    pub fn image(&self, position: usize) -> Result<RgbImage> {
        let mut image = RgbImage { width: self.size, height: self.size, pixels: vec![0; self.image_bytes()] };
        self.read(position, &mut image.pixels)?;
        Ok(image)
    }

    /// Copies the images at `positions`, in that order, into `output`,
    /// `[positions.len(), size, size, 3]`.
    ///
    /// # Errors
    /// The temporary file cannot be read.
    ///
    /// # Panics
    /// A position is not below [`PixelStore::len`], or `output` has another size.
    pub fn gather(&self, positions: &[usize], output: &mut [u8]) -> Result<()> {
        assert_eq!(output.len(), positions.len() * self.image_bytes(), "bytes of the batch");
        positions
            .iter()
            .zip(output.chunks_exact_mut(self.image_bytes()))
            .try_for_each(|(&position, image)| self.read(position, image))
    }
}

/// Hashes of images that many threads make.
struct Hashes(Mutex<Vec<ContentHash>>);

impl Hashes {
    fn of(hashes: Vec<ContentHash>) -> Self {
        Self(Mutex::new(hashes))
    }

    fn set(&self, position: usize, hash: ContentHash) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)[position] = hash;
    }

    fn into_inner(self) -> Vec<ContentHash> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Filler<'call> {
    dataset: &'call Dataset,
    indices: &'call [usize],
    options: &'call StoreOptions<'call>,
    done: AtomicUsize,
    broken: Mutex<Vec<BrokenPixels>>,
}

impl Filler<'_> {
    fn run(&self, keep: &(dyn Fn(usize, &RgbImage) -> Result<()> + Sync)) -> Result<()> {
        let failure = Mutex::new(None);
        self.dataset.visit_encoded(self.indices, &|position, outcome| {
            let failed = failure.lock().is_ok_and(|failure| failure.is_some());
            if failed {
                return;
            }
            match outcome.and_then(|bytes| decode(bytes, &self.dataset.limits)) {
                Ok(image) => {
                    if let (Err(error), Ok(mut failure)) = (keep(position, &image), failure.lock()) {
                        failure.get_or_insert(error);
                    }
                }
                Err(defect) => self.report(position, &defect),
            }
            let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
            if let Some(progress) = self.options.progress {
                progress(done, self.indices.len());
            }
        });
        failure.into_inner().unwrap_or_default().map_or(Ok(()), Err)
    }

    fn report(&self, position: usize, defect: &Defect) {
        let item = &self.dataset.items[self.indices[position]];
        let entry = Broken {
            identity: item.identity.clone(),
            path: item.location.path().to_path_buf(),
            reason: defect.to_string(),
        };
        if let Ok(mut broken) = self.broken.lock() {
            broken.push(BrokenPixels { position, entry });
        }
    }
}

#[cfg(test)]
impl PixelStore {
    /// Of images made for a test, in their order, 32 pixels a side.
    pub(crate) fn of(images: impl Iterator<Item = RgbImage>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut manifest = String::from("file_name,label\n");
        for (index, image) in images.enumerate() {
            std::fs::write(folder.path().join(format!("{index}.png")), super::encode::png(&image).unwrap()).unwrap();
            manifest += &format!("{index}.png,real\n");
        }
        std::fs::write(folder.path().join("metadata.csv"), manifest).unwrap();
        let dataset = Dataset::open(folder.path(), &super::OpenOptions::default()).unwrap();
        Self::fill(&dataset, &dataset.labelled(), &StoreOptions::new(32)).unwrap()
    }
}
