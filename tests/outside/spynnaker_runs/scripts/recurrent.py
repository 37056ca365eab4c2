"""A recurrent static network with delays beyond the ring buffer, Poisson and array sources; several runs, a change of
parameters, a reset and a second segment, which has to repeat the first. A segment has 400
steps, a multiple of 16: after a reset the cores of sPyNNaker 7.4.1 begin again at step 0 but go on with the colour of their
spikes (step modulo 16), so after another number of steps spikes look late and synapses are skipped."""

import facts
import numpy
import pyNN.spiNNaker as sim

sim.setup(timestep=1.0)
sim.set_number_of_neurons_per_core(sim.IF_curr_exp, 64)
start = sim.Population(20, sim.SpikeSourceArray(spike_times=[[5.0 + i, 60.0 + i] for i in range(20)]), label="start")
noise = sim.Population(100, sim.SpikeSourcePoisson(rate=50.0, duration=80.0), label="noise", seed=11)
cells = sim.Population(200, sim.IF_curr_exp(tau_refrac=2.0), label="cells", seed=12)
lonely = sim.Population(20, sim.IF_curr_exp(), label="lonely", seed=13)
draw = numpy.random.RandomState(3)
# Array to cells: one strong synapse each, at 1 to 150 steps: far beyond the ring buffer of 64 steps of a core of 64 cells.
far = [(i, 10 * i, 40.0, 1.0 + 149 * (i % 20) // 19) for i in range(20)]
sim.Projection(start, cells, sim.FromListConnector(far), sim.StaticSynapse())
sim.Projection(start, lonely, sim.OneToOneConnector(), sim.StaticSynapse(weight=40.0, delay=100.0))
sim.Projection(noise, cells, sim.FromListConnector(
    [(int(draw.randint(100)), int(draw.randint(200)), 0.8, float(draw.randint(1, 16))) for _ in range(800)]),
    sim.StaticSynapse())
sim.Projection(cells, cells, sim.FromListConnector(
    [(int(draw.randint(200)), int(draw.randint(200)), 0.5, float(draw.randint(1, 120))) for _ in range(3000)]),
    sim.StaticSynapse())
for population in (start, noise, cells, lonely):
    population.record("spikes")
lonely.record("v")
sim.run(100)
after_100 = sum(map(len, facts.spikes(cells)))
sim.run(300)
first = {p.label: facts.spikes(p) for p in (start, noise, cells, lonely)}
v_first = lonely.get_data("v", clear=False).segments[-1].analogsignals[0].magnitude.tolist()
sim.reset()
sim.run(400)
second = {p.label: facts.spikes(p) for p in (start, noise, cells, lonely)}
v_second = lonely.get_data("v", clear=False).segments[-1].analogsignals[0].magnitude.tolist()
# A third segment with a current into every lonely cell: (20 ms / 1 nF) * 1 nA = 20 mV above rest, threshold at 15.
sim.reset()
lonely.set(i_offset=1.0)
sim.run(400)
third = {p.label: facts.spikes(p) for p in (start, lonely)}
sim.end()
facts.report(after_100=after_100, first=first, second=second, third=third, v_first=v_first, v_second=v_second)
