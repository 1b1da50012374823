//! Images beside the maps that explain a verdict: image, heat map, and the map laid over the image.
//!
//! One scale for every map: white is nothing, vermillion speaks for the class, blue against it; two
//! colours that stay apart under any common colour vision deficiency, and no third whose place between
//! them would have to be learned. Each map is drawn up to its own greatest value, which its bar names.

use plotters::style::RGBColor;

use crate::canvas::{Canvas, Point, Style};
use crate::text::{self, Weight};
use crate::{Error, Figure, Result, raster, theme};

/// One row: an image and a map of it.
#[derive(Clone, Debug)]
pub struct Explained<'n> {
    /// What the row shows, as in "Grad-CAM".
    pub name: String,
    /// Lines below the name.
    pub notes: Vec<String>,
    /// Pixels across, of image and map.
    pub width: u32,
    /// Pixels down, of image and map.
    pub height: u32,
    /// `[height, width, 3]` RGB, row by row.
    pub pixels: &'n [u8],
    /// `[height, width]`, row by row: above 0 for the class, below 0 against it.
    pub values: &'n [f32],
    /// Whether values below 0 have a meaning, and the bar a lower half.
    pub signed: bool,
}

/// The figure's rows.
#[derive(Clone, Debug)]
pub struct ExplanationFigure<'n> {
    /// The heading.
    pub title: &'n str,
    /// The line below it.
    pub caption: &'n str,
    /// The rows from top to bottom.
    pub rows: &'n [Explained<'n>],
}

/// The square every image is fitted into.
const IMAGE: f64 = 160.0;
const GAP: f64 = 18.0;
const TOP: f64 = 128.0;
const ROW: f64 = IMAGE + 26.0;
const LINE: f64 = 18.0;
const BAR: f64 = 14.0;
/// Room for the numbers beside a bar.
const NUMBERS: f64 = 86.0;
const MOST_NAME: f64 = 260.0;
const COLUMNS: [&str; 3] = ["image", "map", "map over image"];
/// How much of the image the strongest value leaves visible in the overlay.
const OPACITY: f64 = 0.85;

impl ExplanationFigure<'_> {
    /// Draws the figure; its size follows from its rows.
    ///
    /// # Errors
    /// [`Error::Numbers`] where there are no rows, pixels or values do not match an image's size, or a
    /// value is not finite, or below 0 where that has no meaning.
    pub fn draw(&self) -> Result<Figure> {
        self.check()?;
        let name = |row: &Explained<'_>| {
            let notes = row.notes.iter().map(|note| text::width(note, theme::BODY, Weight::Regular));
            notes.fold(text::width(&row.name, theme::HEADING, Weight::Bold), f64::max)
        };
        let names = self.rows.iter().map(name).fold(0.0, f64::max).min(MOST_NAME);
        let left = theme::MARGIN + names + 20.0;
        let column = |index: usize| left + index as f64 * (IMAGE + GAP);
        let width = column(3) + BAR + NUMBERS + theme::MARGIN;
        let height = TOP + self.rows.len() as f64 * ROW + 8.0;
        let mut images = String::new();
        let sheet = Canvas::compose(width, height, self.title, |canvas| {
            canvas.title(self.title, self.caption, width)?;
            let heading = Style::new(theme::BODY, theme::INK).bold().middle();
            for (index, title) in COLUMNS.into_iter().enumerate() {
                canvas.text(title, (column(index) + IMAGE / 2.0, TOP - 20.0), heading)?;
            }
            for (number, row) in self.rows.iter().enumerate() {
                let y = TOP + number as f64 * ROW;
                row.describe(canvas, (theme::MARGIN, y), names)?;
                row.bar(canvas, (column(3), y))?;
                for (index, pixels) in [row.pixels, &row.heat_map(), &row.overlay()].into_iter().enumerate() {
                    let (from, to) = row.rectangle((column(index), y));
                    canvas.outline((from.0 - 1.0, from.1 - 1.0), (to.0 + 1.0, to.1 + 1.0), theme::AXIS, 1.0)?;
                    images += &raster::element(pixels, row.width, row.height, (from, to))?;
                }
            }
            Ok(())
        })?;
        Ok(sheet.with_images(&images))
    }

    fn check(&self) -> Result<()> {
        if self.rows.is_empty() {
            return refuse("no rows".into(), "at least one");
        }
        self.rows.iter().try_for_each(Explained::check)
    }
}

fn refuse(found: String, expected: &'static str) -> Result<()> {
    Err(Error::Numbers { figure: "explanation figure", found, expected })
}

