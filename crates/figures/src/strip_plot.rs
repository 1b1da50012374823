//! Repeated runs as dots with their mean, one row for each variant, one panel for each condition: what differs
//! between variants beside what differs between runs.

use crate::canvas::{Canvas, Point, Style};
use crate::number::{labelled_ticks, percent};
use crate::text::{self, Weight};
use crate::{Error, Figure, Result, theme};

/// The runs of one variant of one series under one condition.
#[derive(Clone, Debug)]
pub struct Strip {
    /// Which of the figure's rows it belongs to, counted from 0.
    pub row: usize,
    /// Which of the figure's series, counted from 0.
    pub series: usize,
    /// One value a run, in `0..=1`.
    pub values: Vec<f64>,
}

/// One condition.
#[derive(Clone, Debug)]
pub struct StripPanel {
    /// Its heading, as in "FGSM .02".
    pub title: String,
    /// Its strips; a row may lack some.
    pub strips: Vec<Strip>,
    /// Values to compare with, by row, in `0..=1`, drawn as diamonds.
    pub compared: Vec<(usize, f64)>,
}

/// The figure's numbers.
#[derive(Clone, Debug)]
pub struct StripPlot<'n> {
    /// The heading.
    pub title: &'n str,
    /// The line below it: which data, how many images, how many runs.
    pub caption: &'n str,
    /// What the values are; they are written as percentages.
    pub axis: &'n str,
    /// Names of the rows from top to bottom.
    pub rows: &'n [String],
    /// Names of the series, at most six; a legend is drawn where there are more than one.
    pub series: &'n [&'n str],
    /// What the diamonds are, where there are any.
    pub compared: Option<&'n str>,
    /// A value to compare with, and its name, as in "chance".
    pub reference: Option<(&'n str, f64)>,
    /// The panels, row by row.
    pub panels: &'n [StripPanel],
}

const COLUMNS: usize = 4;
const LINE: f64 = 17.0;
const ROW_GAP: f64 = 9.0;
const GAP: f64 = 30.0;
const HEADING: f64 = 40.0;
const BELOW: f64 = 62.0;
const MOST_NAME: f64 = 190.0;
/// Room for a mean right of its panel.
const MEAN: f64 = 40.0;
const DOT: f64 = 3.2;

/// One panel's place.
#[derive(Clone, Copy)]
struct Frame {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

impl Frame {
    fn x(&self, value: f64) -> f64 {
        self.left + value * (self.right - self.left)
    }
}

impl StripPlot<'_> {
    /// Draws the figure, 1200 pixels wide, four panels beside one another.
    ///
    /// # Errors
    /// [`Error::Numbers`] where there is no row or panel, a strip is empty or of no named row or series, or a value is
    /// not in `0..=1`.
    pub fn draw(&self) -> Result<Figure> {
        self.check()?;
        let names = self.rows.iter().map(|name| text::width(name, theme::BODY, Weight::Regular));
        let names = names.fold(0.0, f64::max).min(MOST_NAME);
        let left = theme::MARGIN + names + 12.0;
        let columns = COLUMNS.min(self.panels.len());
        let width = (theme::WIDTH - theme::MARGIN - left - GAP * (columns - 1) as f64) / columns as f64;
        let height = self.rows.len() as f64 * self.row_height();
        let top = 124.0;
        let lines = self.panels.len().div_ceil(columns);
        let block = HEADING + height + BELOW;
        Canvas::compose(theme::WIDTH, top + lines as f64 * block, self.title, |canvas| {
            canvas.title(self.title, self.caption, theme::WIDTH)?;
            self.draw_legend(canvas)?;
            for (place, panel) in self.panels.iter().enumerate() {
                let [line, column] = [place / columns, place % columns].map(|number| number as f64);
                let x = left + column * (width + GAP);
                let y = top + line * block + HEADING;
                let frame = Frame { left: x, right: x + width - MEAN, top: y, bottom: y + height };
                if column == 0.0 {
                    for (row, name) in self.rows.iter().enumerate() {
                        let name = text::shortened(name, theme::BODY, Weight::Regular, names);
                        let at = (left - 10.0, y + (row as f64 + 0.5) * self.row_height());
                        canvas.text(&name, at, Style::new(theme::BODY, theme::INK).end())?;
                    }
                }
                self.draw_panel(canvas, panel, frame)?;
            }
            Ok(())
        })
    }

    fn row_height(&self) -> f64 {
        self.series.len().max(1) as f64 * LINE + ROW_GAP
    }

