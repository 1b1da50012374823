//! Every figure: whole as SVG and PNG, the same each time, and a clear no to what cannot be drawn.

mod samples;

use std::collections::HashSet;

use figures::{
    Bar, Bars, ContactSheet, Epoch, EvaluationFigure, Explained, ExplanationFigure, Figure, Notation, ReliabilityBin,
    ReliabilityFigure, ReliabilityPanel, RobustnessCurve, RobustnessFigure, RobustnessPanel, RobustnessPoint, Strip,
    StripPanel, StripPlot, Tile, TrainingFigure,
};

fn decoded(figure: &Figure) -> image::RgbImage {
    image::load_from_memory(&figure.png().expect("renders")).expect("decodes").to_rgb8()
}

#[test]
fn every_figure_renders_at_twice_its_size_with_nothing_cut_off() {
    for (name, draw) in samples::ALL {
        let figure = draw().unwrap_or_else(|reason| panic!("{name}: {reason}"));
        let pixels = decoded(&figure);
        let (width, height) = figure.size();
        assert_eq!(pixels.dimensions(), (2 * width, 2 * height), "{name}");
        let white = |x: u32, y: u32| pixels.get_pixel(x, y).0 == [255; 3];
        let border = (0..2 * width).flat_map(|x| (0..8).flat_map(move |d| [(x, d), (x, 2 * height - 1 - d)]));
        let sides = (0..2 * height).flat_map(|y| (0..8).flat_map(move |d| [(d, y), (2 * width - 1 - d, y)]));
        let mut beyond = border.chain(sides).filter(|&(x, y)| !white(x, y));
        assert_eq!(beyond.next(), None, "{name} reaches its border");
    }
}

#[test]
fn every_figure_is_the_same_each_time() {
    for (name, draw) in samples::ALL {
        let (first, second) = (draw().unwrap(), draw().unwrap());
        assert_eq!(first, second, "{name}");
        assert_eq!(first.png().unwrap(), second.png().unwrap(), "{name}");
    }
}

#[test]
fn figures_are_as_they_were() {
    for (name, draw) in
        samples::ALL.iter().filter(|(name, _)| !name.starts_with("contact_sheet") && !name.starts_with("explanation"))
    {
        insta::assert_snapshot!(*name, draw().unwrap().svg());
    }
}

#[test]
fn text_is_in_the_png() {
    let bar = |name: &str| {
        let bars = [Bar { name: name.into(), series: 0, value: 0.5, interval: None }];
        let figure = Bars {
            title: "Title",
            caption: "",
            axis: "axis",
            notation: Notation::Percent,
            series: &[],
            reference: None,
            bars: &bars,
        };
        decoded(&figure.draw().unwrap())
    };
    let dark =
        |pixels: &image::RgbImage| pixels.pixels().filter(|pixel| pixel.0.iter().all(|&level| level < 80)).count();
    // Names of equal width, so that only their letters differ.
    let (little, much) = (dark(&bar("......")), dark(&bar("llllll")));
    assert!(much > little + 100, "{little} dark pixels with dots, {much} with letters");
}

#[test]
fn a_contact_sheet_shows_each_pixel_as_it_is() {
    let pixels = [250, 10, 20, 30, 240, 50, 60, 70, 230, 0, 0, 0];
    let tile = Tile { width: 2, height: 2, pixels: &pixels, caption: vec![], frame: None };
    let sheet =
        ContactSheet { title: "", caption: "", columns: 1, column_titles: &[], row_titles: &[], tiles: &[tile] };
    let found: HashSet<[u8; 3]> = decoded(&sheet.draw().unwrap()).pixels().map(|pixel| pixel.0).collect();
    let expected: HashSet<[u8; 3]> =
        pixels.chunks(3).map(|pixel| [pixel[0], pixel[1], pixel[2]]).chain([[255; 3]]).collect();
    assert_eq!(found, expected, "nothing but the four pixels and the paper: no smoothing, no change of colour");
}

