//! Draws every figure with made-up numbers: `cargo run -p figures --example gallery -- FOLDER`.

#[path = "../tests/samples/mod.rs"]
mod samples;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args_os().nth(1).ok_or("expected the folder to write to")?;
    for (name, draw) in samples::ALL {
        draw()?.save(std::path::Path::new(&folder).join(name))?;
    }
    Ok(())
}
