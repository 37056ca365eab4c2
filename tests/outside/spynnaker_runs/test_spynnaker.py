"""sPyNNaker, as PyPI ships it, in real mode against emulated boards. See docs/emulator/third-party.md.

Each script in `scripts` is what a modeller would write; it runs in a process, directory and home of its own, with a
`.spynnaker.cfg` that names the board. What it found is judged here.
"""

import glob
import json
import os
import pathlib
import sqlite3
import subprocess
import sys

import pytest

from board import Board

SCRIPTS = pathlib.Path(__file__).parent / "scripts"
VERSIONS = {"spin3": 3, "spin5": 5, "spin5x3": 5}
#: A script that takes longer has been lost.
LIMIT = 900.0
# A busy computer emulates slower than real time; by default sPyNNaker gives up 5 s after the time of the run.
CONFIGURATION = """[Machine]
machine_name = {host}
version = {version}
post_simulation_overrun_before_error = 120
[Mode]
mode = Production
[Reports]
write_network_graph = False
write_provenance = True
read_router_provenance_data = True
read_graph_provenance_data = True
read_placements_provenance_data = True
read_provenance_data_on_end = True
extract_iobuf = True
keep_data_database = True
"""


class Run:
    """What a script found, and what sPyNNaker left in its reports."""

    def __init__(self, facts, directory, text):
        self.facts = facts
        self.directory = directory
        self.text = text
        self.cores, self.routers = {}, {}
        for path in sorted(glob.glob(f"{directory}/reports/*/run_*/data*.sqlite3")):
            database = sqlite3.connect(path)
            for name, value in database.execute("SELECT description, the_value FROM core_provenance"):
                self.cores.setdefault(name, []).append(value)
            for name, *found in database.execute("SELECT description, x, y, the_value FROM router_provenance"):
                self.routers.setdefault(name, []).append(tuple(found))
            database.close()

    def iobufs(self):
        """The texts that the cores left, decoded by SpiNNUtilities, by file name."""
        found = glob.glob(f"{self.directory}/reports/*/run_*/provenance_data/*/iobuf*.txt")
        return {os.path.basename(path): pathlib.Path(path).read_text() for path in found}


def run(script, board, directory):
    """Runs a script against a board."""
    (directory / ".spynnaker.cfg").write_text(CONFIGURATION.format(host=board.host, version=VERSIONS[board.machine]))
    facts = directory / "facts.json"
    done = subprocess.run([sys.executable, str(SCRIPTS / script)], cwd=directory, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=LIMIT,
                          env={**os.environ, "HOME": str(directory), "FACTS": str(facts), "PYTHONPATH": str(SCRIPTS)})
    assert done.returncode == 0, done.stdout[-4000:]
    return Run(json.loads(facts.read_text()), directory, done.stdout)


#: Words of core provenance that count something lost, late or wrong.
LOSSES = ["Times_the_input_buffer_lost_packets", "Times_the_transmission_of_spikes_overran", "Skipped synapses",
          "Times_the_callback_queue_was_overloaded", "Times_the_dma_queue_was_overloaded",
          "Times_the_user_queue_was_overloaded", "Times_the_background_queue_overloaded", "Times_the_timer_tic_over_ran",
          "Times_synaptic_weights_have_saturated", "Incorrect_keys", "Incorrect_packets", "invalid_key_count",
          "Invalid Master Pop hits"]


#: What sPyNNaker 7.4.1 has every board but the first drop while it loads (`load_data_specification.py`,
#: `__reset_router_timeouts`). Board by board it has the gatherer of the board broadcast four router time-outs
#: (`unset_cores_for_data_streaming`), then has all chips of all boards put their application's routes in place of those for
#: the broadcast. The gatherers of the other boards still have their four to send: without an entry, they end in the
#: router of the Ethernet chip. A real board has no entry either. Networks without any large region of data load without
#: the gatherers, and so without these.
LATE_TIMEOUTS = {"spin3": [], "spin5": [], "spin5x3": [(4, 8, 4), (8, 4, 4)]}


def nothing_lost(found, late_timeouts=()):
    """Provenance was read, and shows no lost packet but those of `LATE_TIMEOUTS`, no missed synapse and no error of a core."""
    assert found.routers and found.cores, "no provenance was read"
    dropped = [name for name in found.routers if "dropped" in name.lower() and "multicast" in name.lower()
               or "missed" in name.lower()]
    assert dropped, sorted(found.routers)
    lost = {name: sorted({row for row in found.routers[name] if row[2]}) for name in dropped}
    for name in ("LoadDropped_Multicast_Packets", "LoadDropped_Multicast_Packets_via_local_transmission"):
        assert lost.pop(name) == list(late_timeouts), (name, found.routers[name])
    assert not any(lost.values()), {name: rows for name, rows in lost.items() if rows}
    for name in LOSSES:
        assert not any(found.cores.get(name, [])), (name, found.cores[name])
    assert sum(name in found.cores for name in LOSSES) >= 4, sorted(found.cores)
    texts = found.iobufs()
    assert texts, "no IOBUF was read"
    for name, text in texts.items():
        assert "[ERROR]" not in text, (name, text)


