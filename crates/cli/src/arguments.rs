//! The one definition of commands and options, from which parser, help, completions and man page come.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use fauxto::attack::Epsilon;
use fauxto::corrupt::{self, CorruptionEntry, Severity};
use fauxto::data::Side;
use fauxto::predict::Predictor;

/// Tells camera photographs from generated images.
#[derive(Debug, Parser)]
#[command(
    name = "fauxto",
    version,
    about,
    max_term_width = 100,
    after_help = "Examples:\n  \
        fauxto demo\n  \
        fauxto train photos/ --model resnet_se_small --out runs/mine\n  \
        fauxto evaluate runs/mine test.parquet\n  \
        fauxto predict runs/mine picture.jpg"
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Render the built-in sample set, train on it, evaluate and predict: everything, in minutes
    #[command(after_help = "Examples:\n  fauxto demo\n  fauxto demo --out runs/demo --images 500")]
    Demo(Demo),
    /// Look for duplicates, unreadable files and giveaways that would let a detector cheat
    #[command(
        after_help = "Examples:\n  fauxto audit photos/\n  fauxto audit train.parquet --json | jq .giveaways\n\nExit code 1: training on these data would be refused."
    )]
    Audit(Audit),
    /// Train a detector on labelled images
    #[command(after_help = "Examples:\n  \
        fauxto train photos/ --model resnet_se_small --out runs/mine\n  \
        fauxto train photos/ --out runs/mine --resume\n  \
        fauxto train photos/ --model convnext_tiny --init convnext_tiny.pth --set train.learning_rate=1e-4\n  \
        fauxto train train.parquet --preset base --set train.epochs=3 --set seed=7")]
    Train(Train),
    /// Make augmented or attacked images from the training side of a split, each naming its parent
    #[command(after_help = "Examples:\n  \
        fauxto derive photos/ --split runs/mine --out derived/\n  \
        fauxto derive train.parquet --split split.json --out derived/ --augmented 1000 --seed 7\n  \
        fauxto derive photos/ --split runs/mine --adversarial 400 --models runs/mine --out attacked/\n\n\
        Half of the images are real and half fake, and each keeps its parent's label. OUT/metadata.csv\n\
        names every parent, by identity and by content hash; a command given OUT reads it.\n\
        Exit code 1: the data are not the ones that were split.")]
    Derive(Derive),
    /// Measure a detector on labelled images
    #[command(after_help = "Examples:\n  \
        fauxto evaluate runs/mine test.parquet\n  \
        fauxto evaluate runs/mine photos/ --side validation --split runs/mine/split.json\n  \
        fauxto evaluate runs/a,runs/b,runs/c test.parquet --json")]
    Evaluate(Evaluate),
    /// Fit probabilities, thresholds and three-way verdicts to labelled images, without retraining
    #[command(after_help = "Examples:\n  \
        fauxto calibrate runs/mine mine/labelled/\n  \
        fauxto calibrate runs/mine photos/ --split runs/mine/split.json --side test --figure reliability\n  \
        fauxto calibrate runs/mine few/ --level .9 --target-fpr .05 --out runs/mine/checkpoint_mine.safetensors\n  \
        fauxto calibrate runs/a,runs/b,runs/c labelled/ --out runs/ensemble.json\n\n\
        Writes into the checkpoint or the ensemble file, or to --out: a checkpoint, or an ensemble file where its\n\
        name ends in .json. Several models need the latter; other commands take it like a run folder.\n\
        A level of 95% takes 19 images of each class, a false-positive rate of 1% takes 99 real ones. What was\n\
        promised holds for images that come from where these came from.\n\
        Exit code 1: the model was trained on some of the images, or there are too few.")]
    Calibrate(Calibrate),
    /// Judge images
    #[command(after_help = "Examples:\n  \
        fauxto predict runs/mine picture.jpg\n  \
        fauxto predict runs/mine folder/ --json > verdicts.json\n  \
        fauxto predict runs/mine test/ --submission submission.json\n  \
        fauxto predict runs/mine --fail-on-fake - < upload.jpg\n  \
        fauxto predict runs/calibrated folder/ --target-fpr .01\n\n\
        A calibrated model also judges real, fake or unsure, at the level it was calibrated for.\n\
        Exit code 1: an image was judged fake and --fail-on-fake was given.\n\
        Exit code 2: an image could not be judged; the others were.")]
    Predict(Predict),
    /// Judge any image with the built-in detector, and say what the verdict is worth
    #[command(after_help = "Examples:\n  \
        fauxto scan picture.jpg\n  \
        fauxto scan folder/ other.png test.parquet --json > verdicts.json\n  \
        fauxto scan photo.jpg --explain why/\n  \
        fauxto scan uploads/ --stability none --fail-on-fake --csv\n  \
        curl -s https://example.org/picture.jpg | fauxto scan -\n  \
        fauxto scan folder/ --model runs/a,runs/b\n\n\
        A verdict is withheld (unsure) where the probability is between the classes, where a re-encoded, resized or\n\
        mirrored version of the image gets another verdict, or where the image is far from what the detector learned\n\
        from. Photographs of at least twice the detector's input are also judged by tiles.\n\
        Exit code 1: an image was judged fake and --fail-on-fake was given.\n\
        Exit code 2: an image could not be judged; the others were.")]
    Scan(Scan),
    /// Write a detector for shipping: smaller weights, and what its training images are like
    #[command(after_help = "Examples:\n  \
        fauxto export runs/mine --precision int8 --out detector.safetensors\n  \
        fauxto export runs/mine --training-data photos/ --out detector.safetensors\n  \
        fauxto export checkpoint.safetensors --precision f16 --training-data train.parquet --split split.json --out small.safetensors\n\n\
        The file is read wherever a checkpoint is; weights become f32 again when it is loaded, so that it judges as fast\n\
        as it did. Calibration and provenance are carried over. --training-data lets `fauxto scan` warn of images\n\
        unlike those learned from.\n\
        Exit code 1: the data are not the ones that were split.")]
    Export(Export),
    /// The whole pipeline: train, attack, fine-tune, measure before and after, draw, submit
    #[command(after_help = "Examples:\n  \
        fauxto run photos/ --out runs/pipeline\n  \
        fauxto run photos/ --report test.parquet --models resnet_se_small --finetune robust --out runs/pipeline\n\n\
        Stopped half-way, the same command goes on where it stopped.")]
    Run(Run),
    /// What each part of a recipe is worth: train with it, without it, and compare on the same images
    #[command(after_help = "Examples:\n  \
        fauxto ablate photos/ --report test.parquet --out runs/ablations\n  \
        fauxto ablate photos/ --report test.parquet --ablation adversarial_ratio --model resnet_se_small --out runs/ratio\n  \
        fauxto ablate photos/ --ablation augmentation --seeds 1,2,3,4,5 --set train.epochs=20 --out runs/augmentation\n\n\
        Trains every detector that the arms need once for each seed; the base phase is shared. Stopped half-way, the\n\
        same command goes on where it stopped; more seeds, models and ablations add to what is there.\n\
        Writes OUT/results.json and a figure for each ablation.")]
    Ablate(Ablate),
    /// Write what a run is worth into one HTML file that needs no network
    #[command(after_help = "Examples:\n  \
        fauxto report runs/pipeline\n  \
        fauxto report runs/mine --data photos/ --out mine.html\n  \
        fauxto report runs/pipeline --about 'Holiday photographs against images of one generator'\n\n\
        RUN is the folder of `fauxto run`, which writes its report itself, or of `fauxto train`; what a folder\n\
        does not hold is named in the report. The file has its images inside and runs no scripts.")]
    Report(Report),
    /// Measure a detector under adversarial attacks
    #[command(after_help = "Examples:\n  \
        fauxto attack runs/mine test.parquet --limit 1000\n  \
        fauxto attack runs/mine test.parquet --attack fgsm,pgd:steps=50,apgd_ce --epsilon 2/255,.03 --check\n  \
        fauxto attack runs/a,runs/b test.parquet --attack autoattack_two_class --epsilon 1/255 --limit 200 --json\n  \
        fauxto attack runs/mine photos/ --attack pgd --epsilon 4/255 --limit 50 --out attacked/\n\n\
        Exit code 1: --check was given and a check found masked gradients.")]
    Attack(Attack),
    /// Show which pixels speak for a verdict, or score how well explanations find them
    #[command(after_help = "Examples:\n  \
        fauxto explain runs/mine picture.jpg --out explanations\n  \
        fauxto explain runs/a,runs/b picture.jpg --explainer grad_cam,occlusion\n  \
        fauxto explain runs/mine photos/ --explainer all --class fake --set lime.samples=500 --json\n  \
        fauxto explain runs/mine test.parquet --score --explainer all --limit 100\n\n\
        Several models vote, and each is explained for the class that they decide together.\n\
        Exit code 2: an image could not be explained; the others were.")]
    Explain(Explain),
    /// Corrupt images as CIFAR-10-C does: noise, blur, weather, compression, at five severities
    #[command(after_help = "Examples:\n  \
        fauxto corrupt picture.png --out corrupted --figure corrupted-sheet\n  \
        fauxto corrupt photos/ --corruption snow,fog --severity 3 --out snowy\n  \
        fauxto corrupt test.parquet --corruption jpeg_compression --severity all --out jpeg\n  \
        fauxto evaluate runs/mine snowy/manifest.csv\n\n\
        Writes FOLDER/CORRUPTION/SEVERITY/NAME.png and FOLDER/manifest.csv (file_name, label, parent, corruption, severity).\n\
        Frost is synthesised; `fauxto list corruptions` shows all and their parameters.\n\
        Blurs grow with an image's side, so that large photographs take minutes: --size brings them down first.")]
    Corrupt(Corrupt),
    /// Time training steps or inference on random pixels
    #[command(
        after_help = "Examples:\n  fauxto bench train --model resnet_se --batch 128 --steps 10\n  fauxto bench infer --model convnext_tiny --batch 1 --json\n  fauxto bench machine"
    )]
    Bench(Bench),
    /// List models, augmentations, corruptions, attacks, metrics, explainers, ablations and all else there is by name
    #[command(after_help = "Examples:\n  fauxto list\n  fauxto list models --json")]
    List(List),
    /// Print a shell's completion script
    #[command(after_help = "Example:\n  fauxto completions bash > /etc/bash_completion.d/fauxto")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write one page per command into a folder
    #[command(after_help = "Examples:\n  fauxto man | man -l -\n  fauxto man --out man1/")]
    Man {
        /// Folder for one page per command
        #[arg(long, value_name = "FOLDER")]
        out: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Folder for everything the demo makes
    #[arg(long, value_name = "FOLDER", default_value = "runs/demo")]
    pub(crate) out: PathBuf,
    /// Images to render of each class
    #[arg(long, value_name = "N", default_value_t = 1500, value_parser = clap::value_parser!(u32).range(50..=100_000))]
    pub(crate) images: u32,
    /// Seed of images and training
    #[arg(long, default_value_t = 42)]
    pub(crate) seed: u64,
}

