//! Progress on standard error: rate and remaining time on a terminal, nothing when piped.

use std::io::Write;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::table::visible;

/// A bar over `total` of `what`, as in "images". Shows nothing where standard error is no terminal.
pub(crate) fn bar(total: usize, what: &str, message: impl Into<String>) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::stderr());
    let template = format!("{{msg}} {{wide_bar}} {{pos}}/{{len}} {what}, {{per_sec}}, {{eta}} left");
    if let Ok(style) = ProgressStyle::with_template(&template) {
        bar.set_style(style);
    }
    bar.set_message(message.into());
    bar
}

/// Something to know that is not the result: goes to standard error.
pub(crate) fn note(text: impl std::fmt::Display) {
    // Where nobody can be told, the work still counts.
    let _ = writeln!(std::io::stderr(), "{}", visible(&text.to_string(), &['\n']));
}
