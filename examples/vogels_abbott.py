"""The Vogels-Abbott network: balanced excitation and inhibition that keeps itself going.

Benchmarks 1 (COBA: synapses are conductances) and 2 (CUBA: synapses are currents) of Brette et al. (2007), Journal of
Computational Neuroscience 23, 349-398, after Vogels and Abbott (2005), Journal of Neuroscience 25, 10786-10795.

4,000 cells, four excitatory ones for each inhibitory one, every cell connected to every other with a probability of
2 %. In COBA a short volley of Poisson spikes starts the activity; in CUBA the cells rest above threshold.

    python vogels_abbott.py                      COBA on an emulated SpiNN-5 board
    python vogels_abbott.py CUBA --seed 2
    python vogels_abbott.py --simulator nest     the same network on another simulator
    taproot run vogels_abbott.py --out DIR       leave recordings, a raster and a mapping report in DIR
"""

import argparse
import importlib

import numpy as np
from pyNN.random import NumpyRNG, RandomDistribution

TIMESTEP = 0.1  # ms
DELAY = 0.2  # ms
CONNECTION_PROBABILITY = 0.02

# Cells, as measured per area: 20,000 um^2 of membrane with 1 uF/cm^2 and 50 uS/cm^2.
CAPACITANCE = 0.2  # nF
TAU_MEMBRANE = 20.0  # ms
THRESHOLD, RESET = -50.0, -60.0  # mV
REFRACTORY = 5.0  # ms
TAU_EXCITATORY, TAU_INHIBITORY = 5.0, 10.0  # ms
REVERSAL_EXCITATORY, REVERSAL_INHIBITORY = 0.0, -80.0  # mV

REST = {"COBA": -60.0, "CUBA": -49.0}  # mV
CONDUCTANCES = {"COBA": (4.0, 51.0), "CUBA": (0.27, 4.5)}  # nS, excitatory and inhibitory
TYPICAL_POTENTIAL = -60.0  # mV; turns CUBA's conductances into currents


def arguments():
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("benchmark", nargs="?", default="COBA", choices=["COBA", "CUBA"])
    parser.add_argument("--simulator", default="taproot", help="a PyNN back end (default: taproot)")
    parser.add_argument("--cells", type=int, default=4000, help="how many (default: 4000)")
    parser.add_argument("--duration", type=float, default=1000.0, help="simulated time in ms (default: 1000)")
    parser.add_argument("--seed", type=int, default=1, help="seeds connections and initial potentials (default: 1)")
    parser.add_argument("--figure", help="draw a raster into this file (needs matplotlib)")
    parser.add_argument("--save", help="keep the network in this file instead of running it (taproot only)")
    return parser.parse_args()


