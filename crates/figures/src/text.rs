//! The font, how wide text is in it, and text that fits.

use std::sync::{Arc, LazyLock};

use resvg::usvg;

/// DejaVu Sans first, since it is what the PNG is rendered with; Verdana has its widths.
pub(crate) const FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";

/// Whether text is bold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    Regular,
    Bold,
}

/// Options for reading SVG with nothing but the font in the binary: what the machine has installed
/// must not change a figure.
pub(crate) fn options() -> usvg::Options<'static> {
    static FONTS: LazyLock<Arc<usvg::fontdb::Database>> = LazyLock::new(|| {
        let mut fonts = usvg::fontdb::Database::new();
        fonts.load_font_data(dejavu::sans::regular().to_vec());
        fonts.load_font_data(dejavu::sans::bold().to_vec());
        fonts.set_sans_serif_family("DejaVu Sans");
        Arc::new(fonts)
    });
    usvg::Options { fontdb: Arc::clone(&FONTS), font_family: "DejaVu Sans".into(), ..Default::default() }
}

/// Text as XML can hold it: control characters, which no XML may contain, become `�`.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect()
}

/// `text` with XML's own characters escaped.
pub(crate) fn escaped(text: &str) -> String {
    printable(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Width of one line of text in pixels at `size` pixels, as rendered.
pub(crate) fn width(text: &str, size: f64, weight: Weight) -> f64 {
    let weight = if weight == Weight::Bold { "bold" } else { "normal" };
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1\" height=\"1\">\
         <text font-family=\"{FAMILY}\" font-size=\"{size}\" font-weight=\"{weight}\">{}</text></svg>",
        escaped(text)
    );
    usvg::Tree::from_str(&svg, &options()).map_or(0.0, |tree| f64::from(tree.root().abs_bounding_box().width()))
}

/// `text`, or as much of its beginning as fits into `room` pixels with an ellipsis.
pub(crate) fn shortened(text: &str, size: f64, weight: Weight, room: f64) -> String {
    if width(text, size, weight) <= room {
        return text.to_owned();
    }
    let characters: Vec<char> = text.chars().collect();
    let cut = |kept: usize| format!("{}…", characters[..kept].iter().collect::<String>().trim_end());
    let lengths: Vec<usize> = (0..=characters.len()).collect();
    let fitting = lengths.partition_point(|&kept| width(&cut(kept), size, weight) <= room);
    cut(fitting.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_come_from_the_font() {
        // DejaVu Sans: the advance of "0" is 1303 of 2048 units.
        let digits = width("0000000000", 100.0, Weight::Regular);
        assert!((digits / (10.0 * 100.0 * 1303.0 / 2048.0) - 1.0).abs() < 0.02, "{digits}");
        assert!(width("0000000000", 100.0, Weight::Bold) > digits);
        assert_eq!(width("", 100.0, Weight::Regular), 0.0);
    }

    #[test]
    fn what_does_not_fit_is_shortened_until_it_does() {
        assert_eq!(shortened("short", 12.0, Weight::Regular, 100.0), "short");
        let cut = shortened("a name that is far too long", 12.0, Weight::Regular, 100.0);
        assert!(cut.ends_with('…') && width(&cut, 12.0, Weight::Regular) <= 100.0, "{cut}");
        assert!(cut.len() > 10, "{cut}");
        assert_eq!(shortened("anything", 12.0, Weight::Regular, 0.0), "…");
    }

    #[test]
    fn text_cannot_break_the_document() {
        assert_eq!(escaped("<a & \"b\">\u{1}"), "&lt;a &amp; &quot;b&quot;&gt;\u{fffd}");
    }
}
