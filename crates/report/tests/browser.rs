//! The report in a browser: no errors, every picture visible, nothing wider than the window, on a desktop and on a
//! phone. Needs Chromium (`scripts/install-chromium`, or `CHROMIUM` naming one); skips visibly where there is none.

mod sample;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The browser, if there is one.
fn chromium() -> Option<PathBuf> {
    let named = std::env::var_os("CHROMIUM").map(PathBuf::from);
    let search = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&search)
        .flat_map(|folder| ["chromium", "chromium-browser", "google-chrome"].map(|name| folder.join(name)))
        .find(|path| path.is_file());
    named.or(found)
}

fn open(chromium: &Path, page: &Path, profile: &Path, dark: bool) -> Output {
    let mut command = Command::new(chromium);
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]);
    command.args(["--disable-background-networking", "--disable-component-update", "--disable-sync"]);
    command.args(["--enable-logging=stderr", "--allow-file-access-from-files", "--virtual-time-budget=15000"]);
    if dark {
        command.arg("--blink-settings=preferredColorScheme=0");
    }
    command.arg(format!("--user-data-dir={}", profile.display()));
    command.arg("--dump-dom").arg(format!("file://{}", page.display()));
    command.output().unwrap_or_else(|error| panic!("{}: {error}", chromium.display()))
}

/// A page that shows the report in a window of `width` and writes down what it sees.
fn observer(width: u32) -> String {
    format!(
        r#"<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><body style="margin:0">
<iframe id="report" src="report.html" style="border:0;width:{width}px;height:900px"></iframe><pre id="seen"></pre><script>
const frame = document.getElementById("report");
frame.addEventListener("load", () => {{
  const page = frame.contentDocument, root = page.documentElement;
  const images = [...page.images];
  const seen = [
    "title=" + page.title,
    "sections=" + page.querySelectorAll("main > section").length,
    "images=" + images.length,
    "blank=" + images.filter(image => !(image.complete && image.naturalWidth > 0)).length,
    "window=" + root.clientWidth,
    "page=" + Math.max(root.scrollWidth, page.body.scrollWidth),
    "paper=" + frame.contentWindow.getComputedStyle(page.body).backgroundColor,
  ];
  page.querySelectorAll("details").forEach(details => details.open = true);
  seen.push("opened=" + Math.max(root.scrollWidth, page.body.scrollWidth));
  document.getElementById("seen").textContent = seen.join("\n");
}});
</script>"#
    )
}

#[test]
fn a_browser_shows_the_report_whole_on_a_desktop_and_on_a_phone() {
    let Some(chromium) = chromium() else {
        eprintln!("SKIPPED: no Chromium (scripts/install-chromium installs Debian's)");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    for (kind, report) in [("whole", sample::whole()), ("sparse", sample::sparse())] {
        std::fs::write(folder.path().join("report.html"), report.html()).unwrap();
        for (width, dark) in [(390, false), (1280, false), (390, true)] {
            let page = folder.path().join("observer.html");
            std::fs::write(&page, observer(width)).unwrap();
            let profile = folder.path().join(format!("{kind} {width} {dark}"));
            let output = open(&chromium, &page, &profile, dark);
            let (dom, log) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            let seen =
                dom.split("<pre id=\"seen\">").nth(1).unwrap_or_default().split("</pre>").next().unwrap_or_default();
            let value = |name: &str| {
                let line = seen.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
                line.unwrap_or_else(|| panic!("{kind} at {width}: no {name}\n{dom}\n{log}")).to_owned()
            };
            let number = |name: &str| value(name).parse::<u32>().unwrap();
            assert_eq!(value("title"), report.title);
            assert_eq!(number("sections"), if kind == "whole" { 9 } else { 8 });
            assert_eq!(number("images"), if kind == "whole" { 12 } else { 0 }, "{kind}");
            assert_eq!(number("blank"), 0, "{kind} at {width}: a picture is not shown");
            assert!(number("page") <= number("window"), "{kind} at {width}: {} wide", number("page"));
            assert!(number("opened") <= number("window"), "{kind} at {width}, unfolded: {} wide", number("opened"));
            assert_eq!(value("paper"), if dark { "rgb(21, 25, 28)" } else { "rgb(252, 252, 251)" });
            let complaints: Vec<&str> = log.lines().filter(|line| line.contains("CONSOLE")).collect();
            assert!(complaints.is_empty(), "{kind} at {width}: {complaints:?}");
        }
    }
}