    fn check(&self) -> Result<()> {
        let refuse = |found: String, expected| Err(Error::Numbers { figure: "strip plot", found, expected });
        if self.rows.is_empty() || self.panels.is_empty() {
            return refuse("no rows or panels".into(), "at least one of each");
        }
        for panel in self.panels {
            for strip in &panel.strips {
                if strip.row >= self.rows.len() || strip.series >= self.series.len().clamp(1, theme::SERIES.len()) {
                    return refuse(
                        format!("{}: row {} and series {}", panel.title, strip.row, strip.series),
                        "named rows, and named series, of at most six",
                    );
                }
                if strip.values.is_empty() {
                    return refuse(format!("{}: a strip without values", panel.title), "at least one run");
                }
            }
            let values = panel.strips.iter().flat_map(|strip| &strip.values);
            let mut values = values.chain(panel.compared.iter().map(|(_, value)| value));
            if let Some(value) = values.find(|value| !(0.0..=1.0).contains(*value)) {
                return refuse(format!("{}: {value}", panel.title), "shares in 0..=1");
            }
            if let Some((row, _)) = panel.compared.iter().find(|(row, _)| *row >= self.rows.len()) {
                return refuse(format!("{}: a diamond in row {row}", panel.title), "named rows");
            }
        }
        match self.reference {
            Some((name, value)) if !(0.0..=1.0).contains(&value) => {
                refuse(format!("{name}: {value}"), "a reference in 0..=1")
            }
            _ => Ok(()),
        }
    }

    fn draw_legend(&self, canvas: &Canvas<'_>) -> Result<()> {
        const Y: f64 = 94.0;
        let mut x = theme::MARGIN;
        if self.series.len() > 1 {
            let entries: Vec<_> = self.series.iter().copied().zip(theme::SERIES).collect();
            x = canvas.legend((x, Y), &entries)?;
        }
        let style = Style::new(theme::BODY, theme::INK);
        let mut entry = |name: &str, mark: &dyn Fn(Point) -> Result<()>| -> Result<()> {
            mark((x + 6.0, Y))?;
            canvas.text(name, (x + 18.0, Y), style)?;
            x += 18.0 + text::width(name, theme::BODY, Weight::Regular) + 18.0;
            Ok(())
        };
        let colour = if self.series.len() > 1 { theme::MUTED } else { theme::SERIES[0] };
        entry("a run", &|at| canvas.dot(at, DOT, colour))?;
        entry("mean", &|(x, y)| canvas.line(&[(x, y - 7.0), (x, y + 7.0)], colour, 2.5))?;
        if let Some(name) = self.compared {
            entry(name, &|at| diamond(canvas, at))?;
        }
        if let Some((name, value)) = self.reference {
            let words = format!("{name}, {}", percent(value));
            entry(&words, &|(x, y)| canvas.dashed((x, y - 8.0), (x, y + 8.0), theme::INK, 1.25))?;
        }
        Ok(())
    }

    fn draw_panel(&self, canvas: &Canvas<'_>, panel: &StripPanel, frame: Frame) -> Result<()> {
        let Frame { left, right, top, bottom } = frame;
        let heading = text::shortened(&panel.title, theme::HEADING, Weight::Bold, right - left + MEAN);
        canvas.text(&heading, (left, top - 18.0), Style::new(theme::HEADING, theme::INK).bold())?;
        for (tick, _) in labelled_ticks(0.0, 1.0, 5) {
            let x = frame.x(tick);
            canvas.line(&[(x, top), (x, bottom)], theme::GRID, 1.0)?;
            let label = format!("{:.0}%", 100.0 * tick);
            canvas.text(&label, (x, bottom + 13.0), Style::new(theme::TICK, theme::MUTED).middle())?;
        }
        for row in 1..self.rows.len() {
            let y = top + row as f64 * self.row_height();
            canvas.line(&[(left, y), (right, y)], theme::GRID, 1.0)?;
        }
        canvas.line(&[(left, top), (left, bottom), (right, bottom)], theme::AXIS, 1.0)?;
        let axis = Style::new(theme::TICK, theme::INK).middle();
        canvas.text(self.axis, ((left + right) / 2.0, bottom + 32.0), axis)?;
        if let Some((_, value)) = self.reference {
            canvas.dashed((frame.x(value), top), (frame.x(value), bottom), theme::INK, 1.25)?;
        }
        for strip in &panel.strips {
            let line = (ROW_GAP + LINE) / 2.0 + strip.series as f64 * LINE;
            let y = top + strip.row as f64 * self.row_height() + line;
            let colour = theme::SERIES[strip.series];
            let values = &strip.values;
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let (lowest, highest) = values.iter().fold((1.0_f64, 0.0_f64), |(a, b), &v| (a.min(v), b.max(v)));
            canvas.line(&[(frame.x(lowest), y), (frame.x(highest), y)], theme::tint(colour, 0.5), 2.0)?;
            canvas.line(&[(frame.x(mean), y - 7.0), (frame.x(mean), y + 7.0)], colour, 2.5)?;
            for &value in values {
                canvas.dot((frame.x(value), y), DOT, colour)?;
            }
            let label = format!("{:.1}", 100.0 * mean);
            canvas.text(&label, (right + MEAN, y), Style::new(theme::TICK, colour).end())?;
        }
        for (row, value) in &panel.compared {
            diamond(canvas, (frame.x(*value), top + (*row as f64 + 0.5) * self.row_height()))?;
        }
        Ok(())
    }
}

/// Hollow, so that what lies on it remains visible.
fn diamond(canvas: &Canvas<'_>, (x, y): Point) -> Result<()> {
    const HALF: f64 = 6.0;
    let corners = [(x, y - HALF), (x + HALF, y), (x, y + HALF), (x - HALF, y), (x, y - HALF), (x + HALF, y)];
    canvas.line(&corners, theme::INK, 1.5)
}
