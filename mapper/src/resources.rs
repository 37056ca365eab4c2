//! What vertices need and nodes offer.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What a vertex needs, or what a node offers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Resources {
    /// Slots (application cores). A vertex may need none: a device, say.
    pub cores: u32,
    /// Bytes of the node's shared memory.
    pub sdram: u64,
    /// Further resources, in the order of [`crate::Architecture::counters`]; missing ones are 0.
    pub counters: Vec<u64>,
}

impl Resources {
    /// Cores and memory, nothing else.
    pub fn new(cores: u32, sdram: u64) -> Self {
        Self {
            cores,
            sdram,
            counters: Vec::new(),
        }
    }

    /// Whether `self` is enough for `need`.
    pub fn covers(&self, need: &Resources) -> bool {
        self.cores >= need.cores
            && self.sdram >= need.sdram
            && need
                .counters
                .iter()
                .enumerate()
                .all(|(index, amount)| self.counter(index) >= *amount)
    }

    /// One of the further resources; 0 if it is not listed.
    pub fn counter(&self, index: usize) -> u64 {
        self.counters.get(index).copied().unwrap_or(0)
    }

    /// Adds `other`, saturating.
    pub fn add(&mut self, other: &Resources) {
        self.cores = self.cores.saturating_add(other.cores);
        self.sdram = self.sdram.saturating_add(other.sdram);
        if self.counters.len() < other.counters.len() {
            self.counters.resize(other.counters.len(), 0);
        }
        for (mine, theirs) in self.counters.iter_mut().zip(&other.counters) {
            *mine = mine.saturating_add(*theirs);
        }
    }

    /// Takes `other` away; what is not there stays 0.
    pub fn subtract(&mut self, other: &Resources) {
        self.cores = self.cores.saturating_sub(other.cores);
        self.sdram = self.sdram.saturating_sub(other.sdram);
        for (mine, theirs) in self.counters.iter_mut().zip(&other.counters) {
            *mine = mine.saturating_sub(*theirs);
        }
    }
}

impl fmt::Display for Resources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cores, {} bytes", self.cores, self.sdram)?;
        for (index, amount) in self.counters.iter().enumerate() {
            write!(f, ", {amount} of counter {index}")?;
        }
        Ok(())
    }
}
