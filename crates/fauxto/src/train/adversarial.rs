//! Learning from attacked images (Goodfellow et al. 2015; Madry et al. 2018, arXiv 1706.06083; TRADES:
//! Zhang et al. 2019, arXiv 1901.08573).
//!
//! In every step a share of the batch is attacked, after augmentation, with one of the epsilons, drawn for
//! the step. The attack is made against a frozen copy of the detector as it stands, with its running
//! statistics and without dropout: the very function that will be judged, so the attack leaves no trace in
//! the statistics. Attacked and clean images are then learned from in *one* pass, so batch normalisation
//! normalises both by, and records, the statistics of the mixture. Two passes with statistics of their own
//! (Xie et al. 2020, arXiv 1911.09665) would serve clean accuracy, but at test time nobody tells the
//! detector which kind an image is; it has one set of statistics, and weights should be learned under it.
//!
//! An epoch is scored by the mean of its validation AUC on clean and on attacked images: by the clean one
//! alone, early stopping would keep the epoch that has learned least from the attacks.

use burn::tensor::{Tensor, activation};
use rand::RngExt;

use super::batch::{self, Example};
use super::loss::soft_cross_entropy;
use crate::attack::{Batch, ChosenAttack, Epsilon, probability_fake, wrong_leads};
use crate::config::AdversarialConfig;
use crate::data::PixelStore;
use crate::evaluate::{Scores, metric};
use crate::model::{Detector, Frozen, Pass};
use crate::{Error, Label, Result, random};

/// Settings that have been read.
#[derive(Debug)]
pub(super) struct Adversary {
    share: f64,
    attack: ChosenAttack,
    epsilons: Vec<Epsilon>,
    trades: Option<f64>,
    label_smoothing: f64,
    validation_attack: ChosenAttack,
    validation_epsilon: Epsilon,
    seed: u64,
}

impl Adversary {
    pub(super) fn new(config: &AdversarialConfig, label_smoothing: f64, seed: u64) -> Result<Self> {
        Ok(Self {
            share: config.share,
            attack: ChosenAttack::parse(&config.attack)?,
            epsilons: config.epsilons.clone(),
            trades: config.trades,
            label_smoothing,
            validation_attack: ChosenAttack::parse(&config.validation_attack)?,
            validation_epsilon: config.validation_epsilon.clone(),
            seed,
        })
    }

    /// The loss of one step, and the logits `[batch, 2]` of `examples`, whose pixels are `pixels`.
    pub(super) fn loss(
        &self,
        detector: &Detector,
        pixels: Tensor<4>,
        examples: &[Example],
        pass: &Pass,
        step: u64,
    ) -> Result<(Tensor<1>, Tensor<2>)> {
        let loss = |logits| {
            soft_cross_entropy(logits, batch::soft_labels(examples, 1.0, self.label_smoothing, detector.device()))
        };
        let count = ((self.share * examples.len() as f64).round() as usize).min(examples.len());
        if count == 0 {
            let logits = detector.logits(pixels, pass);
            return Ok((loss(logits.clone()), logits));
        }
        let attacked = self.attacked(detector, pixels.clone(), &examples[..count], step)?;
        let Some(beta) = self.trades else {
            let rest = pixels.dims()[0] - count;
            let mixed = match rest {
                0 => attacked,
                rest => Tensor::cat(vec![attacked, pixels.narrow(0, count, rest)], 0),
            };
            let logits = detector.logits(mixed, pass);
            return Ok((loss(logits.clone()), logits));
        };
        // TRADES: all images clean, and for the attacked ones the divergence of the two verdicts.
        let both = detector.logits(Tensor::cat(vec![pixels, attacked], 0), pass);
        let clean = both.clone().narrow(0, 0, examples.len());
        let divergence = divergence(clean.clone().narrow(0, 0, count), both.narrow(0, examples.len(), count));
        Ok((loss(clean.clone()) + divergence * beta, clean))
    }

    fn attacked(&self, detector: &Detector, pixels: Tensor<4>, examples: &[Example], step: u64) -> Result<Tensor<4>> {
        let mut stream = random::stream(self.seed, "adversarial training", &[step]);
        let epsilon = &self.epsilons[stream.random_range(0..self.epsilons.len())];
        let pixels = pixels.detach().without_autodiff().narrow(0, 0, examples.len()).clamp(0.0, 1.0);
        let frozen = detector.freeze();
        let mut batch = batch_of(pixels, examples)?;
        if self.trades.is_some() {
            // TRADES leads away from the detector's own verdict, right or wrong (eq. 5 there).
            let own = |p: f64| if p >= 0.5 { Label::Fake } else { Label::Real };
            batch.labels = frozen.probability_fake(batch.pixels.clone()).into_iter().map(own).collect();
        }
        Ok(Tensor::from_inner(self.attack.perturb(&frozen, &batch, epsilon, stream.random())?))
    }

    /// ROC AUC on `examples` under the validation attack.
    pub(super) fn validate(
        &self,
        frozen: &Frozen,
        store: &PixelStore,
        examples: &[Example],
        batch_size: usize,
    ) -> Result<f64> {
        let device = frozen.detector().device();
        let mut probabilities = Vec::with_capacity(examples.len());
        for examples in examples.chunks(batch_size) {
            let batch = batch_of(batch::pixels(store, examples, None, device)?, examples)?;
            let attacked = self.validation_attack.perturb(frozen, &batch, &self.validation_epsilon, self.seed)?;
            let leads = wrong_leads(frozen, attacked, &batch.labels)?;
            probabilities.extend(leads.iter().zip(&batch.labels).map(|(&lead, &label)| probability_fake(label, lead)));
        }
        let scores = Scores::new(probabilities, examples.iter().map(|example| example.label).collect())?;
        let auc = metric::find("roc_auc").expect("registered");
        (auc.measure)(&scores, 0.5).map_err(|reason| Error::Refused(format!("validation AUC is undefined: {reason}")))
    }
}

fn batch_of(pixels: Tensor<4>, examples: &[Example]) -> Result<Batch> {
    let labels = examples.iter().map(|example| example.label).collect();
    Batch::new(pixels, labels, examples.iter().map(|example| example.index as u64).collect())
}

/// Mean over the batch of the Kullback-Leibler divergence of the second softmax from the first.
fn divergence(clean: Tensor<2>, attacked: Tensor<2>) -> Tensor<1> {
    let [batch, _] = clean.dims();
    let (clean, attacked) = (activation::log_softmax(clean, 1), activation::log_softmax(attacked, 1));
    (clean.clone().exp() * (clean - attacked)).sum() / batch as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Device, TensorData};

    #[test]
    fn divergence_is_zero_of_equals_and_known_of_a_pair() {
        let of = |values: [f32; 2]| Tensor::<2>::from_data(TensorData::new(values.to_vec(), [1, 2]), &Device::flex());
        let [clean, attacked] = [[0.0_f32, 0.0], [0.0, 3.0_f32.ln()]];
        assert!(divergence(of(attacked), of(attacked)).into_scalar::<f32>().abs() < 1e-6);
        // Halves against a quarter and three quarters: (ln 2 + ln(2/3)) / 2.
        let expected = 0.5 * (2.0_f32.ln() + (2.0_f32 / 3.0).ln());
        assert!((divergence(of(clean), of(attacked)).into_scalar::<f32>() - expected).abs() < 1e-6);
    }
}
