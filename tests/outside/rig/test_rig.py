"""rig's machine controller, as PyPI ships it, against emulated boards. See docs/emulator/third-party.md.

rig 2.4.1 is of 2017 and brings its own monitor, SC&MP 3.1.0: the boards are booted with that. Its flood fill and its
counting of states are of that protocol. Booting with SC&MP 4.0.0, discovery and memory are tested as well.
"""

import pathlib
import random
import socket
import struct
import subprocess
import time

import pkg_resources
import pytest

from board import TAPROOT, Board, wait_until
from rig.links import Links
from rig.machine_control import MachineController, consts
from rig.machine_control.boot import spin3_boot_options, spin5_boot_options
from rig.machine_control.machine_controller import SpiNNakerMemoryError
from rig.machine_control.packets import SCPPacket, SDPPacket
from rig.machine_control.scp_connection import FatalReturnCodeError
from rig.routing_table import Routes, RoutingTableEntry

#: Options of the boot, chips, boards.
MACHINES = {"spin3": (spin3_boot_options, 4, 1), "spin5": (spin5_boot_options, 48, 1),
            "spin5x3": (spin5_boot_options, 144, 3)}
APPLICATION = 30
#: rig's own test program: says where it runs, writes where it runs after the block with the tag of its core, and waits.
PROGRAM = pkg_resources.resource_filename("rig", "binaries/test.aplx")


