//! Writes a report of made-up numbers: `cargo run -p report --example sample -- FILE`, with `sparse` after it one of a
//! folder that holds little.

#[path = "../tests/sample/mod.rs"]
mod sample;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let file = arguments.next().ok_or("expected the file to write")?;
    let report = if arguments.next().is_some_and(|word| word == "sparse") { sample::sparse() } else { sample::whole() };
    std::fs::write(file, report.html())?;
    Ok(())
}
