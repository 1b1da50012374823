//! A data set: its items, in an order that does not depend on the machine.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::decode::Limits;
use super::{Item, Location, Parent, folder, manifest, parquet, single, verdicts};
use crate::{Error, Label, Result};

/// How to open a data set.
#[derive(Clone, Debug, Default)]
pub struct OpenOptions {
    /// Class names in index order (`--classes`), for labels given as numbers without names, or with
    /// names that do not say which is real. Several indices may mean fake.
    pub classes: Option<Vec<String>>,
    /// What to make of labels.
    pub labels: Labels,
    /// What one image may cost.
    pub limits: Limits,
}

/// What to make of labels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Labels {
    /// Some image must have one: for learning and measuring.
    #[default]
    Required,
    /// They are read where there are any.
    Optional,
    /// Nobody looks at them, so that names of folders, classes and columns may mean anything: for judging.
    Unread,
}

/// A form in which data sets come.
pub struct Reader {
    /// Its name in messages and listings.
    pub name: &'static str,
    /// One line for listings.
    pub summary: &'static str,
    /// Where the form is defined.
    pub source: &'static str,
    /// Whether the path looks like this form; no more is read than needed to tell.
    pub recognises: fn(&Path) -> bool,
    /// Reads the items, without decoding images.
    pub open: fn(&Path, &OpenOptions) -> Result<Dataset>,
}

/// Every form, in the order in which they are tried.
pub static READERS: &[Reader] = &[parquet::READER, manifest::READER, verdicts::READER, single::READER, folder::READER];

/// Images with what is known of them. Decoded pixels live in a [`PixelStore`](super::PixelStore).
#[derive(Clone, Debug)]
pub struct Dataset {
    /// The folder that identities are relative to.
    pub root: PathBuf,
    /// Labelled and unlabelled items. A reader's order is the natural order of identities (`2.png`
    /// before `10.png`), rows of a file in the file's order.
    pub items: Vec<Item>,
    /// Another detector's verdict for each item, where the data set brings verdicts: they are there
    /// to be evaluated, never to be learned from.
    pub verdicts: Option<Vec<Option<Label>>>,
    /// Entries that cannot become items, such as rows whose label is null.
    pub broken: Vec<Broken>,
    /// Files passed over because they are no images, neither by name nor by what they begin with.
    pub ignored: Vec<PathBuf>,
    /// What one image may cost.
    pub limits: Limits,
}

/// An entry that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Broken {
    /// The item's identity.
    pub identity: String,
    /// The file concerned.
    pub path: PathBuf,
    /// What was found, what was expected, what to do.
    pub reason: String,
}

impl Dataset {
    /// Opens a folder, a Parquet file or folder of shards, a manifest, a list of verdicts or, where
    /// unlabelled images will do, a single image. Images are not decoded.
    ///
    /// # Errors
    /// The path does not exist or cannot be read, is of no known form, is ambiguous, or holds no
    /// image; or it holds no label and `options` ask for labels.
    pub fn open(path: impl AsRef<Path>, options: &OpenOptions) -> Result<Self> {
        let path = path.as_ref();
        std::fs::metadata(path).map_err(|source| Error::io(path, "opening", source))?;
        let reader = READERS.iter().find(|reader| (reader.recognises)(path)).ok_or_else(|| {
            Error::input(
                path,
                "a file of another kind",
                format!("one of: {}", READERS.iter().map(|reader| reader.summary).collect::<Vec<_>>().join("; ")),
                "give the data set's folder or one of these files",
            )
        })?;
        let dataset = (reader.open)(path, options)?;
        if dataset.items.is_empty() {
            return Err(Error::input(path, "no image", "at least one image", "check the path and what it holds"));
        }
        if options.labels == Labels::Required && dataset.items.iter().all(|item| item.label.is_none()) {
            return Err(Error::input(
                path,
                format!("{} images without labels", dataset.items.len()),
                "labelled images",
                "sort the images into folders real/ and fake/, or add a label column",
            ));
        }
        Ok(dataset)
    }

