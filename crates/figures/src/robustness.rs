//! Accuracy against the size of a perturbation: one curve an attack, one panel a phase.

use plotters::style::RGBColor;

use crate::canvas::{Canvas, Style};
use crate::number::{labelled_ticks, percent};
use crate::panel::{Axis, Panel};
use crate::text::{self, Weight};
use crate::{Error, Figure, Result, theme};

/// One attack at one size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RobustnessPoint {
    /// The size, in shares of the range from black to white; at least 0.
    pub epsilon: f64,
    /// Share of images judged right, in `0..=1`.
    pub accuracy: f64,
    /// Its interval `[low, high]`.
    pub interval: [f64; 2],
}

/// One attack at every size it was tried.
#[derive(Clone, Debug)]
pub struct RobustnessCurve {
    /// The attack, as in "PGD, 50 steps".
    pub name: String,
    /// Its points by rising epsilon.
    pub points: Vec<RobustnessPoint>,
}

/// What is measured at one time, as in "before fine-tuning".
#[derive(Clone, Debug)]
pub struct RobustnessPanel {
    /// The heading.
    pub heading: String,
    /// The curves; those of one place have one colour in every panel.
    pub curves: Vec<RobustnessCurve>,
}

/// The figure's numbers.
#[derive(Clone, Debug)]
pub struct RobustnessFigure<'n> {
    /// The heading.
    pub title: &'n str,
    /// The line below it: which data, how many images, what the intervals are.
    pub caption: &'n str,
    /// The panels from left to right, one or two.
    pub panels: &'n [RobustnessPanel],
    /// The accuracy of guessing, in `0..=1`.
    pub chance: f64,
}

const HEIGHT: f64 = 520.0;
const TOP: f64 = 168.0;

impl RobustnessFigure<'_> {
    /// Draws the figure, 1200 x 520 pixels.
    ///
    /// # Errors
    /// [`Error::Numbers`] where there are no panels or more than two, a panel has no curve or more than
    /// there are colours, or a number is out of its range.
    pub fn draw(&self) -> Result<Figure> {
        self.check()?;
        Canvas::compose(theme::WIDTH, HEIGHT, self.title, |canvas| {
            canvas.title(self.title, self.caption, theme::WIDTH)?;
            let names: Vec<(&str, RGBColor)> =
                self.longest().curves.iter().map(|curve| curve.name.as_str()).zip(theme::SERIES).collect();
            canvas.legend((theme::MARGIN, 96.0), &names)?;
            for column in 0..self.panels.len() {
                self.panel(canvas, column)?;
            }
            Ok(())
        })
    }

    fn check(&self) -> Result<()> {
        let refuse = |found: String, expected| Err(Error::Numbers { figure: "robustness figure", found, expected });
        if !(1..=2).contains(&self.panels.len()) {
            return refuse(format!("{} panels", self.panels.len()), "one or two");
        }
        for panel in self.panels {
            if !(1..=theme::SERIES.len()).contains(&panel.curves.len()) {
                return refuse(format!("{} curves in {}", panel.curves.len(), panel.heading), "from one to six");
            }
            for curve in &panel.curves {
                let sound = |point: &RobustnessPoint| {
                    let [low, high] = point.interval;
                    point.epsilon.is_finite()
                        && point.epsilon >= 0.0
                        && 0.0 <= low
                        && low <= point.accuracy
                        && point.accuracy <= high
                        && high <= 1.0
                };
                if curve.points.is_empty() || !curve.points.iter().all(sound) {
                    return refuse(
                        format!("{} in {}", curve.name, panel.heading),
                        "points with an epsilon of at least 0 and an accuracy from 0 to 1 within its interval",
                    );
                }
            }
        }
        if !(0.0..=1.0).contains(&self.chance) {
            return refuse(format!("chance of {}", self.chance), "a share from 0 to 1");
        }
        Ok(())
    }

    /// The panel that names all curves.
    fn longest(&self) -> &RobustnessPanel {
        let first = &self.panels[0];
        self.panels.iter().fold(
            first,
            |longest, panel| {
                if panel.curves.len() > longest.curves.len() { panel } else { longest }
            },
        )
    }

    fn panel(&self, canvas: &Canvas<'_>, column: usize) -> Result<()> {
        let shown = &self.panels[column];
        let room = (theme::WIDTH - 2.0 * theme::MARGIN) / self.panels.len() as f64;
        let left = theme::MARGIN + Panel::LEFT + column as f64 * room;
        // The last panel ends at the margin, the first one leaves a gap.
        let gap = if column + 1 < self.panels.len() { 28.0 } else { 8.0 };
        let (from, to) = ((left, TOP), (left + room - Panel::LEFT - gap, HEIGHT - Panel::BELOW - 12.0));
        let points = || self.panels.iter().flat_map(|panel| &panel.curves).flat_map(|curve| &curve.points);
        let greatest = points().map(|point| point.epsilon).fold(0.0, f64::max);
        let end = if greatest > 0.0 { greatest * 1.04 } else { 1.0 };
        let x = Axis {
            low: 0.0,
            high: end,
            ticks: labelled_ticks(0.0, end, 6),
            title: "epsilon (share of the range from black to white)".into(),
        };
        let shares = [0.0, 0.25, 0.5, 0.75, 1.0].map(|share| (share, format!("{:.0}%", 100.0 * share)));
        let y = Axis { low: 0.0, high: 1.0, ticks: shares.to_vec(), title: "accuracy".into() };
        let panel = Panel::new(canvas, (from, to), &shown.heading, x, y)?;
        panel.dashed((0.0, self.chance), (end, self.chance), theme::INK)?;
        let label = format!("chance {}", percent(self.chance));
        let (_, height) = panel.place((0.0, self.chance));
        let width = text::width(&label, theme::TICK, Weight::Regular);
        let style = Style::new(theme::TICK, theme::INK);
        for (curve, colour) in shown.curves.iter().zip(theme::SERIES) {
            for point in &curve.points {
                let ends = point.interval.map(|bound| panel.place((point.epsilon, bound)));
                canvas.line(&ends, theme::tint(colour, 0.55), 1.5)?;
            }
            let line: Vec<_> = curve.points.iter().map(|point| (point.epsilon, point.accuracy)).collect();
            panel.curve(&line, colour, 2.0)?;
            for point in &line {
                canvas.dot(panel.place(*point), 3.5, colour)?;
            }
        }
        canvas.text(&label, (to.0 - width, height - 10.0), style)
    }
}
