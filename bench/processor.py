"""Speed of the emulated processor beside Unicorn's (QEMU's translator): the same loops, in the same run, on one thread.

    make bench-processor       (or: target/outside/processors/bin/python bench/processor.py target/release/examples/loops)

The loops are in `software-emulator/conformance/loops.rs`: loads, stores, multiplies, flags, branches and calls, nothing that could be skipped.
Both sides must end with the same registers. Each is run several times, in turn; the figure is that of the fastest.
With --rows it prints lines for the table of `bench/emulator.py`.
"""

import argparse
import json
import subprocess
import time

import unicorn
from unicorn import arm_const

REGISTERS = [getattr(arm_const, f"UC_ARM_REG_R{n}") for n in range(15)]


def by_unicorn(loop):
    """Seconds for the loop, and the registers at its end."""
    machine = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB if loop["thumb"] else unicorn.UC_MODE_ARM)
    machine.ctl_set_cpu_model(arm_const.UC_CPU_ARM_946)
    machine.mem_map(0, 0x8000)
    machine.mem_map(0x0040_0000, 0x1_0000)
    machine.mem_write(loop["at"], bytes(loop["code"]))
    machine.mem_write(loop["table_at"], bytes(loop["table"]))
    machine.mem_write(loop["turns_at"], loop["turns"].to_bytes(4, "little"))
    for n, value in loop["registers"].items():
        machine.reg_write(REGISTERS[int(n)], value)
    began = time.perf_counter()
    machine.emu_start(loop["at"] | int(loop["thumb"]), loop["end"])
    seconds = time.perf_counter() - began
    return seconds, [machine.reg_read(register) for register in REGISTERS]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("loops", help="the cargo example `loops`, built with --release")
    parser.add_argument("--turns", type=int, default=200_000)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--rows", action="store_true", help="what, value, unit, what it should reach, separated by tabs")
    arguments = parser.parse_args()

    fastest = {}
    instructions = {}
    for _ in range(arguments.times):
        printed = subprocess.run(
            [arguments.loops, str(arguments.turns)], check=True, stdout=subprocess.PIPE, text=True
        ).stdout
        for loop in map(json.loads, printed.splitlines()):
            seconds, registers = by_unicorn(loop)
            assert registers == loop["registers_at_end"], f"{loop['loop']}: Unicorn ends with other registers"
            instructions[loop["loop"]] = loop["instructions"]
            for way, taken in {"Unicorn " + unicorn.__version__: seconds, **loop["seconds"]}.items():
                key = loop["loop"], way
                fastest[key] = min(taken, fastest.get(key, taken))

    peers = {loop: seconds for (loop, way), seconds in fastest.items() if way.startswith("Unicorn")}
    if arguments.rows:
        for (loop, way), seconds in fastest.items():
            print(f"{loop} loop, {way}\t{instructions[loop] / seconds / 1e6}\tmillion/s\t")
            if not way.startswith("Unicorn"):
                reach = "at least 3" if way == "translated" else ""
                print(f"{loop} loop, {way}: ratio\t{peers[loop] / seconds}\tx Unicorn\t{reach}")
        return
    print(f"{'loop':<8}{'executed by':<36}{'million instructions/s':>24}{'x Unicorn':>12}")
    for (loop, way), seconds in fastest.items():
        rate = instructions[loop] / seconds / 1e6
        print(f"{loop:<8}{way:<36}{rate:>24,.0f}{peers[loop] / seconds:>12.2f}")


if __name__ == "__main__":
    main()
