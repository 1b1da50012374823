//! Ensemble files: several detectors, how their probabilities become one, and what that one is worth. JSON, with
//! members by their path relative to the file, so that a folder with all of them can be moved.

use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::calibrate::{Calibration, Scaling};
use crate::data::ContentHash;
use crate::ensemble::Combination;
use crate::write_atomically::write_atomically;
use crate::{Error, Result};

/// An ensemble as written. Field names and [`VERSION`](EnsembleFile::VERSION) are a public format.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnsembleFile {
    format: String,
    version: u32,
    /// The detectors, in the order of the combination's weights.
    pub members: Vec<EnsembleMember>,
    /// How their probabilities become one, as fitted.
    pub combination: Combination,
    /// What tells pristine images, which `combination` is for, from degraded ones, if anything does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<EnsembleGate>,
    /// What the combined probability is worth, if it was calibrated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Calibration>,
}

/// A detector of an ensemble.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnsembleMember {
    /// Its checkpoint, relative to the file's folder, with `/` between its parts; absolute where no relative path leads there.
    pub path: String,
    /// What its probabilities depend on: [`checkpoint::content`](crate::checkpoint::content()).
    pub content: ContentHash,
    /// What makes its own probability honest. The combination takes it as it is, so that
    /// combined probabilities do not depend on the images that were calibrated on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scaling: Option<Scaling>,
}

/// The gate of an ensemble; see [`Gate`](crate::gate::Gate).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnsembleGate {
    /// Its checkpoint, as a member's.
    pub path: String,
    /// What its probabilities depend on, as a member's.
    pub content: ContentHash,
    /// The combination for degraded images.
    pub degraded: Combination,
}

impl EnsembleFile {
    /// The format's name as written in the file.
    pub const FORMAT: &'static str = "fauxto ensemble";
    /// The format's version as written in the file.
    pub const VERSION: u32 = 1;

    /// An ensemble; members' paths are as they will be written.
    #[must_use]
    pub fn new(
        members: Vec<EnsembleMember>,
        combination: Combination,
        gate: Option<EnsembleGate>,
        calibration: Option<Calibration>,
    ) -> Self {
        Self { format: Self::FORMAT.into(), version: Self::VERSION, members, combination, gate, calibration }
    }

    /// Whether `path` looks like an ensemble file rather than a checkpoint or a run.
    #[must_use]
    pub fn recognises(path: &Path) -> bool {
        path.is_file() && path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"))
    }

    /// Writes the file, replacing `path` only once the whole of it is on disk.
    ///
    /// # Errors
    /// [`Error::Io`] when the folder cannot be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        let mut text = serde_json::to_vec_pretty(self).map_err(|error| Error::io(path, "encoding", error.into()))?;
        text.push(b'\n');
        write_atomically(path, &text)
    }

    /// Reads an ensemble; its members are not looked at.
    ///
    /// # Errors
    /// [`Error::Io`] when the file cannot be read, [`Error::Input`] when it is not an ensemble of this version,
    /// or members, weights or calibration do not agree.
    pub fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|source| Error::io(path, "reading", source))?;
        let refuse = |found: String| {
            let expected = format!("a {:?} file of version {}", Self::FORMAT, Self::VERSION);
            Error::input(path, found, expected, "give what `fauxto calibrate A,B ... --out FILE` wrote, or a run")
        };
        let file: Self = serde_json::from_str(&text).map_err(|error| refuse(format!("another content ({error})")))?;
        if file.format != Self::FORMAT || file.version != Self::VERSION {
            return Err(refuse(format!("{:?} of version {}", file.format, file.version)));
        }
        for combination in
            [Some(&file.combination), file.gate.as_ref().map(|gate| &gate.degraded)].into_iter().flatten()
        {
            let weights = combination.weights();
            if file.members.is_empty() || weights.len() != file.members.len() {
                return Err(refuse(format!("{} members and {} weights", file.members.len(), weights.len())));
            }
            if let Some(weight) = weights.iter().find(|weight| !weight.is_finite()) {
                return Err(refuse(format!("a weight of {weight}")));
            }
            let (total, least) = (weights.iter().sum::<f64>(), weights.iter().copied().fold(f64::INFINITY, f64::min));
            if matches!(combination, Combination::Mean { .. }) && (least < 0.0 || (total - 1.0).abs() > 1e-6) {
                return Err(refuse(format!("a mean with weights {weights:?}, which are no shares of one")));
            }
        }
        if let Some(found) =
            file.members.iter().find_map(|member| member.scaling.and_then(|scaling| scaling.check().err()))
        {
            return Err(refuse(format!("a member's scaling: {found}")));
        }
        if let Some(found) = file.calibration.as_ref().and_then(|calibration| calibration.check().err()) {
            return Err(refuse(found));
        }
        Ok(file)
    }
}

/// The path that leads from the folder of `file`, which must exist, to `target`, which must too.
///
/// # Errors
/// If one of them does not exist.
pub(crate) fn relative(file: &Path, target: &Path) -> Result<String> {
    let resolve = |path: &Path| path.canonicalize().map_err(|source| Error::io(path, "resolving", source));
    let folder = match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => resolve(parent)?,
        _ => resolve(Path::new("."))?,
    };
    let target = resolve(target)?;
    let shared = folder.components().zip(target.components()).take_while(|(a, b)| a == b).count();
    let mut path: PathBuf = folder.components().skip(shared).map(|_| Component::ParentDir).collect();
    if shared == 0 {
        return Ok(target.display().to_string());
    }
    path.extend(target.components().skip(shared));
    let parts: Vec<_> = path.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    Ok(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_up_and_down() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("a/b")).unwrap();
        std::fs::create_dir_all(root.path().join("c")).unwrap();
        let target = root.path().join("c/x.safetensors");
        std::fs::write(&target, "").unwrap();
        assert_eq!(relative(&root.path().join("a/b/new.json"), &target).unwrap(), "../../c/x.safetensors");
        assert_eq!(relative(&root.path().join("c/new.json"), &target).unwrap(), "x.safetensors");
        assert!(relative(&root.path().join("absent/new.json"), &target).is_err());
    }

    #[test]
    fn what_is_written_is_read_and_nonsense_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("ensemble.json");
        let member = |name: &str| EnsembleMember {
            path: name.into(),
            content: ContentHash::from([7; 32]),
            scaling: Some(Scaling { temperature: 1.0 / 3.0, bias: -0.1 }),
        };
        let weights = vec![0.1 + 0.2, 0.7];
        let file = EnsembleFile::new(vec![member("a"), member("b")], Combination::Mean { weights }, None, None);
        file.save(&path).unwrap();
        assert!(EnsembleFile::recognises(&path));
        assert_eq!(EnsembleFile::load(&path).unwrap(), file);

        let text = std::fs::read_to_string(&path).unwrap();
        for (from, to, found) in [
            ("fauxto ensemble", "fauxto split", "fauxto split"),
            ("\"version\": 1", "\"version\": 2", "version 2"),
            ("0.7", "0.7, 0.1", "2 members and 3 weights"),
            ("0.7", "1.7", "no shares of one"),
            ("\"kind\"", "\"sort\"", "another content"),
        ] {
            std::fs::write(&path, text.replacen(from, to, 1)).unwrap();
            let message = EnsembleFile::load(&path).unwrap_err().to_string();
            assert!(message.contains(found) && message.contains("fauxto calibrate"), "{message}");
        }
    }
}
