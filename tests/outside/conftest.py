"""What the judges share: `board` can be imported, and what a judge writes goes to a directory of its own."""

import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))


@pytest.fixture(scope="session", autouse=True)
def elsewhere(tmp_path_factory):
    """SpiNNMan writes reports wherever it is started."""
    before = os.getcwd()
    os.chdir(tmp_path_factory.mktemp("reports"))
    yield
    os.chdir(before)