    /// Opens several paths as one data set, in the order given.
    ///
    /// # Errors
    /// As for [`Dataset::open`], or one image comes twice.
    pub fn open_all(paths: &[PathBuf], options: &OpenOptions) -> Result<Self> {
        let parts = paths.iter().map(|path| Self::open(path, options)).collect::<Result<Vec<_>>>()?;
        Self::concatenate(parts)
    }

    /// Items that are already known, such as images held in memory.
    ///
    /// # Errors
    /// Two items have the same identity.
    pub fn from_items(root: impl Into<PathBuf>, items: Vec<Item>, limits: Limits) -> Result<Self> {
        let root = root.into();
        let mut seen = HashSet::with_capacity(items.len());
        for item in &items {
            if !seen.insert(item.identity.as_str()) {
                return Err(Error::input(
                    &root,
                    format!("{} twice", item.identity),
                    "every image once",
                    "name each image once",
                ));
            }
        }
        drop(seen);
        Ok(Self { root, items, verdicts: None, broken: Vec::new(), ignored: Vec::new(), limits })
    }

    /// Unlabelled images held in memory, such as standard input, with their names.
    ///
    /// # Errors
    /// Two images have the same name.
    pub fn from_memory(images: Vec<(String, Arc<[u8]>)>, limits: Limits) -> Result<Self> {
        let items = images.into_iter().map(|(identity, bytes)| Item {
            identity,
            label: None,
            parent: None,
            side: None,
            location: Location::Memory(bytes),
        });
        Self::from_items(PathBuf::new(), items.collect(), limits)
    }

    /// Several data sets as one: identities become relative to the deepest folder they share.
    ///
    /// # Errors
    /// One image comes twice, or there is no part.
    pub fn concatenate(parts: Vec<Self>) -> Result<Self> {
        let mut parts = parts;
        if parts.len() == 1 {
            return Ok(parts.remove(0));
        }
        let mut roots = Vec::new();
        for part in &parts {
            roots.push(std::path::absolute(&part.root).map_err(|source| Error::io(&part.root, "resolving", source))?);
        }
        let root = shared_root(&roots).ok_or_else(|| Error::Setting {
            setting: "data".to_owned(),
            found: "no path".to_owned(),
            expected: "at least one data set".to_owned(),
        })?;
        let any_verdicts = parts.iter().any(|part| part.verdicts.is_some());
        let limits = parts[0].limits;
        let (mut items, mut verdicts, mut broken, mut ignored) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (part, part_root) in parts.into_iter().zip(&roots) {
            let below = identity(&root, part_root);
            let rerooted = |own: String| {
                if below.is_empty() { own } else { format!("{below}/{own}") }
            };
            verdicts.extend(part.verdicts.unwrap_or_else(|| vec![None; part.items.len()]));
            items.extend(part.items.into_iter().map(|item| Item {
                identity: rerooted(item.identity),
                parent: item.parent.map(|parent| match parent {
                    Parent::Identity(own) => Parent::Identity(rerooted(own)),
                    content @ Parent::Content { .. } => content,
                }),
                ..item
            }));
            broken.extend(part.broken.into_iter().map(|entry| Broken { identity: rerooted(entry.identity), ..entry }));
            ignored.extend(part.ignored);
        }
        let mut whole = Self::from_items(root, items, limits)?;
        whole.verdicts = any_verdicts.then_some(verdicts);
        whole.broken = broken;
        whole.ignored = ignored;
        Ok(whole)
    }

