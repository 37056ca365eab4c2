//! What may be chosen when a network is lowered.

use serde::{Deserialize, Serialize};
use taproot_mapper::{MinimiseOptions, PlaceOptions};

/// Options of [`crate::lower`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LowerOptions {
    /// The longest run, in steps, that recordings should hold at once; none takes what fits, up to
    /// [`LowerOptions::default_run_steps`]. Where less fits, [`crate::Lowered::max_steps_per_run`] says how much.
    pub run_steps: Option<u32>,
    /// Recording space asked for when nobody says how long a run is, steps.
    pub default_run_steps: u32,
    /// Rate that neurons are expected to fire at, Hz (`sPyNNaker: spikes_per_second`).
    pub expected_rate: f64,
    /// How many times that rate they reach together in the busiest steps, for which every core must still have time.
    /// The Vogels-Abbott network, which is called asynchronous, does so when its activity starts.
    pub synchrony: f64,
    /// Standard deviations above the mean for which ring buffers leave room (`sPyNNaker: ring_buffer_sigma`).
    pub ring_buffer_sigma: f64,
    /// Neurons or sources per core at most, where the population says nothing. 255, not 256: a row of all-to-all
    /// synapses onto 256 neurons would overrun the core's row buffer.
    pub neurons_per_core: u32,
    /// Slices are made smaller down to this before the time-scale factor is raised. Small slices mean many rows: much to
    /// load, and many spikes to look up twice. So by default they are as large as memory allows.
    pub least_neurons_per_core: u32,
    /// Whether spikes that come too late for their delay are dropped.
    pub drop_late_spikes: bool,
    /// Chooses slices, keys, ring-buffer shifts and row lengths as sPyNNaker 7.4.1 does, its defects included, so that
    /// the bytes can be compared. Not meant for anything else.
    pub match_spynnaker: bool,
    /// How to place.
    pub place: PlaceOptions,
    /// How to minimise tables.
    pub minimise: MinimiseOptions,
}

impl Default for LowerOptions {
    fn default() -> Self {
        Self {
            run_steps: None,
            default_run_steps: 100_000,
            expected_rate: 30.0,
            synchrony: 4.0,
            ring_buffer_sigma: 5.0,
            neurons_per_core: 255,
            least_neurons_per_core: 255,
            drop_late_spikes: false,
            match_spynnaker: false,
            place: PlaceOptions::default(),
            minimise: MinimiseOptions::default(),
        }
    }
}
