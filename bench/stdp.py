"""The 840-neuron STDP network of sPyNNaker on an emulated spin5, from the start of the script to its end: one row for `bench/emulator.py`.

    target/outside/spynnaker_runs/bin/python bench/stdp.py

The script is that of `tests/outside/spynnaker_runs`. The time is all of it: Python and its imports, mapping, booting the board, loading, the
run of 300 ms, reading back. The board runs free, on as many threads as the host has processors; `TAPROOT` names another command to start it.
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import time

OUTSIDE = pathlib.Path(__file__).resolve().parent.parent / "tests" / "outside"
sys.path[:0] = [str(OUTSIDE), str(OUTSIDE / "spynnaker_runs")]

from board import Board  # noqa: E402
from test_spynnaker import CONFIGURATION, SCRIPTS  # noqa: E402


def main():
    with tempfile.TemporaryDirectory() as directory, Board("spin5", "--pace", "free") as board:
        home = pathlib.Path(directory)
        (home / ".spynnaker.cfg").write_text(CONFIGURATION.format(host=board.host, version=5))
        environment = {**os.environ, "HOME": directory, "FACTS": str(home / "facts.json"), "PYTHONPATH": str(SCRIPTS)}
        began = time.perf_counter()
        done = subprocess.run([sys.executable, str(SCRIPTS / "stdp.py")], cwd=home, env=environment, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        seconds = time.perf_counter() - began
        if done.returncode:
            sys.exit(done.stdout[-4000:])
    print(f"STDP network of sPyNNaker, 840 neurons, 300 ms: the script\t{seconds}\ts\tat most 12")
    print(f"STDP network: emulated time\t{board.seconds}\ts\t")
    print(f"STDP network: instructions\t{board.instructions / 1e6}\tmillion\t")


if __name__ == "__main__":
    main()