/// How to read a data set.
#[derive(Clone, Debug, Args)]
pub(crate) struct DataOptions {
    /// Class names in index order, where the data does not say which is which, as in `real,fake`
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) classes: Option<Vec<String>>,
    /// Leave unreadable images out instead of stopping
    #[arg(long)]
    pub(crate) skip_bad: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Audit {
    /// Folder, Parquet file or folder of shards, CSV, JSON Lines
    pub(crate) data: PathBuf,
    #[command(flatten)]
    pub(crate) options: DataOptions,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// Labelled images: folder, Parquet file or folder of shards, CSV, JSON Lines
    pub(crate) data: PathBuf,
    /// Folder for everything the pipeline makes
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: PathBuf,
    /// Architectures, separated by commas
    #[arg(
        long,
        value_name = "NAMES",
        value_delimiter = ',',
        default_value = "convnext_tiny,efficientnet_b0,resnet_se"
    )]
    pub(crate) models: Vec<String>,
    /// Labelled images to report on; without them, a share of the data is kept apart for that
    #[arg(long, value_name = "DATA")]
    pub(crate) report: Option<PathBuf>,
    /// That share, where --report is not given
    #[arg(long, value_name = "SHARE", default_value_t = 0.2)]
    pub(crate) test_share: f64,
    /// Preset of the base phase
    #[arg(long, value_name = "NAME|FILE", default_value = "base")]
    pub(crate) preset: String,
    /// Preset of the fine-tuning phase
    #[arg(long, value_name = "NAME|FILE", default_value = "adversarial")]
    pub(crate) finetune: String,
    /// Augmented images to make of the training side, an even number
    #[arg(long, value_name = "N", default_value_t = 500)]
    pub(crate) augmented_images: u32,
    /// Attacked images to make of the training side, an even number
    #[arg(long, value_name = "N", default_value_t = 400)]
    pub(crate) adversarial_images: u32,
    /// Reported images under FGSM and PGD
    #[arg(long, value_name = "N", default_value_t = 500)]
    pub(crate) attack_images: u32,
    /// Reported images under the two-class AutoAttack, which takes long; 0: none
    #[arg(long, value_name = "N", default_value_t = 32)]
    pub(crate) strong_images: u32,
    /// Reported images under every corruption
    #[arg(long, value_name = "N", default_value_t = 500)]
    pub(crate) corruption_images: u32,
    /// Seed of everything random
    #[arg(long, value_name = "N", default_value_t = 42)]
    pub(crate) seed: u64,
    /// Train although a property of the files separates the classes
    #[arg(long)]
    pub(crate) allow_giveaways: bool,
    /// What the images are and where they come from, in a sentence, for the report
    #[arg(long, value_name = "TEXT")]
    pub(crate) about: Option<String>,
    /// Device (`fauxto list devices`)
    #[arg(long, value_name = "NAME", default_value = "cpu")]
    pub(crate) device: String,
    #[command(flatten)]
    pub(crate) options: DataOptions,
}

