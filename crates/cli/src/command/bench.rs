//! `fauxto bench`.

use fauxto::bench::{Workload, rates, time};
use fauxto::{device, model};

use super::{Outcome, say, say_json};
use crate::arguments::{Bench, WorkloadName};

pub(super) fn run(arguments: &Bench) -> anyhow::Result<Outcome> {
    let workload = match arguments.workload {
        WorkloadName::Train => Workload::Train,
        WorkloadName::Infer => Workload::Infer,
        WorkloadName::Machine => return machine(arguments.json),
    };
    let entry = model::model(&arguments.model)?;
    let device = device::device(&arguments.device)?;
    let timing = time(
        workload,
        entry,
        arguments.batch as usize,
        arguments.size as usize,
        arguments.steps as usize,
        (&arguments.device, &device),
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
