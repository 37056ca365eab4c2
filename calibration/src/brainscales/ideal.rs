//! The transforms of an ideal chip, for circuits that have not been measured.
//!
//! Source: reference page, section 9; `calibtic: src/HMF/NeuronCalibration.cpp` and `SharedCalibration.cpp`. Sources
//! disagree on some defaults, such as V_dllres (400 there, 200 in sthal): here are calibtic's.
//!
//! calibtic has the refractory period (1,013 entries) and the synaptic time constants (797) as tables, themselves made
//! from piecewise fits. Here they are straight lines between a few points of the rate 1/τ over the code, fitted to those
//! tables: within 0.5 % everywhere but at two places where the tables themselves jump (1.7 % at I_pl 163, 1.6 % at V_syntc 231).

use super::{Capacitor, Function, Mirror, NeuronParameter as P, SharedParameter as S, Slot, Transform};

/// Codes of I_pl and 1/τ_refrac there, 1/µs, fitted to `calibtic: include/calibtic/data/HMF/i_pl_lookup.dat`.
const REFRACTORY_RATE: [(u16, f64); 21] = [
    (10, 0.5773),
    (14, 0.8032),
    (18, 1.039),
    (24, 1.412),
    (33, 2.024),
    (38, 2.394),
    (43, 2.791),
    (49, 3.304),
    (56, 3.961),
    (63, 4.69),
    (70, 5.497),
    (81, 6.917),
    (117, 12.0),
    (154, 16.65),
    (170, 18.4),
    (199, 20.14),
    (238, 22.22),
    (449, 32.32),
    (557, 37.82),
    (698, 46.07),
    (1022, 67.81),
];

/// Codes of V_syntcx and V_syntci and 1/τ_syn there, 1/µs, fitted to `v_syntcx_lookup.dat` and `v_syntci_lookup.dat`
/// (which are equal).
const SYNAPTIC_RATE: [(u16, f64); 17] = [
    (226, 0.6619),
    (236, 0.7472),
    (252, 0.9365),
    (270, 1.177),
    (287, 1.431),
    (308, 1.774),
    (340, 2.351),
    (435, 4.196),
    (471, 4.83),
    (501, 5.313),
    (543, 5.878),
    (582, 6.316),
    (628, 6.72),
    (681, 7.058),
    (751, 7.33),
    (822, 7.51),
    (1022, 7.699),
];

/// The code of I_gl over 1/τ_m, for the normal mirror and the big capacitor: powers of 1/s.
const LEAK: [f64; 5] = [
    0.0,
    3.885_261_041_27e-5,
    4.597_791_474_64e-10,
    -5.597_351_726_33e-16,
    2.499_210_494_55e-22,
];

/// Time constants with the big capacitor over those with the small one, as measured.
const CAPACITOR_RATIO: f64 = 5.0;

/// The ideal transform of a slot; `None` for a mirror with both switches on under which nobody has measured the leak or the
/// adaptation conductance.
pub fn transform(slot: Slot) -> Option<Transform> {
    let polynomial =
        |c: &[f64], low: f64, high: f64| Some(Transform::new(Function::Polynomial(c.to_vec()), low, high));
    match slot {
        Slot::Of(P::EL | P::ESyni | P::VExp | P::VT) => Some(voltage()),
        Slot::Of(P::ESynx) => polynomial(&[-16.0, 614.0], 0.0, 1.8),
        Slot::Of(P::IFire) => polynomial(&[22.4037, 18.414e9, -0.057_288e18], 0.0324e-9, 69.26e-9),
        Slot::Of(P::IRexp) => polynomial(&[-38.5688, 27.1646e3, 3.7804e6], 1.21e-3, 13.5e-3),
        Slot::Of(P::IPl) => Some(time_constant(&REFRACTORY_RATE)),
        Slot::Of(P::VSyntci | P::VSyntcx) => Some(time_constant(&SYNAPTIC_RATE)),
        Slot::Of(bias) => Some(Transform::constant(f64::from(match bias {
            P::IIntbbi | P::IIntbbx | P::VSyni | P::VSynx => 511u16,
            _ => 1023,
        }))),
        Slot::Leak(mirror, capacitor) => leak(mirror, capacitor),
        Slot::AdaptationConductance(Mirror::FastAndSlow, _) => None,
        // One measurement serves all settings.
        Slot::AdaptationConductance(..) => {
            polynomial(&[-0.2701, 0.106_392e9, 2.017_36e13], 2.537e-9, 4958e-9)
        }
        Slot::AdaptationTime(..) => Some(Transform::new(
            Function::OneOver(vec![-1.222e-3, 7.820_14e2, 1.075_27e7]),
            2.93e-6,
            35.4e-6,
        )),
        Slot::ReadoutShift => polynomial(&[0.0], 0.0, f64::MAX),
        Slot::CapacitorRatio => Some(Transform::constant(CAPACITOR_RATIO)),
    }
}

