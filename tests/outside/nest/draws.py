"""PyNN's VAbenchmarks.py over several draws of its network, by NEST and by taproot.

    make compare-with-nest        (or: draws.py NEST_PYTHON TAPROOT_PYTHON [--seeds 98765 11 ...])

The script is taken from PyNN's source archive; the one thing changed is its constant seed. A seed gives both simulators the same connections
and initial potentials. The network is chaotic, so single draws differ; what a simulator is right about is the distribution. Prints a
table, and ends with 1 when the mean over the draws differs from NEST's by more than TOLERANCE.
"""

import argparse
import glob
import json
import pathlib
import subprocess
import sys
import tarfile
import tempfile

HERE = pathlib.Path(__file__).resolve()
PYNN = "PyNN==0.13.0"
SEED = "98765"  # of the script as it is
TOLERANCE = 0.05
FIGURES = """
import glob, json, pickle, sys
sys.path.insert(0, sys.argv[1])
from spike_statistics import mean_cv, mean_rate
(path,) = glob.glob("Results/**/*exc*.pkl", recursive=True)
block = pickle.load(open(path, "rb"))
block = block[0] if isinstance(block, list) else block
trains = [train.rescale("ms").magnitude for train in block.segments[0].spiketrains]
print(json.dumps([mean_rate(trains, 1000.0), mean_cv(trains)]))
"""


def script():
    """The text of VAbenchmarks.py."""
    with tempfile.TemporaryDirectory() as directory:
        fetch = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:", "-d", directory, PYNN]
        subprocess.run(fetch, check=True)
        (archive,) = glob.glob(f"{directory}/*.tar.gz")
        with tarfile.open(archive) as tar:
            (member,) = [m for m in tar.getmembers() if m.name.endswith("/examples/VAbenchmarks.py")]
            text = tar.extractfile(member).read().decode()
    assert text.count(SEED) == 1, "VAbenchmarks.py has its seed elsewhere"
    return text


def run(python, simulator, benchmark, text):
    """Excitatory rate (Hz) and CV of one run."""
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory, "VAbenchmarks.py")
        path.write_text(text)
        done = subprocess.run([python, path.name, simulator, benchmark], cwd=directory, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{simulator} failed:\n{done.stdout}{done.stderr}")
        figures = [python, "-c", FIGURES, str(HERE.parents[2] / "python")]
        return json.loads(subprocess.check_output(figures, cwd=directory, text=True))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("nest")
    parser.add_argument("taproot")
    parser.add_argument("--seeds", nargs="+", default=[SEED, "11", "22", "33", "44", "55"])
    arguments = parser.parse_args()
    # Paths without following links: a virtual environment is found by the link.
    simulators = {name: str(pathlib.Path(getattr(arguments, name)).absolute()) for name in ("nest", "taproot")}
    text = script()
    far = False
    print("| benchmark | seed | NEST: rate, Hz | CV | taproot: rate, Hz | CV |\n| --- | --- | ---: | ---: | ---: | ---: |")
    for benchmark in ("COBA", "CUBA"):
        draws = []
        for seed in arguments.seeds:
            draws.append([run(python, name, benchmark, text.replace(SEED, seed)) for name, python in simulators.items()])
            (rate, cv), (our_rate, our_cv) = draws[-1]
            print(f"| {benchmark} | {seed} | {rate:.2f} | {cv:.3f} | {our_rate:.2f} | {our_cv:.3f} |", flush=True)
        (rate, cv), (our_rate, our_cv) = [[sum(d[s][f] for d in draws) / len(draws) for f in (0, 1)] for s in (0, 1)]
        print(f"| {benchmark} | mean | {rate:.2f} | {cv:.3f} | {our_rate:.2f} | {our_cv:.3f} |", flush=True)
        far |= abs(our_rate / rate - 1) > TOLERANCE or abs(our_cv / cv - 1) > TOLERANCE
    if far:
        sys.exit(f"a mean differs from NEST's by more than {TOLERANCE:.0%}")


if __name__ == "__main__":
    main()
