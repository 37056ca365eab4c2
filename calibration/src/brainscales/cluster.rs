//! The best groups of numbers on a line.
//!
//! k-means in one dimension is solved exactly by dynamic programming over the sorted numbers, since the groups of an
//! optimum are runs of neighbours (Wang and Song 2011, "Ckmeans.1d.dp"). The best start of the last run moves right as
//! more numbers are covered, so that a layer is filled by halving: k · n log n steps for n numbers.

/// Groups of numbers, ascending.
#[derive(Clone, Debug, PartialEq)]
pub struct Clusters {
    /// The mean of each group, ascending; at most as many as were asked for.
    pub centres: Vec<f64>,
    /// The group of each number, in the order given.
    pub group: Vec<usize>,
    /// Sum of squared distances to the centres.
    pub cost: f64,
}

/// The at most `k` groups with the least sum of squared distances to their means. Equal numbers stay together. Numbers
/// must be finite.
pub fn k_means(numbers: &[f64], k: usize) -> Clusters {
    let mut order: Vec<usize> = (0..numbers.len()).collect();
    order.sort_by(|a, b| numbers[*a].total_cmp(&numbers[*b]));
    // Distinct numbers with how often they occur.
    let mut distinct: Vec<(f64, f64)> = Vec::new();
    let mut place = vec![0; numbers.len()];
    for index in order {
        match distinct.last_mut() {
            Some((value, count)) if *value == numbers[index] => *count += 1.0,
            _ => distinct.push((numbers[index], 1.0)),
        }
        place[index] = distinct.len() - 1;
    }
    if distinct.is_empty() || k == 0 {
        return Clusters {
            centres: Vec::new(),
            group: vec![0; numbers.len()],
            cost: 0.0,
        };
    }
    let sums = Sums::new(&distinct);
    let starts = sums.best_starts(k.min(distinct.len()));
    let mut group_of = vec![0; distinct.len()];
    let mut centres = Vec::new();
    let mut cost = 0.0;
    for (group, start) in starts.iter().enumerate() {
        let end = starts.get(group + 1).copied().unwrap_or(distinct.len());
        group_of[*start..end].fill(group);
        centres.push(sums.mean(*start, end));
        cost += sums.cost(*start, end);
    }
    Clusters {
        centres,
        group: place.into_iter().map(|n| group_of[n]).collect(),
        cost,
    }
}

/// Running sums over distinct numbers, taken from their middle to lose no digits.
struct Sums {
    origin: f64,
    count: Vec<f64>,
    first: Vec<f64>,
    second: Vec<f64>,
}

impl Sums {
    fn new(distinct: &[(f64, f64)]) -> Self {
        let origin = distinct[distinct.len() / 2].0;
        let mut sums = Self {
            origin,
            count: vec![0.0],
            first: vec![0.0],
            second: vec![0.0],
        };
        for (n, (value, weight)) in distinct.iter().enumerate() {
            let x = value - origin;
            sums.count.push(sums.count[n] + weight);
            sums.first.push(sums.first[n] + weight * x);
            sums.second.push(sums.second[n] + weight * x * x);
        }
        sums
    }

    fn mean(&self, start: usize, end: usize) -> f64 {
        self.origin + (self.first[end] - self.first[start]) / (self.count[end] - self.count[start])
    }

    fn cost(&self, start: usize, end: usize) -> f64 {
        let first = self.first[end] - self.first[start];
        let second = self.second[end] - self.second[start];
        (second - first * first / (self.count[end] - self.count[start])).max(0.0)
    }

    /// Where each of `k` groups begins.
    fn best_starts(&self, k: usize) -> Vec<usize> {
        let n = self.count.len() - 1;
        let mut best: Vec<f64> = (0..=n)
            .map(|end| if end == 0 { 0.0 } else { self.cost(0, end) })
            .collect();
        let mut layers = Vec::new();
        for groups in 2..=k {
            let mut layer = Layer {
                sums: self,
                before: &best,
                best: vec![f64::INFINITY; n + 1],
                start: vec![0; n + 1],
            };
            layer.fill(groups, n, groups - 1, n - 1);
            let Layer {
                best: next, start, ..
            } = layer;
            best = next;
            layers.push(start);
        }
        let mut starts = Vec::new();
        let mut end = n;
        for layer in layers.iter().rev() {
            end = layer[end];
            starts.push(end);
        }
        starts.push(0);
        starts.reverse();
        starts
    }
}

struct Layer<'a> {
    sums: &'a Sums,
    before: &'a [f64],
    best: Vec<f64>,
    start: Vec<usize>,
}

impl Layer<'_> {
    /// Best last groups that end at `from..=to`, given that they begin at `low..=high`.
    fn fill(&mut self, from: usize, to: usize, low: usize, high: usize) {
        if from > to {
            return;
        }
        let middle = usize::midpoint(from, to);
        let mut found = low;
        for start in low..=high.min(middle - 1) {
            let cost = self.before[start] + self.sums.cost(start, middle);
            if cost < self.best[middle] {
                (self.best[middle], found) = (cost, start);
            }
        }
        self.start[middle] = found;
        self.fill(from, middle - 1, low, found);
        self.fill(middle + 1, to, found, high);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn two_heaps_are_told_apart() {
        let found = k_means(&[5.0, 1.0, 1.2, 5.2, 1.1], 2);
        assert_eq!(found.group, [1, 0, 0, 1, 0]);
        assert!((found.centres[0] - 1.1).abs() < 1e-12 && (found.centres[1] - 5.1).abs() < 1e-12);
        assert!((found.cost - 0.04).abs() < 1e-12);
    }

    #[test]
    fn few_values_need_few_groups() {
        assert_eq!(k_means(&[2.0, 2.0, 2.0], 4).centres, [2.0]);
        assert!(k_means(&[], 4).centres.is_empty());
    }

    /// Every way to cut sorted numbers into runs.
    fn by_trial(sorted: &[f64], k: usize) -> f64 {
        if sorted.is_empty() {
            return 0.0;
        }
        if k == 0 {
            return f64::INFINITY;
        }
        (1..=sorted.len())
            .map(|length| {
                let mean = sorted[..length].iter().sum::<f64>() / length as f64;
                let cost: f64 = sorted[..length].iter().map(|x| (x - mean) * (x - mean)).sum();
                cost + by_trial(&sorted[length..], k - 1)
            })
            .fold(f64::INFINITY, f64::min)
    }

    proptest! {
        #[test]
        fn no_other_cut_is_better(mut numbers in proptest::collection::vec(-9.0f64..9.0, 1..9), k in 1usize..5) {
            let found = k_means(&numbers, k);
            let claimed: f64 = numbers.iter().zip(&found.group).map(|(x, g)| (x - found.centres[*g]).powi(2)).sum();
            prop_assert!((claimed - found.cost).abs() < 1e-9);
            numbers.sort_by(f64::total_cmp);
            prop_assert!((found.cost - by_trial(&numbers, k)).abs() < 1e-9);
        }
    }
}
