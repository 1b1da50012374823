//! Reports with made-up numbers: a whole one, and one of a folder that holds little.

use report::{
    Attacked, Audit, Calibration, Case, CaseGroup, Cases, Change, Claim, Claims, Corrupted, Corruptions, Data,
    Evaluation, Figure, Figures, Format, Giveaway, HeldOut, Metric, Part, Phase, Pixels, Proportion, Report, Side,
    Split, Stage, TargetRate, Trained, Training, UnderAttack,
};

/// One grey pixel as PNG.
pub(crate) const PIXEL: &[u8] = &[
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 1, 0, 0, 0, 1, 8,
    0, 0, 0, 0, 0x3a, 0x7e, 0x9b, 0x55, 0, 0, 0, 0x0a, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63, 0x68, 0, 0, 0, 0x82,
    0, 0x81, 0x77, 0xcd, 0x72, 0xb6, 0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
];

/// A share with an interval of four points either way.
pub(crate) fn share(value: f64, n: u64) -> Proportion {
    Proportion { value, interval: [(value - 0.04).max(0.0), (value + 0.04).min(1.0)], n }
}

pub(crate) fn figure(name: &str) -> Part<Figure> {
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1200\" height=\"480\" viewBox=\"0 0 1200 480\">\
         <rect width=\"1200\" height=\"480\" fill=\"#eee\"/><text x=\"40\" y=\"80\">{name}</text></svg>"
    );
    Part::There(Figure {
        bytes: svg.into_bytes(),
        format: Format::Svg,
        alternative: format!("{name} in words"),
        caption: format!("{name}."),
        file: format!("{name}.svg"),
    })
}

fn evaluation(judge: &str, accuracy: f64, auc: f64) -> Evaluation {
    let metric = |name: &str, title: &str, value| Metric { name: name.into(), title: title.into(), value };
    Evaluation {
        judge: judge.into(),
        n_real: 250,
        n_fake: 250,
        accuracy: share(accuracy, 500),
        threshold: 0.5,
        metrics: vec![
            metric("accuracy", "accuracy", Some(accuracy)),
            metric("roc_auc", "ROC AUC", Some(auc)),
            metric("eer", "equal error rate", None),
        ],
    }
}

fn attacked(judge: &str, clean: f64, fgsm: f64, pgd: f64) -> Attacked {
    let attack = |attack: &str, title: &str, is_noise, epsilon: &str, epsilon_value, accuracy| UnderAttack {
        attack: attack.into(),
        title: title.into(),
        is_noise,
        epsilon: epsilon.into(),
        epsilon_value,
        accuracy: share(accuracy, 100),
        clean: share(clean, 100),
    };
    Attacked {
        judge: judge.into(),
        clean: share(clean, 100),
        attacks: vec![
            attack("fgsm", "FGSM", false, "1/255", 1.0 / 255.0, fgsm),
            attack("fgsm", "FGSM", false, ".02", 0.02, fgsm - 0.1),
            attack("random_noise", "random noise", true, "1/255", 1.0 / 255.0, clean - 0.01),
            attack("pgd:steps=50", "PGD, 50 steps", false, "1/255", 1.0 / 255.0, pgd),
        ],
        zero_gradient_share: 0.0,
    }
}

fn phase(name: &str, shift: f64) -> Phase {
    let judges = ["convnext_tiny", "resnet_se", "ensemble"];
    let corrupted = |corruption: &str, severity: u8, accuracy| {
        judges.map(|judge| Corrupted {
            judge: judge.into(),
            corruption: corruption.into(),
            severity,
            accuracy: share(accuracy, 200),
            roc_auc: Some(accuracy + 0.05),
        })
    };
    Phase {
        name: name.into(),
        clean: judges.map(|judge| evaluation(judge, 0.9 - shift / 4.0, 0.95)).to_vec(),
        attacks: Part::There(judges.map(|judge| attacked(judge, 0.9, 0.5 + shift, 0.2 + shift)).to_vec()),
        corruptions: Part::There(Corruptions {
            results: [
                corrupted("gaussian_noise", 1, 0.8),
                corrupted("gaussian_noise", 5, 0.6),
                corrupted("fog", 5, 0.7),
            ]
            .concat(),
            means: judges.map(|judge| (judge.to_owned(), [0.7, 0.72])).to_vec(),
            n: 200,
        }),
    }
}

fn case(name: &str, label: &str, verdict: &str, probability_fake: f64) -> Case {
    let pixels = |alternative: &str| Pixels { png: PIXEL.to_vec(), alternative: alternative.into() };
    Case {
        name: name.into(),
        label: label.into(),
        verdict: verdict.into(),
        judgement: Some("unsure".into()),
        probability_fake,
        members: vec![("convnext_tiny".into(), 0.4), ("resnet_se".into(), 0.7)],
        explained_by: "resnet_se".into(),
        image: pixels("the image"),
        map: pixels("the map"),
    }
}

