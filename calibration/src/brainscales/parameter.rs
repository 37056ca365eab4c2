//! The analogue parameters: what each floating gate of a neuron circuit or of a block sets, and which transform leads to it.

use serde::{Deserialize, Serialize};

macro_rules! parameters {
    ($(#[$doc:meta])* $type:ident { $($variant:ident = $name:literal, $code:literal, $what:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $type { $(#[doc = $what] $variant,)* }

        impl $type {
            /// All of them, in the order of calibtic's files.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The hardware's name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// The code that the field's own software writes when nobody asks for another.
            pub const fn stock(self) -> Code {
                match self { $(Self::$variant => Code($code)),* }
            }
        }
    };
}

/// A code of a floating gate: 0 to 1023. Voltages reach 1.8 V, currents 2.5 µA.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct Code(u16);

/// A number that is no code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not a code of a floating gate; these go from 0 to 1023")]
pub struct NotACode(pub u16);

impl Code {
    /// 0.
    pub const ZERO: Self = Self(0);
    /// 1023.
    pub const LARGEST: Self = Self(1023);

    /// The code nearest to `value`, and whether it had to be cut to 0 or 1023 (what is no number becomes 0).
    pub fn nearest(value: f64) -> (Self, bool) {
        let rounded = value.round();
        let within = rounded.clamp(0.0, 1023.0);
        // A cast from a float takes NaN to zero.
        (Self(within as u16), within != rounded)
    }

    /// As a number.
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl TryFrom<u16> for Code {
    type Error = NotACode;

    fn try_from(value: u16) -> Result<Self, NotACode> {
        if value <= 1023 {
            Ok(Self(value))
        } else {
            Err(NotACode(value))
        }
    }
}

impl From<Code> for u16 {
    fn from(code: Code) -> u16 {
        code.0
    }
}

parameters! {
    /// What the floating gates of one neuron circuit set. Sources: `halbe: hal/HICANN/FGBlock.h` (names and order); the
    /// default codes are those of the reference page, section 8.1 (`sthal: sthal/FloatingGates.cpp`).
    NeuronParameter {
        EL = "E_l", 300, "Resting potential.";
        ESyni = "E_syni", 100, "Reversal potential of the inhibitory input.";
        ESynx = "E_synx", 570, "Reversal potential of the excitatory input.";
        IBexp = "I_bexp", 1023, "Bias of the exponential circuit.";
        IConvi = "I_convi", 1023, "Largest inhibitory conductance.";
        IConvx = "I_convx", 1023, "Largest excitatory conductance.";
        IFire = "I_fire", 511, "Adaptation added by a spike.";
        IGl = "I_gl", 200, "Leak conductance: the membrane's time constant.";
        IGladapt = "I_gladapt", 100, "Adaptation conductance.";
        IIntbbi = "I_intbbi", 511, "Bias of the inhibitory integrator.";
        IIntbbx = "I_intbbx", 511, "Bias of the excitatory integrator.";
        IPl = "I_pl", 511, "Refractory period.";
        IRadapt = "I_radapt", 511, "Adaptation time constant.";
        IRexp = "I_rexp", 511, "Slope of the exponential.";
        ISpikeamp = "I_spikeamp", 1023, "Bias of the spike comparator.";
        VExp = "V_exp", 400, "Threshold of the exponential.";
        VSyni = "V_syni", 511, "Resting voltage of the inhibitory line.";
        VSyntci = "V_syntci", 800, "Inhibitory synaptic time constant.";
        VSyntcx = "V_syntcx", 800, "Excitatory synaptic time constant.";
        VSynx = "V_synx", 511, "Resting voltage of the excitatory line.";
        VT = "V_t", 500, "Voltage at which a spike is detected.";
        VConvoffi = "V_convoffi", 1023, "Offset correction of the inhibitory input (chips of version 4).";
        VConvoffx = "V_convoffx", 1023, "Offset correction of the excitatory input (chips of version 4).";
    }
}

parameters! {
    /// What the shared floating gates of one block set, for its 128 neuron circuits and its quadrant's synapse drivers.
    /// Sources: `halbe: hal/HICANN/FGBlock.h`; the default codes are those of the reference page, section 8.2.
    SharedParameter {
        VReset = "V_reset", 300, "Voltage after a spike.";
        IntOpBias = "int_op_bias", 1023, "Bias of the floating-gate array.";
        VDllres = "V_dllres", 200, "Voltage of receivers in reset.";
        VBout = "V_bout", 1023, "Bias of the neuron read-out (left blocks).";
        VBexp = "V_bexp", 1023, "Bias of the exponential's driver (right blocks).";
        VFac = "V_fac", 0, "Facilitation level.";
        IBreset = "I_breset", 1023, "Current that pulls the membrane to V_reset.";
        VDep = "V_dep", 0, "Depression level.";
        IBstim = "I_bstim", 1023, "Bias of the current stimulus.";
        VThigh = "V_thigh", 0, "Upper threshold of the correlation read-out.";
        VGmax3 = "V_gmax3", 1000, "Fourth synaptic conductance scale.";
        VTlow = "V_tlow", 0, "Lower threshold of the correlation read-out.";
        VGmax0 = "V_gmax0", 1000, "First synaptic conductance scale.";
        VClra = "V_clra", 0, "Clear voltage, acausal (left blocks).";
        VClrc = "V_clrc", 0, "Clear voltage, causal (right blocks).";
        VGmax1 = "V_gmax1", 1000, "Second synaptic conductance scale.";
        VStdf = "V_stdf", 0, "Strength of short-term plasticity.";
        VGmax2 = "V_gmax2", 1000, "Third synaptic conductance scale.";
        VM = "V_m", 0, "Start voltage of the correlation capacitors.";
        VBstdf = "V_bstdf", 0, "Bias of short-term plasticity.";
        VDtc = "V_dtc", 0, "Recovery time constant of short-term plasticity.";
        VBr = "V_br", 0, "Bias of the correlation read-out.";
        VCcas = "V_ccas", 800, "Bias of the bus receivers.";
    }
}

/// The current mirror through which a leak or adaptation current passes. It is set for a row of a chip at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub enum Mirror {
    /// Divides by 3.
    #[default]
    Normal,
    /// Divides by 1.
    Fast,
    /// Divides by 27.
    Slow,
    /// Both switches on. Not used by anybody; files have room for its calibration.
    FastAndSlow,
}

/// The membrane capacitor. It is set for a row of a chip at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub enum Capacitor {
    /// 0.1642 pF by design.
    Small,
    /// 2.16456 pF by design. Time constants measured with both capacitors differ by a factor of 5 only, not of 13.
    #[default]
    Big,
}

