//! `fauxto train`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use fauxto::Error;
use fauxto::config::Config;
use fauxto::data::audit::{Audit, audit_dataset};
use fauxto::data::split::{Candidate, Settings, Split};
use fauxto::data::{Dataset, OpenOptions, PixelStore, Side};
use fauxto::derive::{Parentless, WithDerived, add_derived};
use fauxto::model::Detector;
use fauxto::predict::checkpoint_path;
use fauxto::run::{self, Origin, RunFolder, Summary, TrainOptions};
use fauxto::train::{Degraded, Event, Example, TrainingData};
use fauxto::write_atomically::write_atomically;

use super::{Outcome, say, say_json};
use crate::options::{DataOptions, DeviceOptions, TrainingOptions, tell_if_unavailable};
use crate::{figure, pixels, progress};

/// Train a detector on labelled images
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    fauxto train photos/ --model resnet_se_small --out runs/mine\n  \
    fauxto train photos/ --out runs/mine --resume\n  \
    fauxto train photos/ --model convnext_tiny --init convnext_tiny.pth --set train.learning_rate=1e-4\n  \
    fauxto train train.parquet --preset base --set train.epochs=3 --set seed=7\n  \
    fauxto train photos/ --split runs/mine --also made/ --out runs/more")]
pub(crate) struct Arguments {
    /// Labelled images: folder, Parquet file or folder of shards, CSV, JSON Lines
    data: PathBuf,
    /// Architecture (`fauxto list models`)
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// Folder for everything the run makes [default: runs/MODEL]
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Named preset (`fauxto list presets`) or TOML file
    #[arg(long, value_name = "NAME|FILE")]
    preset: Option<String>,
    /// Change one setting (`fauxto list settings`), as in `train.epochs=3`; repeatable
    #[arg(long = "set", value_name = "KEY=VALUE")]
    settings: Vec<String>,
    /// Start from these weights, a run's or a file's (timm or torchvision, .safetensors or .pth); another last layer is
    /// replaced, and `resnet18_se` begins as a `resnet_se`
    #[arg(long, value_name = "RUN|FILE")]
    init: Option<PathBuf>,
    /// Use this split, or a run's, instead of making one
    #[arg(long, value_name = "RUN|FILE")]
    split: Option<PathBuf>,
    /// Learn from these labelled images too, and judge by none of them: derived ones, admitted where their parent
    /// learns, or others, such as `fauxto synthesise` makes; repeatable
    #[arg(long, value_name = "DATA")]
    also: Vec<PathBuf>,
    /// Go on with an interrupted run
    #[arg(long)]
    resume: bool,
    #[command(flatten)]
    training: TrainingOptions,
    #[command(flatten)]
    device: DeviceOptions,
    #[command(flatten)]
    options: DataOptions,
    /// Print the run's summary as JSON
    #[arg(long)]
    json: bool,
}

/// Revision of the source this binary was built from.
pub(super) const COMMIT: &str = env!("FAUXTO_COMMIT");

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let (config, folder) = configure(arguments)?;
    if arguments.resume && folder.has_finished() {
        progress::note(format!("{}: the run has already finished", folder.root().display()));
        return report(arguments, &folder);
    }
    if folder.has_started() && !arguments.resume {
        bail!(
            "{}: found a run; expected a new folder; pass --resume to go on with it, or another --out",
            folder.root().display()
        );
    }
    if let Some(found) = folder.remains() {
        bail!(
            "{}: found {} without the settings that it was trained by; expected a folder without it; give another --out",
            folder.root().display(),
            found.display()
        );
    }
    arguments.training.save_every()?;
    let mut origin = origin(arguments, &folder)?;
    let options = OpenOptions { classes: arguments.options.classes.clone(), ..OpenOptions::default() };
    let own = Dataset::open(&arguments.data, &options)?;
    own.require_both_classes()?;
    let whole = add_derived(own.clone(), further(&origin.also, &options)?)?;
    let indices = whole.dataset.labelled();
    let store = pixels::decode(&whole.dataset, &indices, config.input_size)?;
    let usable = pixels::usable(&whole.dataset, &store, arguments.options.skip_bad)?;
    let (positions, others): (Vec<usize>, Vec<usize>) =
        usable.into_iter().partition(|&position| indices[position] < whole.own);
    let (split, audit) = split(arguments, &config, &folder, &own, &indices, &store, &positions)?;
    let recorded = origin.init.as_ref().map(|weights| weights.path.clone());
    // Weights that have moved since the run began are given again, and read where they are now.
    let init = given(arguments)?.or(recorded);
    if let Some(weights) = &init {
        run::require_apart(weights, &split)?;
    }
    let mut train = run::examples(&own, &indices, &positions, &split, Side::Train);
    let more = admitted(&whole, &split, &indices, &store, &others)?;
    let added = more.len();
    origin.added = more.iter().filter_map(|example| store.hash(example.index)).collect();
    train.extend(more);
    let validation = run::examples(&own, &indices, &positions, &split, Side::Validation);
    let (store, train, validation) = match beside_degraded(&config, &store, &train, &validation)? {
        Some(Degraded { store, train, validation }) => (store, train, validation),
        None => (store, train, validation),
    };
    let data = TrainingData { store: &store, train, added, validation };
    let begun = begin(arguments, &config, &data, init.as_deref())?;
    let _lock = folder.lock()?;
    if folder.has_started() && !arguments.resume {
        bail!("{}: found a run that another process began meanwhile; pass another --out", folder.root().display());
    }
    if folder.has_finished() {
        return report(arguments, &folder);
    }
    folder.start(&config, &split, &origin)?;
    if let Some(audit) = audit {
        write_atomically(&folder.audit(), &serde_json::to_vec_pretty(&audit)?)?;
    }
    fit(arguments, &config, &folder, &split, &data, begun)?;
    report(arguments, &folder)
}

