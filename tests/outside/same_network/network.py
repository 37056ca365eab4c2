"""One network for two hosts: `taproot run network.py` and sPyNNaker's Python both run this file.

Everything in it is known: spikes come from arrays, connections from lists, delays from a table. What would differ between
the hosts by choice, not by arithmetic, is taken away:

* weights are whole multiples of 1/4 and small, so every ring-buffer shift up to 13 stores them exactly, and no sum
  saturates: then the shifts, which the two hosts estimate differently, do not show. For conductances the unit is 1/128,
  and a synapse of 1 uS from a source that stays silent makes both leave room: sPyNNaker's estimate alone forgets its own
  scale of 1024 there, and its sums would saturate;
* the time-scale factor is 1 on both sides (ours would choose it by itself);
* cells per core are given, so that several cores take part, and 64 cells with a delay of up to 100 steps need a delay
  extension: in steps of 1 to 64 on the ring and beyond it behind the extension. Sources and targets have the same cells
  per core: with others, sPyNNaker 7.4.1 misplaces delayed rows;
* lists hold no pair twice and are sorted, since sPyNNaker cuts rows of lists that are not.
"""

import json
import os
import random

STEPS = 400


def build(sim, per_core):
    """The network; `per_core(population, n)` sets how many cells of a population a core takes."""
    draw = random.Random(23)
    quarters = lambda low, high: draw.randint(low, high) / 4
    chosen = lambda sources, targets, n: sorted(draw.sample([(s, t) for s in range(sources) for t in range(targets)], n))
    times = [sorted(draw.sample(range(1, 330), 40)) for _ in range(63)] + [[]]
    source = sim.Population(64, sim.SpikeSourceArray(spike_times=[list(map(float, t)) for t in times]), label="source")
    cells = sim.Population(192, sim.IF_curr_exp(tau_refrac=2.0, tau_m=15.0, i_offset=0.2), label="cells")
    graded = sim.Population(128, sim.IF_cond_exp(tau_refrac=3.0), label="graded")
    for population in (source, cells, graded):
        per_core(population, 64)
    lists = {
        ("source", "cells", "excitatory"): [(s, t, quarters(6, 24), float(draw.randint(1, 60)))
                                            for s, t in chosen(64, 192, 900)],
        ("source", "graded", "excitatory"): [(s, t, quarters(1, 3) / 32, float(draw.randint(1, 100)))
                                             for s, t in chosen(64, 128, 700)],
        ("cells", "cells", "excitatory"): [(s, t, quarters(1, 4), float(draw.randint(2, 100)))
                                           for s, t in chosen(192, 192, 1200)],
        ("cells", "graded", "inhibitory"): [(s, t, quarters(1, 2) / 32, float(draw.randint(1, 16)))
                                            for s, t in chosen(192, 128, 600)],
        ("graded", "cells", "inhibitory"): [(s, t, -quarters(2, 8), float(draw.randint(1, 30)))
                                            for s, t in chosen(128, 192, 600)],
    }
    silent = [(63, t, 1.0, 1.0) for t in range(128)]
    lists["source", "graded", "excitatory"] = sorted(
        [row for row in lists["source", "graded", "excitatory"] if row[0] != 63] + silent)
    lists["source", "graded", "inhibitory"] = silent
    named = dict(source=source, cells=cells, graded=graded)
    for (pre, post, receptor), synapses in lists.items():
        sim.Projection(named[pre], named[post], sim.FromListConnector(synapses), sim.StaticSynapse(),
                       receptor_type=receptor)
    return named


def recorded(population, variables):
    """Spikes in steps and signals in units of 2^-15, which is what the cores recorded."""
    segment = population.get_data(variables).segments[-1]
    trains = sorted(segment.spiketrains, key=lambda train: train.annotations["source_index"])
    found = dict(spikes=[[float(t) for t in train.magnitude] for train in trains])
    for signal in segment.analogsignals:
        scaled = signal.magnitude.astype(float) * 32768
        found[signal.name] = scaled.tolist()
    return found


def main():
    if os.environ["HOST_SOFTWARE"] == "taproot":
        import taproot.spinnaker as sim
        sim.setup(timestep=1.0, time_scale_factor=1)
        per_core = lambda population, n: population.set_neurons_per_core(n)
    else:
        import pyNN.spiNNaker as sim
        sim.setup(timestep=1.0, time_scale_factor=1)
        per_core = lambda population, n: population.set_max_atoms_per_core(n)
    named = build(sim, per_core)
    named["source"].record("spikes")
    named["cells"].record(["spikes", "v"])
    named["graded"].record(["spikes", "v"])
    sim.run(STEPS)
    found = {label: recorded(population, ["spikes"] if label == "source" else ["spikes", "v"])
             for label, population in named.items()}
    sim.end()
    with open(os.environ["FACTS"], "w") as file:
        json.dump(found, file)


main()
