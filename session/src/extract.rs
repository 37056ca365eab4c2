//! Between host and lowering: what has been recorded.

use crate::{Observer, SessionError};
use taproot_host::{Application, Host};
use taproot_network::Network;
use taproot_spinnaker::{Lowered, Role, Segment};

/// Region of the parameters of neurons, where a paused core leaves their state.
const NEURON_PARAMS: u8 = 2;

/// One piece of a run that has ended: cores are paused.
pub(crate) struct Piece<'a> {
    pub(crate) network: &'a Network,
    pub(crate) lowered: &'a Lowered,
    pub(crate) application: &'a Application,
    /// The step at which it ended.
    pub(crate) end: u32,
}

impl Piece<'_> {
    /// Reads what all cores recorded, and the state in which they ended.
    pub(crate) fn extract(
        &self,
        segment: &mut Segment,
        host: &mut Host,
        observer: &dyn Observer,
    ) -> Result<(), SessionError> {
        let mut recorders = Vec::new();
        let mut states = Vec::new();
        for (index, core) in self.lowered.layout.cores.iter().enumerate() {
            if let Some(region) = core.recording_region
                && !core.channels.is_empty()
            {
                recorders.push((index, region));
            }
            let neurons = matches!(&core.role, Role::Cells { population, .. }
                if Lowered::has_state(self.network.population(*population).cell));
            if neurons
                && core
                    .channels
                    .iter()
                    .any(|c| c.variable != taproot_network::Variable::Spikes)
            {
                states.push(index);
            }
        }
        let recorded = self.application.recordings(host, &recorders, observer)?;
        for ((core, _), data) in recorders.iter().zip(recorded) {
            let image = &self.lowered.image.cores[*core];
            for channel in &self.lowered.layout.cores[*core].channels {
                let Some(data) = data.get(usize::from(channel.channel)) else {
                    continue;
                };
                if data.missing {
                    return Err(SessionError::RecordingLost {
                        core: image.core,
                        label: image.label.clone(),
                    });
                }
                segment
                    .add(self.lowered, *core, channel.channel, &data.data)
                    .map_err(|source| SessionError::Recording {
                        core: image.core,
                        label: image.label.clone(),
                        source,
                    })?;
            }
        }
        let wanted: Vec<(usize, u8)> = states.iter().map(|core| (*core, NEURON_PARAMS)).collect();
        let regions = self.application.read_regions(host, &wanted, observer)?;
        for (core, bytes) in states.iter().zip(regions) {
            segment.add_final_state(self.lowered, self.network, *core, self.end, &bytes);
        }
        Ok(())
    }
}
