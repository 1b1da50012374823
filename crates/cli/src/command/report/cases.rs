//! Which verdicts a report shows, and what spoke for them.

use std::collections::HashMap;

use anyhow::Context;
use fauxto::Label;
use fauxto::data::{ContentHash, Dataset};
use fauxto::explain::{Case as Question, explainer};
use fauxto::image::FloatImage;
use fauxto::predict::Predictor;
use report::{Case, CaseGroup, Cases, Pixels};

use crate::pixels;
use crate::scores_file::Scored;

/// Images in each of the first two groups.
const FEW: usize = 4;
/// Wrong ones shown.
const WRONG: usize = 8;
const EXPLAINER: &str = "grad_cam";

impl Scored {
    fn verdict(&self) -> Label {
        if self.probability_fake >= 0.5 { Label::Fake } else { Label::Real }
    }

    fn is_wrong(&self) -> bool {
        self.verdict() != self.label
    }

    /// How far from undecided, in `0..=0.5`.
    fn certainty(&self) -> f64 {
        (self.probability_fake - 0.5).abs()
    }
}

/// The groups, each with what it holds.
fn groups(scores: &[Scored]) -> Vec<(CaseGroup, Vec<Scored>)> {
    let mut sure: Vec<&Scored> = scores.iter().collect();
    // Stable: ties stay in the order of the data set.
    sure.sort_by(|a, b| b.certainty().total_cmp(&a.certainty()));
    let mut certain = Vec::new();
    for verdict in Label::ALL {
        certain.extend(sure.iter().filter(|one| one.verdict() == verdict).take(FEW / 2).map(|one| (*one).clone()));
    }
    let uncertain: Vec<Scored> = sure.iter().rev().take(FEW).map(|one| (*one).clone()).collect();
    let wrong: Vec<&Scored> = sure.iter().filter(|one| one.is_wrong()).copied().collect();
    let all = scores.len();
    let of_wrong = match wrong.len() {
        0 => format!("None of the {all} images was judged wrongly."),
        some if some > WRONG => {
            format!("{some} of {all} images were judged wrongly; these are the {WRONG} of which it was most certain.")
        }
        some => format!("Judged wrongly: {some} of {all} images, the most certain first."),
    };
    let group = |title: &str, note: String| CaseGroup { title: title.to_owned(), note, cases: Vec::new() };
    vec![
        (
            group("Most certain", "The verdicts furthest from undecided, of either class, right or wrong.".into()),
            certain,
        ),
        (
            group("Least certain", "The verdicts nearest to undecided: another training could turn them.".into()),
            uncertain,
        ),
        (group("Wrong", of_wrong), wrong.into_iter().take(WRONG).cloned().collect()),
    ]
}

/// Chooses among `scores`, whose images are in `dataset`, and explains what is chosen.
pub(super) fn explained(predictor: &Predictor, dataset: &Dataset, scores: &[Scored]) -> anyhow::Result<Cases> {
    let places: HashMap<&str, usize> =
        dataset.items.iter().enumerate().map(|(place, item)| (item.identity.as_str(), place)).collect();
    let entry = explainer(EXPLAINER)?;
    let explain = (entry.build)(&entry.defaults());
    let mut finished = Vec::new();
    for (mut group, chosen) in groups(scores) {
        let place = |scored: &Scored| {
            places.get(scored.path.as_str()).copied().with_context(|| {
                format!(
                    "{}: found no image called {}; expected those that were measured on; pass them with --data",
                    dataset.root.display(),
                    scored.path
                )
            })
        };
        let indices = chosen.iter().map(place).collect::<anyhow::Result<Vec<usize>>>()?;
        if !indices.is_empty() {
            let store = pixels::decode(dataset, &indices, predictor.input_size())?;
            let positions: Vec<usize> = pixels::usable(dataset, &store, true)?;
            for &position in &positions {
                require_same(dataset, &chosen[position], store.hash(position))?;
            }
            let judgements = predictor.judge(&store, &positions, positions.len().max(1), &mut |_| ())?;
            for (&position, members) in positions.iter().zip(&judgements) {
                let image = store.image(position)?;
                let scored = &chosen[position];
                let (member, _) = predictor.deciding(members, scored.verdict());
                let question =
                    Question { image: FloatImage::from(&image), class: scored.verdict(), item: position as u64 };
                let map = explain.explain(member.frozen(), &[question], 0)?.remove(0);
                let pictures = figures::Explained {
                    name: scored.path.clone(),
                    notes: Vec::new(),
                    width: map.width as u32,
                    height: map.height as u32,
                    pixels: &image.pixels,
                    values: &map.values,
                    signed: false,
                };
                group.cases.push(Case {
                    name: scored.path.clone(),
                    label: scored.label.name().to_owned(),
                    verdict: scored.verdict().name().to_owned(),
                    judgement: members
                        .conformal
                        .map(|verdict| format!("{} ({:.1}% fake)", verdict.name(), 100.0 * members.probability_fake)),
                    probability_fake: scored.probability_fake,
                    members: predictor
                        .members()
                        .iter()
                        .zip(&members.members)
                        .map(|(member, probability)| (member.name.clone(), *probability))
                        .collect(),
                    explained_by: member.name.clone(),
                    image: Pixels {
                        png: pictures.image_png()?,
                        alternative: format!("{}, a {} image", scored.path, scored.label.name()),
                    },
                    map: Pixels {
                        png: pictures.overlay_png()?,
                        alternative: where_it_looked(&map.values, map.width, scored.verdict()),
                    },
                });
            }
        }
        finished.push(group);
    }
    Ok(Cases { explainer: "Grad-CAM".into(), groups: finished })
}

