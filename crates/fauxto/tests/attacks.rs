//! Laws every registered attack keeps, and the checks that find masked gradients.

mod formula;
mod tiny;

use std::path::Path;

use burn::tensor::{Device, Tensor};
use fauxto::Label;
use fauxto::attack::masking::{self, CHECKS};
use fauxto::attack::robustness::{Campaign, Robustness, Trial};
use fauxto::attack::{
    ATTACKS, Batch, ChosenAttack, Ensemble, Epsilon, Gated, Knowledge, OpinionPool, Target, is_fooled,
    probability_fake, voting, wrong_leads,
};
use fauxto::data::{Dataset, OpenOptions, PixelStore, StoreOptions};
use fauxto::model::{Detector, Frozen, model, weights};
use fauxto::train::Example;
use tiny::{Tiny, golden, images};

fn epsilon(text: &str) -> Epsilon {
    text.parse().unwrap()
}

fn values(tensor: &Tensor<4>) -> Vec<f32> {
    tensor.to_data().iter::<f32>().collect()
}

/// Every attack with few steps: laws hold at any number.
fn attacks() -> impl Iterator<Item = ChosenAttack> {
    let entries = ATTACKS.iter().map(|entry| match entry.name {
        "apgd_ce" => "apgd_ce:iterations=12:restarts=2",
        "fab" => "fab:iterations=12:restarts=2",
        "square" => "square:queries=60",
        "autoattack_two_class" => "autoattack_two_class:iterations=12:queries=60",
        "pgd" => "pgd:steps=5:restarts=2",
        other => other,
    });
    entries.chain(["square:queries=60:half=true"]).map(|few| ChosenAttack::parse(few).unwrap())
}

#[test]
fn images_stay_in_the_ball_and_in_range_and_the_seed_decides() {
    let golden = golden();
    let (target, batch) = (Tiny::new(&golden), images(&golden));
    for attack in attacks() {
        for radius in ["1/255", "20/255", ".4", "1"] {
            let epsilon = epsilon(radius);
            let found = attack.perturb(&target, &batch, &epsilon, 3).unwrap();
            assert_eq!(found.dims(), batch.pixels.dims());
            for size in attack.entry.norm.sizes(found.clone() - batch.pixels.clone()) {
                assert!(size <= epsilon.value() + 1e-6, "{} {radius}: {size}", attack.name);
            }
            assert!(values(&found).iter().all(|value| (0.0..=1.0).contains(value)), "{} {radius}", attack.name);
            let again = attack.perturb(&target, &batch, &epsilon, 3).unwrap();
            assert_eq!(values(&found), values(&again), "{} {radius}", attack.name);
        }
        let other = |seed| values(&attack.perturb(&target, &batch, &epsilon("20/255"), seed).unwrap());
        // FGSM has nothing to draw, and FAB draws only for images that its first run could not move.
        let draws = !["fgsm", "fab"].contains(&attack.entry.name);
        assert_eq!(other(3) != other(4), draws, "{}", attack.name);
    }
}

#[test]
fn an_epsilon_of_zero_changes_nothing() {
    let golden = golden();
    let (target, batch) = (Tiny::new(&golden), images(&golden));
    for attack in attacks() {
        let found = attack.perturb(&target, &batch, &epsilon("0"), 3).unwrap();
        assert_eq!(values(&found), values(&batch.pixels), "{}", attack.name);
    }
}

#[test]
fn a_batch_gives_what_its_images_give_alone() {
    let golden = golden();
    let (target, batch) = (Tiny::new(&golden), images(&golden));
    for attack in attacks() {
        let epsilon = epsilon("20/255");
        let together = attack.perturb(&target, &batch, &epsilon, 3).unwrap();
        // In another order and without one of them.
        let rows = [4, 0, 5, 2, 1];
        let others = attack.perturb(&target, &batch.select(&rows), &epsilon, 3).unwrap();
        for row in 0..batch.labels.len() {
            let alone = attack.perturb(&target, &batch.select(&[row]), &epsilon, 3).unwrap();
            let pixels = values(&together.clone().narrow(0, row, 1));
            assert_close(&values(&alone), &pixels, &attack.name);
            if let Some(place) = rows.iter().position(|&other| other == row) {
                assert_close(&values(&others.clone().narrow(0, place, 1)), &pixels, &attack.name);
            }
        }
    }
}

