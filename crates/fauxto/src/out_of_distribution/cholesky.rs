//! Symmetric positive definite matrices, packed row by row: row `i` of a lower triangle has `i + 1` values
//! and starts at `i (i + 1) / 2`.

/// Where row `row` of a packed triangle starts.
fn start(row: usize) -> usize {
    row * (row + 1) / 2
}

/// Values of a packed triangle of `side` rows.
pub(super) fn packed_len(side: usize) -> usize {
    start(side)
}

/// The lower triangle `L` of `matrix = L L^T`, in its place (Cholesky, row by row); false where the matrix
/// is not positive definite.
pub(super) fn factorise(matrix: &mut [f64], side: usize) -> bool {
    for row in 0..side {
        for column in 0..=row {
            let (own, other) = (start(row), start(column));
            let dot: f64 = (0..column).map(|k| matrix[own + k] * matrix[other + k]).sum();
            let rest = matrix[own + column] - dot;
            if column < row {
                matrix[own + column] = rest / matrix[other + column];
            } else if rest > 0.0 && rest.is_finite() {
                matrix[own + column] = rest.sqrt();
            } else {
                return false;
            }
        }
    }
    true
}

/// The inverse of a lower triangle, which is one, too.
pub(super) fn invert(triangle: &[f64], side: usize) -> Vec<f64> {
    let mut inverse = vec![0.0; packed_len(side)];
    for column in 0..side {
        for row in column..side {
            let dot: f64 = (column..row).map(|k| triangle[start(row) + k] * inverse[start(k) + column]).sum();
            let unit = if row == column { 1.0 } else { 0.0 };
            inverse[start(row) + column] = (unit - dot) / triangle[start(row) + row];
        }
    }
    inverse
}

/// `W x` for a packed lower triangle `W`.
pub(super) fn multiply(triangle: &[f32], x: &[f32]) -> Vec<f32> {
    (0..x.len()).map(|row| dot(&triangle[start(row)..=start(row) + row], &x[..=row])).collect()
}

/// Sixteen sums at a time, which compilers turn into vector instructions; one sum would have to be added
/// in order. By index: whether calls of iterators disappear is up to what else the compiler has to do, and a scan took a
/// tenth longer where they did not.
#[inline]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0f32; 16];
    let (a, b) = (a.as_chunks::<16>(), b.as_chunks::<16>());
    for (a, b) in a.0.iter().zip(b.0) {
        for (lane, sum) in sums.iter_mut().enumerate() {
            *sum += a[lane] * b[lane];
        }
    }
    let rest: f32 = a.1.iter().zip(b.1).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inverted_factor_whitens() {
        // [[4, 2, 0.4], [2, 5, 1], [0.4, 1, 3]], whose inverse is known in closed form.
        let mut matrix = vec![4.0, 2.0, 5.0, 0.4, 1.0, 3.0];
        assert!(factorise(&mut matrix, 3));
        assert!((matrix[0] - 2.0).abs() < 1e-12 && (matrix[1] - 1.0).abs() < 1e-12 && (matrix[2] - 2.0).abs() < 1e-12);
        let whitening: Vec<f32> = invert(&matrix, 3).into_iter().map(|value| value as f32).collect();
        // x^T A^-1 x for x = A y is y^T A y.
        let (y, a) = ([1.0, -2.0, 0.5], [[4.0, 2.0, 0.4], [2.0, 5.0, 1.0], [0.4, 1.0, 3.0]]);
        let x: Vec<f32> = a.iter().map(|row| row.iter().zip(&y).map(|(a, y)| a * y).sum::<f64>() as f32).collect();
        let expected: f64 = x.iter().zip(&y).map(|(x, y)| f64::from(*x) * y).sum();
        let squared: f64 = multiply(&whitening, &x).iter().map(|x| f64::from(*x).powi(2)).sum();
        assert!((squared - expected).abs() < 1e-5);
        assert!(!factorise(&mut [1.0, 2.0, 1.0], 2), "not positive definite");
        let long: Vec<f32> = (0..37).map(|i| i as f32 / 8.0).collect();
        assert_eq!(dot(&long, &long), long.iter().map(|x| x * x).sum::<f32>());
    }
}
