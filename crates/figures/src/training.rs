//! How a training run went: losses, validation scores and learning rate by epoch.

use plotters::style::RGBColor;

use crate::canvas::{Canvas, Style};
use crate::number::{labelled_ticks, superscript, thousands, whole_ticks};
use crate::panel::{Axis, Panel};
use crate::text::{self, Weight};
use crate::{Error, Figure, Result, theme};

/// One epoch's numbers. What is not finite is left out of its curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Epoch {
    /// Mean training loss in nats.
    pub train_loss: f64,
    /// Mean validation loss in nats.
    pub validation_loss: f64,
    /// Validation accuracy, in `0..=1`.
    pub validation_accuracy: f64,
    /// Validation area under the ROC curve, in `0..=1`.
    pub validation_auc: f64,
    /// Learning rate, at the epoch's end.
    pub learning_rate: f64,
}

/// The figure's numbers.
#[derive(Clone, Debug)]
pub struct TrainingFigure<'n> {
    /// The heading, as in "ResNet-SE, base training".
    pub title: &'n str,
    /// Number of training images.
    pub n_train: u64,
    /// Number of validation images.
    pub n_validation: u64,
    /// The epochs in order; the first is epoch 1.
    pub epochs: &'n [Epoch],
    /// The epoch whose weights were kept, counted from 1.
    pub best_epoch: Option<usize>,
}

/// One curve: its name, colour and values by epoch.
struct Series {
    name: &'static str,
    colour: RGBColor,
    values: Vec<f64>,
}

const HEIGHT: f64 = 480.0;
const TOP: f64 = 138.0;
const WIDTH: f64 = 300.0;

