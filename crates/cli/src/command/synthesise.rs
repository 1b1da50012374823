//! `fauxto synthesise`.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use fauxto::data::Side;
use fauxto::synthesise::{self, Format, Task};
use fauxto::write_atomically::NewFolder;
use serde::Serialize;

use super::{Outcome, say, say_json};
use crate::images::Images;
use crate::options::{DataOptions, DeviceOptions, PrecisionOptions};
use crate::progress;

/// Make fakes of the photographs of a split's training side: by a small generator that learns from them, or by rule
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    fauxto synthesise photos/ --split runs/mine --kind nearest --out made/\n  \
    fauxto synthesise train.parquet --split runs/mine --kind transposed --jpeg 75 --out made/\n  \
    fauxto synthesise photos/ --split runs/mine --kind warp --out bent/\n  \
    fauxto train photos/ --split runs/mine --also made/ --out runs/more\n\n\
    Images are 32 x 32 and labelled fake. A generator's come from the second half of its training, so from \
    many of its states; what is made by rule (blend, warp, rearrange) needs no training. A detector that has \
    learned from several kinds can be tried on one that was held out. `fauxto list generators` shows them.\n\
    Exit code 1: the data are not the ones that were split.")]
pub(crate) struct Arguments {
    /// The labelled images that were split
    data: PathBuf,
    /// The split, or a run that has one
    #[arg(long, value_name = "FILE|RUN")]
    split: PathBuf,
    /// What makes them (`fauxto list generators`)
    #[arg(long, value_name = "NAME")]
    kind: String,
    /// New folder for the images
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// Images to keep
    #[arg(long, value_name = "N", default_value_t = 5000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    count: u32,
    /// Steps that a generator learns for, of 64 photographs each
    #[arg(long, value_name = "N", default_value_t = 4000, value_parser = clap::value_parser!(u32).range(2..=10_000_000))]
    steps: u32,
    /// Keep them as JPEG of this quality, as the photographs are, instead of PNG
    #[arg(long, value_name = "QUALITY", value_parser = clap::value_parser!(u8).range(1..=100))]
    jpeg: Option<u8>,
    /// Seed of weights, noise and order
    #[arg(long, default_value_t = 42)]
    seed: u64,
    #[command(flatten)]
    precision: PrecisionOptions,
    #[command(flatten)]
    device: DeviceOptions,
    #[command(flatten)]
    options: DataOptions,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// The side of what generators make.
const SIZE: usize = 32;

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Report<'a> {
    out: &'a PathBuf,
    kind: &'a str,
    images: usize,
    photographs: usize,
    steps: u32,
    seed: u64,
    seconds: f64,
    discriminator_loss: f64,
    generator_loss: f64,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let kind = synthesise::kind(&arguments.kind)?;
    let device = arguments.device.open()?;
    let folder = NewFolder::create(&arguments.out)?;
    let (images, split) = Images::open_split(&arguments.data, &arguments.options, SIZE, &arguments.split)?;
    let examples = images.side(&split, Side::Train);
    let task = Task {
        kind,
        steps: arguments.steps as usize,
        precision: arguments.precision.choose(&device),
        count: arguments.count as usize,
        seed: arguments.seed,
        store: &images.store,
        examples: &examples,
    };
    let began = Instant::now();
    let bar = progress::bar(if kind.learns() { task.steps } else { task.count }, "steps", kind.name);
    let mut last = None;
    let made = task.make(&device, &mut |now| {
        bar.set_position(now.step as u64);
        bar.set_message(format!("losses {:.2} {:.2}", now.discriminator_loss, now.generator_loss));
        last = Some(now);
    })?;
    bar.finish_and_clear();
    let steps = if kind.learns() { arguments.steps } else { 0 };
    let recipe = format!("{}, {steps} steps, seed {}", kind.name, arguments.seed);
    let format = arguments.jpeg.map_or(Format::Png, Format::Jpeg);
    synthesise::write(folder, &made, format, &recipe)?;
    let photographs = task.photographs();
    if arguments.json {
        let [discriminator_loss, generator_loss] =
            last.map_or([f64::NAN; 2], |last| [last.discriminator_loss, last.generator_loss]);
        say_json(&Report {
            out: &arguments.out,
            kind: kind.name,
            images: made.len(),
            photographs,
            steps,
            seed: arguments.seed,
            seconds: began.elapsed().as_secs_f64(),
            discriminator_loss,
            generator_loss,
        })?;
        return Ok(Outcome::Done);
    }
    say(format!(
        "{} images made of {photographs} photographs ({}), in {}",
        made.len(),
        kind.name,
        arguments.out.display()
    ))?;
    Ok(Outcome::Done)
}
