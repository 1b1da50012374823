//! Pixels of images of one size, in memory or in a temporary file.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use super::pixel_file::PixelFile;
use crate::{Error, Result};

/// As many bytes for each image, by position.
#[derive(Debug)]
pub(super) struct Pixels {
    image_bytes: usize,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Memory(Vec<u8>),
    Disk(PixelFile),
}

impl Pixels {
    /// Black images in memory.
    pub(super) fn in_memory(count: usize, image_bytes: usize) -> Result<Self> {
        let needed = count * image_bytes;
        let mut pixels = Vec::new();
        pixels.try_reserve_exact(needed).map_err(|error| Error::Setting {
            setting: "memory limit".to_owned(),
            found: format!("{needed} bytes for {count} images, which are not to be had ({error})"),
            expected: "a lower limit, so that pixels are kept on disk, or fewer images".to_owned(),
        })?;
        pixels.resize(needed, 0);
        Ok(Self { image_bytes, place: Place::Memory(pixels) })
    }

    /// Black images in a temporary file of `folder`, the system's for such files if there is none.
    pub(super) fn on_disk(count: usize, image_bytes: usize, folder: Option<&Path>) -> Result<Self> {
        let file = PixelFile::create(folder, count as u64 * image_bytes as u64)?;
        Ok(Self { image_bytes, place: Place::Disk(file) })
    }

    /// Black images of the same size, where these are.
    pub(super) fn another(&self, count: usize) -> Result<Self> {
        match &self.place {
            Place::Memory(_) => Self::in_memory(count, self.image_bytes),
            Place::Disk(file) => Self::on_disk(count, self.image_bytes, Some(file.folder())),
        }
    }

    pub(super) fn are_on_disk(&self) -> bool {
        matches!(self.place, Place::Disk(_))
    }

    /// Copies the image at `position` into `output`.
    pub(super) fn read(&self, position: usize, output: &mut [u8]) -> Result<()> {
        let start = position * self.image_bytes;
        match &self.place {
            Place::Memory(pixels) => {
                output.copy_from_slice(&pixels[start..start + self.image_bytes]);
                Ok(())
            }
            Place::Disk(file) => file.read_at(output, start as u64),
        }
    }

    /// Hands `work` what writes the image at a position, from any thread.
    pub(super) fn write<T>(
        &mut self,
        work: impl FnOnce(&(dyn Fn(usize, &[u8]) -> Result<()> + Sync)) -> Result<T>,
    ) -> Result<T> {
        match &mut self.place {
            Place::Memory(pixels) => {
                let images: Vec<_> = pixels.chunks_exact_mut(self.image_bytes).map(Mutex::new).collect();
                work(&|position, image| {
                    images[position].lock().unwrap_or_else(PoisonError::into_inner).copy_from_slice(image);
                    Ok(())
                })
            }
            Place::Disk(file) => {
                let bytes = self.image_bytes as u64;
                work(&|position, image| file.write_at(image, position as u64 * bytes))
            }
        }
    }
}
