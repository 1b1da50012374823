//! Folders of images: `real/ fake/`, `0_real/ 1_fake/`, `real_cifake_images/ fake_cifake_images/`,
//! with or without `train/ validation/ test/` above.

use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::class_names::label_of_name;
use super::dataset::{Broken, Dataset, Labels, OpenOptions, Reader, identity, natural_order};
use super::decode::{is_an_image, names_an_image};
use super::{Item, Location, Side};
use crate::{Error, Label, Result};

pub(super) const READER: Reader = Reader {
    name: "folder",
    summary: "a folder with one subfolder for each class (real/ fake/), with or without train/ validation/ test/ above",
    source: "torchvision's ImageFolder layout, read by name",
    recognises: Path::is_dir,
    open,
};

impl Side {
    /// The side that a folder's or shard's name means.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "train" | "training" => Some(Self::Train),
            "val" | "valid" | "validation" => Some(Self::Validation),
            "test" | "testing" => Some(Self::Test),
            _ => None,
        }
    }
}

/// What lies directly in a folder.
#[derive(Default)]
struct Survey {
    classes: Vec<(Label, PathBuf)>,
    sides: Vec<(Side, PathBuf)>,
    other_folders: Vec<PathBuf>,
    images: Vec<PathBuf>,
    other_files: Vec<PathBuf>,
}

impl Survey {
    fn of(folder: &Path) -> Result<Self> {
        let mut survey = Self::default();
        for path in visible_entries(folder)? {
            let name = name_of(&path);
            if !path.is_dir() {
                if is_an_image(&path) {
                    survey.images.push(path);
                } else {
                    survey.other_files.push(path);
                }
            } else if let Some(label) = label_of_name(&name) {
                survey.classes.push((label, path));
            } else if let Some(side) = Side::of_name(&name) {
                survey.sides.push((side, path));
            } else {
                survey.other_folders.push(path);
            }
        }
        Ok(survey)
    }

    /// What was found, for messages.
    fn describe(&self) -> String {
        let folders = |paths: &mut dyn Iterator<Item = &PathBuf>| {
            paths.map(|path| format!("{}/", name_of(path))).collect::<Vec<_>>().join(", ")
        };
        let mut parts = Vec::new();
        for label in Label::ALL {
            let mut of_label = self.classes.iter().filter(|(own, _)| *own == label).map(|(_, path)| path);
            parts.push((label.name(), folders(&mut of_label)));
        }
        parts.push(("train, validation or test", folders(&mut self.sides.iter().map(|(_, path)| path))));
        parts.push(("neither", folders(&mut self.other_folders.iter().take(10))));
        let mut text = parts
            .into_iter()
            .filter(|(_, names)| !names.is_empty())
            .map(|(kind, names)| format!("folders named as {kind}: {names}"))
            .collect::<Vec<_>>();
        text.push(format!("{} images", self.images.len()));
        text.join("; ")
    }

    /// One folder a class and a side, or an error that shows what there is.
    fn check(&self, folder: &Path) -> Result<()> {
        let repeated = Label::ALL.iter().any(|label| self.classes.iter().filter(|(own, _)| own == label).count() > 1)
            || [Side::Train, Side::Validation, Side::Test]
                .iter()
                .any(|side| self.sides.iter().filter(|(own, _)| own == side).count() > 1);
        if repeated {
            return Err(Error::input(
                folder,
                self.describe(),
                "at most one folder for each class and each side",
                "rename or move the folder that is not meant",
            ));
        }
        Ok(())
    }
}

pub(super) fn has_classes(folder: &Path) -> bool {
    Survey::of(folder).is_ok_and(|survey| !survey.classes.is_empty())
}

pub(super) fn open(root: &Path, options: &OpenOptions) -> Result<Dataset> {
    if options.labels == Labels::Unread {
        let mut found = Found::default();
        found.walk(root, None)?;
        return found.into_dataset(root, options);
    }
    let survey = Survey::of(root)?;
    survey.check(root)?;
    let mut found = Found::default();
    if survey.classes.is_empty() {
        for (side, folder) in &survey.sides {
            let inner = Survey::of(folder)?;
            inner.check(folder)?;
            found.take(folder, inner, Some(*side))?;
        }
    }
    let sides_below = !survey.classes.is_empty();
    let described = survey.describe();
    found.take_top(root, survey, sides_below)?;

    if found.images.iter().all(|image| image.label.is_none()) && options.labels == Labels::Required {
        return Err(Error::input(
            root,
            described,
            "one folder of real and one of fake images (real/ fake/), perhaps within train/ validation/ test/",
            "name the class folders real and fake, or give the folder that holds them",
        ));
    }
    found.into_dataset(root, options)
}

/// Images met so far.
#[derive(Default)]
struct Found {
    images: Vec<FoundImage>,
    ignored: Vec<PathBuf>,
    /// Images and folders of them that cannot be looked at, and why.
    unlisted: Vec<(PathBuf, String)>,
}

struct FoundImage {
    path: PathBuf,
    label: Option<Label>,
    side: Option<Side>,
}