fn assert_close(found: &[f32], expected: &[f32], what: &str) {
    let differing = found.iter().zip(expected).filter(|(found, expected)| (*found - *expected).abs() > 1e-5).count();
    assert_eq!(differing, 0, "{what}: {differing} of {} values differ", found.len());
}

#[test]
fn attacks_that_look_raise_the_wrong_class_and_noise_does_less() {
    let golden = golden();
    let (target, batch) = (Tiny::new(&golden), images(&golden));
    let mean = |pixels| {
        let leads = wrong_leads(&target, pixels, &batch.labels).unwrap();
        leads.iter().sum::<f32>() / leads.len() as f32
    };
    let clean = mean(batch.pixels.clone());
    let raised = |name: &str, radius: &str| {
        let attack = ChosenAttack::parse(name).unwrap();
        mean(attack.perturb(&target, &batch, &epsilon(radius), 3).unwrap()) - clean
    };
    for attack in attacks().filter(|attack| attack.entry.knowledge != Knowledge::None) {
        let found = attack.perturb(&target, &batch, &epsilon("30/255"), 3).unwrap();
        assert!(mean(found) > clean, "{}", attack.name);
    }
    assert!(raised("random_noise", "20/255") < raised("fgsm", "20/255") / 3.0);
    assert!(raised("fgsm", "20/255") <= raised("pgd", "20/255") + 1e-4);
    assert!(raised("pgd", "20/255") <= raised("apgd_ce", "20/255") + 1e-4);
    assert!(raised("pgd:restarts=4", "20/255") >= raised("pgd", "20/255"));
    assert!(raised("square:queries=400", "20/255") <= raised("apgd_ce", "20/255"));
    for weaker in ["apgd_ce", "fab", "square:queries=200"] {
        let right = |name| {
            let attack = ChosenAttack::parse(name).unwrap();
            let found = attack.perturb(&target, &batch, &epsilon("20/255"), 3).unwrap();
            let leads = wrong_leads(&target, found, &batch.labels).unwrap();
            batch.labels.iter().zip(leads).filter(|(label, lead)| !is_fooled(**label, *lead)).count()
        };
        assert!(right("autoattack_two_class:queries=200") <= right(weaker), "{weaker}");
    }
}

fn pictures(frozen: &Frozen, count: usize) -> Batch {
    let size = frozen.input_size();
    let pixels = Tensor::from_data(formula::pixels("attack", [count, size, size]), &Device::flex());
    let leads = wrong_leads(frozen, pixels.clone(), &vec![Label::Real; count]).unwrap();
    let labels = leads.iter().map(|lead| if *lead < 0.0 { Label::Real } else { Label::Fake }).collect();
    Batch::new(pixels, labels, (0..count as u64).collect()).unwrap()
}

#[test]
fn a_detector_is_attacked_and_stays_as_it_was() {
    // As training leaves it: frozen from an autodiff device.
    let frozen = Detector::new(model("resnet_se_small").unwrap(), 32, 5, &Device::flex().autodiff()).freeze();
    assert!(!frozen.device().is_autodiff());
    let before = weights::collect(frozen.detector().network.as_ref());
    let batch = pictures(&frozen, 2);
    for attack in attacks() {
        let found = attack.perturb(&frozen, &batch, &epsilon("8/255"), 1).unwrap();
        let alone = attack.perturb(&frozen, &batch.select(&[1]), &epsilon("8/255"), 1).unwrap();
        let (found, alone) = (values(&found.narrow(0, 1, 1)), values(&alone));
        // Products of another number of rows may be summed in another order, and a sign may turn where a
        // gradient is nearly zero.
        let differing = found.iter().zip(&alone).filter(|(a, b)| (*a - *b).abs() > 1e-5).count();
        assert!(differing * 100 <= found.len(), "{}: {differing} of {}", attack.name, found.len());
    }
    assert_eq!(weights::collect(frozen.detector().network.as_ref()), before);
}

