"""What the tests share."""

import json

import pytest

import taproot.spinnaker
from taproot import _taproot


@pytest.fixture
def sim():
    """The back end, freshly set up with a step of 0.1 ms and room for long delays."""
    taproot.spinnaker.setup(timestep=0.1, min_delay=0.1, max_delay=100.0)
    return taproot.spinnaker


@pytest.fixture
def network(sim, tmp_path):
    """Writes the network to its file, reads that back natively, and returns it as a dictionary."""

    def read():
        path = tmp_path / "network.taproot"
        sim.save_network(path)
        return json.loads(_taproot.read_network(str(path)))

    return read
