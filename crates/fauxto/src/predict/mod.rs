//! From pixels to verdicts. [`Predictor`] is the single door for the command line and every other way
//! of asking.

mod member;

use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor};
use serde::Serialize;

use crate::attack::{Calibrated, Gated, Target, voting};
use crate::built_in;
use crate::calibrate::{Calibration, ConformalVerdict, Scaling};
use crate::checkpoint;
use crate::data::PixelStore;
use crate::ensemble::Combination;
use crate::ensemble_file::{EnsembleFile, EnsembleGate, EnsembleMember, relative};
use crate::gate::Gate;
use crate::model::{Frozen, Precision};
use crate::train::batch::{self, Example};
use crate::{Error, Label, Result};

pub use member::{CHECKPOINT_FILE, Member, checkpoint_path};

/// Probability of fake for each of `examples` (their labels are not looked at), `batch_size` at a time.
///
/// # Errors
/// If the store cannot be read.
pub fn probabilities(frozen: &Frozen, store: &PixelStore, examples: &[Example], batch_size: usize) -> Result<Vec<f64>> {
    let device = frozen.detector().device();
    let mut probabilities = Vec::with_capacity(examples.len());
    for examples in examples.chunks(batch_size) {
        let pixels = batch::pixels(store, examples, None, device)?;
        probabilities.extend(frozen.probability_fake(pixels));
    }
    Ok(probabilities)
}

/// What a predictor says of one image.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Judgement {
    /// Probability of fake, in `0..=1`: the members' uncalibrated ones combined, then calibrated where the predictor is.
    pub probability_fake: f64,
    /// Each member's probability of fake, at its scaling where it has one, in the order of the members.
    pub members: Vec<f64>,
    /// What of each member is combined: its uncalibrated probability of fake.
    #[serde(skip)]
    pub votes: Vec<f64>,
    /// The probability, in `0..=1`, that the image was degraded since it was made, where a gate tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub degraded: Option<f64>,
    /// The three-way verdict at the level that was calibrated for; `None` where the predictor is not calibrated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conformal: Option<ConformalVerdict>,
}

impl Judgement {
    /// Fake from `threshold` on.
    #[must_use]
    pub fn verdict(&self, threshold: f64) -> Label {
        if self.probability_fake >= threshold { Label::Fake } else { Label::Real }
    }
}

/// One detector, or several that vote. Votes weigh as much as their validation accuracy, `w_i = accuracy_i /
/// sum(accuracy)`, unless an [ensemble file](EnsembleFile) says otherwise.
///
/// A calibrated checkpoint judging alone, or a calibrated ensemble file, gives calibrated probabilities. Several
/// checkpoints that vote without such a file do not: each one's calibration is of itself alone.
#[derive(Debug)]
pub struct Predictor {
    members: Vec<Member>,
    combination: Combination,
    gate: Option<Gate>,
    calibration: Option<Calibration>,
    ensemble_file: Option<PathBuf>,
}

impl Predictor {
    /// Reads checkpoints, or the checkpoints of run folders; or one ensemble file.
    ///
    /// # Errors
    /// If one cannot be read, their input sizes differ, an ensemble file is not alone, or one of its members is
    /// not what it was.
    pub fn open(paths: &[PathBuf], device: &Device) -> Result<Self> {
        match paths {
            [path] if EnsembleFile::recognises(path) => Self::open_ensemble(path, device),
            _ => Ok(Self::voting(member::read(paths, device)?)),
        }
    }

    /// Reads the detectors that vote on pristine images, those that vote on degraded ones, and the gate that tells which
    /// is which. In either vote they weigh as much as their validation accuracy; a detector may have both.
    ///
    /// # Errors
    /// As for [`Predictor::open`] and [`Gate::open`]; or if the gate's input size is another, or there is no detector for
    /// one of the votes.
    pub fn open_gated(pristine: &[PathBuf], degraded: &[PathBuf], gate: &Path, device: &Device) -> Result<Self> {
        if degraded.is_empty() {
            return Err(Error::Setting {
                setting: "degraded".into(),
                found: "no models".into(),
                expected: "at least one, to vote on degraded images".into(),
            });
        }
        let further = degraded.iter().filter(|path| !pristine.contains(path));
        let paths: Vec<PathBuf> = pristine.iter().chain(further).cloned().collect();
        let mut predictor = Self::voting(member::read(&paths, device)?).without_calibration();
        let share = |voting: &[PathBuf]| {
            let accuracies = paths
                .iter()
                .zip(&predictor.members)
                .map(|(path, member)| if voting.contains(path) { member.provenance.validation.accuracy } else { 0.0 });
            Combination::mean(accuracies.collect())
        };
        let (combination, degraded) = (share(pristine), share(degraded));
        let gate = Gate::open(&checkpoint_path(gate)?, degraded, device)?;
        predictor.combination = combination;
        predictor.with_gate(gate)
    }

