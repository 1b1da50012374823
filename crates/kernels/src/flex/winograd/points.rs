//! The transforms of one dimension: polynomials at the interpolation points and back.
#![allow(unsafe_code)]

use crate::flex::vector::Vector;

/// The interpolation points are 0, +-5/8, +-3/2 and infinity instead of the textbook's 0, +-1, +-2:
/// they are exact in binary and halve the rounding error (Barabasz et al. 2018, arXiv 1803.10986, on
/// why; found by trying pairs on random data).
const A1: f32 = 0.625;
const A2: f32 = A1 * A1;
const A3: f32 = A2 * A1;
const B1: f32 = 1.5;
const B2: f32 = B1 * B1;
const B3: f32 = B2 * B1;
/// Inverse products of the distances from each point to the others.
const AT_ZERO: f32 = 1.0 / (A2 * B2);
const AT_A: f32 = 1.0 / (2.0 * A2 * (A2 - B2));
const AT_B: f32 = 1.0 / (2.0 * B2 * (B2 - A2));

#[inline(always)]
unsafe fn times<V: Vector>(factor: f32, value: V) -> V {
    // SAFETY: the caller runs where `V` exists.
    unsafe { V::splat(factor).mul(value) }
}

/// `sum + factor * value`
#[inline(always)]
unsafe fn plus<V: Vector>(sum: V, factor: f32, value: V) -> V {
    // SAFETY: the caller runs where `V` exists.
    unsafe { sum.add_product(V::splat(factor), value) }
}

/// `B^T d`
#[inline(always)]
pub(super) unsafe fn input<V: Vector>(d: [V; 6]) -> [V; 6] {
    // SAFETY: the caller runs where `V` exists.
    unsafe {
        let (even_a, odd_a) = (plus(d[4], -B2, d[2]), plus(d[3], -B2, d[1]));
        let (even_b, odd_b) = (plus(d[4], -A2, d[2]), plus(d[3], -A2, d[1]));
        [
            plus(plus(d[4], -(A2 + B2), d[2]), A2 * B2, d[0]),
            plus(even_a, A1, odd_a),
            plus(even_a, -A1, odd_a),
            plus(even_b, B1, odd_b),
            plus(even_b, -B1, odd_b),
            plus(plus(d[5], -(A2 + B2), d[3]), A2 * B2, d[1]),
        ]
    }
}

/// `A^T m`
#[inline(always)]
pub(super) unsafe fn output<V: Vector>(m: [V; 6]) -> [V; 4] {
    // SAFETY: the caller runs where `V` exists.
    unsafe {
        let (sum_a, difference_a) = (m[1].add(m[2]), m[1].sub(m[2]));
        let (sum_b, difference_b) = (m[3].add(m[4]), m[3].sub(m[4]));
        [
            m[0].add(sum_a).add(sum_b),
            plus(times(A1, difference_a), B1, difference_b),
            plus(times(A2, sum_a), B2, sum_b),
            plus(plus(m[5], A3, difference_a), B3, difference_b),
        ]
    }
}

/// `A y`
#[inline(always)]
pub(super) unsafe fn gradient<V: Vector>(y: [V; 4]) -> [V; 6] {
    // SAFETY: the caller runs where `V` exists.
    unsafe {
        let (even_a, odd_a) = (plus(y[0], A2, y[2]), plus(times(A1, y[1]), A3, y[3]));
        let (even_b, odd_b) = (plus(y[0], B2, y[2]), plus(times(B1, y[1]), B3, y[3]));
        [y[0], even_a.add(odd_a), even_a.sub(odd_a), even_b.add(odd_b), even_b.sub(odd_b), y[3]]
    }
}

/// `G g`
#[inline(always)]
pub(super) unsafe fn weight<V: Vector>(g: [V; 3]) -> [V; 6] {
    // SAFETY: the caller runs where `V` exists.
    unsafe {
        let (even_a, odd_a) = (plus(times(AT_A, g[0]), AT_A * A2, g[2]), times(AT_A * A1, g[1]));
        let (even_b, odd_b) = (plus(times(AT_B, g[0]), AT_B * B2, g[2]), times(AT_B * B1, g[1]));
        [times(AT_ZERO, g[0]), even_a.add(odd_a), even_a.sub(odd_a), even_b.add(odd_b), even_b.sub(odd_b), g[2]]
    }
}

/// `G^T u`
#[inline(always)]
pub(super) unsafe fn weight_transposed<V: Vector>(u: [V; 6]) -> [V; 3] {
    // SAFETY: the caller runs where `V` exists.
    unsafe {
        let (sum_a, difference_a) = (u[1].add(u[2]), u[1].sub(u[2]));
        let (sum_b, difference_b) = (u[3].add(u[4]), u[3].sub(u[4]));
        [
            plus(plus(times(AT_ZERO, u[0]), AT_A, sum_a), AT_B, sum_b),
            plus(times(AT_A * A1, difference_a), AT_B * B1, difference_b),
            plus(plus(u[5], AT_A * A2, sum_a), AT_B * B2, sum_b),
        ]
    }
}

/// Transforms the columns, then the rows, of a matrix of `FROM x FROM` vectors.
#[inline(always)]
pub(super) unsafe fn both<V: Vector, const FROM: usize, const TO: usize>(
    values: [[V; FROM]; FROM],
    transform: unsafe fn([V; FROM]) -> [V; TO],
) -> [[V; TO]; TO] {
    // SAFETY: the caller runs where `V` exists.
    unsafe {
        let mut half = [[V::zero(); FROM]; TO];
        for column in 0..FROM {
            let transformed = transform(std::array::from_fn(|row| values[row][column]));
            for (half, value) in half.iter_mut().zip(transformed) {
                half[column] = value;
            }
        }
        half.map(|row| transform(row))
    }
}
