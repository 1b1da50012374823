//! One of every figure, and the odd cases, with made-up numbers.

use figures::{
    Bar, Bars, ContactSheet, Epoch, EvaluationFigure, Explained, ExplanationFigure, Figure, Frame, Notation,
    ReliabilityBin, ReliabilityFigure, ReliabilityPanel, Result, RobustnessCurve, RobustnessFigure, RobustnessPanel,
    RobustnessPoint, Strip, StripPanel, StripPlot, Tile, TrainingFigure,
};

/// A name and the figure it stands for.
pub(crate) type Sample = (&'static str, fn() -> Result<Figure>);

/// Every sample.
pub(crate) const ALL: &[Sample] = &[
    ("evaluation", evaluation),
    ("evaluation_weak", evaluation_weak),
    ("evaluation_one_class", evaluation_one_class),
    ("evaluation_one_image", evaluation_one_image),
    ("reliability", reliability),
    ("reliability_odd", reliability_odd),
    ("training", training),
    ("training_one_epoch", training_one_epoch),
    ("training_diverged", training_diverged),
    ("contact_sheet", contact_sheet),
    ("contact_sheet_odd", contact_sheet_odd),
    ("bars", bars),
    ("bars_decimals", bars_decimals),
    ("strip_plot", strip_plot),
    ("strip_plot_odd", strip_plot_odd),
    ("explanation", explanation),
    ("explanation_odd", explanation_odd),
    ("robustness", robustness),
    ("robustness_one_panel", robustness_one_panel),
];

/// The power ROC curve `TPR = FPR^power`, whose area is `1 / (power + 1)`.
fn curve(power: f64, points: usize) -> Vec<(f64, f64)> {
    (0..=points).map(|point| point as f64 / points as f64).map(|x| (x, x.powf(power))).collect()
}

fn evaluation() -> Result<Figure> {
    let bins = |peak: f64, steepness: f64| -> Vec<u64> {
        (0..30_u32).map(|bin| (peak * (-f64::from(bin) * steepness).exp()) as u64 + u64::from(bin % 3)).collect()
    };
    let mut fake = bins(3_100.0, 0.9);
    fake.reverse();
    EvaluationFigure {
        title: "ResNet-SE on CIFAKE test",
        classes: ["real", "fake"],
        confusion: [[4_883, 248], [312, 4_558]],
        accuracy_interval: [0.939, 0.948],
        threshold: 0.5,
        roc_curve: &curve(0.0142, 10_000),
        roc_auc: Some(0.98603),
        histogram_real: &bins(3_400.0, 1.1),
        histogram_fake: &fake,
    }
    .draw()
}

fn evaluation_weak() -> Result<Figure> {
    let hill = |centre: f64| -> Vec<u64> {
        (0..30).map(|bin| (60.0 * (-((f64::from(bin) - centre) / 6.0).powi(2)).exp()) as u64).collect()
    };
    EvaluationFigure {
        title: "EfficientNet-B0 after 2 epochs, a name that is rather long, on a validation set whose name is longer still",
        classes: ["real", "fake"],
        confusion: [[310, 202], [188, 300]],
        accuracy_interval: [0.579, 0.640],
        threshold: 0.475,
        roc_curve: &curve(0.55, 40),
        roc_auc: Some(0.6452),
        histogram_real: &hill(12.0),
        histogram_fake: &hill(17.0),
    }
    .draw()
}

fn evaluation_one_class() -> Result<Figure> {
    EvaluationFigure {
        title: "Only real images",
        classes: ["real", "fake"],
        confusion: [[9, 1], [0, 0]],
        accuracy_interval: [0.596, 0.982],
        threshold: 0.5,
        roc_curve: &[],
        roc_auc: None,
        histogram_real: &[5, 2, 2, 0, 1],
        histogram_fake: &[0; 5],
    }
    .draw()
}

fn evaluation_one_image() -> Result<Figure> {
    EvaluationFigure {
        title: "One image",
        classes: ["real", "fake"],
        confusion: [[0, 0], [1, 0]],
        accuracy_interval: [0.0, 0.793],
        threshold: 1.0,
        roc_curve: &[],
        roc_auc: None,
        histogram_real: &[0; 2],
        histogram_fake: &[1, 0],
    }
    .draw()
}

/// Bins in which the share of fake images lies between the mean probability and one half, by `doubt`.
fn reliability_bins(counts: &[u64], doubt: f64) -> Vec<ReliabilityBin> {
    let bin = |(bin, &count): (usize, &u64)| {
        let mean = (bin as f64 + 0.45) / counts.len() as f64;
        let share = mean + doubt * (0.5 - mean);
        let half = 1.0 / (count as f64).sqrt().max(1.0);
        let filled = |value| (count > 0).then_some(value);
        ReliabilityBin {
            count,
            mean_probability: filled(mean),
            share_fake: filled(share),
            interval: [(share - half).max(0.0), (share + half).min(1.0)],
        }
    };
    counts.iter().enumerate().map(bin).collect()
}

fn reliability() -> Result<Figure> {
    let before = reliability_bins(&[4_402, 310, 133, 90, 61, 72, 84, 117, 290, 4_442], 0.3);
    let after = reliability_bins(&[3_011, 1_022, 610, 288, 149, 130, 270, 602, 1_119, 2_800], 0.0);
    let notes = |nll, brier, ece| vec![format!("NLL {nll}"), format!("Brier {brier}"), format!("ECE {ece}")];
    ReliabilityFigure {
        title: "Reliability on CIFAKE test",
        panels: &[
            ReliabilityPanel { name: "Uncalibrated", notes: notes(0.2213, 0.0524, 0.0431), bins: &before },
            ReliabilityPanel {
                name: "Calibrated, temperature 1.731",
                notes: notes(0.17, 0.0491, 0.0062),
                bins: &after,
            },
        ],
    }
    .draw()
}

fn reliability_odd() -> Result<Figure> {
    let bins = reliability_bins(&[0, 1, 0, 0, 0, 0, 0, 12, 0, 9_999_999], 0.9);
    let panel = ReliabilityPanel { name: "Probabilities as given", notes: vec![], bins: &bins };
    ReliabilityFigure { title: "A name that is rather long on a data set whose name is longer", panels: &[panel] }
        .draw()
}

fn epochs(count: u32) -> Vec<Epoch> {
    let half = std::f64::consts::PI / f64::from(count);
    (0..count)
        .map(|epoch| {
            let age = f64::from(epoch) / 8.0;
            let wobble = 0.02 * f64::from(epoch * 7 % 5);
            Epoch {
                train_loss: 0.08 + 0.6 * (-age).exp(),
                validation_loss: 0.22 + 0.5 * (-age * 1.2).exp() + 0.03 * age + wobble,
                validation_accuracy: 0.91 - 0.35 * (-age).exp() - wobble,
                validation_auc: 0.97 - 0.33 * (-age).exp() - wobble / 2.0,
                learning_rate: 2.5e-4 * (1.0 + (half * f64::from(epoch)).cos()),
            }
        })
        .collect()
}

fn training() -> Result<Figure> {
    TrainingFigure {
        title: "ResNet-SE, base training",
        n_train: 1_600,
        n_validation: 400,
        epochs: &epochs(50),
        best_epoch: Some(36),
    }
    .draw()
}

fn training_one_epoch() -> Result<Figure> {
    TrainingFigure { title: "One epoch", n_train: 32, n_validation: 8, epochs: &epochs(1), best_epoch: Some(1) }.draw()
}

fn training_diverged() -> Result<Figure> {
    let mut epochs = epochs(7);
    epochs[2].validation_loss = f64::NAN;
    epochs[4].validation_loss = f64::NAN;
    for epoch in &mut epochs {
        epoch.validation_auc = f64::NAN;
        epoch.validation_accuracy = f64::NAN;
    }
    epochs[6].train_loss = f64::INFINITY;
    TrainingFigure { title: "Diverged", n_train: 32, n_validation: 8, epochs: &epochs, best_epoch: None }.draw()
}

/// A coloured pattern in which every pixel differs from its neighbours.
fn pattern(width: u32, height: u32, seed: u32) -> Vec<u8> {
    let pixel = |x: u32, y: u32| {
        let wave = |step: u32| ((x * (7 + step) + y * (11 + seed)) * (3 + step) % 256) as u8;
        [wave(0), wave(1).wrapping_add((seed * 40) as u8), 255 - wave(2) / 2]
    };
    (0..height).flat_map(|y| (0..width).flat_map(move |x| pixel(x, y))).collect()
}

fn contact_sheet() -> Result<Figure> {
    let images: Vec<Vec<u8>> = (0..12).map(|seed| pattern(32, 32, seed)).collect();
    let tile = |(number, pixels)| Tile {
        width: 32,
        height: 32,
        pixels,
        caption: vec![format!("{number:04}.png"), format!("fake {}.5%", 60 + number)],
        frame: Some(if number % 5 == 3 { Frame::Wrong } else { Frame::Right }),
    };
    ContactSheet {
        title: "Verdicts under FGSM",
        caption: "ResNet-SE  ·  thick frame: wrong verdict  ·  epsilon in 1/255",
        columns: 4,
        column_titles: &["clean", "epsilon 2", "epsilon 4", "epsilon 8"].map(String::from),
        row_titles: &["real", "real", "fake"].map(String::from),
        tiles: &images.iter().map(Vec::as_slice).enumerate().map(tile).collect::<Vec<_>>(),
    }
    .draw()
}

fn contact_sheet_odd() -> Result<Figure> {
    let (wide, tall, large) = (pattern(40, 10, 1), pattern(5, 16, 2), pattern(300, 200, 3));
    fn tile<'n>(width: u32, height: u32, pixels: &'n [u8], caption: &str) -> Tile<'n> {
        Tile { width, height, pixels, caption: vec![caption.into()], frame: None }
    }
    ContactSheet {
        title: "Any shape",
        caption: "",
        columns: 3,
        column_titles: &[],
        row_titles: &[],
        tiles: &[
            tile(40, 10, &wide, "wide <&> \"quoted\""),
            tile(5, 16, &tall, "a caption far too long for its column"),
            tile(300, 200, &large, "300 x 200"),
            tile(40, 10, &wide, "\u{7}bell"),
        ],
    }
    .draw()
}