/// The ideal transform of a shared parameter: volts for V_reset, 1/s for V_dtc, and a constant for the others.
pub fn shared_transform(parameter: S) -> Transform {
    match parameter {
        S::VReset => voltage(),
        // See `short_term`.
        S::VDtc => Transform::new(
            Function::Polynomial(vec![-1.076_388_89, 6.319_444_44e-4]),
            0.0,
            f64::MAX,
        ),
        S::IntOpBias | S::VBout | S::VBexp | S::IBreset | S::IBstim => Transform::constant(1023.0),
        S::VDllres => Transform::constant(400.0),
        S::VGmax0 | S::VGmax1 | S::VGmax2 | S::VGmax3 => Transform::constant(500.0),
        S::VCcas => Transform::constant(800.0),
        _ => Transform::constant(0.0),
    }
}

/// Volts to the code of a voltage cell.
pub fn voltage() -> Transform {
    Transform::new(Function::Polynomial(vec![0.0, 1023.0 / 1.8]), 0.0, 1.8)
}

fn leak(mirror: Mirror, capacitor: Capacitor) -> Option<Transform> {
    // A mirror that divides by more needs a larger code for the same current.
    let (factor, domain) = match (mirror, capacitor) {
        (Mirror::Normal, Capacitor::Big) => (1.0, (0.541e-6, 48.2e-6)),
        (Mirror::Slow, Capacitor::Big) => (9.0, (1.5e-6, 200e-6)),
        (Mirror::Fast, Capacitor::Big) => (1.0 / 3.0, (0.423e-6, 20.1e-6)),
        (Mirror::Normal, Capacitor::Small) => (1.0, (0.1083e-6, 9.63e-6)),
        (Mirror::Slow, Capacitor::Small) => (9.0, (0.3e-6, 72.2e-6)),
        (Mirror::Fast, Capacitor::Small) => (1.0 / 3.0, (0.1e-6, 4.02e-6)),
        (Mirror::FastAndSlow, _) => return None,
    };
    let ratio: f64 = match capacitor {
        Capacitor::Big => 1.0,
        Capacitor::Small => 1.0 / CAPACITOR_RATIO,
    };
    let powers = [
        1.0,
        ratio,
        ratio * ratio,
        ratio * ratio * ratio,
        ratio * ratio * ratio * ratio,
    ];
    let c = LEAK.iter().zip(powers).map(|(c, power)| c * power * factor);
    Some(Transform::new(
        Function::NegativePowers(c.collect()),
        domain.0,
        domain.1,
    ))
}