#[test]
fn every_architecture_can_be_attacked() {
    for entry in fauxto::model::MODELS {
        let frozen = Detector::new(entry, 32, 5, &Device::flex()).freeze();
        let batch = pictures(&frozen, 2);
        let before: f32 = wrong_leads(&frozen, batch.pixels.clone(), &batch.labels).unwrap().iter().sum();
        let attack = ChosenAttack::parse("pgd:steps=5").unwrap();
        let found = attack.perturb(&frozen, &batch, &epsilon("8/255"), 1).unwrap();
        let after: f32 = wrong_leads(&frozen, found, &batch.labels).unwrap().iter().sum();
        assert!(after > before, "{}: {before} {after}", entry.name);
    }
}

#[test]
fn an_ensemble_is_the_weighted_mean_of_probabilities_even_where_members_are_certain() {
    let golden = golden();
    let (tiny, batch) = (Tiny::new(&golden), images(&golden));
    let loud = Scaled { target: &tiny, factor: -40.0 };
    let votes = |target: &dyn Target| -> Vec<f64> {
        let leads = wrong_leads(target, batch.pixels.clone(), &batch.labels).unwrap();
        leads.iter().zip(&batch.labels).map(|(lead, label)| probability_fake(*label, *lead)).collect()
    };
    let ensemble = Ensemble::new(vec![(3.0, &tiny), (1.0, &loud)]).unwrap();
    for (image, vote) in votes(&ensemble).into_iter().enumerate() {
        let expected = 0.75 * votes(&tiny)[image] + 0.25 * votes(&loud)[image];
        assert!((vote - expected).abs() < 1e-6, "{vote} {expected}");
    }
    // Alone, it is its member, to a lead that a probability could not hold.
    let certain = Scaled { target: &tiny, factor: 50.0 };
    let alone = Ensemble::new(vec![(0.2, &certain)]).unwrap();
    let leads = |target: &dyn Target| wrong_leads(target, batch.pixels.clone(), &batch.labels).unwrap();
    for (alone, member) in leads(&alone).iter().zip(leads(&certain)) {
        assert!((alone - member).abs() < 1e-4 * (1.0 + member.abs()), "{alone} {member}");
    }
    let attack = ChosenAttack::parse("pgd:random_start=false").unwrap();
    let moved = |target: &dyn Target| values(&attack.perturb(target, &batch, &epsilon("20/255"), 0).unwrap());
    assert_close(&moved(&alone), &moved(&tiny), "an ensemble of one");

    for weights in [vec![], vec![0.0], vec![1.0, f64::NAN], vec![2.0, -1.0]] {
        let members = weights.into_iter().map(|weight| (weight, &tiny as &dyn Target)).collect();
        assert!(Ensemble::new(members).unwrap_err().to_string().contains("positive"));
    }
}

/// A target whose logits are multiplied: softmax saturates, and cross entropy's gradients vanish in f32.
struct Scaled<'a> {
    target: &'a dyn Target,
    factor: f64,
}

impl Target for Scaled<'_> {
    fn device(&self) -> Device {
        self.target.device()
    }

    fn logits(&self, pixels: Tensor<4>) -> Tensor<2> {
        self.target.logits(pixels) * self.factor
    }
}

