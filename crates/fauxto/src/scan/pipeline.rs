//! Decoding beside judging.

use std::sync::mpsc::channel;

use burn::tensor::{Tensor, TensorData};
use rayon::prelude::*;

use super::ahead::{Ahead, Closing};
use super::prepare::{Prepared, prepare};
use super::{Finding, Scanner, Settings, Stability, Tiles, Unlike};
use crate::data::{Broken, Dataset, decode};

/// Inputs that wait for the detector, in batches: enough for it never to wait.
const BATCHES_AHEAD: usize = 2;

/// What became of one image's bytes.
type Outcome = Result<Prepared, Broken>;

pub(super) fn run(
    scanner: &Scanner<'_>,
    dataset: &Dataset,
    indices: &[usize],
    progress: &mut dyn FnMut(usize),
) -> Vec<Result<Finding, Broken>> {
    // Images are judged as they arrive, and one thread may outrun another: which share a batch is chance, and with it the
    // last digit of a probability where a product is divided by the batch (some 1e-6).
    let batch_size = scanner.settings.batch_size.max(1);
    // The detector itself stays on this thread.
    let (settings, side) = (scanner.settings, scanner.predictor.input_size());
    let image = 3 * side * side;
    let inputs_of = |outcome: &Outcome| outcome.as_ref().map_or(0, |prepared| prepared.inputs.len() / image);
    let ahead = Ahead::new(BATCHES_AHEAD * batch_size);
    let (sender, receiver) = channel::<(usize, Outcome)>();
    let mut found: Vec<Option<Result<Finding, Broken>>> = indices.iter().map(|_| None).collect();
    std::thread::scope(|scope| {
        let ahead = &ahead;
        let _closed_at_the_end = Closing(ahead);
        scope.spawn(move || {
            let work = || {
                dataset.visit_encoded(indices, &|position, bytes| {
                    let outcome = prepared(&settings, side, dataset, indices[position], bytes);
                    ahead.put(inputs_of(&outcome));
                    // Nobody listens only while the process is coming down.
                    let _ = sender.send((position, outcome));
                });
            };
            // Threads of their own: those that wait for the detector must not be the ones it works with. Where the system
            // has no more of them, this one is enough.
            let own = rayon::ThreadPoolBuilder::new().num_threads(rayon::current_num_threads()).build();
            let own = own.or_else(|_| rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build());
            own.expect("this thread is in no other pool").install(work);
        });
        let (mut waiting, mut inputs, mut done) = (Vec::new(), 0, 0);
        let mut judge = |waiting: &mut Vec<(usize, Prepared)>| {
            let positions: Vec<usize> = waiting.iter().map(|(position, _)| *position).collect();
            match judge(scanner, std::mem::take(waiting)) {
                Ok(findings) => {
                    positions.iter().zip(findings).for_each(|(&position, one)| found[position] = Some(Ok(one)));
                }
                Err(error) => {
                    for position in positions {
                        found[position] = Some(Err(broken(dataset, indices[position], error.to_string())));
                    }
                }
            }
        };
        let mut unreadable = Vec::new();
        for (position, outcome) in receiver {
            let own = inputs_of(&outcome);
            ahead.take(own);
            match outcome {
                Ok(prepared) => {
                    inputs += own;
                    waiting.push((position, prepared));
                }
                Err(entry) => unreadable.push((position, entry)),
            }
            if inputs >= batch_size {
                judge(&mut waiting);
                inputs = 0;
            }
            done += 1;
            progress(done);
        }
        judge(&mut waiting);
        for (position, entry) in unreadable {
            found[position] = Some(Err(entry));
        }
    });
    let missing = |index: usize| {
        Err(broken(dataset, index, "found nothing; expected the image's bytes; open the data set again".into()))
    };
    found.into_iter().zip(indices).map(|(found, &index)| found.unwrap_or_else(|| missing(index))).collect()
}

