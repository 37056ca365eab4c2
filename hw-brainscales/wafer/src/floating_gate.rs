//! Floating gates: the analogue memory with the parameters of neurons, synapse drivers and repeaters.
//!
//! Sources: `halbe:hal/HICANN/FGBlock.{h,cpp}`, `halco:include/halco/hicann/v2/fg.h`.
//!
//! Four blocks of 24 rows and 129 columns. Column 0 holds parameters that the block's users share, columns 1 to 128 those
//! of its 128 neurons, mirrored in the blocks on the right. Cells of even rows store voltages, those of odd rows currents;
//! codes are 0 to 1023. A parameter's row differs between the blocks on the left and on the right.
//!
//! `halbe` lists `V_bstdf`, `V_dtc`, `V_br` and `V_ccas` as voltages although their rows are odd, and `V_bout`, `V_bexp` and
//! the `V_gmax` as currents by their rows. [`FgRow::kind`] tells what the cells of a row are.

use crate::{Half, Neuron, Side};
use serde::{Deserialize, Serialize};
use std::fmt;

index! {
    /// A block of floating gates: 0 top left, 1 top right, 2 bottom left, 3 bottom right.
    FgBlock(u8), 4, "fg", "floating-gate block"
}

index! {
    /// A row of a block.
    FgRow(u8), 24, "row ", "floating-gate row"
}

index! {
    /// A column of a block: 0 for shared parameters, 1 to 128 for neurons.
    FgColumn(u8), 129, "column ", "floating-gate column"
}

/// The largest code of a cell: 10 bits.
pub const LARGEST_CODE: u16 = 1023;
/// Volts of the largest code of a voltage cell, nominally.
pub const VOLTAGE_RANGE_VOLTS: f64 = 1.8;
/// Amperes of the largest code of a current cell, nominally.
pub const CURRENT_RANGE_AMPERES: f64 = 2.5e-6;
/// Cells of one block.
pub const CELLS_PER_BLOCK: usize = FgRow::COUNT * FgColumn::COUNT;

/// What a cell stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CellKind {
    /// 0 to 1.8 V.
    Voltage,
    /// 0 to 2.5 µA.
    Current,
}

impl FgBlock {
    /// The block of a quarter of the chip.
    pub const fn of(half: Half, side: Side) -> Self {
        Self((2 * half.index() + side.index()) as u8)
    }

    /// The half of the chip that it is in.
    pub const fn half(self) -> Half {
        if self.0 < 2 { Half::Top } else { Half::Bottom }
    }

    /// The side of the chip that it is on.
    pub const fn side(self) -> Side {
        if self.0.is_multiple_of(2) {
            Side::Left
        } else {
            Side::Right
        }
    }

    /// The column with the parameters of neuron `number`, 0 to 127 from left to right, of this block.
    ///
    /// # Panics
    ///
    /// If `number` is above 127.
    pub const fn column(self, number: usize) -> FgColumn {
        assert!(number < 128, "128 neurons per block");
        match self.side() {
            Side::Left => FgColumn((number + 1) as u8),
            Side::Right => FgColumn((128 - number) as u8),
        }
    }

    /// The neuron whose parameters are in a column; none for the shared column.
    pub const fn neuron(self, column: FgColumn) -> Option<Neuron> {
        let number = match (self.side(), column.0) {
            (_, 0) => return None,
            (Side::Left, column) => column as usize - 1,
            (Side::Right, column) => 128 - column as usize,
        };
        Some(Neuron::at(128 * self.0 as usize + number))
    }
}

impl FgRow {
    /// What the cells of this row store: voltages in even rows, currents in odd ones.
    pub const fn kind(self) -> CellKind {
        if self.0.is_multiple_of(2) {
            CellKind::Voltage
        } else {
            CellKind::Current
        }
    }
}

impl FgColumn {
    /// The column of shared parameters.
    pub const SHARED: FgColumn = FgColumn(0);
}

impl Neuron {
    /// The column of its block with its parameters.
    pub const fn fg_column(self) -> FgColumn {
        self.fg_block().column(self.in_fg_block())
    }
}

