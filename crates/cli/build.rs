//! Records the revision the binary is built from, so that every run can name it.

use std::process::Command;

fn main() {
    let output = Command::new("git").args(["rev-parse", "--short=12", "HEAD"]).output();
    let commit = output
        .ok()
        .filter(|output| output.status.success())
        .and_then(|output| String::from_utf8(output.stdout).ok())
        .map_or_else(|| "unknown".to_owned(), |text| text.trim().to_owned());
    println!("cargo::rustc-env=FAUXTO_COMMIT={commit}");
    println!("cargo::rerun-if-changed=../../.git/logs/HEAD");
}