impl TrainingFigure<'_> {
    /// Draws the figure, 1200 x 480 pixels.
    ///
    /// # Errors
    /// [`Error::Numbers`] where there are no epochs or the best one is not among them.
    pub fn draw(&self) -> Result<Figure> {
        let refuse = |found: String, expected| Err(Error::Numbers { figure: "training figure", found, expected });
        if self.epochs.is_empty() {
            return refuse("no epochs".into(), "at least one epoch");
        }
        if let Some(best) = self.best_epoch.filter(|best| !(1..=self.epochs.len()).contains(best)) {
            return refuse(
                format!("best epoch {best} of {}", self.epochs.len()),
                "an epoch that was trained, from 1 on",
            );
        }
        Canvas::compose(theme::WIDTH, HEIGHT, self.title, |canvas| {
            canvas.title(self.title, &self.caption(), theme::WIDTH)?;
            let loss = [
                self.series("training", theme::BLUE, |epoch| epoch.train_loss),
                self.series("validation", theme::VERMILLION, |epoch| epoch.validation_loss),
            ];
            self.panel(canvas, 0, "Loss", &loss, enclosing(&loss, None), "cross entropy (nats)")?;
            let scores = [
                self.series("AUC", theme::GREEN, |epoch| epoch.validation_auc),
                self.series("accuracy", theme::VERMILLION, |epoch| epoch.validation_accuracy),
            ];
            self.panel(
                canvas,
                1,
                "Validation scores",
                &scores,
                enclosing(&scores, Some(1.0)),
                "share or area, 1 at best",
            )?;
            let exponent = self.learning_rate_exponent();
            let scale = 10_f64.powi(exponent);
            let rate = [self.series("", theme::PURPLE, |epoch| epoch.learning_rate / scale)];
            let highest = rate[0].values.iter().copied().filter(|rate| rate.is_finite()).fold(0.0, f64::max);
            let title = format!("learning rate (×10{})", superscript(exponent));
            let range = (0.0, if highest > 0.0 { highest * 1.05 } else { 1.0 });
            self.panel(canvas, 2, "Learning rate", &rate, range, &title)
        })
    }

    fn series(&self, name: &'static str, colour: RGBColor, value: impl Fn(&Epoch) -> f64) -> Series {
        Series { name, colour, values: self.epochs.iter().map(value).collect() }
    }

    /// The power of ten of the highest learning rate.
    fn learning_rate_exponent(&self) -> i32 {
        let rates = self.epochs.iter().map(|epoch| epoch.learning_rate);
        let highest = rates.filter(|rate| rate.is_finite()).fold(0.0, f64::max);
        if highest > 0.0 { highest.log10().floor() as i32 } else { 0 }
    }

    fn caption(&self) -> String {
        let mut parts = vec![format!(
            "{} {} on {} images, validated on {}",
            thousands(self.epochs.len() as u64),
            if self.epochs.len() == 1 { "epoch" } else { "epochs" },
            thousands(self.n_train),
            thousands(self.n_validation),
        )];
        if let Some((number, best)) = self.best_epoch.and_then(|best| Some((best, self.epochs.get(best - 1)?))) {
            let scores =
                [("loss", best.validation_loss), ("accuracy", best.validation_accuracy), ("AUC", best.validation_auc)];
            let finite = scores.into_iter().filter(|(_, value)| value.is_finite());
            let written: Vec<String> = finite.map(|(name, value)| format!("{name} {value:.3}")).collect();
            parts.push(format!("best epoch {number}: {}", written.join(", ")));
        }
        let broken = self.epochs.iter().filter(|epoch| !(epoch.train_loss + epoch.validation_loss).is_finite()).count();
        if broken > 0 {
            parts.push(format!("{broken} with a loss that is not finite"));
        }
        parts.join("  ·  ")
    }

    fn panel(
        &self,
        canvas: &Canvas<'_>,
        column: usize,
        heading: &str,
        series: &[Series],
        (low, high): (f64, f64),
        title: &str,
    ) -> Result<()> {
        let gap = (theme::WIDTH - 2.0 * theme::MARGIN - 3.0 * (WIDTH + Panel::LEFT)) / 2.0;
        let left = theme::MARGIN + Panel::LEFT + column as f64 * (WIDTH + Panel::LEFT + gap);
        let (from, to) = ((left, TOP), (left + WIDTH, HEIGHT - Panel::BELOW - 12.0));
        let last = self.epochs.len() as u64;
        let x = Axis {
            low: if last == 1 { 0.5 } else { 1.0 },
            high: if last == 1 { 1.5 } else { last as f64 },
            ticks: epoch_ticks(last),
            title: "epoch".into(),
        };
        let y = Axis { low, high, ticks: labelled_ticks(low, high, 5), title: title.to_owned() };
        let panel = Panel::new(canvas, (from, to), heading, x, y)?;
        if let Some(best) = self.best_epoch {
            let (x, _) = panel.place((best as f64, low));
            canvas.dashed((x, from.1), (x, to.1), theme::AXIS, 1.25)?;
            let (label, style) = ("best epoch", Style::new(theme::TICK, theme::MUTED));
            let half = text::width(label, theme::TICK, Weight::Regular) / 2.0;
            canvas.text(label, (x.clamp(from.0 + half, to.0 - half), from.1 - 11.0), style.middle())?;
        }
        for Series { colour, values, .. } in series {
            let points: Vec<_> = values.iter().enumerate().map(|(epoch, &value)| ((epoch + 1) as f64, value)).collect();
            panel.curve(&points, *colour, 2.0)?;
            if let Some(best) =
                self.best_epoch.and_then(|best| points.get(best - 1)).filter(|(_, value)| value.is_finite())
            {
                canvas.dot(panel.place(*best), 4.5, *colour)?;
            }
        }
        if series.iter().all(|series| series.values.iter().all(|value| !value.is_finite())) {
            let style = Style::new(theme::BODY, theme::MUTED).middle();
            canvas.text("no finite values", ((from.0 + to.0) / 2.0, (from.1 + to.1) / 2.0), style)?;
        }
        let names: Vec<_> =
            series.iter().filter(|series| !series.name.is_empty()).map(|series| (series.name, series.colour)).collect();
        let heading = text::width(heading, theme::HEADING, Weight::Bold);
        canvas.legend((from.0 + heading + 20.0, from.1 - Panel::HEADING_ABOVE), &names).map(drop)
    }
}

/// A range around all finite values with a little air; up to `ceiling` where that is given.
fn enclosing(series: &[Series], ceiling: Option<f64>) -> (f64, f64) {
    let finite = || series.iter().flat_map(|series| series.values.iter().copied()).filter(|value| value.is_finite());
    let (low, high) =
        finite().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    if low > high {
        return (0.0, 1.0);
    }
    let high = ceiling.map_or(high, |ceiling| high.max(ceiling));
    let air = if high > low { (high - low) * 0.06 } else { high.abs().max(1e-3) * 0.1 };
    (low - air, if ceiling.is_some() { high } else { high + air })
}

/// Whole epochs, the first among them where it has room.
fn epoch_ticks(last: u64) -> Vec<(f64, String)> {
    let mut ticks = whole_ticks(0, last, 6);
    ticks.retain(|(tick, _)| *tick >= 1.0);
    let step = ticks.windows(2).map(|pair| pair[1].0 - pair[0].0).next().unwrap_or(1.0);
    if ticks.first().is_none_or(|(first, _)| first - 1.0 >= 0.6 * step) {
        ticks.insert(0, (1.0, "1".into()));
    }
    ticks
}
