//! A cell's parameters as codes of the floating gates of its circuits, and back: what the chip will do with them.
//!
//! Every circuit of a neuron gets codes of its own, from its own calibration. Nothing depends on how many circuits are
//! joined: their capacitances add, and so do their conductances and currents; only weights do not ([`super::Scaling::weight`]).
//! Source: `calibtic: src/HMF/NeuronCalibration.cpp`, `_applyNeuronCalibration` and `applyNeuronReverse`.

use super::{Capacitor, Code, Mirror, NeuronParameter as P, NotInvertible, Scaling, Slot, Transform, ideal};
use crate::{Quantity, Quantized, Tally};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The parameters of PyNN's `EIF_cond_exp_isfa_ista` and `IF_cond_exp` that the circuit has, in PyNN's units.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// Capacitance, nF.
    pub cm: f64,
    /// Membrane time constant, ms.
    pub tau_m: f64,
    /// Refractory period, ms.
    pub tau_refrac: f64,
    /// Excitatory synaptic time constant, ms.
    pub tau_syn_e: f64,
    /// Inhibitory synaptic time constant, ms.
    pub tau_syn_i: f64,
    /// Resting potential, mV.
    pub v_rest: f64,
    /// Potential at which a spike is detected, mV: `v_spike`, or `v_thresh` of a cell without exponential.
    pub v_spike: f64,
    /// Excitatory reversal potential, mV.
    pub e_rev_e: f64,
    /// Inhibitory reversal potential, mV.
    pub e_rev_i: f64,
    /// The exponential term, or none.
    pub exponential: Option<Exponential>,
    /// Adaptation, or none.
    pub adaptation: Option<Adaptation>,
}

/// The exponential term of the adaptive exponential model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exponential {
    /// Threshold of the exponential, mV.
    pub v_thresh: f64,
    /// Slope, mV.
    pub delta_t: f64,
}

/// The adaptation of the adaptive exponential model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Adaptation {
    /// Conductance, nS; 0 switches it off.
    pub a: f64,
    /// Increment at a spike, nA; 0 switches it off.
    pub b: f64,
    /// Time constant, ms.
    pub tau_w: f64,
}

/// Switches that a row of circuits shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Switches {
    /// The membrane capacitor.
    pub capacitor: Capacitor,
    /// The mirror of the leak.
    pub leak: Mirror,
    /// The mirror of the adaptation conductance.
    pub adaptation_conductance: Mirror,
    /// The mirror of the adaptation's decay.
    pub adaptation_time: Mirror,
}

/// The transforms of one circuit. A slot that is empty uses the ideal transform.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NeuronCalibration {
    slots: Vec<Option<Transform>>,
}

/// The codes of one circuit, and what they mean.
#[derive(Clone, Debug, PartialEq)]
pub struct NeuronCodes {
    codes: [Code; P::ALL.len()],
    /// For each parameter of the cell, in PyNN's names and units: what was asked for and what the chip will do.
    pub realised: Vec<Realised>,
}

/// One parameter of a cell on one circuit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Realised {
    /// PyNN's name.
    pub name: &'static str,
    /// PyNN's unit.
    pub unit: &'static str,
    /// What was asked for.
    pub asked: f64,
    /// What the chip will do.
    pub stored: f64,
    /// Whether it was cut to the nearest end of the valid range.
    pub clipped: bool,
    /// The difference that the next code makes.
    pub step: f64,
}

/// A cell that cannot be translated.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
pub enum TranslateError {
    /// A calibration without an inverse.
    #[error(
        "the calibration of {slot} cannot be inverted ({reason}); calibrate the circuit again or leave it out"
    )]
    Calibration {
        /// Which transform.
        slot: Slot,
        /// Why.
        #[source]
        reason: NotInvertible,
    },
    /// A setting under which nobody has measured anything.
    #[error("nothing is known about {0}; use the slow or the fast mirror")]
    Unknown(Slot),
    /// A parameter that is no number, or a capacitance or time that is negative.
    #[error("`{name}` is {value}; it must be a finite number{}", if *positive { " above 0" } else { "" })]
    Value {
        /// PyNN's name.
        name: &'static str,
        /// What it is.
        value: f64,
        /// Whether it must also be above 0.
        positive: bool,
    },
}

impl NeuronCalibration {
    /// All circuits alike and as designed.
    pub fn ideal() -> Self {
        Self {
            slots: Slot::all().map(ideal::transform).collect(),
        }
    }

    /// Nothing measured.
    pub fn empty() -> Self {
        Self {
            slots: vec![None; Slot::COUNT],
        }
    }

    /// The measured transform of a slot.
    pub fn get(&self, slot: Slot) -> Option<&Transform> {
        self.slots.get(slot.index()).and_then(Option::as_ref)
    }

