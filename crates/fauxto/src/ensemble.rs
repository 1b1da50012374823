//! How several detectors' probabilities become one: one entry of [`COMBINATIONS`] each. Weights come from
//! validation images, never from those reported on.

use serde::{Deserialize, Serialize};

use crate::evaluate::Scores;
use crate::{Error, Label, Result};

/// A way of combining one can ask for by name.
#[derive(Debug)]
pub struct CombinationEntry {
    /// The name in results.
    pub name: &'static str,
    /// What it does, in a line.
    pub summary: &'static str,
    /// Paper or system it follows.
    pub source: &'static str,
    /// Weights from the members' probabilities `[member][image]` on validation images and their labels.
    fit: fn(&[Vec<f64>], &[Label]) -> Result<Combination>,
}

/// Every way of combining.
pub static COMBINATIONS: &[CombinationEntry] = &[
    CombinationEntry {
        name: "accuracy_weighted",
        summary: "mean of probabilities, weighted by validation accuracy",
        source: "the original project: w_i = accuracy_i / sum(accuracy)",
        fit: |members, labels| {
            let accuracies = members
                .iter()
                .map(|member| {
                    let scores = Scores::new(member.clone(), labels.to_vec())?;
                    let right = scores.verdicts(0.5).iter().zip(labels).filter(|(a, b)| a == b).count();
                    Ok(right as f64 / labels.len() as f64)
                })
                .collect::<Result<Vec<f64>>>()?;
            Ok(Combination::mean(accuracies))
        },
    },
    CombinationEntry {
        name: "equal",
        summary: "mean of probabilities",
        source: "linear opinion pool; Stone 1961",
        fit: |members, _| Ok(Combination::Mean { weights: vec![1.0 / members.len() as f64; members.len()] }),
    },
    CombinationEntry {
        name: "log_opinion_pool",
        summary: "logit of the result = weighted sum of the members' logits and a constant, by least validation NLL",
        source: "Genest & Zidek 1986; fitted as a logistic regression with a ridge towards equal weights",
        fit: fit_pool,
    },
];

/// A fitted way of combining.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Combination {
    /// Weighted mean of probabilities; the weights sum to 1.
    Mean {
        /// One a member.
        weights: Vec<f64>,
    },
    /// `logit(p) = sum(w_i logit(p_i)) + constant`.
    LogOpinionPool {
        /// One a member.
        weights: Vec<f64>,
        /// Added to the logit.
        constant: f64,
    },
}

impl CombinationEntry {
    /// Fits it to the members' probabilities of fake `[member][image]` on validation images.
    ///
    /// # Errors
    /// If there is no member or image, their numbers differ, or a probability is outside `0..=1`.
    pub fn fit(&self, members: &[Vec<f64>], labels: &[Label]) -> Result<Combination> {
        let odd = members.iter().find(|member| member.len() != labels.len());
        if members.is_empty() || labels.is_empty() || odd.is_some() {
            return Err(Error::Refused(format!(
                "{}: found {} members, {} labels{}; expected at least one of each and a probability for each label",
                self.name,
                members.len(),
                labels.len(),
                odd.map_or_else(String::new, |odd| format!(" and a member with {} probabilities", odd.len())),
            )));
        }
        (self.fit)(members, labels)
    }
}

impl Combination {
    /// The mean in which each member's share is in proportion to its number in `shares`, such as its accuracy; an equal
    /// share where all are 0.
    #[must_use]
    pub fn mean(shares: Vec<f64>) -> Self {
        let total: f64 = shares.iter().sum();
        let equal = 1.0 / shares.len() as f64;
        let share = |share: f64| if total > 0.0 { share / total } else { equal };
        Self::Mean { weights: shares.into_iter().map(share).collect() }
    }

    /// One a member.
    #[must_use]
    pub fn weights(&self) -> &[f64] {
        match self {
            Self::Mean { weights } | Self::LogOpinionPool { weights, .. } => weights,
        }
    }

    /// The place of the member that moved the outcome on one image most towards `verdict`: by its weighted probability
    /// in a mean, by its weighted log-odds in a pool, where certainty counts beyond what a probability can show. The
    /// first of equals; never one without a share; 0 where there are none.
    #[must_use]
    pub fn deciding(&self, members: &[f64], verdict: Label) -> usize {
        let towards = if verdict == Label::Fake { 1.0 } else { -1.0 };
        let moves: Vec<f64> = match self {
            Self::Mean { weights } => weights.iter().zip(members).map(|(w, p)| towards * w * (p - 0.5)).collect(),
            Self::LogOpinionPool { weights, .. } => {
                weights.iter().zip(members).map(|(w, p)| towards * w * logit(*p)).collect()
            }
        };
        let voting = moves.iter().zip(self.weights()).enumerate().filter(|(_, (_, weight))| **weight != 0.0);
        let most = voting.fold(None, |most: Option<(usize, f64)>, (place, (moved, _))| match most {
            Some((_, least)) if least >= *moved => most,
            _ => Some((place, *moved)),
        });
        most.map_or(0, |(place, _)| place)
    }

