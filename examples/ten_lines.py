"""Ten lines: 400 cells, driven by noise, on an emulated SpiNNaker board. The README shows the same ones."""

import taproot.spinnaker as sim

sim.setup(timestep=1.0, machine="spin5")
noise = sim.Population(100, sim.SpikeSourcePoisson(rate=40.0), label="noise")
cells = sim.Population(400, sim.IF_cond_exp(tau_refrac=2.0), label="cells")
sim.Projection(noise, cells, sim.FixedProbabilityConnector(0.1), sim.StaticSynapse(weight=0.02, delay=2.0))
cells.record(["spikes", "v"])
sim.run(500.0)
print(cells.get_data().segments[0].spiketrains[0])
sim.end()