@pytest.mark.parametrize("machine", list(VERSIONS))
def test_recurrent_network_runs_and_repeats(machine, tmp_path):
    with Board(machine) as board:
        found = run("recurrent.py", board, tmp_path)
    facts = found.facts
    first = facts["first"]
    assert first["start"] == [[5 + i, 60 + i] for i in range(20)]
    # 100 sources of 50 Hz for 80 ms: 400 spikes, standard deviation 20.
    noise = sum(map(len, first["noise"]))
    assert 320 < noise < 480 and all(t < 80 for train in first["noise"] for t in train)
    # A lonely cell answers its one source cell: a synapse of 100 steps, so not before 100 steps after its spike, and a
    # few steps later since 40 nA decay over 5 ms charge 1 nF by 15 mV in some 0.4 ms: the next step.
    for i, train in enumerate(first["lonely"]):
        assert train and train[0] in (5 + i + 100, 5 + i + 101), (i, train)
        assert not [t for t in train if t < 5 + i + 100 or 5 + i + 140 < t < 60 + i + 100]
    assert facts["after_100"] > 0
    assert facts["second"] == first, "after a reset the same network does something else"
    assert facts["v_second"] == facts["v_first"]
    # With 1 nA into every cell v = -65 + 20 (1 - exp(-t / 20)) crosses -50 at 27.7 ms.
    for train in facts["third"]["lonely"]:
        assert train[0] in (27, 28)
    assert facts["third"]["start"] == first["start"]
    nothing_lost(found, LATE_TIMEOUTS[machine])


@pytest.mark.parametrize("machine", list(VERSIONS))
def test_plastic_network_learns_in_the_right_direction(machine, tmp_path):
    with Board(machine) as board:
        found = run("stdp.py", board, tmp_path)
    facts = found.facts
    weights = {(int(s), int(t)): w for s, t, w in facts["weights"]}
    assert len(weights) == 5000 and len(facts["cells"]) == 640
    # 200 sources of 20 Hz for 300 ms: 1,200 spikes, standard deviation 35.
    assert 1060 < sum(map(len, facts["noise"])) < 1340
    moved = [w for w in weights.values() if abs(w - 5.0) > 0.005]
    assert len(moved) > 100 and all(0.0 <= w <= 10.0 for w in weights.values())
    # A synapse whose source never fired stays as it was.
    silent = {s for s, train in enumerate(facts["noise"]) if not train}
    assert all(abs(w - 5.0) < 0.005 for (s, _), w in weights.items() if s in silent)
    # Before, after, never: weights of 0.5 that may move by 0.05 of pre-post pairs.
    before, after, never = (w for _, _, w in facts["moved"])
    assert before > 0.55 and after < 0.48 and abs(never - 0.5) < 0.005, facts["moved"]
    nothing_lost(found, LATE_TIMEOUTS[machine])


@pytest.mark.parametrize("machine", list(VERSIONS))
def test_live_spikes_go_in_and_come_out(machine, tmp_path):
    with Board(machine, "--pace", "real") as board:
        found = run("live.py", board, tmp_path)
    facts = found.facts
    assert facts["started"] and len(facts["sent"]) == 30
    # Every spike that was sent was recorded by the injector, at the cell it was sent to.
    for cell, train in enumerate(facts["injected"]):
        assert len(train) == facts["sent"].count(cell), (cell, train)
        # 60 nA make the driven cell fire in the step after the spike's, a few times; a step later if the spike came so near
        # to the end of its step that the cell's core, whose timer has a phase of its own, was already in the next.
        assert facts["fired"][cell] and facts["fired"][cell][0] - train[0] in (1, 2)
    live = sorted((step, cell) for step, cell in facts["received"])
    recorded = sorted((step, cell) for cell, train in enumerate(facts["fired"]) for step in train)
    assert live == recorded, "what came live is not what was recorded"
    nothing_lost(found)
    # The emulator has told by how much it fell behind: what it emulated and what it lost is what the clock says.
    assert board.lost >= 0 and abs(board.seconds + board.lost - board.wall) < 0.1, (board.seconds, board.lost, board.wall)
    assert ("falling behind" in board.messages()) or board.lost < 0.05 * board.wall + 1


def start(script, board, directory, *arguments):
    """Starts a script of ours beside others, and gives its process."""
    return subprocess.Popen([sys.executable, str(SCRIPTS / script), board.host, str(VERSIONS[board.machine]), *arguments],
                            cwd=directory, env={**os.environ, "HOME": str(directory)}, stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, text=True)


def test_another_client_reads_while_a_network_runs(tmp_path):
    """SpiNNMan reads memory of its own, over and over, while sPyNNaker loads, runs and reads out on the same board."""
    reader, network = tmp_path / "reader", tmp_path / "network"
    reader.mkdir()
    network.mkdir()
    with Board("spin5") as board:
        with start("reader.py", board, reader) as other:
            try:
                assert other.stdout.readline() == "reading\n"
                found = run("recurrent.py", board, network)
                # The end of its input ends it; it fails if a byte was wrong.
                said, _ = other.communicate(timeout=60)
            finally:
                other.kill()
        assert other.returncode == 0, said
    assert int(said.split()[-2]) > 20, said
    assert found.facts["second"] == found.facts["first"]
    nothing_lost(found)
