//! Which values share a buffer.

use super::step::Step;
use crate::flex::memory::Buffer;

/// The buffer of every value but the first, which is the caller's pixels.
#[derive(Debug)]
pub(super) struct Plan {
    buffer_of: Vec<usize>,
    /// Values per image of each value, and of each buffer.
    sizes: Vec<usize>,
    buffer_sizes: Vec<usize>,
}

impl Plan {
    /// Gives each value the smallest sufficient buffer that is free when it is written, or else the
    /// largest free one, enlarged.
    pub(super) fn new(steps: &[Step], sizes: &[usize], outputs: &[usize]) -> Self {
        let mut last_use = vec![0; sizes.len()];
        for (index, step) in steps.iter().enumerate() {
            for input in step.inputs() {
                last_use[input] = index;
            }
        }
        for &output in outputs {
            last_use[output] = steps.len();
        }
        let mut plan = Self { buffer_of: vec![usize::MAX; sizes.len()], sizes: sizes.to_vec(), buffer_sizes: vec![] };
        let mut free: Vec<usize> = Vec::new();
        for (index, step) in steps.iter().enumerate() {
            let value = step.output();
            let fits = |buffer: &usize| plan.buffer_sizes[*buffer] >= sizes[value];
            let smallest = free.iter().copied().filter(fits).min_by_key(|&buffer| plan.buffer_sizes[buffer]);
            let chosen = smallest.or_else(|| free.iter().copied().max_by_key(|&buffer| plan.buffer_sizes[buffer]));
            let buffer = chosen.unwrap_or_else(|| {
                plan.buffer_sizes.push(0);
                plan.buffer_sizes.len() - 1
            });
            free.retain(|&other| other != buffer);
            plan.buffer_sizes[buffer] = plan.buffer_sizes[buffer].max(sizes[value]);
            plan.buffer_of[value] = buffer;
            let mut inputs = step.inputs();
            inputs.dedup();
            for input in inputs {
                if input != 0 && last_use[input] == index && !free.contains(&plan.buffer_of[input]) {
                    free.push(plan.buffer_of[input]);
                }
            }
        }
        plan
    }
}

/// The values of one run.
#[derive(Debug)]
pub(super) struct Values<'a> {
    plan: &'a Plan,
    pixels: &'a [f32],
    batch: usize,
    buffers: Vec<Option<Buffer>>,
}

impl<'a> Values<'a> {
    pub(super) fn new(plan: &'a Plan, pixels: &'a [f32], batch: usize) -> Self {
        let buffers = plan.buffer_sizes.iter().map(|size| Some(Buffer::new(size * batch))).collect();
        Self { plan, pixels, batch, buffers }
    }

    pub(super) fn get(&self, value: usize) -> &[f32] {
        if value == 0 {
            return self.pixels;
        }
        let buffer = self.buffers[self.plan.buffer_of[value]].as_ref().expect("no step reads what it writes");
        &buffer.values()[..self.plan.sizes[value] * self.batch]
    }

    /// Writes `value` by a function that reads others.
    pub(super) fn write(&mut self, value: usize, write: impl FnOnce(&Self, &mut [f32])) {
        let index = self.plan.buffer_of[value];
        let mut buffer = self.buffers[index].take().expect("no step reads what it writes");
        write(self, &mut buffer.values_mut()[..self.plan.sizes[value] * self.batch]);
        self.buffers[index] = Some(buffer);
    }
}
