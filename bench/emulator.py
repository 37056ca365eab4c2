"""Speed and memory of the emulator, beside what they should reach.

    make bench-emulator        (or: .venv/bin/python bench/emulator.py [--write docs/emulator/speed.md])

Runs the programs of PARTS one after the other and prints a table. Each prints lines of four fields separated by tabs: what was measured,
the value, its unit, what it should reach. To add a row, print such a line there, or add a program here. Nothing here passes or fails:
machines differ and are noisy.
"""

import argparse
import datetime
import os
import pathlib
import platform
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "target" / "release" / "examples"
# Environments with other people's software, which `make bench-emulator` sets up; SPYNNAKER names another python for the latter.
UNICORN = ROOT / "target" / "outside" / "processors" / "bin" / "python"
SPYNNAKER = os.environ.get("SPYNNAKER", ROOT / "target" / "outside" / "spynnaker_runs" / "bin" / "python")
# Program and arguments. 48x24 chips are 24 boards.
PARTS = [
    [UNICORN, ROOT / "bench" / "processor.py", "--rows", EXAMPLES / "loops"],
    [EXAMPLES / "speed", "spin5", "1"],
    [EXAMPLES / "speed", "spin5", "2"],
    [SPYNNAKER, ROOT / "bench" / "stdp.py"],
    [EXAMPLES / "speed", "48x24", "2"],
]
BEGIN, END = "<!-- table: bench/emulator.py -->", "<!-- end of table -->"


def processor():
    """The host's processor, in its own words."""
    try:
        found = re.search(r"^model name\s*:\s*(.*)$", pathlib.Path("/proc/cpuinfo").read_text(), re.M)
    except OSError:
        found = None
    return found.group(1) if found else platform.machine()


def rows(command):
    out = subprocess.run([str(part) for part in command], check=True, stdout=subprocess.PIPE, text=True).stdout
    return [fields for line in out.splitlines() if len(fields := line.split("\t")) == 4]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", type=pathlib.Path, metavar="FILE", help="put the table into this page, between its two marks")
    arguments = parser.parse_args()
    if "TAPROOT_FIRMWARE" not in os.environ:
        taproot = pathlib.Path(sys.executable).parent / "taproot"
        os.environ["TAPROOT_FIRMWARE"] = subprocess.check_output([str(taproot), "firmware", "path"], text=True).strip()
    subprocess.run(["cargo", "build", "--quiet", "--release", "-p", "taproot-emulator", "--examples"], check=True, cwd=ROOT)
    lines = [
        f"{datetime.date.today()}, {os.cpu_count()} processors, {processor()}, {platform.system()}",
        "",
        "| what | measured | unit | to reach |",
        "| --- | ---: | --- | --- |",
    ]
    for command in PARTS:
        for what, value, unit, reach in rows(command):
            lines.append(f"| {what} | {float(value):.3g} | {unit} | {reach} |")
            print(f"{what:<60} {float(value):>10.3g} {unit:<12} {reach}", flush=True)
    if arguments.write:
        page = arguments.write.read_text()
        before, rest = page.split(BEGIN, 1)
        _, after = rest.split(END, 1)
        arguments.write.write_text(before + BEGIN + "\n" + "\n".join(lines) + "\n" + END + after)


if __name__ == "__main__":
    main()
