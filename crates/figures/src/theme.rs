//! Colours, sizes and margins that all figures share. Lengths are pixels of the SVG.

use plotters::style::RGBColor;

// Okabe and Ito, "Color Universal Design", 2008: eight colours that remain apart for people with
// any common colour vision deficiency.
pub(crate) const BLUE: RGBColor = RGBColor(0, 114, 178);
pub(crate) const VERMILLION: RGBColor = RGBColor(213, 94, 0);
pub(crate) const GREEN: RGBColor = RGBColor(0, 158, 115);
pub(crate) const ORANGE: RGBColor = RGBColor(230, 159, 0);
pub(crate) const PURPLE: RGBColor = RGBColor(204, 121, 167);
pub(crate) const SKY: RGBColor = RGBColor(86, 180, 233);

/// Real images, and what is right.
pub(crate) const REAL: RGBColor = BLUE;
/// Fake images, and what is wrong.
pub(crate) const FAKE: RGBColor = VERMILLION;
/// Colours for series, in order.
pub(crate) const SERIES: [RGBColor; 6] = [BLUE, VERMILLION, GREEN, ORANGE, PURPLE, SKY];

pub(crate) const PAPER: RGBColor = RGBColor(255, 255, 255);
pub(crate) const INK: RGBColor = RGBColor(33, 37, 41);
pub(crate) const MUTED: RGBColor = RGBColor(92, 99, 106);
pub(crate) const GRID: RGBColor = RGBColor(228, 231, 234);
pub(crate) const AXIS: RGBColor = RGBColor(134, 142, 150);

pub(crate) const TITLE: f64 = 20.0;
pub(crate) const HEADING: f64 = 15.0;
pub(crate) const BODY: f64 = 13.0;
pub(crate) const TICK: f64 = 12.0;

/// Width of figures that do not depend on how much they show.
pub(crate) const WIDTH: f64 = 1200.0;
/// Blank border on all sides.
pub(crate) const MARGIN: f64 = 28.0;

/// `colour` thinned with white: `amount` 1 is the colour, 0 is white.
pub(crate) fn tint(colour: RGBColor, amount: f64) -> RGBColor {
    let mix = |channel: u8| (255.0 + (f64::from(channel) - 255.0) * amount.clamp(0.0, 1.0)).round() as u8;
    RGBColor(mix(colour.0), mix(colour.1), mix(colour.2))
}

/// Ink or paper, whichever is easier to read on `ground`: the greater contrast ratio of the Web
/// Content Accessibility Guidelines 2.2, section 1.4.3.
pub(crate) fn ink_on(ground: RGBColor) -> RGBColor {
    let linear = |channel: u8| match f64::from(channel) / 255.0 {
        low if low <= 0.04045 => low / 12.92,
        high => ((high + 0.055) / 1.055).powf(2.4),
    };
    let luminance =
        |colour: RGBColor| 0.2126 * linear(colour.0) + 0.7152 * linear(colour.1) + 0.0722 * linear(colour.2);
    let on_paper = luminance(PAPER) + 0.05;
    let on_ink = luminance(INK) + 0.05;
    let ground = luminance(ground) + 0.05;
    if ground / on_ink > on_paper / ground { INK } else { PAPER }
}