/// The run's settings and folder. A resumed run keeps the settings it began with.
fn configure(arguments: &Arguments) -> anyhow::Result<(Config, RunFolder)> {
    let mut settings = arguments.settings.clone();
    if let Some(model) = &arguments.model {
        settings.insert(0, format!("model=\"{model}\""));
    }
    let asked = Config::resolve(arguments.preset.as_deref(), &settings)?;
    let out = arguments.out.clone().unwrap_or_else(|| PathBuf::from("runs").join(&asked.model));
    let folder = RunFolder::new(out);
    if !(arguments.resume && folder.has_started()) {
        return Ok((asked, folder));
    }
    let begun = folder.read_config().with_context(|| folder.config().display().to_string())?;
    let silent = settings.is_empty() && arguments.preset.is_none();
    if !silent && begun != asked {
        bail!(
            "{}: found a run with other settings; expected those given now; resume without settings, or use another --out",
            folder.root().display()
        );
    }
    Ok((begun, folder))
}

/// The file of the weights to start from that the call names.
fn given(arguments: &Arguments) -> fauxto::Result<Option<PathBuf>> {
    arguments.init.as_deref().map(checkpoint_path).transpose()
}

/// What the run begins from beyond settings and data. A resumed run begins as it began.
fn origin(arguments: &Arguments, folder: &RunFolder) -> anyhow::Result<Origin> {
    let asked = Origin::asked(given(arguments)?.as_deref(), &arguments.also)?;
    let begun = if arguments.resume && folder.has_started() { folder.read_origin()? } else { None };
    Ok(match begun {
        Some(begun) => begun.go_on(asked)?,
        None => asked,
    })
}

/// The data sets that are learned from beyond the one that is split, by name.
fn further(paths: &[PathBuf], options: &OpenOptions) -> anyhow::Result<Vec<(String, Dataset)>> {
    paths.iter().map(|path| Ok((path.display().to_string(), Dataset::open(path, options)?))).collect()
}

/// What may be learned from of the images at `positions`, which are not the split's.
fn admitted(
    whole: &WithDerived,
    split: &Split,
    indices: &[usize],
    store: &PixelStore,
    positions: &[usize],
) -> anyhow::Result<Vec<Example>> {
    let by_item: HashMap<usize, usize> = positions.iter().map(|&position| (indices[position], position)).collect();
    let content = |item: usize| store.hash(*by_item.get(&item)?);
    let admission = whole.admit(split, Parentless::Admit, content)?;
    if !admission.held_out.is_empty() {
        let count = admission.held_out.len();
        progress::note(format!("{count} further images left out of training: they stand for images that are held out"));
    }
    let example = |item: usize| Some(Example { index: *by_item.get(&item)?, label: whole.dataset.items[item].label? });
    Ok(admission.admitted.into_iter().filter_map(example).collect())
}

/// The images that a gate learns from, where the run is to make one.
fn beside_degraded(
    config: &Config,
    store: &PixelStore,
    train: &[Example],
    validation: &[Example],
) -> anyhow::Result<Option<Degraded>> {
    let steps = &config.train.degrade;
    if steps.is_empty() {
        return Ok(None);
    }
    let bar = progress::bar(train.len() + validation.len(), "images", "degrading");
    let made = Degraded::beside(store, train, validation, steps, config.seed, &|| bar.inc(1))?;
    bar.finish_and_clear();
    Ok(Some(made))
}

/// The run's own split if it has one, else the one given, else a new one over the clusters of an audit, which
/// comes with it.
fn split(
    arguments: &Arguments,
    config: &Config,
    folder: &RunFolder,
    dataset: &Dataset,
    indices: &[usize],
    store: &PixelStore,
    positions: &[usize],
) -> anyhow::Result<(Split, Option<Audit>)> {
    let candidates = run::candidates(dataset, indices, store, positions);
    let own = Some(folder.split()).filter(|_| folder.has_started());
    if let Some(file) = own.as_ref().or(arguments.split.as_ref()) {
        let split = Split::load(file)?;
        split.check(&candidates).with_context(|| file.display().to_string())?;
        return Ok((split, None));
    }
    let (split, audit) = new_split(dataset, &candidates, config, arguments.training.allow_giveaways)?;
    Ok((split, Some(audit)))
}

