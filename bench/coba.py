"""Speed of the Vogels-Abbott COBA network on an emulated SpiNN-5 board, beside what it should reach.

    make bench                 (or: .venv/bin/python bench/coba.py)

Prints one line per figure. Nothing here passes or fails: machines differ and are noisy.
"""

import argparse
import json
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
BIN = pathlib.Path(sys.executable).parent


def finished(command):
    """Runs a command to its end; returns seconds by the clock."""
    began = time.perf_counter()
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.PIPE)
    return time.perf_counter() - began


def report(figure, value, unit, reach):
    print(f"{figure:<52} {value:>10.3g} {unit:<10} reach {reach}", flush=True)


def main():
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    with tempfile.TemporaryDirectory() as directory:
        directory = pathlib.Path(directory)
        network = directory / "coba.taproot"
        script = HERE.parent / "examples" / "vogels_abbott.py"
        describe = (
            "import sys, runpy; sys.argv = ['vogels_abbott.py', 'COBA', '--save', sys.argv[2]];"
            f"runpy.run_path({str(script)!r}, run_name='__main__')"
        )
        described = finished([sys.executable, "-c", describe, "--", network])
        began = time.perf_counter()
        finished([BIN / "taproot", "map", network, "--out", directory / "map", "--json"])
        mapping = time.perf_counter() - began
        summary = json.loads((directory / "map" / "summary.json").read_text())
        stages = {stage["name"]: stage["seconds"] for stage in summary["measured"]["stages"]}
        to_tables = sum(stages.get(name, 0.0) for name in ("expand", "split", "matrices", "netlist", "place", "route", "tables"))
        report("script to tables", described + to_tables, "s", "1 s")
        report("script to load image", described + summary["map_seconds"], "s", "2 s (sPyNNaker 7.4.1: 5 CPU s)")
        report("  of these, script to description in a new Python", described, "s", "-")
        report("  description to tables", to_tables, "s", "-")
        report("  description to load image", summary["map_seconds"], "s", "-")
        report("taproot map, process and artefacts included", mapping, "s", "-")

        wall = finished([BIN / "taproot", "run", network, "--time", "1000", "--out", directory / "run", "--json"])
        summary = json.loads((directory / "run" / "summary.json").read_text())
        measured = summary["measured"]
        stages = {stage["name"]: stage["seconds"] for stage in measured["stages"]}
        report("boot and discover", stages["boot and discover"], "s", "20 s")
        report("load throughput over loopback", summary["load_bytes_per_second"] / 1e6, "MB/s", "2 MB/s")
        report("run, 1 s of biology at 0.1 ms", measured["run_seconds"], "s", "-")
        report("  emulated milliseconds per second", measured["run_cycles"] / 2e5 / measured["run_seconds"], "ms/s", "-")
        report("  instructions per second", measured["run_instructions"] / 1e6 / measured["run_seconds"], "million/s", "-")
        report("the whole of taproot run", wall, "s", "180 s")
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        report("peak memory of the largest process", peak, "MB", "1000 MB")


if __name__ == "__main__":
    main()