impl Run {
    /// What decides the results, for the record and for going on.
    pub(crate) fn record(&self) -> toml::Table {
        let mut table = toml::Table::new();
        table.insert("data".into(), self.data.display().to_string().into());
        if let Some(report) = &self.report {
            table.insert("report".into(), report.display().to_string().into());
        }
        if let Some(about) = &self.about {
            table.insert("about".into(), about.clone().into());
        }
        table.insert("models".into(), self.models.clone().into());
        table.insert("preset".into(), self.preset.clone().into());
        table.insert("finetune".into(), self.finetune.clone().into());
        table.insert("test_share".into(), self.test_share.into());
        let counts = [
            ("augmented_images", self.augmented_images),
            ("adversarial_images", self.adversarial_images),
            ("attack_images", self.attack_images),
            ("strong_images", self.strong_images),
            ("corruption_images", self.corruption_images),
        ];
        table.extend(counts.map(|(name, count)| (name.to_owned(), i64::from(count).into())));
        table.insert("seed".into(), self.seed.to_string().into());
        table
    }
}

/// Seeds, each once.
#[derive(Clone, Debug)]
pub(crate) struct Seeds(pub(crate) Vec<u64>);

impl Seeds {
    fn parse(text: &str) -> Result<Self, String> {
        let mut seeds: Vec<u64> = Vec::new();
        for part in text.split(',') {
            let seed = part
                .trim()
                .parse::<u32>()
                .map_err(|_| format!("found `{part}`; expected whole numbers from 0 to {}, as in 1,2,3", u32::MAX))?;
            if seeds.contains(&seed.into()) {
                return Err(format!("found {seed} twice; the same seed gives the same run"));
            }
            seeds.push(seed.into());
        }
        Ok(Self(seeds))
    }
}