/// A lookup with an entry for each code, seconds.
fn time_constant(rates: &[(u16, f64)]) -> Transform {
    let mut values = vec![1e-6 / rates[0].1];
    for pair in rates.windows(2) {
        let [(from, low), (to, high)] = [pair[0], pair[1]];
        let steps = to - from;
        values.extend((1..=steps).map(|n| {
            let part = f64::from(n) / f64::from(steps);
            1e-6 / (low + (high - low) * part)
        }));
    }
    Transform::lookup(values, u32::from(rates[0].0)).expect("rates rise with the code")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(slot: Slot, x: f64) -> f64 {
        transform(slot).unwrap().apply(x).value.round()
    }

    #[test]
    fn every_slot_is_sound_and_has_its_constant_or_inverse() {
        for slot in Slot::all() {
            let Some(t) = transform(slot) else { continue };
            t.check().unwrap();
            match t.function {
                Function::Constant(_) => {}
                _ if slot == Slot::ReadoutShift => {}
                _ => {
                    let middle = t.domain.low / 2.0 + t.domain.high / 2.0;
                    let back = t.invert(t.apply(middle).value).unwrap().value;
                    assert!((back / middle - 1.0).abs() < 1e-6, "{slot}: {back} for {middle}");
                }
            }
        }
    }

    #[test]
    fn time_constants_are_those_of_the_tables() {
        // First and last entries and one in the middle of calibtic's tables, and their lengths.
        let refractory = transform(Slot::Of(P::IPl)).unwrap();
        for (code, tau) in [(10.0, 1.732_28e-6), (70.0, 1.819e-7), (1022.0, 1.474_76e-8)] {
            let ours = refractory.invert(code).unwrap().value;
            assert!((ours / tau - 1.0).abs() < 0.005, "{code}: {ours}");
        }
        let synaptic = transform(Slot::Of(P::VSyntcx)).unwrap();
        for (code, tau) in [(226.0, 1.510_905e-6), (1022.0, 1.298_95e-7)] {
            let ours = synaptic.invert(code).unwrap().value;
            assert!((ours / tau - 1.0).abs() < 0.005, "{code}: {ours}");
        }
        let entries = |t: &Transform| match &t.function {
            Function::Lookup { values, .. } => values.len(),
            _ => 0,
        };
        assert_eq!((entries(&refractory), entries(&synaptic)), (1013, 797));
    }

    #[test]
    fn the_leak_reaches_full_scale_at_the_shortest_time_constant() {
        // By hand: at 1 µs, 38.85 + 459.78 - 559.74 + 249.92 = 188.8.
        assert_eq!(code(Slot::Leak(Mirror::Normal, Capacitor::Big), 1e-6), 189.0);
        // A fifth of the time with the small capacitor; nine times the code with the slow mirror, a third with the fast.
        assert_eq!(code(Slot::Leak(Mirror::Normal, Capacitor::Small), 0.2e-6), 189.0);
        assert_eq!(code(Slot::Leak(Mirror::Fast, Capacitor::Big), 1e-6), 63.0);
        for (mirror, capacitor) in [
            (Mirror::Normal, Capacitor::Big),
            (Mirror::Fast, Capacitor::Big),
            (Mirror::Slow, Capacitor::Big),
            (Mirror::Normal, Capacitor::Small),
        ] {
            let full = code(Slot::Leak(mirror, capacitor), 0.0);
            assert!(
                (1020.0..=1026.0).contains(&full),
                "{mirror:?} {capacitor:?}: {full}"
            );
        }
    }

    #[test]
    fn voltages_and_adaptation_follow_their_formulas() {
        assert_eq!(code(Slot::Of(P::EL), 0.9), 512.0);
        assert_eq!(code(Slot::Of(P::ESynx), 1.2), 721.0);
        // 1 / (-0.001222 + 782.014e-5 + 1.07527e-3) = 130.36
        assert_eq!(
            code(Slot::AdaptationTime(Mirror::Normal, Capacitor::Big), 1e-5),
            130.0
        );
        // -0.2701 + 106.392 + 20.1736 = 126.3
        assert_eq!(
            code(Slot::AdaptationConductance(Mirror::Normal, Capacitor::Big), 1e-6),
            126.0
        );
    }
}