def build(sim, benchmark, n_cells, seed):
    """Describe the network; returns the excitatory and the inhibitory population."""
    cell = {
        "v_rest": REST[benchmark],
        "v_reset": RESET,
        "v_thresh": THRESHOLD,
        "cm": CAPACITANCE,
        "tau_m": TAU_MEMBRANE,
        "tau_refrac": REFRACTORY,
        "tau_syn_E": TAU_EXCITATORY,
        "tau_syn_I": TAU_INHIBITORY,
    }
    weight_excitatory, weight_inhibitory = (1e-3 * g for g in CONDUCTANCES[benchmark])  # uS
    if benchmark == "COBA":
        celltype = sim.IF_cond_exp(e_rev_E=REVERSAL_EXCITATORY, e_rev_I=REVERSAL_INHIBITORY, **cell)
    else:
        celltype = sim.IF_curr_exp(**cell)
        weight_excitatory *= REVERSAL_EXCITATORY - TYPICAL_POTENTIAL  # nA
        weight_inhibitory *= REVERSAL_INHIBITORY - TYPICAL_POTENTIAL

    n_excitatory = round(n_cells * 4 / 5)
    excitatory = sim.Population(n_excitatory, celltype, label="excitatory")
    inhibitory = sim.Population(n_cells - n_excitatory, celltype, label="inhibitory")

    rng = NumpyRNG(seed=seed)
    for population in (excitatory, inhibitory):
        population.initialize(v=RandomDistribution("uniform", low=RESET, high=THRESHOLD, rng=rng))

    # As in the benchmark's published script, the four connectors share a generator. PyNN copies it for each of them, so
    # the first 800 excitatory cells have the same sources as the inhibitory ones. The rates depend on that.
    connector = sim.FixedProbabilityConnector(CONNECTION_PROBABILITY, rng=rng)
    for source, weight, receptor in (
        (excitatory, weight_excitatory, "excitatory"),
        (inhibitory, weight_inhibitory, "inhibitory"),
    ):
        for target in (excitatory, inhibitory):
            synapse = sim.StaticSynapse(weight=weight, delay=DELAY)
            sim.Projection(source, target, connector, synapse, receptor_type=receptor)

    if benchmark == "COBA":
        kick = sim.Population(20, sim.SpikeSourcePoisson(rate=100.0, duration=50.0), label="kick")
        connector = sim.FixedProbabilityConnector(0.01)
        for target in (excitatory, inhibitory):
            synapse = sim.StaticSynapse(weight=0.1, delay=DELAY)
            sim.Projection(kick, target, connector, synapse, receptor_type="excitatory")
    return excitatory, inhibitory


def mean_rate(trains, duration):
    """Spikes per cell and second."""
    return 1000.0 * sum(len(train) for train in trains) / (len(trains) * duration)


def irregularity(trains):
    """The coefficient of variation of inter-spike intervals, averaged over cells with more than five spikes."""
    intervals = [np.diff(np.asarray(train)) for train in trains if len(train) > 5]
    return np.mean([i.std() / i.mean() for i in intervals]) if intervals else float("nan")


def draw(filename, groups, duration):
    """A raster of a fifth of the cells, and the rate over time."""
    try:
        import matplotlib

        matplotlib.use("Agg")
        import matplotlib.pyplot as plt
    except ImportError:
        print("no figure: matplotlib is not installed")
        return
    figure, (raster, rate) = plt.subplots(2, 1, sharex=True, figsize=(9, 6), height_ratios=[3, 1])
    row = 0
    for label, trains in groups.items():
        for train in trains[::5]:
            raster.plot(train, np.full(len(train), row), ",", color="C0" if label == "excitatory" else "C3")
            row += 1
    times = np.concatenate([np.asarray(train) for trains in groups.values() for train in trains])
    bins = np.arange(0.0, duration + 1.0, 5.0)
    counts, _ = np.histogram(times, bins)
    rate.step(bins[:-1], counts / (5e-3 * sum(len(trains) for trains in groups.values())), where="post", color="k")
    raster.set_ylabel("cell")
    rate.set_ylabel("rate (Hz)")
    rate.set_xlabel("time (ms)")
    figure.savefig(filename, dpi=150, bbox_inches="tight")


def main():
    options = arguments()
    sim = importlib.import_module(f"pyNN.{options.simulator}")
    sim.setup(timestep=TIMESTEP, min_delay=DELAY, max_delay=1.0, label=f"vogels_abbott_{options.benchmark}")
    populations = build(sim, options.benchmark, options.cells, options.seed)
    for population in populations:
        population.record("spikes")
    if options.save:
        sim.save_network(options.save)
        return
    sim.run(options.duration)

    groups = {p.label: p.get_data("spikes").segments[-1].spiketrains for p in populations}
    for label, trains in groups.items():
        print(
            f"{label:>10}: {len(trains):5d} cells, {mean_rate(trains, options.duration):6.2f} Hz, "
            f"CV of inter-spike intervals {irregularity(trains):.3f}"
        )
    if options.figure:
        draw(options.figure, groups, options.duration)
    sim.end()


if __name__ == "__main__":
    main()