#[derive(Debug, Args)]
pub(crate) struct Ablate {
    /// Labelled images: folder, Parquet file or folder of shards, CSV, JSON Lines
    pub(crate) data: PathBuf,
    /// Folder for everything that is trained and measured
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: PathBuf,
    /// Labelled images to report on; without them, a share of the data is kept apart for that
    #[arg(long, value_name = "DATA")]
    pub(crate) report: Option<PathBuf>,
    /// That share, where --report is not given
    #[arg(long, value_name = "SHARE", default_value_t = 0.2)]
    pub(crate) test_share: f64,
    /// Ablations, separated by commas (`fauxto list ablations`) [default: all that the models allow]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) ablation: Option<Vec<String>>,
    /// Architectures, separated by commas
    #[arg(
        long,
        alias = "models",
        value_name = "NAMES",
        value_delimiter = ',',
        default_value = "convnext_tiny,efficientnet_b0,resnet_se"
    )]
    pub(crate) model: Vec<String>,
    /// Seeds of the runs; every arm is run with each
    #[arg(long, value_name = "NUMBERS", default_value = "1,2,3", value_parser = Seeds::parse)]
    pub(crate) seeds: Seeds,
    /// Preset of the base phase
    #[arg(long, value_name = "NAME|FILE", default_value = "base")]
    pub(crate) preset: String,
    /// Preset of the fine-tuning phase
    #[arg(long, value_name = "NAME|FILE", default_value = "adversarial")]
    pub(crate) finetune: String,
    /// Change one setting in both phases, as in `train.epochs=3`; repeatable
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) settings: Vec<String>,
    /// Reported images to attack, drawn by the split's seed
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) attack_images: u32,
    /// Train although a property of the files separates the classes
    #[arg(long)]
    pub(crate) allow_giveaways: bool,
    /// Seconds between two writings of a run's state
    #[arg(long, value_name = "SECONDS", default_value_t = 60.0)]
    pub(crate) save_every: f64,
    /// Device (`fauxto list devices`)
    #[arg(long, value_name = "NAME", default_value = "cpu")]
    pub(crate) device: String,
    #[command(flatten)]
    pub(crate) options: DataOptions,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Train {
    /// Labelled images: folder, Parquet file or folder of shards, CSV, JSON Lines
    pub(crate) data: PathBuf,
    /// Architecture (`fauxto list models`)
    #[arg(long, value_name = "NAME")]
    pub(crate) model: Option<String>,
    /// Folder for everything the run makes [default: runs/MODEL]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,
    /// Named preset (`fauxto list presets`) or TOML file
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) preset: Option<String>,
    /// Change one setting, as in `train.epochs=3`; repeatable
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) settings: Vec<String>,
    /// Start from these weights (timm or torchvision, .safetensors or .pth); another last layer is replaced
    #[arg(long, value_name = "FILE")]
    pub(crate) init: Option<PathBuf>,
    /// Use this split instead of making one
    #[arg(long, value_name = "FILE")]
    pub(crate) split: Option<PathBuf>,
    /// Go on with an interrupted run
    #[arg(long)]
    pub(crate) resume: bool,
    /// Train although a property of the files separates the classes
    #[arg(long)]
    pub(crate) allow_giveaways: bool,
    /// Seconds between two writings of the run's state
    #[arg(long, value_name = "SECONDS", default_value_t = 60.0)]
    pub(crate) save_every: f64,
    /// Device (`fauxto list devices`)
    #[arg(long, value_name = "NAME", default_value = "cpu")]
    pub(crate) device: String,
    #[command(flatten)]
    pub(crate) options: DataOptions,
    /// Print the run's summary as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Derive {
    /// The labelled images that were split
    pub(crate) data: PathBuf,
    /// The split, or a run that has one
    #[arg(long, value_name = "FILE|RUN")]
    pub(crate) split: PathBuf,
    /// New folder for the derived images
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: PathBuf,
    /// Augmented images to make, an even number
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub(crate) augmented: u32,
    /// Make attacked images instead, this many, an even number
    #[arg(long, value_name = "N", requires = "models", conflicts_with = "augmented", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub(crate) adversarial: Option<u32>,
    /// Run folders or checkpoints to attack; several, separated by commas, are attacked as they vote
    #[arg(long, value_name = "RUN|CHECKPOINT", requires = "adversarial", value_parser = Models::parse)]
    pub(crate) models: Option<Models>,
    /// The attack, in L-infinity (`fauxto list attacks`)
    #[arg(long, value_name = "NAME", requires = "adversarial", default_value = "fgsm")]
    pub(crate) attack: String,
    /// How far it may go, each for as many images
    #[arg(
        long = "epsilon",
        value_name = "EPSILONS",
        requires = "adversarial",
        value_delimiter = ',',
        default_value = ".02,.03,.05,.08"
    )]
    pub(crate) epsilons: Vec<Epsilon>,
    /// Device (`fauxto list devices`)
    #[arg(long, value_name = "NAME", default_value = "cpu")]
    pub(crate) device: String,
    /// Seed of parents and changes
    #[arg(long, default_value_t = 42)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) options: DataOptions,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Checkpoints or run folders, separated by commas, or an ensemble file.
