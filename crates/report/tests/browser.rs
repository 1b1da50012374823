//! The report in a browser: no errors, every picture visible, nothing wider than the window, on a desktop and on a
//! phone. Needs Chromium (`scripts/install-chromium`, or `CHROMIUM` naming one); skips visibly where there is none.

#![allow(clippy::print_stderr, reason = "a skipped test says so")]

mod sample;
mod window;

#[test]
fn a_browser_shows_the_report_whole_on_a_desktop_and_on_a_phone() {
    let Some(chromium) = window::chromium() else {
        eprintln!("SKIPPED: no Chromium (scripts/install-chromium installs Debian's)");
        return;
    };
    for (report, sections, images) in [(sample::whole(), 9, 12), (sample::sparse(), 8, 0)] {
        let html = report.html();
        for (width, dark) in [(390, false), (1280, false), (390, true)] {
            let seen = window::look(&chromium, &html, width, dark);
            assert!(seen.is_whole(), "at {width} pixels: {seen:?}");
            assert_eq!((seen.title.as_str(), seen.sections, seen.images), (report.title.as_str(), sections, images));
            assert_eq!(seen.paper, if dark { "rgb(21, 25, 28)" } else { "rgb(252, 252, 251)" });
        }
    }
}