impl Capacitor {
    /// Capacitance of one circuit by design, farad. Source: `calibtic: src/HMF/NeuronCalibration.cpp`, `big_cap` and `small_cap`.
    pub const fn farads(self) -> f64 {
        match self {
            Self::Small => 0.1642e-12,
            Self::Big => 2.16456e-12,
        }
    }
}

/// One transform of a neuron's calibration: of a parameter, or of a parameter under one setting of mirror and capacitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Slot {
    /// A parameter that has a single transform.
    Of(NeuronParameter),
    /// I_gl.
    Leak(Mirror, Capacitor),
    /// I_gladapt.
    AdaptationConductance(Mirror, Capacitor),
    /// I_radapt.
    AdaptationTime(Mirror, Capacitor),
    /// What the analogue read-out adds to a voltage, volt.
    ReadoutShift,
    /// Time constants with the big capacitor over those with the small one.
    CapacitorRatio,
}

impl Slot {
    /// Transforms of one neuron in a file of calibtic.
    pub const COUNT: usize = 46;

    /// The slot of a parameter under a setting.
    pub fn of(parameter: NeuronParameter, mirror: Mirror, capacitor: Capacitor) -> Self {
        match parameter {
            NeuronParameter::IGl => Self::Leak(mirror, capacitor),
            NeuronParameter::IGladapt => Self::AdaptationConductance(mirror, capacitor),
            NeuronParameter::IRadapt => Self::AdaptationTime(mirror, capacitor),
            other => Self::Of(other),
        }
    }

