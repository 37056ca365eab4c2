"""The command line as scripts outside this repository rely on it: verbs, exit codes, JSON, what goes where."""

import hashlib
import importlib
import importlib.metadata
import json
import os
import pty
import re
import subprocess
import sys
import time

import numpy as np
import pytest

from conftest import BIN, emulated

SCRIPT = """
import taproot.spinnaker as sim
sim.setup(timestep=1.0, min_delay=1.0{setup})
source = sim.Population(5, sim.SpikeSourceArray(spike_times=[2.0, 9.0]), label="source")
cells = sim.Population(20, sim.IF_curr_exp(tau_refrac=2.0), label="cells")
sim.Projection(source, cells, sim.AllToAllConnector(), sim.StaticSynapse(weight=1.5, delay=2.0))
source.record("spikes")
cells.record("spikes")
sim.save_network("net.taproot")
{run}
sim.end()
"""


def small(setup="", run="sim.run(30.0)"):
    return SCRIPT.format(setup=setup, run=run)


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """A folder in which the script has run into `out`, and the network that it saved."""
    folder = tmp_path_factory.mktemp("ran")
    (folder / "small.py").write_text(small())
    done = subprocess.run(
        [BIN / "taproot", "run", "small.py", "-m", "spin3", "--out", "out"], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return folder, done


def refused(done, *words):
    """Exit code 2, nothing on stdout, an error with these words."""
    assert done.returncode == 2, (done.returncode, done.stdout, done.stderr)
    assert done.stdout == ""
    assert done.stderr.startswith("error: "), done.stderr
    for word in words:
        assert word in done.stderr, done.stderr


# --- run ------------------------------------------------------------------------------------------


def test_run_leaves_what_it_says(ran):
    folder, done = ran
    assert "25 cells and 100 synapses on 2 cores of 1 chip of spin3" in done.stdout
    for name in ("spikes.npz", "raster.svg", "report.html"):
        assert name in done.stdout and (folder / "out" / name).stat().st_size > 100
    with np.load(folder / "out" / "spikes.npz") as spikes:
        assert sorted(spikes["source.times"].tolist()) == [2.0] * 5 + [9.0] * 5
        assert len(set(spikes["cells.cells"].tolist())) == 20


def test_a_saved_network_is_the_script(ran, taproot):
    folder, _ = ran
    arguments = ("run", "net.taproot", "-m", "spin3", "--time", "30", "--out", "saved", "--json")
    summary = json.loads(taproot(*arguments, cwd=folder).stdout)
    assert summary["cells"] == 25 and summary["synapses"] == 100 and summary["run_ms"] == 30.0
    for name in ("network.taproot", "image.bin", "tables.json", "recording.bin", "spikes.npz"):
        assert digest(folder / "saved" / name) == digest(folder / "out" / name), name


def test_run_of_a_script_as_json(script, taproot, tmp_path):
    text = small(run='print("the script says this"); sim.run(30.0)')
    done = taproot("run", script(text), "-m", "spin3", "--out", tmp_path / "out", "--json")
    assert json.loads(done.stdout)["spikes"] > 10
    assert "the script says this" in done.stderr


def test_results_of_an_earlier_run_do_not_pass_for_new_ones(script, taproot, tmp_path):
    out = tmp_path / "out"
    again = "sim.run(5.0); sim.setup(timestep=1.0); p = sim.Population(1, sim.IF_curr_exp()); sim.run(5.0)"
    taproot("run", script(small(run=again)), "-m", "spin3", "--out", out)
    assert (out / "spikes.npz").exists() and (out / "run-2" / "summary.json").exists()
    (out / "notes.txt").write_text("mine")
    done = taproot("run", script(small(run="")), "-m", "spin3", "--out", out, check=False)
    refused(done, "ran nothing", "sim.run")
    assert [path.name for path in out.iterdir()] == ["notes.txt"]


def test_the_machine_of_the_script_wins_and_says_so(script, taproot, tmp_path):
    path = script(small(', machine="spin3"'))
    done = taproot("run", path, "--machine", "spin5", "--out", tmp_path / "out", "--json")
    assert json.loads(done.stdout)["machine"] == "spin3"
    assert "`spin3`" in done.stderr and "`spin5`" in done.stderr and "not used" in done.stderr
    done = taproot("run", path, "--out", tmp_path / "out", env={"TAPROOT_MACHINE": ""})
    assert "not used" not in done.stderr


def test_what_run_cannot_do(ran, script, taproot, tmp_path):
    refused(taproot("run", "nothing.py", check=False), "no script nothing.py")
    refused(taproot("run", "nothing.taproot", check=False), "no file nothing.taproot", "save_network")
    refused(taproot("run", ".", check=False), "no file .")
    refused(taproot("run", script(small()), "-m", "spin9", check=False), "spin9")
    (tmp_path / "junk.taproot").write_bytes(b"junk")
    refused(taproot("run", "junk.taproot", check=False), "junk.taproot", "save_network")
    broken = taproot("run", script("raise SystemExit(3)"), "-o", tmp_path / "out", check=False)
    assert broken.returncode == 2 and "failed" in broken.stderr
    for time_ms in ("0", "-5", "nan", "1e12"):
        (tmp_path / "net.taproot").write_bytes((ran[0] / "net.taproot").read_bytes())
        refused(taproot("run", "net.taproot", "--time", time_ms, check=False), "a run cannot take", "from 1 to")
    usage = taproot("run", check=False)
    assert usage.returncode == 2 and "Usage" in usage.stderr and usage.stdout == ""


# --- map and check --------------------------------------------------------------------------------


def test_map_and_check(ran, taproot, tmp_path):
    folder, _ = ran
    mapped = tmp_path / "mapped"
    summary = json.loads(taproot("map", folder / "net.taproot", "-m", "spin3", "--out", mapped, "--json").stdout)
    assert summary["synapses"] == 100 and summary["run_ms"] == 0.0
    assert "<html" in (mapped / "report.html").read_text()
    assert not (mapped / "spikes.npz").exists()
    assert taproot("check", mapped).stdout.rstrip().endswith("legal")
    report = json.loads(taproot("check", mapped, "--json").stdout)
    assert report["legal"] is True and report["problems"] == []
    assert all(count > 0 for what, count in report["checked"]), report["checked"]
    assert "legal" in taproot("check", folder / "out").stdout


def test_check_says_no_with_exit_code_1(ran, taproot, tmp_path):
    folder, _ = ran
    taproot("map", folder / "net.taproot", "-m", "spin3", "--out", tmp_path / "mapped")
    path = tmp_path / "mapped" / "keys.json"
    keys = path.read_text()
    path.write_text(re.sub(r'("key": *)(\d+)', lambda m: m[1] + str(int(m[2]) ^ 1 << 20), keys, count=1))
    assert path.read_text() != keys
    done = taproot("check", tmp_path / "mapped", "--json", check=False)
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert report["legal"] is False and report["problems"]
    refused(taproot("check", tmp_path / "nowhere", check=False), "no artefacts in", "nowhere", "taproot map")


# --- boards ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def board():
    with emulated("spin5", "--pace", "free") as board:
        yield board


def test_emulate_is_ready_in_one_line_of_json(board):
    assert board.ready["ready"] is True and board.ready["machine"] == "spin5"
    assert re.fullmatch(r"127\.\d+\.\d+\.\d+", board.address) and board.ready["addresses"] == [board.address]
    assert (board.ready["scp_port"], board.ready["boot_port"]) == (17893, 54321)


def test_what_a_lab_engineer_asks_a_board(board, taproot):
    booted = json.loads(taproot("boot", board.address, "--json").stdout)
    assert "SC&MP" in booted["kernel"] and booted["chip"] == [0, 0]
    assert "SC&MP" in taproot("boot", board.address).stdout

    text = taproot("info", board.address).stdout
    assert "8 by 8 chips: 48 working" in text
    assert "dead" not in text, "the edges of a healthy board are no dead links"
    info = json.loads(taproot("info", board.address, "--json").stdout)
    assert (info["width"], info["height"], len(info["chips"])) == (8, 8, 48)

    listed = taproot("ps", board.address)
    lines = listed.stdout.splitlines()
    assert lines[0].split() == ["core", "state", "app", "program"]
    assert len(lines) == 1 + 48 and all("running" in line for line in lines[1:]), "the monitors alone run"
    assert "idle cores are not shown" in listed.stderr
    everything = taproot("ps", board.address, "--all").stdout.splitlines()
    cores = json.loads(taproot("ps", board.address, "--json").stdout)
    assert len(everything) - 1 == len(cores) == sum(chip["cores"] for chip in info["chips"])
    assert {core["state"] for core in cores} == {"running", "idle"}

    assert json.loads(taproot("iobuf", board.address, 0, 0, 0, "--json").stdout)["core"] == [0, 0, 0]
    silent = taproot("iobuf", board.address, 0, 0, 1)
    assert silent.stdout == "" and "core (0,0,1) has printed nothing" in silent.stderr
    refused(taproot("iobuf", board.address, 0, 7, 1, check=False), "no core")
    wrong = taproot("iobuf", board.address, 0, 0, 18, check=False)
    assert wrong.returncode == 2


def test_a_board_that_is_not_there(taproot):
    for verb in ("info", "ps"):
        refused(taproot(verb, "127.200.200.201", check=False), "127.200.200.201", "answer")
    begun = time.monotonic()
    process = subprocess.Popen([BIN / "taproot", "boot", "127.200.200.201"], stderr=subprocess.PIPE, text=True)
    # Not in silence: a minute is long.
    assert re.match(r"waiting for the board at 127.200.200.201\S* to answer, for 5\d s at most", process.stderr.readline())
    assert time.monotonic() - begun < 20
    rest = process.stderr.read()
    assert process.wait() == 2
    assert rest.startswith("error: the board at 127.200.200.201") and "did not answer" in rest, rest


def test_boards_have_names(taproot):
    refused(taproot("info", "no-such-board.invalid", check=False), "there is no host called `no-such-board.invalid`")
    # Nobody listens there, but that is where the name leads.
    refused(taproot("info", "localhost", check=False), "127.0.0.1")


def test_emulate_refuses_what_it_cannot_emulate(taproot):
    refused(taproot("emulate", "udp:127.0.0.2", check=False), "real board")
    refused(taproot("emulate", "spin9", check=False), "spin9")
    threads = taproot("emulate", "spin3", "--threads", "0", check=False, timeout=20)
    assert threads.returncode == 2 and "whole number from 1" in threads.stderr
    nowhere = taproot("emulate", "spin3", "--trace", "/nowhere/run.trace", check=False, timeout=20)
    refused(nowhere, "/nowhere/run.trace cannot be written")
    assert "replayed" not in nowhere.stderr


def test_a_trace_is_not_overwritten(taproot, tmp_path):
    trace = tmp_path / "run.trace"
    trace.write_text("the record of another run")
    done = taproot("emulate", "spin3", "--trace", trace, check=False, timeout=60)
    refused(done, "run.trace cannot be written", "remove it, or name another file")
    assert trace.read_text() == "the record of another run"


# --- firmware, terminal, package ------------------------------------------------------------------


def test_firmware(taproot, tmp_path):
    folder = taproot("firmware", "path").stdout.strip()
    assert json.loads(taproot("firmware", "path", "--json").stdout) == {"path": folder}
    verified = json.loads(taproot("firmware", "--json").stdout)
    assert verified["problems"] == [] and verified["files"] > 80
    none = taproot("firmware", "verify", "--json", check=False, env={"TAPROOT_FIRMWARE": str(tmp_path)})
    assert none.returncode == 1
    assert len(json.loads(none.stdout)["problems"]) == verified["files"]
    none = taproot("firmware", "verify", check=False, env={"TAPROOT_FIRMWARE": str(tmp_path)})
    assert none.returncode == 1 and none.stdout.startswith(f"none of the {verified['files']} files is in {tmp_path}")


def on_a_terminal(*command, cwd):
    """What a command writes to a stderr that is a terminal, and its exit code."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=theirs)
    os.close(theirs)
    written = b""
    while True:
        try:
            piece = os.read(ours, 4096)
        except OSError:
            break
        if not piece:
            break
        written += piece
    os.close(ours)
    return written.decode(errors="replace"), process.wait()


def test_progress_is_for_terminals_alone(ran):
    folder, done = ran
    assert "loading" not in done.stderr and "\x1b" not in done.stderr
    command = [str(BIN / "taproot"), "run", "net.taproot", "-m", "spin3", "--time", "2000", "--out", "seen"]
    written, code = on_a_terminal(*command, cwd=folder)
    assert code == 0, written
    for stage in ("opening the machine", "mapping", "loading", "running"):
        assert stage in written, written
    for done_so_far, total in re.findall(r" ([\d.]+ ?[KMG]?i?B?)/([\d.]+ ?[KMG]?i?B?) ", written):
        assert ("B" in done_so_far) == ("B" in total), f"{done_so_far}/{total} mixes units"


def test_a_closed_pipe_is_no_error(ran):
    folder, _ = ran
    done = subprocess.run(
        f"'{BIN / 'taproot'}' check out --json | true; exit ${{PIPESTATUS[0]}}",
        shell=True, executable="/bin/bash", cwd=folder, capture_output=True, text=True,
    )
    assert done.returncode == 0 and done.stderr == "", done.stderr


def test_help_names_every_verb(taproot):
    text = taproot("--help").stdout
    for verb in ("run", "map", "check", "emulate", "boot", "info", "ps", "iobuf", "firmware"):
        assert re.search(rf"^  {verb} ", text, re.MULTILINE), text
        assert "Usage" in taproot(verb, "--help").stdout
    assert "taproot emulate [OPTIONS] --replay FILE" in taproot("emulate", "--help").stdout


def test_the_package_is_an_abi3_wheel_with_the_back_end_in_pynn():
    wheel = importlib.metadata.distribution("taproot").read_text("WHEEL")
    assert re.search(r"^Tag: cp311-abi3-", wheel, re.MULTILINE), wheel
    assert importlib.import_module("pyNN.taproot") is importlib.import_module("taproot.spinnaker")
    module = subprocess.run([sys.executable, "-m", "taproot", "--version"], capture_output=True, text=True)
    assert module.returncode == 0 and module.stdout.startswith("taproot ")
