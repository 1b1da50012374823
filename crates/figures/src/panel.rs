//! A plot with two axes. Plotters' own charts place labels by a guess at the font's widths and mark
//! neither logarithms nor small numbers well; here every label has its place.

use plotters::style::RGBColor;

use crate::Result;
use crate::canvas::{Canvas, Point, Style};
use crate::text::{self, Weight};
use crate::theme;

/// One axis: what it spans, where it is marked, and what it shows with its unit.
pub(crate) struct Axis {
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) ticks: Vec<(f64, String)>,
    pub(crate) title: String,
}

/// The rectangle between two axes.
pub(crate) struct Panel<'c, 'a> {
    canvas: &'c Canvas<'a>,
    /// Upper left corner.
    from: Point,
    /// Lower right corner.
    to: Point,
    x: Axis,
    y: Axis,
}

impl<'c, 'a> Panel<'c, 'a> {
    /// Room needed left of the rectangle for the y axis's labels and title.
    pub(crate) const LEFT: f64 = 62.0;
    /// Room needed below the rectangle for the x axis's labels and title.
    pub(crate) const BELOW: f64 = 52.0;
    /// How far above the rectangle the heading's line is centred.
    pub(crate) const HEADING_ABOVE: f64 = 34.0;

    /// Draws grid, axes and `heading` for a rectangle from corner to corner.
    pub(crate) fn new(
        canvas: &'c Canvas<'a>,
        (from, to): (Point, Point),
        heading: &str,
        x: Axis,
        y: Axis,
    ) -> Result<Self> {
        let panel = Self { canvas, from, to, x, y };
        let tick = Style::new(theme::TICK, theme::MUTED);
        let title = Style::new(theme::BODY, theme::INK);
        for (value, label) in &panel.x.ticks {
            let (x, _) = panel.place((*value, panel.y.low));
            canvas.line(&[(x, from.1), (x, to.1)], theme::GRID, 1.0)?;
            canvas.text(label, (x, to.1 + 14.0), tick.middle())?;
        }
        for (value, label) in &panel.y.ticks {
            let (_, y) = panel.place((panel.x.low, *value));
            canvas.line(&[(from.0, y), (to.0, y)], theme::GRID, 1.0)?;
            canvas.text(label, (from.0 - 8.0, y), tick.end())?;
        }
        canvas.line(&[from, (from.0, to.1), to], theme::AXIS, 1.0)?;
        canvas.text(&panel.x.title, ((from.0 + to.0) / 2.0, to.1 + 38.0), title.middle())?;
        let longest = panel.y.ticks.iter().map(|(_, label)| label.as_str()).max_by_key(|label| label.len());
        let labels = longest.map_or(0.0, |label| text::width(label, theme::TICK, Weight::Regular));
        let beside = (8.0 + labels + 6.0 + theme::BODY / 2.0).max(50.0);
        canvas.text(&panel.y.title, (from.0 - beside, (from.1 + to.1) / 2.0), title.upwards())?;
        canvas.text(heading, (from.0, from.1 - Self::HEADING_ABOVE), Style::new(theme::HEADING, theme::INK).bold())?;
        Ok(panel)
    }

    /// Where a pair of values is on the canvas; values beyond an axis are put at its end.
    pub(crate) fn place(&self, (x, y): Point) -> Point {
        let share = |value: f64, axis: &Axis| ((value - axis.low) / (axis.high - axis.low)).clamp(0.0, 1.0);
        (
            self.from.0 + share(x, &self.x) * (self.to.0 - self.from.0),
            self.to.1 - share(y, &self.y) * (self.to.1 - self.from.1),
        )
    }

    /// A line through values, broken where one is not finite; a value alone between gaps is a dot.
    pub(crate) fn curve(&self, values: &[Point], colour: RGBColor, width: f64) -> Result<()> {
        for run in values.split(|(x, y)| !x.is_finite() || !y.is_finite()) {
            match run {
                [] => {}
                [alone] => self.canvas.dot(self.place(*alone), 3.5, colour)?,
                run => self.canvas.line(&simplified(run.iter().map(|&value| self.place(value))), colour, width)?,
            }
        }
        Ok(())
    }

    /// A dashed line between two pairs of values.
    pub(crate) fn dashed(&self, from: Point, to: Point, colour: RGBColor) -> Result<()> {
        self.canvas.dashed(self.place(from), self.place(to), colour, 1.25)
    }
}

/// Points without those that no eye misses: less than a quarter of a pixel from the last one kept,
/// or inside a horizontal or vertical stretch. A ROC curve of many images is mostly such points.
fn simplified(points: impl Iterator<Item = Point>) -> Vec<Point> {
    let mut kept: Vec<Point> = Vec::new();
    let mut last = None;
    for point in points {
        last = Some(point);
        if let [.., before, end] = kept[..] {
            let along_x = before.1 == end.1 && end.1 == point.1 && (end.0 - before.0) * (point.0 - end.0) >= 0.0;
            let along_y = before.0 == end.0 && end.0 == point.0 && (end.1 - before.1) * (point.1 - end.1) >= 0.0;
            if along_x || along_y {
                kept.pop();
            }
        }
        if kept.last().is_none_or(|end| (end.0 - point.0).abs() >= 0.25 || (end.1 - point.1).abs() >= 0.25) {
            kept.push(point);
        }
    }
    if kept.last() != last.as_ref() {
        kept.extend(last);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::simplified;

    #[test]
    fn simplifying_keeps_ends_and_corners() {
        let stairs = [(0.0, 0.0), (0.0, 1.0), (0.0, 2.0), (5.0, 2.0), (7.0, 2.0), (7.0, 9.0), (7.1, 9.0)];
        assert_eq!(simplified(stairs.into_iter()), [(0.0, 0.0), (0.0, 2.0), (7.0, 2.0), (7.0, 9.0), (7.1, 9.0)]);
        let spike = [(0.0, 0.0), (0.0, 5.0), (0.0, 1.0)];
        assert_eq!(simplified(spike.into_iter()), spike);
    }
}
