//! Learned from copies of what is measured on.

use super::{Evidence, Seen, is_held_out, side};
use crate::data::split::Assignment;
use crate::image::RgbImage;

/// Twins are found by what is said of them, and among images that the split does not know, by what they
/// show: mirrored, re-encoded, resized or lightly retouched, but not cropped or turned.
pub(super) fn find(evidence: &Evidence<'_>) -> Vec<String> {
    let split = evidence.split;
    // The split has put its own near duplicates on one side, and they are as alike as they are.
    let own: std::collections::HashSet<_> = split.items().iter().map(|item| item.content).collect();
    let held_out: Vec<(&Seen, &Assignment)> = evidence
        .chosen_on
        .iter()
        .chain(evidence.reported)
        .filter_map(|seen| split.item(&seen.name).filter(|item| is_held_out(item)).map(|item| (seen, item)))
        .collect();
    let mut cases = Vec::new();
    for seen in evidence.learned {
        if let Some(parent) =
            seen.parent.as_ref().and_then(|parent| split.parent(parent)).filter(|item| is_held_out(item))
        {
            cases.push(format!("{} was derived from {} ({})", seen.name, parent.identity, side(parent)));
        } else if !own.contains(&seen.content)
            && let Some((_, item)) = held_out.iter().find(|(other, _)| are_one_picture(seen, other))
        {
            cases.push(format!("{} shows the same as {} ({})", seen.name, item.identity, side(item)));
        }
    }
    cases
}

fn are_one_picture(seen: &Seen, other: &Seen) -> bool {
    let Some(print) = other.prints.first() else {
        return false;
    };
    seen.prints.iter().any(|own| own.is_one_picture_with(print))
}

/// An image and its three mirror images.
pub(super) fn mirrored(image: &RgbImage) -> [RgbImage; 4] {
    let pixels = image.pixels.as_chunks::<3>().0;
    let of = |pixels: Vec<[u8; 3]>| RgbImage { pixels: pixels.into_flattened(), ..*image };
    let rows = || pixels.chunks(image.width.max(1));
    let upside_down: Vec<[u8; 3]> = rows().rev().flatten().copied().collect();
    let mirrored: Vec<[u8; 3]> = rows().flat_map(|row| row.iter().rev()).copied().collect();
    let turned: Vec<[u8; 3]> = pixels.iter().rev().copied().collect();
    [pixels.to_vec(), mirrored, upside_down, turned].map(of)
}
