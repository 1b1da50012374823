//! How far probabilities can be taken at their word: the share of fake images against the probability of being
//! fake, bin by bin, with the number of images in each.

use crate::canvas::{Canvas, Style};
use crate::number::{labelled_ticks, thousands};
use crate::panel::{Axis, Panel};
use crate::text::{self, Weight};
use crate::{Error, Figure, Result, theme};

/// The figure's numbers.
#[derive(Clone, Debug)]
pub struct ReliabilityFigure<'n> {
    /// The heading, as in "Reliability on CIFAKE test".
    pub title: &'n str,
    /// One or two sets of probabilities of the same images, as in before and after calibration.
    pub panels: &'n [ReliabilityPanel<'n>],
}

/// One set of probabilities.
#[derive(Clone, Debug)]
pub struct ReliabilityPanel<'n> {
    /// Its heading.
    pub name: &'n str,
    /// Lines in its corner, as in "ECE 0.0214".
    pub notes: Vec<String>,
    /// Equal-width bins of the probability of being fake over `0..=1`.
    pub bins: &'n [ReliabilityBin],
}

/// Images whose probability falls into one bin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReliabilityBin {
    /// Number of images.
    pub count: u64,
    /// Their mean probability, in `0..=1`; `None` where there are none.
    pub mean_probability: Option<f64>,
    /// The share of them that are fake, in `0..=1`; `None` where there are none.
    pub share_fake: Option<f64>,
    /// That share's 95% interval, `[low, high]`.
    pub interval: [f64; 2],
}

const HEIGHT: f64 = 660.0;
const TOP: f64 = 138.0;
/// The diagrams are squares of this side.
const SIDE: f64 = 380.0;
/// The strip of counts below them.
const STRIP: f64 = 62.0;
const GAP: f64 = 14.0;

impl ReliabilityFigure<'_> {
    /// Draws the figure, 660 pixels high, 470 wide for each panel and 56 more.
    ///
    /// # Errors
    /// [`Error::Numbers`] where there are no panels or no images, a number is not finite or outside `0..=1`, or a
    /// bin has images but no shares.
    pub fn draw(&self) -> Result<Figure> {
        self.check()?;
        let each = theme::MARGIN + Panel::LEFT + SIDE;
        let width = each * self.panels.len() as f64 + 2.0 * theme::MARGIN;
        Canvas::compose(width, HEIGHT, self.title, |canvas| {
            let n = self.panels.iter().map(|panel| panel.n()).max().unwrap_or(0);
            let caption = format!("n = {}  ·  bars: 95% Wilson intervals", thousands(n));
            canvas.title(self.title, &caption, width)?;
            self.panels.iter().enumerate().try_for_each(|(position, panel)| {
                panel.draw(canvas, theme::MARGIN + Panel::LEFT + position as f64 * each)
            })
        })
    }

    fn check(&self) -> Result<()> {
        let refuse = |found: String, expected| Err(Error::Numbers { figure: "reliability diagram", found, expected });
        if self.panels.is_empty() {
            return refuse("no panels".into(), "at least one");
        }
        for panel in self.panels {
            if panel.n() == 0 {
                return refuse(format!("no images in {}", panel.name), "at least one image");
            }
            for bin in panel.bins {
                let shares = bin.mean_probability.into_iter().chain(bin.share_fake).chain(bin.interval);
                if let Some(share) = shares.into_iter().find(|share| !(0.0..=1.0).contains(share)) {
                    return refuse(format!("{share} in {}", panel.name), "finite numbers in 0..=1");
                }
                if bin.count > 0 && (bin.mean_probability.is_none() || bin.share_fake.is_none()) {
                    return refuse(format!("{} images without shares in {}", bin.count, panel.name), "both shares");
                }
            }
        }
        Ok(())
    }
}

