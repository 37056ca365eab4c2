"""Wrong input gives a message that says what, where and what to try; the machine stays usable."""

import os
import pathlib
import re
import signal
import subprocess
import sys
import time

import pytest

from conftest import BIN

HEAD = """
import taproot.spinnaker as sim
sim.setup(timestep=1.0, min_delay=1.0, {setup})
"""
SMALL = HEAD + """
source = sim.Population(5, sim.SpikeSourceArray(spike_times=[1.0, 5.0]), label="source")
cells = sim.Population({size}, sim.IF_curr_exp(), label="cells")
sim.Projection(source, cells, sim.AllToAllConnector(), sim.StaticSynapse(weight={weight}, delay={delay}), label="drive")
cells.record("spikes")
sim.run({time})
print("spikes", sum(len(t) for t in cells.get_data().segments[0].spiketrains))
sim.end()
"""


def small(setup="", size=5, weight=1.0, delay=1.0, time=20.0):
    return SMALL.format(setup=setup, size=size, weight=weight, delay=delay, time=time)


def python(path, **env):
    return subprocess.run(
        [sys.executable, str(path)], capture_output=True, text=True, timeout=300, env={**os.environ, **env}, cwd=path.parent
    )


def refused(done, *patterns):
    """The process failed, said each pattern on stderr, and did not panic."""
    assert done.returncode != 0, done.stdout
    assert "panicked" not in done.stderr, done.stderr
    for pattern in patterns:
        assert re.search(pattern, done.stderr, re.IGNORECASE), f"`{pattern}` not in\n{done.stderr}"


def test_unknown_parameter(script):
    done = python(script(HEAD.format(setup="") + "sim.Population(1, sim.IF_curr_exp(tau_mm=3.0))\n"))
    refused(done, "NonExistentParameterError", "tau_mm", "tau_m")


def test_negative_delay(script):
    refused(python(script(small(delay=-1.0))), "ConnectionError", "-1", "delay")


def test_delay_longer_than_the_delay_extension_allows(script):
    refused(python(script(small(delay=1e6)), TAPROOT_MACHINE="spin3"), "delay", "drive|source|cells", "1000000|1e6|1,000,000")


def test_weight_overflow_is_said_on_the_console(script):
    text = small(weight="numpy.array([[30000.0, 1e-9, 1.0, 1.0, 1.0]] * 5)", size=5)
    done = python(script("import numpy\n" + text), TAPROOT_MACHINE="spin3")
    assert "cells" in done.stderr and re.search("zero|underflow|saturat", done.stderr), done.stderr


def test_population_too_big_for_the_machine(script):
    done = python(script(small(size=200000)), TAPROOT_MACHINE="spin3")
    refused(done, "cells|does not fit", "core", "200,?000|need")


def test_dead_chip_in_the_way(script, tmp_path):
    board = tmp_path / "board.toml"
    board.write_text('name = "worn"\nbase = "spin5"\ndead_chips = [[1, 1], [0, 1]]\ndead_cores = [[0, 0, 4]]\n')
    done = python(script(small(size=600)), TAPROOT_MACHINE=str(board))
    assert done.returncode == 0, done.stderr
    assert "spikes" in done.stdout


def test_unknown_machine(script):
    refused(python(script(small(setup='machine="spin9"'))), "spin9", "spin5")


def test_corrupted_firmware(script, tmp_path, taproot):
    original = pathlib.Path(taproot("firmware", "path").stdout.strip())
    copy = tmp_path / "firmware"
    copy.mkdir()
    for file in original.iterdir():
        content = bytearray(file.read_bytes())
        if file.name == "IF_curr_exp.aplx":
            content[1000] ^= 1
        (copy / file.name).write_bytes(content)
    verify = taproot("firmware", "verify", check=False, env={"TAPROOT_FIRMWARE": str(copy)})
    assert verify.returncode == 1
    assert "IF_curr_exp.aplx" in verify.stdout + verify.stderr
    done = python(script(small()), TAPROOT_MACHINE="spin3", TAPROOT_FIRMWARE=str(copy))
    refused(done, r"IF_curr_exp\.aplx", "firmware install")


def test_board_that_does_not_answer(script):
    done = python(script(small(setup='machine="udp:127.200.200.200"')))
    refused(done, r"127\.200\.200\.200", "answer")


@pytest.fixture
def emulate():
    """`taproot emulate spin3` in a process of its own: (process, address)."""
    process = subprocess.Popen(
        [str(BIN / "taproot"), "emulate", "spin3", "--pace", "real", "--json"], stdout=subprocess.PIPE, text=True
    )
    line = process.stdout.readline()
    address = re.search(r"127\.\d+\.\d+\.\d+", line).group()
    yield process, address
    process.send_signal(signal.SIGINT)
    assert process.wait(20) is not None


def test_board_that_dies_in_the_middle(script, emulate):
    process, address = emulate
    path = script(small(setup=f'machine="udp:{address}"', time=200000.0, size=250))
    run = subprocess.Popen([sys.executable, str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(15)
    assert run.poll() is None, run.communicate()
    process.kill()
    out, err = run.communicate(timeout=120)
    assert run.returncode != 0
    assert address in err and "answer" in err, err


def test_board_stays_usable_after_an_interrupt(script, emulate):
    _, address = emulate
    long = script(small(setup=f'machine="udp:{address}"', time=200000.0), name="long.py")
    run = subprocess.Popen([sys.executable, str(long)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(15)
    run.send_signal(signal.SIGINT)
    _, err = run.communicate(timeout=60)
    assert run.returncode != 0 and "KeyboardInterrupt" in err, err
    short = script(small(setup=f'machine="udp:{address}"'), name="short.py")
    done = python(short)
    assert done.returncode == 0 and "spikes" in done.stdout, done.stderr
