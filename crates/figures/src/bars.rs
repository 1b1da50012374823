//! Named values with intervals side by side: one detector against another.

use crate::canvas::{Canvas, Style};
use crate::number::{labelled_ticks, percent, round_up, thousands};
use crate::panel::Panel;
use crate::text::{self, Weight};
use crate::{Error, Figure, Result, theme};

/// How values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notation {
    /// Shares in `0..=1`, written as percentages with one decimal; the axis ends at 100%.
    Percent,
    /// Numbers of at least 0 with this many decimals; the axis ends at a round number.
    Decimals(usize),
}

/// One bar.
#[derive(Clone, Debug)]
pub struct Bar {
    /// What it stands for, as in "ConvNeXt-Tiny".
    pub name: String,
    /// Which of the figure's series it belongs to, counted from 0.
    pub series: usize,
    /// Its value.
    pub value: f64,
    /// Its interval `[low, high]` around the value.
    pub interval: Option<[f64; 2]>,
}

/// The figure's numbers.
#[derive(Clone, Debug)]
pub struct Bars<'n> {
    /// The heading.
    pub title: &'n str,
    /// The line below it: which data, how many images, what the intervals are.
    pub caption: &'n str,
    /// What the values are, with their unit.
    pub axis: &'n str,
    /// How they are written.
    pub notation: Notation,
    /// Names of the series, at most six; a legend is drawn where there are more than one.
    pub series: &'n [&'n str],
    /// A value to compare with, and its name, as in "chance".
    pub reference: Option<(&'n str, f64)>,
    /// The bars from top to bottom.
    pub bars: &'n [Bar],
}

const ROW: f64 = 32.0;
const THICKNESS: f64 = 18.0;