    /// Sets or removes the transform of a slot.
    pub fn set(&mut self, slot: Slot, transform: Option<Transform>) {
        self.slots.resize(Slot::COUNT, None);
        self.slots[slot.index()] = transform;
    }

    /// The codes of a cell.
    ///
    /// # Errors
    /// If a parameter is no number, or a transform that is needed cannot be inverted.
    pub fn translate(
        &self,
        cell: &Cell,
        switches: Switches,
        scaling: &Scaling,
    ) -> Result<NeuronCodes, TranslateError> {
        cell.check()?;
        let mut out = Translation {
            calibration: self,
            result: NeuronCodes {
                codes: [Code::ZERO; P::ALL.len()],
                realised: Vec::new(),
            },
        };
        for bias in P::ALL {
            if let Some(constant) = out.transform(Slot::Of(*bias))
                && matches!(constant.function, super::Function::Constant(_))
            {
                out.result.codes[*bias as usize] = Code::nearest(constant.apply(0.0).value).0;
            }
        }
        let volts = |mv: f64| scaling.volts(mv);
        let millivolts = |v: f64| scaling.millivolts(v);
        let seconds = |ms: f64| scaling.seconds(ms);
        let milliseconds = |s: f64| scaling.milliseconds(s);
        let plain = |parameter| Slot::Of(parameter);
        let leak = Slot::Leak(switches.leak, switches.capacitor);
        out.add("tau_m", "ms", P::IGl, leak, cell.tau_m, seconds, milliseconds)?;
        for (name, parameter, value) in [
            ("tau_refrac", P::IPl, cell.tau_refrac),
            ("tau_syn_E", P::VSyntcx, cell.tau_syn_e),
            ("tau_syn_I", P::VSyntci, cell.tau_syn_i),
        ] {
            out.add(
                name,
                "ms",
                parameter,
                plain(parameter),
                value,
                seconds,
                milliseconds,
            )?;
        }
        let threshold = if cell.exponential.is_some() {
            "v_spike"
        } else {
            "v_thresh"
        };
        for (name, parameter, value) in [
            ("v_rest", P::EL, cell.v_rest),
            (threshold, P::VT, cell.v_spike),
            ("e_rev_E", P::ESynx, cell.e_rev_e),
            ("e_rev_I", P::ESyni, cell.e_rev_i),
        ] {
            out.add(name, "mV", parameter, plain(parameter), value, volts, millivolts)?;
        }
        // Off: V_exp = I_rexp = I_bexp = 1023 (Stöckel's report, cited by calibtic).
        for parameter in [P::VExp, P::IRexp, P::IBexp] {
            out.result.codes[parameter as usize] = Code::LARGEST;
        }
        if let Some(term) = cell.exponential {
            out.add(
                "v_thresh",
                "mV",
                P::VExp,
                plain(P::VExp),
                term.v_thresh,
                volts,
                millivolts,
            )?;
            out.add(
                "delta_T",
                "mV",
                P::IRexp,
                plain(P::IRexp),
                term.delta_t,
                |mv| scaling.volts_between(mv),
                |v| scaling.millivolts_between(v),
            )?;
        }
        // Off: I_gladapt = I_fire = 0, I_radapt = 1023.
        out.result.codes[P::IGladapt as usize] = Code::ZERO;
        out.result.codes[P::IFire as usize] = Code::ZERO;
        out.result.codes[P::IRadapt as usize] = Code::LARGEST;
        if let Some(adaptation) = cell.adaptation {
            let farads = switches.capacitor.farads();
            if adaptation.a != 0.0 {
                out.add(
                    "a",
                    "nS",
                    P::IGladapt,
                    Slot::AdaptationConductance(switches.adaptation_conductance, switches.capacitor),
                    adaptation.a,
                    |ns| scaling.siemens(ns, cell.cm, farads),
                    |s| scaling.nanosiemens(s, cell.cm, farads),
                )?;
            }
            if adaptation.b != 0.0 {
                out.add(
                    "b",
                    "nA",
                    P::IFire,
                    plain(P::IFire),
                    adaptation.b,
                    |na| scaling.amperes(na, cell.cm, farads),
                    |a| scaling.nanoamperes(a, cell.cm, farads),
                )?;
            }
            let slot = Slot::AdaptationTime(switches.adaptation_time, switches.capacitor);
            out.add(
                "tau_w",
                "ms",
                P::IRadapt,
                slot,
                adaptation.tau_w,
                seconds,
                milliseconds,
            )?;
        }
        Ok(out.result)
    }
}

struct Translation<'a> {
    calibration: &'a NeuronCalibration,
    result: NeuronCodes,
}