#[derive(Clone, Debug)]
pub(crate) struct Models(pub(crate) Vec<PathBuf>);

impl Models {
    fn parse(text: &str) -> Result<Self, String> {
        let paths: Vec<PathBuf> = text.split(',').filter(|part| !part.is_empty()).map(PathBuf::from).collect();
        if paths.is_empty() { Err("expected at least one path".into()) } else { Ok(Self(paths)) }
    }
}

/// Which side of a split to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SideName {
    /// Learned from
    Train,
    /// Stopped on
    Validation,
    /// Reported on
    Test,
}

impl From<SideName> for Side {
    fn from(name: SideName) -> Self {
        match name {
            SideName::Train => Self::Train,
            SideName::Validation => Self::Validation,
            SideName::Test => Self::Test,
        }
    }
}

/// Where real ends and fake begins.
#[derive(Debug, Args)]
pub(crate) struct OperatingPoint {
    /// Probability of fake from which an image is called fake
    #[arg(long, value_name = "P", default_value_t = 0.5)]
    pub(crate) threshold: f64,
    /// Call images fake from where the calibrated model keeps this false-positive rate (`fauxto calibrate`)
    #[arg(long, value_name = "RATE", conflicts_with = "threshold")]
    pub(crate) target_fpr: Option<f64>,
}

impl OperatingPoint {
    /// Refuses a threshold that is no probability, which needs no model to be seen.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        check_threshold(self.threshold)
    }

    /// The threshold given, or the one that `predictor` was calibrated to for the rate given.
    pub(crate) fn threshold(&self, predictor: &Predictor) -> fauxto::Result<f64> {
        self.target_fpr.map_or(Ok(self.threshold), |rate| predictor.threshold(rate))
    }
}

/// Refuses a threshold that is no probability.
pub(crate) fn check_threshold(threshold: f64) -> anyhow::Result<()> {
    anyhow::ensure!((0.0..=1.0).contains(&threshold), "--threshold: found {threshold}; expected a number from 0 to 1");
    Ok(())
}