    /// All slots, in the order of calibtic's files. Source: `calibtic: include/calibtic/HMF/NeuronCalibration.h`.
    pub fn all() -> impl Iterator<Item = Self> {
        type Setting = fn(Mirror, Capacitor) -> Slot;
        const MIRRORS: [Mirror; 4] = [Mirror::Normal, Mirror::Fast, Mirror::Slow, Mirror::FastAndSlow];
        let settings = |slot: fn(Mirror, Capacitor) -> Self| {
            [Capacitor::Small, Capacitor::Big]
                .into_iter()
                .flat_map(move |capacitor| MIRRORS.map(|mirror| slot(mirror, capacitor)))
        };
        NeuronParameter::ALL
            .iter()
            .flat_map(move |parameter| {
                let one = std::iter::once(Self::Of(*parameter));
                let (eight, one): (Option<Setting>, _) = match parameter {
                    NeuronParameter::IGl => (Some(Self::Leak), None),
                    NeuronParameter::IGladapt => (Some(Self::AdaptationConductance), None),
                    NeuronParameter::IRadapt => (Some(Self::AdaptationTime), None),
                    _ => (None, Some(one)),
                };
                eight
                    .into_iter()
                    .flat_map(settings)
                    .chain(one.into_iter().flatten())
            })
            .chain([Self::ReadoutShift, Self::CapacitorRatio])
    }

    /// Its place in calibtic's files.
    pub fn index(self) -> usize {
        let setting = |mirror: Mirror, capacitor: Capacitor| mirror as usize + 4 * capacitor as usize;
        match self {
            Self::Leak(m, c) => 7 + setting(m, c),
            Self::AdaptationConductance(m, c) => 15 + setting(m, c),
            Self::AdaptationTime(m, c) => 26 + setting(m, c),
            Self::ReadoutShift => 44,
            Self::CapacitorRatio => 45,
            // Seven parameters come before I_gl, three between I_gladapt and I_radapt.
            Self::Of(parameter) => match parameter as usize {
                n @ 0..=6 => n,
                n @ 7..=11 => n + 14,
                n => n + 21,
            },
        }
    }
}

impl std::fmt::Display for Slot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let setting = |mirror, capacitor| {
            let mirror = match mirror {
                Mirror::Normal => "normal",
                Mirror::Fast => "fast",
                Mirror::Slow => "slow",
                Mirror::FastAndSlow => "fast and slow",
            };
            let capacitor = match capacitor {
                Capacitor::Small => "small",
                Capacitor::Big => "big",
            };
            format!("({mirror} mirror, {capacitor} capacitor)")
        };
        match self {
            Self::Of(parameter) => f.write_str(parameter.name()),
            Self::Leak(m, c) => write!(f, "I_gl {}", setting(*m, *c)),
            Self::AdaptationConductance(m, c) => write!(f, "I_gladapt {}", setting(*m, *c)),
            Self::AdaptationTime(m, c) => write!(f, "I_radapt {}", setting(*m, *c)),
            Self::ReadoutShift => f.write_str("ReadoutShift"),
            Self::CapacitorRatio => f.write_str("BigcapToSmallcap"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slots_are_calibtics_46_in_order() {
        let all: Vec<Slot> = Slot::all().collect();
        assert_eq!(all.len(), Slot::COUNT);
        for (n, slot) in all.iter().enumerate() {
            assert_eq!(slot.index(), n, "{slot}");
        }
        // Places counted by hand in the enumeration of calibtic.
        assert_eq!(Slot::Of(NeuronParameter::IFire).index(), 6);
        assert_eq!(Slot::Leak(Mirror::Slow, Capacitor::Big).index(), 13);
        assert_eq!(Slot::Of(NeuronParameter::IPl).index(), 25);
        assert_eq!(Slot::AdaptationTime(Mirror::Normal, Capacitor::Small).index(), 26);
        assert_eq!(Slot::Of(NeuronParameter::IRexp).index(), 34);
        assert_eq!(Slot::Of(NeuronParameter::VConvoffx).index(), 43);
    }

    #[test]
    fn codes_round_and_are_cut() {
        assert_eq!(Code::nearest(511.5), (Code(512), false));
        assert_eq!(Code::nearest(1023.4), (Code(1023), false));
        assert_eq!(Code::nearest(1023.6), (Code(1023), true));
        assert_eq!(Code::nearest(-0.6), (Code(0), true));
        assert_eq!(Code::nearest(f64::NAN), (Code(0), true));
        assert!(Code::try_from(1024).is_err());
    }
}
