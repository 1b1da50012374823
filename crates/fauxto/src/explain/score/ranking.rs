//! Orders of pixels and how alike they are.

use rand::RngExt;

use crate::explain::Map;
use crate::random;

/// The pixels of `map` from the most relevant on. Equal values, of which rectified maps have many, come
/// in random order: by position they would favour a corner.
#[must_use]
pub fn ranking(map: &Map, seed: u64, item: u64) -> Vec<usize> {
    let mut stream = random::stream(seed, "ties of a map", &[item]);
    let lots: Vec<u64> = map.values.iter().map(|_| stream.random()).collect();
    let mut order: Vec<usize> = (0..map.values.len()).collect();
    order.sort_by(|&a, &b| map.values[b].total_cmp(&map.values[a]).then(lots[a].cmp(&lots[b])));
    order
}

/// Spearman's rank correlation of two lists of one length, in `-1..=1`; equal values share their mean
/// rank. A constant list has no order: two of them are the same (1), one alone shares nothing with the
/// other (0).
#[must_use]
pub fn spearman(left: &[f32], right: &[f32]) -> f64 {
    let (left, right) = (ranks(left), ranks(right));
    let mean = (left.len() as f64 - 1.0) / 2.0;
    let covariance = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>();
    let (own, other) = (covariance(&left, &left), covariance(&right, &right));
    match (own > 0.0, other > 0.0) {
        (true, true) => (covariance(&left, &right) / (own * other).sqrt()).clamp(-1.0, 1.0),
        (false, false) => 1.0,
        _ => 0.0,
    }
}

/// Ranks from 0, the mean of their places where values are equal.
fn ranks(values: &[f32]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    for tie in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let rank = start as f64 + (tie.len() - 1) as f64 / 2.0;
        tie.iter().for_each(|&index| ranks[index] = rank);
        start += tie.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::MapKind;

    #[test]
    fn rankings_descend_and_ties_are_drawn_by_seed() {
        let values = [vec![3.0, -1.0, 7.0], vec![0.0; 97]].concat();
        let map = Map { width: 100, height: 1, kind: MapKind::Signed, values };
        let order = ranking(&map, 1, 2);
        assert_eq!((order[0], order[1], order[99]), (2, 0, 1));
        assert_eq!(order, ranking(&map, 1, 2));
        assert_ne!(order, ranking(&map, 1, 3));
        assert!(order[2..50].iter().any(|&index| index > 50), "ties are not in order of position");
    }

    #[test]
    fn spearman_is_scipys() {
        // scipy 1.17.1, stats.spearmanr.
        let (a, b) = ([1.0, 2.0, 2.0, 5.0, -3.0], [0.5, 9.0, -1.0, 9.0, 0.0]);
        assert!((spearman(&a, &b) - 0.5).abs() < 1e-12, "{}", spearman(&a, &b));
        assert_eq!(spearman(&a, &a.map(|value| value.exp())), 1.0);
        assert_eq!(spearman(&a, &a.map(|value| -value)), -1.0);
        assert_eq!((spearman(&[1.0; 5], &a), spearman(&[1.0; 5], &[2.0; 5])), (0.0, 1.0));
    }
}
