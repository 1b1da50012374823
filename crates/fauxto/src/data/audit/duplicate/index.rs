//! All pairs of 64-bit hashes within a Hamming distance, without comparing all pairs.
//!
//! Multi-index hashing: hashes that differ in at most 7 bits differ in at most 1 bit in one of
//! their four 16-bit bands, so looking up each band and its 16 one-bit neighbours finds them.
//!
//! Source: Norouzi, Punjani & Fleet, "Fast Search in Hamming Space with Multi-Index Hashing",
//! CVPR 2012, section 3.

const BANDS: usize = 4;
const BAND_BITS: usize = 16;
/// Pairs up to this distance are found, all of them: `BANDS * 2 - 1`.
pub(super) const DISTANCE: u32 = 7;

/// Hashes, and for each band the positions of the hashes ordered by that band.
pub(super) struct HammingIndex {
    hashes: Vec<u64>,
    tables: [Table; BANDS],
}

struct Table {
    /// Where each value's positions start in `positions`.
    starts: Vec<u32>,
    positions: Vec<u32>,
}

impl HammingIndex {
    pub(super) fn build(hashes: Vec<u64>) -> Self {
        let tables = std::array::from_fn(|number| Table::build(&hashes, number));
        Self { hashes, tables }
    }

    /// Calls `found` once with every earlier position whose hash lies within [`DISTANCE`].
    pub(super) fn visit_earlier(&self, query: usize, mut found: impl FnMut(usize)) {
        let hash = self.hashes[query];
        for (number, table) in self.tables.iter().enumerate() {
            let value = band(hash, number);
            let neighbours = (0..BAND_BITS).map(|bit| value ^ (1 << bit));
            for key in std::iter::once(value).chain(neighbours) {
                for &position in table.positions_of(key) {
                    let position = position as usize;
                    // Positions ascend within a bucket.
                    if position >= query {
                        break;
                    }
                    let difference = hash ^ self.hashes[position];
                    // A pair close in several bands is reported by the first only.
                    let reported = (0..number).any(|earlier| band(difference, earlier).count_ones() <= 1);
                    if difference.count_ones() <= DISTANCE && !reported {
                        found(position);
                    }
                }
            }
        }
    }
}

impl Table {
    fn build(hashes: &[u64], number: usize) -> Self {
        let mut starts = vec![0u32; (1 << BAND_BITS) + 1];
        for &hash in hashes {
            starts[band(hash, number) + 1] += 1;
        }
        for value in 0..1 << BAND_BITS {
            starts[value + 1] += starts[value];
        }
        let mut next = starts.clone();
        let mut positions = vec![0u32; hashes.len()];
        for (position, &hash) in hashes.iter().enumerate() {
            let slot = &mut next[band(hash, number)];
            positions[*slot as usize] = position as u32;
            *slot += 1;
        }
        Self { starts, positions }
    }

    fn positions_of(&self, value: usize) -> &[u32] {
        &self.positions[self.starts[value] as usize..self.starts[value + 1] as usize]
    }
}

fn band(hash: u64, number: usize) -> usize {
    (hash >> (number * BAND_BITS)) as usize & ((1 << BAND_BITS) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, RngExt};

    /// The index must find exactly what comparing all pairs finds.
    #[test]
    fn agrees_with_comparing_all_pairs() {
        let mut rng = crate::random::stream(1, "hamming", &[]);
        let mut hashes: Vec<u64> = (0..300).map(|_| rng.next_u64()).collect();
        for i in 0..300 {
            let mut hash = hashes[i];
            for _ in 0..rng.random_range(0..11) {
                hash ^= 1 << rng.random_range(0..64);
            }
            hashes.push(hash);
        }
        let index = HammingIndex::build(hashes.clone());
        let mut pairs = 0;
        for query in 0..hashes.len() {
            let mut found = Vec::new();
            index.visit_earlier(query, |other| found.push(other));
            found.sort_unstable();
            let expected: Vec<usize> =
                (0..query).filter(|&other| (hashes[query] ^ hashes[other]).count_ones() <= DISTANCE).collect();
            assert_eq!(found, expected);
            pairs += found.len();
        }
        assert!(pairs > 150);
    }
}
