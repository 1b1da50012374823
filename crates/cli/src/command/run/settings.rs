//! What a pipeline is asked for, checked before hours are spent on it, and kept: it goes on with the settings it began with.

use std::fs::DirEntry;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{bail, ensure};
use fauxto::config::Config;
use fauxto::data::{Dataset, OpenOptions};
use fauxto::derive::EPSILONS;
use fauxto::run::RunFolder;
use fauxto::write_atomically::write_atomically;

use super::Arguments;
use crate::options::require_distinct;

/// The file that makes a folder a pipeline's.
pub(in crate::command) const FILE: &str = "pipeline.toml";

/// Checks what can be checked without looking at images. Returns what every model is trained by, the base phases first.
pub(super) fn check(arguments: &Arguments) -> anyhow::Result<Vec<Config>> {
    require_distinct("--models", &arguments.models)?;
    require_own_folder(&arguments.out)?;
    let (mut bases, mut finals) = (Vec::new(), Vec::new());
    for model in &arguments.models {
        let mut settings = vec![format!("model=\"{model}\"")];
        settings.extend(arguments.reported.setting());
        let resolved = |preset: &str| Config::resolve_detector(preset, &settings);
        bases.push(resolved(&arguments.phases.preset)?);
        finals.push(resolved(&arguments.phases.finetune)?);
    }
    // Of each class one image an epsilon.
    let adversarial = (arguments.adversarial_images, 2 * EPSILONS.len() as u32);
    for (name, (count, least)) in [("augmented", (arguments.augmented_images, 2)), ("adversarial", adversarial)] {
        ensure!(
            count >= least && count % 2 == 0,
            "--{name}-images: found {count}; expected an even number, at least {least}"
        );
    }
    for (name, count) in [("attack", arguments.attack_images), ("corruption", arguments.corruption_images)] {
        ensure!(count > 0, "--{name}-images: found 0; expected at least 1");
    }
    ensure!(
        arguments.reported.report.is_some() || arguments.reported.test_share > 0.0,
        "--test-share: found {}; expected a share of the images to report on, or others with --report",
        arguments.reported.test_share
    );
    ensure!(
        !arguments.out.to_string_lossy().contains(','),
        "{}: found a comma in the folder's name; expected none, since commas stand between models; give another --out",
        arguments.out.display()
    );
    let options = OpenOptions { classes: arguments.options.classes.clone(), ..OpenOptions::default() };
    for data in [Some(&arguments.data), arguments.reported.report.as_ref()].into_iter().flatten() {
        Dataset::open(data, &options)?.require_both_classes()?;
    }
    bases.append(&mut finals);
    Ok(bases)
}

/// Refuses a folder of something else, whose files the pipeline's would replace.
fn require_own_folder(folder: &Path) -> anyhow::Result<()> {
    let Ok(mut found) = std::fs::read_dir(folder) else { return Ok(()) };
    let is_lock = |entry: &DirEntry| entry.file_name() == RunFolder::LOCK;
    if folder.join(FILE).exists() || found.all(|entry| entry.is_ok_and(|entry| is_lock(&entry))) {
        return Ok(());
    }
    bail!(
        "{}: found files and no {FILE}; expected a pipeline's folder, or a new or empty one; give another --out",
        folder.display()
    )
}

/// Keeps the settings in the pipeline's folder.
pub(super) fn keep(arguments: &Arguments, recipes: &[Config]) -> anyhow::Result<()> {
    let settings = toml::to_string(&record(arguments, recipes)?)?;
    let path = arguments.out.join(FILE);
    match std::fs::read_to_string(&path) {
        Ok(begun) if begun == settings => Ok(()),
        Ok(_) => bail!(
            "{}: found a pipeline with other settings; expected those given now; pass them again, or another --out",
            path.display()
        ),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(write_atomically(&path, settings.as_bytes())?),
        Err(error) => Err(anyhow::Error::new(error).context(path.display().to_string())),
    }
}

/// What decides the results, for the record and for going on.
fn record(arguments: &Arguments, recipes: &[Config]) -> anyhow::Result<toml::Table> {
    let mut table = toml::Table::new();
    table.insert("data".into(), arguments.data.display().to_string().into());
    if let Some(report) = &arguments.reported.report {
        table.insert("report".into(), report.display().to_string().into());
    }
    if let Some(classes) = &arguments.options.classes {
        table.insert("classes".into(), classes.clone().into());
    }
    if let Some(about) = &arguments.about {
        table.insert("about".into(), about.clone().into());
    }
    table.insert("models".into(), arguments.models.clone().into());
    table.insert("preset".into(), arguments.phases.preset.clone().into());
    table.insert("finetune".into(), arguments.phases.finetune.clone().into());
    table.insert("test_share".into(), arguments.reported.test_share.into());
    let counts = [
        ("augmented_images", arguments.augmented_images),
        ("adversarial_images", arguments.adversarial_images),
        ("attack_images", arguments.attack_images),
        ("strong_images", arguments.strong_images),
        ("corruption_images", arguments.corruption_images),
    ];
    table.extend(counts.map(|(name, count)| (name.to_owned(), i64::from(count).into())));
    table.insert("seed".into(), arguments.seed.to_string().into());
    // A preset is a name here; a file of that name may say something else tomorrow.
    let mut hasher = blake3::Hasher::new();
    for recipe in recipes {
        hasher.update(recipe.to_toml()?.as_bytes());
    }
    table.insert("recipes".into(), hasher.finalize().to_hex().to_string().into());
    Ok(table)
}
