//! What small calibration sets promise and what they keep: draws many from one file of scores, measures each on
//! another, and prints means and spreads as JSON.
//!
//!     fauxto evaluate CHECKPOINT DATA --split FILE --side test --scores calibration.csv
//!     fauxto evaluate CHECKPOINT REPORTED --scores reported.csv
//!     cargo run --release --example calibration_draws -- calibration.csv reported.csv [PER_CLASS] [DRAWS]
//!
//! The checkpoint must not be calibrated already.

use std::path::Path;

use fauxto::calibrate::{Calibration, Settings};
use fauxto::evaluate::{Scores, metric};
use fauxto::{Label, random};
use rand::seq::SliceRandom;
use serde_json::json;

type Failure = Box<dyn std::error::Error>;

fn read(path: &Path) -> Result<(Vec<f64>, Vec<Label>), Failure> {
    let mut images = Vec::new();
    for row in csv::Reader::from_path(path)?.records() {
        let row = row?;
        let label = Label::ALL.into_iter().find(|label| label.name() == &row[1]).ok_or("a label that is neither")?;
        images.push((row[2].parse::<f64>()?, label));
    }
    Ok(images.into_iter().unzip())
}

/// Mean, standard deviation, and the 5% and 95% quantiles over draws.
fn spread(mut values: Vec<f64>) -> serde_json::Value {
    values.sort_unstable_by(f64::total_cmp);
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let quantile = |share: f64| values[(share * (n - 1.0)).round() as usize];
    json!({ "mean": mean, "deviation": variance.sqrt(), "5%": quantile(0.05), "95%": quantile(0.95) })
}

#[allow(clippy::print_stdout)]
fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [from, to, rest @ ..] = arguments.as_slice() else {
        return Err("usage: calibration_draws CALIBRATION.csv REPORTED.csv [PER_CLASS] [DRAWS]".into());
    };
    let number = |place: usize, default: usize| rest.get(place).map_or(Ok(default), |text| text.parse());
    let (per_class, draws) = (number(0, 100)?, number(1, 1000)?);
    let (probabilities, labels) = read(Path::new(from))?;
    let (reported, truth) = read(Path::new(to))?;
    let settings = Settings::default();
    let by_class = Label::ALL.map(|label| {
        let of_class = probabilities.iter().zip(&labels).filter(|(_, found)| **found == label);
        of_class.map(|(&p, _)| p).collect::<Vec<f64>>()
    });
    let (mut coverage, mut wrong, mut unsure) = ([vec![], vec![]], [vec![], vec![]], [vec![], vec![]]);
    let mut rates = vec![(vec![], vec![]); settings.target_fprs.len()];
    let (mut temperatures, mut biases, mut surprise) = (Vec::new(), Vec::new(), Vec::new());
    for draw in 0..draws {
        let (mut chosen, mut classes) = (Vec::new(), Vec::new());
        for (class, label) in by_class.iter().zip(Label::ALL) {
            let mut stream = random::stream(42, "calibration draws", &[draw as u64, label.index() as u64]);
            let mut order: Vec<usize> = (0..class.len()).collect();
            order.shuffle(&mut stream);
            chosen.extend(order.iter().take(per_class).map(|&image| class[image]));
            classes.resize(chosen.len(), label);
        }
        let calibration = Calibration::fit(&chosen, &classes, &settings)?;
        let judged: Vec<f64> = reported.iter().map(|&p| calibration.probability(p)).collect();
        for class in calibration.coverage(&judged, &truth) {
            let (place, n) = (class.label.index(), class.n as f64);
            coverage[place].push(class.covered as f64 / n);
            wrong[place].push(class.wrong as f64 / n);
            unsure[place].push(class.unsure as f64 / n);
        }
        for ((false_positives, true_positives), threshold) in rates.iter_mut().zip(&calibration.thresholds) {
            let called = |label: Label| {
                let of_class = || judged.iter().zip(&truth).filter(|(_, found)| **found == label);
                let called = of_class().filter(|(p, _)| **p >= threshold.threshold).count();
                called as f64 / of_class().count() as f64
            };
            false_positives.push(called(Label::Real));
            true_positives.push(called(Label::Fake));
        }
        temperatures.push(calibration.scaling.temperature);
        biases.push(calibration.scaling.bias);
        let scores = Scores::new(judged, truth.clone())?;
        let nll = metric::find("nll").ok_or("no nll")?;
        surprise.push((nll.measure)(&scores, 0.5)?);
    }
    let both = |[real, fake]: [Vec<f64>; 2]| json!({ "real": spread(real), "fake": spread(fake) });
    let rates = rates.into_iter().zip(&settings.target_fprs).map(|((false_positives, true_positives), target)| {
        json!({
            "target_fpr": target,
            "false_positive_rate": spread(false_positives),
            "true_positive_rate": spread(true_positives),
        })
    });
    let result = json!({
        "per_class": per_class,
        "draws": draws,
        "reported": reported.len(),
        "level": settings.level,
        "coverage": both(coverage),
        "wrong": both(wrong),
        "unsure": both(unsure),
        "rates": rates.collect::<Vec<_>>(),
        "temperature": spread(temperatures),
        "bias": spread(biases),
        "nll": spread(surprise),
    });
    println!("{}", serde_json::to_string_pretty(&result)?);
    Ok(())
}
