"""Networks that both sides build, as plain data.

A population is (label, size, cell type, parameters, initial values, recorded variables, neurons per core). A
projection is (source, target, receptor, connector, weight, delay): the connector is "all", "one" or a list of
(source, target, weight, delay). Numbers are chosen so that rounding shows.
"""

import random


def population(label, size, cell, parameters=None, initial=None, record=None, per_core=None):
    return dict(label=label, size=size, cell=cell, parameters=parameters or {}, initial=initial or {},
                record=record or [], per_core=per_core)


def projection(source, target, receptor, connector, weight=None, delay=None):
    return dict(source=source, target=target, receptor=receptor, connector=connector, weight=weight, delay=delay)


def network(name, timestep, populations, projections, steps=100, time_scale=1):
    return dict(name=name, timestep=timestep, populations=populations, projections=projections, steps=steps,
                time_scale=time_scale)


def mixed():
    """Both neuron types, Poisson and array sources, excitatory and inhibitory inputs, a delay longer than 32 steps."""
    draw = random.Random(1)
    return network("mixed", 1.0, [
        population("current", 70, "IF_curr_exp", dict(tau_m=10.0, i_offset=0.1, tau_syn_I=3.3),
                   dict(v=[draw.uniform(-70, -50) for _ in range(70)]), [("spikes", 1, None), ("v", 1, None)], 50),
        population("conductance", 20, "IF_cond_exp", dict(tau_refrac=2.0, e_rev_I=-80.0,
                                                          cm=[draw.uniform(0.1, 1.0) for _ in range(20)]),
                   record=[("gsyn_exc", 1, None)]),
        population("poisson", 30, "SpikeSourcePoisson", dict(rate=50.0), record=[("spikes", 1, None)]),
        population("array", 10, "SpikeSourceArray", dict(spike_times=[[1.0, 5.0 + i] for i in range(10)]),
                   record=[("spikes", 1, None)]),
    ], [
        projection("poisson", "current", 0, [(i, (i * 7) % 70, 0.5 + 0.01 * i, 1 + i % 40) for i in range(30)]),
        projection("array", "conductance", 0, "all", 0.01, 3.0),
        projection("current", "conductance", 1, [(i, i % 20, 0.02, 2.0 + 50 * (i % 3)) for i in range(70)]),
        projection("array", "current", 1, "all", -0.25, 2.0),
    ])


def delays():
    """Delay extensions with several stages and several cores, behind arrays and neurons."""
    return network("delays", 1.0, [
        population("cells", 250, "IF_curr_exp", dict(tau_m=10.0, i_offset=0.1), record=[("spikes", 1, None)],
                   per_core=100),
        population("input", 20, "SpikeSourceArray", dict(spike_times=[[1.0, 5.0]] * 20)),
    ], [
        projection("input", "cells", 0, [(i, i * 7, 0.5 + 0.01 * i, 1 + i * 7) for i in range(20)]),
        projection("cells", "cells", 1, [(i, (i * 13) % 250, -0.1, 1 + i % 200) for i in range(250)]),
    ])


def equal_slices_delayed():
    """Source and target with the same cells per core, where even the reference places delayed rows well."""
    return network("equal slices, delayed", 1.0, [
        population("a", 128, "IF_cond_exp", per_core=64, record=[("spikes", 1, None)]),
        population("b", 128, "IF_cond_exp", per_core=64),
    ], [
        projection("a", "b", 0, [(i, (i * 5) % 128, 0.001 * (1 + i % 7), 1.0 + (3 * i) % 300) for i in range(128)]),
        projection("a", "b", 1, [(i, (i * 3) % 128, 0.005, 260.0) for i in range(0, 128, 2)]),
    ])


