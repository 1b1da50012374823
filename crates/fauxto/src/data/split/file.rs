//! The split's file: JSON, one item a line.

use std::path::Path;

use super::Split;
use crate::write_atomically::write_atomically;
use crate::{Error, Result};

impl Split {
    /// Writes the split, replacing `path` only once the whole of it is on disk.
    ///
    /// # Errors
    /// [`Error::Io`] when the folder cannot be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        let text = self.to_text().map_err(|error| Error::io(path, "encoding", error.into()))?;
        write_atomically(path, text.as_bytes())
    }

    /// Reads a split, or that in a run's folder, and checks that it is sound.
    ///
    /// # Errors
    /// [`Error::Io`] when the file cannot be read, [`Error::Input`] when it is not a split of
    /// this version, [`Error::Refused`] when it puts one picture on two sides or was edited.
    pub fn load(path: &Path) -> Result<Self> {
        /// What tells a split of another version from a file that is none.
        #[derive(serde::Deserialize)]
        struct Head {
            format: String,
            version: u32,
        }
        let in_folder = path.is_dir().then(|| path.join(Self::FILE));
        let path = in_folder.as_deref().unwrap_or(path);
        let text = std::fs::read_to_string(path).map_err(|source| Error::io(path, "reading", source))?;
        let expected = format!("a {:?} file of version {}", Self::FORMAT, Self::VERSION);
        let refuse = |found: String, remedy| Error::input(path, found, &expected, remedy);
        let head: Head = serde_json::from_str(&text)
            .map_err(|error| refuse(format!("no split ({error})"), "give the split.json of a run"))?;
        if head.format != Self::FORMAT || head.version != Self::VERSION {
            let found = format!("{:?} of version {}", head.format, head.version);
            return Err(refuse(found, "split anew, or use the release that wrote it"));
        }
        let split: Self = serde_json::from_str(&text)
            .map_err(|error| refuse(format!("damaged items ({error})"), "restore the file or split anew"))?;
        split.check_itself().map_err(|error| Error::Refused(format!("{}: {error}", path.display())))?;
        Ok(split)
    }

    /// JSON with one item a line, so that splits can be read and compared line by line.
    fn to_text(&self) -> serde_json::Result<String> {
        let items: Vec<String> = self
            .items
            .iter()
            .map(|item| Ok(format!("  {}", serde_json::to_string(item)?)))
            .collect::<serde_json::Result<_>>()?;
        Ok(format!(
            "{{\n \"format\": {},\n \"version\": {},\n \"settings\": {},\n \"data\": {},\n \"items\": [\n{}\n ]\n}}\n",
            serde_json::to_string(&self.format)?,
            self.version,
            serde_json::to_string(&self.settings)?,
            serde_json::to_string(&self.data)?,
            items.join(",\n")
        ))
    }
}