    /// The same with a gate, whose input size must be that of the members.
    fn with_gate(mut self, gate: Gate) -> Result<Self> {
        let (own, its) = (self.input_size(), gate.frozen().input_size());
        if own != its {
            return Err(Error::input(
                &gate.path,
                format!("an input size of {its}"),
                format!("{own}, as the models have"),
                "train a gate of their input size",
            ));
        }
        for (place, member) in self.members.iter_mut().enumerate() {
            member.weight = f64::midpoint(self.combination.weights()[place], gate.degraded.weights()[place]);
        }
        self.gate = Some(gate);
        Ok(self)
    }

    /// The same, its members judging in `precision`; see [`Frozen::in_precision`].
    #[must_use]
    pub fn in_precision(mut self, precision: Precision) -> Self {
        self.members = self.members.into_iter().map(|member| member.in_precision(precision)).collect();
        self.gate = self.gate.map(|gate| gate.in_precision(precision));
        self
    }

    /// The detector that comes inside the binary.
    ///
    /// # Errors
    /// If this build has none, or it is damaged.
    pub fn built_in(device: &Device) -> Result<Self> {
        let path = PathBuf::from(built_in::NAME);
        let checkpoint = checkpoint::parse(built_in::bytes()?, &path, device)?;
        Ok(Self::voting(vec![Member::new(checkpoint, path)]))
    }

    /// Votes that weigh as much as validation accuracies, which weights are until now.
    fn voting(members: Vec<(Member, Option<Calibration>)>) -> Self {
        let (mut members, calibrations): (Vec<Member>, Vec<Option<Calibration>>) = members.into_iter().unzip();
        let combination = Combination::mean(members.iter().map(|member| member.weight).collect());
        members.iter_mut().zip(combination.weights()).for_each(|(member, &weight)| member.weight = weight);
        let calibration = <[_; 1]>::try_from(calibrations).ok().and_then(|[only]| only);
        if let Some(calibration) = &calibration {
            members[0].scaling = Some(calibration.scaling);
        }
        Self { members, combination, gate: None, calibration, ensemble_file: None }
    }

    fn open_ensemble(path: &Path, device: &Device) -> Result<Self> {
        let file = EnsembleFile::load(path)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let paths: Vec<PathBuf> = file.members.iter().map(|member| folder.join(&member.path)).collect();
        let mut members = Vec::new();
        let read = member::read(&paths, device)?;
        for ((mut member, _), (named, &weight)) in
            read.into_iter().zip(file.members.iter().zip(file.combination.weights()))
        {
            member::require_content(&member.path, member.content()?, named.content, path)?;
            member.weight = weight;
            member.scaling = named.scaling;
            members.push(member);
        }
        let EnsembleFile { combination, gate, calibration, .. } = file;
        let predictor = Self { members, combination, gate: None, calibration, ensemble_file: Some(path.to_path_buf()) };
        let Some(EnsembleGate { path: relative, content, degraded }) = gate else { return Ok(predictor) };
        let gate = Gate::open(&checkpoint_path(&folder.join(relative))?, degraded, device)?;
        member::require_content(&gate.path, gate.content()?, content, path)?;
        predictor.with_gate(gate)
    }

    /// The same without any calibration: probabilities as the networks and their combination give them.
    #[must_use]
    pub fn without_calibration(mut self) -> Self {
        self.calibration = None;
        self.members.iter_mut().for_each(|member| member.scaling = None);
        self
    }

