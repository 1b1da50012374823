//! Compressed once more, as every upload does.

use crate::Result;
use crate::data::{Limits, decode, encode};
use crate::image::RgbImage;

pub(super) fn reencoded(image: &RgbImage, quality: u8) -> Result<RgbImage> {
    let bytes = encode::jpeg(image, quality)?;
    decode(&bytes, &Limits::default()).map_err(|defect| defect.at("<memory>"))
}
