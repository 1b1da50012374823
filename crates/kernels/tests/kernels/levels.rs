//! Every test of this program once more for each lesser instruction set, as processors without the best run
//! it: `FAUXTO_SIMD` counts once a process, hence a process each.

use std::process::Command;

fn run_all(level: &str) {
    let program = std::env::current_exe().unwrap();
    let output = Command::new(program).args(["--skip", "levels::"]).env("FAUXTO_SIMD", level).output().unwrap();
    let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "at FAUXTO_SIMD={level}:\n{said}\n{complained}");
    assert!(said.contains("nan_passes_through ... ok"), "ran nothing:\n{said}");
}

/// Without tiles.
#[test]
fn kernels_agree_with_their_twins_under_avx512() {
    run_all("avx512");
}

#[test]
fn kernels_agree_with_their_twins_under_avx2() {
    run_all("avx2");
}

#[test]
fn kernels_agree_with_their_twins_in_portable_code() {
    run_all("portable");
}