/// A split over the clusters of an audit, and that audit, unless a property of the files gives the classes away.
pub(super) fn new_split(
    dataset: &Dataset,
    candidates: &[Candidate],
    config: &Config,
    allow_giveaways: bool,
) -> anyhow::Result<(Split, Audit)> {
    let audit = inspect(dataset)?;
    if let Some(reason) = audit.stops_training()
        && !allow_giveaways
    {
        return Err(Error::Refused(format!("{reason} (--allow-giveaways)")).into());
    }
    let settings = Settings { seed: config.split.seed, validation: config.split.validation, test: config.split.test };
    let split = Split::make(candidates, audit.duplicates.clusters(), settings)?;
    let left_out = split.left_out().count();
    if left_out > 0 {
        progress::note(format!("{left_out} images left out of training: held-out folders hold the same pictures"));
    }
    Ok((split, audit))
}

fn inspect(dataset: &Dataset) -> anyhow::Result<Audit> {
    let bar = progress::bar(dataset.items.len(), "images", "auditing");
    let audit = audit_dataset(dataset, &|| bar.inc(1));
    bar.finish_and_clear();
    Ok(audit)
}

/// The detector that the run begins with. Nothing is kept of a run that cannot begin.
fn begin(
    arguments: &Arguments,
    config: &Config,
    data: &TrainingData<'_>,
    init: Option<&Path>,
) -> anyhow::Result<Detector> {
    let device = arguments.device.open()?.autodiff();
    let (detector, taken) = run::begin(config, init, &device)?;
    if let (Some(file), Some(taken)) = (init, taken) {
        progress::note(format!(
            "{}: {} tensors taken, {} left as drawn, {} without a place here",
            file.display(),
            taken.taken,
            taken.kept.len(),
            taken.unused.len()
        ));
    }
    progress::note(format!(
        "{}: {} parameters, {} images to learn from, {} to stop on",
        config.model,
        detector.parameter_count(),
        data.train.len(),
        data.validation.len()
    ));
    tell_if_unavailable(config.train.precision, &device);
    Ok(detector)
}

fn fit(
    arguments: &Arguments,
    config: &Config,
    folder: &RunFolder,
    split: &Split,
    data: &TrainingData<'_>,
    detector: Detector,
) -> anyhow::Result<()> {
    let options =
        TrainOptions { resume: arguments.resume, save_every: arguments.training.save_every()?, commit: COMMIT };
    let steps = (data.train.len() / config.train.batch_size).max(1);
    let bar = progress::bar(steps * config.train.epochs, "steps", config.model.clone());
    let fitted = run::train(folder, config, split, data, detector, options, &mut |event| match event {
        Event::Step { epoch, step, steps, loss } => {
            bar.set_position(((epoch - 1) * steps + step) as u64);
            bar.set_message(format!("epoch {epoch}/{} loss {loss:.3}", config.train.epochs));
        }
        Event::Epoch { record, best } => bar.suspend(|| {
            progress::note(format!(
                "epoch {:>3}  loss {:.4}  validation loss {:.4}  accuracy {:.4}  AUC {:.4}{}",
                record.epoch,
                record.train_loss,
                record.validation_loss,
                record.validation_accuracy,
                record.validation_auc,
                if best { "  best" } else { "" }
            ));
        }),
    })?;
    bar.finish_and_clear();

    let (scores, summary) = run::conclude(config, split, data, &fitted, COMMIT)?;
    let title = format!("{}, validation images", config.model);
    figure::evaluation(&title, config.classes(), &scores, &summary.validation, &folder.root().join("validation"))?;
    let sizes = [data.train.len(), data.validation.len()];
    figure::training(&config.model, sizes, &fitted.history, fitted.epoch, &folder.root().join("curves"))?;
    Ok(run::finish(folder, &summary)?)
}

fn report(arguments: &Arguments, folder: &RunFolder) -> anyhow::Result<Outcome> {
    let text = std::fs::read_to_string(folder.summary())?;
    let summary: Summary = serde_json::from_str(&text).with_context(|| folder.summary().display().to_string())?;
    if arguments.json {
        say_json(&summary)?;
        return Ok(Outcome::Done);
    }
    let [low, high] = summary.validation.accuracy_interval;
    say(format!(
        "{}: best epoch {} of {}, validation accuracy between {low:.3} and {high:.3} on {} images; checkpoint, history and figures in {}",
        summary.model,
        summary.best_epoch,
        summary.epochs,
        summary.n_validation,
        folder.root().display()
    ))?;
    Ok(Outcome::Done)
}
