"""The Vogels-Abbott benchmark: our script, and PyNN's own taken unmodified from its source archive.

For our script the bands are the spread of NEST 3.10, NEURON 9.0.2 and Brian2 2.9.0 over draws of the network. PyNN's script is one draw:
its seed is a constant that no option changes. NEST itself leaves the bands on it (CUBA) and on other draws (docs/pynn.md has six), so the
bands say nothing about a simulator there. But with it we have the same connections as NEST, and the figures to meet are NEST's own for this very network, measured with NEST 3.10.0;
both criteria are shown beside what was measured. CUBA rests 1 mV above threshold, where the cores' arithmetic shows: synaptic currents are rounded down at each of the
10,000 steps (s16.15, `neuron-models/synapse-types` of sPyNNaker), inhibition by more than excitation, which is worth about 2 % in rate.
"""

import glob
import os
import pickle
import subprocess
import sys
import tarfile

import numpy as np
import pytest

from conftest import ROOT
from spike_statistics import mean_cv, mean_rate

BANDS = {"COBA": ((12.6, 16.2), (1.44, 1.50)), "CUBA": ((5.1, 6.0), (0.51, 0.55))}
# Excitatory rate, Hz, and CV, of NEST 3.10.0 on PyNN's script as it is (seed 98765).
NEST = {"COBA": (15.75, 1.488), "CUBA": (5.93, 0.504)}
TOLERANCE = 0.03
PYNN = "PyNN==0.13.0"


def judge(benchmark, trains, duration, figure):
    rate, cv = mean_rate(trains, duration), mean_cv(trains)
    (low, high), (cv_low, cv_high) = BANDS[benchmark]
    figure(
        f"vogels_abbott.py {benchmark}: excitatory {rate:.2f} Hz (bands {low} to {high}), CV {cv:.3f} (bands {cv_low} to {cv_high})"
    )
    assert low <= rate <= high, f"{benchmark}: mean excitatory rate {rate:.2f} Hz outside {low} to {high}"
    assert cv_low <= round(cv, 2) <= cv_high, f"{benchmark}: CV {cv:.3f} outside {cv_low} to {cv_high}"


@pytest.mark.parametrize("benchmark", ["COBA", "CUBA"])
def test_our_script(taproot, tmp_path, benchmark, figure):
    out = tmp_path / "out"
    taproot("run", ROOT / "examples" / "vogels_abbott.py", "--out", out, "--", benchmark)
    with np.load(out / "spikes.npz") as spikes:
        cells, times = spikes["excitatory.cells"], spikes["excitatory.times"]
    trains = [times[cells == i] for i in range(3200)]
    judge(benchmark, trains, 1000.0, figure)
    assert "<svg" in (out / "raster.svg").read_text()
    assert "<html" in (out / "report.html").read_text()


@pytest.fixture(scope="session")
def va_script(tmp_path_factory):
    """PyNN's VAbenchmarks.py out of the source archive that the package registry serves."""
    directory = tmp_path_factory.mktemp("pynn")
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:", "-d", directory, PYNN],
        check=True,
    )
    (archive,) = glob.glob(str(directory / "*.tar.gz"))
    with tarfile.open(archive) as tar:
        (member,) = [m for m in tar.getmembers() if m.name.endswith("/examples/VAbenchmarks.py")]
        return directory, tar.extractfile(member).read()


@pytest.mark.parametrize("benchmark", ["COBA", "CUBA"])
def test_pynns_own_script(va_script, tmp_path, benchmark, figure):
    script = tmp_path / "VAbenchmarks.py"
    script.write_bytes(va_script[1])
    done = subprocess.run(
        [sys.executable, str(script), "taproot", benchmark],
        cwd=tmp_path, capture_output=True, text=True, timeout=900, env={**os.environ},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = [p for p in glob.glob(str(tmp_path / "Results" / "**" / "*exc*.pkl"), recursive=True)]
    with open(path, "rb") as file:
        block = pickle.load(file)
    if isinstance(block, list):
        (block,) = block
    trains = [np.asarray(train.rescale("ms").magnitude) for train in block.segments[0].spiketrains]
    assert len(trains) == 3200
    rate, cv = mean_rate(trains, 1000.0), mean_cv(trains)
    (low, high), (cv_low, cv_high) = BANDS[benchmark]
    figure(
        f"VAbenchmarks.py {benchmark}: excitatory {rate:.2f} Hz (NEST {NEST[benchmark][0]} +- {TOLERANCE:.0%}; bands {low} to "
        f"{high}), CV {cv:.3f} (NEST {NEST[benchmark][1]} +- {TOLERANCE:.0%}; bands {cv_low} to {cv_high})"
    )
    assert rate == pytest.approx(NEST[benchmark][0], rel=TOLERANCE)
    assert cv == pytest.approx(NEST[benchmark][1], rel=TOLERANCE)
