"""What the end-to-end tests share: paths, and a way to run the command as a user would."""

import os
import pathlib
import subprocess
import sys

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