#[test]
fn a_gate_shares_out_probabilities_and_is_attacked_with_the_votes_it_stands_between() {
    let golden = golden();
    let (tiny, batch) = (Tiny::new(&golden), images(&golden));
    let votes = |target: &dyn Target| -> Vec<f64> {
        let leads = wrong_leads(target, batch.pixels.clone(), &batch.labels).unwrap();
        leads.iter().zip(&batch.labels).map(|(lead, label)| probability_fake(*label, *lead)).collect()
    };
    let scaled = |factor| Scaled { target: &tiny, factor };
    let (gate, pristine, degraded) = (scaled(2.0), scaled(-40.0), scaled(0.5));
    let gated = |gate| Gated { gate, pristine: Box::new(&pristine), degraded: Box::new(&degraded) };
    let expected = votes(&gate).into_iter().zip(votes(&pristine).into_iter().zip(votes(&degraded)));
    for (own, (g, (p, q))) in votes(&gated(&gate)).into_iter().zip(expected) {
        assert!((own - ((1.0 - g) * p + g * q)).abs() < 1e-6, "{own} {g} {p} {q}");
    }
    // Where both votes agree on everything, nothing is left to the gate.
    let same = Gated { gate: &gate, pristine: Box::new(&tiny), degraded: Box::new(&tiny) };
    votes(&same).iter().zip(votes(&tiny)).for_each(|(own, tiny)| assert!((own - tiny).abs() < 1e-6));
    // Where they contradict each other, the attack goes through the gate: both votes are constants here.
    let (always, never) = (Constant(6.0), Constant(-6.0));
    let turned = Gated { gate: &tiny, pristine: Box::new(&never), degraded: Box::new(&always) };
    let before = wrong_leads(&turned, batch.pixels.clone(), &batch.labels).unwrap();
    let attack = ChosenAttack::parse("fgsm").unwrap();
    let moved = attack.perturb(&turned, &batch, &epsilon("20/255"), 0).unwrap();
    let after = wrong_leads(&turned, moved, &batch.labels).unwrap();
    assert!(after.iter().zip(&before).all(|(after, before)| after >= before) && after != before);
}

/// A target that says the same of every image: log-odds of fake.
struct Constant(f64);

impl Target for Constant {
    fn device(&self) -> Device {
        Device::flex()
    }

    fn logits(&self, pixels: Tensor<4>) -> Tensor<2> {
        let images = pixels.dims()[0];
        let device = pixels.device().without_autodiff();
        Tensor::cat(vec![Tensor::zeros([images, 1], &device), Tensor::full([images, 1], self.0, &device)], 1)
    }
}

#[test]
fn scaled_logits_hide_nothing() {
    let golden = golden();
    let (target, batch) = (Tiny::new(&golden), images(&golden));
    for attack in attacks() {
        let moved = |target: &dyn Target| values(&attack.perturb(target, &batch, &epsilon("20/255"), 3).unwrap());
        // A power of two changes no digit.
        let plain = moved(&target);
        assert_eq!(moved(&Scaled { target: &target, factor: 1_048_576.0 }), plain, "{}", attack.name);
    }
}