#[derive(Debug, Args)]
pub(crate) struct Evaluate {
    /// Run folders, checkpoints or one ensemble file; several, separated by commas, vote
    #[arg(value_name = "RUN|CHECKPOINT", value_parser = Models::parse)]
    pub(crate) models: Models,
    /// Labelled images
    pub(crate) data: PathBuf,
    #[command(flatten)]
    pub(crate) operating_point: OperatingPoint,
    /// Measure one side of a split of these data (needs --split)
    #[arg(long, value_name = "SIDE", requires = "split")]
    pub(crate) side: Option<SideName>,
    /// The split
    #[arg(long, value_name = "FILE", requires = "side")]
    pub(crate) split: Option<PathBuf>,
    /// Where to draw the ROC, confusion and histogram figure (.svg and .png are appended)
    #[arg(long, value_name = "STEM")]
    pub(crate) figure: Option<PathBuf>,
    /// Where to draw the reliability diagram
    #[arg(long, value_name = "STEM")]
    pub(crate) reliability: Option<PathBuf>,
    /// Write each image's probability as CSV
    #[arg(long, value_name = "FILE")]
    pub(crate) scores: Option<PathBuf>,
    /// Images at a time
    #[arg(long, value_name = "N", default_value_t = 128, value_parser = clap::value_parser!(u32).range(1..=65536))]
    pub(crate) batch: u32,
    /// Device (`fauxto list devices`)
    #[arg(long, value_name = "NAME", default_value = "cpu")]
    pub(crate) device: String,
    #[command(flatten)]
    pub(crate) options: DataOptions,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Calibrate {
    /// Run folders, checkpoints or one ensemble file; several, separated by commas, vote
    #[arg(value_name = "RUN|CHECKPOINT", value_parser = Models::parse)]
    pub(crate) models: Models,
    /// Labelled images that the models were not trained on
    pub(crate) data: PathBuf,
    /// Calibrate on one side of a split of these data (needs --split)
    #[arg(long, value_name = "SIDE", requires = "split")]
    pub(crate) side: Option<SideName>,
    /// The split
    #[arg(long, value_name = "FILE", requires = "side")]
    pub(crate) split: Option<PathBuf>,
    /// Of each class, the share of images whose true label the three-way verdict must allow
    #[arg(long, value_name = "SHARE", default_value_t = 0.95)]
    pub(crate) level: f64,
    /// False-positive rates to fit thresholds for
    #[arg(long = "target-fpr", value_name = "RATES", value_delimiter = ',', default_value = "0.01,0.05")]
    pub(crate) target_fprs: Vec<f64>,
    /// Write to this file and leave the models as they are
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Where to draw the reliability diagram, before and after (.svg and .png are appended)
    #[arg(long, value_name = "STEM")]
    pub(crate) figure: Option<PathBuf>,
    /// Images at a time
    #[arg(long, value_name = "N", default_value_t = 128, value_parser = clap::value_parser!(u32).range(1..=65536))]
    pub(crate) batch: u32,
    /// Device (`fauxto list devices`)
    #[arg(long, value_name = "NAME", default_value = "cpu")]
    pub(crate) device: String,
    #[command(flatten)]
    pub(crate) options: DataOptions,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Report {
    /// Folder of `fauxto run` or `fauxto train`
    pub(crate) run: PathBuf,
    /// Where to write it [default: report.html in that folder]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Where the images of verdicts to explain are: of a pipeline, those it reported on; of a training, its data
    #[arg(long, value_name = "DATA")]
    pub(crate) data: Option<PathBuf>,
    /// What the images are and where they come from, in a sentence
    #[arg(long, value_name = "TEXT")]
    pub(crate) about: Option<String>,
    /// Class names in index order, where the data does not say which is which, as in `real,fake`
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) classes: Option<Vec<String>>,
    /// Device (`fauxto list devices`)
    #[arg(long, value_name = "NAME", default_value = "cpu")]
    pub(crate) device: String,
}

#[derive(Debug, Args)]
pub(crate) struct Attack {
    /// Run folders or checkpoints; several, separated by commas, vote and are attacked together
    #[arg(value_name = "RUN|CHECKPOINT", value_parser = Models::parse)]
    pub(crate) models: Models,
    /// Labelled images
    pub(crate) data: PathBuf,
    /// Attacks (`fauxto list attacks`), with parameters as in `pgd:steps=50:restarts=5`; noise is measured beside them
    #[arg(long = "attack", value_name = "NAMES", value_delimiter = ',', default_value = "fgsm,pgd")]
    pub(crate) attacks: Vec<String>,
    /// How far attacks in L-infinity may go
    #[arg(long = "epsilon", value_name = "EPSILONS", value_delimiter = ',', default_value = "1/255,2/255,4/255,8/255")]
    pub(crate) epsilons: Vec<Epsilon>,
    /// How far attacks in L2 may go
    #[arg(long, value_name = "EPSILONS", value_delimiter = ',', default_value = "0.25,0.5")]
    pub(crate) epsilon_l2: Vec<Epsilon>,
    /// Attack this many images, drawn by the seed
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: Option<u32>,
    /// Look for masked gradients, with the attacks that takes
    #[arg(long)]
    pub(crate) check: bool,
    /// New folder for the attacked images as PNG, with a manifest
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,
    /// Seed of the attacks and of --limit
    #[arg(long, default_value_t = 42)]
    pub(crate) seed: u64,
    /// Attack one side of a split of these data (needs --split)
    #[arg(long, value_name = "SIDE", requires = "split")]
    pub(crate) side: Option<SideName>,
    /// The split
    #[arg(long, value_name = "FILE", requires = "side")]
    pub(crate) split: Option<PathBuf>,
    /// Images at a time
    #[arg(long, alias = "batch-size", value_name = "N", default_value_t = 128, value_parser = clap::value_parser!(u32).range(1..=65536))]
    pub(crate) batch: u32,
    /// Device (`fauxto list devices`)
    #[arg(long, value_name = "NAME", default_value = "cpu")]
    pub(crate) device: String,
    #[command(flatten)]
    pub(crate) options: DataOptions,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Predict {
    /// Run folders, checkpoints or one ensemble file; several, separated by commas, vote
    #[arg(value_name = "RUN|CHECKPOINT", value_parser = Models::parse)]
    pub(crate) models: Models,
    /// Images, folders, Parquet files; `-` reads one image from standard input
    #[arg(required = true)]
    pub(crate) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) operating_point: OperatingPoint,
    /// Print JSON
    #[arg(long, conflicts_with = "csv")]
    pub(crate) json: bool,
    /// Print CSV
    #[arg(long)]
    pub(crate) csv: bool,
    /// Print nothing but errors
    #[arg(long, conflicts_with_all = ["json", "csv"])]
    pub(crate) quiet: bool,
    /// Also write `[{"index": 1, "prediction": "fake"}, ...]` in natural order
    #[arg(long, value_name = "FILE")]
    pub(crate) submission: Option<PathBuf>,
    /// Exit with 1 if any image is judged fake
    #[arg(long)]
    pub(crate) fail_on_fake: bool,
    /// Images at a time
    #[arg(long, value_name = "N", default_value_t = 128, value_parser = clap::value_parser!(u32).range(1..=65536))]
    pub(crate) batch: u32,
    /// Device (`fauxto list devices`)
    #[arg(long, value_name = "NAME", default_value = "cpu")]
    pub(crate) device: String,
}

/// Which versions of each image to judge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StabilityLevel {
    /// All up to 100 images, the fast ones up to 1000, none beyond
    Auto,
    /// None
    None,
    /// One re-encoded, one mirrored
    Fast,
    /// All (`fauxto list variants`)
    Full,
}

