"""What the end-to-end tests share: paths, and a way to run the command as a user would."""

import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(sys.executable).parent


@pytest.fixture
def taproot(tmp_path):
    """Runs `taproot ARGUMENTS...` and returns the finished process, output as text."""

    def run(*arguments, timeout=600, env=None, check=True, cwd=tmp_path):
        environment = {**os.environ, **(env or {})}
        done = subprocess.run(
            [str(BIN / "taproot"), *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=timeout,
            env=environment,
            cwd=cwd,
        )
        if check:
            assert done.returncode == 0, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    return run


@pytest.fixture
def script(tmp_path):
    """Writes a Python script and returns its path."""

    def write(text, name="script.py"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


FIGURES = pytest.StashKey()


@pytest.fixture
def figure(request):
    """Says a measured figure in the summary of the test run, whether the test passes or not, and with -q too."""
    return request.config.stash.setdefault(FIGURES, []).append


def pytest_terminal_summary(terminalreporter, config):
    figures = config.stash.get(FIGURES, [])
    if figures:
        terminalreporter.section("figures")
        for line in figures:
            terminalreporter.write_line(line)


class Board:
    """`taproot emulate` in a process of its own, and what it says."""

    def __init__(self, process):
        self.process = process
        self.ready = json.loads(process.stdout.readline())
        self.address = self.ready["address"]
        self.messages = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        for line in self.process.stderr:
            self.messages.append(line)

    def wait_for_message(self, text, seconds=10):
        """The first line on stderr with this text."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for line in self.messages:
                if text in line:
                    return line
            time.sleep(0.02)
        raise AssertionError(f"`{text}` is not among {self.messages}")


@contextlib.contextmanager
def emulated(*arguments):
    """A board served by `taproot emulate ARGUMENTS...`, interrupted at the end."""
    process = subprocess.Popen(
        [str(BIN / "taproot"), "emulate", *arguments, "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield Board(process)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            assert process.wait(20) == 0
        finally:
            process.kill()
