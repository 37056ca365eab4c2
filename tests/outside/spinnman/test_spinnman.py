"""SpiNNMan's transceivers, as PyPI ships them, against emulated boards. See docs/emulator/third-party.md."""

import pathlib
import random
import socket
import struct
import subprocess
import sys
import time

import pytest

from board import TAPROOT, Board, wait_until
from spinn_machine import CoreSubsets, MulticastRoutingEntry, RoutingEntry, virtual_machine
from spinn_machine.tags import IPTag, ReverseIPTag
from spinn_utilities.config_holder import clear_cfg_files, set_config
from spinnman.config_setup import add_spinnman_cfg
from spinnman.data.spinnman_data_writer import SpiNNManDataWriter
from spinnman.exceptions import SpinnmanException
from spinnman.messages.scp.enums import Signal
from spinnman.model import ExecutableTargets
from spinnman.model.enums import CPUState, ExecutableType, RunTimeError, UserRegister
from spinnman.processes import SendSingleCommandProcess
from spinnman.messages.scp.impl import GetVersion
from spinnman.messages.sdp import SDPFlag, SDPHeader, SDPMessage
from spinnman.transceiver import create_transceiver_from_hostname

MACHINES = {"spin3": (3, 2, 2, 1), "spin5": (5, 8, 8, 1), "spin5x3": (5, 12, 12, 3)}
SDRAM = 0x70000000
SYSTEM_VARIABLES = 0xf5007f00
#: A program of the pinned firmware that stops with an error when it finds no data: every state on the way can be checked.
PROGRAM = "IF_curr_exp.aplx"
APPLICATION = 33


def firmware():
    """Where the pinned firmware is."""
    found = subprocess.run([TAPROOT, "firmware", "path"], check=True, stdout=subprocess.PIPE, text=True)
    return pathlib.Path(found.stdout.strip())


def connect(host, version):
    """A transceiver as a user's program makes it; boots the board if it has to."""
    set_config("Machine", "version", str(version))
    return create_transceiver_from_hostname(host, extended=True, ensure_board_is_ready=True)