#[derive(Debug, Args)]
pub(crate) struct Scan {
    /// Images, folders, Parquet files; `-` reads one image from standard input
    #[arg(required = true)]
    pub(crate) paths: Vec<PathBuf>,
    /// Run folders or checkpoints in place of the built-in detector; several, separated by commas, vote
    #[arg(long, value_name = "RUN|CHECKPOINT", value_parser = Models::parse)]
    pub(crate) model: Option<Models>,
    /// Versions of each image to judge: the verdict shall survive them
    #[arg(long, value_name = "LEVEL", default_value = "auto")]
    pub(crate) stability: StabilityLevel,
    /// Tiles of a large photograph at most; 0: none
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(0..=1024))]
    pub(crate) tiles: u32,
    #[command(flatten)]
    pub(crate) operating_point: OperatingPoint,
    /// Folder for a heat map of what speaks for each verdict
    #[arg(long, value_name = "FOLDER")]
    pub(crate) explain: Option<PathBuf>,
    /// Print JSON
    #[arg(long, conflicts_with = "csv")]
    pub(crate) json: bool,
    /// Print CSV
    #[arg(long)]
    pub(crate) csv: bool,
    /// Exit with 1 if any image is judged fake
    #[arg(long)]
    pub(crate) fail_on_fake: bool,
    /// Images, versions and tiles judged at a time
    #[arg(long, value_name = "N", default_value_t = 128, value_parser = clap::value_parser!(u32).range(1..=65536))]
    pub(crate) batch: u32,
    /// Device (`fauxto list devices`)
    #[arg(long, value_name = "NAME", default_value = "cpu")]
    pub(crate) device: String,
}