#[test]
fn bad_input_is_refused_with_what_to_do() {
    let golden = golden();
    let (target, batch) = (Tiny::new(&golden), images(&golden));
    for (text, expected) in [
        ("pdg", "autoattack_two_class"),
        ("pgd:steps=0", "whole number from 1"),
        ("pgd:steps=ten", "steps=50"),
        ("pgd:stepsize=1", "fauxto list attacks"),
        ("pgd:random_start=1", "true or false"),
        ("square:p_init=2", "from 0 to 1"),
        ("fgsm:steps=3", "fauxto list attacks"),
        ("pgd:steps=2:steps=3", "`steps` twice"),
    ] {
        let message = ChosenAttack::parse(text).unwrap_err().to_string();
        assert!(message.contains(expected), "{text}: {message}");
    }
    let named = ChosenAttack::parse("pgd:restarts=2:steps=50").unwrap();
    let table = toml::from_str("name = 'pgd'\nsteps = 50\nrestarts = 2").unwrap();
    assert_eq!(ChosenAttack::from_table(&table).unwrap().name, named.name);

    let fgsm = ChosenAttack::parse("fgsm").unwrap();
    let message = fgsm.perturb(&target, &batch, &epsilon("8"), 0).unwrap_err().to_string();
    assert!(message.contains("8/255"), "{message}");
    let pgd_l2 = ChosenAttack::parse("pgd_l2").unwrap();
    // The square of the second is beyond f32.
    for radius in ["1e39", "1e20"] {
        let message = pgd_l2.perturb(&target, &batch, &epsilon(radius), 0).unwrap_err().to_string();
        assert!(message.contains(radius) && message.contains("further apart"), "{message}");
    }
    pgd_l2.perturb(&target, &batch, &epsilon("1e3"), 0).unwrap();
    let broken = Scaled { target: &target, factor: f64::NAN };
    for attack in attacks().filter(|attack| attack.entry.knowledge != Knowledge::None) {
        let message = attack.perturb(&broken, &batch, &epsilon("8/255"), 0).unwrap_err().to_string();
        assert!(message.contains("weights"), "{}: {message}", attack.name);
    }
    let pixels = batch.pixels.clone();
    let labels = batch.labels.clone();
    assert!(Batch::new(pixels.clone() * 2.0, labels.clone(), vec![0; 6]).unwrap_err().to_string().contains("0..=1"));
    assert!(Batch::new(pixels, labels, vec![0; 5]).unwrap_err().to_string().contains("5 addresses"));
}

/// A target that sees rounded pixels: as good as before, and without gradients.
struct Rounded<'a>(&'a dyn Target);

impl Target for Rounded<'_> {
    fn device(&self) -> Device {
        self.0.device()
    }

    fn logits(&self, pixels: Tensor<4>) -> Tensor<2> {
        self.0.logits((pixels * 32.0).round() / 32.0)
    }
}

/// A target that cannot be differentiated at all.
struct Opaque<'a>(&'a dyn Target);

impl Target for Opaque<'_> {
    fn device(&self) -> Device {
        self.0.device()
    }

    fn logits(&self, pixels: Tensor<4>) -> Tensor<2> {
        self.0.logits(pixels.without_autodiff())
    }
}

/// Images of two classes that a small model tells apart after a few seconds: blocks of one colour, and
/// over the fake ones a grid.
fn easy(folder: &Path, per_class: usize) -> Vec<Example> {
    let levels = formula::levels("easy", [2 * per_class, 32, 32]);
    for (index, image) in levels.chunks(32 * 32 * 3).enumerate() {
        let label = Label::ALL[index / per_class];
        let pixels: Vec<u8> = (0..image.len())
            .map(|at| {
                let (x, y, channel) = (at / 3 % 32, at / 96, at % 3);
                let grid = if (x + y).is_multiple_of(2) { 20 } else { -20 };
                let block = image[(y / 8 * 8 * 32 + x / 8 * 8) * 3 + channel];
                block.saturating_add_signed(if label == Label::Fake { grid } else { 0 })
            })
            .collect();
        let path = folder.join(label.name());
        std::fs::create_dir_all(&path).unwrap();
        let file = path.join(format!("{index}.png"));
        image::save_buffer(file, &pixels, 32, 32, image::ExtendedColorType::Rgb8).unwrap();
    }
    let dataset = Dataset::open(folder, &OpenOptions::default()).unwrap();
    dataset
        .labelled()
        .iter()
        .enumerate()
        .map(|(index, &item)| Example { index, label: dataset.items[item].label.unwrap() })
        .collect()
}

