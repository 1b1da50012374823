//! One image, to be judged.

use std::path::Path;

use super::dataset::{Dataset, OpenOptions, Reader, folder_of, identity};
use super::decode::Limits;
use super::{Item, Location, decode};
use crate::Result;

pub(super) const READER: Reader = Reader {
    name: "image",
    summary: "a single image, for judging",
    source: "JPEG, PNG, WebP, BMP, GIF or TIFF by its content",
    recognises: |path| path.is_file() && decode::is_an_image(path),
    open,
};

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
