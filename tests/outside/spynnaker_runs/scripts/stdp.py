"""The 840-neuron network: 640 LIF cells, 200 Poisson sources, 5,000 plastic synapses, 300 ms; beside it, three pairs of
cells whose order of firing says in which direction a weight must go."""

import facts
import numpy
import pyNN.spiNNaker as sim

sim.setup(timestep=1.0)
cells = sim.Population(640, sim.IF_curr_exp(), label="cells", seed=1)
noise = sim.Population(200, sim.SpikeSourcePoisson(rate=20.0), label="noise", seed=2)
pairs = numpy.random.RandomState(5).choice(200 * 640, 5000, replace=False)
rule = lambda: sim.STDPMechanism(
    timing_dependence=sim.SpikePairRule(tau_plus=20.0, tau_minus=20.0, A_plus=0.01, A_minus=0.012),
    weight_dependence=sim.AdditiveWeightDependence(w_min=0.0, w_max=10.0), weight=5.0, delay=1.0)
plastic = sim.Projection(noise, cells, sim.FromListConnector([(int(p // 640), int(p % 640)) for p in pairs]), rule())
cells.record("spikes")
noise.record("spikes")

# Before: the source fires 10 ms before the cell is made to fire; after: 10 ms behind; never: the source is silent.
sources = sim.Population(3, sim.SpikeSourceArray(spike_times=[[50.0, 100.0, 150.0, 200.0], [70.0, 120.0, 170.0, 220.0], []]),
                         label="sources")
teacher = sim.Population(1, sim.SpikeSourceArray(spike_times=[[59.0, 109.0, 159.0, 209.0]]), label="teacher")
taught = sim.Population(3, sim.IF_curr_exp(), label="taught", seed=3)
sim.Projection(teacher, taught, sim.AllToAllConnector(), sim.StaticSynapse(weight=60.0, delay=1.0))
weak = sim.STDPMechanism(
    timing_dependence=sim.SpikePairRule(tau_plus=10.0, tau_minus=10.0, A_plus=0.05, A_minus=0.05),
    weight_dependence=sim.AdditiveWeightDependence(w_min=0.0, w_max=1.0), weight=0.5, delay=1.0)
ordered = sim.Projection(sources, taught, sim.OneToOneConnector(), weak)
taught.record("spikes")
sim.run(300)
weights = numpy.array(plastic.get("weight", "list", with_address=True), dtype=float)
moved = sorted(tuple(map(float, row)) for row in ordered.get("weight", "list", with_address=True))
facts.report(cells=facts.spikes(cells), noise=facts.spikes(noise), taught=facts.spikes(taught), moved=moved,
             weights=[[float(v) for v in row] for row in weights])
sim.end()
