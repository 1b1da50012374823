//! Training what the arms need, once, and measuring them; resumable at any point.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use burn::tensor::Device;

use super::measure::{Measured, Trialled};
use super::remaining::Remaining;
use super::result::{StudyResult, summarise};
use super::{AblationEntry, Arm, Judge, Recipe, conditions};
use crate::attack::robustness;
use crate::config::Config;
use crate::data::PixelStore;
use crate::data::split::Split;
use crate::model::Frozen;
use crate::run::{self, Origin, RunFolder, Summary, TrainOptions};
use crate::train::{self, Example, TrainingData};
use crate::write_atomically::write_atomically;
use crate::{Error, Result, checkpoint};

/// The settings that all arms share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phases {
    /// Preset of the base phase.
    pub base: String,
    /// Preset of the fine-tuning.
    pub fine_tuning: String,
    /// Settings changed in both, before the arm's own.
    pub settings: Vec<String>,
}

impl Phases {
    /// The settings of the last phase of `recipe`.
    ///
    /// # Errors
    /// As for [`Config::resolve_detector`].
    pub fn config(&self, recipe: &Recipe, seed: u64) -> Result<Config> {
        let (preset, variant) = match &recipe.fine_tuning {
            Some(variant) => (&self.fine_tuning, variant),
            None => (&self.base, &recipe.base),
        };
        let mut settings = self.settings.clone();
        settings.extend(variant.settings.iter().cloned());
        settings.extend([format!("model=\"{}\"", recipe.model), format!("seed={seed}")]);
        Config::resolve_detector(preset, &settings)
    }
}

/// The images to report on.
#[derive(Debug)]
pub struct Reported<'a> {
    /// Their pixels.
    pub store: &'a PixelStore,
    /// Which of them, and what they are.
    pub examples: Vec<Example>,
}

impl Reported<'_> {
    /// Names the images, in their order, with their labels.
    ///
    /// # Errors
    /// If an image could not be decoded.
    pub fn hash(&self) -> Result<String> {
        let mut hasher = blake3::Hasher::new();
        for example in &self.examples {
            hasher.update(self.store.content(example.index)?.as_bytes());
            hasher.update(&[example.label.index() as u8]);
        }
        Ok(hasher.finalize().to_hex().to_string())
    }
}

/// Ablations to carry out in a folder.
///
/// The folder keeps a run for every detector (`detectors/MODEL/seed-N/RECIPE`, as `fauxto train` leaves it) and every
/// judge's measurements. What is there is not made again, so a study that was stopped goes on, and further seeds,
/// models and ablations add to it.
#[derive(Debug)]
pub struct Study<'a> {
    /// The folder; need not exist yet.
    pub folder: &'a Path,
    /// What to ask.
    pub ablations: &'a [&'static AblationEntry],
    /// Of which architectures.
    pub models: &'a [String],
    /// How often: one run for each of these.
    pub seeds: &'a [u64],
    /// The settings all arms share.
    pub phases: &'a Phases,
    /// The split of the data. Its seed also draws the images to attack, so that they are the same for every run.
    pub split: &'a Split,
    /// Its images.
    pub data: &'a TrainingData<'a>,
    /// The images to report on.
    pub reported: &'a Reported<'a>,
    /// How many of them to attack.
    pub attack_images: usize,
    /// Where to compute, without autodiff.
    pub device: &'a Device,
    /// Revision of the program's source, for the record.
    pub commit: &'a str,
    /// Time between two writings of a run's state.
    pub save_every: Duration,
}

/// What a study reports while it runs.
#[derive(Clone, Debug)]
pub enum Event<'a> {
    /// A piece of work begins.
    Began {
        /// Its number among those that were left to do, from 1.
        number: usize,
        /// How many were left to do.
        of: usize,
        /// What it is.
        name: &'a str,
        /// How long it and all after it will take, once that can be guessed.
        remaining: Option<Duration>,
    },
    /// It goes on.
    Advanced {
        /// Done so far.
        done: usize,
        /// At most to do; training may stop early.
        of: usize,
        /// Of what.
        unit: &'static str,
    },
}

/// A piece of work.
#[derive(Clone, Debug)]
enum Work {
    Train { recipe: Recipe, seed: u64 },
    Measure { judge: Judge, seed: u64 },
}

impl Work {
    fn name(&self) -> String {
        match self {
            Self::Train { recipe, seed } => format!("training {} {}, seed {seed}", recipe.model, recipe.name()),
            Self::Measure { judge, seed } => format!("measuring {}, seed {seed}", judge.name()),
        }
    }

    /// Work of one kind takes about the same time.
    fn kind(&self) -> String {
        match self {
            Self::Train { recipe, .. } if recipe.fine_tuning.is_some() => format!("fine-tuning {}", recipe.model),
            Self::Train { recipe, .. } => format!("training {}", recipe.model),
            Self::Measure { judge: Judge::Detector(recipe), .. } => format!("measuring {}", recipe.model),
            Self::Measure { judge: Judge::Vote { .. }, .. } => "measuring votes".into(),
        }
    }
}

