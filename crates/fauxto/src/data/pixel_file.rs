//! A temporary file read and written by position, from many threads at once.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// Vanishes with the last handle, even if the process is killed.
#[derive(Debug)]
pub(super) struct PixelFile {
    file: File,
    folder: PathBuf,
}

impl PixelFile {
    pub(super) fn create(folder: Option<&Path>, bytes: u64) -> Result<Self> {
        let folder = folder.map_or_else(std::env::temp_dir, Path::to_path_buf);
        let refused = |source| Error::io(&folder, "making a temporary file for pixels", source);
        let file = tempfile::tempfile_in(&folder).map_err(refused)?;
        file.set_len(bytes).map_err(refused)?;
        Ok(Self { file, folder })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn write_at(&self, bytes: &[u8], offset: u64) -> Result<()> {
        position::write(&self.file, bytes, offset)
            .map_err(|source| Error::io(&self.folder, "writing the temporary file of pixels", source))
    }

    pub(super) fn read_at(&self, bytes: &mut [u8], offset: u64) -> Result<()> {
        position::read(&self.file, bytes, offset)
            .map_err(|source| Error::io(&self.folder, "reading the temporary file of pixels", source))
    }
}

#[cfg(unix)]
mod position {
    use std::fs::File;
    use std::io;
    use std::os::unix::fs::FileExt;

    pub(super) fn write(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        file.write_all_at(bytes, offset)
    }

    pub(super) fn read(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        file.read_exact_at(bytes, offset)
    }
}

#[cfg(windows)]
mod position {
    use std::fs::File;
    use std::io;
    use std::os::windows::fs::FileExt;

    pub(super) fn write(file: &File, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
        while !bytes.is_empty() {
            let count = file.seek_write(bytes, offset)?;
            if count == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            bytes = &bytes[count..];
            offset += count as u64;
        }
        Ok(())
    }

    pub(super) fn read(file: &File, mut bytes: &mut [u8], mut offset: u64) -> io::Result<()> {
        while !bytes.is_empty() {
            let count = file.seek_read(bytes, offset)?;
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            bytes = &mut bytes[count..];
            offset += count as u64;
        }
        Ok(())
    }
}
