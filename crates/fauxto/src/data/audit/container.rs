//! What the encoded bytes say before any pixel is decoded: format and JPEG quantisation tables.

use serde::{Deserialize, Serialize};

/// The properties of an encoded image that have nothing to do with what it shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Container {
    /// The format by its first bytes, lower case as in `jpeg`; `unknown` where none matches.
    pub format: String,
    /// The JPEG's quantisation tables, where it is one and they can be read.
    pub quantisation: Option<Quantisation>,
}

/// The quantisation tables of a JPEG.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quantisation {
    /// 16 hexadecimal digits that identify all tables together.
    pub id: String,
    /// The libjpeg quality (1..=100) whose luminance table lies nearest; exact for files written
    /// by libjpeg and its kin.
    pub quality: u8,
}

impl Container {
    /// Reads format and tables from a file's bytes; never fails, since broken files are the
    /// decoder's to report.
    #[must_use]
    pub fn sniff(bytes: &[u8]) -> Self {
        let format = image::guess_format(bytes).ok();
        Self {
            format: format.map_or_else(|| "unknown".into(), |format| format!("{format:?}").to_lowercase()),
            quantisation: (format == Some(image::ImageFormat::Jpeg)).then(|| quantisation(bytes)).flatten(),
        }
    }
}

/// Walks the markers up to the first scan and collects every table (ITU-T T.81, section B.2.4.1).
fn quantisation(bytes: &[u8]) -> Option<Quantisation> {
    let mut tables: [Option<[u16; 64]>; 4] = [None; 4];
    let mut rest = bytes.get(2..)?;
    loop {
        let [0xff, marker, after @ ..] = rest else {
            return None;
        };
        match marker {
            // Fill bytes may precede a marker.
            0xff => rest = &rest[1..],
            // Markers without a segment: TEM and restarts.
            0x01 | 0xd0..=0xd7 => rest = after,
            // Start of scan, end of image.
            0xda | 0xd9 => break,
            _ => {
                let length = usize::from(u16::from_be_bytes([*after.first()?, *after.get(1)?]));
                let segment = after.get(2..length)?;
                if *marker == 0xdb {
                    define_tables(segment, &mut tables)?;
                }
                rest = after.get(length..)?;
            }
        }
    }
    let luminance = tables.iter().flatten().next()?;
    let mut hasher = blake3::Hasher::new();
    for (slot, table) in tables.iter().enumerate() {
        if let Some(table) = table {
            hasher.update(&[slot as u8]);
            table.iter().for_each(|value| {
                hasher.update(&value.to_be_bytes());
            });
        }
    }
    let id = hasher.finalize().to_hex()[..16].to_string();
    Some(Quantisation { id, quality: nearest_quality(luminance) })
}

fn define_tables(mut segment: &[u8], tables: &mut [Option<[u16; 64]>; 4]) -> Option<()> {
    while let Some((head, values)) = segment.split_first() {
        let wide = usize::from(head >> 4 == 1);
        let length = 64 << wide;
        let values_here = values.get(..length)?;
        *tables.get_mut(usize::from(head & 15))? = Some(std::array::from_fn(|i| match wide {
            0 => u16::from(values_here[i]),
            _ => u16::from_be_bytes([values_here[2 * i], values_here[2 * i + 1]]),
        }));
        segment = &values[length..];
    }
    Some(())
}

/// The luminance table of ITU-T T.81, table K.1, in zigzag order.
#[rustfmt::skip]
const LUMINANCE: [u16; 64] = [
    16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40,
    26, 24, 22, 22, 24, 49, 35, 37, 29, 40, 58, 51, 61, 60, 57, 51,
    56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81, 87,
    95, 98, 103, 104, 103, 62, 77, 113, 121, 112, 100, 120, 92, 101, 103, 99,
];

/// libjpeg's scaling of the standard table (`jpeg_quality_scaling`), inverted by search.
fn nearest_quality(table: &[u16; 64]) -> u8 {
    let distance = |quality: u8| -> u32 {
        let quality = u32::from(quality);
        let scale = if quality < 50 { 5000 / quality } else { 200 - 2 * quality };
        LUMINANCE
            .iter()
            .zip(table)
            .map(|(&standard, &found)| {
                let expected = ((u32::from(standard) * scale + 50) / 100).clamp(1, 255);
                expected.abs_diff(u32::from(found))
            })
            .sum()
    };
    (1..=100).min_by_key(|&quality| distance(quality)).unwrap_or(100)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jpeg(quality: u8, progressive: bool) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, quality);
        encoder.set_progressive(progressive);
        encoder.encode(&[128; 16 * 16 * 3], 16, 16, jpeg_encoder::ColorType::Rgb).unwrap();
        bytes
    }

    #[test]
    fn quality_is_recovered_and_tables_are_told_apart() {
        let mut ids = std::collections::HashSet::new();
        for quality in [10, 30, 50, 75, 90, 95, 100] {
            let container = Container::sniff(&jpeg(quality, false));
            assert_eq!(container.format, "jpeg");
            let found = container.quantisation.unwrap();
            assert_eq!(found.quality, quality);
            assert_eq!(Container::sniff(&jpeg(quality, true)).quantisation.unwrap(), found);
            assert!(ids.insert(found.id));
        }
    }

    #[test]
    fn truncated_and_foreign_bytes_have_no_tables() {
        let whole = jpeg(75, false);
        for length in 0..whole.len().min(200) {
            // Any prefix is handled; only one that reaches the scan has all its tables.
            let _ = Container::sniff(&whole[..length]);
        }
        assert_eq!(Container::sniff(&whole[..40]).quantisation, None);
        let png = [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a];
        assert_eq!(Container::sniff(&png), Container { format: "png".into(), quantisation: None });
        assert_eq!(Container::sniff(b"hello").format, "unknown");
        assert_eq!(Container::sniff(&[]).format, "unknown");
    }
}
