//! Drawing primitives in pixels of the finished figure, over plotters' SVG backend.

use plotters::backend::SVGBackend;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Circle, Drawable, PathElement, PointCollection, Polygon, Rectangle, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontStyle, IntoFont, RGBColor, ShapeStyle, TextStyle};

use crate::text::{self, FAMILY, Weight};
use crate::{Error, Figure, Result, theme};

/// Plotters rounds coordinates to whole units, so figures are drawn in quarters of a pixel and
/// the SVG's `viewBox` scales them back.
const UNITS: f64 = 4.0;

/// Plotters' SVG backend divides font sizes by this.
const FONT_SCALE: f64 = 1.24;

/// A point in pixels from the upper left corner.
pub(crate) type Point = (f64, f64);

/// How one line of text looks and where it stands relative to its point.
#[derive(Clone, Copy)]
pub(crate) struct Style {
    size: f64,
    colour: RGBColor,
    weight: Weight,
    horizontal: HPos,
    upwards: bool,
}

impl Style {
    /// Regular text that starts at its point and is centred on it vertically.
    pub(crate) fn new(size: f64, colour: RGBColor) -> Self {
        Self { size, colour, weight: Weight::Regular, horizontal: HPos::Left, upwards: false }
    }

    pub(crate) fn bold(self) -> Self {
        Self { weight: Weight::Bold, ..self }
    }

    /// Centred on its point.
    pub(crate) fn middle(self) -> Self {
        Self { horizontal: HPos::Center, ..self }
    }

    /// Ends at its point.
    pub(crate) fn end(self) -> Self {
        Self { horizontal: HPos::Right, ..self }
    }

    /// Read from below, centred on its point.
    pub(crate) fn upwards(self) -> Self {
        Self { upwards: true, ..self.middle() }
    }
}

/// A sheet of white paper.
pub(crate) struct Canvas<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
}

