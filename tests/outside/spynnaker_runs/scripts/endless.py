"""A network that runs for ever, and says when it does."""

import pathlib
import threading
import time

import pyNN.spiNNaker as sim

sim.setup(timestep=1.0)
noise = sim.Population(100, sim.SpikeSourcePoisson(rate=20.0), label="noise")
cells = sim.Population(100, sim.IF_curr_exp(), label="cells")
sim.Projection(noise, cells, sim.FixedProbabilityConnector(0.2), sim.StaticSynapse(weight=0.5, delay=2.0))


def running(_label, _connection):
    threading.Timer(0.5, pathlib.Path("running").touch).start()


live = sim.external_devices.SpynnakerLiveSpikesConnection(receive_labels=["cells"], local_port=None)
live.add_start_resume_callback("cells", running)
sim.external_devices.activate_live_output_for(cells, database_notify_port_num=live.local_port)
sim.external_devices.run_forever()
while True:
    time.sleep(1)
