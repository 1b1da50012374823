//! One image in the output.

use std::path::PathBuf;

use fauxto::Label;
use fauxto::calibrate::ConformalVerdict;
use fauxto::out_of_distribution::Unlikeness;
use fauxto::predict::Predictor;
use fauxto::scan::unlike::Resolution;
use fauxto::scan::{Doubt, Finding, Stability, Tiles};
use serde::Serialize;

/// In the order of the input. Field names are stable.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub(super) path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) verdict: Option<Label>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) probability_fake: Option<f64>,
    /// Probability of fake by model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) models: Option<serde_json::Map<String, serde_json::Value>>,
    /// Probability of the image having been degraded since it was made, where the ensemble has a gate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) degraded: Option<f64>,
    /// The verdict, withheld where there is a doubt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) judgement: Option<ConformalVerdict>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) doubts: Option<Vec<Doubt>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) stability: Option<Stability>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) unlike: Option<Unlike>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tiles: Option<Tiles>,
    /// The figure of what speaks for the verdict.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) explanation: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<String>,
}

/// How an image differs from the training images.
#[derive(Debug, Serialize)]
pub(super) struct Unlike {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) scale: f64,
    pub(super) resolution: Resolution,
    /// Null where no model has statistics of its training images.
    pub(super) content: Option<Unlikeness>,
    /// Score by model, about 1 for images like those trained on.
    #[serde(skip_serializing_if = "serde_json::Map::is_empty")]
    pub(super) scores: serde_json::Map<String, serde_json::Value>,
}

impl Row {
    pub(super) fn broken(path: String, error: String) -> Self {
        Self {
            path,
            verdict: None,
            probability_fake: None,
            models: None,
            degraded: None,
            judgement: None,
            doubts: None,
            stability: None,
            unlike: None,
            tiles: None,
            explanation: None,
            error: Some(error),
        }
    }

    pub(super) fn found(path: String, predictor: &Predictor, finding: Finding, explanation: Option<PathBuf>) -> Self {
        let names = || predictor.members().iter().map(|member| member.name.clone());
        let models = names().zip(finding.judgement.members.iter().map(|&p| p.into())).collect();
        let scores = finding.unlike.content.iter().flat_map(|content| &content.scores);
        let scores = names().zip(scores).filter_map(|(name, score)| Some((name, (*score)?.into()))).collect();
        let unlike = Unlike {
            width: finding.size[0],
            height: finding.size[1],
            scale: finding.unlike.scale,
            resolution: finding.unlike.resolution,
            content: finding.unlike.content.as_ref().map(|content| content.judged),
            scores,
        };
        Self {
            path,
            verdict: Some(finding.verdict),
            probability_fake: Some(finding.judgement.probability_fake),
            models: Some(models),
            degraded: finding.judgement.degraded,
            judgement: Some(finding.judged),
            doubts: Some(finding.doubts),
            stability: finding.stability,
            unlike: Some(unlike),
            tiles: finding.tiles,
            explanation,
            error: None,
        }
    }

    /// Doubts and warnings for people.
    pub(super) fn remarks(&self) -> Vec<String> {
        let mut remarks: Vec<String> = self.doubts.iter().flatten().map(|doubt| doubt.summary().to_owned()).collect();
        if self.degraded.is_some_and(|degraded| degraded >= 0.5) {
            remarks.push("judged by the models for degraded images".into());
        }
        let Some(unlike) = &self.unlike else { return remarks };
        if unlike.content == Some(Unlikeness::Unlike) {
            remarks.push("unlike most training images".into());
        }
        let size = format!("{}x{}", unlike.width, unlike.height);
        match unlike.resolution {
            Resolution::Fits => {}
            Resolution::Enlarged => remarks.push(format!("enlarged from {size}")),
            Resolution::Reduced => remarks.push(format!("reduced from {size}")),
        }
        remarks
    }
}
