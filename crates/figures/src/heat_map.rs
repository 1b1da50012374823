//! Shares in a table of coloured cells, in one or several blocks side by side: accuracy by corruption and
//! severity, before and after.

use crate::canvas::{Canvas, Style};
use crate::text::{self, Weight};
use crate::{Error, Figure, Result, theme};

/// One block of cells, as in "before".
#[derive(Clone, Debug)]
pub struct HeatMapBlock {
    /// Its heading.
    pub title: String,
    /// `[row][column]`, in `0..=1`.
    pub values: Vec<Vec<f64>>,
}

/// The figure's numbers.
#[derive(Clone, Debug)]
pub struct HeatMap<'n> {
    /// The heading.
    pub title: &'n str,
    /// The line below it: which data, how many images.
    pub caption: &'n str,
    /// What the columns are, as in "severity".
    pub axis: &'n str,
    /// Names of the rows from top to bottom.
    pub rows: &'n [String],
    /// Names of the columns of every block.
    pub columns: &'n [String],
    /// The value shown white, as in chance; greater ones are blue, lesser ones vermillion.
    pub neutral: f64,
    /// The blocks from left to right.
    pub blocks: &'n [HeatMapBlock],
}

const CELL: f64 = 56.0;
const ROW: f64 = 26.0;
const GAP: f64 = 28.0;
const TOP: f64 = 136.0;
const MOST_NAME: f64 = 220.0;

impl HeatMap<'_> {
    /// Draws the figure; its size follows from its cells.
    ///
    /// # Errors
    /// [`Error::Numbers`] where there is no cell, a block has another size than the names say, or a value
    /// is not in `0..=1`.
    pub fn draw(&self) -> Result<Figure> {
        self.check()?;
        let names = self.rows.iter().map(|name| text::width(name, theme::BODY, Weight::Regular));
        let left = theme::MARGIN + names.fold(0.0, f64::max).min(MOST_NAME) + 14.0;
        let block = self.columns.len() as f64 * CELL;
        let right = left + self.blocks.len() as f64 * (block + GAP) - GAP;
        let bottom = TOP + self.rows.len() as f64 * ROW;
        Canvas::compose((right + theme::MARGIN).max(640.0), bottom + 44.0, self.title, |canvas| {
            canvas.title(self.title, self.caption, (right + theme::MARGIN).max(640.0))?;
            for (row, name) in self.rows.iter().enumerate() {
                let name = text::shortened(name, theme::BODY, Weight::Regular, MOST_NAME);
                let at = (left - 12.0, TOP + (row as f64 + 0.5) * ROW);
                canvas.text(&name, at, Style::new(theme::BODY, theme::INK).end())?;
            }
            for (index, cells) in self.blocks.iter().enumerate() {
                let x = left + index as f64 * (block + GAP);
                let heading = text::shortened(&cells.title, theme::HEADING, Weight::Bold, block);
                canvas.text(
                    &heading,
                    (x + block / 2.0, TOP - 38.0),
                    Style::new(theme::HEADING, theme::INK).bold().middle(),
                )?;
                for (column, name) in self.columns.iter().enumerate() {
                    let at = (x + (column as f64 + 0.5) * CELL, TOP - 14.0);
                    canvas.text(name, at, Style::new(theme::TICK, theme::MUTED).middle())?;
                }
                for (row, values) in cells.values.iter().enumerate() {
                    for (column, &value) in values.iter().enumerate() {
                        self.cell(canvas, (x + column as f64 * CELL, TOP + row as f64 * ROW), value)?;
                    }
                }
                let at = (x + block / 2.0, bottom + 20.0);
                canvas.text(self.axis, at, Style::new(theme::TICK, theme::MUTED).middle())?;
            }
            Ok(())
        })
    }

    fn cell(&self, canvas: &Canvas<'_>, (x, y): (f64, f64), value: f64) -> Result<()> {
        let (colour, range) =
            if value >= self.neutral { (theme::BLUE, 1.0 - self.neutral) } else { (theme::VERMILLION, self.neutral) };
        let share = if range > 0.0 { (value - self.neutral).abs() / range } else { 0.0 };
        let ground = theme::tint(colour, share);
        canvas.rectangle((x, y), (x + CELL - 1.0, y + ROW - 1.0), ground)?;
        let at = (x + CELL / 2.0, y + ROW / 2.0);
        canvas.text(&format!("{:.0}", 100.0 * value), at, Style::new(theme::TICK, theme::ink_on(ground)).middle())
    }

    fn check(&self) -> Result<()> {
        let refuse = |found: String, expected| Err(Error::Numbers { figure: "heat map", found, expected });
        if self.rows.is_empty() || self.columns.is_empty() || self.blocks.is_empty() {
            return refuse("no cells".into(), "at least one row, column and block");
        }
        if !(0.0..=1.0).contains(&self.neutral) {
            return refuse(format!("a neutral value of {}", self.neutral), "a value in 0..=1");
        }
        for block in self.blocks {
            let fits =
                block.values.len() == self.rows.len() && block.values.iter().all(|row| row.len() == self.columns.len());
            if !fits {
                return refuse(
                    format!("other cells than names in {}", block.title),
                    "one value for each row and column",
                );
            }
            if let Some(value) = block.values.iter().flatten().find(|value| !(0.0..=1.0).contains(*value)) {
                return refuse(format!("{value} in {}", block.title), "shares in 0..=1");
            }
        }
        Ok(())
    }
}