    /// Adds the items of `other` as `name/IDENTITY` and leaves those there are as they are, so that a split
    /// of this data set stays one of its first items. A parent named by identity is looked for among
    /// the items there are, then among those added.
    ///
    /// # Errors
    /// One image comes twice.
    pub fn append(&mut self, other: Self, name: &str) -> Result<()> {
        let named = |own: String| format!("{name}/{own}");
        let (count, added) = (self.items.len(), other.items.len());
        let names = |items: &[Item]| items.iter().map(|item| item.identity.clone()).collect::<HashSet<_>>();
        let (own, others) = (names(&self.items), names(&other.items));
        let parent = |parent| match parent {
            Parent::Identity(parent) if others.contains(&parent) && !own.contains(&parent) => {
                Parent::Identity(named(parent))
            }
            parent => parent,
        };
        let mut items = self.items.clone();
        items.extend(other.items.into_iter().map(|item| Item {
            identity: named(item.identity),
            parent: item.parent.map(parent),
            ..item
        }));
        self.items = Self::from_items(&self.root, items, self.limits)?.items;
        if self.verdicts.is_some() || other.verdicts.is_some() {
            let own = self.verdicts.take().unwrap_or_else(|| vec![None; count]);
            let others = other.verdicts.unwrap_or_else(|| vec![None; added]);
            self.verdicts = Some([own, others].concat());
        }
        self.broken.extend(other.broken.into_iter().map(|entry| Broken { identity: named(entry.identity), ..entry }));
        self.ignored.extend(other.ignored);
        Ok(())
    }

    /// Indices of the items with a label, in order.
    #[must_use]
    pub fn labelled(&self) -> Vec<usize> {
        self.indices(|item| item.label.is_some())
    }

    /// Indices of the items to be judged only, in order.
    #[must_use]
    pub fn unlabelled(&self) -> Vec<usize> {
        self.indices(|item| item.label.is_none())
    }

    /// Number of items of each class: real, fake.
    #[must_use]
    pub fn class_counts(&self) -> [usize; 2] {
        Label::ALL.map(|label| self.items.iter().filter(|item| item.label == Some(label)).count())
    }

    /// Refuses data from which two classes cannot be told apart.
    ///
    /// # Errors
    /// A class has no item.
    pub fn require_both_classes(&self) -> Result<()> {
        for label in Label::ALL {
            if self.class_counts()[label.index()] == 0 {
                let [real, fake] = self.class_counts();
                return Err(Error::input(
                    &self.root,
                    format!("{real} real and {fake} fake images"),
                    "images of both classes",
                    format!("add {label} images, as in a folder {label}/"),
                ));
            }
        }
        Ok(())
    }

    fn indices(&self, keep: impl Fn(&Item) -> bool) -> Vec<usize> {
        (0..self.items.len()).filter(|&index| keep(&self.items[index])).collect()
    }
}

impl Location {
    /// The file that holds the bytes, for messages; `<memory>` where there is none.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::File(path) | Self::ParquetRow { file: path, .. } => path,
            Self::Memory(_) => Path::new("<memory>"),
        }
    }
}

/// `path` relative to `root` with `/` between its parts; bytes that are no UTF-8 are written out, so that names that differ
/// in them alone stay different.
pub(super) fn identity(root: &Path, path: &Path) -> String {
    let relative = path.strip_prefix(root).unwrap_or(path);
    let parts = relative.components().filter_map(|component| match component {
        Component::Normal(part) => Some(legible(part)),
        _ => None,
    });
    parts.collect::<Vec<_>>().join("/")
}

#[cfg(unix)]
fn legible(name: &OsStr) -> Cow<'_, str> {
    use std::os::unix::ffi::OsStrExt;
    if let Some(name) = name.to_str() {
        return Cow::Borrowed(name);
    }
    let mut text = String::new();
    for chunk in name.as_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|byte| format!(r"\x{byte:02x}")));
    }
    Cow::Owned(text)
}

#[cfg(not(unix))]
fn legible(name: &OsStr) -> Cow<'_, str> {
    name.to_string_lossy()
}

/// The folder a file lies in.
pub(super) fn folder_of(file: &Path) -> PathBuf {
    match file.parent() {
        Some(parent) if parent != Path::new("") => parent.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

/// Natural order of identities; names that differ only in leading zeros keep a fixed order too.
pub(crate) fn natural_order(first: &str, second: &str) -> std::cmp::Ordering {
    natord::compare(first, second).then_with(|| first.cmp(second))
}

fn shared_root(roots: &[PathBuf]) -> Option<PathBuf> {
    let (first, rest) = roots.split_first()?;
    let shared = first.ancestors().find(|ancestor| rest.iter().all(|root| root.starts_with(ancestor)));
    Some(shared.map_or_else(PathBuf::new, Path::to_path_buf))
}
