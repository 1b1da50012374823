//! From pixels to verdicts. [`Predictor`] is the single door for the command line and every other way
//! of asking.

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use serde::Serialize;

use crate::attack::{Calibrated, Target, voting};
use crate::built_in;
use crate::calibrate::{Calibration, ConformalVerdict, Scaling};
use crate::checkpoint::{self, Checkpoint, Provenance};
use crate::data::{ContentHash, PixelStore};
use crate::ensemble::Combination;
use crate::ensemble_file::{EnsembleFile, EnsembleMember, relative};
use crate::model::{Classes, Frozen, Precision};
use crate::out_of_distribution::OutOfDistribution;
use crate::train::batch::{self, Example};
use crate::{Error, Label, Result};

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

/// One detector of a [`Predictor`].
#[derive(Debug)]
pub struct Member {
    /// Its name among the others: the architecture, numbered where it occurs more than once.
    pub name: String,
    /// Where it was read from.
    pub path: PathBuf,
    /// Its share in the probability; the shares sum to 1, but in an ensemble file's logarithmic opinion pool.
    pub weight: f64,
    /// What is known of its training.
    pub provenance: Provenance,
    /// Its own scaling: that of a calibrated detector judging alone, or of a calibrated ensemble's member.
    pub scaling: Option<Scaling>,
    /// What its training images are like, where that was measured.
    pub out_of_distribution: Option<OutOfDistribution>,
    frozen: Frozen,
}

impl Member {
    /// A detector read from `path`, weighing as much as its validation accuracy, and its calibration.
    fn new(checkpoint: Checkpoint, path: PathBuf) -> (Self, Option<Calibration>) {
        let member = Self {
            name: checkpoint.detector.entry.name.to_owned(),
            path,
            weight: checkpoint.provenance.validation.accuracy,
            provenance: checkpoint.provenance,
            scaling: None,
            out_of_distribution: checkpoint.out_of_distribution,
            frozen: checkpoint.detector.freeze(),
        };
        (member, checkpoint.calibration)
    }

    /// What its probabilities depend on; see [`checkpoint::content`].
    ///
    /// # Errors
    /// As for [`checkpoint::content`].
    pub fn content(&self) -> Result<ContentHash> {
        checkpoint::content(self.frozen.detector())
    }

    /// The detector itself.
    #[must_use]
    pub fn frozen(&self) -> &Frozen {
        &self.frozen
    }
}

/// What a predictor says of one image.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Judgement {
    /// Probability of fake, in `0..=1`: the members' uncalibrated ones combined, then calibrated where the predictor is.
    pub probability_fake: f64,
    /// Each member's probability of fake, at its scaling where it has one, in the order of the members.
    pub members: Vec<f64>,
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
    calibration: Option<Calibration>,
    ensemble_file: Option<PathBuf>,
}

/// The name of the checkpoint within a run folder.
pub const CHECKPOINT_FILE: &str = "checkpoint.safetensors";

impl Predictor {
    /// Reads checkpoints, or the checkpoints of run folders; or one ensemble file.
    ///
    /// # Errors
    /// If one cannot be read, their input sizes differ, an ensemble file is not alone, or one of its members is
    /// not what it was.
    pub fn open(paths: &[PathBuf], device: &Device) -> Result<Self> {
        match paths {
            [path] if EnsembleFile::recognises(path) => return Self::open_ensemble(path, device),
            _ => {}
        }
        if let Some(path) = paths.iter().find(|path| EnsembleFile::recognises(path)) {
            return Err(Error::input(path, "an ensemble among other models", "it alone", "name its members instead"));
        }
        Ok(Self::voting(read_members(paths, device)?))
    }

    /// The same, its members judging in `precision`; see [`Frozen::in_precision`].
    #[must_use]
    pub fn in_precision(mut self, precision: Precision) -> Self {
        let members = self.members.into_iter();
        self.members = members.map(|m| Member { frozen: m.frozen.in_precision(precision), ..m }).collect();
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
        let total: f64 = members.iter().map(|member| member.weight).sum();
        for member in &mut members {
            member.weight /= total;
        }
        let combination = Combination::Mean { weights: members.iter().map(|member| member.weight).collect() };
        let calibration = <[_; 1]>::try_from(calibrations).ok().and_then(|[only]| only);
        if let Some(calibration) = &calibration {
            members[0].scaling = Some(calibration.scaling);
        }
        Self { members, combination, calibration, ensemble_file: None }
    }

