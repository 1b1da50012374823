//! Pictures as data URIs, within the size a report may have.

use std::cell::Cell;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use maud::{Markup, html};

use crate::Part;

/// How a picture is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// An SVG document.
    Svg,
    /// A PNG file.
    Png,
}

/// A figure with what it says for those who do not see it.
#[derive(Clone, Debug)]
pub struct Figure {
    /// The encoded picture.
    pub bytes: Vec<u8>,
    /// How.
    pub format: Format,
    /// What it shows, in words, for those who do not see it.
    pub alternative: String,
    /// The line below it.
    pub caption: String,
    /// Where it is found outside the report, for the case that it finds no room.
    pub file: String,
}

/// A small picture shown with its pixels enlarged.
#[derive(Clone, Debug)]
pub struct Pixels {
    /// A PNG file.
    pub png: Vec<u8>,
    /// What it shows, in words.
    pub alternative: String,
}

/// The bytes that pictures may still take.
pub(crate) struct Room(Cell<usize>);

impl Room {
    pub(crate) fn new(bytes: usize) -> Self {
        Self(Cell::new(bytes))
    }

    /// The data URI of `bytes`, if there is room for it.
    fn uri(&self, bytes: &[u8], format: Format) -> Option<String> {
        let kind = match format {
            Format::Svg => "image/svg+xml",
            Format::Png => "image/png",
        };
        // Four characters for three bytes, and what is around them.
        let taken = bytes.len().div_ceil(3) * 4 + 256;
        let left = self.0.get().checked_sub(taken)?;
        self.0.set(left);
        Some(format!("data:{kind};base64,{}", BASE64_STANDARD.encode(bytes)))
    }
}

impl Figure {
    pub(crate) fn markup(&self, room: &Room) -> Markup {
        html! {
            figure {
                @match room.uri(&self.bytes, self.format) {
                    Some(uri) => div.scroll.paper tabindex="0" role="region" aria-label=(self.caption) {
                        img src=(uri) alt=(self.alternative);
                    },
                    None => p.missing { "Left out, because this page would grow too large: " code { (self.file) } },
                }
                figcaption { (self.caption) }
            }
        }
    }
}

/// All of `figures`, one below the other.
pub(crate) fn figures(figures: &[Part<Figure>], room: &Room) -> Markup {
    html! { @for figure in figures { (figure.or_reason(|figure| figure.markup(room))) } }
}

impl Pixels {
    pub(crate) fn markup(&self, room: &Room) -> Markup {
        html! {
            @match room.uri(&self.png, Format::Png) {
                Some(uri) => img.pixels src=(uri) alt=(self.alternative);,
                None => span.missing { "no room for this picture" },
            }
        }
    }
}
