//! Small images side by side, enlarged without smoothing, each with its caption: what a detector
//! saw and what it said.

use crate::canvas::{Canvas, Style};
use crate::text::{self, Weight};
use crate::{Error, Figure, Result, raster, theme};

/// How an image is framed. Wrong ones differ in thickness too, for who cannot tell the colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A thin blue frame.
    Right,
    /// A thick vermillion frame.
    Wrong,
}

/// One image of the sheet.
#[derive(Clone, Debug)]
pub struct Tile<'n> {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// `[height, width, 3]` RGB, row by row.
    pub pixels: &'n [u8],
    /// Lines below the image; each is shortened where it is wider than its column.
    pub caption: Vec<String>,
    /// Its frame, if any.
    pub frame: Option<Frame>,
}

/// The figure's images.
#[derive(Clone, Debug)]
pub struct ContactSheet<'n> {
    /// The heading.
    pub title: &'n str,
    /// The line below it.
    pub caption: &'n str,
    /// Images in a row.
    pub columns: usize,
    /// One heading for each column, or none at all.
    pub column_titles: &'n [String],
    /// One heading for each row, or none at all.
    pub row_titles: &'n [String],
    /// The images row by row; the last row may be shorter.
    pub tiles: &'n [Tile<'n>],
}

/// The square every image is fitted into.
const IMAGE: f64 = 128.0;
const COLUMN: f64 = 164.0;
const LINE: f64 = 18.0;
/// Narrower sheets would cut their title.
const LEAST_WIDTH: f64 = 640.0;

impl ContactSheet<'_> {
    /// Draws the sheet; its size follows from its images.
    ///
    /// # Errors
    /// [`Error::Numbers`] where there are no images or columns, pixels do not match an image's size,
    /// or the number of headings is not that of columns or rows.
    pub fn draw(&self) -> Result<Figure> {
        self.check()?;
        let rows = self.tiles.len().div_ceil(self.columns);
        let titles = self.row_titles.iter().map(|title| text::width(title, theme::BODY, Weight::Bold));
        let left = match titles.fold(0.0, f64::max).min(220.0) {
            0.0 => theme::MARGIN,
            room => theme::MARGIN + room + 14.0,
        };
        let top = if self.column_titles.is_empty() { 92.0 } else { 124.0 };
        let lines = self.tiles.iter().map(|tile| tile.caption.len()).max().unwrap_or(0);
        let row_height = IMAGE + 14.0 + lines as f64 * LINE + 14.0;
        let width = (left + self.columns as f64 * COLUMN - (COLUMN - IMAGE) + theme::MARGIN).max(LEAST_WIDTH);
        let height = top + rows as f64 * row_height + 8.0;
        let corner = |tile: usize| {
            (left + (tile % self.columns) as f64 * COLUMN, top + (tile / self.columns) as f64 * row_height)
        };
        let sheet = Canvas::compose(width, height, self.title, |canvas| {
            canvas.title(self.title, self.caption, width)?;
            let heading = Style::new(theme::BODY, theme::INK).bold();
            for (column, title) in self.column_titles.iter().enumerate() {
                let title = text::shortened(title, theme::BODY, Weight::Bold, COLUMN - 12.0);
                canvas.text(&title, (corner(column).0 + IMAGE / 2.0, top - 20.0), heading.middle())?;
            }
            for (row, title) in self.row_titles.iter().enumerate() {
                let title = text::shortened(title, theme::BODY, Weight::Bold, 220.0);
                canvas.text(&title, (left - 14.0, corner(row * self.columns).1 + IMAGE / 2.0), heading.end())?;
            }
            for (number, tile) in self.tiles.iter().enumerate() {
                tile.surround(canvas, corner(number))?;
            }
            Ok(())
        })?;
        let images: Result<String> =
            self.tiles.iter().enumerate().map(|(number, tile)| tile.image(corner(number))).collect();
        Ok(sheet.with_images(&images?))
    }

    fn check(&self) -> Result<()> {
        let refuse = |found: String, expected| Err(Error::Numbers { figure: "contact sheet", found, expected });
        if self.tiles.is_empty() || self.columns == 0 {
            return refuse(format!("{} images in {} columns", self.tiles.len(), self.columns), "at least one of each");
        }
        for (number, tile) in self.tiles.iter().enumerate() {
            let bytes = u64::from(tile.width) * u64::from(tile.height) * 3;
            if bytes == 0 || bytes != tile.pixels.len() as u64 {
                return refuse(
                    format!("{} bytes for image {} of {} x {}", tile.pixels.len(), number + 1, tile.width, tile.height),
                    "three bytes for each pixel, and at least one pixel",
                );
            }
        }
        let rows = self.tiles.len().div_ceil(self.columns);
        for (kind, titles, wanted) in [("column", self.column_titles, self.columns), ("row", self.row_titles, rows)] {
            if !titles.is_empty() && titles.len() != wanted {
                return refuse(
                    format!("{} {kind} titles for {wanted} {kind}s", titles.len()),
                    "one for each, or none at all",
                );
            }
        }
        Ok(())
    }
}

impl Tile<'_> {
    /// Frame and caption.
    fn surround(&self, canvas: &Canvas<'_>, (x, y): (f64, f64)) -> Result<()> {
        let (from, to) = self.rectangle((x, y));
        let frame = |by: f64| ((from.0 - by, from.1 - by), (to.0 + by, to.1 + by));
        match self.frame {
            None => {}
            Some(Frame::Right) => {
                let (from, to) = frame(2.0);
                canvas.outline(from, to, theme::REAL, 1.5)?;
            }
            Some(Frame::Wrong) => {
                let (from, to) = frame(3.5);
                canvas.outline(from, to, theme::FAKE, 4.0)?;
            }
        }
        let ink = if self.frame == Some(Frame::Wrong) { theme::FAKE } else { theme::INK };
        for (line, words) in self.caption.iter().enumerate() {
            let words = text::shortened(words, theme::BODY, Weight::Regular, COLUMN - 8.0);
            let at = (x + IMAGE / 2.0, y + IMAGE + 18.0 + line as f64 * LINE);
            canvas.text(&words, at, Style::new(theme::BODY, ink).middle())?;
        }
        Ok(())
    }

    /// Where the image lies: as large as its square allows, centred in it.
    fn rectangle(&self, (x, y): (f64, f64)) -> ((f64, f64), (f64, f64)) {
        let scale = IMAGE / f64::from(self.width.max(self.height));
        let (width, height) = (f64::from(self.width) * scale, f64::from(self.height) * scale);
        let from = (x + (IMAGE - width) / 2.0, y + (IMAGE - height) / 2.0);
        (from, (from.0 + width, from.1 + height))
    }

    fn image(&self, corner: (f64, f64)) -> Result<String> {
        raster::element(self.pixels, self.width, self.height, self.rectangle(corner))
    }
}