impl ReliabilityPanel<'_> {
    fn n(&self) -> u64 {
        self.bins.iter().map(|bin| bin.count).sum()
    }

    fn draw(&self, canvas: &Canvas<'_>, left: f64) -> Result<()> {
        let bottom = TOP + SIDE;
        let axis = |title: &str| Axis { low: 0.0, high: 1.0, ticks: labelled_ticks(0.0, 1.0, 5), title: title.into() };
        // The strip's axis is shared, so this one has no labels of its own.
        let ticks = labelled_ticks(0.0, 1.0, 5).into_iter().map(|(tick, _)| (tick, String::new())).collect();
        let shared = Axis { ticks, ..axis("") };
        let corners = ((left, TOP), (left + SIDE, bottom));
        let panel = Panel::new(canvas, corners, self.name, shared, axis("fake images (share)"))?;
        panel.dashed((0.0, 0.0), (1.0, 1.0), theme::AXIS)?;
        let filled = self.bins.iter().filter(|bin| bin.count > 0);
        let points: Vec<_> =
            filled.filter_map(|bin| Some((bin.mean_probability?, bin.share_fake?, bin.interval))).collect();
        for &(x, _, [low, high]) in &points {
            let ((x, from), (_, to)) = (panel.place((x, low)), panel.place((x, high)));
            canvas.line(&[(x, from), (x, to)], theme::INK, 1.5)?;
            for y in [from, to] {
                canvas.line(&[(x - 4.0, y), (x + 4.0, y)], theme::INK, 1.5)?;
            }
        }
        panel.curve(&points.iter().map(|&(x, y, _)| (x, y)).collect::<Vec<_>>(), theme::BLUE, 2.0)?;
        points.iter().try_for_each(|&(x, y, _)| canvas.dot(panel.place((x, y)), 4.5, theme::BLUE))?;
        for (row, note) in self.notes.iter().enumerate() {
            let at = (left + 14.0, TOP + 18.0 + row as f64 * 21.0);
            let width = text::width(note, theme::BODY, Weight::Regular);
            // Intervals of the first bins may reach up here.
            canvas.rectangle((at.0 - 3.0, at.1 - 10.0), (at.0 + width + 3.0, at.1 + 10.0), theme::PAPER)?;
            canvas.text(note, at, Style::new(theme::BODY, theme::INK))?;
        }
        self.draw_counts(canvas, (left, bottom + GAP))
    }

    /// How many images stand behind each point.
    fn draw_counts(&self, canvas: &Canvas<'_>, (left, top): (f64, f64)) -> Result<()> {
        let bottom = top + STRIP;
        let most = self.bins.iter().map(|bin| bin.count).max().unwrap_or(1).max(1) as f64;
        let width = SIDE / self.bins.len() as f64;
        for (position, bin) in self.bins.iter().enumerate().filter(|(_, bin)| bin.count > 0) {
            let x = left + position as f64 * width;
            // Room for the number above; a single image is still a line.
            let height = (bin.count as f64 / most * (STRIP - 16.0)).max(1.0);
            canvas.rectangle((x + 1.0, bottom - height), (x + width - 1.0, bottom), theme::tint(theme::BLUE, 0.4))?;
            let mut number = thousands(bin.count);
            if text::width(&number, theme::TICK, Weight::Regular) > width {
                number = shortened(bin.count);
            }
            let style = Style::new(theme::TICK, theme::MUTED).middle();
            canvas.text(&number, (x + width / 2.0, bottom - height - 8.0), style)?;
        }
        canvas.line(&[(left, bottom), (left + SIDE, bottom)], theme::AXIS, 1.0)?;
        for (value, label) in labelled_ticks(0.0, 1.0, 5) {
            canvas.text(
                &label,
                (left + value * SIDE, bottom + 14.0),
                Style::new(theme::TICK, theme::MUTED).middle(),
            )?;
        }
        let title = Style::new(theme::BODY, theme::INK);
        canvas.text("probability of being fake", (left + SIDE / 2.0, bottom + 38.0), title.middle())?;
        canvas.text("images", (left - 50.0, (top + bottom) / 2.0), title.upwards())
    }
}

/// `12345` as `12k`, in thousands, millions or more.
fn shortened(count: u64) -> String {
    let (unit, name) = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")]
        .into_iter()
        .find(|(unit, _)| count as f64 >= 0.9995 * unit)
        .unwrap_or((1.0, ""));
    format!("{:.0}{name}", count as f64 / unit)
}
