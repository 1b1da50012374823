//! Hue, saturation and value, as `skimage.color.rgb2hsv` and `hsv2rgb` define them (Smith, "Color
//! Gamut Transform Pairs", SIGGRAPH 1978). All in `0..=1`; the hue of grey is 0.

use super::raster::Raster;

/// Changes each pixel in hue, saturation and value.
pub(in crate::corrupt) fn change(image: &Raster, change: impl Fn([f64; 3]) -> [f64; 3]) -> Raster {
    let pixels = image.values.as_chunks::<3>().0.iter();
    image.with(pixels.flat_map(|&pixel| to_rgb(change(from_rgb(pixel)))).collect())
}

fn from_rgb([red, green, blue]: [f64; 3]) -> [f64; 3] {
    let value = red.max(green).max(blue);
    let range = value - red.min(green).min(blue);
    if range == 0.0 {
        return [0.0, 0.0, value];
    }
    let sixths = if blue == value {
        4.0 + (red - green) / range
    } else if green == value {
        2.0 + (blue - red) / range
    } else {
        (green - blue) / range
    };
    [(sixths / 6.0).rem_euclid(1.0), range / value, value]
}

fn to_rgb([hue, saturation, value]: [f64; 3]) -> [f64; 3] {
    let sector = (hue * 6.0).floor();
    let within = hue * 6.0 - sector;
    let least = value * (1.0 - saturation);
    let falling = value * (1.0 - within * saturation);
    let rising = value * (1.0 - (1.0 - within) * saturation);
    match sector as u8 % 6 {
        0 => [value, rising, least],
        1 => [falling, value, least],
        2 => [least, value, rising],
        3 => [least, falling, value],
        4 => [rising, least, value],
        _ => [value, least, falling],
    }
}
