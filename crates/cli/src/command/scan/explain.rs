//! `fauxto scan --explain`: a heat map of what speaks for each verdict.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use anyhow::Context;
use fauxto::data::{Broken, Dataset};
use fauxto::explain::{Case, Explainer, explainer};
use fauxto::image::{FloatImage, RgbImage};
use fauxto::predict::Predictor;
use fauxto::scan::Finding;

use super::super::explain::files;
use super::super::{evaluate, predict};
use crate::{figure, pixels, progress};

/// The explainer of the figures: the cheapest that is specific to the class.
const EXPLAINER: &str = "grad_cam";

/// Writes figures into a folder, none over another.
pub(super) struct Writer<'a> {
    folder: &'a Path,
    explainer: Box<dyn Explainer>,
    stems: HashSet<String>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(folder: &'a Path) -> anyhow::Result<Self> {
        // Before anything is judged: verdicts are not lost to a figure that has no place.
        std::fs::create_dir_all(folder).with_context(|| format!("--explain {}", folder.display()))?;
        let entry = explainer(EXPLAINER)?;
        Ok(Self { folder, explainer: (entry.build)(&entry.defaults()), stems: HashSet::new() })
    }

    /// The figure of each image that was judged, of those at `indices`.
    pub(super) fn write(
        &mut self,
        predictor: &Predictor,
        dataset: &Dataset,
        given: &Path,
        indices: &[usize],
        found: &[Result<Finding, Broken>],
    ) -> anyhow::Result<Vec<Option<PathBuf>>> {
        let judged: Vec<usize> =
            indices.iter().zip(found).filter(|(_, found)| found.is_ok()).map(|(&i, _)| i).collect();
        let store = pixels::decode(dataset, &judged, predictor.input_size())?;
        let bar = progress::bar(judged.len(), "images", "explaining");
        let mut figures = vec![None; found.len()];
        let findings = found.iter().enumerate().filter_map(|(place, found)| Some((place, found.as_ref().ok()?)));
        for (position, (place, finding)) in findings.enumerate() {
            let image = store.image(position)?;
            let path = predict::shown(given, dataset, judged[position]);
            let stem = self.folder.join(files::stem(&path, &mut self.stems));
            figures[place] = Some(self.draw(predictor, &path, &image, finding, &stem)?);
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(figures)
    }

    fn draw(
        &self,
        predictor: &Predictor,
        path: &str,
        image: &RgbImage,
        finding: &Finding,
        stem: &Path,
    ) -> anyhow::Result<PathBuf> {
        let (member, own) = predictor.deciding(&finding.judgement, finding.verdict);
        let case = Case { image: FloatImage::from(image), class: finding.verdict, item: 0 };
        let maps = self.explainer.explain(member.frozen(), &[case], 0)?;
        let title = format!(
            "{}, P(fake) = {:.3}: {}",
            finding.judged.name(),
            finding.judgement.probability_fake,
            evaluate::title_of(Path::new(path))
        );
        let caption = format!(
            "vermillion speaks for {}, blue against it; at the detector's {1} x {1} pixels",
            finding.verdict.name(),
            image.width
        );
        let notes = vec![member.name.clone(), format!("P(fake) = {own:.3}")];
        let rows: Vec<_> = maps.iter().map(|map| (EXPLAINER.to_owned(), notes.clone(), map)).collect();
        let [svg, _] = figure::explanation(&title, &caption, image, &rows, stem)?;
        Ok(svg)
    }
}
