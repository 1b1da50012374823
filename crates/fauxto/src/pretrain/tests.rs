use super::*;
use crate::config::TrainConfig;
use crate::image::RgbImage;
use crate::run;

const SETTINGS: [&str; 5] =
    ["model=\"resnet_se_small\"", "input_size=32", "train.batch_size=8", "train.epochs=6", "train.learning_rate=1e-3"];

fn config(more: &[&str]) -> Config {
    let settings: Vec<String> = SETTINGS.iter().chain(more).map(|setting| (*setting).to_owned()).collect();
    Config::resolve(Some("pretrain"), &settings).unwrap()
}

/// Photographs of two subjects, told apart by their colour.
fn ground() -> (PixelStore, Vec<Photograph>) {
    let store = PixelStore::of((0..48).map(|place| {
        let colour = if place % 2 == 0 { [200, 30, 30] } else { [30, 30, 200] };
        RgbImage { width: 32, height: 32, pixels: colour.map(|level| level + place % 16).repeat(32 * 32) }
    }));
    let red = |index: usize| store.image(index).unwrap().pixels[0] > 100;
    let photographs = (0..store.len()).map(|index| Photograph { index, subject: usize::from(red(index)) }).collect();
    (store, photographs)
}

#[test]
fn what_photographs_show_is_learned_and_the_weights_are_taken_for_another_task() {
    let (store, photographs) = ground();
    let config = config(&[]);
    let (validation, train) = photographs.split_at(8);
    let task = Task { config: &config, store: &store, train, outliers: &[], validation, subjects: 2 };
    let mut seen = Vec::new();
    let (_, accuracy) = task.learn(&Device::flex(), &mut |now| seen.push((now.step, now.accuracy))).unwrap();
    assert_eq!(seen.len(), 30);
    assert_eq!(seen.iter().filter(|(_, accuracy)| accuracy.is_some()).count(), 6);
    assert!(accuracy > 0.9, "{accuracy}");

    let short = Config { train: TrainConfig { epochs: 1, ..config.train.clone() }, ..config.clone() };
    let three = Task { subjects: 3, config: &short, ..task };
    let (weights, _) = three.learn(&Device::flex(), &mut |_| ()).unwrap();
    assert_eq!(three.learn(&Device::flex(), &mut |_| ()).unwrap().0, weights, "equal tasks, equal weights");
    let file = tempfile::tempdir().unwrap().keep().join("pretrained.safetensors");
    weights::write_safetensors(&file, &weights, &std::collections::BTreeMap::new(), weights::Precision::F32).unwrap();
    let (_, taken) = run::begin(&config, Some(&file), &Device::flex()).unwrap();
    assert_eq!(taken.unwrap().kept, ["head.fc2.weight", "head.fc2.bias"].map(str::to_owned));
}

#[test]
fn too_little_to_learn_from_is_refused() {
    let (store, photographs) = ground();
    let config = config(&["train.batch_size=32"]);
    let whole = Task {
        config: &config,
        store: &store,
        train: &photographs[8..],
        outliers: &[],
        validation: &photographs[..8],
        subjects: 2,
    };
    for task in
        [Task { train: &photographs[..31], ..whole }, Task { validation: &[], ..whole }, Task { subjects: 1, ..whole }]
    {
        let error = task.learn(&Device::flex(), &mut |_| ()).unwrap_err().to_string();
        assert!(error.contains("expected at least 32 of two subjects"), "{error}");
    }
}

#[test]
fn outliers_are_a_class_more_and_photographs_are_not_of_it() {
    let (store, photographs) = ground();
    // Checks of both colours, which are in no photograph.
    let checked = |place: usize| RgbImage {
        width: 32,
        height: 32,
        pixels: (0..32 * 32)
            .flat_map(|pixel| [[200, 30, 30], [30, 30, 200]][(pixel / 4 + pixel / 128 + place) % 2])
            .collect(),
    };
    let count = store.len();
    let images = (0..count).map(|index| store.image(index).unwrap()).chain((0..16).map(checked));
    let store = PixelStore::of(images);
    let outliers: Vec<Example> = (count..count + 16).map(|index| Example { index, label: Label::Fake }).collect();
    let config = config(&["train.epochs=12"]);
    let (validation, train) = photographs.split_at(8);
    let task = Task { config: &config, store: &store, train, outliers: &outliers[4..], validation, subjects: 2 };
    let (weights, accuracy) = task.learn(&Device::flex(), &mut |_| ()).unwrap();
    assert!(accuracy > 0.9, "{accuracy}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("none.safetensors");
    let told = [("model", "resnet_se_small"), ("input_size", "32"), ("subjects", "blue,red"), (NONE, "yes")];
    let told = told.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    weights::write_safetensors(&file, &weights, &told, weights::Precision::F32).unwrap();
    let recogniser = Recogniser::load(&file, &Device::flex()).unwrap();
    assert_eq!(recogniser.subjects, ["blue", "red"]);
    let unmet: Vec<usize> = outliers[..4].iter().map(|outlier| outlier.index).collect();
    for recognition in recogniser.recognise(&store, &unmet, &mut |_| ()).unwrap() {
        assert!(recognition.doubt() > 0.5 && recognition.none == Some(recognition.doubt()), "{recognition:?}");
    }
    for recognition in recogniser.recognise(&store, &[0, 1, 2, 3], &mut |_| ()).unwrap() {
        assert!(recognition.doubt() < 0.5, "{recognition:?}");
        assert!(recognition.probability + recognition.doubt() <= 1.0 + 1e-6, "{recognition:?}");
    }
}
