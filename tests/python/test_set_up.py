"""`make build` needs no more than CPython with pip."""

import os
import pathlib
import subprocess
import sys

import pytest

from conftest import ROOT

# Debian's python3 without python3-venv: `-m venv` leaves half an environment and fails, for want of ensurepip.
LIKE_DEBIAN = """#!/bin/sh
case "$*" in
  *--without-pip*) ;;
  "-m venv"*) "{python}" -m venv --without-pip "$3"; echo "ensurepip is not available"; exit 1 ;;
  *ensurepip*) exit 1 ;;
esac
exec "{python}" "$@"
"""


@pytest.mark.parametrize("kind", ["whole", "like Debian"])
def test_a_virtual_environment_with_and_without_ensurepip(tmp_path, kind):
    python = pathlib.Path(sys.base_prefix) / "bin" / "python3"
    if kind == "like Debian":
        text, python = LIKE_DEBIAN.format(python=python), tmp_path / "python3"
        python.write_text(text)
        python.chmod(0o755)
        assert subprocess.run([python, "-m", "venv", tmp_path / "plain"], capture_output=True).returncode == 1
        assert not (tmp_path / "plain" / "bin" / "pip").exists()
    venv = tmp_path / "venv"
    environment = {key: value for key, value in os.environ.items() if key not in ("VIRTUAL_ENV", "MAKEFLAGS", "MAKELEVEL")}
    command = ["make", f"VENV={venv}", f"PYTHON={python}", f"{venv}/ready"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    inside = subprocess.run(
        [venv / "bin" / "python", "-c", "import maturin, pip, sys; print(sys.prefix)"], capture_output=True, text=True
    )
    assert inside.stdout.strip() == str(venv), inside.stderr
