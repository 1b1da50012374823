//! Disjoint sets: which items belong together when belonging is transitive.

/// A union-find forest over `0..len` with path halving and union by size.
pub(crate) struct DisjointSets {
    parents: Vec<usize>,
    sizes: Vec<usize>,
}

impl DisjointSets {
    pub(crate) fn new(len: usize) -> Self {
        Self { parents: (0..len).collect(), sizes: vec![1; len] }
    }

    /// The representative of an element's set.
    pub(crate) fn find(&mut self, mut element: usize) -> usize {
        while self.parents[element] != element {
            self.parents[element] = self.parents[self.parents[element]];
            element = self.parents[element];
        }
        element
    }

    /// Merges the sets of two elements.
    pub(crate) fn union(&mut self, first: usize, second: usize) {
        let (mut large, mut small) = (self.find(first), self.find(second));
        if large == small {
            return;
        }
        if self.sizes[large] < self.sizes[small] {
            std::mem::swap(&mut large, &mut small);
        }
        self.parents[small] = large;
        self.sizes[large] += self.sizes[small];
    }

    /// All sets, members ascending, ordered by their first member.
    pub(crate) fn sets(mut self) -> Vec<Vec<usize>> {
        let mut place = vec![usize::MAX; self.parents.len()];
        let mut sets: Vec<Vec<usize>> = Vec::new();
        for element in 0..self.parents.len() {
            let root = self.find(element);
            if place[root] == usize::MAX {
                place[root] = sets.len();
                sets.push(Vec::new());
            }
            sets[place[root]].push(element);
        }
        sets
    }
}

#[cfg(test)]
mod tests {
    use super::DisjointSets;

    #[test]
    fn unions_are_transitive_and_sets_are_ordered() {
        let mut sets = DisjointSets::new(6);
        sets.union(5, 1);
        sets.union(1, 3);
        sets.union(3, 5);
        assert_eq!(sets.find(5), sets.find(3));
        assert_eq!(sets.sets(), vec![vec![0], vec![1, 3, 5], vec![2], vec![4]]);
    }
}
