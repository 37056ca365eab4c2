//! From PyNN's units to volts, seconds, siemens and amperes on the chip, and back.
//!
//! Source: reference page, section 9; `calibtic: src/HMF/NeuronCalibration.cpp`, "implementation of scaling".

use serde::{Deserialize, Serialize};

/// How a model's numbers become the chip's.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scaling {
    /// Volts on the chip per volt of the model.
    pub gain: f64,
    /// The chip's voltage for 0 mV of the model, volt.
    pub shift: f64,
    /// Seconds of the model per second on the chip.
    pub speedup: f64,
}

impl Default for Scaling {
    /// The defaults of the original mapper.
    fn default() -> Self {
        Self {
            gain: 10.0,
            shift: 1.2,
            speedup: 1e4,
        }
    }
}

impl Scaling {
    /// The largest range of chip voltages that circuits follow well, volt; demonstrations use 0.4 or 0.45 to 1.3.
    pub const WINDOW: (f64, f64) = (0.4, 1.3);

    /// The scaling that brings the model's voltages from `low` to `high`, mV, onto a range of chip voltages, volt.
    /// `None` if either range is empty.
    pub fn fitting((low, high): (f64, f64), window: (f64, f64), speedup: f64) -> Option<Self> {
        let gain = (window.1 - window.0) / ((high - low) * 1e-3);
        (low < high && gain.is_finite() && gain > 0.0).then_some(Self {
            gain,
            shift: window.0 - low * 1e-3 * gain,
            speedup,
        })
    }

    /// A potential: mV to volt.
    pub fn volts(&self, millivolts: f64) -> f64 {
        millivolts * 1e-3 * self.gain + self.shift
    }

    /// Volt to mV.
    pub fn millivolts(&self, volts: f64) -> f64 {
        (volts - self.shift) / (1e-3 * self.gain)
    }

    /// A difference of potentials, such as Δ_T: mV to volt.
    pub fn volts_between(&self, millivolts: f64) -> f64 {
        millivolts * 1e-3 * self.gain
    }

    /// Volt to mV.
    pub fn millivolts_between(&self, volts: f64) -> f64 {
        volts / (1e-3 * self.gain)
    }

    /// A time: ms to seconds on the chip.
    pub fn seconds(&self, milliseconds: f64) -> f64 {
        milliseconds * 1e-3 / self.speedup
    }

    /// Seconds on the chip to ms.
    pub fn milliseconds(&self, seconds: f64) -> f64 {
        seconds * self.speedup / 1e-3
    }

    /// A conductance of a neuron with capacitance `cm`, nF: nS to siemens on a circuit of capacitance `farads`.
    pub fn siemens(&self, nanosiemens: f64, cm: f64, farads: f64) -> f64 {
        nanosiemens * 1e-9 * self.speedup * (farads / (cm * 1e-9))
    }

    /// Siemens to nS.
    pub fn nanosiemens(&self, siemens: f64, cm: f64, farads: f64) -> f64 {
        siemens / (1e-9 * self.speedup * (farads / (cm * 1e-9)))
    }

    /// A current into a neuron with capacitance `cm`, nF: nA to ampere into a circuit of capacitance `farads`.
    pub fn amperes(&self, nanoamperes: f64, cm: f64, farads: f64) -> f64 {
        nanoamperes * 1e-9 * self.gain * self.speedup * (farads / (cm * 1e-9))
    }

    /// Ampere to nA.
    pub fn nanoamperes(&self, amperes: f64, cm: f64, farads: f64) -> f64 {
        amperes / (1e-9 * self.gain * self.speedup * (farads / (cm * 1e-9)))
    }

    /// What one µS of synaptic weight onto a neuron of capacitance `cm`, nF, is on the chip, nS, if the neuron is made of
    /// `circuits` circuits: capacitances add, so that synapses grow with them.
    pub fn weight(&self, cm: f64, circuits: u16, capacitor: super::Capacitor) -> f64 {
        self.speedup * f64::from(circuits) * capacitor.farads() / (cm * 1e-9) * 1e3
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::brainscales::Capacitor;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-12 * a.abs().max(b.abs())
    }

    #[test]
    fn the_defaults_put_a_resting_potential_at_half_a_volt() {
        let scaling = Scaling::default();
        assert!(close(scaling.volts(-65.0), 0.55));
        assert!(close(scaling.volts(0.0), 1.2));
        assert!(close(scaling.seconds(10.0), 1e-6));
        // 4 nS of 0.2 nF: as 4 nS · 10⁴ · 2.16456 pF / 200 pF on the chip.
        assert!(close(
            scaling.siemens(4.0, 0.2, Capacitor::Big.farads()),
            4e-9 * 1e4 * 2.16456 / 200.0
        ));
        // 1 µS of 0.2 nF onto four circuits: 4 · 2.16456 pF / 200 pF · 10⁴ µS.
        assert!(close(scaling.weight(0.2, 4, Capacitor::Big), 432_912.0));
    }

    #[test]
    fn a_fitted_scaling_meets_both_ends() {
        let scaling = Scaling::fitting((-80.0, -20.0), Scaling::WINDOW, 1e4).unwrap();
        assert!(close(scaling.volts(-80.0), 0.4));
        assert!(close(scaling.volts(-20.0), 1.3));
        assert!(close(scaling.gain, 15.0));
        assert_eq!(Scaling::fitting((1.0, 1.0), Scaling::WINDOW, 1e4), None);
    }

    #[test]
    fn every_scaling_has_its_way_back() {
        let scaling = Scaling {
            gain: 7.0,
            shift: 0.9,
            speedup: 2e4,
        };
        let farads = Capacitor::Small.farads();
        assert!(close(scaling.millivolts(scaling.volts(-61.5)), -61.5));
        assert!(close(scaling.millivolts_between(scaling.volts_between(2.0)), 2.0));
        assert!(close(scaling.milliseconds(scaling.seconds(15.0)), 15.0));
        assert!(close(
            scaling.nanosiemens(scaling.siemens(4.0, 0.3, farads), 0.3, farads),
            4.0
        ));
        assert!(close(
            scaling.nanoamperes(scaling.amperes(0.08, 0.3, farads), 0.3, farads),
            0.08
        ));
    }
}
