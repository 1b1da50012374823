//! A browser's window with a report in it, and what can be seen there.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The browser, if there is one: `CHROMIUM`, or the first of the usual names.
pub(crate) fn chromium() -> Option<PathBuf> {
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

/// What a window shows.
#[derive(Debug)]
pub(crate) struct Seen {
    /// The page's title.
    pub(crate) title: String,
    /// Sections of the page.
    pub(crate) sections: u32,
    /// Pictures of the page.
    pub(crate) images: u32,
    /// Those of them without a size, which are not shown.
    pub(crate) blank: u32,
    /// The window's width in pixels.
    pub(crate) window: u32,
    /// The page's width in pixels, as it opens.
    pub(crate) page: u32,
    /// The page's width in pixels with everything unfolded.
    pub(crate) opened: u32,
    /// The colour of the paper.
    pub(crate) paper: String,
    /// What the browser complained about.
    pub(crate) complaints: Vec<String>,
}

/// Opens `html` in a window of `width` pixels, under a light or a dark scheme.
pub(crate) fn look(chromium: &Path, html: &str, width: u32, dark: bool) -> Seen {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("report.html"), html).unwrap();
    let page = folder.path().join("observer.html");
    std::fs::write(&page, observer(width)).unwrap();
    let output = open(chromium, &page, &folder.path().join("profile"), dark);
    let (dom, log) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let seen = dom.split("<pre id=\"seen\">").nth(1).unwrap_or_default().split("</pre>").next().unwrap_or_default();
    let value = |name: &str| {
        let line = seen.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        line.unwrap_or_else(|| panic!("at {width} pixels: no {name}\n{dom}\n{log}")).to_owned()
    };
    let number = |name: &str| value(name).parse::<u32>().unwrap();
    Seen {
        title: value("title"),
        sections: number("sections"),
        images: number("images"),
        blank: number("blank"),
        window: number("window"),
        page: number("page"),
        opened: number("opened"),
        paper: value("paper"),
        complaints: log.lines().filter(|line| line.contains("CONSOLE")).map(str::to_owned).collect(),
    }
}

impl Seen {
    /// Everything shown, nothing wider than the window, no complaints.
    pub(crate) fn is_whole(&self) -> bool {
        self.blank == 0 && self.page <= self.window && self.opened <= self.window && self.complaints.is_empty()
    }
}
