//! Files and folders that are there whole or not at all.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// Writes `bytes` to `path` by way of a temporary file in the same folder and a rename, so that a
/// killed process or a full disk leaves the old file (or none) and never half of one. A link stays one, and what it leads to
/// is written; what is no file, as `/dev/null`, is written to as it is, and `/dev/stdout` and `/dev/stderr` go on where this
/// process stopped writing. Folders above that are missing are made.
///
/// # Errors
/// If the system refuses; `path` is untouched then.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    let refused = |source| Error::io(path, "writing", source);
    if let Some(mut stream) = standard_stream(path) {
        return stream.write_all(bytes).and_then(|()| stream.flush()).map_err(refused);
    }
    if path.starts_with("/dev") || path.metadata().is_ok_and(|found| !found.is_file()) {
        return std::fs::write(path, bytes).map_err(refused);
    }
    let target = if path.is_symlink() { path.canonicalize().map_err(refused)? } else { path.to_path_buf() };
    let folder = folder_of(&target);
    let write = || {
        std::fs::create_dir_all(folder)?;
        let mut file = tempfile::Builder::new().prefix(".writing-").tempfile_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // Temporary files are private by default; results are ordinary files.
            file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644))?;
        }
        file.persist(&target).map_err(|error| error.error)?;
        Ok(())
    };
    write().map_err(refused)
}

/// Opened by its name, a stream that leads into a file would begin at the start of it and overwrite what is there.
fn standard_stream(path: &Path) -> Option<Box<dyn Write>> {
    match path.to_str()? {
        "/dev/stdout" => Some(Box::new(std::io::stdout())),
        "/dev/stderr" => Some(Box::new(std::io::stderr())),
        _ => None,
    }
}

/// A new folder that is filled elsewhere and put in its place once it is whole; dropped before, it
/// leaves nothing behind.
#[derive(Debug)]
pub struct NewFolder {
    path: PathBuf,
    staging: tempfile::TempDir,
}

impl NewFolder {
    /// Starts the new folder `path`, whose parents are made where they are missing.
    ///
    /// # Errors
    /// If there is something at `path`, or the system refuses.
    pub fn create(path: &Path) -> Result<Self> {
        if path.exists() {
            return Err(Error::input(path, "a file or folder", "a new folder", "give another path or remove it"));
        }
        let parent = folder_of(path);
        std::fs::create_dir_all(parent).map_err(|source| Error::io(parent, "creating the folder", source))?;
        let staging = tempfile::Builder::new()
            .prefix(".writing-")
            .tempdir_in(parent)
            .map_err(|source| Error::io(parent, "creating a temporary folder", source))?;
        let folder = Self { path: path.to_path_buf(), staging };
        folder.make("")?;
        Ok(folder)
    }

    /// Where it will be.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes a folder within it, with those above.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn make(&self, name: &str) -> Result<()> {
        let folder = self.whole().join(name);
        std::fs::create_dir_all(&folder).map_err(|source| Error::io(&folder, "creating the folder", source))
    }

    /// Writes a file within it; the folders above must be made.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.whole().join(name);
        std::fs::write(&path, bytes).map_err(|source| Error::io(&path, "writing", source))
    }

    /// Puts it in its place.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn finish(self) -> Result<()> {
        std::fs::rename(self.whole(), &self.path)
            .map_err(|source| Error::io(&self.path, "renaming the finished folder", source))
    }

    fn whole(&self) -> PathBuf {
        self.staging.path().join("whole")
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn links_stay_links_and_what_is_no_file_stays_what_it_is() {
        use std::os::unix::fs::FileTypeExt;
        let root = tempfile::tempdir().unwrap();
        let [file, link, dangling] = ["file", "link", "dangling"].map(|name| root.path().join(name));
        write_atomically(&file, b"old").unwrap();
        std::os::unix::fs::symlink("file", &link).unwrap();
        write_atomically(&link, b"new").unwrap();
        assert!(link.is_symlink());
        assert_eq!(std::fs::read(&file).unwrap(), b"new");
        std::os::unix::fs::symlink("nothing", &dangling).unwrap();
        assert!(write_atomically(&dangling, b"text").is_err());
        write_atomically(Path::new("/dev/null"), b"text").unwrap();
        assert!(Path::new("/dev/null").metadata().unwrap().file_type().is_char_device());
        assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 3, "no temporary file is left");
    }

    #[test]
    fn a_new_folder_appears_when_it_is_finished_and_not_before() {
        let root = tempfile::tempdir().unwrap();
        let entries = || std::fs::read_dir(root.path()).unwrap().count();
        let path = root.path().join("new");
        let folder = NewFolder::create(&path).unwrap();
        folder.make("a/b").unwrap();
        folder.write("a/b/c.txt", b"text").unwrap();
        assert!(!path.exists());
        drop(folder);
        assert_eq!(entries(), 0);

        let folder = NewFolder::create(&path).unwrap();
        folder.write("c.txt", b"text").unwrap();
        folder.finish().unwrap();
        assert_eq!((entries(), std::fs::read(path.join("c.txt")).unwrap()), (1, b"text".to_vec()));
        assert!(NewFolder::create(&path).unwrap_err().to_string().contains("new folder"));
    }
}
