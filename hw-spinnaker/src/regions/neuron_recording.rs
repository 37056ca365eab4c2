//! What a neuron core records.

use super::bytes_of;

/// Word variables of the neuron binaries: v, gsyn_exc, gsyn_inh.
pub const WORD_VARIABLES: usize = 3;

/// One variable: every how many steps (0 is off), and which neurons of the core, ascending.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Recorded {
    /// Steps between samples, 0 for never.
    pub interval: u32,
    /// Neurons, by index on the core.
    pub atoms: Vec<u32>,
}

/// The region: three word variables, then the spikes.
pub fn encode(words: &[Recorded; WORD_VARIABLES], spikes: &Recorded, atoms: u32) -> Vec<u8> {
    let mut out = vec![WORD_VARIABLES as u32, 1];
    for variable in words {
        let (interval, recorded) = active(variable);
        out.extend([interval, recorded, 4]);
        out.extend(indices(variable, atoms));
    }
    let (interval, recorded) = active(spikes);
    out.extend([interval, recorded]);
    out.extend(indices(spikes, atoms));
    bytes_of(&out)
}

fn active(variable: &Recorded) -> (u32, u32) {
    if variable.interval == 0 || variable.atoms.is_empty() {
        (0, 0)
    } else {
        (variable.interval, variable.atoms.len() as u32)
    }
}

/// One half-word per neuron: its place among the recorded ones, or the spill slot behind them.
fn indices(variable: &Recorded, atoms: u32) -> Vec<u32> {
    let (interval, recorded) = active(variable);
    // Padded to whole words; the padding counts as a neuron that is not recorded.
    let mut halves = vec![if interval == 0 { 0 } else { recorded }; atoms.next_multiple_of(2) as usize];
    if interval != 0 {
        for (place, &atom) in (0u32..).zip(&variable.atoms) {
            halves[atom as usize] = place;
        }
    }
    halves
        .chunks_exact(2)
        .map(|pair| pair[0] | pair[1] << 16)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::regions::words_of;

    #[test]
    fn gsyn_exc_of_all_twenty_neurons() {
        let all = Recorded {
            interval: 1,
            atoms: (0..20).collect(),
        };
        let off = Recorded::default();
        let words = words_of(&encode(&[off.clone(), all, off.clone()], &off, 20));
        assert_eq!(words.len(), 212 / 4);
        assert_eq!(words[..5], [3, 1, 0, 0, 4]);
        assert_eq!(words[15..19], [1, 0x14, 4, 0x10000]);
        assert_eq!(words[28..31], [0, 0, 4]);
        assert_eq!(words[41..43], [0, 0]);
    }

    #[test]
    fn views_and_intervals_are_those_of_spynnaker() {
        let every_second = Recorded {
            interval: 2,
            atoms: (0..7).collect(),
        };
        let view = Recorded {
            interval: 1,
            atoms: vec![0, 1, 2],
        };
        let words = words_of(&encode(
            &[every_second.clone(), view, Recorded::default()],
            &every_second,
            7,
        ));
        assert_eq!(words.len() * 4, 116);
        assert_eq!(words[2..9], [2, 7, 4, 0x10000, 0x30002, 0x50004, 0x70006]);
        assert_eq!(words[9..16], [1, 3, 4, 0x10000, 0x30002, 0x30003, 0x30003]);
        assert_eq!(words[23..], [2, 7, 0x10000, 0x30002, 0x50004, 0x70006]);
    }

    #[test]
    fn neurons_that_are_not_recorded_spill() {
        let some = Recorded {
            interval: 2,
            atoms: vec![1],
        };
        let off = Recorded::default();
        let words = words_of(&encode(&[some, off.clone(), off.clone()], &off, 3));
        assert_eq!(words[2..7], [2, 1, 4, 0x0000_0001, 0x0001_0001]);
    }
}
