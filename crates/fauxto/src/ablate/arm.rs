//! What is compared: ways of coming to a verdict.

use std::path::PathBuf;

/// One side of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arm {
    /// Arms of one group are compared with one another: the architecture, or what several have in common.
    pub group: String,
    /// Its name within the group.
    pub name: String,
    /// Who judges.
    pub judge: Judge,
    /// Whether the others of the group are compared with it.
    pub reference: bool,
}

/// Who judges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judge {
    /// A detector alone.
    Detector(Recipe),
    /// Several that vote.
    Vote {
        /// How their probabilities become one: a name of [`COMBINATIONS`](crate::ensemble::COMBINATIONS), fitted
        /// on validation images.
        combination: &'static str,
        /// The voters.
        members: Vec<Recipe>,
    },
}

/// How a detector is made, but for its seed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Recipe {
    /// Architecture.
    pub model: String,
    /// The base phase.
    pub base: Variant,
    /// The fine-tuning that follows, if one does.
    pub fine_tuning: Option<Variant>,
}

/// One way of running a phase: the phase's preset with some settings changed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Variant {
    /// Names it in folders and results. Equal names mean equal settings, over all ablations.
    pub name: String,
    /// What differs from the preset, as in `train.adversarial.share=0.1`.
    pub settings: Vec<String>,
}

impl Variant {
    /// The phase as its preset has it.
    #[must_use]
    pub fn preset() -> Self {
        Self { name: "base".into(), settings: Vec::new() }
    }
}

impl Recipe {
    /// The base phase of `model` as its preset has it.
    #[must_use]
    pub fn base(model: &str) -> Self {
        Self { model: model.to_owned(), base: Variant::preset(), fine_tuning: None }
    }

    /// The recipe of the detector that fine-tuning starts from; the recipe itself where there is none.
    #[must_use]
    pub fn before_fine_tuning(&self) -> Self {
        Self { fine_tuning: None, ..self.clone() }
    }

    /// Its phases' names, as in `base+attacked_10`.
    #[must_use]
    pub fn name(&self) -> String {
        let fine_tuning = self.fine_tuning.as_ref().map(|variant| format!("+{}", variant.name));
        format!("{}{}", self.base.name, fine_tuning.unwrap_or_default())
    }

    /// The run's folder within a study's.
    #[must_use]
    pub fn folder(&self, seed: u64) -> PathBuf {
        ["detectors", &self.model, &format!("seed-{seed}"), &self.name()].iter().collect()
    }
}

impl Judge {
    /// The detectors that judge.
    #[must_use]
    pub fn members(&self) -> &[Recipe] {
        match self {
            Self::Detector(recipe) => std::slice::from_ref(recipe),
            Self::Vote { members, .. } => members,
        }
    }

    /// Where its measurements are kept within a study's folder. Equal judges have equal files, whichever arm or
    /// ablation asks for them.
    #[must_use]
    pub fn file(&self, seed: u64) -> PathBuf {
        match self {
            Self::Detector(recipe) => recipe.folder(seed).join("measured.json"),
            Self::Vote { combination, members } => {
                let voters: Vec<String> =
                    members.iter().map(|recipe| format!("{}-{}", recipe.model, recipe.name())).collect();
                ["votes", &format!("seed-{seed}"), &format!("{combination}-{}.json", voters.join("-"))].iter().collect()
            }
        }
    }

    /// What it is, in a few words.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Detector(recipe) => format!("{} {}", recipe.model, recipe.name()),
            Self::Vote { combination, members } => format!("{combination} of {}", members.len()),
        }
    }
}