impl Translation<'_> {
    fn transform(&self, slot: Slot) -> Option<Transform> {
        let measured = self.calibration.get(slot).cloned();
        measured.or_else(|| ideal::transform(slot))
    }

    #[expect(clippy::too_many_arguments, reason = "one line of a table")]
    fn add(
        &mut self,
        name: &'static str,
        unit: &'static str,
        parameter: P,
        slot: Slot,
        asked: f64,
        to_chip: impl Fn(f64) -> f64,
        from_chip: impl Fn(f64) -> f64,
    ) -> Result<(), TranslateError> {
        let transform = self.transform(slot).ok_or(TranslateError::Unknown(slot))?;
        let wanted = transform.apply(to_chip(asked));
        let (code, cut) = Code::nearest(wanted.value);
        let back = |code: u16| {
            let inverse = transform.invert(f64::from(code));
            inverse
                .map(|applied| from_chip(applied.value))
                .map_err(|reason| TranslateError::Calibration { slot, reason })
        };
        let stored = back(code.get())?;
        let neighbour = if code < Code::LARGEST {
            code.get() + 1
        } else {
            code.get() - 1
        };
        self.result.codes[parameter as usize] = code;
        self.result.realised.push(Realised {
            name,
            unit,
            asked,
            stored,
            clipped: wanted.clipped || cut,
            step: (back(neighbour)? - stored).abs(),
        });
        Ok(())
    }
}

impl NeuronCodes {
    /// The code of a parameter.
    pub fn get(&self, parameter: P) -> Code {
        self.codes[parameter as usize]
    }
}

impl Cell {
    /// PyNN's `IF_cond_exp`, but for `v_reset` (shared by a block) and `i_offset` (which the circuit does not have).
    #[expect(clippy::too_many_arguments, reason = "the parameters of PyNN's model")]
    pub const fn if_cond_exp(
        cm: f64,
        tau_m: f64,
        tau_refrac: f64,
        (tau_syn_e, tau_syn_i): (f64, f64),
        v_rest: f64,
        v_thresh: f64,
        e_rev_e: f64,
        e_rev_i: f64,
    ) -> Self {
        Self {
            cm,
            tau_m,
            tau_refrac,
            tau_syn_e,
            tau_syn_i,
            v_rest,
            v_spike: v_thresh,
            e_rev_e,
            e_rev_i,
            exponential: None,
            adaptation: None,
        }
    }

    /// The same cell with the features of PyNN's `EIF_cond_exp_isfa_ista`. Without slope (`delta_t` 0) there is no
    /// exponential, and the model spikes at `v_thresh` if that is lower.
    pub fn with_exponential(mut self, exponential: Exponential, v_spike: f64) -> Self {
        if exponential.delta_t == 0.0 {
            self.v_spike = v_spike.min(exponential.v_thresh);
            self.exponential = None;
        } else {
            self.v_spike = v_spike;
            self.exponential = Some(exponential);
        }
        self
    }

    fn check(&self) -> Result<(), TranslateError> {
        let positive = [
            ("cm", self.cm),
            ("tau_m", self.tau_m),
            ("tau_syn_E", self.tau_syn_e),
            ("tau_syn_I", self.tau_syn_i),
        ];
        let finite = [
            ("tau_refrac", Some(self.tau_refrac)),
            ("v_rest", Some(self.v_rest)),
            ("v_spike", Some(self.v_spike)),
            ("e_rev_E", Some(self.e_rev_e)),
            ("e_rev_I", Some(self.e_rev_i)),
            ("v_thresh", self.exponential.map(|e| e.v_thresh)),
            ("delta_T", self.exponential.map(|e| e.delta_t)),
            ("a", self.adaptation.map(|a| a.a)),
            ("b", self.adaptation.map(|a| a.b)),
            ("tau_w", self.adaptation.map(|a| a.tau_w)),
        ];
        let refused = |name, value, positive| {
            Err(TranslateError::Value {
                name,
                value,
                positive,
            })
        };
        for (name, value) in positive {
            if !(value.is_finite() && value > 0.0) {
                return refused(name, value, true);
            }
        }
        for (name, value) in finite {
            if let Some(value) = value.filter(|v| !v.is_finite()) {
                return refused(name, value, false);
            }
        }
        Ok(())
    }
}

/// Sums what the circuits of a population made of its parameters: entries for the quantization report.
#[derive(Clone, Debug, Default)]
pub struct PopulationTally {
    entries: Vec<(Realised, Tally)>,
}

impl PopulationTally {
    /// Adds one circuit.
    pub fn add(&mut self, codes: &NeuronCodes) {
        for realised in &codes.realised {
            let at = self.entries.iter().position(|(r, _)| r.name == realised.name);
            let at = at.unwrap_or_else(|| {
                self.entries.push((*realised, Tally::default()));
                self.entries.len() - 1
            });
            let (first, tally) = &mut self.entries[at];
            first.step = first.step.min(realised.step);
            tally.add(realised.asked, realised.stored, realised.clipped);
            // 0 mV is a potential like any other.
            if realised.unit == "mV" {
                tally.losses.underflowed = 0;
            }
        }
    }