fn broken(dataset: &Dataset, index: usize, reason: String) -> Broken {
    let item = &dataset.items[index];
    Broken { identity: item.identity.clone(), path: item.location.path().to_path_buf(), reason }
}

fn prepared(
    settings: &Settings,
    side: usize,
    dataset: &Dataset,
    index: usize,
    bytes: Result<&[u8], crate::data::Defect>,
) -> Outcome {
    let broken = |reason: String| broken(dataset, index, reason);
    let image = bytes.and_then(|bytes| decode(bytes, &dataset.limits)).map_err(|defect| broken(defect.to_string()))?;
    prepare(&image, settings, side).map_err(|error| broken(error.to_string()))
}

/// Judges images with their versions and tiles, a batch at a time.
fn judge(scanner: &Scanner<'_>, images: Vec<(usize, Prepared)>) -> crate::Result<Vec<Finding>> {
    if images.is_empty() {
        return Ok(Vec::new());
    }
    let (predictor, settings) = (scanner.predictor, &scanner.settings);
    let side = predictor.input_size();
    let mut first = 0;
    let wholes: Vec<usize> = images
        .iter()
        .map(|(_, prepared)| {
            let own = first;
            first += prepared.inputs.len() / (3 * side * side);
            own
        })
        .collect();
    let inputs: Vec<&[u8]> =
        images.iter().flat_map(|(_, prepared)| prepared.inputs.chunks_exact(3 * side * side)).collect();
    let batch_size = settings.batch_size.max(1);
    let mut by_member = vec![Vec::with_capacity(inputs.len()); predictor.members().len()];
    let mut scores = vec![Vec::with_capacity(images.len()); predictor.members().len()];
    let mut degraded: Option<Vec<f64>> = None;
    for (batch, inputs) in inputs.chunks(batch_size).enumerate() {
        let range = batch * batch_size..batch * batch_size + inputs.len();
        let wholes: Vec<usize> =
            wholes.iter().filter(|whole| range.contains(whole)).map(|whole| whole - range.start).collect();
        let values: Vec<f32> = inputs.iter().copied().flatten().map(|&level| f32::from(level) / 255.0).collect();
        let pixels = Tensor::from_data(TensorData::new(values, [inputs.len(), side, side, 3]), predictor.device());
        for (place, member) in predictor.members().iter().enumerate() {
            let frozen = member.frozen();
            by_member[place].extend(match &member.out_of_distribution {
                Some(statistics) => {
                    let described = frozen.describe(pixels.clone());
                    let own = wholes.par_iter().map(|&whole| statistics.score(&described.descriptors[whole]));
                    scores[place].extend(own.collect::<Vec<f64>>());
                    described.probability_fake
                }
                None => frozen.probability_fake(pixels.clone()),
            });
        }
        if let Some(shares) = predictor.degraded(&pixels) {
            degraded.get_or_insert_default().extend(shares);
        }
    }
    let judgements = predictor.combine(&by_member, degraded.as_deref())?;
    let versions = settings.stability.variants().count();
    let findings = images
        .into_iter()
        .zip(wholes)
        .enumerate()
        .map(|(image, ((_, prepared), whole))| {
            let of = |range: std::ops::Range<usize>| -> Vec<f64> {
                judgements[range].iter().map(|judgement| judgement.probability_fake).collect()
            };
            let judgement = judgements[whole].clone();
            let (from, tiles) = (whole + 1 + versions, &prepared.tiles);
            let stability = Stability::new(
                settings.stability,
                judgement.probability_fake,
                &of(whole + 1..from),
                settings.threshold,
            );
            let scores = scores.iter().map(|scores| scores.get(image).copied()).collect();
            let unlike = Unlike::new(prepared.size, predictor, scores);
            let tiles = Tiles::new(tiles, &of(from..from + tiles.len()), settings.threshold);
            Finding::new(prepared.size, judgement, settings.threshold, stability, unlike, tiles)
        })
        .collect();
    Ok(findings)
}
