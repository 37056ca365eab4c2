"""The same script gives the same tables, load image and recordings: twice, and with one and two threads."""

import hashlib

SCRIPT = """
import taproot.spinnaker as sim
sim.setup(timestep=1.0, min_delay=1.0)
rng = sim.NumpyRNG(seed=4)
cells = sim.Population(300, sim.IF_cond_exp(tau_refrac=2.0), label="cells",
                       initial_values={"v": sim.RandomDistribution("uniform", (-65, -51), rng=rng)})
noise = sim.Population(40, sim.SpikeSourcePoisson(rate=60.0), label="noise")
sim.Projection(noise, cells, sim.FixedProbabilityConnector(0.2, rng=rng), sim.StaticSynapse(weight=0.02, delay=1.0))
sim.Projection(cells, cells, sim.FixedProbabilityConnector(0.1, rng=sim.NativeRNG(seed=3)),
               sim.StaticSynapse(weight=0.002, delay=sim.RandomDistribution("uniform", (1.0, 40.0), rng=sim.NativeRNG(seed=8))))
cells.record(["spikes", "v"])
noise.record("spikes")
sim.run(150.0)
sim.end()
"""
# What must be equal byte for byte. report.html holds timings, so it is not.
ARTEFACTS = ["network.taproot", "tables.json", "image.bin", "placement.json", "recording.bin", "spikes.npz"]


def fingerprints(directory):
    return {name: hashlib.sha256((directory / name).read_bytes()).hexdigest() for name in ARTEFACTS}


def test_same_bytes_for_any_number_of_threads(taproot, script, tmp_path):
    path = script(SCRIPT)
    seen = []
    for name, threads in [("first", 1), ("second", 1), ("third", 2)]:
        out = tmp_path / name
        taproot("run", path, "--machine", "spin3", "--threads", threads, "--out", out)
        seen.append(fingerprints(out))
    assert seen[0] == seen[1], "two runs differ"
    assert seen[0] == seen[2], "one and two threads differ"
    assert (tmp_path / "first" / "spikes.npz").stat().st_size > 1000