def small_steps():
    """Steps of 0.1 ms, combined cores."""
    draw = random.Random(2)
    return network("0.1 ms", 0.1, [
        population("e", 120, "IF_cond_exp", dict(tau_refrac=5.0), dict(v=[draw.uniform(-60, -50) for _ in range(120)]),
                   [("spikes", 1, None), ("v", 10, [3, 4, 77])], 40),
        population("i", 30, "IF_curr_exp", dict(tau_m=[10.0 + 0.3 * i for i in range(30)]), {},
                   [("gsyn_inh", 1, [0, 29])], 16),
        population("drive", 40, "SpikeSourcePoisson", dict(rate=[10.0 + i // 10 for i in range(40)])),
        population("start", 100, "SpikeSourceArray", dict(spike_times=[[0.1 * i, 2.3] for i in range(100)])),
    ], [
        projection("drive", "e", 0, [(i % 40, i, 0.0041, 0.2 + 0.1 * (i % 20)) for i in range(120)]),
        projection("e", "i", 0, [(draw.randrange(120), draw.randrange(30), draw.uniform(0.01, 0.3), 1.5)
                                 for _ in range(600)]),
        projection("i", "e", 1, [(draw.randrange(30), draw.randrange(120), 0.051, draw.choice([0.1, 0.7, 3.2]))
                                 for _ in range(700)]),
        projection("start", "e", 0, "all", 0.002, 0.1),
    ], steps=200, time_scale=10)


def unequal_rows():
    """Rows from empty to full, several lists from one source, several cores of everything."""
    draw = random.Random(3)
    triangle = [(i, j, 0.1 + 0.001 * i, 1.0 + j % 16) for i in range(40) for j in range(0, 4 * i, 3)]
    return network("unequal rows", 1.0, [
        population("source", 40, "IF_curr_exp", per_core=16),
        population("target", 200, "IF_curr_exp", dict(v_thresh=-51.7, v_reset=-66.6), record=[("v", 2, None)],
                   per_core=64),
        population("other", 90, "IF_curr_exp", per_core=32),
    ], [
        projection("source", "target", 0, triangle),
        projection("source", "target", 1, [(draw.randrange(40), draw.randrange(200), -draw.uniform(0, 2), 4.0)
                                           for _ in range(500)]),
        projection("target", "other", 0, [(i, i % 90, 1.25, 16.0) for i in range(0, 200, 7)]),
        projection("other", "target", 0, [(i, 2 * i, 0.75, 5.0) for i in range(90)]),
        projection("source", "target", 0, [(0, 0, 3.0, 1.0), (0, 1, 3.0, 1.0), (39, 199, 3.0, 1.0)]),
    ])


def poisson_heavy():
    """Poisson sources of many rates on several cores, with starts and durations."""
    return network("Poisson", 1.0, [
        population("slow", 20, "SpikeSourcePoisson", dict(rate=[0.3 * i for i in range(20)]), per_core=8),
        population("fast", 70, "SpikeSourcePoisson", dict(rate=[100.0 * (1 + i // 20) for i in range(70)], start=10.5,
                                                          duration=33.25), record=[("spikes", 1, None)], per_core=32),
        population("cells", 70, "IF_cond_exp", dict(e_rev_E=0.5), per_core=35),
    ], [
        projection("slow", "cells", 0, "all", 0.003, 1.0),
        projection("fast", "cells", 0, [(i, (i + 1) % 70, 0.01 + 0.0001 * i, 1.0 + i % 9) for i in range(70)]),
    ])


def alone():
    """Nobody listens."""
    return network("alone", 1.0, [
        population("cells", 7, "IF_curr_exp", dict(i_offset=0.1),
                   record=[("spikes", 1, None), ("v", 2, None), ("gsyn_exc", 1, [0, 1, 2])]),
        population("array", 5, "SpikeSourceArray", dict(spike_times=[[1.0, 5.0]] * 5), record=[("spikes", 1, None)]),
    ], [])


ALL = [mixed, delays, equal_slices_delayed, small_steps, unequal_rows, poisson_heavy, alone]
