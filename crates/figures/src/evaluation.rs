//! What a detector is worth, in one figure: ROC curve, confusion matrix, histogram of its
//! probabilities by class.

use plotters::style::RGBColor;

use crate::canvas::{Canvas, Point, Style};
use crate::histogram::Height;
use crate::number::{labelled_ticks, percent, probability, thousands};
use crate::panel::{Axis, Panel};
use crate::text::{self, Weight};
use crate::{Error, Figure, Result, theme};

/// The figure's numbers. Rates and probabilities are in `0..=1`; fake is the positive class.
#[derive(Clone, Debug)]
pub struct EvaluationFigure<'n> {
    /// The heading, as in "ConvNeXt-Tiny on CIFAKE test".
    pub title: &'n str,
    /// What real and fake are called; where something else is told apart, the second is the positive class.
    pub classes: [&'n str; 2],
    /// `[[real called real, real called fake], [fake called real, fake called fake]]`.
    pub confusion: [[u64; 2]; 2],
    /// 95% interval of the accuracy, `[low, high]`.
    pub accuracy_interval: [f64; 2],
    /// Images with at least this probability are called fake.
    pub threshold: f64,
    /// `(false positive rate, true positive rate)` from (0, 0) to (1, 1); empty where a class is absent.
    pub roc_curve: &'n [(f64, f64)],
    /// Area under that curve; `None` where a class is absent.
    pub roc_auc: Option<f64>,
    /// Real images in equal-width bins of the probability of being fake over `0..=1`.
    pub histogram_real: &'n [u64],
    /// Fake images in the same bins.
    pub histogram_fake: &'n [u64],
}

const HEIGHT: f64 = 480.0;
const TOP: f64 = 138.0;
const BOTTOM: f64 = HEIGHT - Panel::BELOW - 12.0;
/// The plots are squares of this side.
const SIDE: f64 = BOTTOM - TOP;