#[test]
fn files_appear_whole_and_beside_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let figure = samples::ALL[0].1().unwrap();
    let [svg, png] = figure.save(folder.path().join("new/run.v1")).unwrap();
    assert_eq!((svg.file_name().unwrap(), png.file_name().unwrap()), ("run.v1.svg".as_ref(), "run.v1.png".as_ref()));
    assert_eq!(std::fs::read_to_string(svg).unwrap(), figure.svg());
    assert_eq!(std::fs::read(png).unwrap(), figure.png().unwrap());
    assert_eq!(std::fs::read_dir(folder.path().join("new")).unwrap().count(), 2, "no temporary file is left");

    std::fs::write(folder.path().join("file"), "").unwrap();
    let message = figure.save(folder.path().join("file/stem")).unwrap_err().to_string();
    assert!(message.contains("file") && message.contains("failed"), "{message}");
}

fn refused(figure: figures::Result<Figure>, words: &str) {
    let message = figure.expect_err(words).to_string();
    assert!(message.contains(words) && message.contains("expected"), "{message}");
}

#[test]
fn an_evaluation_that_cannot_be_drawn_is_refused() {
    let good = EvaluationFigure {
        title: "",
        classes: ["real", "fake"],
        confusion: [[1, 0], [0, 1]],
        accuracy_interval: [0.3, 1.0],
        threshold: 0.5,
        roc_curve: &[(0.0, 0.0), (0.0, 1.0), (1.0, 1.0)],
        roc_auc: Some(1.0),
        histogram_real: &[1, 0],
        histogram_fake: &[0, 1],
    };
    assert!(good.draw().is_ok());
    refused(EvaluationFigure { confusion: [[0; 2]; 2], ..good.clone() }.draw(), "no images");
    refused(EvaluationFigure { threshold: f64::NAN, ..good.clone() }.draw(), "NaN");
    refused(EvaluationFigure { roc_curve: &[(0.0, 1.5)], ..good.clone() }.draw(), "1.5");
    refused(EvaluationFigure { roc_auc: None, ..good.clone() }.draw(), "3 points");
    refused(EvaluationFigure { histogram_real: &[1], ..good.clone() }.draw(), "1 bins of real and 2");
    refused(EvaluationFigure { histogram_real: &[], histogram_fake: &[], ..good }.draw(), "0 bins");
}

#[test]
fn a_reliability_diagram_that_cannot_be_drawn_is_refused() {
    let good = ReliabilityBin { count: 1, mean_probability: Some(0.5), share_fake: Some(1.0), interval: [0.2, 1.0] };
    let figure = |bin| {
        let panel = ReliabilityPanel { name: "now", notes: vec![], bins: &[bin] };
        ReliabilityFigure { title: "", panels: &[panel] }.draw()
    };
    assert!(figure(good).is_ok());
    refused(figure(ReliabilityBin { count: 0, ..good }), "no images in now");
    refused(figure(ReliabilityBin { share_fake: None, ..good }), "1 images without shares in now");
    refused(figure(ReliabilityBin { mean_probability: Some(f64::NAN), ..good }), "NaN in now");
    refused(figure(ReliabilityBin { interval: [0.2, 1.1], ..good }), "1.1 in now");
    refused(ReliabilityFigure { title: "", panels: &[] }.draw(), "no panels");
}

#[test]
fn a_training_run_that_cannot_be_drawn_is_refused() {
    let figure = |epochs: &[Epoch], best_epoch| {
        TrainingFigure { title: "", n_train: 1, n_validation: 1, epochs, best_epoch }.draw()
    };
    let epoch = Epoch {
        train_loss: 1.0,
        validation_loss: 1.0,
        validation_accuracy: 0.5,
        validation_auc: 0.5,
        learning_rate: 0.0,
    };
    assert!(figure(&[epoch; 2], Some(2)).is_ok());
    refused(figure(&[], None), "no epochs");
    refused(figure(&[epoch; 2], Some(3)), "best epoch 3 of 2");
    refused(figure(&[epoch; 2], Some(0)), "best epoch 0 of 2");
}

