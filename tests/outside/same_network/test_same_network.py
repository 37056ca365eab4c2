"""Emulated against emulated: one network, loaded by `taproot run` and by sPyNNaker, gives identical recordings.

Identical means every spike of every cell in the same step, and every recorded membrane potential the same s16.15 number.
The two hosts share no code: mapping, placement, keys, synaptic rows, parameters and extraction are each one's own. What
makes them equal is written in `network.py`.
"""

import json
import os
import pathlib
import subprocess
import sys

import pytest

from board import TAPROOT, Board

HERE = pathlib.Path(__file__).parent
# A busy computer emulates slower than real time; by default sPyNNaker gives up 5 s after the time of the run.
CONFIGURATION = """[Machine]
machine_name = {host}
version = {version}
post_simulation_overrun_before_error = 120
[Reports]
write_network_graph = False
"""


def recordings(command, software, directory):
    """Runs the network and returns what was recorded."""
    directory.mkdir()
    facts = directory / "facts.json"
    (directory / ".spynnaker.cfg").write_text(os.environ.get("SPYNNAKER_CFG", ""))
    done = subprocess.run(command, cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600,
                          env={**os.environ, "HOST_SOFTWARE": software, "FACTS": str(facts)})
    assert done.returncode == 0, done.stdout[-4000:]
    return json.loads(facts.read_text())


def by_taproot(machine, directory):
    script = str(HERE / "network.py")
    return recordings([TAPROOT, "run", script, "--machine", machine, "--out", str(directory / "out")], "taproot", directory)


def by_spynnaker(machine, version, directory, monkeypatch):
    with Board(machine) as board:
        with monkeypatch.context() as patch:
            patch.setenv("HOME", str(directory))
            patch.setenv("SPYNNAKER_CFG", CONFIGURATION.format(host=board.host, version=version))
            return recordings([sys.executable, str(HERE / "network.py")], "spynnaker", directory)


@pytest.mark.parametrize("machine, version", [("spin5", 5), ("spin3", 3)])
def test_recordings_are_identical(machine, version, tmp_path, monkeypatch):
    ours = by_taproot(machine, tmp_path / "taproot")
    theirs = by_spynnaker(machine, version, tmp_path / "spynnaker", monkeypatch)
    assert set(ours) == set(theirs) == {"source", "cells", "graded"}
    for label in ours:
        assert ours[label]["spikes"] == theirs[label]["spikes"], f"spikes of {label}"
    for label in ("cells", "graded"):
        # PyNN wants a last sample at the end of the run; sPyNNaker leaves it out.
        mine, other = ours[label]["v"], theirs[label]["v"]
        assert len(other) == 400 and len(mine) in (400, 401)
        for step, (a, b) in enumerate(zip(mine, other)):
            assert a == b, f"v of {label} in step {step}: first at cell {[x == y for x, y in zip(a, b)].index(False)}"
        assert all(value.is_integer() for row in mine for value in row), "not what a core records"
    # The comparison has something to compare: every population fires, a lot, but not in step.
    counts = {label: sum(map(len, ours[label]["spikes"])) for label in ours}
    assert counts["source"] == 63 * 40
    assert all(count > 1000 for count in counts.values()), counts
    assert len({tuple(train) for train in ours["cells"]["spikes"]}) > 150