/// Easy images, and a small model trained on others of them.
fn trained() -> (PixelStore, Vec<Example>, Tiny) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let examples = easy(&data, 64);
    let dataset = Dataset::open(&data, &OpenOptions::default()).unwrap();
    let store = PixelStore::fill(&dataset, &dataset.labelled(), &StoreOptions::new(32)).unwrap();
    let (held, learned): (Vec<_>, Vec<_>) = examples.into_iter().partition(|example| example.index % 64 < 16);
    let pixels = fauxto::train::batch::pixels(&store, &learned, None, &Device::flex()).unwrap();
    let labels: Vec<Label> = learned.iter().map(|example| example.label).collect();
    (store, held, Tiny::new(&golden()).trained(&pixels, &labels, 200))
}

fn measure(target: &dyn Target, store: &PixelStore, examples: &[Example], batch_size: usize) -> Robustness {
    let wanted = [
        ("random_noise", "12/255"),
        ("fgsm", "12/255"),
        ("pgd:steps=20", "12/255"),
        ("square:queries=150", "12/255"),
        ("apgd_ce:iterations=20", masking::LARGE_EPSILON),
    ];
    let wanted = wanted.map(|(attack, radius)| (ChosenAttack::parse(attack).unwrap(), epsilon(radius)));
    let trials: Vec<Trial<'_>> = wanted.iter().map(|(attack, epsilon)| Trial { attack, epsilon }).collect();
    let campaign = Campaign { target, store, examples, seed: 1, batch_size };
    let (mut seen, total) = (0, examples.len() * (trials.len() + 1));
    let robustness = campaign
        .run(&trials, &mut |attacked| {
            seen += attacked.examples.len();
            assert_eq!((attacked.done, attacked.total), (seen, total));
            assert_eq!(attacked.pixels.dims()[0], attacked.examples.len());
            Ok(())
        })
        .unwrap();
    assert_eq!(seen, total);
    robustness
}

#[test]
fn checks_pass_a_plain_model_and_find_one_that_masks_its_gradients() {
    let (store, examples, tiny) = trained();
    let plain = measure(&tiny, &store, &examples, 16);
    let clean = plain.clean.confusion.right();
    assert!(clean >= 24, "a model worth attacking: {clean} of 32");
    let findings = masking::examine(&plain).unwrap();
    assert_eq!(findings.len(), CHECKS.len());
    masking::require(&findings).unwrap();
    let fgsm = &plain.attacks[1];
    assert!(fgsm.accuracy() < plain.attacks[0].accuracy(), "an attack does more than noise");
    assert!((fgsm.mean_l_infinity - 12.0 / 255.0).abs() < 1e-6);
    assert!((0.7..=1.0).contains(&(fgsm.mean_l2 / (3072.0f64.sqrt() * 12.0 / 255.0))), "{}", fgsm.mean_l2);
    assert_eq!((plain.n, plain.chance), (32, 0.5));
    assert_eq!(
        fgsm.verdicts.iter().zip(&examples).filter(|(v, e)| **v == e.label).count(),
        fgsm.evaluation.confusion.right() as usize
    );

    // As files hold it.
    let mut read: Robustness = serde_json::from_str(&serde_json::to_string(&plain).unwrap()).unwrap();
    for (read, attack) in read.attacks.iter_mut().zip(&plain.attacks) {
        read.verdicts.clone_from(&attack.verdicts);
    }
    assert_eq!(read, plain);

    // Other batches, and a scale that saturates softmax: nothing that matters changes.
    let accuracies =
        |robustness: &Robustness| -> Vec<f64> { robustness.attacks.iter().map(|a| a.accuracy()).collect() };
    for other in [
        measure(&tiny, &store, &examples, 5),
        measure(&Scaled { target: &tiny, factor: 1024.0 }, &store, &examples, 16),
    ] {
        for (left, right) in accuracies(&plain).iter().zip(accuracies(&other)) {
            assert!((left - right).abs() <= 2.0 / 32.0, "{left} {right}");
        }
    }

    for masked in [&Rounded(&tiny) as &dyn Target, &Opaque(&tiny)] {
        let robustness = measure(masked, &store, &examples, 16);
        assert!(robustness.clean.confusion.right() + 3 >= clean, "as good as before");
        let findings = masking::examine(&robustness).unwrap();
        let failed: Vec<&str> =
            findings.iter().filter(|finding| !finding.passed).map(|finding| finding.name.as_str()).collect();
        assert!(failed.contains(&"gradients_reach_the_pixels"), "{failed:?}");
        assert!(failed.contains(&"a_large_epsilon_defeats_everything"), "{failed:?}");
        let message = masking::require(&findings).unwrap_err().to_string();
        assert!(
            message.contains("zero_gradient_share 1.000") && message.contains("apgd_ce:iterations=20"),
            "{message}"
        );
    }
}

