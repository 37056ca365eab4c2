"""Another client of the board: SpiNNMan alone. `reader.py HOST VERSION` writes memory of its own and compares it, until its
input ends."""

import random
import select
import sys

from spinn_utilities.config_holder import set_config
from spinnman.config_setup import unittest_setup

APPLICATION, SIZE = 99, 20_000

host, version = sys.argv[1:]
unittest_setup()
set_config("Machine", "version", version)
from spinnman.transceiver import create_transceiver_from_hostname  # noqa: E402  the version has to be known

tx = create_transceiver_from_hostname(host, ensure_board_is_ready=True)
tx.discover_scamp_connections()
draw = random.Random(8)
places = [(0, 0), (1, 1)]
memory = {}
for x, y in places:
    content = draw.randbytes(SIZE)
    base = tx.malloc_sdram(x, y, SIZE, APPLICATION)
    tx.write_memory(x, y, base, content)
    memory[x, y] = (base, content)
print("reading", flush=True)
reads = 0
while not select.select([sys.stdin], [], [], 0.05)[0]:
    for (x, y), (base, content) in memory.items():
        assert tx.read_memory(x, y, base, SIZE) == content, f"memory of ({x}, {y}) changed"
        reads += 1
tx.stop_application(APPLICATION)
print(reads, "reads", flush=True)
tx.close()