#[test]
fn bars_that_cannot_be_drawn_are_refused() {
    let figure = |series, value, interval| {
        let bars = [Bar { name: "model".into(), series, value, interval }];
        Bars {
            title: "",
            caption: "",
            axis: "",
            notation: Notation::Percent,
            series: &["one", "two"],
            reference: None,
            bars: &bars,
        }
        .draw()
    };
    assert!(figure(1, 1.0, Some([0.5, 1.0])).is_ok());
    refused(figure(0, f64::NAN, None), "model: NaN");
    refused(figure(0, 94.4, None), "model: 94.4");
    refused(figure(0, 0.5, Some([0.6, 0.7])), "[0.6, 0.7]");
    refused(figure(2, 0.5, None), "series 2 of 2");
}

#[test]
fn a_strip_plot_that_cannot_be_drawn_is_refused() {
    let figure = |row, series, values: &[f64], compared| {
        let panel =
            StripPanel { title: "clean".into(), strips: vec![Strip { row, series, values: values.into() }], compared };
        StripPlot {
            title: "",
            caption: "",
            axis: "",
            rows: &["row".into()],
            series: &["one"],
            compared: None,
            reference: None,
            panels: &[panel],
        }
        .draw()
    };
    assert!(figure(0, 0, &[0.0, 1.0], vec![]).is_ok());
    refused(figure(0, 0, &[0.5, 1.5], vec![]), "clean: 1.5");
    refused(figure(0, 0, &[f64::NAN], vec![]), "NaN");
    refused(figure(0, 0, &[], vec![]), "without values");
    refused(figure(1, 0, &[0.5], vec![]), "row 1");
    refused(figure(0, 1, &[0.5], vec![]), "series 1");
    refused(figure(0, 0, &[0.5], vec![(0, -0.1)]), "-0.1");
    refused(figure(0, 0, &[0.5], vec![(3, 0.1)]), "row 3");
}

#[test]
fn a_strip_plot_has_a_dot_for_each_run_and_one_mean() {
    let panel = |values: &[f64]| StripPanel {
        title: "clean".into(),
        strips: vec![Strip { row: 0, series: 0, values: values.into() }],
        compared: vec![],
    };
    let svg = |panel: StripPanel| {
        let plot = StripPlot {
            title: "",
            caption: "",
            axis: "",
            rows: &["row".into()],
            series: &[],
            compared: None,
            reference: None,
            panels: &[panel],
        };
        plot.draw().unwrap().svg().to_owned()
    };
    let circles = |values: &[f64]| svg(panel(values)).matches("<circle").count();
    // A dot is two circles; the legend has one.
    assert_eq!((circles(&[0.5]), circles(&[0.2, 0.4, 0.9])), (4, 8));
    assert!(svg(panel(&[0.2, 0.4, 0.9])).contains("50.0"), "the mean is written");
}

#[test]
fn a_contact_sheet_that_cannot_be_drawn_is_refused() {
    let titles = ["a".to_owned(), "b".to_owned()];
    let figure = |width, columns, titles: &[String], count| {
        let tile = Tile { width, height: 1, pixels: &[0; 3], caption: vec![], frame: None };
        let tiles = vec![tile; count];
        ContactSheet { title: "", caption: "", columns, column_titles: titles, row_titles: &[], tiles: &tiles }.draw()
    };
    assert!(figure(1, 2, &titles, 3).is_ok());
    refused(figure(1, 0, &[], 1), "1 images in 0 columns");
    refused(figure(1, 1, &[], 0), "0 images");
    refused(figure(2, 1, &[], 1), "3 bytes for image 1 of 2 x 1");
    refused(figure(0, 1, &[], 1), "0 x 1");
    refused(figure(1, 1, &titles, 1), "2 column titles for 1 columns");
}