#[test]
fn checks_without_measurements_are_refused_not_passed() {
    let (store, examples, frozen) = {
        let frozen = Detector::new(model("resnet_se_small").unwrap(), 32, 1, &Device::flex()).freeze();
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        fauxto::sample::write(&data, 2, 0, 5).unwrap();
        let dataset = Dataset::open(&data, &OpenOptions::default()).unwrap();
        let store = PixelStore::fill(&dataset, &dataset.labelled(), &StoreOptions::new(32)).unwrap();
        (store, [0, 1, 2, 3].map(|index| Example { index, label: Label::ALL[index / 2] }), frozen)
    };
    let campaign = Campaign { target: &frozen, store: &store, examples: &examples, seed: 0, batch_size: 4 };
    let robustness = campaign.run(&[], &mut |_| Ok(())).unwrap();
    let message = masking::examine(&robustness).unwrap_err().to_string();
    assert!(message.contains("square") && message.contains("0.5"), "{message}");
}

/// A measurement in which `attacks` leave these shares of 100 images right.
fn planted(clean: &Robustness, attacks: &[(&str, &str, usize)]) -> Robustness {
    let mut robustness = clean.clone();
    let template = robustness.attacks[0].clone();
    robustness.zero_gradient_share = 0.0;
    robustness.attacks = attacks
        .iter()
        .map(|(name, radius, right)| {
            let mut attack = template.clone();
            attack.attack = (*name).into();
            (attack.epsilon, attack.epsilon_value) = (epsilon(radius), epsilon(radius).value());
            let probabilities = (0..100).map(|image| if image < *right { 1.0 } else { 0.0 }).collect();
            let scores = fauxto::evaluate::Scores::new(probabilities, vec![Label::Fake; 100]).unwrap();
            attack.evaluation = fauxto::evaluate::Evaluation::new(&scores, 0.5).unwrap();
            attack
        })
        .collect();
    robustness
}