fn bar(name: &str, series: usize, value: f64, interval: Option<[f64; 2]>) -> Bar {
    Bar { name: name.into(), series, value, interval }
}

fn bars() -> Result<Figure> {
    Bars {
        title: "Accuracy on CIFAKE test, trained on 1,600 images",
        caption: "n = 10,001  ·  bars: mean of three seeds  ·  brackets: 95% Wilson interval",
        axis: "accuracy (share of images)",
        notation: Notation::Percent,
        series: &["Fauxto", "PyTorch"],
        reference: Some(("chance", 0.5)),
        bars: &[
            bar("ResNet-SE", 0, 0.894, Some([0.888, 0.900])),
            bar("ResNet-SE", 1, 0.891, Some([0.885, 0.897])),
            bar("ConvNeXt-Tiny", 0, 0.771, Some([0.763, 0.779])),
            bar("ConvNeXt-Tiny", 1, 0.765, Some([0.757, 0.773])),
            bar("EfficientNet-B0", 0, 0.662, Some([0.653, 0.671])),
            bar("EfficientNet-B0 under a name that does not want to end", 1, 0.65, None),
        ],
    }
    .draw()
}

fn bars_decimals() -> Result<Figure> {
    Bars {
        title: "Training step",
        caption: "median of 20 steps, batch 128, two cores; brackets: least and greatest",
        axis: "seconds for a step (less is better)",
        notation: Notation::Decimals(2),
        series: &[],
        reference: None,
        bars: &[
            bar("PyTorch f32", 0, 0.9, Some([0.88, 0.97])),
            bar("Burn flex", 0, 2.58, Some([2.5, 2.8])),
            bar("zero", 0, 0.0, None),
        ],
    }
    .draw()
}