impl EvaluationFigure<'_> {
    /// Draws the figure, 1200 x 480 pixels.
    ///
    /// # Errors
    /// [`Error::Numbers`] where there are no images, a number is not finite or outside `0..=1`, or
    /// the histograms are empty or of different lengths.
    pub fn draw(&self) -> Result<Figure> {
        self.check()?;
        Canvas::compose(theme::WIDTH, HEIGHT, self.title, |canvas| {
            canvas.title(self.title, &self.caption(), theme::WIDTH)?;
            let left = theme::MARGIN + Panel::LEFT - 8.0;
            self.draw_roc(canvas, (left, TOP))?;
            self.draw_confusion(canvas, (left + SIDE + 98.0, TOP))?;
            let from = left + 2.0 * SIDE + 196.0;
            self.draw_histogram(canvas, ((from, TOP), (theme::WIDTH - theme::MARGIN, BOTTOM)))
        })
    }

    fn check(&self) -> Result<()> {
        let refuse = |found: String, expected| Err(Error::Numbers { figure: "evaluation figure", found, expected });
        let rates = self.roc_curve.iter().flat_map(|&(x, y)| [x, y]).chain(self.roc_auc);
        let mut shares = rates.chain(self.accuracy_interval).chain([self.threshold]);
        if let Some(share) = shares.find(|share| !(0.0..=1.0).contains(share)) {
            return refuse(format!("a rate or probability of {share}"), "finite numbers in 0..=1");
        }
        if self.n() == 0 {
            return refuse("no images".into(), "at least one image");
        }
        if self.roc_auc.is_some() == self.roc_curve.is_empty() {
            return refuse(
                format!("an AUC of {:?} and {} points of its curve", self.roc_auc, self.roc_curve.len()),
                "both or neither",
            );
        }
        let (real, fake) = (self.histogram_real.len(), self.histogram_fake.len());
        if real != fake || real == 0 {
            return refuse(format!("{real} bins of real and {fake} of fake images"), "the same number, at least one");
        }
        Ok(())
    }

    fn n(&self) -> u64 {
        self.confusion.iter().flatten().sum()
    }

    fn caption(&self) -> String {
        let [first, second] = self.confusion.map(|row| row.iter().sum());
        let [negative, positive] = self.classes;
        let accuracy = (self.confusion[0][0] + self.confusion[1][1]) as f64 / self.n() as f64;
        let [low, high] = self.accuracy_interval.map(|end| format!("{:.1}", end * 100.0));
        format!(
            "n = {} ({} {negative}, {} {positive})  ·  accuracy {}, 95% interval [{low}, {high}]  ·  called {positive} from \
             probability {} on",
            thousands(self.n()),
            thousands(first),
            thousands(second),
            percent(accuracy),
            self.threshold_label(),
        )
    }

    fn threshold_label(&self) -> String {
        let long = probability(self.threshold);
        long.strip_suffix('0').unwrap_or(&long).to_owned()
    }

    fn draw_roc(&self, canvas: &Canvas<'_>, from: Point) -> Result<()> {
        let axis =
            |title: &str| Axis { low: 0.0, high: 1.0, ticks: labelled_ticks(0.0, 1.0, 5), title: title.to_owned() };
        let [negative, positive] = self.classes;
        let panel = Panel::new(
            canvas,
            (from, (from.0 + SIDE, from.1 + SIDE)),
            "ROC curve",
            axis(&format!("{negative} called {positive} (share)")),
            axis(&format!("{positive} called {positive} (share)")),
        )?;
        let Some(auc) = self.roc_auc else {
            let note = Style::new(theme::BODY, theme::MUTED).middle();
            return canvas.text("undefined with one class", panel.place((0.5, 0.5)), note);
        };
        panel.dashed((0.0, 0.0), (1.0, 1.0), theme::AXIS)?;
        panel.curve(self.roc_curve, theme::INK, 2.0)?;
        let [real, fake] = self.confusion;
        let rate = |row: [u64; 2]| row[1] as f64 / (row[0] + row[1]).max(1) as f64;
        canvas.dot(panel.place((rate(real), rate(fake))), 5.0, theme::ORANGE)?;
        let label = |row: f64| {
            let (x, y) = panel.place((1.0, 0.0));
            (x - 14.0, y - 20.0 - row * 23.0)
        };
        let operating = format!("threshold {}", self.threshold_label());
        let width = text::width(&operating, theme::BODY, Weight::Regular);
        let (x, y) = label(0.0);
        canvas.text(&format!("AUC {auc:.4}"), label(1.0), Style::new(theme::HEADING, theme::INK).bold().end())?;
        canvas.text(&operating, label(0.0), Style::new(theme::BODY, theme::INK).end())?;
        canvas.dot((x - width - 12.0, y), 5.0, theme::ORANGE)
    }

    fn draw_confusion(&self, canvas: &Canvas<'_>, from: Point) -> Result<()> {
        const GAP: f64 = 4.0;
        let cell = (SIDE - GAP) / 2.0;
        let class = self.classes;
        let colour = [theme::REAL, theme::FAKE];
        let heading = Style::new(theme::HEADING, theme::INK).bold();
        canvas.text("Confusion matrix", (from.0, from.1 - Panel::HEADING_ABOVE), heading)?;
        for (row, counts) in self.confusion.iter().enumerate() {
            let total: u64 = counts.iter().sum();
            let y = from.1 + row as f64 * (cell + GAP);
            let truth = Style::new(theme::BODY, colour[row]).upwards();
            canvas.text(&format!("is {}: {}", class[row], thousands(total)), (from.0 - 14.0, y + cell / 2.0), truth)?;
            for (column, &count) in counts.iter().enumerate() {
                let share = if total == 0 { 0.0 } else { count as f64 / total as f64 };
                let x = from.0 + column as f64 * (cell + GAP);
                let hue = if row == column { theme::REAL } else { theme::FAKE };
                let fill = theme::tint(hue, 0.08 + 0.82 * share);
                canvas.rectangle((x, y), (x + cell, y + cell), fill)?;
                let ink = theme::ink_on(fill);
                let centre = (x + cell / 2.0, y + cell / 2.0);
                let number = thousands(count);
                canvas.text(&number, (centre.0, centre.1 - 11.0), Style::new(22.0, ink).bold().middle())?;
                let share = if total == 0 { "no images".to_owned() } else { percent(share) };
                canvas.text(&share, (centre.0, centre.1 + 15.0), Style::new(theme::BODY, ink).middle())?;
            }
        }
        for (column, name) in class.iter().enumerate() {
            let x = from.0 + column as f64 * (cell + GAP) + cell / 2.0;
            let called = Style::new(theme::BODY, colour[column]).middle();
            canvas.text(&format!("called {name}"), (x, from.1 + SIDE + 14.0), called)?;
        }
        let note = Style::new(theme::BODY, theme::INK).middle();
        canvas.text("images, and share of their row", (from.0 + SIDE / 2.0, from.1 + SIDE + 38.0), note)
    }

    fn draw_histogram(&self, canvas: &Canvas<'_>, (from, to): (Point, Point)) -> Result<()> {
        let bins = self.histogram_real.len();
        let most = self.histogram_real.iter().chain(self.histogram_fake).copied().max().unwrap_or(0).max(1);
        let height = Height::new(most, self.histogram_real, self.histogram_fake);
        let panel = Panel::new(
            canvas,
            (from, to),
            "Probabilities",
            Axis {
                low: 0.0,
                high: 1.0,
                ticks: labelled_ticks(0.0, 1.0, 5),
                title: format!("probability of being {}", self.classes[1]),
            },
            height.axis(most),
        )?;
        let classes: [(&[u64], RGBColor); 2] = [(self.histogram_real, theme::REAL), (self.histogram_fake, theme::FAKE)];
        for (counts, colour) in classes {
            let edge = |bin: usize| bin as f64 / bins as f64;
            let mut outline = vec![(0.0, height.floor())];
            for (bin, &count) in counts.iter().enumerate() {
                outline.extend([(edge(bin), height.of(count)), (edge(bin + 1), height.of(count))]);
            }
            outline.push((1.0, height.floor()));
            let placed: Vec<Point> = outline.iter().map(|&value| panel.place(value)).collect();
            canvas.polygon(&placed, colour, 0.28)?;
            panel.curve(&outline, colour, 1.5)?;
        }
        let (x, _) = panel.place((self.threshold, 0.0));
        canvas.dashed((x, from.1), (x, to.1), theme::INK, 1.25)?;
        let half = text::width("threshold", theme::TICK, Weight::Regular) / 2.0;
        let at = (x.clamp(from.0 + half, to.0 - half), from.1 - 11.0);
        canvas.text("threshold", at, Style::new(theme::TICK, theme::INK).middle())?;
        let names = [(self.classes[0], theme::REAL), (self.classes[1], theme::FAKE)];
        let heading = text::width("Probabilities", theme::HEADING, Weight::Bold);
        canvas.legend((from.0 + heading + 20.0, from.1 - Panel::HEADING_ABOVE), &names).map(drop)
    }
}
