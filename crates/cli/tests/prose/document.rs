//! Files of the project, and what they must hold.
//!
//! With `FAUXTO_WRITE_TABLES=1` in the environment a table that differs is written in place of the one under the
//! same header, where there is one such, and a figure in place of its file; then the diff shows what the results changed.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

fn at(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// The text of a file of the project.
pub(crate) fn read(path: &str) -> String {
    let path = at(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The JSON in a file of the project.
pub(crate) fn json(path: &str) -> Value {
    serde_json::from_str(&read(path)).unwrap()
}

/// Fails if `file` lacks `text`.
#[track_caller]
pub(crate) fn assert_in(file: &str, text: &str) {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let prose = read(file);
    if prose.contains(text) {
        return;
    }
    if std::env::var_os("FAUXTO_WRITE_TABLES").is_some()
        && let Some(written) = replace_table(&prose, text)
    {
        std::fs::write(at(file), written).unwrap();
        return;
    }
    panic!("{file} lacks this:\n{text}");
}

/// Fails if the page on what was measured lacks `text`.
#[track_caller]
pub(crate) fn assert_in_results(text: &str) {
    assert_in("results/README.md", text);
}

/// Fails if the figure at `path` is not `svg`; with `FAUXTO_WRITE_TABLES=1` it is written.
#[track_caller]
pub(crate) fn assert_drawn(path: &str, svg: &str) {
    if std::fs::read_to_string(at(path)).is_ok_and(|drawn| drawn == svg) {
        return;
    }
    assert!(std::env::var_os("FAUXTO_WRITE_TABLES").is_some(), "{path} is not the figure of these results");
    std::fs::write(at(path), svg).unwrap();
}

/// `prose` with `table` in place of the one table under the same header; `None` where there is none or several.
fn replace_table(prose: &str, table: &str) -> Option<String> {
    let header = table.lines().next().filter(|line| line.starts_with('|'))?;
    let lines: Vec<&str> = prose.lines().collect();
    let mut places = lines.iter().enumerate().filter(|(_, line)| **line == header).map(|(place, _)| place);
    let (Some(start), None) = (places.next(), places.next()) else { return None };
    let length = lines[start..].iter().take_while(|line| line.starts_with('|')).count();
    let parts = [lines[..start].join("\n"), table.trim_end().to_owned(), lines[start + length..].join("\n")];
    Some(parts.join("\n") + "\n")
}
