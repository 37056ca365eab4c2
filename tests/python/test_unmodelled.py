"""What the emulator has no model for is said where a user sees it, once for each access."""

import pathlib
import socket
import struct
import time

import pytest

from conftest import emulated

# The watchdog has no register here (data sheet 16).
NO_REGISTER = 0xE300_0800
SCP_PORT = 17893


def read_word(address, where):
    """Ask the monitor of chip (0,0) to read one word (SCP command 2, by words)."""
    sdp = struct.pack("<2x8B", 0x87, 0xFF, 0x00, 0xFF, 0, 0, 0, 0)
    request = sdp + struct.pack("<HHIII", 2, 1, where, 4, 2)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as host:
        host.settimeout(5)
        host.sendto(request, (address, SCP_PORT))
        answer = host.recv(512)
    code, _, value = struct.unpack_from("<HHI", answer, 10)
    assert code == 0x80, f"the board answers {code:#x}"
    return value


def boards_of_this_process():
    """Addresses on which this process listens as a board."""
    mine = {link.readlink().name for link in pathlib.Path("/proc/self/fd").iterdir() if link.is_symlink()}
    rows = [row.split() for row in pathlib.Path("/proc/net/udp").read_text().splitlines()[1:]]
    for row in rows:
        address, port = row[1].split(":")
        if int(port, 16) == SCP_PORT and f"socket:[{row[9]}]" in mine:
            yield socket.inet_ntoa(struct.pack("<I", int(address, 16)))


def test_emulate_says_it_on_stderr_while_it_runs(taproot):
    with emulated("spin3", "--pace", "free") as board:
        taproot("boot", board.address)
        assert read_word(board.address, NO_REGISTER) == 0
        assert read_word(board.address, NO_REGISTER) == 0
        lines = board.wait_for_message("0xe3000800")
        time.sleep(0.3)
        told = [line for line in board.messages if "0xe3000800" in line]
    assert len(told) == 1, told
    assert "a read at" in lines and "chip (0,0)" in lines and "program counter 0x0" in lines, lines


def test_a_script_is_warned(sim_spin3):
    sim, warned = sim_spin3
    cells = sim.Population(2, sim.IF_curr_exp())
    cells.record("spikes")
    sim.run(2.0)
    assert not [w for w in warned() if "no model" in w], "the programs do nothing that is not modelled"
    (address,) = boards_of_this_process()
    read_word(address, NO_REGISTER)
    sim.run(2.0)
    sim.run(2.0)
    (text,) = [w for w in warned() if "no model" in w]
    assert "a read at 0xe3000800, answered with 0, by physical core" in text


@pytest.fixture
def sim_spin3(recwarn):
    import warnings

    import taproot
    import taproot.spinnaker as sim

    warnings.simplefilter("always")
    sim.setup(timestep=1.0, machine="spin3")
    yield sim, lambda: [str(w.message) for w in recwarn.list if w.category is taproot.TaprootWarning]
    sim.end()
