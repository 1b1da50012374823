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
            Self::Missing(reason) => html! { p.missing { (reason) } },
        }
    }
}
