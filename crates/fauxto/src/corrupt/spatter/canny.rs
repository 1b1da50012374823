//! Canny's edge detector ("A Computational Approach to Edge Detection", PAMI 8, 1986), as OpenCV's
//! `Canny` defines it with a Sobel aperture of 3 and gradients measured by |dx| + |dy|.

use crate::corrupt::part::raster::{Border, Raster};

/// tan(22.5 degrees) in 15 binary places, as OpenCV has it.
const TANGENT: i32 = 13573;

/// Which pixels of `image`, one channel of whole levels, are edges: those where the gradient has a
/// maximum across the edge and is above the second threshold, or above the first and connected to
/// such.
pub(super) fn edges(image: &Raster, [weak, strong]: [i32; 2]) -> Raster {
    let gradients = Gradients::of(image);
    let mut edge = vec![false; image.values.len()];
    let mut candidate = vec![false; image.values.len()];
    let mut open = Vec::new();
    for y in 0..image.height as isize {
        for x in 0..image.width as isize {
            let strength = gradients.strength(x, y);
            if strength > weak && gradients.is_crest(x, y) {
                let here = y as usize * image.width + x as usize;
                candidate[here] = true;
                if strength > strong {
                    edge[here] = true;
                    open.push((x, y));
                }
            }
        }
    }
    while let Some((x, y)) = open.pop() {
        for (right, down) in (-1..=1).flat_map(|down| (-1..=1).map(move |right| (right, down))) {
            if let Some(there) = gradients.place(x + right, y + down)
                && candidate[there]
                && !std::mem::replace(&mut edge[there], true)
            {
                open.push((x + right, y + down));
            }
        }
    }
    image.with(edge.into_iter().map(|edge| f64::from(u8::from(edge))).collect())
}

struct Gradients {
    size: (usize, usize),
    /// Sobel's derivatives to the right and down.
    values: Vec<(i32, i32)>,
}

impl Gradients {
    fn of(image: &Raster) -> Self {
        let mut values = Vec::with_capacity(image.values.len());
        for y in 0..image.height as isize {
            for x in 0..image.width as isize {
                let at = |right: isize, down: isize| {
                    let column = Border::Nearest.index(x + right, image.width);
                    image.at(column, Border::Nearest.index(y + down, image.height), 0) as i32
                };
                let right = at(1, -1) + 2 * at(1, 0) + at(1, 1) - at(-1, -1) - 2 * at(-1, 0) - at(-1, 1);
                let down = at(-1, 1) + 2 * at(0, 1) + at(1, 1) - at(-1, -1) - 2 * at(0, -1) - at(1, -1);
                values.push((right, down));
            }
        }
        Self { size: image.size(), values }
    }

    fn place(&self, x: isize, y: isize) -> Option<usize> {
        let inside = (0..self.size.0 as isize).contains(&x) && (0..self.size.1 as isize).contains(&y);
        inside.then(|| y as usize * self.size.0 + x as usize)
    }

    /// 0 outside the image.
    fn strength(&self, x: isize, y: isize) -> i32 {
        self.place(x, y).map_or(0, |place| self.values[place].0.abs() + self.values[place].1.abs())
    }

    /// Whether neither neighbour along the gradient, at the nearest of eight directions, is stronger.
    /// Of two equal neighbours along an axis the right or lower one gives way, as in OpenCV.
    fn is_crest(&self, x: isize, y: isize) -> bool {
        let Some((right, down)) = self.place(x, y).map(|place| self.values[place]) else {
            return false;
        };
        let here = self.strength(x, y);
        let (run, rise) = (right.abs(), down.abs() << 15);
        let (flat, steep) = (run * TANGENT, run * TANGENT + (run << 16));
        if rise < flat {
            here > self.strength(x - 1, y) && here >= self.strength(x + 1, y)
        } else if rise > steep {
            here > self.strength(x, y - 1) && here >= self.strength(x, y + 1)
        } else {
            let side = if (right < 0) == (down < 0) { 1 } else { -1 };
            here > self.strength(x - side, y - 1) && here > self.strength(x + side, y + 1)
        }
    }
}
