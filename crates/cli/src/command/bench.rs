//! `fauxto bench`.

use fauxto::bench::{Workload, time};
use fauxto::{device, model};

use super::{Outcome, say, say_json};
use crate::arguments::{Bench, WorkloadName};

pub(super) fn run(arguments: &Bench) -> anyhow::Result<Outcome> {
    let entry = model::model(&arguments.model)?;
    let device = device::device(&arguments.device)?;
    let workload = match arguments.workload {
        WorkloadName::Train => Workload::Train,
        WorkloadName::Infer => Workload::Infer,
    };
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