/// A pipeline of two models that vote, with everything in it.
pub(crate) fn whole() -> Report {
    let trained = |model: &str, phase: &str| Trained {
        model: model.into(),
        phase: phase.into(),
        seed: 42,
        commit: "021fbf8aaaaaaaaa".into(),
        data_hash: "5d1f0c3e9b7a2468ace0".into(),
        n_train: 1600,
        n_validation: 400,
        epochs: 12,
        best_epoch: 9,
        seconds: 754.2,
        config: "model = \"resnet_se\"\nseed = 42\n".into(),
    };
    Report {
        title: "convnext_tiny and resnet_se".into(),
        about: Some("Photographs and images of one generator.".into()),
        judge: "ensemble".into(),
        judge_in_words: "the vote of 2 detectors".into(),
        program: "Fauxto 0.1.0 (021fbf8)".into(),
        held_out: HeldOut::OtherData,
        data: Data {
            name: Part::There("photos/".into()),
            reported_on: "the images of test.parquet".into(),
            audit: Part::There(Audit {
                images: 2000,
                real: 1000,
                fake: 1000,
                unlabelled: 0,
                unreadable: 0,
                same_pixels: 1,
                near_pixels: 3,
                across_labels: 0,
                giveaways: vec![
                    Giveaway {
                        name: "file_size".into(),
                        summary: "bytes of the file".into(),
                        of_the_file: true,
                        separation: Some(0.612),
                    },
                    Giveaway {
                        name: "sharpness".into(),
                        summary: "energy of fine detail".into(),
                        of_the_file: false,
                        separation: None,
                    },
                ],
                stops_training: None,
            }),
            split: Part::There(Split {
                seed: 42,
                hash: "5d1f0c3e9b7a2468ace0".into(),
                sides: vec![
                    Side { name: "train".into(), purpose: "learned from".into(), real: 800, fake: 800 },
                    Side { name: "validation".into(), purpose: "chooses the epoch".into(), real: 200, fake: 200 },
                ],
                left_out: 2,
            }),
            input_size: Some(32),
        },
        training: Training {
            trained: vec![trained("convnext_tiny", "base"), trained("resnet_se", "fine-tuned")],
            stages: vec![Stage { name: "base convnext_tiny".into(), seconds: 754.2 }],
            pipeline: Some("preset = \"base\"\n".into()),
        },
        phases: vec![phase("before fine-tuning", 0.0), phase("after fine-tuning", 0.2)],
        changes: vec![Change { judge: "ensemble".into(), lost: 40, won: 10, p: 0.00002 }],
        calibration: Part::There(vec![Calibration {
            judge: "ensemble".into(),
            temperature: 1.31,
            bias: -0.24,
            n_real: 100,
            n_fake: 100,
            data_hash: Some("0123456789abcdef".into()),
            level: 0.95,
            thresholds: vec![TargetRate { target: 0.01, threshold: 0.973 }],
        }]),
        cases: Part::There(Cases {
            explainer: "Grad-CAM".into(),
            groups: vec![
                CaseGroup {
                    title: "Most certain".into(),
                    note: "The verdicts furthest from undecided.".into(),
                    cases: vec![case("fake/1.png", "fake", "fake", 0.99), case("real/2.png", "real", "real", 0.01)],
                },
                CaseGroup {
                    title: "Wrong".into(),
                    note: "1 of 500.".into(),
                    cases: vec![case("real/3.png", "real", "fake", 0.8)],
                },
            ],
        }),
        claims: Some(Claims {
            source: "The README of the original.".into(),
            rows: vec![Claim {
                subject: "Accuracy".into(),
                claimed: "99.40%".into(),
                recorded: "69.40%".into(),
                measured: Some("77.3%".into()),
            }],
        }),
        figures: Figures {
            training: vec![figure("curves")],
            accuracy: vec![figure("evaluation")],
            attacks: vec![figure("robustness")],
            attacked_samples: vec![figure("samples")],
            corruptions: vec![figure("corruptions")],
            calibration: vec![figure("reliability")],
        },
    }
}

/// A training's folder: one phase, nothing attacked, no data at hand.
pub(crate) fn sparse() -> Report {
    let missing = |what: &str| format!("{what} was not measured. Do this and that.");
    let mut report = whole();
    report.title = "resnet_se".into();
    report.about = None;
    report.judge = "resnet_se".into();
    report.judge_in_words = "the detector (resnet_se)".into();
    report.held_out = HeldOut::ValidationSide;
    report.data.name = Part::Missing("It is not known where the images are.".into());
    report.data.audit = Part::Missing("No audit was kept.".into());
    report.training.trained.truncate(1);
    report.training.trained[0].phase = String::new();
    report.training.stages.clear();
    report.training.pipeline = None;
    report.phases = vec![Phase {
        name: "validation images".into(),
        clean: vec![evaluation("resnet_se", 0.52, 0.54)],
        attacks: Part::Missing(missing("Attacks")),
        corruptions: Part::Missing(missing("Corruptions")),
    }];
    report.changes.clear();
    report.calibration = Part::Missing("Not calibrated.".into());
    report.cases = Part::Missing("Pass --data.".into());
    report.claims = None;
    report.figures = Figures { training: vec![Part::Missing("No curves.svg.".into())], ..Figures::default() };
    report
}