/// What a folder's images are.
#[derive(Clone, Copy, Default)]
struct Class {
    label: Option<Label>,
    side: Option<Side>,
}

impl Class {
    /// Whether a folder of this name within it means another class, or a side below a class.
    fn is_contradicted_by(self, name: &str) -> bool {
        label_of_name(name).is_some_and(|own| Some(own) != self.label)
            || self.label.is_some() && Side::of_name(name).is_some()
    }
}

impl Found {
    /// The top folder; its `train/ validation/ test/` are prediction-only where classes stand beside them.
    fn take_top(&mut self, root: &Path, mut survey: Survey, sides_are_unlabelled: bool) -> Result<()> {
        let sides = std::mem::take(&mut survey.sides);
        if sides_are_unlabelled {
            survey.other_folders.extend(sides.into_iter().map(|(_, path)| path));
        }
        self.take(root, survey, None)
    }

    fn take(&mut self, folder: &Path, survey: Survey, side: Option<Side>) -> Result<()> {
        if let Some((_, path)) = survey.sides.first() {
            return Err(nested(folder, path));
        }
        for (label, path) in survey.classes {
            let before = self.images.len();
            self.walk(&path, Some(Class { label: Some(label), side }))?;
            if self.images.len() == before {
                return Err(Error::input(&path, "no image", format!("{label} images"), "fill the folder or remove it"));
            }
        }
        for path in survey.other_folders {
            self.walk(&path, Some(Class { label: None, side: None }))?;
        }
        self.ignored.extend(survey.other_files);
        self.images.extend(survey.images.into_iter().map(|path| FoundImage { path, label: None, side: None }));
        Ok(())
    }

    /// Takes all images below, which are of one class; without one, names of folders mean nothing.
    fn walk(&mut self, folder: &Path, class: Option<Class>) -> Result<()> {
        let entries = WalkDir::new(folder)
            .follow_links(true)
            .min_depth(1)
            .into_iter()
            .filter_entry(|entry| is_visible(&entry.file_name().to_string_lossy()));
        for entry in entries {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    self.pass_over(folder, class, error)?;
                    continue;
                }
            };
            let name = entry.file_name().to_string_lossy();
            if entry.file_type().is_dir() {
                if class.is_some_and(|class| class.is_contradicted_by(&name)) {
                    return Err(nested(folder, entry.path()));
                }
            } else if is_an_image(entry.path()) {
                let Class { label, side } = class.unwrap_or_default();
                self.images.push(FoundImage { path: entry.into_path(), label, side });
            } else {
                self.ignored.push(entry.into_path());
            }
        }
        Ok(())
    }

    /// One link that leads nowhere hides no other image: it is an entry that cannot be used, and whoever learns decides
    /// whether to go on without it, be it named as an image or not. A class that cannot be listed at all is none.
    fn pass_over(&mut self, folder: &Path, class: Option<Class>, error: walkdir::Error) -> Result<()> {
        let path = error.path().unwrap_or(folder).to_path_buf();
        let refused = Error::io(path.clone(), "listing", error.into());
        if path == folder && class.is_none_or(|class| class.label.is_some()) {
            return Err(refused);
        }
        let labelled = class.is_some_and(|class| class.label.is_some());
        if is_visible(&name_of(&path)) && (labelled || names_an_image(&path) || path.is_dir()) {
            self.unlisted.push((path, refused.to_string()));
        }
        Ok(())
    }

    fn into_dataset(mut self, root: &Path, options: &OpenOptions) -> Result<Dataset> {
        let mut items: Vec<Item> = self
            .images
            .into_iter()
            .map(|image| Item {
                identity: identity(root, &image.path),
                label: image.label,
                parent: None,
                side: image.side,
                location: Location::File(image.path),
            })
            .collect();
        items.sort_by(|first, second| natural_order(&first.identity, &second.identity));
        self.ignored.sort();
        let mut dataset = Dataset::from_items(root, items, options.limits)?;
        dataset.ignored = self.ignored;
        let broken = |(path, reason): (PathBuf, String)| Broken { identity: identity(root, &path), path, reason };
        dataset.broken = self.unlisted.into_iter().map(broken).collect();
        Ok(dataset)
    }
}

fn nested(folder: &Path, inner: &Path) -> Error {
    Error::input(
        folder,
        format!("{} within it", inner.display()),
        "train/ validation/ test/ above the class folders, and no class folder within another folder",
        "rename that folder, move it out, or give the folder that holds the classes",
    )
}

/// Entries of a folder in a fixed order, without hidden files and what archivers leave.
pub(super) fn visible_entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let refused = |source| Error::io(folder, "listing", source);
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(refused)? {
        let entry = entry.map_err(refused)?;
        if is_visible(&entry.file_name().to_string_lossy()) {
            paths.push(entry.path());
        }
    }
    paths.sort_by(|first, second| natural_order(&name_of(first), &name_of(second)));
    Ok(paths)
}

/// Hidden files include the `._name.png` twins that macOS leaves on foreign disks.
fn is_visible(name: &str) -> bool {
    !name.starts_with('.') && name != "__MACOSX"
}

pub(super) fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
