//! What is there, and what is not and why.

use maud::{Markup, html};

/// Something a report has a place for, or why it is not there.
#[derive(Clone, Debug)]
pub enum Part<T> {
    /// It is there.
    There(T),
    /// It is not, for this reason, a sentence that also says how to get it.
    Missing(String),
}

impl<T> Part<T> {
    /// What is there, if it is.
    pub fn there(&self) -> Option<&T> {
        match self {
            Self::There(value) => Some(value),
            Self::Missing(_) => None,
        }
    }

    /// `show`s what is there, or the reason why it is not.
    pub(crate) fn or_reason(&self, show: impl FnOnce(&T) -> Markup) -> Markup {
        match self {
            Self::There(value) => show(value),
            Self::Missing(reason) => html! { p.missing { (marked(reason)) } },
        }
    }
}

/// `text` with what stands between backticks as code.
pub(crate) fn marked(text: &str) -> Markup {
    let pieces: Vec<&str> = text.split('`').collect();
    // An odd one out marks nothing.
    let even = pieces.len().is_multiple_of(2);
    html! {
        @for (place, piece) in pieces.iter().enumerate() {
            @if even && place + 1 == pieces.len() { "`" (piece) }
            @else if place % 2 == 1 { code { (piece) } }
            @else { (piece) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::marked;

    #[test]
    fn backticks_mark_code_in_pairs() {
        assert_eq!(marked("run `a <b>` now").into_string(), "run <code>a &lt;b&gt;</code> now");
        assert_eq!(marked("one ` alone").into_string(), "one ` alone");
        assert_eq!(marked("plain").into_string(), "plain");
    }
}