    /// The combined probability of fake of every image, from the members' `[member][image]`.
    #[must_use]
    pub fn combine(&self, members: &[Vec<f64>]) -> Vec<f64> {
        let images = members.first().map_or(0, Vec::len);
        (0..images)
            .map(|image| match self {
                Self::Mean { weights } => {
                    weights.iter().zip(members).map(|(w, member)| w * member[image]).sum::<f64>().clamp(0.0, 1.0)
                }
                Self::LogOpinionPool { weights, constant } => {
                    let sum: f64 = weights.iter().zip(members).map(|(w, member)| w * logit(member[image])).sum();
                    1.0 / (1.0 + (-(sum + constant)).exp())
                }
            })
            .collect()
    }
}

/// The greatest log-odds a member may bring into the pool, those of one in a million: certainty beyond is noise,
/// and an infinite logit would outvote everybody.
pub const MOST_CERTAIN: f64 = 13.815_509_557_963_773;

fn logit(probability: f64) -> f64 {
    (probability / (1.0 - probability)).ln().clamp(-MOST_CERTAIN, MOST_CERTAIN)
}

/// Newton's method on the mean NLL plus `RIDGE / 2` times the squared distance of the weights from equal ones,
/// which keeps them finite where validation images can be told apart without error.
fn fit_pool(members: &[Vec<f64>], labels: &[Label]) -> Result<Combination> {
    const RIDGE: f64 = 0.01;
    let count = members.len();
    let equal = 1.0 / count as f64;
    let rows: Vec<Vec<f64>> = (0..labels.len())
        .map(|image| members.iter().map(|member| logit(member[image])).chain([1.0]).collect())
        .collect();
    let mut solution = vec![equal; count];
    solution.push(0.0);
    for _ in 0..100 {
        let mut gradient = vec![0.0; count + 1];
        let mut hessian = vec![vec![0.0; count + 1]; count + 1];
        for (row, label) in rows.iter().zip(labels) {
            let sum: f64 = row.iter().zip(&solution).map(|(x, w)| x * w).sum();
            let p = 1.0 / (1.0 + (-sum).exp());
            let error = p - if *label == Label::Fake { 1.0 } else { 0.0 };
            for i in 0..=count {
                gradient[i] += error * row[i] / rows.len() as f64;
                for j in 0..=count {
                    hessian[i][j] += p * (1.0 - p) * row[i] * row[j] / rows.len() as f64;
                }
            }
        }
        for i in 0..count {
            gradient[i] += RIDGE * (solution[i] - equal);
            hessian[i][i] += RIDGE;
        }
        hessian[count][count] += 1e-9;
        let step = solve(hessian, gradient);
        // Newton's step is damped: far from the solution the curvature of NLL is nearly nothing.
        let length = step.iter().fold(0.0_f64, |most, s| most.max(s.abs()));
        let damping = if length > 1.0 { 1.0 / length } else { 1.0 };
        solution.iter_mut().zip(&step).for_each(|(w, s)| *w -= damping * s);
        if length < 1e-10 {
            break;
        }
    }
    let constant = solution.pop().unwrap_or_default();
    if !constant.is_finite() || solution.iter().any(|weight| !weight.is_finite()) {
        return Err(Error::Refused(
            "log_opinion_pool: found weights that are not finite; expected probabilities in 0..=1; check the members"
                .into(),
        ));
    }
    Ok(Combination::LogOpinionPool { weights: solution, constant })
}

