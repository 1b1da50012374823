//! What an image shows, whatever its file is called or encoded as.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::image::RgbImage;

/// The BLAKE3 hash of an image's decoded pixels and size. Written as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentHash([u8; 32]);

impl ContentHash {
    /// Hashes width and height (64-bit little-endian each), then the pixels row by row.
    #[must_use]
    pub fn of(image: &RgbImage) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&(image.width as u64).to_le_bytes());
        hasher.update(&(image.height as u64).to_le_bytes());
        hasher.update(&image.pixels);
        Self(*hasher.finalize().as_bytes())
    }

    /// The hash itself.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// An address for random numbers of the image: the hash's first 8 bytes, little-endian.
    #[must_use]
    pub fn address(self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        u64::from_le_bytes([a, b, c, d, e, f, g, h])
    }
}

impl From<[u8; 32]> for ContentHash {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl std::fmt::Display for ContentHash {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&blake3::Hash::from_bytes(self.0).to_hex())
    }
}

impl std::fmt::Debug for ContentHash {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "ContentHash({self})")
    }
}

impl Serialize for ContentHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ContentHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(|error| {
            serde::de::Error::custom(format!("content hash {text:?} is not 64 hexadecimal digits: {error}"))
        })
    }
}

impl std::str::FromStr for ContentHash {
    type Err = blake3::HexError;

    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        Ok(Self(*blake3::Hash::from_hex(text.as_bytes())?.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(width: usize, height: usize) -> RgbImage {
        RgbImage { width, height, pixels: (0..width * height * 3).map(|i| i as u8).collect() }
    }

    #[test]
    fn pixels_and_shape_count_and_nothing_else() {
        let hash = ContentHash::of(&image(4, 2));
        assert_eq!(hash, ContentHash::of(&image(4, 2)));
        assert_ne!(hash, ContentHash::of(&image(2, 4)));
        let mut changed = image(4, 2);
        changed.pixels[5] ^= 1;
        assert_ne!(hash, ContentHash::of(&changed));
    }

    #[test]
    fn the_address_is_the_first_digits_read_from_the_right() {
        let mut bytes = [0xff; 32];
        bytes[..8].copy_from_slice(&[1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(ContentHash::from(bytes).address(), 0x0807_0605_0403_0201);
    }

    #[test]
    fn text_form_is_read_back_and_nonsense_is_refused() {
        let hash = ContentHash::of(&image(1, 1));
        let json = serde_json::to_string(&hash).unwrap();
        assert_eq!(json.len(), 66);
        assert_eq!(serde_json::from_str::<ContentHash>(&json).unwrap(), hash);
        assert!(serde_json::from_str::<ContentHash>("\"abc\"").is_err());
    }
}