/// A hill of `height` at a place given in shares of the side, on a plain.
fn hill((width, height): (u32, u32), (x, y): (f32, f32), summit: f32) -> Vec<f32> {
    let at = |index: u32| {
        let (across, down) = ((index % width) as f32 / width as f32 - x, (index / width) as f32 / height as f32 - y);
        summit * (-(across * across + down * down) * 30.0).exp()
    };
    (0..width * height).map(at).collect()
}

fn strip_plot() -> Result<Figure> {
    let rows = ["0%", "10%", "30%", "50%", "100%"].map(String::from);
    let panel = |title: &str, falls: f64, compared: Vec<(usize, f64)>| StripPanel {
        title: title.into(),
        strips: (0..10)
            .map(|place| {
                let (row, series) = (place / 2, place % 2);
                let middle = 0.9 - falls * (4 - row) as f64 - 0.07 * series as f64;
                Strip { row, series, values: vec![middle - 0.02, middle + 0.01, middle + 0.035] }
            })
            .collect(),
        compared,
    };
    let claimed = vec![(0, 0.4), (1, 0.55), (2, 0.7), (3, 0.75), (4, 0.85)];
    let panels = [
        panel("clean", 0.01, vec![(0, 0.994), (4, 0.88)]),
        panel("FGSM .02", 0.08, vec![]),
        panel("FGSM .05", 0.12, claimed),
        panel("FGSM 1/255", 0.03, vec![]),
        panel("PGD-10 1/255", 0.15, vec![]),
        panel("PGD-10 2/255", 0.2, vec![]),
    ];
    StripPlot {
        title: "Share of every batch attacked in fine-tuning",
        caption: "1,000 images, 500 of them attacked  ·  3 seeds",
        axis: "accuracy",
        rows: &rows,
        series: &["resnet_se", "convnext_tiny"],
        compared: Some("claimed by the original"),
        reference: Some(("chance", 0.5)),
        panels: &panels,
    }
    .draw()
}