impl Explained<'_> {
    /// The image alone, as a PNG file of its own size.
    ///
    /// # Errors
    /// As [`ExplanationFigure::draw`].
    pub fn image_png(&self) -> Result<Vec<u8>> {
        self.check()?;
        raster::png(self.pixels, self.width, self.height)
    }

    /// The map over the image alone, as a PNG file of the image's size.
    ///
    /// # Errors
    /// As [`ExplanationFigure::draw`].
    pub fn overlay_png(&self) -> Result<Vec<u8>> {
        self.check()?;
        raster::png(&self.overlay(), self.width, self.height)
    }

    fn check(&self) -> Result<()> {
        let pixels = u64::from(self.width) * u64::from(self.height);
        if pixels == 0 || self.pixels.len() as u64 != 3 * pixels || self.values.len() as u64 != pixels {
            let (bytes, values) = (self.pixels.len(), self.values.len());
            let found =
                format!("{bytes} bytes and {values} values for {} of {} x {}", self.name, self.width, self.height);
            return refuse(found, "three bytes and one value for each pixel, and at least one pixel");
        }
        let bad = |value: &&f32| !value.is_finite() || (!self.signed && **value < 0.0);
        match self.values.iter().find(bad) {
            Some(value) => {
                refuse(format!("{value} in {}", self.name), "finite values, of at least 0 where they have no sign")
            }
            None => Ok(()),
        }
    }

    fn describe(&self, canvas: &Canvas<'_>, (x, y): Point, room: f64) -> Result<()> {
        let name = text::shortened(&self.name, theme::HEADING, Weight::Bold, room);
        let first = y + IMAGE / 2.0 - self.notes.len() as f64 * LINE / 2.0;
        canvas.text(&name, (x, first), Style::new(theme::HEADING, theme::INK).bold())?;
        for (line, note) in self.notes.iter().enumerate() {
            let note = text::shortened(note, theme::BODY, Weight::Regular, room);
            let at = (x, first + 4.0 + (line + 1) as f64 * LINE);
            canvas.text(&note, at, Style::new(theme::BODY, theme::MUTED))?;
        }
        Ok(())
    }

    /// The scale from the greatest value at the top to nothing, or to as much against, at the bottom.
    fn bar(&self, canvas: &Canvas<'_>, (x, y): Point) -> Result<()> {
        let number = Style::new(theme::TICK, theme::MUTED);
        let greatest = self.greatest();
        if greatest == 0.0 {
            return canvas.text("empty map", (x, y + IMAGE / 2.0), number);
        }
        const STEPS: usize = 40;
        let least = if self.signed { -1.0 } else { 0.0 };
        let step = IMAGE / STEPS as f64;
        for index in 0..STEPS {
            let share = 1.0 - (index as f64 + 0.5) / STEPS as f64 * (1.0 - least);
            let top = y + index as f64 * step;
            canvas.rectangle((x, top), (x + BAR, top + step), colour(share))?;
        }
        canvas.outline((x, y), (x + BAR, y + IMAGE), theme::AXIS, 1.0)?;
        let mut labels = vec![
            (0.0, written(greatest)),
            (1.0, if self.signed { format!("−{}", written(greatest)) } else { "0".into() }),
        ];
        if self.signed {
            labels.push((0.5, "0".into()));
        }
        for (down, label) in labels {
            let at = (x + BAR + 6.0, y + 6.0 + down * (IMAGE - 12.0));
            canvas.text(&label, at, number)?;
        }
        Ok(())
    }

    fn rectangle(&self, (x, y): Point) -> (Point, Point) {
        let scale = IMAGE / f64::from(self.width.max(self.height));
        let (width, height) = (f64::from(self.width) * scale, f64::from(self.height) * scale);
        let from = (x + (IMAGE - width) / 2.0, y + (IMAGE - height) / 2.0);
        (from, (from.0 + width, from.1 + height))
    }

    fn greatest(&self) -> f64 {
        self.values.iter().fold(0.0, |greatest, value| f64::from(value.abs()).max(greatest))
    }

    /// Values as shares of the greatest, in `-1..=1`.
    fn shares(&self) -> impl Iterator<Item = f64> {
        let greatest = self.greatest();
        self.values.iter().map(move |value| if greatest > 0.0 { f64::from(*value) / greatest } else { 0.0 })
    }

    fn heat_map(&self) -> Vec<u8> {
        let channels = |share| {
            let RGBColor(red, green, blue) = colour(share);
            [red, green, blue]
        };
        self.shares().flat_map(channels).collect()
    }

    /// The image in grey, coloured where the map has something to say.
    fn overlay(&self) -> Vec<u8> {
        let pixel = |(share, pixel): (f64, &[u8; 3])| {
            // Rec. 601, as in JPEG.
            let grey = 0.299 * f64::from(pixel[0]) + 0.587 * f64::from(pixel[1]) + 0.114 * f64::from(pixel[2]);
            let RGBColor(red, green, blue) = if share < 0.0 { theme::BLUE } else { theme::VERMILLION };
            let opacity = OPACITY * share.abs();
            [red, green, blue].map(|channel| (grey + (f64::from(channel) - grey) * opacity).round() as u8)
        };
        self.shares().zip(self.pixels.as_chunks::<3>().0).flat_map(pixel).collect()
    }
}

/// White at 0, vermillion at 1, blue at -1.
fn colour(share: f64) -> RGBColor {
    theme::tint(if share < 0.0 { theme::BLUE } else { theme::VERMILLION }, share.abs())
}

/// Three significant digits.
fn written(value: f64) -> String {
    match value {
        0.0 => "0".into(),
        small if small < 1e-3 => format!("{small:.1e}"),
        great if great >= 1e4 => format!("{great:.1e}"),
        usual => {
            let digits = (2 - usual.log10().floor() as i32).clamp(0, 5) as usize;
            format!("{usual:.digits$}")
        }
    }
}
