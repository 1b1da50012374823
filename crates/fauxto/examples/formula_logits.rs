//! Prints the logits of a checkpoint for the images of `tests/golden/models/formula.py`, as JSON, for
//! `load_in_timm.py` beside it to compare with:
//!
//!     cargo run --release --example formula_logits -- CHECKPOINT > logits.json
//!     python crates/fauxto/tests/golden/models/load_in_timm.py CHECKPOINT --expected logits.json

#[path = "../tests/formula/mod.rs"]
mod formula;

use std::path::Path;

use burn::tensor::{Device, Tensor};
use fauxto::checkpoint;

#[allow(clippy::print_stdout)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("usage: formula_logits CHECKPOINT")?;
    let device = Device::flex();
    let frozen = checkpoint::load(Path::new(&path), &device)?.detector.freeze();
    let pixels = formula::pixels("input", [4, 32, 32]);
    let logits = frozen.logits(Tensor::from_data(pixels, &device)).into_data();
    let rows: Vec<Vec<f32>> = logits.iter::<f32>().collect::<Vec<_>>().chunks(2).map(<[f32]>::to_vec).collect();
    println!("{}", serde_json::to_string(&rows)?);
    Ok(())
}