impl Canvas<'_> {
    /// Draws a figure of `width` by `height` pixels; `title` is also its name for screen readers.
    pub(crate) fn compose(
        width: f64,
        height: f64,
        title: &str,
        paint: impl FnOnce(&Canvas<'_>) -> Result<()>,
    ) -> Result<Figure> {
        let (width, height) = (width.round(), height.round());
        let mut svg = String::new();
        {
            let size = ((width * UNITS) as u32, (height * UNITS) as u32);
            let canvas = Canvas { area: SVGBackend::with_string(&mut svg, size).into_drawing_area() };
            canvas.rectangle((0.0, 0.0), (width, height), theme::PAPER)?;
            paint(&canvas)?;
            canvas.area.present().map_err(|reason| Error::drawing("finishing the drawing", reason))?;
        }
        let body = svg.split_once('\n').map_or("", |(_, body)| body);
        let svg = format!(
            "<svg width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {} {}\" xmlns=\"http://www.w3.org/2000/svg\" \
             role=\"img\" stroke-linejoin=\"round\">\n<title>{}</title>\n{body}",
            width * UNITS,
            height * UNITS,
            text::escaped(title)
        );
        Ok(Figure::new(svg, width as u32, height as u32))
    }

    fn draw<E>(&self, element: &E) -> Result<()>
    where
        for<'e> &'e E: PointCollection<'e, (i32, i32)>,
        for<'b> E: Drawable<SVGBackend<'b>>,
    {
        self.area.draw(element).map_err(|reason| Error::drawing("drawing", reason))
    }

    /// One line of text.
    pub(crate) fn text(&self, text: &str, at: Point, style: Style) -> Result<()> {
        // The backend centres small letters; figures and capitals are taller.
        let lower = 0.09 * style.size;
        let at = if style.upwards { (at.0 + lower, at.1) } else { (at.0, at.1 + lower) };
        let mut font = (FAMILY, style.size * FONT_SCALE * UNITS).into_font();
        if style.weight == Weight::Bold {
            font = font.style(FontStyle::Bold);
        }
        if style.upwards {
            font = font.transform(plotters::style::FontTransform::Rotate270);
        }
        let style = TextStyle::from(font).color(&style.colour).pos(Pos::new(style.horizontal, VPos::Center));
        self.draw(&Text::new(text::printable(text), units(at), style))
    }

    /// A filled rectangle.
    pub(crate) fn rectangle(&self, from: Point, to: Point, fill: RGBColor) -> Result<()> {
        self.draw(&Rectangle::new([units(from), units(to)], fill.filled()))
    }

    /// The outline of a rectangle.
    pub(crate) fn outline(&self, from: Point, to: Point, colour: RGBColor, width: f64) -> Result<()> {
        self.line(&[from, (to.0, from.1), to, (from.0, to.1), from, (to.0, from.1)], colour, width)
    }

    /// A line through all points.
    pub(crate) fn line(&self, points: &[Point], colour: RGBColor, width: f64) -> Result<()> {
        self.draw(&PathElement::new(points.iter().copied().map(units).collect::<Vec<_>>(), stroke(colour, width)))
    }

    /// A dashed line between two points.
    pub(crate) fn dashed(&self, from: Point, to: Point, colour: RGBColor, width: f64) -> Result<()> {
        const DASH: f64 = 5.0;
        const GAP: f64 = 4.0;
        let length = (to.0 - from.0).hypot(to.1 - from.1);
        let at = |along: f64| {
            let share = (along / length).min(1.0);
            (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share)
        };
        let dashes = (length / (DASH + GAP)).ceil() as usize;
        (0..dashes)
            .map(|dash| dash as f64 * (DASH + GAP))
            .try_for_each(|start| self.line(&[at(start), at(start + DASH)], colour, width))
    }

    /// A filled, see-through polygon.
    pub(crate) fn polygon(&self, points: &[Point], colour: RGBColor, opacity: f64) -> Result<()> {
        self.draw(&Polygon::new(points.iter().copied().map(units).collect::<Vec<_>>(), colour.mix(opacity)))
    }

    /// A filled circle with a white rim that sets it off from lines.
    pub(crate) fn dot(&self, at: Point, radius: f64, colour: RGBColor) -> Result<()> {
        self.draw(&Circle::new(units(at), ((radius + 1.2) * UNITS) as i32, theme::PAPER.filled()))?;
        self.draw(&Circle::new(units(at), (radius * UNITS) as i32, colour.filled()))
    }

    /// Title and caption in the upper left corner, shortened where the figure is too narrow.
    pub(crate) fn title(&self, title: &str, caption: &str, width: f64) -> Result<()> {
        let room = width - 2.0 * theme::MARGIN;
        let title = text::shortened(title, theme::TITLE, Weight::Bold, room);
        let caption = text::shortened(caption, theme::BODY, Weight::Regular, room);
        self.text(&title, (theme::MARGIN, 34.0), Style::new(theme::TITLE, theme::INK).bold())?;
        self.text(&caption, (theme::MARGIN, 61.0), Style::new(theme::BODY, theme::MUTED))
    }

    /// Swatches with names in one row from `at` on; returns where the row ends.
    pub(crate) fn legend(&self, at: Point, entries: &[(&str, RGBColor)]) -> Result<f64> {
        let mut x = at.0;
        for (name, colour) in entries {
            self.rectangle((x, at.1 - 5.0), (x + 10.0, at.1 + 5.0), *colour)?;
            self.text(name, (x + 15.0, at.1), Style::new(theme::BODY, theme::INK))?;
            x += 15.0 + text::width(name, theme::BODY, Weight::Regular) + 18.0;
        }
        Ok(x)
    }
}

impl Figure {
    /// The figure with `images`, SVG elements placed in pixels, on top.
    pub(crate) fn with_images(self, images: &str) -> Self {
        let (width, height) = self.size();
        let body = self.svg().strip_suffix("</svg>\n").unwrap_or(self.svg());
        Self::new(format!("{body}<g transform=\"scale({UNITS})\">\n{images}</g>\n</svg>\n"), width, height)
    }
}

fn units((x, y): Point) -> (i32, i32) {
    ((x * UNITS).round() as i32, (y * UNITS).round() as i32)
}

fn stroke(colour: RGBColor, width: f64) -> ShapeStyle {
    ShapeStyle { color: colour.to_rgba(), filled: false, stroke_width: (width * UNITS).round() as u32 }
}