class Connected:
    """A transceiver, its board and what SpiNNMan knows of the machine."""

    def __init__(self, name):
        self.name = name
        self.version, self.width, self.height, self.boards = MACHINES[name]
        # What SpiNNMan's own `spinnman_simulation` does, without files of the user.
        clear_cfg_files(True)
        add_spinnman_cfg()
        data = SpiNNManDataWriter.setup()
        self.board = Board(name)
        try:
            self.tx = connect(self.board.host, self.version)
            self.tx.discover_scamp_connections()
            data.set_transceiver(self.tx)
            self.machine = self.tx.get_machine_details()
            data.set_machine(self.machine)
        except BaseException:
            self.board.__exit__(Exception, None, None)
            raise

    def chips(self):
        """A few chips: the root, its neighbour, the farthest ones."""
        every = sorted(self.machine.chip_coordinates)
        return list(dict.fromkeys([(0, 0), (1, 1), every[len(every) // 2], every[-1]]))


@pytest.fixture(scope="module", params=list(MACHINES))
def on(request):
    connected = Connected(request.param)
    yield connected
    connected.tx.close()
    connected.board.stop()


@pytest.fixture
def tx(on):
    return on.tx


def test_discovery_finds_the_machine_that_spinnmachine_describes(on):
    described = virtual_machine(on.width, on.height)
    found = on.machine
    assert sorted(found.chip_coordinates) == sorted(described.chip_coordinates)
    # SpiNNMachine's own list of nominal cores; a few chips of a SpiNN-5 board have 17.
    assert {c: found[c].n_processors for c in found.chip_coordinates} == \
        {c: described[c].n_processors for c in described.chip_coordinates}
    links = lambda machine: {(x, y, link.source_link_id, link.destination_x, link.destination_y)
                             for x, y in machine.chip_coordinates for link in machine[x, y].router.links}
    # SC&MP switches some off itself, and SpiNNMan drops their other directions.
    missing = {link[:3] for link in links(described) - links(found)}
    assert missing <= off_by_scamp(on), missing
    # SpiNNMachine describes a SpiNN-3 board without the links that go around in x; discovery finds those with a wire.
    extra = {link[:3] for link in links(found) - links(described)}
    assert extra <= (AROUND_SPIN3 if on.version == 3 else set()), extra
    assert sorted(c.ip_address for c in found.ethernet_connected_chips) == sorted(on.board.hosts)
    assert len(on.board.hosts) == on.boards
    assert {(c.x, c.y) for c in found.ethernet_connected_chips} == \
        {(c.x, c.y) for c in described.ethernet_connected_chips}


#: Links of a SpiNN-3 board (x, y, link) that leave its two columns of chips to the west or to the east, and come back at
#: the other side, except link 3 of (0,0) and link 0 of (1,0), which go to connectors.
AROUND_SPIN3 = {(0, 0, 4), (0, 1, 3), (0, 1, 4), (1, 0, 1), (1, 1, 0), (1, 1, 1)}


def off_by_scamp(on):
    """Links that SC&MP 4.0.0 disables itself: link 2 of (4,7) and (7,7), link 4 of (1,0) of each board; and their other
    directions, as (x, y, link)."""
    off = set()
    for chip in on.machine.ethernet_connected_chips:
        for x, y, link in [(4, 7, 2), (7, 7, 2), (1, 0, 4)]:
            here = (chip.x + x) % on.width, (chip.y + y) % on.height
            dx, dy = [(1, 0), (1, 1), (0, 1), (-1, 0), (-1, -1), (0, -1)][link]
            off.add((*here, link))
            off.add(((here[0] + dx) % on.width, (here[1] + dy) % on.height, (link + 3) % 6))
    return off


def test_a_booted_board_is_found_booted(on):
    start = time.monotonic()
    second = connect(on.board.host, on.version)
    try:
        assert time.monotonic() - start < 2, "it was booted again"
        assert second.read_word(0, 0, SDRAM) == on.tx.read_word(0, 0, SDRAM)
    finally:
        second.close()


def test_a_booted_board_ignores_boot_packets(on):
    on.tx.write_memory(0, 0, SDRAM + 0x100000, b"still here")
    on.tx._boot_board()
    assert on.tx.read_memory(0, 0, SDRAM + 0x100000, 10) == b"still here"
    states = on.tx.get_cpu_infos(states=[CPUState.IDLE])
    assert len(states) == sum(chip.n_processors - 1 for chip in on.machine.chips)


def test_memory_of_any_size_comes_back(on):
    draw = random.Random(7)
    for x, y in on.chips():
        for size in (1, 2, 3, 4, 5, 7, 255, 256, 257, 511, 1027, 5001):
            for offset in (0, 1, 2, 3):
                base = on.tx.malloc_sdram(x, y, size + 16, APPLICATION)
                fence = bytes([0xa5] * (size + 16))
                data = draw.randbytes(size)
                on.tx.write_memory(x, y, base, fence)
                on.tx.write_memory(x, y, base + 4 + offset, data)
                expected = fence[:4 + offset] + data + fence[4 + offset + size:]
                assert on.tx.read_memory(x, y, base, size + 16) == expected, (x, y, size, offset)
                assert on.tx.read_memory(x, y, base + 4 + offset, size) == data
                on.tx.free_sdram(x, y, base)
    on.tx.stop_application(APPLICATION)


def test_a_megabyte_comes_back_with_its_sum(on):
    data = bytearray(random.Random(8).randbytes(1 << 20))
    x, y = on.chips()[-1]
    base = on.tx.malloc_sdram(x, y, len(data), APPLICATION)
    written, total = on.tx.write_memory(x, y, base, data, get_sum=True)
    assert written == len(data)
    assert total == sum(struct.unpack(f"<{len(data) // 4}I", data)) & 0xffffffff
    assert on.tx.read_memory(x, y, base, len(data)) == data
    on.tx.stop_application(APPLICATION)


def test_chips_keep_their_own_memory(on):
    for x, y in on.machine.chip_coordinates:
        on.tx.write_memory(x, y, SDRAM + 0x200000, struct.pack("<2I", x << 8 | y, ~(x << 8 | y) & 0xffffffff))
    for x, y in on.machine.chip_coordinates:
        assert on.tx.read_word(x, y, SDRAM + 0x200000) == x << 8 | y
        assert on.tx.read_word(x, y, SDRAM + 0x200004) == ~(x << 8 | y) & 0xffffffff


def test_memory_of_a_neighbour(on):
    for x, y in on.chips():
        for link in on.machine[x, y].router.links:
            there = link.destination_x, link.destination_y
            on.tx.write_neighbour_memory(x, y, link.source_link_id, SDRAM + 0x400000, x << 16 | y << 8 | 0x5a)
            assert on.tx.read_word(*there, SDRAM + 0x400000) == x << 16 | y << 8 | 0x5a
            on.tx.write_memory(*there, SDRAM + 0x400004, b"neighbour")
            assert on.tx.read_neighbour_memory(x, y, link.source_link_id, SDRAM + 0x400004, 8) == b"neighbou"


def test_tightly_coupled_memory_of_a_core(on):
    # The SARK stub answers for its own memories.
    x, y = on.chips()[-1]
    on.tx.write_memory(x, y, 0x00404000, b"data of core 5", cpu=5)
    on.tx.write_memory(x, y, 0x00404000, b"data of core 6", cpu=6)
    assert on.tx.read_memory(x, y, 0x00404000, 14, cpu=5) == b"data of core 5"
    assert on.tx.read_memory(x, y, 0x00404000, 14, cpu=6) == b"data of core 6"


def test_allocation_is_exact_and_freed_by_application(on):
    for x, y in on.chips():
        free = lambda: sum(block.size for block in on.tx.get_heap(x, y) if block.is_free)
        before = free()
        blocks = on.tx.malloc_sdram_multi([(x, y, size, APPLICATION, tag) for tag, size in enumerate((4, 100, 40000), 1)])
        ends = sorted(zip(blocks, (4, 100, 40000)))
        assert all(a + size <= b for (a, size), (b, _) in zip(ends, ends[1:])), "blocks overlap"
        # Eight bytes of header each (sark_alloc.c).
        assert before - free() == 4 + 100 + 40000 + 3 * 8
        owned = {block.tag: block.size for block in on.tx.get_heap(x, y) if block.app_id == APPLICATION}
        assert set(owned) == {1, 2, 3}
        on.tx.free_sdram(x, y, blocks[1])
        # Its neighbours are in use: it stays a block of its own.
        assert before - free() == 4 + 40000 + 3 * 8
        # More than there is.
        with pytest.raises(SpinnmanException):
            on.tx.malloc_sdram(x, y, 200 << 20, APPLICATION)
    on.tx.stop_application(APPLICATION)
    for x, y in on.chips():
        assert not [block for block in on.tx.get_heap(x, y) if block.app_id == APPLICATION]


def test_routes_are_loaded_and_read_back(on):
    for x, y in on.chips():
        entries = [MulticastRoutingEntry(key=i << 8, mask=0xffffff00,
                                         routing_entry=RoutingEntry(processor_ids=[1 + i % 16], link_ids=[i % 6]))
                   for i in range(40)]
        on.tx.load_multicast_routes(x, y, entries, APPLICATION)
        found = on.tx.get_multicast_routes(x, y, APPLICATION)
        wanted = sorted((e.key, e.mask, sorted(e.processor_ids), sorted(e.link_ids)) for e in entries)
        assert sorted((e.key, e.mask, sorted(e.processor_ids), sorted(e.link_ids)) for e in found) == wanted
        route = RoutingEntry(processor_ids=[3], link_ids=[1, 4])
        on.tx.load_fixed_route(x, y, route, APPLICATION)
        back = on.tx.read_fixed_route(x, y, APPLICATION)
        assert (set(back.processor_ids), set(back.link_ids)) == ({3}, {1, 4})
    on.tx.clear_multicast_routes()
    for x, y in on.chips():
        assert not on.tx.get_multicast_routes(x, y, APPLICATION)


def test_ip_tags_are_set_read_and_cleared_on_each_board(on):
    for i, host in enumerate(on.board.hosts):
        chip = next(c for c in on.machine.ethernet_connected_chips if c.ip_address == host)
        on.tx.set_ip_tag(IPTag(host, chip.x, chip.y, 1, "127.0.0.1", 50000 + i, strip_sdp=True))
        on.tx.set_ip_tag(IPTag(host, chip.x, chip.y, 2, "127.0.0.1", 51000 + i, strip_sdp=False))
        on.tx.set_reverse_ip_tag(ReverseIPTag(host, 3, 52000 + i, chip.x, chip.y, 4, 2))
    for i, host in enumerate(on.board.hosts):
        tags = {t.tag: t for t in on.tx.get_tags() if t.board_address == host}
        assert (tags[1].ip_address, tags[1].port, tags[1].strip_sdp) == ("127.0.0.1", 50000 + i, True)
        assert (tags[2].port, tags[2].strip_sdp) == (51000 + i, False)
        assert isinstance(tags[3], ReverseIPTag)
        assert (tags[3].port, tags[3].destination_p, tags[3].sdp_port) == (52000 + i, 4, 2)
    for tag in (1, 2, 3):
        on.tx.clear_ip_tag(tag)
    assert not [t for t in on.tx.get_tags() if t.tag in (1, 2, 3)]


def version_question(sequence):
    """The SCP part of a version command."""
    return struct.pack("<2H3I", 0, sequence, 0, 0, 0)


def test_an_answer_leaves_through_an_ip_tag(on):
    """A core is asked by SDP with the tag as return address; the answer comes to the tag's port, with and without header."""
    for strip in (False, True):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
            listener.bind(("127.0.0.1", 0))
            listener.settimeout(5)
            for host in on.board.hosts:
                chip = next(c for c in on.machine.ethernet_connected_chips if c.ip_address == host)
                on.tx.set_ip_tag(IPTag(host, chip.x, chip.y, 4, "127.0.0.1", listener.getsockname()[1], strip_sdp=strip))
                header = SDPHeader(flags=SDPFlag.REPLY_EXPECTED, tag=4, destination_port=0, destination_cpu=2,
                                   destination_chip_x=chip.x, destination_chip_y=chip.y, source_port=7, source_cpu=31,
                                   source_chip_x=chip.x, source_chip_y=chip.y)
                # Not `send_sdp_message`, which puts a transient tag in place of ours.
                connection = on.tx._locate_spinnaker_connection_for_board_address(host)
                connection.send(bytes(2) + SDPMessage(header, version_question(77)).bytestring)
                answer = listener.recv(1024)
                body = answer if strip else answer[10:]
                assert struct.unpack_from("<2H", body) == (0x80, 77)
                assert b"SARK/SpiNNaker" in body
                assert struct.unpack_from("<I", body, 4)[0] >> 16 == chip.x << 8 | chip.y
        on.tx.clear_ip_tag(4)


def test_a_datagram_enters_through_a_reverse_ip_tag(on):
    """What comes to a reverse tag's port reaches the core that it names, also on another chip, and the answer finds back."""
    host = on.board.hosts[-1]
    port = 52345
    chip = next(c for c in on.machine.ethernet_connected_chips if c.ip_address == host)
    for x, y in [(chip.x, chip.y), ((chip.x + 1) % on.width, (chip.y + 1) % on.height)]:
        on.tx.set_reverse_ip_tag(ReverseIPTag(host, 5, port, x, y, 3, 0))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.bind(("127.0.0.1", 0))
            sender.settimeout(5)
            sender.connect((host, port))
            sender.send(version_question(99))
            answer = sender.recv(1024)
        assert b"SARK/SpiNNaker" in answer
        place = answer.index(b"SARK") - 12
        assert struct.unpack_from("<I", answer, place)[0] >> 16 == x << 8 | y
        assert struct.unpack_from("<I", answer, place)[0] & 0xff == 3
        port += 1
        on.tx.clear_ip_tag(5)


def test_the_led_is_the_pin(on):
    # LED 0 is pin 0 of the chip on both boards; the pins are read at 0xf2000048 (data sheet, System Controller).
    pin = 0
    # SC&MP's heart beats on LED 0, at the period of byte 0x2b of its variables; 0 is never.
    period = on.tx.read_memory(0, 0, SYSTEM_VARIABLES + 0x2b, 1)
    on.tx.write_memory(0, 0, SYSTEM_VARIABLES + 0x2b, b"\0")
    seen = []
    for state in (1, 0, 2, 2):
        on.tx.set_leds(0, 0, 0, {0: state})
        seen.append(on.tx.read_word(0, 0, 0xf2000048) >> pin & 1)
    on.tx.write_memory(0, 0, SYSTEM_VARIABLES + 0x2b, period)
    assert seen[0] != seen[1], "on and off look the same"
    assert seen[2] != seen[1] and seen[3] == seen[1], "inverting twice is not the same as nothing"


def test_versions_of_monitors_and_cores(on):
    for x, y in on.chips():
        for core, name in ((0, "SC&MP"), (1, "SARK")):
            process = SendSingleCommandProcess(on.tx.get_scamp_connection_selector())
            info = process.execute(GetVersion(x, y, core)).version_info
            assert (info.name, info.x, info.y, info.p) == (name, x, y, core)


def test_user_registers(on):
    x, y = on.chips()[-1]
    on.tx.write_user(x, y, 7, UserRegister.USER_2, 0xdecade)
    on.tx.write_user_many([(x, y, 8, UserRegister.USER_0, 17), (0, 0, 8, UserRegister.USER_3, 18)])
    assert on.tx.read_user(x, y, 7, UserRegister.USER_2) == 0xdecade
    infos = on.tx.get_cpu_infos(cores([(x, y, 8), (0, 0, 8)]))
    assert infos.get_cpu_info(x, y, 8).user[0] == 17
    assert infos.get_cpu_info(0, 0, 8).user[3] == 18


def cores(places):
    found = CoreSubsets()
    for place in places:
        found.add_processor(*place)
    return found


def counted(on, places):
    """Those of `places` that SC&MP 4.0.0 counts: a board's monitor asks the chips at its own address plus the place on the
    board, and does not wrap around at the edge of the machine (scamp-cmd.c, `cmd_count`)."""
    found = []
    for x, y, p in places:
        chip = on.machine[x, y]
        if x >= chip.nearest_ethernet_x and y >= chip.nearest_ethernet_y:
            found.append((x, y, p))
    return found


def test_the_count_of_cores_is_that_of_the_monitors(on):
    every = [(chip.x, chip.y, p) for chip in on.machine.chips for p in range(1, chip.n_processors)]
    assert on.tx.get_core_state_count(0, CPUState.IDLE) == len(counted(on, every))


def test_a_program_is_loaded_signalled_and_stopped(on):
    """IF_curr_exp without data on three cores of each of a few chips: it waits, starts, finds that its table of regions
    is wrong, says so and stops with an error of its API; the application is removed and its cores idle again."""
    tx = on.tx
    program = str(firmware() / PROGRAM)
    places = [(x, y, p) for x, y in on.chips() for p in (1, 2, 9)]
    # No table of regions: a word that is not its magic number.
    for x, y, p in places:
        tx.write_user(x, y, p, UserRegister.USER_0, SDRAM + 0x500000)
    for x, y in on.chips():
        tx.write_memory(x, y, SDRAM + 0x500000, bytes(392))
    tx.execute_flood(cores(places), program, APPLICATION, wait=True)
    wait_until(lambda: len(tx.get_cpu_infos(cores(places), [CPUState.READY])) == len(places), 20, "cores wait")
    assert tx.get_core_state_count(APPLICATION, CPUState.READY) == len(counted(on, places))
    waiting = tx.get_cpu_infos(cores(places), [CPUState.READY])
    assert len(waiting) == len(places)
    for place in places:
        info = waiting.get_cpu_info(*place)
        assert info.application_id == APPLICATION
        assert info.application_name == "IF_curr_exp"
    with pytest.raises(SpinnmanException):
        tx.wait_for_cores_to_be_in_state(cores(places), APPLICATION, [CPUState.RUNNING], timeout=0.5)
    tx.send_signal(APPLICATION, Signal.START)
    error = [CPUState.RUN_TIME_EXCEPTION]
    wait_until(lambda: len(tx.get_cpu_infos(cores(places), error)) == len(places), 20, "errors")
    assert tx.get_core_state_count(APPLICATION, CPUState.RUN_TIME_EXCEPTION) == len(counted(on, places))
    failed = tx.get_cpu_infos(cores(places), error)
    assert {failed.get_cpu_info(*place).run_time_error for place in places} == {RunTimeError.API}
    # The core says what is wrong, as numbers of messages in SpiNNUtilities' list.
    texts = {(buffer.x, buffer.y, buffer.p): buffer.iobuf for buffer in tx.get_iobuf(cores(places))}
    assert set(texts) == set(places)
    assert len(set(texts.values())) == 1 and texts[places[0]].strip(), texts
    tx.stop_application(APPLICATION)
    wait_until(lambda: len(tx.get_cpu_infos(cores(places), [CPUState.IDLE])) == len(places), 20, "cores idle again")
    assert tx.get_core_state_count(APPLICATION, CPUState.RUN_TIME_EXCEPTION) == 0


def test_execute_application(on):
    """The whole-application call: two programs, started together."""
    targets = ExecutableTargets()
    # `execute_application` counts cores, so take chips that SC&MP counts.
    x, y = counted(on, [(x, y, 4) for x, y in on.chips()])[-1][:2]
    targets.add_processor(str(firmware() / PROGRAM), 0, 0, 3, ExecutableType.USES_SIMULATION_INTERFACE)
    targets.add_processor(str(firmware() / "spike_source_poisson.aplx"), x, y, 4,
                          ExecutableType.USES_SIMULATION_INTERFACE)
    for place in ((0, 0, 3), (x, y, 4)):
        on.tx.write_user(*place, UserRegister.USER_0, SDRAM + 0x500000)
    on.tx.execute_application(targets, APPLICATION)
    wait_until(lambda: on.tx.get_core_state_count(APPLICATION, CPUState.RUN_TIME_EXCEPTION) == 2, 20, "both ran")
    infos = on.tx.get_cpu_infos(targets.all_core_subsets)
    assert infos.get_cpu_info(0, 0, 3).application_name == "IF_curr_exp"
    assert infos.get_cpu_info(x, y, 4).application_name.startswith("spike_source_po")
    on.tx.stop_application(APPLICATION)
    wait_until(lambda: len(on.tx.get_cpu_infos(targets.all_core_subsets, [CPUState.IDLE])) == 2, 20, "idle again")


def test_router_counters_count_what_the_monitors_send(on):
    """Point-to-point packets carry SDP between chips: a read from another chip raises the counters at both ends."""
    x, y = on.chips()[1]
    on.tx.clear_router_diagnostic_counters()
    assert on.tx.get_router_diagnostics(0, 0).n_dropped_multicast_packets == 0
    connection_board = on.machine[x, y].nearest_ethernet_x, on.machine[x, y].nearest_ethernet_y
    assert connection_board == (0, 0)
    on.tx.read_memory(x, y, SDRAM, 4096)
    here, there = on.tx.get_router_diagnostics(0, 0), on.tx.get_router_diagnostics(x, y)
    # 24 bits of an SDP message a packet: 4,096 bytes in 16 answers of 256 bytes and headers.
    assert there.n_local_peer_to_peer_packets > 4096 // 3
    assert here.n_external_peer_to_peer_packets > 4096 // 3
    assert here.n_dropped_peer_to_peer_packets == there.n_dropped_peer_to_peer_packets == 0
    assert not list(here.errors_set) and not list(there.errors_set)


def test_a_command_to_a_chip_that_is_not_there_is_refused(on):
    with pytest.raises(Exception) as refused:
        on.tx.read_memory(200, 200, SDRAM, 4)
    assert "RC_ROUTE" in str(refused.value) or "ROUTE" in repr(refused.value), repr(refused.value)


def test_clients_come_and_go(on):
    """One client disappears in the middle of its work; the next one finds the board as it should be."""
    script = ("import sys\nfrom spinn_utilities.config_holder import set_config\n"
              "from spinnman.config_setup import unittest_setup\nunittest_setup()\n"
              f"set_config('Machine', 'version', '{on.version}')\n"
              "from spinnman.transceiver import create_transceiver_from_hostname\n"
              f"tx = create_transceiver_from_hostname('{on.board.host}', ensure_board_is_ready=True)\n"
              "base = tx.malloc_sdram(0, 0, 4 << 20, 44)\nprint('working', flush=True)\n"
              "while True:\n    tx.write_memory(1, 1, base, bytes(1 << 20))\n")
    client = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert client.stdout.readline() == "working\n"
        time.sleep(0.5)
    finally:
        client.kill()
        client.wait()
        client.stdout.close()
    third = connect(on.board.host, on.version)
    try:
        owned = lambda: [block for block in third.get_heap(0, 0) if block.app_id == 44]
        assert sum(block.size for block in owned()) >= 4 << 20
        third.stop_application(44)
        assert not owned()
        for x, y in on.machine.chip_coordinates:
            assert third.read_word(x, y, SYSTEM_VARIABLES) & 0xffff == x << 8 | y, "the monitor's own address"
    finally:
        third.close()


def test_time_that_is_lost_is_told():
    """A computer that is held up for a while: the machine's clock stood, the client is answered, and the emulator says so."""
    clear_cfg_files(True)
    add_spinnman_cfg()
    SpiNNManDataWriter.setup()
    with Board("spin3", "--pace", "real") as board:
        tx = connect(board.host, 3)
        clock = lambda: (tx.read_word(0, 0, SYSTEM_VARIABLES + 0x10), time.monotonic())
        (before, began), _ = clock(), board.hold_up(2.0)
        after, ended = clock()
        tx.close()
        time.sleep(1.5)
    wall, emulated = ended - began, (after - before) / 1000
    assert wall >= 2.0 and emulated < wall - 1.8, (wall, emulated)
    assert board.lost > 1.8 and abs(board.seconds + board.lost - board.wall) < 0.1
    assert "falling behind" in board.messages()
