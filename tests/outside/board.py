"""Starts `taproot emulate` for a judge, and switches it off again.

Standard library only: every judge imports this from a virtual environment of its own.
"""

import json
import os
import pathlib
import re
import selectors
import signal
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
#: The command under test; `TAPROOT` names another.
TAPROOT = os.environ.get("TAPROOT", str(ROOT / ".venv/bin/taproot"))
READY_WITHIN = 30.0
STOPPED_WITHIN = 30.0

# Accesses to registers that nobody has modelled, which are known and do no harm: (kind, first address, last address, why).
EXPLAINED = []


class Board:
    """An emulated machine, switched on until the end of a `with`.

    `host` is the address of the first board, `hosts` are those of all. Leaving the block interrupts the emulator (SIGINT),
    and fails if it does not end well or reports an access that `EXPLAINED` does not know.
    """

    def __init__(self, machine, *arguments):
        self.machine = machine
        self._log = tempfile.TemporaryFile("w+")
        self._process = subprocess.Popen([TAPROOT, "emulate", machine, "--json", *arguments], stdout=subprocess.PIPE,
                                         stderr=self._log, text=True)
        try:
            ready = self._first_line()
        except BaseException:
            self._process.kill()
            self._process.wait()
            raise
        self.host = ready["address"]
        self.hosts = ready["addresses"]
        self.seconds = None
        self.instructions = None
        self.wall = None
        self.lost = None

    def _first_line(self):
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            line = self._process.stdout.readline() if selector.select(READY_WITHIN) else ""
        if not line:
            raise AssertionError(f"no ready line from {TAPROOT} emulate {self.machine}: {self.messages()}")
        return json.loads(line)

    def messages(self):
        """What the emulator has written to standard error."""
        self._log.seek(0)
        return self._log.read()

    def stop(self):
        """Switches the machine off. What it did is kept: emulated `seconds`, `instructions`, `wall` seconds, and how many of
        these were `lost` because the computer was too slow."""
        self._process.send_signal(signal.SIGINT)
        try:
            code = self._process.wait(STOPPED_WITHIN)
            last = self._process.stdout.read()
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise AssertionError("the emulator did not stop when interrupted") from None
        finally:
            self._process.stdout.close()
        said = self.messages()
        assert code == 0, f"the emulator ended with {code}: {said}"
        found = re.search(r"stopped after ([\d.]+) emulated seconds and (\d+) instructions", said)
        assert found, f"the emulator did not say what it did: {said}"
        self.seconds, self.instructions = float(found[1]), int(found[2])
        told = json.loads(last)
        self.wall, self.lost = told["wall_seconds"], told["lost_seconds"]
        unexplained = [line for line in said.splitlines() if line.startswith("not modelled") and not explained(line)]
        assert not unexplained, "\n".join(unexplained)

    def hold_up(self, seconds):
        """Keeps the emulator from running for a while, as a busy computer does."""
        self._process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        self._process.send_signal(signal.SIGCONT)

    def __enter__(self):
        return self

    def __exit__(self, kind, _error, _trace):
        if kind is None:
            self.stop()
        else:
            # The first failure is the one to report.
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(STOPPED_WITHIN)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


def explained(line):
    """Whether a "not modelled" line of the emulator is one of the known harmless ones."""
    found = re.match(r"not modelled: (\w+) of 0x([0-9a-f]{8})", line)
    return bool(found) and any(kind == found[1] and first <= int(found[2], 16) <= last
                               for kind, first, last, _why in EXPLAINED)


def wait_until(question, seconds, what):
    """Asks until the answer is true."""
    end = time.monotonic() + seconds
    while not question():
        assert time.monotonic() < end, f"after {seconds} s still not: {what}"
        time.sleep(0.05)