/// Checks that the image that is called as the measured one was shows what that one showed.
pub(super) fn require_same(dataset: &Dataset, scored: &Scored, found: Option<ContentHash>) -> anyhow::Result<()> {
    anyhow::ensure!(
        scored.content.is_none() || found.is_none() || scored.content == found,
        "{}: found other pixels in {} than were measured; expected the images of the run; pass those with --data",
        dataset.root.display(),
        scored.path
    );
    Ok(())
}

/// In words, which ninth of the picture has most of the map.
fn where_it_looked(values: &[f32], width: usize, verdict: Label) -> String {
    let height = values.len() / width.max(1);
    let mut ninths = [0.0_f64; 9];
    for (place, value) in values.iter().enumerate() {
        let (x, y) = (place % width, place / width);
        ninths[(3 * y / height.max(1)).min(2) * 3 + (3 * x / width).min(2)] += f64::from(*value);
    }
    let total: f64 = ninths.iter().sum();
    if total <= 0.0 {
        return format!("An empty map: nothing in this layer speaks for {}.", verdict.name());
    }
    let (place, most) = ninths
        .iter()
        .enumerate()
        .fold((0, 0.0), |(best, most), (place, &value)| if value > most { (place, value) } else { (best, most) });
    let row = ["upper", "middle", "lower"][place / 3];
    let column = ["left", "centre", "right"][place % 3];
    format!(
        "Map of what speaks for {}: {:.0}% of it is in the {row} {column} ninth of the picture.",
        verdict.name(),
        100.0 * most / total
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scored(identity: &str, label: Label, probability_fake: f64) -> Scored {
        Scored { path: identity.into(), label, probability_fake, content: None }
    }

    #[test]
    fn the_surest_the_least_sure_and_the_wrong_are_chosen() {
        let scores = [
            scored("surely fake", Label::Fake, 0.99),
            scored("surely real", Label::Real, 0.01),
            scored("undecided", Label::Real, 0.51),
            scored("surely wrong", Label::Real, 0.97),
            scored("fake", Label::Fake, 0.9),
            scored("real", Label::Real, 0.2),
        ];
        let names: Vec<Vec<String>> =
            groups(&scores).into_iter().map(|(_, chosen)| chosen.into_iter().map(|one| one.path).collect()).collect();
        assert_eq!(names[0], ["surely real", "real", "surely fake", "surely wrong"]);
        assert_eq!(names[1][0], "undecided");
        assert_eq!(names[2], ["surely wrong", "undecided"]);
        let notes: Vec<String> = groups(&scores).into_iter().map(|(group, _)| group.note).collect();
        assert!(notes[2].starts_with("Judged wrongly: 2 of 6 images"), "{}", notes[2]);
        assert!(groups(&scores[..2])[2].0.note.starts_with("None of the 2 images"));
    }

    #[test]
    fn a_map_is_told_in_words() {
        let mut values = vec![0.0; 81];
        values[8] = 3.0;
        values[40] = 1.0;
        let words = where_it_looked(&values, 9, Label::Fake);
        assert!(words.contains("speaks for fake") && words.contains("75% of it is in the upper right"), "{words}");
        assert!(where_it_looked(&[0.0; 9], 3, Label::Real).starts_with("An empty map"));
    }
}