#[test]
fn each_check_fails_on_the_sign_it_looks_for_and_only_there() {
    let frozen = Detector::new(model("resnet_se_small").unwrap(), 32, 1, &Device::flex()).freeze();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    fauxto::sample::write(&data, 1, 0, 5).unwrap();
    let dataset = Dataset::open(&data, &OpenOptions::default()).unwrap();
    let store = PixelStore::fill(&dataset, &dataset.labelled(), &StoreOptions::new(32)).unwrap();
    let examples = [0, 1].map(|index| Example { index, label: Label::ALL[index] });
    let noise = ChosenAttack::parse("random_noise").unwrap();
    let radius = epsilon("8/255");
    let campaign = Campaign { target: &frozen, store: &store, examples: &examples, seed: 0, batch_size: 4 };
    let base = campaign.run(&[Trial { attack: &noise, epsilon: &radius }], &mut |_| Ok(())).unwrap();

    let failed = |[noise, fgsm, pgd, square, large]: [usize; 5]| -> Vec<String> {
        let attacks = [
            ("random_noise", "8/255", noise),
            ("fgsm", "8/255", fgsm),
            ("pgd:steps=50", "8/255", pgd),
            ("square", "8/255", square),
            // Hides nothing: its black-box part does not count as white box.
            ("autoattack_two_class", "8/255", 0),
            ("apgd_ce", "0.5", large),
        ];
        let findings = masking::examine(&planted(&base, &attacks)).unwrap();
        findings.into_iter().filter(|finding| !finding.passed).map(|finding| finding.name).collect()
    };
    assert_eq!(failed([95, 60, 40, 70, 0]), Vec::<String>::new());
    // Within the interval of 100 images.
    assert_eq!(failed([60, 62, 64, 66, 12]), Vec::<String>::new());
    assert_eq!(failed([95, 40, 60, 70, 0]), ["iterative_is_not_weaker_than_single_step"]);
    assert_eq!(failed([95, 60, 40, 20, 0]), ["white_box_is_not_weaker_than_black_box"]);
    assert_eq!(failed([40, 80, 30, 70, 0]), ["gradient_is_not_weaker_than_noise"]);
    assert_eq!(failed([95, 60, 40, 70, 30]), ["a_large_epsilon_defeats_everything"]);

    // Of one attack with several parameters the strongest counts, wherever it stands.
    let several = [
        ("random_noise", "8/255", 95),
        ("fgsm", "8/255", 60),
        ("pgd:steps=50", "8/255", 40),
        ("pgd:steps=1", "8/255", 99),
        ("square:queries=1", "8/255", 99),
        ("square:queries=1000", "8/255", 20),
        ("apgd_ce", "0.5", 0),
    ];
    let findings = masking::examine(&planted(&base, &several)).unwrap();
    let failed: Vec<&str> = findings.iter().filter(|one| !one.passed).map(|one| one.name.as_str()).collect();
    assert_eq!(failed, ["white_box_is_not_weaker_than_black_box"]);
}

#[test]
fn votes_are_attacked_as_the_combination_counts_them_and_a_pool_cannot_hide_behind_its_cut() {
    let golden = golden();
    let (tiny, batch) = (Tiny::new(&golden), images(&golden));
    /// A member that is as sure as its factor.
    struct Sure<'a>(&'a Tiny, f64);
    impl Target for Sure<'_> {
        fn device(&self) -> Device {
            self.0.device()
        }
        fn logits(&self, pixels: Tensor<4>) -> Tensor<2> {
            self.0.logits(pixels) * self.1
        }
    }
    let (mild, sure) = (Sure(&tiny, 1.0), Sure(&tiny, -1e4));
    let probabilities = |target: &dyn Target| -> Vec<f64> {
        let leads = wrong_leads(target, batch.pixels.clone(), &batch.labels).unwrap();
        leads.iter().zip(&batch.labels).map(|(&lead, &label)| probability_fake(label, lead)).collect()
    };
    let members = [probabilities(&mild), probabilities(&sure)];
    let combination = fauxto::ensemble::Combination::LogOpinionPool { weights: vec![0.7, -0.2], constant: 0.1 };
    let mean = fauxto::ensemble::Combination::Mean { weights: vec![0.3, 0.7] };
    for combination in [combination, mean] {
        let together = voting(vec![&mild, &sure], &combination).unwrap();
        for (own, expected) in probabilities(&*together).iter().zip(combination.combine(&members)) {
            assert!((own - expected).abs() < 1e-5, "{own} {expected}");
        }
    }
    // Beyond the cut the value is flat, the gradient is not.
    let alone = OpinionPool::new(vec![(1.0, &sure as &dyn Target)], 0.0).unwrap();
    let (_, gradient) = fauxto::attack::wrong_leads_and_gradient(&alone, &batch.pixels, &batch.labels).unwrap();
    assert!(fauxto::attack::Norm::LInfinity.sizes(gradient).iter().all(|size| *size > 0.0));
    for refused in [OpinionPool::new(vec![], 0.0), OpinionPool::new(vec![(f64::NAN, &mild)], 0.0)] {
        assert!(refused.unwrap_err().to_string().contains("finite"));
    }
}
