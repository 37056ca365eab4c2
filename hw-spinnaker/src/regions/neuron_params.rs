//! Neuron parameters: what each neuron model reads, as a table of components.
//!
//! The binaries are assembled from parts: a neuron model, an input type, a threshold, a synapse shape. Each part
//! reads an array with one record per neuron. A new binary of the same family is a new line in [`components`].

use super::bytes_of;
use taproot_network::CellType;

/// One word of a component's record. All are s16.15 unless they say otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// A parameter of the cell type, by PyNN's name.
    Parameter(&'static str),
    /// An initial value, by PyNN's name; the core leaves the state at the end of a run in the same place.
    State(&'static str),
    /// A synaptic input at time 0, by PyNN's name, times the model's global weight scale.
    Input(&'static str),
    /// The time step in ms.
    Timestep,
    /// The refractory timer, an integer: steps still to wait.
    RefractoryTimer,
}

/// One part of a neuron model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Component {
    /// What the sources call it.
    pub name: &'static str,
    /// The words of its record.
    pub fields: &'static [Field],
}

const LIF: Component = Component {
    name: "leaky integrate-and-fire",
    fields: &[
        Field::State("v"),
        Field::Parameter("v_rest"),
        Field::Parameter("cm"),
        Field::Parameter("tau_m"),
        Field::Parameter("i_offset"),
        Field::Parameter("v_reset"),
        Field::Parameter("tau_refrac"),
        Field::RefractoryTimer,
        Field::Timestep,
    ],
};
const CONDUCTANCE: Component = Component {
    name: "conductance input",
    fields: &[Field::Parameter("e_rev_E"), Field::Parameter("e_rev_I")],
};
const STATIC_THRESHOLD: Component = Component {
    name: "static threshold",
    fields: &[Field::Parameter("v_thresh")],
};
const EXPONENTIAL_CURRENT: Component = Component {
    name: "exponential synapse",
    fields: &[
        Field::Parameter("tau_syn_E"),
        Field::Input("isyn_exc"),
        Field::Parameter("tau_syn_I"),
        Field::Input("isyn_inh"),
        Field::Timestep,
    ],
};
const EXPONENTIAL_CONDUCTANCE: Component = Component {
    name: "exponential synapse",
    fields: &[
        Field::Parameter("tau_syn_E"),
        Field::Input("gsyn_exc"),
        Field::Parameter("tau_syn_I"),
        Field::Input("gsyn_inh"),
        Field::Timestep,
    ],
};

/// The components of a cell type, in the order of the region; none for sources, which have no neurons.
pub const fn components(cell: CellType) -> Option<&'static [Component]> {
    match cell {
        CellType::IfCurrExp => Some(&[LIF, STATIC_THRESHOLD, EXPONENTIAL_CURRENT]),
        CellType::IfCondExp => Some(&[LIF, CONDUCTANCE, STATIC_THRESHOLD, EXPONENTIAL_CONDUCTANCE]),
        CellType::SpikeSourceArray | CellType::SpikeSourcePoisson => None,
    }
}

/// What weights are multiplied by before they are stored: conductances are small (`sPyNNaker: input_type_conductance.h`
/// shifts inputs right by ten bits).
pub const fn global_weight_scale(cell: CellType) -> f64 {
    if cell.conductance_based() { 1024.0 } else { 1.0 }
}

/// The region: one word for the number of steps per time step (1), then the components, each with all neurons.
/// `value` gives the stored word of a field for a neuron of the core.
pub fn encode(components: &[Component], atoms: u32, mut value: impl FnMut(Field, u32) -> i32) -> Vec<u8> {
    let mut words = vec![1];
    for component in components {
        for atom in 0..atoms {
            words.extend(component.fields.iter().map(|&field| value(field, atom) as u32));
        }
    }
    bytes_of(&words)
}

/// Bytes of the region.
pub fn size(components: &[Component], atoms: u32) -> u32 {
    4 + 4 * atoms * components.iter().map(|c| c.fields.len() as u32).sum::<u32>()
}

/// Byte offsets of a field in the region, one per neuron; none if no component has it.
pub fn offsets(components: &[Component], atoms: u32, field: Field) -> Option<Vec<u32>> {
    let mut start = 4;
    for component in components {
        let words = component.fields.len() as u32;
        if let Some(place) = component.fields.iter().position(|f| *f == field) {
            return Some(
                (0..atoms)
                    .map(|atom| start + 4 * (atom * words + place as u32))
                    .collect(),
            );
        }
        start += 4 * words * atoms;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::regions::words_of;
    use taproot_calibration::fixed::S1615;

    fn default_of(cell: CellType, field: Field) -> i32 {
        let value = match field {
            Field::Parameter("i_offset") => 0.1,
            Field::Parameter("tau_m") => 10.0,
            Field::Parameter(name) => cell.parameters().iter().find(|p| p.name == name).unwrap().default,
            Field::State(_) => -65.0,
            Field::Input(_) => 0.0,
            Field::Timestep => 1.0,
            Field::RefractoryTimer => return 0,
        };
        S1615.encode(value).raw as i32
    }

    #[test]
    fn a_current_based_neuron_is_that_of_spynnaker() {
        let cell = CellType::IfCurrExp;
        let parts = components(cell).unwrap();
        let words = words_of(&encode(parts, 20, |field, _| default_of(cell, field)));
        assert_eq!(words.len() * 4, 1204);
        assert_eq!(size(parts, 20), 1204);
        assert_eq!(
            words[..10],
            [
                1,
                0xffdf_8000,
                0xffdf_8000,
                0x8000,
                0x50000,
                0xccd,
                0xffdf_8000,
                0xccd,
                0,
                0x8000
            ]
        );
        // All thresholds follow all neurons, then all synapses.
        assert_eq!(words[1 + 9 * 20], 0xffe7_0000);
        assert_eq!(words[1 + 10 * 20..][..5], [0x28000, 0, 0x28000, 0, 0x8000]);
    }

    #[test]
    fn a_conductance_based_neuron_has_seventeen_words() {
        assert_eq!(size(components(CellType::IfCondExp).unwrap(), 20), 1364);
    }

    #[test]
    fn the_state_can_be_found_again() {
        let parts = components(CellType::IfCurrExp).unwrap();
        assert_eq!(offsets(parts, 2, Field::State("v")), Some(vec![4, 40]));
        assert_eq!(
            offsets(parts, 2, Field::Input("isyn_inh")),
            Some(vec![84 + 12, 84 + 32])
        );
        assert_eq!(offsets(parts, 2, Field::Parameter("e_rev_E")), None);
    }
}
