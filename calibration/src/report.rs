//! What was asked for, what was stored, and how far the two are apart.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The cost of quantization for a whole network.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct QuantizationReport {
    /// One entry per population parameter and per projection's weights and delays, in network order.
    pub entries: Vec<Quantized>,
}

/// What an entry is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Quantity {
    /// A parameter or an initial value of a population.
    Parameter {
        /// Label of the population.
        population: String,
        /// PyNN's name of the parameter.
        name: String,
    },
    /// The weights of a projection.
    Weight {
        /// Label of the projection.
        projection: String,
        /// Label of the population that receives them.
        population: String,
    },
    /// The delays of a projection.
    Delay {
        /// Label of the projection.
        projection: String,
        /// Label of the population that receives them.
        population: String,
    },
}

/// One entry: a set of numbers of one kind, in PyNN's unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quantized {
    /// What it is about.
    pub quantity: Quantity,
    /// PyNN's unit.
    pub unit: String,
    /// Smallest step between stored numbers, in that unit; 0 if the numbers are stored exactly.
    pub resolution: f64,
    /// The sums.
    pub tally: Tally,
}

/// Sums over the numbers of one entry. Tallies of parts merge into the tally of the whole.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// How many numbers.
    pub count: u64,
    /// Smallest and largest number asked for.
    pub asked: (f64, f64),
    /// Smallest and largest number stored.
    pub stored: (f64, f64),
    /// Largest absolute difference.
    pub worst_error: f64,
    /// Sum of absolute differences; see [`Tally::mean_error`].
    pub error_sum: f64,
    /// What went wrong, beyond rounding.
    pub losses: Losses,
}

/// Numbers that were not just rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Losses {
    /// Too large (or too negative) for the format, cut to its end.
    pub saturated: u64,
    /// Not zero, and stored as zero.
    pub underflowed: u64,
    /// Replaced by another number, because the hardware shares one value among several.
    #[serde(default)]
    pub shared: u64,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            count: 0,
            asked: (f64::INFINITY, f64::NEG_INFINITY),
            stored: (f64::INFINITY, f64::NEG_INFINITY),
            worst_error: 0.0,
            error_sum: 0.0,
            losses: Losses::default(),
        }
    }
}

impl Tally {
    /// Adds one number: asked for, stored, and whether it was cut.
    pub fn add(&mut self, asked: f64, stored: f64, saturated: bool) {
        let error = (asked - stored).abs();
        self.count += 1;
        self.asked = (self.asked.0.min(asked), self.asked.1.max(asked));
        self.stored = (self.stored.0.min(stored), self.stored.1.max(stored));
        self.worst_error = self.worst_error.max(error);
        self.error_sum += error;
        self.losses.saturated += u64::from(saturated);
        self.losses.underflowed += u64::from(!saturated && stored == 0.0 && asked != 0.0);
    }

    /// Adds the same number `times` times.
    pub fn add_many(&mut self, asked: f64, stored: f64, saturated: bool, times: u64) {
        if times == 0 {
            return;
        }
        let mut one = Tally::default();
        one.add(asked, stored, saturated);
        one.count = times;
        one.error_sum *= times as f64;
        one.losses.saturated *= times;
        one.losses.underflowed *= times;
        one.losses.shared *= times;
        self.merge(&one);
    }

    /// Adds the sums of another part.
    pub fn merge(&mut self, other: &Tally) {
        self.count += other.count;
        self.asked = (self.asked.0.min(other.asked.0), self.asked.1.max(other.asked.1));
        self.stored = (
            self.stored.0.min(other.stored.0),
            self.stored.1.max(other.stored.1),
        );
        self.worst_error = self.worst_error.max(other.worst_error);
        self.error_sum += other.error_sum;
        self.losses.saturated += other.losses.saturated;
        self.losses.underflowed += other.losses.underflowed;
        self.losses.shared += other.losses.shared;
    }

    /// Mean absolute difference; 0 for no numbers.
    pub fn mean_error(&self) -> f64 {
        if self.count == 0 {
            0.0
        } else {
            self.error_sum / self.count as f64
        }
    }
}

/// Something that the user should hear about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuantizationWarning {
    /// What it is about.
    pub quantity: Quantity,
    /// How many numbers there are.
    pub count: u64,
    /// What went wrong.
    pub losses: Losses,
}

impl QuantizationReport {
    /// One warning for each entry with losses, in report order.
    pub fn warnings(&self) -> impl Iterator<Item = QuantizationWarning> + '_ {
        self.entries
            .iter()
            .filter(|entry| entry.tally.losses != Losses::default())
            .map(|entry| QuantizationWarning {
                quantity: entry.quantity.clone(),
                count: entry.tally.count,
                losses: entry.tally.losses,
            })
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Quantity::Parameter { population, name } => write!(f, "`{name}` of population `{population}`"),
            Quantity::Weight {
                projection,
                population,
            } => write!(f, "weights of `{projection}` onto population `{population}`"),
            Quantity::Delay {
                projection,
                population,
            } => write!(f, "delays of `{projection}` onto population `{population}`"),
        }
    }
}

impl fmt::Display for QuantizationWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.quantity)?;
        let Losses {
            saturated,
            underflowed,
            shared,
        } = self.losses;
        let causes = [
            (saturated, "too large and cut to the largest value stored"),
            (underflowed, "too small and stored as zero"),
            (shared, "replaced by a value that others share"),
        ];
        let mut between = "";
        for (lost, cause) in causes.iter().filter(|(lost, _)| *lost > 0) {
            write!(f, "{between}{lost} of {} {cause}", self.count)?;
            between = "; ";
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tally_keeps_range_error_and_losses() {
        let mut tally = Tally::default();
        tally.add(1.0, 1.25, false);
        tally.add(-3.0, -2.0, true);
        tally.add(0.1, 0.0, false);
        assert_eq!(tally.asked, (-3.0, 1.0));
        assert_eq!(tally.stored, (-2.0, 1.25));
        assert_eq!(tally.worst_error, 1.0);
        assert!((tally.mean_error() - 0.45).abs() < 1e-12);
        assert_eq!(
            tally.losses,
            Losses {
                saturated: 1,
                underflowed: 1,
                shared: 0
            }
        );
    }

    #[test]
    fn repeated_numbers_count_as_often() {
        let (mut one_by_one, mut at_once) = (Tally::default(), Tally::default());
        for _ in 0..4 {
            one_by_one.add(0.5, 0.25, false);
        }
        at_once.add_many(0.5, 0.25, false, 4);
        assert_eq!(one_by_one, at_once);
    }

    #[test]
    fn a_warning_names_the_population() {
        let mut tally = Tally::default();
        tally.add(9.0, 1.0, true);
        tally.add(0.001, 0.0, false);
        let report = QuantizationReport {
            entries: vec![Quantized {
                quantity: Quantity::Weight {
                    projection: "e to i".into(),
                    population: "inhibitory".into(),
                },
                unit: "nA".into(),
                resolution: 0.01,
                tally,
            }],
        };
        let warnings: Vec<String> = report.warnings().map(|w| w.to_string()).collect();
        assert_eq!(
            warnings,
            [
                "weights of `e to i` onto population `inhibitory`: 1 of 2 too large and cut to the largest value stored; \
                 1 of 2 too small and stored as zero"
            ]
        );
    }
}