#[derive(Debug, Args)]
pub(crate) struct Export {
    /// Run folder or checkpoint
    #[arg(value_name = "RUN|CHECKPOINT")]
    pub(crate) model: PathBuf,
    /// How weights are kept: f32, f16 or int8
    #[arg(long, value_name = "NAME", default_value = "int8")]
    pub(crate) precision: String,
    /// File to write
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// The labelled images it was trained on
    #[arg(long, value_name = "DATA")]
    pub(crate) training_data: Option<PathBuf>,
    /// Their split [default: the run's]
    #[arg(long, value_name = "FILE", requires = "training_data")]
    pub(crate) split: Option<PathBuf>,
    /// Device (`fauxto list devices`)
    #[arg(long, value_name = "NAME", default_value = "cpu")]
    pub(crate) device: String,
    #[command(flatten)]
    pub(crate) options: DataOptions,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Whose evidence to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ClassName {
    /// Of the class decided for
    Decided,
    /// For a photograph
    Real,
    /// For a generated image
    Fake,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// Run folders or checkpoints, separated by commas
    #[arg(value_name = "RUN|CHECKPOINT", value_parser = Models::parse)]
    pub(crate) models: Models,
    /// Images, folders, Parquet files; `-` reads one image from standard input; with --score, labelled images
    #[arg(required = true)]
    pub(crate) paths: Vec<PathBuf>,
    /// Explainers, separated by commas (`fauxto list explainers`), or `all`
    #[arg(long, value_name = "NAMES", value_delimiter = ',', default_value = "grad_cam")]
    pub(crate) explainer: Vec<String>,
    /// Change a parameter, as in `lime.samples=500`; repeatable
    #[arg(long = "set", value_name = "EXPLAINER.PARAMETER=VALUE")]
    pub(crate) settings: Vec<String>,
    /// The class whose evidence to show
    #[arg(long, value_name = "CLASS", default_value = "decided")]
    pub(crate) class: ClassName,
    /// Probability of fake from which an image is called fake
    #[arg(long, value_name = "P", default_value_t = 0.5)]
    pub(crate) threshold: f64,
    /// Folder for a figure of each image
    #[arg(long, value_name = "FOLDER", default_value = "explanations", conflicts_with = "score")]
    pub(crate) out: PathBuf,
    /// Score the explainers instead: deletion, insertion, ROAD, and the weight randomisation check
    #[arg(long)]
    pub(crate) score: bool,
    /// Score on this many images, drawn by the seed
    #[arg(long, value_name = "N", requires = "score", value_parser = clap::value_parser!(u32).range(2..))]
    pub(crate) limit: Option<u32>,
    /// Seed of whatever is drawn
    #[arg(long, default_value_t = 42)]
    pub(crate) seed: u64,
    /// Device (`fauxto list devices`)
    #[arg(long, value_name = "NAME", default_value = "cpu")]
    pub(crate) device: String,
    #[command(flatten)]
    pub(crate) options: DataOptions,
    /// Print JSON, and write each image's maps as JSON beside its figure
    #[arg(long)]
    pub(crate) json: bool,
}

/// Corruptions by name, separated by commas, or all.
#[derive(Clone, Debug)]
pub(crate) struct Corruptions(pub(crate) Vec<&'static CorruptionEntry>);

impl Corruptions {
    fn parse(text: &str) -> Result<Self, fauxto::Error> {
        if text == "all" {
            return Ok(Self(corrupt::CORRUPTIONS.iter().collect()));
        }
        once_each(text.split(',').map(corrupt::find), |entry| entry.name).map(Self)
    }
}

/// Severities by number, separated by commas, or all.
#[derive(Clone, Debug)]
pub(crate) struct Severities(pub(crate) Vec<Severity>);

impl Severities {
    fn parse(text: &str) -> Result<Self, fauxto::Error> {
        if text == "all" {
            return Ok(Self(Severity::ALL.to_vec()));
        }
        once_each(text.split(',').map(str::parse), |severity| *severity).map(Self)
    }
}

/// The values in the order given, the repeated ones left out.
fn once_each<T, K: PartialEq>(
    values: impl Iterator<Item = Result<T, fauxto::Error>>,
    key: impl Fn(&T) -> K,
) -> Result<Vec<T>, fauxto::Error> {
    let mut kept: Vec<T> = Vec::new();
    for value in values {
        let value = value?;
        if !kept.iter().any(|other| key(other) == key(&value)) {
            kept.push(value);
        }
    }
    Ok(kept)
}

#[derive(Debug, Args)]
pub(crate) struct Corrupt {
    /// An image or a data set: folder, Parquet file or folder of shards, CSV, JSON Lines
    #[arg(value_name = "IMAGE|DATA")]
    pub(crate) data: PathBuf,
    /// Corruptions (`fauxto list corruptions`), separated by commas, or all
    #[arg(long, value_name = "NAMES|all", default_value = "all", value_parser = Corruptions::parse)]
    pub(crate) corruption: Corruptions,
    /// Severities from 1 to 5, separated by commas, or all
    #[arg(long, value_name = "N|all", default_value = "all", value_parser = Severities::parse)]
    pub(crate) severity: Severities,
    /// New folder for images and manifest
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: PathBuf,
    /// Seed of noise, snow and whatever else is drawn
    #[arg(long, default_value_t = 42)]
    pub(crate) seed: u64,
    /// First bring images to squares of this side, as detectors see them [default: their own size]
    #[arg(long, value_name = "PIXELS", value_parser = clap::value_parser!(u32).range(8..=4096))]
    pub(crate) size: Option<u32>,
    /// Where to draw the first image by corruption and severity (.svg and .png are appended)
    #[arg(long, value_name = "STEM")]
    pub(crate) figure: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) options: DataOptions,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// What to time.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum WorkloadName {
    /// Forward, backward and AdamW
    Train,
    /// Pixels to probabilities
    Infer,
    /// What this machine can do: rates of products and of reading, the floors of the others
    Machine,
}

#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// What to time
    pub(crate) workload: WorkloadName,
    /// Architecture (`fauxto list models`)
    #[arg(long, value_name = "NAME", default_value = "resnet_se_small")]
    pub(crate) model: String,
    /// Images a step
    #[arg(long, value_name = "N", default_value_t = 128, value_parser = clap::value_parser!(u32).range(1..=65536))]
    pub(crate) batch: u32,
    /// Side of the square input, in pixels
    #[arg(long, value_name = "PIXELS", default_value_t = 32, value_parser = clap::value_parser!(u32).range(32..=4096))]
    pub(crate) size: u32,
    /// Steps to time, after two that do not count
    #[arg(long, value_name = "K", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) steps: u32,
    /// Device (`fauxto list devices`)
    #[arg(long, value_name = "NAME", default_value = "cpu")]
    pub(crate) device: String,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only this kind
    pub(crate) kind: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}