impl Study<'_> {
    /// Trains and measures what is not there yet, and puts everything side by side. `observe` hears of progress.
    ///
    /// # Errors
    /// If an ablation needs more models than there are, a setting is out of range, the folder holds runs with other
    /// settings or data, training diverges, or a file cannot be read or written.
    pub fn run(&self, observe: &mut dyn FnMut(Event<'_>)) -> Result<StudyResult> {
        self.check()?;
        let mut left = Vec::new();
        for work in self.plan() {
            if !self.is_done(&work)? {
                left.push(work);
            }
        }
        let mut remaining = Remaining::default();
        let kinds: Vec<String> = left.iter().map(Work::kind).collect();
        for (place, work) in left.iter().enumerate() {
            let estimate = remaining.of(kinds[place..].iter().map(String::as_str));
            observe(Event::Began { number: place + 1, of: left.len(), name: &work.name(), remaining: estimate });
            let began = Instant::now();
            match work {
                Work::Train { recipe, seed } => self.train(recipe, *seed, observe)?,
                Work::Measure { judge, seed } => self.measure(judge, *seed, observe)?,
            }
            remaining.finished(&kinds[place], began.elapsed());
        }
        summarise(self)
    }

    /// Every arm of an ablation.
    pub(super) fn arms(&self, ablation: &AblationEntry) -> Vec<Arm> {
        (ablation.arms)(self.models)
    }

    /// The finished run of a recipe, and the hash of its checkpoint.
    pub(super) fn finished(&self, recipe: &Recipe, seed: u64) -> Result<(Summary, String)> {
        let folder = self.run_folder(recipe, seed);
        let path = folder.summary();
        let text = std::fs::read(&path).map_err(|source| Error::io(&path, "reading", source))?;
        let summary = serde_json::from_slice(&text).map_err(|error| unreadable(&path, &error))?;
        Ok((summary, hash_of(&folder.checkpoint())?))
    }

    /// A judge's measurements, if they are there and still those of its checkpoints on these images.
    pub(super) fn measured(&self, judge: &Judge, seed: u64) -> Result<Option<Measured>> {
        let path = self.folder.join(judge.file(seed));
        let Ok(text) = std::fs::read(&path) else { return Ok(None) };
        let measured: Measured = serde_json::from_slice(&text).map_err(|error| unreadable(&path, &error))?;
        let counts = [self.reported.examples.len(), self.attacked().len()];
        let expected = conditions().into_iter().enumerate().map(|(place, name)| (name, counts[place.min(1)]));
        let found = measured.conditions.iter().map(|condition| (condition.condition.clone(), condition.n));
        let by_now = |recipe: &Recipe| hash_of(&self.run_folder(recipe, seed).checkpoint()).ok();
        let checkpoints: Option<Vec<String>> = judge.members().iter().map(by_now).collect();
        let current = found.eq(expected)
            && checkpoints.as_ref() == Some(&measured.checkpoints)
            && measured.images == self.reported.hash()?;
        Ok(current.then_some(measured))
    }

    /// The reported images that are attacked.
    pub(super) fn attacked(&self) -> Vec<Example> {
        robustness::subset(&self.reported.examples, self.attack_images, self.split.settings().seed)
    }

    /// Every recipe with its seed, in the order of training.
    pub(super) fn recipes(&self) -> Vec<(Recipe, u64)> {
        let trained = |work| match work {
            Work::Train { recipe, seed } => Some((recipe, seed)),
            Work::Measure { .. } => None,
        };
        self.plan().into_iter().filter_map(trained).collect()
    }

    /// Everything once, base phases before what starts from them, and seeds one after another, so that all arms are
    /// there as early as possible.
    fn plan(&self) -> Vec<Work> {
        let (mut plan, mut planned) = (Vec::new(), HashSet::new());
        let mut add = |path: PathBuf, work: Work| {
            if planned.insert(path) {
                plan.push(work);
            }
        };
        for &seed in self.seeds {
            for arm in self.ablations.iter().flat_map(|ablation| self.arms(ablation)) {
                for recipe in arm.judge.members() {
                    for recipe in [recipe.before_fine_tuning(), recipe.clone()] {
                        add(recipe.folder(seed), Work::Train { recipe, seed });
                    }
                }
                add(arm.judge.file(seed), Work::Measure { judge: arm.judge, seed });
            }
        }
        plan
    }

    fn check(&self) -> Result<()> {
        let [ablations, seeds] = [self.ablations.len(), self.seeds.len()];
        if ablations == 0 || seeds == 0 || self.attack_images == 0 {
            return Err(Error::Setting {
                setting: "ablations".into(),
                found: format!("{ablations} ablations, {seeds} seeds, {} images to attack", self.attack_images),
                expected: "at least one of each".into(),
            });
        }
        if let Some(ablation) = self.ablations.iter().find(|ablation| ablation.least_models > self.models.len()) {
            return Err(Error::Setting {
                setting: format!("ablation {}", ablation.name),
                found: format!("{} models", self.models.len()),
                expected: format!("at least {}, or another ablation", ablation.least_models),
            });
        }
        if self.reported.examples.is_empty() {
            return Err(Error::Refused(
                "ablation: found no images to report on; expected some on the split's test side, or others".into(),
            ));
        }
        let reported = self.reported.examples.iter().filter_map(|example| self.reported.store.hash(example.index));
        self.split.require_unused(reported)?;
        self.recipes().iter().try_for_each(|(recipe, seed)| self.check_run(recipe, *seed))
    }

    /// Refuses a run made with other settings or from other data.
    fn check_run(&self, recipe: &Recipe, seed: u64) -> Result<()> {
        let config = self.phases.config(recipe, seed)?;
        let folder = self.run_folder(recipe, seed);
        if !folder.has_started() {
            return Ok(());
        }
        let found = if folder.read_config()? != config {
            "a run with other settings"
        } else if Split::load(&folder.split())? != *self.split {
            "a run on other data or another split"
        } else {
            return self.began_from(recipe, seed).map(|_| ());
        };
        Err(Error::input(folder.root(), found, "the settings and data given now", "give those again, or another --out"))
    }

    /// The hash of the checkpoint that a finished fine-tuning began from, which is to be the one that is there.
    pub(super) fn began_from(&self, recipe: &Recipe, seed: u64) -> Result<Option<String>> {
        let folder = self.run_folder(recipe, seed);
        let base = self.run_folder(&recipe.before_fine_tuning(), seed);
        if recipe.fine_tuning.is_none() || !folder.has_finished() || !base.has_finished() {
            return Ok(None);
        }
        let now = hash_of(&base.checkpoint())?;
        // Runs of before did not say what they began from.
        let begun = folder.read_origin()?.and_then(|origin| origin.init).map(|init| init.hash.to_string());
        if begun.is_some_and(|begun| begun != now) {
            return Err(Error::input(
                folder.root(),
                format!("a run that began from other weights than those in {}", base.root().display()),
                "one that began from them",
                "remove it, and it is made again",
            ));
        }
        Ok(Some(now))
    }

    fn run_folder(&self, recipe: &Recipe, seed: u64) -> RunFolder {
        RunFolder::new(self.folder.join(recipe.folder(seed)))
    }

    fn is_done(&self, work: &Work) -> Result<bool> {
        match work {
            Work::Train { recipe, seed } => Ok(self.run_folder(recipe, *seed).has_finished()),
            Work::Measure { judge, seed } => Ok(self.measured(judge, *seed)?.is_some()),
        }
    }

    fn train(&self, recipe: &Recipe, seed: u64, observe: &mut dyn FnMut(Event<'_>)) -> Result<()> {
        let config = self.phases.config(recipe, seed)?;
        let folder = self.run_folder(recipe, seed);
        let base = self.run_folder(&recipe.before_fine_tuning(), seed).checkpoint();
        let init = recipe.fine_tuning.as_ref().map(|_| base.as_path());
        folder.start(&config, self.split, &Origin::asked(init, &[])?)?;
        let (detector, _) = run::begin(&config, init, &self.device.clone().autodiff())?;
        let options = TrainOptions { resume: true, save_every: self.save_every, commit: self.commit };
        let epochs = config.train.epochs;
        let fitted = run::train(&folder, &config, self.split, self.data, detector, options, &mut |event| {
            if let train::Event::Step { epoch, step, steps, .. } = event {
                observe(Event::Advanced { done: (epoch - 1) * steps + step, of: epochs * steps, unit: "steps" });
            }
        })?;
        let (_, summary) = run::conclude(&config, self.split, self.data, &fitted, self.commit)?;
        run::finish(&folder, &summary)
    }

    fn measure(&self, judge: &Judge, seed: u64, observe: &mut dyn FnMut(Event<'_>)) -> Result<()> {
        let paths: Vec<PathBuf> =
            judge.members().iter().map(|recipe| self.run_folder(recipe, seed).checkpoint()).collect();
        let members: Vec<Frozen> = paths
            .iter()
            .map(|path| Ok(checkpoint::load(path, self.device)?.detector.freeze()))
            .collect::<Result<_>>()?;
        let attacked = self.attacked();
        let trialled = Trialled {
            judge,
            members: &members,
            checkpoints: paths.iter().map(|path| hash_of(path)).collect::<Result<_>>()?,
            data: self.data,
            reported: self.reported,
            attacked: &attacked,
            seed: self.split.settings().seed,
        };
        let measured = trialled.measure(observe)?;
        let path = self.folder.join(judge.file(seed));
        let text =
            serde_json::to_vec(&measured).map_err(|error| Error::io(&path, "writing", std::io::Error::other(error)))?;
        write_atomically(&path, &text)
    }
}

fn hash_of(path: &Path) -> Result<String> {
    let bytes = std::fs::read(path).map_err(|source| Error::io(path, "reading", source))?;
    Ok(blake3::hash(&bytes).to_hex().to_string())
}

fn unreadable(path: &Path, error: &serde_json::Error) -> Error {
    Error::input(path, error.to_string(), "what this program wrote", "remove it, and it is made again")
}
