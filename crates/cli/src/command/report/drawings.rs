//! The figures of a report: those a run has drawn, and those drawn for the report.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Context;
use figures::{RobustnessCurve, RobustnessFigure, RobustnessPanel, RobustnessPoint};
use report::{Attacked, Figure, Format, Part, Phase};

/// A figure that `folder` holds as `file`, or that it does not.
pub(super) fn drawn(folder: &Path, file: &str, caption: &str, alternative: &str) -> anyhow::Result<Part<Figure>> {
    let path = folder.join(file);
    match std::fs::read(&path) {
        Ok(bytes) => Ok(Part::There(Figure {
            bytes,
            format: Format::Svg,
            alternative: alternative.to_owned(),
            caption: caption.to_owned(),
            file: file.to_owned(),
        })),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Ok(Part::Missing(format!("{caption} (The run's folder has no {file}.)")))
        }
        Err(error) => Err(anyhow::Error::new(error).context(path.display().to_string())),
    }
}

/// A figure drawn for the report.
pub(super) fn own(figure: &figures::Figure, file: &str, caption: &str, alternative: &str) -> Part<Figure> {
    Part::There(Figure {
        bytes: figure.svg().as_bytes().to_vec(),
        format: Format::Svg,
        alternative: alternative.to_owned(),
        caption: caption.to_owned(),
        file: file.to_owned(),
    })
}

/// Accuracy against epsilon, one panel a phase, of `judge`; none where it was not attacked.
pub(super) fn robustness(phases: &[Phase], judge: &str) -> anyhow::Result<Option<Part<Figure>>> {
    let panels: Vec<RobustnessPanel> = phases
        .iter()
        .filter_map(|phase| {
            let attacked = phase.attacks.there()?.iter().find(|attacked| attacked.judge == judge)?;
            Some(RobustnessPanel { heading: phase.name.clone(), curves: curves(attacked) })
        })
        .filter(|panel| !panel.curves.is_empty())
        .collect();
    if panels.is_empty() {
        return Ok(None);
    }
    let n = phases.iter().filter_map(|phase| phase.attacks.there()).flatten().map(|one| one.clean.n).max();
    let n = n.unwrap_or(0);
    let attacks = phases.iter().filter_map(|phase| phase.attacks.there()).flatten().filter(|one| one.judge == judge);
    let fewer: BTreeSet<String> = attacks
        .flat_map(|attacked| &attacked.attacks)
        .filter(|attack| attack.accuracy.n != n)
        .map(|attack| format!(", {} under {}", attack.accuracy.n, attack.title))
        .collect();
    let fewer: String = fewer.into_iter().collect();
    let caption = format!("{n} images{fewer}; bars are 95% Wilson intervals");
    let title = format!("{judge} under attack");
    let figure = RobustnessFigure { title: &title, caption: &caption, panels: &panels, chance: 0.5 };
    let drawing = figure.draw().context("drawing accuracy under attack")?;
    let last: Vec<String> = panels
        .last()
        .into_iter()
        .flat_map(|panel| &panel.curves)
        .filter_map(|curve| Some((curve, curve.points.last()?)))
        .map(|(curve, point)| format!("{} {:.0}% at {:.3}", curve.name, 100.0 * point.accuracy, point.epsilon))
        .collect();
    let alternative = format!(
        "Curves of accuracy against epsilon, {}. At the end of each: {}. Chance is 50%.",
        panels.iter().map(|panel| panel.heading.as_str()).collect::<Vec<_>>().join(" and "),
        last.join(", ")
    );
    let caption = "Accuracy against how far an attack may change each pixel. The dashed line is chance, 50%.";
    Ok(Some(own(&drawing, "results.json", caption, &alternative)))
}

/// Noise first, then attacks in their order, each from no perturbation on.
fn curves(attacked: &Attacked) -> Vec<RobustnessCurve> {
    let point = |epsilon, accuracy: report::Proportion| RobustnessPoint {
        epsilon,
        accuracy: accuracy.value,
        interval: accuracy.interval,
    };
    let mut curves: Vec<RobustnessCurve> = Vec::new();
    let mut attacks: Vec<_> = attacked.attacks.iter().collect();
    attacks.sort_by(|a, b| b.is_noise.cmp(&a.is_noise).then(a.epsilon_value.total_cmp(&b.epsilon_value)));
    for attack in attacks {
        let measured = point(attack.epsilon_value, attack.accuracy);
        match curves.iter_mut().find(|curve| curve.name == attack.title) {
            Some(curve) => curve.points.push(measured),
            // Attacked on the same images as measured without; the strongest attack has fewer and no such point.
            None if attack.accuracy.n == attacked.clean.n => curves.push(RobustnessCurve {
                name: attack.title.clone(),
                points: vec![point(0.0, attacked.clean), measured],
            }),
            None => curves.push(RobustnessCurve { name: attack.title.clone(), points: vec![measured] }),
        }
    }
    curves.truncate(6);
    curves
}

/// ROC curve, confusion matrix and histogram, with their numbers in words.
pub(super) fn evaluation(
    figure: &figures::Figure,
    file: &str,
    judge: &str,
    name: &str,
    evaluation: &fauxto::evaluate::Evaluation,
) -> Part<Figure> {
    let confusion = &evaluation.confusion;
    let alternative = format!(
        "ROC curve, confusion matrix and histogram of scores. Of {} real images {} were called real, of {} fake ones {} \
         were called fake.",
        evaluation.n_real, confusion.real_as_real, evaluation.n_fake, confusion.fake_as_fake
    );
    let caption = format!("{judge}, {name}: ROC curve, confusion matrix, and how probabilities are spread.");
    own(figure, file, &caption, &alternative)
}
