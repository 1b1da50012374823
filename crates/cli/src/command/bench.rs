//! `fauxto bench`.

use clap::{Args, ValueEnum};
use fauxto::bench::{Workload, rates, time};
use fauxto::model;

use super::{Outcome, say, say_json};
use crate::options::{BatchOptions, PrecisionOptions};

/// Time training steps or inference on random pixels
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  fauxto bench train --model resnet_se --batch 128 --steps 10\n  fauxto bench infer --model convnext_tiny --batch 1 --json\n  fauxto bench machine"
)]
pub(crate) struct Arguments {
    /// What to time
    workload: WorkloadName,
    /// Architecture (`fauxto list models`)
    #[arg(long, value_name = "NAME", default_value = "resnet_se_small")]
    model: String,
    /// Side of the square input, in pixels
    #[arg(long, value_name = "PIXELS", default_value_t = 32, value_parser = clap::value_parser!(u32).range(32..=4096))]
    size: u32,
    /// Steps to time, after two that do not count
    #[arg(long, value_name = "K", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    steps: u32,
    #[command(flatten)]
    batches: BatchOptions,
    #[command(flatten)]
    precision: PrecisionOptions,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What to time.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum WorkloadName {
    /// Forward, backward and AdamW
    Train,
    /// Pixels to probabilities
    Infer,
    /// What this machine can do: rates of products and of reading, the floors of the others
    Machine,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let workload = match arguments.workload {
        WorkloadName::Train => Workload::Train,
        WorkloadName::Infer => Workload::Infer,
        WorkloadName::Machine => return machine(arguments.json),
    };
    let entry = model::model(&arguments.model)?;
    let device = arguments.batches.device.open()?;
    let timing = time(
        workload,
        entry,
        arguments.batches.size(),
        arguments.size as usize,
        arguments.steps as usize,
        arguments.precision.choose(&device),
        (&arguments.batches.device.name, &device),
    );
    if arguments.json {
        say_json(&timing)?;
    } else {
        say(format!(
            "{} {:?}, batch {}, {}x{}, {} threads on {}: median {:.4} s ({:.4} to {:.4}, {} steps), {:.0} images/s",
            timing.model,
            timing.workload,
            timing.batch,
            timing.input_size,
            timing.input_size,
            timing.threads,
            timing.device,
            timing.median_seconds,
            timing.minimum_seconds,
            timing.maximum_seconds,
            timing.steps,
            timing.batch as f64 / timing.median_seconds,
        ))?;
    }
    Ok(Outcome::Done)
}

fn machine(json: bool) -> anyhow::Result<Outcome> {
    let rates = rates();
    if json {
        say_json(&rates)?;
        return Ok(Outcome::Done);
    }
    say(format!(
        "{} threads: {:.1} billion multiply-adds a second in products",
        rates.threads,
        rates.multiply_adds_per_second / 1e9
    ))?;
    for read in rates.reads {
        say(format!("reading {:4} MiB: {:6.1} GB/s", read.bytes >> 20, read.bytes_per_second / 1e9))?;
    }
    Ok(Outcome::Done)
}