#[test]
fn an_explanation_colours_what_speaks_for_and_against_and_leaves_the_rest_white() {
    let values = [2.0, -2.0, 0.0, 1.0];
    let row = Explained {
        name: String::new(),
        notes: vec![],
        width: 2,
        height: 2,
        pixels: &[128; 12],
        values: &values,
        signed: true,
    };
    let pixels = decoded(&ExplanationFigure { title: "", caption: "", rows: &[row] }.draw().unwrap());
    let count = |colour: [u8; 3]| pixels.pixels().filter(|pixel| pixel.0 == colour).count();
    // A quarter of the map each, 80 pixels wide in a figure drawn twice its size.
    let quarter = 160 * 160;
    for (what, colour) in [("for", [213, 94, 0]), ("against", [0, 114, 178]), ("half", [234, 175, 128])] {
        assert!((quarter..quarter + 2_000).contains(&count(colour)), "{what}: {}", count(colour));
    }
    // Image and overlay, which leaves the pixel without a value as it is.
    assert_eq!(count([128; 3]), 5 * quarter, "the image as it is, and one pixel of the overlay");
}

#[test]
fn an_explanation_that_cannot_be_drawn_is_refused() {
    let figure = |values: &[f32], pixels: &[u8], signed| {
        let row = Explained { name: "lime".into(), notes: vec![], width: 1, height: 1, pixels, values, signed };
        ExplanationFigure { title: "", caption: "", rows: &[row] }.draw()
    };
    assert!(figure(&[-1.0], &[0; 3], true).is_ok());
    refused(figure(&[-1.0], &[0; 3], false), "-1 in lime");
    refused(figure(&[f32::NAN], &[0; 3], true), "NaN in lime");
    refused(figure(&[1.0, 2.0], &[0; 3], true), "3 bytes and 2 values for lime of 1 x 1");
    refused(figure(&[1.0], &[0; 4], true), "4 bytes");
    refused(ExplanationFigure { title: "", caption: "", rows: &[] }.draw(), "no rows");
}

#[test]
fn an_image_and_its_map_are_pictures_of_their_own() {
    let row = |values| Explained {
        name: "map".into(),
        notes: vec![],
        width: 2,
        height: 1,
        pixels: &[100, 100, 100, 200, 200, 200],
        values,
        signed: false,
    };
    let pixels = |png: Vec<u8>| image::load_from_memory(&png).unwrap().to_rgb8().into_raw();
    assert_eq!(pixels(row(&[0.0, 1.0]).image_png().unwrap()), [100, 100, 100, 200, 200, 200]);
    let overlay = pixels(row(&[0.0, 1.0]).overlay_png().unwrap());
    assert_eq!(overlay[..3], [100; 3], "nothing to say leaves grey");
    assert!(overlay[3] > overlay[4] && overlay[4] > overlay[5], "the strongest is vermillion: {overlay:?}");
    assert!(row(&[0.0]).overlay_png().is_err() && row(&[-1.0, 0.0]).image_png().is_err());
}

#[test]
fn robustness_that_cannot_be_drawn_is_refused() {
    let figure = |panels: usize, curves: usize, points: &[RobustnessPoint]| {
        let curve = RobustnessCurve { name: "fgsm".into(), points: points.to_vec() };
        let panel = RobustnessPanel { heading: "base".into(), curves: vec![curve; curves] };
        RobustnessFigure { title: "", caption: "", panels: &vec![panel; panels], chance: 0.5 }.draw()
    };
    let point = RobustnessPoint { epsilon: 0.1, accuracy: 0.5, interval: [0.4, 0.6] };
    assert!(figure(2, 6, &[point]).is_ok());
    refused(figure(0, 1, &[point]), "0 panels");
    refused(figure(3, 1, &[point]), "3 panels");
    refused(figure(1, 7, &[point]), "7 curves in base");
    refused(figure(1, 1, &[]), "fgsm in base");
    refused(figure(1, 1, &[RobustnessPoint { epsilon: -0.1, ..point }]), "fgsm in base");
    refused(figure(1, 1, &[RobustnessPoint { interval: [0.6, 0.7], ..point }]), "fgsm in base");
}