/// Solves a small positive definite system by Gaussian elimination.
fn solve(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>) -> Vec<f64> {
    let n = right.len();
    for pivot in 0..n {
        let (above, below) = matrix.split_at_mut(pivot + 1);
        let pivot_row = &above[pivot];
        for (offset, row) in below.iter_mut().enumerate() {
            let factor = row[pivot] / pivot_row[pivot];
            row.iter_mut().zip(pivot_row).for_each(|(value, above)| *value -= factor * above);
            right[pivot + 1 + offset] -= factor * right[pivot];
        }
    }
    for row in (0..n).rev() {
        let known: f64 = (row + 1..n).map(|column| matrix[row][column] * right[column]).sum();
        right[row] = (right[row] - known) / matrix[row][row];
    }
    right
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fitted(name: &str, members: &[Vec<f64>], labels: &[Label]) -> Combination {
        COMBINATIONS.iter().find(|entry| entry.name == name).unwrap().fit(members, labels).unwrap()
    }

    /// Two members: one that knows something, one that guesses.
    fn members() -> (Vec<Vec<f64>>, Vec<Label>) {
        let labels: Vec<Label> = (0..400).map(|i| if i % 2 == 0 { Label::Real } else { Label::Fake }).collect();
        let knows = (0..400).map(|i| if (i % 2 == 1) == (i % 5 != 0) { 0.8 } else { 0.2 }).collect();
        let guesses = (0..400).map(|i| if (i / 2) % 2 == 0 { 0.7 } else { 0.3 }).collect();
        (vec![knows, guesses], labels)
    }

    #[test]
    fn one_member_alone_is_itself_and_results_are_probabilities() {
        let (members, labels) = members();
        for entry in COMBINATIONS {
            let combined = entry.fit(&members, &labels).unwrap().combine(&members);
            assert!(combined.iter().all(|p| (0.0..=1.0).contains(p)), "{}", entry.name);
        }
        for name in ["accuracy_weighted", "equal"] {
            let alone = fitted(name, &members[..1], &labels).combine(&members[..1]);
            assert!(alone.iter().zip(&members[0]).all(|(a, b)| (a - b).abs() < 1e-12));
        }
    }

    #[test]
    fn members_that_are_never_right_share_equally() {
        assert_eq!(Combination::mean(vec![0.0, 0.0]).weights(), [0.5, 0.5]);
    }

    #[test]
    fn the_original_weights_are_shares_of_accuracy() {
        let (members, labels) = members();
        let Combination::Mean { weights } = fitted("accuracy_weighted", &members, &labels) else { panic!() };
        // 80% right and 50% right.
        assert!((weights[0] - 0.8 / 1.3).abs() < 1e-12 && (weights[1] - 0.5 / 1.3).abs() < 1e-12, "{weights:?}");
    }

    #[test]
    fn the_pool_trusts_who_knows_and_calibrates_it() {
        let (members, labels) = members();
        let pool = fitted("log_opinion_pool", &members, &labels);
        let Combination::LogOpinionPool { weights, constant } = &pool else { panic!() };
        // The one that knows says .8 and is right 80% of the time: a weight of one, nothing for the other.
        assert!((weights[0] - 1.0).abs() < 0.05, "{weights:?}");
        assert!(weights[1].abs() < 0.05 && constant.abs() < 0.05, "{weights:?} {constant}");
        let nll = |members: &[Vec<f64>], c: &Combination| {
            c.combine(members)
                .iter()
                .zip(&labels)
                .map(|(p, label)| -(if *label == Label::Fake { *p } else { 1.0 - p }).ln())
                .sum::<f64>()
        };
        assert!(nll(&members, &pool) < nll(&members, &fitted("equal", &members, &labels)));
    }

    #[test]
    fn who_decides_depends_on_how_votes_are_counted() {
        // The second is all but certain, the first nearly as sure and heavier.
        let (members, weights) = ([0.99, 0.999_999], vec![0.6, 0.4]);
        let mean = Combination::Mean { weights: weights.clone() };
        let pool = Combination::LogOpinionPool { weights, constant: 0.0 };
        assert_eq!((mean.deciding(&members, Label::Fake), pool.deciding(&members, Label::Fake)), (0, 1));
        // Against the majority: whoever spoke least for fake did most for real.
        assert_eq!((mean.deciding(&members, Label::Real), pool.deciding(&members, Label::Real)), (1, 0));
        // A pool may count a member in reverse.
        let reversed = Combination::LogOpinionPool { weights: vec![-1.0, 0.5], constant: 0.0 };
        assert_eq!(reversed.deciding(&[0.1, 0.8], Label::Fake), 0);
        assert_eq!(mean.deciding(&[0.7, 0.7], Label::Fake), 0);
        // Who has no share decides nothing, though it moved the outcome less than all others against the verdict.
        let idle = Combination::Mean { weights: vec![0.0, 1.0] };
        assert_eq!(idle.deciding(&[0.1, 0.7], Label::Real), 1);
    }

    #[test]
    fn members_that_do_not_fit_are_refused() {
        let (members, labels) = members();
        for entry in COMBINATIONS {
            assert!(entry.fit(&[], &labels).is_err());
            assert!(entry.fit(&members, &labels[1..]).is_err());
        }
    }
}