fn strip_plot_odd() -> Result<Figure> {
    let rows = ["a row whose name is so long that it has to be cut off".to_owned(), "b".into()];
    let strip = |row, value| Strip { row, series: 0, values: vec![value] };
    let panel = StripPanel {
        title:
            "A heading that is longer than the panel it stands over, and wider than all of the figure, by far, or is \
                it not? It is, whatever the font, and must be cut"
                .into(),
        strips: vec![strip(0, 0.0), strip(1, 1.0)],
        compared: vec![(0, 1.0), (1, 0.0)],
    };
    StripPlot {
        title: "One run, no spread, at both ends",
        caption: "",
        axis: "accuracy",
        rows: &rows,
        series: &[],
        compared: None,
        reference: None,
        panels: &[panel],
    }
    .draw()
}

fn explanation() -> Result<Figure> {
    let pixels = pattern(32, 32, 4);
    let cam = hill((32, 32), (0.3, 0.4), 0.0834);
    let signed: Vec<f32> = cam.iter().zip(hill((32, 32), (0.7, 0.7), 0.05)).map(|(a, b)| a - b).collect();
    let row = |name: &str, values, signed| Explained {
        name: name.into(),
        notes: vec!["ResNet-SE".into()],
        width: 32,
        height: 32,
        pixels: &pixels,
        values,
        signed,
    };
    ExplanationFigure {
        title: "fake/17.png: fake, 98.2%",
        caption: "vermillion: speaks for fake  ·  blue: against  ·  in log-odds",
        rows: &[
            row("grad_cam", &cam, false),
            row("integrated_gradients", &signed, true),
            row("nothing", &[0.0; 1024], false),
        ],
    }
    .draw()
}

fn explanation_odd() -> Result<Figure> {
    let (wide, large) = (pattern(40, 10, 1), pattern(300, 200, 3));
    let values: Vec<f32> = (0..400).map(|index| (index % 7) as f32 * 1e-7).collect();
    let slope = hill((300, 200), (0.1, 0.9), 123_456.0);
    ExplanationFigure {
        title: "Any shape, and a title that is too long for the little figure that it stands above, as titles are",
        caption: "",
        rows: &[
            Explained {
                name: "a name that is rather long for its column".into(),
                notes: vec![],
                width: 40,
                height: 10,
                pixels: &wide,
                values: &values,
                signed: false,
            },
            Explained {
                name: "<&>".into(),
                notes: vec!["one".into(), "two".into(), "three".into()],
                width: 300,
                height: 200,
                pixels: &large,
                values: &slope,
                signed: true,
            },
        ],
    }
    .draw()
}

/// Accuracy that falls from `clean` by `steepness`.
fn robustness_curve(name: &str, clean: f64, steepness: f64, epsilons: &[f64]) -> RobustnessCurve {
    let point = |&epsilon: &f64| {
        let accuracy = clean * (-epsilon * steepness).exp();
        let interval = [(accuracy - 0.03).max(0.0), (accuracy + 0.03).min(1.0)];
        RobustnessPoint { epsilon, accuracy, interval }
    };
    RobustnessCurve { name: name.into(), points: epsilons.iter().map(point).collect() }
}

fn robustness_panel(heading: &str, steepness: f64) -> RobustnessPanel {
    let sizes = [0.0, 1.0 / 255.0, 2.0 / 255.0, 4.0 / 255.0, 0.02, 8.0 / 255.0, 0.05, 0.08];
    let curves = vec![
        robustness_curve("random noise", 0.93, steepness / 20.0, &sizes),
        robustness_curve("FGSM", 0.93, steepness, &sizes),
        robustness_curve("PGD, 50 steps", 0.93, steepness * 4.0, &sizes[..3]),
    ];
    RobustnessPanel { heading: heading.into(), curves }
}

fn robustness() -> Result<Figure> {
    let panels = [robustness_panel("before fine-tuning", 60.0), robustness_panel("after fine-tuning", 12.0)];
    RobustnessFigure {
        title: "ResNet-SE under attack",
        caption: "500 reported images; bars are 95% Wilson intervals",
        panels: &panels,
        chance: 0.5,
    }
    .draw()
}

fn robustness_one_panel() -> Result<Figure> {
    let curves = vec![robustness_curve("clean only", 1.0, 0.0, &[0.0])];
    let panels = [RobustnessPanel { heading: "validation".into(), curves }];
    RobustnessFigure { title: "One point", caption: "One image", panels: &panels, chance: 0.5 }.draw()
}
