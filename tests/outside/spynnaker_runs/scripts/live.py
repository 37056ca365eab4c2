"""Live injection and live output: an outside program sends spikes into an injector while the network runs, and gets back
those of the cells that it drives, over the database notification protocol."""

import threading
import time

import facts
import pyNN.spiNNaker as sim

CELLS, RUN = 10, 3000
received, sent, lock = [], [], threading.Lock()
send_label, receive_label = "injector", "driven"
started = threading.Event()


def on_start(label, connection):
    started.set()
    time.sleep(0.3)
    for i in range(20):
        with lock:
            sent.append(i % CELLS)
        connection.send_spike(label, i % CELLS, send_full_keys=False)
        time.sleep(0.06)
    connection.send_spikes(label, list(range(CELLS)))
    with lock:
        sent.extend(range(CELLS))


def on_spikes(label, step, cells):
    with lock:
        received.extend((int(step), int(cell)) for cell in cells)


live = sim.external_devices.SpynnakerLiveSpikesConnection(
    receive_labels=[receive_label], local_port=None, send_labels=[send_label])
live.add_start_resume_callback(send_label, on_start)
live.add_receive_callback(receive_label, on_spikes)

sim.setup(timestep=1.0)
injector = sim.Population(CELLS, sim.external_devices.SpikeInjector(database_notify_port_num=live.local_port),
                          label=send_label)
driven = sim.Population(CELLS, sim.IF_curr_exp(), label=receive_label, seed=4)
sim.Projection(injector, driven, sim.OneToOneConnector(), sim.StaticSynapse(weight=60.0, delay=1.0))
sim.external_devices.activate_live_output_for(driven, database_notify_port_num=live.local_port)
injector.record("spikes")
driven.record("spikes")
sim.run(RUN)
time.sleep(1.0)
injected, fired = facts.spikes(injector), facts.spikes(driven)
sim.end()
live.close()
with lock:
    facts.report(sent=sent, received=received, injected=injected, fired=fired, started=started.is_set())