    fn open_ensemble(path: &Path, device: &Device) -> Result<Self> {
        let file = EnsembleFile::load(path)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let paths: Vec<PathBuf> = file.members.iter().map(|member| folder.join(&member.path)).collect();
        let mut members = Vec::new();
        let read = read_members(&paths, device)?;
        for ((mut member, _), (named, &weight)) in
            read.into_iter().zip(file.members.iter().zip(file.combination.weights()))
        {
            let content = member.content()?;
            if content != named.content {
                return Err(Error::input(
                    &member.path,
                    format!("weights with hash {content}"),
                    format!("{}, as {} says", named.content, path.display()),
                    "restore the checkpoint, or make the ensemble anew with `fauxto calibrate`",
                ));
            }
            member.weight = weight;
            member.scaling = named.scaling;
            members.push(member);
        }
        let EnsembleFile { combination, calibration, .. } = file;
        Ok(Self { members, combination, calibration, ensemble_file: Some(path.to_path_buf()) })
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
            ([only], Combination::Mean { .. }) => Box::new(&only.frozen),
            (members, combination) => {
                voting(members.iter().map(|member| &member.frozen as &dyn Target).collect(), combination)?
            }
        };
        Ok(match &self.calibration {
            Some(calibration) => Box::new(Calibrated::new(target, calibration.scaling)),
            None => target,
        })
    }

    /// Of this predictor's judgements, the member whose vote did most for `verdict`, with the probability of fake that
    /// it gave; see [`Combination::deciding`].
    ///
    /// # Panics
    /// If the judgement is of a predictor with another number of members.
    #[must_use]
    pub fn deciding(&self, judgement: &Judgement, verdict: Label) -> (&Member, f64) {
        let place = self.combination.deciding(&judgement.members, verdict);
        (&self.members[place], judgement.members[place])
    }

    /// How their probabilities become one.
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
        Ok(EnsembleFile::new(members.collect::<Result<_>>()?, self.combination.clone(), Some(calibration)))
    }

    /// The side of the square input, in pixels.
    #[must_use]
    pub fn input_size(&self) -> usize {
        self.members[0].frozen.input_size()
    }

    /// Judges the images at `positions` of `store`, whose size is [`Predictor::input_size`], and calls
    /// `progress` with the number done after each batch.
    ///
    /// # Errors
    /// If the store cannot be read.
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
            let by_member = self
                .members
                .iter()
                .map(|member| probabilities(&member.frozen, store, &examples, batch_size))
                .collect::<Result<Vec<_>>>()?;
            judgements.extend(self.combine(&by_member));
            progress(judgements.len());
        }
        Ok(judgements)
    }

    /// Judgements from the members' uncalibrated probabilities of fake, `[member][image]`.
    #[must_use]
    pub fn combine(&self, by_member: &[Vec<f64>]) -> Vec<Judgement> {
        let combined = self.combination.combine(by_member);
        let judgement = |(image, uncalibrated)| {
            let own = |member: &Member, p: f64| member.scaling.map_or(p, |scaling| scaling.apply(p));
            let members = self.members.iter().zip(by_member).map(|(member, all)| own(member, all[image])).collect();
            let calibrated = self.calibration.as_ref().map(|calibration| {
                let probability = calibration.probability(uncalibrated);
                (probability, calibration.judge(probability))
            });
            Judgement {
                probability_fake: calibrated.map_or(uncalibrated, |(probability, _)| probability),
                members,
                conformal: calibrated.map(|(_, verdict)| verdict),
            }
        };
        combined.into_iter().enumerate().map(judgement).collect()
    }
}

/// Reads detectors that share an input size, each with its own calibration. Weights are validation accuracies.
fn read_members(paths: &[PathBuf], device: &Device) -> Result<Vec<(Member, Option<Calibration>)>> {
    let mut members: Vec<(Member, Option<Calibration>)> = Vec::new();
    for path in paths {
        let path = checkpoint_path(path)?;
        let checkpoint = checkpoint::load_telling(Classes::RealFake, &path, device)?;
        if let Some((first, _)) = members.first()
            && first.frozen.input_size() != checkpoint.detector.input_size
        {
            return Err(Error::input(
                &path,
                format!("an input size of {}", checkpoint.detector.input_size),
                format!("{}, as {} has", first.frozen.input_size(), first.path.display()),
                "combine models of one input size",
            ));
        }
        members.push(Member::new(checkpoint, path));
    }
    if members.is_empty() {
        return Err(Error::Setting {
            setting: "models".into(),
            found: "none".into(),
            expected: "at least one checkpoint or run folder".into(),
        });
    }
    number_repeated(&mut members);
    Ok(members)
}

/// The checkpoint that `path` names: itself, or that of a run folder.
///
/// # Errors
/// If `path` is a folder without one.
pub fn checkpoint_path(path: &Path) -> Result<PathBuf> {
    if !path.is_dir() {
        return Ok(path.to_path_buf());
    }
    let inside = path.join(CHECKPOINT_FILE);
    if inside.is_file() {
        return Ok(inside);
    }
    Err(Error::input(
        path,
        format!("a folder without {CHECKPOINT_FILE}"),
        "a checkpoint or the folder of a finished run",
        "finish the run with `fauxto train ... --resume`",
    ))
}

fn number_repeated(members: &mut [(Member, Option<Calibration>)]) {
    let names: Vec<String> = members.iter().map(|(member, _)| member.name.clone()).collect();
    for (index, (member, _)) in members.iter_mut().enumerate() {
        let same = names.iter().filter(|name| **name == names[index]).count();
        if same > 1 {
            let number = names[..=index].iter().filter(|name| **name == names[index]).count();
            member.name = format!("{}_{number}", names[index]);
        }
    }
}
