//! Linear systems with a symmetric positive definite matrix (Hestenes & Stiefel 1952, "Methods of
//! Conjugate Gradients for Solving Linear Systems"). The matrix is given as what it does to a vector, so
//! the same lines solve the sparse systems of imputation and the small dense ones of regression.

/// The residual, relative to the right-hand side, that counts as solved.
const TOLERANCE: f64 = 1e-13;

/// Solves `A x = right` where `multiply(v)` is `A v`. A singular matrix whose system has solutions gives
/// the one of least norm.
pub(super) fn solve(right: &[f64], multiply: impl Fn(&[f64]) -> Vec<f64>) -> Vec<f64> {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let mut x = vec![0.0; right.len()];
    let mut residual = right.to_vec();
    let mut direction = residual.clone();
    let mut square = dot(&residual, &residual);
    let goal = square * TOLERANCE * TOLERANCE;
    // In exact arithmetic as many steps as unknowns suffice.
    for _ in 0..10 * right.len() {
        if square <= goal {
            break;
        }
        let product = multiply(&direction);
        let curvature = dot(&direction, &product);
        if curvature <= 0.0 {
            break;
        }
        let step = square / curvature;
        for index in 0..x.len() {
            x[index] += step * direction[index];
            residual[index] -= step * product[index];
        }
        let before = square;
        square = dot(&residual, &residual);
        for (direction, residual) in direction.iter_mut().zip(&residual) {
            *direction = residual + square / before * *direction;
        }
    }
    x
}

/// The coefficients that minimise `sum_i weights_i (targets_i - rows_i . x)^2 + penalty |x|^2`. Every
/// row has as many values.
pub(super) fn least_squares(rows: &[Vec<f64>], targets: &[f64], weights: &[f64], penalty: f64) -> Vec<f64> {
    let unknowns = rows.first().map_or(0, Vec::len);
    let mut matrix = vec![vec![0.0; unknowns]; unknowns];
    let mut right = vec![0.0; unknowns];
    for ((row, target), weight) in rows.iter().zip(targets).zip(weights) {
        for (index, value) in row.iter().enumerate().filter(|(_, value)| **value != 0.0) {
            right[index] += weight * value * target;
            for (sum, other) in matrix[index].iter_mut().zip(row) {
                *sum += weight * value * other;
            }
        }
    }
    for (index, row) in matrix.iter_mut().enumerate() {
        row[index] += penalty;
    }
    solve(&right, |x| matrix.iter().map(|row| row.iter().zip(x).map(|(a, b)| a * b).sum()).collect())
}

#[cfg(test)]
mod tests {
    use super::{least_squares, solve};

    #[test]
    fn solves_what_it_is_given() {
        let matrix = [[4.0, 1.0, 0.0], [1.0, 3.0, -1.0], [0.0, -1.0, 2.0]];
        let multiply = |x: &[f64]| matrix.iter().map(|row| row.iter().zip(x).map(|(a, b)| a * b).sum()).collect();
        let x = solve(&[1.0, 2.0, 3.0], multiply);
        for (found, right) in multiply(&x).iter().zip([1.0, 2.0, 3.0]) {
            assert!((found - right).abs() < 1e-12, "{x:?}");
        }
        assert_eq!(solve(&[0.0; 3], multiply), [0.0; 3]);
    }

    #[test]
    fn least_squares_recovers_a_line_and_shrinks_with_the_penalty() {
        let rows: Vec<Vec<f64>> = (0..9).map(|x| vec![1.0, f64::from(x)]).collect();
        let targets: Vec<f64> = (0..9).map(|x| 2.0 - 0.5 * f64::from(x)).collect();
        let free = least_squares(&rows, &targets, &[0.3; 9], 0.0);
        assert!((free[0] - 2.0).abs() < 1e-10 && (free[1] + 0.5).abs() < 1e-10, "{free:?}");
        let norm = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>();
        assert!(norm(&least_squares(&rows, &targets, &[0.3; 9], 1.0)) < norm(&free));
    }
}
