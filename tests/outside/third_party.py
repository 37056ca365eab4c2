"""Runs the judges of the emulated boards and writes what came out to docs/emulator/third-party.md.

    third_party.py ENVIRONMENTS [--only JUDGE]

ENVIRONMENTS has a virtual environment for each judge, as `make test-third-party` makes them. Ends with 1 if a judge fails.
"""

import argparse
import datetime
import pathlib
import re
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
PAGE = HERE.parents[1] / "docs/emulator/third-party.md"

# Folder and environment, what it is, the packages whose versions are told.
JUDGES = [
    ("spinnman", "spinnman", "SpiNNMan's transceivers", ["SpiNNMan", "SpiNNMachine"]),
    ("rig", "rig", "rig's machine controller", ["rig", "numpy"]),
    ("spynnaker_runs", "spynnaker_runs", "sPyNNaker in real mode", ["sPyNNaker", "SpiNNFrontEndCommon", "PyNN", "numpy"]),
    ("same_network", "spynnaker_runs", "emulated against emulated", ["sPyNNaker"]),
]


def versions(python, packages):
    """What is installed, as `name version`."""
    code = "import importlib.metadata as m, sys\nfor n in sys.argv[1:]: print(n, m.version(n))"
    return subprocess.run([python, "-c", code, *packages], check=True, stdout=subprocess.PIPE, text=True).stdout.split("\n")[:-1]


def judge(python, folder):
    """Runs one folder's tests, with every line as it comes. Returns whether all passed, the lines of the tests, the last
    line, and how long it took."""
    start = time.monotonic()
    command = [python, "-u", "-m", "pytest", "-v", "--tb=short", "-p", "no:cacheprovider", "--color=no", str(HERE / folder)]
    tests, last = [], ""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        for line in process.stdout:
            print(line, end="", flush=True)
            found = re.match(r"\S*?(\w+)\.py::(\S+) (PASSED|FAILED|ERROR|SKIPPED)", line)
            if found:
                tests.append((found[2], found[3].lower()))
            if re.match(r"=+ .*\b(passed|failed|error|no tests ran)", line):
                last = line.strip("= \n")
    # No test at all is no pass.
    passed = process.returncode == 0 and bool(tests) and all(result == "passed" for _, result in tests)
    return passed, tests, last, time.monotonic() - start


def write(folder, text):
    """Replaces one judge's part of the page."""
    begin, end = f"<!-- {folder}: written by make test-third-party -->", f"<!-- {folder}: end -->"
    before, rest = PAGE.read_text().split(begin, 1)
    PAGE.write_text(f"{before}{begin}\n{text}\n{end}{rest.split(end, 1)[1]}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("environments", type=pathlib.Path)
    arguments.add_argument("--only", choices=[folder for folder, *_ in JUDGES])
    given = arguments.parse_args()
    failed = []
    for folder, environment, title, packages in JUDGES:
        if given.only not in (None, folder):
            continue
        python = str((given.environments / environment / "bin/python").absolute())
        print(f"== {title}", flush=True)
        passed, tests, last, seconds = judge(python, folder)
        if not passed:
            failed.append(title)
        now = datetime.datetime.now(datetime.timezone.utc)
        count = sum(result == "passed" for _, result in tests)
        write(folder, "\n".join([
            f"{now:%Y-%m-%d %H:%M} UTC, {', '.join(versions(python, packages))}: {count} of {len(tests)} passed in "
            f"{seconds:.0f} s.", "", "```text", *(f"{result} {name}" for name, result in tests), "```"]))
        print(f"== {title}: {last}", flush=True)
    if failed:
        sys.exit("failed: " + ", ".join(failed))


main()
