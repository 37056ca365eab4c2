"""Builds one network in sPyNNaker 7.4.1 on a virtual board and prints the regions that it would load, as JSON.

    reference.py NETWORK_NAME OUT.json

Runs in a directory and with a home of its own, in which `.spynnaker.cfg` asks for a virtual board in debug mode.
"""

import json
import os
import sqlite3
import sys

import networks
import pyNN.spiNNaker as sim
import spinn_front_end_common.interface.buffer_management.buffer_manager as buffer_manager
from spinn_front_end_common.data import FecDataView
from spynnaker.pyNN.data import SpynnakerDataView
from spynnaker.pyNN.models.neuron import PopulationVertex

# Neuron parameters would be generated on the chip; we want to see them.
PopulationVertex.can_generate_on_machine = lambda self: False


def build(net):
    sim.setup(timestep=net["timestep"], time_scale_factor=net["time_scale"])
    populations = {}
    for p in net["populations"]:
        cell = getattr(sim, p["cell"])
        extra = {}
        if p["cell"].startswith("IF_"):
            extra["n_synapse_cores"] = 0
        if p["per_core"]:
            extra["neurons_per_core"] = p["per_core"]
        made = sim.Population(p["size"], cell(**p["parameters"]), label=p["label"], seed=17, **extra)
        if p["initial"]:
            made.initialize(**p["initial"])
        for variable, interval, cells in p["record"]:
            part = made if cells is None else made[cells]
            part.record(variable, sampling_interval=None if interval == 1 else interval * net["timestep"])
        populations[p["label"]] = made
    for j in net["projections"]:
        if j["connector"] == "all":
            connector, synapse = sim.AllToAllConnector(), sim.StaticSynapse(weight=j["weight"], delay=j["delay"])
        elif j["connector"] == "one":
            connector, synapse = sim.OneToOneConnector(), sim.StaticSynapse(weight=j["weight"], delay=j["delay"])
        else:
            connector, synapse = sim.FromListConnector(j["connector"]), sim.StaticSynapse()
        sim.Projection(populations[j["source"]], populations[j["target"]], connector, synapse,
                       receptor_type=["excitatory", "inhibitory"][j["receptor"]])
    sim.run(net["steps"] * net["timestep"])


def send_buffers():
    """What the host would write into the buffers of spike arrays, by (x, y, p)."""
    found = {}

    def collect(cls, x, y, place, data, *_arguments, **_named):
        found[place] = found.get(place, b"") + bytes(data)

    FecDataView.write_memory = classmethod(collect)
    buffer_manager.locate_memory_region_for_placement = lambda placement, region: (placement.x, placement.y, placement.p)
    buffer_manager.BufferManager().load_initial_buffers()
    return found


def main():
    wanted, out = sys.argv[1:3]
    net = next(n() for n in networks.ALL if n.__name__ == wanted)
    build(net)
    directory = SpynnakerDataView.get_run_dir_path()
    database = sqlite3.connect(os.path.join(directory, "ds.sqlite3"))
    buffers = send_buffers()
    cores = []
    for placement in SpynnakerDataView.iterate_placemements():
        vertex = placement.vertex
        application = vertex.app_vertex
        if application is None or not hasattr(vertex, "get_binary_file_name"):
            continue
        delay = type(vertex).__name__.startswith("DelayExtension")
        source = application.source_vertex if delay else application
        place = (placement.x, placement.y, placement.p)
        rows = database.execute(
            "SELECT region_num, size, content FROM region WHERE x = ? AND y = ? AND p = ? ORDER BY region_num", place)
        cores.append(dict(
            population=source.label, first=int(vertex.vertex_slice.lo_atom), last=int(vertex.vertex_slice.hi_atom),
            delay=delay, binary=vertex.get_binary_file_name().removesuffix(".aplx"),
            regions=[dict(number=n, size=size, content=(content or b"").hex()) for n, size, content in rows],
            send_buffer=buffers[place].hex() if place in buffers else None))
    sim.end()
    with open(out, "w") as file:
        json.dump(dict(cores=cores), file)


main()