class Connected:
    """A controller, its board and what rig knows of the machine."""

    def __init__(self, name):
        self.name = name
        self.options, self.chips, self.boards = MACHINES[name]
        self.board = Board(name)
        try:
            self.mc = MachineController(self.board.host)
            # A fresh dictionary: rig keeps what it is given.
            assert self.mc.boot(sv_overrides={}, **self.options)
            self.mc.discover_connections()
            self.info = self.mc.get_system_info()
        except BaseException:
            self.board.__exit__(Exception, None, None)
            raise

    def few(self):
        """The root, its neighbour and the farthest chips."""
        every = sorted(self.info)
        return list(dict.fromkeys([(0, 0), (1, 1), every[len(every) // 2], every[-1]]))


@pytest.fixture(scope="module", params=list(MACHINES))
def on(request):
    connected = Connected(request.param)
    yield connected
    connected.board.stop()


def test_booted_once(on):
    assert not on.mc.boot(sv_overrides={}, **on.options)
    version = on.mc.get_software_version(0, 0)
    assert version.version_string == "SC&MP/SpiNNaker"
    assert version.software_version == (3, 1, 0)
    assert on.mc.get_software_version(*on.few()[-1], 3).version_string == "SARK/SpiNNaker"


def test_system_info(on):
    info = on.info
    assert len(info) == on.chips
    ethernets = {(x, y): ip for (x, y), ip in info.ethernet_connected_chips()}
    assert sorted(ethernets.values()) == sorted(on.board.hosts)
    assert len(ethernets) == on.boards
    cores = {chip: found.num_cores for chip, found in info.items()}
    # spinnaker-chip.md, section 16: SpiNN-5 boards have 18 cores on a chip, but for eight chips that have 17.
    if on.name == "spin3":
        assert set(cores.values()) == {18}
    else:
        assert sorted(cores.values()) == [17] * 8 * on.boards + [18] * 40 * on.boards
    for chip, found in info.items():
        assert found.core_states[0] == consts.AppState.run
        assert set(found.core_states[1:]) == {consts.AppState.idle}
        assert found.largest_free_rtr_mc_block == 1023
        assert found.ethernet_up == (chip in ethernets)
        for link in found.working_links:
            dx, dy = link.to_vector()
            there = (chip[0] + dx) % info.width, (chip[1] + dy) % info.height
            assert link.opposite in info[there].working_links, (chip, link)
        assert found.local_ethernet_chip in ethernets
    if on.name == "spin5":
        assert {c for c, l in ((c, l) for c in info for l in info[c].working_links) if c == (0, 0)}
        assert info[0, 0].working_links == {Links.east, Links.north_east, Links.north}


def test_memory(on):
    draw = random.Random(3)
    for x, y in on.few():
        for size in (1, 3, 4, 255, 256, 257, 1000, 4099):
            memory = on.mc.sdram_alloc_as_filelike(size + 8, x=x, y=y, app_id=APPLICATION)
            data = draw.randbytes(size)
            memory.write(b"\xa5" * (size + 8))
            memory.seek(3)
            memory.write(data)
            memory.seek(0)
            assert memory.read() == b"\xa5" * 3 + data + b"\xa5" * 5
            assert on.mc.read(memory.address - (size + 8) + 3, size, x, y) == data
            memory.free()


def test_memory_is_filled(on):
    x, y = on.few()[-1]
    base = on.mc.sdram_alloc(64, x=x, y=y, app_id=APPLICATION)
    on.mc.fill(base, 0x01020304, 64, x, y, 0)
    assert on.mc.read(base, 64, x, y) == bytes([4, 3, 2, 1]) * 16
    # Neither begins nor ends at a word: bytes.
    on.mc.fill(base + 5, 0xee, 7, x, y, 0)
    assert on.mc.read(base, 16, x, y) == bytes([4, 3, 2, 1, 4]) + b"\xee" * 7 + bytes([4, 3, 2, 1])
    on.mc.send_signal("stop", APPLICATION)


def test_tags_of_memory(on):
    x, y = on.few()[1]
    first = on.mc.sdram_alloc(100, tag=7, x=x, y=y, app_id=APPLICATION)
    assert first
    with pytest.raises(SpiNNakerMemoryError):
        on.mc.sdram_alloc(100, tag=7, x=x, y=y, app_id=APPLICATION)
    with pytest.raises(SpiNNakerMemoryError):
        on.mc.sdram_alloc(1 << 30, x=x, y=y, app_id=APPLICATION)
    on.mc.sdram_free(first, x, y)
    cleared = on.mc.sdram_alloc(100, tag=7, x=x, y=y, app_id=APPLICATION, clear=True)
    assert on.mc.read(cleared, 100, x, y) == bytes(100)
    on.mc.send_signal("stop", APPLICATION)


def test_memory_across_a_link(on):
    for link in on.info[0, 0].working_links:
        dx, dy = link.to_vector()
        there = dx % on.info.width, dy % on.info.height
        on.mc.write_across_link(0x60500000, struct.pack("<I", 0xabcd0000 | link), 0, 0, link)
        assert on.mc.read(0x60500000, 4, *there) == struct.pack("<I", 0xabcd0000 | link)
        assert on.mc.read_across_link(0x60500000, 4, 0, 0, link) == struct.pack("<I", 0xabcd0000 | link)


def test_routing_tables(on):
    for x, y in on.few():
        entries = [RoutingTableEntry({Routes(i % 6), Routes.core(1 + i % 16)}, i << 4, 0xfffffff0) for i in range(50)]
        on.mc.load_routing_table_entries(entries, x=x, y=y, app_id=APPLICATION)
        found = [entry[0] for entry in on.mc.get_routing_table_entries(x, y) if entry and entry[1] == APPLICATION]
        assert [(e.route, e.key, e.mask) for e in found] == [(e.route, e.key, e.mask) for e in entries]
        on.mc.clear_routing_table_entries(x, y, APPLICATION)
        assert not [e for e in on.mc.get_routing_table_entries(x, y) if e and e[1] == APPLICATION]


def test_routes_between_chips(on):
    """Point-to-point tables lead from everywhere to the root, link by link."""
    here = on.few()[-1]
    for _ in range(on.info.width + on.info.height):
        if here == (0, 0):
            break
        route = on.mc.get_p2p_routing_table(*here)[0, 0]
        assert route in set(consts.P2PTableEntry) and int(route) < 6, route
        dx, dy = Links(int(route)).to_vector()
        here = (here[0] + dx) % on.info.width, (here[1] + dy) % on.info.height
    assert here == (0, 0)


def test_ip_tags(on):
    for chip, _address in on.info.ethernet_connected_chips():
        on.mc.iptag_set(1, "127.0.0.1", 50505, *chip)
        tag = on.mc.iptag_get(1, *chip)
        assert (tag.addr, tag.port) == ("127.0.0.1", 50505)
        assert tag.flags & consts.IPTagFlags.use_sender == 0 if hasattr(consts, "IPTagFlags") else True
        on.mc.iptag_clear(1, *chip)
        assert not on.mc.iptag_get(1, *chip).flags & 0x8000


def test_leds(on):
    """LED 1 of a SpiNN-3 board is pin 5: led0 = 0x502 says two LEDs, pins 0 and 5. LED 0 is the monitor's."""
    led, pin = (1, 5) if on.name == "spin3" else (0, 0)
    if led == 0:
        on.mc.write_struct_field("sv", "led_period", 0, 0, 0)
    pins = lambda: struct.unpack("<I", on.mc.read(0xf2000048, 4, 0, 0))[0] >> pin & 1
    seen = []
    for action in (True, False, None, None):
        on.mc.set_led(led, action, 0, 0)
        seen.append(pins())
    assert seen[0] != seen[1] and seen[2] == seen[0] and seen[3] == seen[1], seen


def test_a_program_runs_everywhere_it_was_sent(on):
    """rig's own test program, over its flood fill: it runs, says so, finds tagged memory, and stops at the signal."""
    mc = on.mc
    places = {chip: {1, 2, 13} for chip in on.few()}
    with mc.application(APPLICATION):
        blocks = {(chip, core): mc.sdram_alloc(8, tag=core, x=chip[0], y=chip[1], clear=True)
                  for chip, cores in places.items() for core in cores}
        mc.load_application({PROGRAM: places}, wait=True)
        count = sum(map(len, places.values()))
        assert mc.count_cores_in_state("wait", APPLICATION) == count
        assert mc.count_cores_in_state("run", APPLICATION) == 0
        mc.send_signal("start", APPLICATION)
        assert mc.wait_for_cores_to_reach_state("run", count, APPLICATION, timeout=10) == count
        for (x, y), core in blocks:
            status = mc.get_processor_status(core, x, y)
            assert (status.cpu_state, status.app_name, status.app_id) == (consts.AppState.run, "test", APPLICATION)
            wait_until(lambda: mc.get_iobuf(core, x, y), 5, "the program has said something")
            assert mc.get_iobuf(core, x, y).startswith(f"Rig test APLX started on {x}, {y}, {core}.")
    # Leaving the block has sent "stop".
    wait_until(lambda: mc.get_processor_status(13, *on.few()[-1]).cpu_state == consts.AppState.idle, 10, "cores idle again")
    assert mc.count_cores_in_state("run", APPLICATION) == 0


def test_sdp_leaves_through_an_ip_tag(on):
    """An answer to a question whose return address is a tag."""
    for chip, address in on.info.ethernet_connected_chips():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here:
            here.bind(("127.0.0.1", 0))
            here.settimeout(5)
            on.mc.iptag_set(2, "127.0.0.1", here.getsockname()[1], *chip)
            question = SCPPacket(reply_expected=True, tag=2, dest_port=0, dest_cpu=5, src_port=7, src_cpu=31,
                                 dest_x=chip[0], dest_y=chip[1], src_x=chip[0], src_y=chip[1], cmd_rc=0, seq=42,
                                 arg1=0, arg2=0, arg3=0, data=b"")
            here.sendto(question.bytestring, (address, consts.SCP_PORT))
            answer = SDPPacket.from_bytestring(here.recv(1024))
        assert (answer.src_x, answer.src_y, answer.src_cpu, answer.src_port) == (*chip, 5, 0)
        assert (answer.dest_cpu, answer.dest_port) == (31, 7)
        assert struct.unpack_from("<2H", answer.data) == (0x80, 42)
        assert b"SARK/SpiNNaker" in answer.data


def test_router_counters(on):
    x, y = on.few()[1]
    before = on.mc.get_router_diagnostics(x, y)
    on.mc.read(0x60500000, 2048, x, y)
    after = on.mc.get_router_diagnostics(x, y)
    # 24 bits of an answer in each point-to-point packet.
    assert after.local_p2p - before.local_p2p > 2048 // 3
    assert after.dropped_p2p == before.dropped_p2p


def test_refusals(on):
    with pytest.raises(FatalReturnCodeError):
        on.mc.read(0x60000000, 4, 200, 200)


def test_the_monitor_of_today():
    """rig's boot with SC&MP 4.0.0, the pinned one: discovery, memory, tables."""
    found = subprocess.run([TAPROOT, "firmware", "path"], check=True, stdout=subprocess.PIPE, text=True)
    image = pathlib.Path(found.stdout.strip()) / "scamp.boot"
    with Board("spin5") as board:
        mc = MachineController(board.host)
        assert mc.boot(scamp_binary=str(image), sv_overrides={}, **spin5_boot_options)
        assert mc.get_software_version(0, 0).software_version == (4, 0, 0)
        info = mc.get_system_info()
        assert len(info) == 48
        data = random.Random(4).randbytes(10001)
        base = mc.sdram_alloc(len(data), x=7, y=7, app_id=APPLICATION)
        start = time.monotonic()
        mc.write(base, data, 7, 7)
        assert mc.read(base, len(data), 7, 7) == data
        print(f"{len(data)} bytes there and back in {time.monotonic() - start:.2f} s")
        entries = [RoutingTableEntry({Routes.east}, 0x100, 0xffffff00)]
        mc.load_routing_table_entries(entries, x=3, y=3, app_id=APPLICATION)
        assert [e[0].key for e in mc.get_routing_table_entries(3, 3) if e and e[1] == APPLICATION] == [0x100]