/// Parameters in a table: variant, name, rows left and right, default code, description.
macro_rules! parameters {
    (
        $(#[$doc:meta])* $name:ident: $row:ty,
        $($(#[$what:meta])* $variant:ident $text:literal $left:expr, $right:expr, $default:literal;)*
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$what])* #[serde(rename = $text)] $variant,)*
        }

        impl $name {
            /// All of them, in the order of the public tools.
            pub const ALL: &[$name] = &[$($name::$variant),*];

            /// Its name, as the public tools write it.
            pub const fn name(self) -> &'static str {
                match self { $($name::$variant => $text),* }
            }

            /// Its row in the blocks on a side.
            pub const fn row(self, side: Side) -> $row {
                match (self, side) {
                    $(($name::$variant, Side::Left) => $left, ($name::$variant, Side::Right) => $right,)*
                }
            }

            /// The code that the public tools program unless told otherwise.
            pub const fn default_code(self) -> u16 {
                match self { $($name::$variant => $default),* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

const fn r(row: u8) -> FgRow {
    FgRow(row)
}

const fn s(row: u8) -> Option<FgRow> {
    Some(FgRow(row))
}

parameters! {
    /// A parameter that every neuron has for itself.
    NeuronParameter: FgRow,
    /// Reversal potential of the leak.
    El "E_l" r(6), r(16), 300;
    /// Reversal potential of inhibitory synapses.
    ESyni "E_syni" r(18), r(2), 100;
    /// Reversal potential of excitatory synapses.
    ESynx "E_synx" r(16), r(0), 570;
    /// Bias of the exponential circuit's amplifier.
    IBexp "I_bexp" r(1), r(15), 1023;
    /// Largest inhibitory conductance.
    IConvi "I_convi" r(3), r(1), 1023;
    /// Largest excitatory conductance.
    IConvx "I_convx" r(17), r(3), 1023;
    /// Adaptation current of one spike (`b`).
    IFire "I_fire" r(7), r(19), 511;
    /// Leak conductance, and so the membrane's time constant.
    IGl "I_gl" r(11), r(21), 200;
    /// Adaptation conductance (`a`).
    IGladapt "I_gladapt" r(9), r(11), 100;
    /// Bias of the integrator of the inhibitory input.
    IIntbbi "I_intbbi" r(21), r(7), 511;
    /// Bias of the integrator of the excitatory input.
    IIntbbx "I_intbbx" r(19), r(5), 511;
    /// Refractory time.
    IPl "I_pl" r(13), r(9), 511;
    /// Adaptation time constant.
    IRadapt "I_radapt" r(15), r(23), 511;
    /// Slope of the exponential (`Δ_T`).
    IRexp "I_rexp" r(23), r(13), 511;
    /// Bias of the spike comparator.
    ISpikeamp "I_spikeamp" r(5), r(17), 1023;
    /// Reference potential of the exponential.
    VExp "V_exp" r(20), r(4), 400;
    /// Rest of the inhibitory synaptic line.
    VSyni "V_syni" r(8), r(10), 511;
    /// Inhibitory synaptic time constant.
    VSyntci "V_syntci" r(10), r(8), 800;
    /// Excitatory synaptic time constant.
    VSyntcx "V_syntcx" r(14), r(12), 800;
    /// Rest of the excitatory synaptic line.
    VSynx "V_synx" r(22), r(6), 511;
    /// Threshold.
    VT "V_t" r(12), r(14), 500;
    /// Correction of the inhibitory input's bias; on chips of version 4 only, older chips use the row for something else.
    VConvoffi "V_convoffi" r(4), r(18), 1023;
    /// Correction of the excitatory input's bias; on chips of version 4 only, older chips use the row for something else.
    VConvoffx "V_convoffx" r(2), r(20), 1023;
}

parameters! {
    /// A parameter that the users of a block share. Two exist on the left only, two on the right only.
    SharedParameter: Option<FgRow>,
    /// Potential to which a spike resets membranes; see [`Neuron::shared_fg_block`].
    VReset "V_reset" s(0), s(0), 300;
    /// Bias of the amplifiers of the floating gates themselves.
    IntOpBias "int_op_bias" s(1), s(1), 1023;
    /// Control voltage of the receivers' delay-locked loops during reset; depends on the clock frequency.
    VDllres "V_dllres" s(2), s(2), 200;
    /// Bias of the neurons' readout.
    VBout "V_bout" s(3), None, 1023;
    /// Bias of the exponential circuit's lower driver.
    VBexp "V_bexp" None, s(3), 1023;
    /// Short-term facilitation voltage.
    VFac "V_fac" s(4), s(4), 0;
    /// Current that pulls membranes to the reset potential.
    IBreset "I_breset" s(5), s(5), 1023;
    /// Short-term depression voltage.
    VDep "V_dep" s(6), s(6), 0;
    /// Bias of the current stimulus.
    IBstim "I_bstim" s(7), s(7), 1023;
    /// Upper threshold of the correlation readout.
    VThigh "V_thigh" s(8), s(8), 0;
    /// Synaptic conductance, selector 3.
    VGmax3 "V_gmax3" s(9), s(9), 1000;
    /// Lower threshold of the correlation readout.
    VTlow "V_tlow" s(10), s(10), 0;
    /// Synaptic conductance, selector 0.
    VGmax0 "V_gmax0" s(11), s(11), 1000;
    /// Clearing voltage of the acausal correlation.
    VClra "V_clra" s(12), None, 0;
    /// Clearing voltage of the causal correlation.
    VClrc "V_clrc" None, s(12), 0;
    /// Synaptic conductance, selector 1.
    VGmax1 "V_gmax1" s(13), s(13), 1000;
    /// Reset voltage of short-term plasticity.
    VStdf "V_stdf" s(14), s(14), 0;
    /// Synaptic conductance, selector 2.
    VGmax2 "V_gmax2" s(15), s(15), 1000;
    /// Start voltage of the causal correlation capacitor.
    VM "V_m" s(16), s(16), 0;
    /// Bias of short-term plasticity.
    VBstdf "V_bstdf" s(17), s(17), 0;
    /// Recovery of short-term plasticity.
    VDtc "V_dtc" s(19), s(19), 0;
    /// Bias of the correlation readout.
    VBr "V_br" s(21), s(21), 0;
    /// Bias of the receivers' input amplifiers.
    VCcas "V_ccas" s(23), s(23), 800;
}

impl NeuronParameter {
    /// The parameter in a row of the blocks on a side; none in the row that has none.
    pub fn in_row(side: Side, row: FgRow) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|parameter| parameter.row(side) == row)
    }
}

impl SharedParameter {
    /// The four synaptic conductances, by their selector in a synapse row.
    pub const GMAX: [SharedParameter; 4] = [
        SharedParameter::VGmax0,
        SharedParameter::VGmax1,
        SharedParameter::VGmax2,
        SharedParameter::VGmax3,
    ];

    /// The parameter in a row of the blocks on a side; none in rows without.
    pub fn in_row(side: Side, row: FgRow) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|parameter| parameter.row(side) == Some(row))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_two_parameters_of_a_side_share_a_row() {
        for side in Side::ALL {
            let rows: BTreeSet<FgRow> = NeuronParameter::ALL.iter().map(|p| p.row(side)).collect();
            assert_eq!(rows.len(), 23);
            let rows: BTreeSet<FgRow> = SharedParameter::ALL.iter().filter_map(|p| p.row(side)).collect();
            assert_eq!(rows.len(), 21);
        }
    }

    #[test]
    fn voltages_are_in_even_rows_and_currents_in_odd_ones() {
        for parameter in NeuronParameter::ALL {
            let kind = match parameter.name().as_bytes()[0] {
                b'I' => CellKind::Current,
                _ => CellKind::Voltage,
            };
            for side in Side::ALL {
                assert_eq!(parameter.row(side).kind(), kind, "{parameter}");
                assert_eq!(
                    NeuronParameter::in_row(side, parameter.row(side)),
                    Some(*parameter)
                );
            }
        }
    }

    #[test]
    fn columns_on_the_right_are_mirrored() {
        let column = |n| Neuron::at(n).fg_column().index();
        assert_eq!([0, 127, 128, 255, 256, 511].map(column), [1, 128, 128, 1, 1, 1]);
        for neuron in Neuron::all() {
            assert_eq!(neuron.fg_block().neuron(neuron.fg_column()), Some(neuron));
        }
        assert_eq!(FgBlock::at(1).neuron(FgColumn::SHARED), None);
    }
}