    /// An entry per parameter.
    pub fn entries(&self, population: &str) -> Vec<Quantized> {
        let entry = |(realised, tally): &(Realised, Tally)| Quantized {
            quantity: Quantity::Parameter {
                population: population.to_owned(),
                name: realised.name.to_owned(),
            },
            unit: realised.unit.to_owned(),
            resolution: realised.step,
            tally: *tally,
        };
        self.entries.iter().map(entry).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell() -> Cell {
        Cell::if_cond_exp(0.25, 10.0, 2.0, (5.0, 5.0), -65.0, -50.0, 0.0, -70.0)
    }

    fn translate(cell: &Cell) -> NeuronCodes {
        NeuronCalibration::ideal()
            .translate(cell, Switches::default(), &Scaling::default())
            .unwrap()
    }

    #[test]
    fn codes_are_those_of_the_formulas() {
        let codes = translate(&cell());
        // 10 ms at 10⁴ is 1 µs; -65, -50, 0, -70 mV are 0.55, 0.7, 1.2, 0.5 V; by hand from the table of ideal transforms.
        assert_eq!(codes.get(P::IGl).get(), 189);
        assert_eq!(codes.get(P::EL).get(), 313);
        assert_eq!(codes.get(P::VT).get(), 398);
        assert_eq!(codes.get(P::ESynx).get(), 721);
        assert_eq!(codes.get(P::ESyni).get(), 284);
        assert_eq!(codes.get(P::IConvx).get(), 1023);
        assert_eq!(codes.get(P::VSynx).get(), 511);
    }

    #[test]
    fn a_simple_cell_switches_features_off() {
        let codes = translate(&cell());
        for parameter in [P::VExp, P::IRexp, P::IBexp, P::IRadapt] {
            assert_eq!(codes.get(parameter), Code::LARGEST, "{}", parameter.name());
        }
        for parameter in [P::IGladapt, P::IFire] {
            assert_eq!(codes.get(parameter), Code::ZERO, "{}", parameter.name());
        }
        let flat = Exponential {
            v_thresh: -50.0,
            delta_t: 0.0,
        };
        assert_eq!(translate(&cell().with_exponential(flat, -40.0)), codes);
    }

    #[test]
    fn what_the_chip_does_is_within_half_a_step() {
        let mut adex = cell().with_exponential(
            Exponential {
                v_thresh: -50.0,
                delta_t: 0.8,
            },
            -40.0,
        );
        adex.adaptation = Some(Adaptation {
            a: 4.0,
            b: 0.05,
            tau_w: 144.0,
        });
        let codes = translate(&adex);
        assert_eq!(codes.realised.len(), 13);
        for r in &codes.realised {
            assert!(!r.clipped, "{r:?}");
            // Steps differ from code to code by a tenth at most here.
            assert!((r.asked - r.stored).abs() <= 0.55 * r.step, "{r:?}");
        }
    }

    #[test]
    fn what_the_circuit_cannot_do_is_cut_and_counted_in_pynns_units() {
        let mut slow = cell();
        slow.tau_m = 1000.0;
        let mut tally = PopulationTally::default();
        tally.add(&translate(&slow));
        tally.add(&translate(&cell()));
        let entries = tally.entries("cells");
        let tau = &entries[0];
        assert_eq!(tau.quantity.to_string(), "`tau_m` of population `cells`");
        assert_eq!((tau.tally.count, tau.tally.losses.saturated), (2, 1));
        // The longest time constant of the normal mirror is 48.2 µs, 482 ms at 10⁴; a code is half a step off.
        assert!(
            (tau.tally.stored.1 - 482.0).abs() < 15.0,
            "{:?}",
            tau.tally.stored
        );
        assert_eq!(entries[4].tally.losses.saturated, 0);
    }

    #[test]
    fn a_measured_circuit_gets_its_own_codes() {
        let mut calibration = NeuronCalibration::ideal();
        let slot = Slot::Of(P::EL);
        let shifted = calibration.get(slot).unwrap().shifted(0.018).unwrap();
        calibration.set(slot, Some(shifted));
        let codes = calibration
            .translate(&cell(), Switches::default(), &Scaling::default())
            .unwrap();
        // 18 mV are 10.2 codes; the circuit lies that much too high, so its code is lower.
        assert_eq!(codes.get(P::EL).get(), 302);
    }

    #[test]
    fn what_is_no_number_is_refused() {
        let mut bad = cell();
        bad.tau_m = f64::NAN;
        let refused = NeuronCalibration::ideal().translate(&bad, Switches::default(), &Scaling::default());
        assert_eq!(
            refused.unwrap_err().to_string(),
            "`tau_m` is NaN; it must be a finite number above 0"
        );
    }
}