impl Bars<'_> {
    /// Draws the figure, 1200 pixels wide and as high as it has bars.
    ///
    /// # Errors
    /// [`Error::Numbers`] where there are no bars, a value or interval is not finite, below 0 or,
    /// as a percentage, above 1, an interval does not hold its value, or a series is not named.
    pub fn draw(&self) -> Result<Figure> {
        self.check()?;
        let legend = if self.series.len() > 1 { 30.0 } else { 0.0 };
        let reference = if self.reference.is_some() { 20.0 } else { 0.0 };
        let top = 88.0 + legend + reference;
        let bottom = top + self.bars.len() as f64 * ROW + 8.0;
        Canvas::compose(theme::WIDTH, bottom + Panel::BELOW + 12.0, self.title, |canvas| {
            canvas.title(self.title, self.caption, theme::WIDTH)?;
            if self.series.len() > 1 {
                let entries: Vec<_> = self.series.iter().copied().zip(theme::SERIES).collect();
                canvas.legend((theme::MARGIN, 94.0), &entries)?;
            }
            self.draw_rows(canvas, top, bottom)
        })
    }

    fn check(&self) -> Result<()> {
        let refuse = |found: String, expected| Err(Error::Numbers { figure: "bar figure", found, expected });
        if self.bars.is_empty() {
            return refuse("no bars".into(), "at least one bar");
        }
        let greatest = if self.notation == Notation::Percent { 1.0 } else { f64::MAX };
        for bar in self.bars {
            let [low, high] = bar.interval.unwrap_or([bar.value; 2]);
            if !(0.0 <= low && low <= bar.value && bar.value <= high && high <= greatest) {
                return refuse(
                    format!("{}: {} in [{low}, {high}]", bar.name, bar.value),
                    "finite numbers of at least 0 (percentages: at most 1) within their interval",
                );
            }
            if bar.series >= self.series.len().clamp(1, theme::SERIES.len()) {
                return refuse(
                    format!("{}: series {} of {}", bar.name, bar.series, self.series.len()),
                    "a named series, of at most six",
                );
            }
        }
        match self.reference {
            Some((name, value)) if !(0.0..=greatest).contains(&value) => {
                refuse(format!("{name}: {value}"), "a finite reference on the axis")
            }
            _ => Ok(()),
        }
    }

    fn written(&self, value: f64) -> String {
        match self.notation {
            Notation::Percent => percent(value),
            Notation::Decimals(decimals) => format!("{value:.decimals$}"),
        }
    }

    fn label(&self, bar: &Bar) -> String {
        let end = |value: f64| self.written(value).trim_end_matches('%').to_owned();
        let interval = bar.interval.map(|[low, high]| format!("  [{}, {}]", end(low), end(high)));
        self.written(bar.value) + &interval.unwrap_or_default()
    }

    /// Where the axis ends.
    fn end(&self) -> f64 {
        let values = self.bars.iter().map(|bar| bar.interval.map_or(bar.value, |[_, high]| high));
        let greatest = values.chain(self.reference.map(|(_, value)| value)).fold(0.0, f64::max);
        match self.notation {
            Notation::Percent => 1.0,
            Notation::Decimals(_) if greatest > 0.0 => round_up(greatest),
            Notation::Decimals(_) => 1.0,
        }
    }

    fn tick_label(&self, tick: f64, label: String) -> String {
        match self.notation {
            Notation::Percent => format!("{}%", thousands((tick * 100.0).round() as u64)),
            Notation::Decimals(_) => label,
        }
    }

    fn draw_rows(&self, canvas: &Canvas<'_>, top: f64, bottom: f64) -> Result<()> {
        let widest = |texts: &mut dyn Iterator<Item = String>, size, weight| {
            texts.map(|text| text::width(&text, size, weight)).fold(0.0, f64::max)
        };
        let names = widest(&mut self.bars.iter().map(|bar| bar.name.clone()), theme::BODY, Weight::Regular).min(320.0);
        let labels = widest(&mut self.bars.iter().map(|bar| self.label(bar)), theme::BODY, Weight::Bold);
        let left = theme::MARGIN + names + 14.0;
        let right = theme::WIDTH - theme::MARGIN - labels - 16.0;
        let end = self.end();
        let place = |value: f64| left + value / end * (right - left);

        for (tick, label) in labelled_ticks(0.0, end, 5) {
            canvas.line(&[(place(tick), top), (place(tick), bottom)], theme::GRID, 1.0)?;
            let style = Style::new(theme::TICK, theme::MUTED).middle();
            canvas.text(&self.tick_label(tick, label), (place(tick), bottom + 14.0), style)?;
        }
        for (row, bar) in self.bars.iter().enumerate() {
            let y = top + 4.0 + (row as f64 + 0.5) * ROW;
            let colour = theme::SERIES[bar.series % theme::SERIES.len()];
            let name = text::shortened(&bar.name, theme::BODY, Weight::Regular, names);
            canvas.text(&name, (left - 10.0, y), Style::new(theme::BODY, theme::INK).end())?;
            let half = THICKNESS / 2.0;
            canvas.rectangle((left, y - half), (place(bar.value), y + half), theme::tint(colour, 0.55))?;
            canvas.line(&[(place(bar.value), y - half), (place(bar.value), y + half)], colour, 2.0)?;
            if let Some([low, high]) = bar.interval {
                canvas.line(&[(place(low), y), (place(high), y)], theme::INK, 1.5)?;
                for value in [low, high] {
                    canvas.line(&[(place(value), y - 4.0), (place(value), y + 4.0)], theme::INK, 1.5)?;
                }
            }
            canvas.text(&self.label(bar), (right + 16.0, y), Style::new(theme::BODY, theme::INK))?;
        }
        canvas.line(&[(left, top), (left, bottom), (right, bottom)], theme::AXIS, 1.0)?;
        let style = Style::new(theme::BODY, theme::INK).middle();
        canvas.text(self.axis, ((left + right) / 2.0, bottom + 38.0), style)?;
        if let Some((name, value)) = self.reference {
            let x = place(value);
            canvas.dashed((x, top - 6.0), (x, bottom), theme::INK, 1.25)?;
            let words = format!("{name} {}", self.written(value));
            let half = text::width(&words, theme::TICK, Weight::Regular) / 2.0;
            let at = x.clamp(theme::MARGIN + half, theme::WIDTH - theme::MARGIN - half);
            canvas.text(&words, (at, top - 16.0), Style::new(theme::TICK, theme::INK).middle())?;
        }
        Ok(())
    }
}