    /// The detectors that vote.
    #[must_use]
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// Them as one target of attacks, which they meet as they vote and as they are calibrated.
    ///
    /// # Errors
    /// If an ensemble file's weights cannot be used.
    pub fn target(&self) -> Result<Box<dyn Target + '_>> {
        let target: Box<dyn Target + '_> = match (&self.members[..], &self.combination) {
            ([only], Combination::Mean { .. }) if self.gate.is_none() => Box::new(&only.frozen),
            (members, combination) => {
                let vote = |combination| {
                    voting(members.iter().map(|member| &member.frozen as &dyn Target).collect(), combination)
                };
                match &self.gate {
                    None => vote(combination)?,
                    Some(gate) => Box::new(Gated {
                        gate: gate.frozen(),
                        pristine: vote(combination)?,
                        degraded: vote(&gate.degraded)?,
                    }),
                }
            }
        };
        Ok(match &self.calibration {
            Some(calibration) => Box::new(Calibrated::new(target, calibration.scaling)),
            None => target,
        })
    }

    /// Of this predictor's judgements, the member whose vote did most for `verdict`, with the probability of fake that
    /// it gave; see [`Combination::deciding`]. With a gate, of those that vote on such an image.
    ///
    /// # Panics
    /// If the judgement is of a predictor with another number of members.
    #[must_use]
    pub fn deciding(&self, judgement: &Judgement, verdict: Label) -> (&Member, f64) {
        let combination = match &self.gate {
            Some(gate) if judgement.degraded.is_some_and(|degraded| degraded >= 0.5) => &gate.degraded,
            _ => &self.combination,
        };
        let place = combination.deciding(&judgement.votes, verdict);
        (&self.members[place], judgement.members[place])
    }

    /// What tells pristine images from degraded ones, where the ensemble has a gate.
    #[must_use]
    pub fn gate(&self) -> Option<&Gate> {
        self.gate.as_ref()
    }

    /// How their probabilities become one; with a gate, those of pristine images.
    #[must_use]
    pub fn combination(&self) -> &Combination {
        &self.combination
    }

    /// What the probabilities are worth, where that was fitted.
    #[must_use]
    pub fn calibration(&self) -> Option<&Calibration> {
        self.calibration.as_ref()
    }

    /// The ensemble file it was read from, if it was.
    #[must_use]
    pub fn ensemble_file(&self) -> Option<&Path> {
        self.ensemble_file.as_deref()
    }

    /// The probability from which to call images fake, so that of real images the target share is called so.
    ///
    /// # Errors
    /// [`Error::Setting`] where the predictor is not calibrated, or not for this rate.
    pub fn threshold(&self, target_fpr: f64) -> Result<f64> {
        let refuse = |expected: String| {
            Err(Error::Setting { setting: "target-fpr".into(), found: target_fpr.to_string(), expected })
        };
        let Some(calibration) = &self.calibration else {
            return refuse("a calibrated model; fit thresholds with `fauxto calibrate`".into());
        };
        match calibration.threshold(target_fpr) {
            Some(threshold) => Ok(threshold),
            None => {
                let fitted = calibration.thresholds.iter().map(|found| found.target_fpr.to_string());
                let fitted = fitted.collect::<Vec<_>>().join(", ");
                refuse(format!("a rate that was fitted ({fitted}); fit others with `fauxto calibrate --target-fpr`"))
            }
        }
    }

    /// The ensemble to be written to `path`, whose folder must exist, with the calibration of the combined
    /// probability and each member's scaling.
    ///
    /// # Errors
    /// If a member's checkpoint is gone.
    pub fn to_ensemble_file(
        &self,
        path: &Path,
        calibration: Calibration,
        scalings: &[Scaling],
    ) -> Result<EnsembleFile> {
        let members = self.members.iter().zip(scalings).map(|(member, &scaling)| {
            let path = relative(path, &member.path)?;
            Ok(EnsembleMember { path, content: member.content()?, scaling: Some(scaling) })
        });
        let gate = self.gate.as_ref().map(|gate| {
            let path = relative(path, &gate.path)?;
            Ok(EnsembleGate { path, content: gate.content()?, degraded: gate.degraded.clone() })
        });
        let members = members.collect::<Result<_>>()?;
        Ok(EnsembleFile::new(members, self.combination.clone(), gate.transpose()?, Some(calibration)))
    }

    /// The side of the square input, in pixels.
    #[must_use]
    pub fn input_size(&self) -> usize {
        self.members[0].frozen.input_size()
    }

    /// The device that judges.
    #[must_use]
    pub fn device(&self) -> &Device {
        self.members[0].frozen.detector().device()
    }

    /// Judges the images at `positions` of `store`, whose size is [`Predictor::input_size`], and calls
    /// `progress` with the number done after each batch.
    ///
    /// # Errors
    /// If the store cannot be read; or as for [`Predictor::judge_pixels`].
    pub fn judge(
        &self,
        store: &PixelStore,
        positions: &[usize],
        batch_size: usize,
        progress: &mut dyn FnMut(usize),
    ) -> Result<Vec<Judgement>> {
        let mut judgements = Vec::with_capacity(positions.len());
        for positions in positions.chunks(batch_size) {
            let examples: Vec<Example> = positions.iter().map(|&index| Example { index, label: Label::Real }).collect();
            judgements.extend(self.judge_pixels(&batch::pixels(store, &examples, None, self.device())?)?);
            progress(judgements.len());
        }
        Ok(judgements)
    }

    /// Judges `pixels` `[batch, height, width, 3]` in `0..=1`, as wide and high as [`Predictor::input_size`].
    ///
    /// # Errors
    /// As for [`Predictor::combine`].
    pub fn judge_pixels(&self, pixels: &Tensor<4>) -> Result<Vec<Judgement>> {
        let members = self.members.iter().map(|member| member.frozen.probability_fake(pixels.clone()));
        self.combine(&members.collect::<Vec<_>>(), self.degraded(pixels).as_deref())
    }

    /// The gate's probability of each image of `pixels`, as [`Predictor::judge_pixels`] takes them, having been degraded;
    /// none without a gate.
    #[must_use]
    pub fn degraded(&self, pixels: &Tensor<4>) -> Option<Vec<f64>> {
        self.gate.as_ref().map(|gate| gate.frozen().probability_fake(pixels.clone()))
    }

    /// Judgements from the members' uncalibrated probabilities of fake, `[member][image]`, and what
    /// [`Predictor::degraded`] says of the images.
    ///
    /// # Errors
    /// [`Error::Input`] if one of them is not finite: it would be below every threshold, and the image called real.
    ///
    /// # Panics
    /// If there is a gate and `degraded` is none.
    pub fn combine(&self, by_member: &[Vec<f64>], degraded: Option<&[f64]>) -> Result<Vec<Judgement>> {
        let said = self.members.iter().map(|member| &member.path).zip(by_member.iter().map(Vec::as_slice));
        let gate = self.gate.as_ref().map(|gate| &gate.path).zip(degraded);
        for (path, probabilities) in said.chain(gate) {
            if probabilities.iter().any(|probability| !probability.is_finite()) {
                return Err(Error::input(
                    path,
                    "a probability that is not a number",
                    "one in 0..=1 for every image",
                    "the weights are damaged or grew without bound; train or export the detector again",
                ));
            }
        }
        let mut combined = self.combination.combine(by_member);
        if let Some(gate) = &self.gate {
            let shares = degraded.expect("what the gate says, where there is one");
            for ((p, q), g) in combined.iter_mut().zip(gate.degraded.combine(by_member)).zip(shares) {
                *p = (1.0 - g) * *p + g * q;
            }
        }
        let judgement = |(image, uncalibrated)| {
            let own = |member: &Member, p: f64| member.scaling.map_or(p, |scaling| scaling.apply(p));
            let votes: Vec<f64> = by_member.iter().map(|all| all[image]).collect();
            let members = self.members.iter().zip(&votes).map(|(member, &vote)| own(member, vote)).collect();
            let calibrated = self.calibration.as_ref().map(|calibration| {
                let probability = calibration.probability(uncalibrated);
                (probability, calibration.judge(probability))
            });
            Judgement {
                probability_fake: calibrated.map_or(uncalibrated, |(probability, _)| probability),
                members,
                votes,
                degraded: degraded.map(|degraded| degraded[image]),
                conformal: calibrated.map(|(_, verdict)| verdict),
            }
        };
        Ok(combined.into_iter().enumerate().map(judgement).collect())
    }
}
