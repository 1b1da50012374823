//! Finds the detector that is compiled into the library: `weights/release.safetensors`, or the file that
//! FAUXTO_BUILT_IN names, as for a program that ships a detector of its own. Without either the library
//! has no built-in detector and says so when asked for it.

use std::path::PathBuf;

fn main() {
    println!("cargo::rustc-check-cfg=cfg(built_in)");
    println!("cargo::rerun-if-env-changed=FAUXTO_BUILT_IN");
    let named = std::env::var_os("FAUXTO_BUILT_IN").filter(|name| !name.is_empty()).map(PathBuf::from);
    let own = || PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let path = named.clone().unwrap_or_else(|| own().join("weights/release.safetensors"));
    println!("cargo::rerun-if-changed={}", path.display());
    match std::path::absolute(&path) {
        Ok(path) if path.is_file() => {
            println!("cargo::rustc-cfg=built_in");
            println!("cargo::rustc-env=FAUXTO_BUILT_IN_PATH={}", path.display());
        }
        _ if named.is_some() => println!("cargo::error=FAUXTO_BUILT_IN: found no file {}", path.display()),
        _ => {}
    }
}
