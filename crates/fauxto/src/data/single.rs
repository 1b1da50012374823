//! One image, to be judged.

use std::path::Path;

use super::dataset::{Dataset, OpenOptions, Reader, folder_of, identity};
use super::decode::{Format, Limits};
use super::{Item, Location, decode};
use crate::Result;

pub(super) const READER: Reader = Reader {
    name: "image",
    summary: "a single image, for judging",
    source: "see the list of formats",
    recognises,
    open,
};

fn recognises(path: &Path) -> bool {
    if !path.is_file() {
        return false;
    }
    // By name too, so that a broken image is reported as that and not as an unknown form.
    decode::names_an_image(path) || first_bytes(path).is_some_and(|bytes| Format::of(&bytes).is_some())
}

fn first_bytes(path: &Path) -> Option<Vec<u8>> {
    use std::io::Read;
    let mut bytes = Vec::new();
    std::fs::File::open(path).ok()?.take(64).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

fn open(path: &Path, options: &OpenOptions) -> Result<Dataset> {
    let root = folder_of(path);
    let item = Item {
        identity: identity(&root, path),
        label: None,
        parent: None,
        side: None,
        location: Location::File(path.to_path_buf()),
    };
    let limits: Limits = options.limits;
    Dataset::from_items(root, vec![item], limits)
}
