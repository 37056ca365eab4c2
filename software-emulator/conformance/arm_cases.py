"""Random instructions, programs and states, executed by Taproot's processor and by other people's, and compared.

Needs the packages of `requirements.txt`. Use:

    cargo build --release -p taproot-emulator --example arm-cases
    python arm_cases.py target/release/examples/arm-cases [--cases 20000] [--seed 1]

Registers of all modes, status registers and memory must agree after each case. Exits with 1 when something differs, and
prints the first few differences. Case n depends on the seed and n alone: `--only N` runs it alone and prints it.
"""

import argparse
import collections
import random
import struct
import subprocess
import sys
import time

import arm_instructions as arm
import thumb_instructions as thumb
from armulator_judge import ArmulatorJudge, Unpredictable
from programs import program
from state import (ALIGNMENT, ANSWER_BYTES, CONTROL_AT, CPSR_AT, DATA, HIGH, HIGH_VECTORS, LINES_AT, NAMES, NOWHERE, PC_AT,
                   SPSR_AT, STATUS, THUMB, VECTORS, WORDS, Case, Outcome, place)
from unicorn_judge import Endless, UnicornJudge

BATCH = 250
BOTH = ("unicorn", "armulator")


def one(rng, arm_table, thumb_table, prepare=lambda case: None):
    """A case of one instruction of these tables."""
    case = Case(rng)
    prepare(case)
    if rng.random() < 0.4:
        case.be_thumb()
        code, case.kind = thumb.make(case, rng, thumb_table)
        case.emit(code, 4 if code >> 16 else 2)
        case.steps = 2 if code >> 16 else 1
    else:
        code, case.kind = arm.make(case, rng, arm_table)
        case.emit(code)
    case.first = code
    return case


def alone(rng):
    """Any instruction; loads into the PC find addresses that exist, the state bit stays free."""
    case = one(rng, arm.ALONE, thumb.ALONE)
    for at in range(0, DATA, 4):
        if rng.random() < 0.5:
            case.data[at:at + 4] = struct.pack("<I", rng.choice([0x2000, 0x2001, 0x2004, 0x2007]))
    case.words[CONTROL_AT] |= HIGH * (rng.random() < 0.2)
    if case.kind in ("software_interrupt", "thumb software_interrupt") or case.first >> 8 == 0xDE:
        case.judges = BOTH
    elif case.kind == "return_by_data":
        # Unicorn restores the CPSR with SUBS and MOVS alone, not with the other operations.
        case.judges = BOTH if case.first >> 21 & 15 in (2, 13) else ("armulator",)
    return case


def abort(rng):
    """Transfers that run over the end of the memory, or find none."""
    def prepare(case):
        case.aim = rng.choice(["edge", "edge", "nowhere"])
        case.data_at = 0x00410000 - DATA
        case.words[CONTROL_AT] |= HIGH * rng.getrandbits(1)
        case.jumps = False
    case = one(rng, arm.TRANSFERS, thumb.TRANSFERS, prepare)
    # Armulator knows no SWP.
    case.judges = ("unicorn",) if case.kind == "swap" or forgets_condition(case) else BOTH
    case.kind = f"abort, {case.kind}"
    return case


def unaligned(rng):
    """Transfers at any address: rotated, or an alignment fault."""
    while True:
        faults = rng.getrandbits(1)

        def prepare(case):
            case.aim = "unaligned"
            case.jumps = False
            case.words[CONTROL_AT] |= ALIGNMENT * faults | HIGH * rng.getrandbits(1)
        case = one(rng, arm.TRANSFERS, thumb.TRANSFERS, prepare)
        if not faults and (unpredictable_unaligned(case) or case.kind == "swap") or forgets_condition(case):
            continue
        # SWP is what Armulator does not know, and the one instruction that Unicorn checks the alignment of.
        case.judges = ("unicorn",) if case.kind == "swap" else ("armulator",)
        case.kind = f"unaligned, {'faults' if faults else 'rotates'}"
        return case


def forgets_condition(case):
    """Armulator executes LDRSH with a register as offset whether its condition holds or not."""
    return not case.thumb and case.kind == "half" and case.first & 0x004000F0 == 0x000000F0


def unpredictable_unaligned(case):
    """At an odd address only an ARM transfer of a word or a block has a defined effect, unless it faults."""
    code = case.first
    if not case.thumb and code & 0x0FFF0FFF in (0x049D0004, 0x052D0004):
        # LDR Rd, [SP], #4 and STR Rd, [SP, #-4]!: Armulator has them as POP and PUSH of later manuals, which do not rotate.
        return True
    if case.thumb:
        return code >> 11 in (9, 10, 11, 12, 13, 16, 17, 18, 19)
    return code >> 25 & 7 == 0 and code & 0x90 == 0x90 and code & 0x60 != 0


def nothing_there(rng):
    """A branch to where no memory is, and the fetch from there."""
    case = Case(rng)
    case.kind = "prefetch abort"
    m = rng.randrange(15)
    case.set(m, NOWHERE + 4 * rng.randrange(64) + rng.getrandbits(1))
    case.words[CONTROL_AT] |= HIGH * rng.getrandbits(1)
    if rng.getrandbits(1):
        case.be_thumb()
        case.emit(0x4700 | m << 3, 2)
    else:
        case.emit(0xE12FFF10 | m)
    case.steps = case.judge_steps = 2
    return case


def interrupted(rng):
    """Interrupt lines that are up: the entry, if the masks let it, and the instruction there or here."""
    case = alone(rng)
    if case.steps != case.judge_steps or case.kind in ("control_write", "return_by_data"):
        return interrupted(rng)
    case.kind = "interrupt"
    case.vectors = b"".join((0xE3A00000 | n << 12 | n).to_bytes(4, "little") for n in range(8)).ljust(VECTORS, b"\0")
    case.words[LINES_AT] = rng.randrange(1, 4)
    case.judges = ("unicorn",)
    return case


FAMILIES = [(alone, 75), (program, 10), (unaligned, 6), (abort, 5), (nothing_there, 1.5), (interrupted, 2.5)]


def generate(seed, number):
    rng = random.Random(f"{seed}/{number}")
    family = rng.choices([f for f, _ in FAMILIES], [w for _, w in FAMILIES])[0]
    return family(rng)


def compare(case, ours, theirs, judge, tolerated):
    """The differences, after those that are known and explained."""
    found = []
    aborted = theirs.words[PC_AT] in (0x10, 0x10 | HIGH_VECTORS)
    loads = case.loads if case.steps and aborted else 0
    mode = case.mode
    for at in range(WORDS):
        a, b = ours.words[at], theirs.words[at]
        if at == CPSR_AT or at >= SPSR_AT:
            # Bits that ARMv5TE does not have (asynchronous aborts, IT, J).
            a, b = a & STATUS, b & STATUS
        elif at == PC_AT and not ours.words[CPSR_AT] & THUMB:
            # Where an odd half-word address in ARM state leads is not defined.
            a, b = a & ~3, b & ~3
        if a == b:
            continue
        if loads and any(at == place(mode, n) for n in range(15) if loads >> n & 1):
            tolerated["a load that aborted half-way has written some of its registers"] += 1
            continue
        found.append(f"  {NAMES[at]}: ours {a:08x}, {judge} {b:08x}")
    for name, base, a, b in (("code", case.code_at, ours.code, theirs.code), ("data", case.data_at, ours.data, theirs.data)):
        if a == b:
            continue
        for at in range(0, len(a), 4):
            x, y = (int.from_bytes(m[at:at + 4], "little") for m in (a, b))
            if x == y:
                continue
            if case.stores_pc and x == y + 4:
                tolerated["a stored PC is 8 further instead of 12"] += 1
                continue
            found.append(f"  {name} at {base + at:08x}: ours {x:08x}, {judge} {y:08x}")
    return found


def describe(seed, number, case):
    status = case.words[CPSR_AT]
    code = int.from_bytes(case.code[:4], "little")
    return f"case {number} of seed {seed}, {case.kind}: code {code:08x}, CPSR {status:08x}, control {case.words[CONTROL_AT]:04x}"


class Ours:
    """The program that runs Taproot's processor."""

    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def send(self, cases):
        records = b"".join(case.record() for case in cases)
        self.process.stdin.write(struct.pack("<I", len(cases)) + records)
        self.process.stdin.flush()

    def receive(self, count):
        answers = self.process.stdout.read(count * ANSWER_BYTES)
        return [Outcome.parse(answers[at:at + ANSWER_BYTES])
                for at in range(0, len(answers) - ANSWER_BYTES + 1, ANSWER_BYTES)]

    def close(self):
        self.process.stdin.close()
        return self.process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--cases", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the number of the first case")
    parser.add_argument("--only", type=int, help="the number of the one case to run")
    args = parser.parse_args()
    numbers = range(args.first, args.first + args.cases) if args.only is None else range(args.only, args.only + 1)
    tally = Tally(args.seed, args.only is not None)
    ours = Ours(args.program)
    judges = {judge.name: judge for judge in (UnicornJudge(), ArmulatorJudge())}
    started = time.monotonic()
    try:
        for first in range(0, len(numbers), BATCH):
            cases = {number: generate(args.seed, number) for number in numbers[first:first + BATCH]}
            ours.send(cases.values())
            verdicts = [[verdict(judges[name], case) for name in case.judges] for case in cases.values()]
            answers = ours.receive(len(cases))
            if len(answers) != len(cases):
                print(f"the program stopped between case {min(cases)} and {max(cases)}: two of its paths disagree")
                return 1
            for (number, case), answer, said in zip(cases.items(), answers, verdicts):
                tally.add(number, case, answer, said)
    except KeyboardInterrupt:
        print("interrupted")
    status = ours.close()
    tally.report(time.monotonic() - started)
    return 1 if tally.differences or status else 0


class Tally:
    """What has been compared, what differed and what was left out."""

    def __init__(self, seed, verbose):
        self.seed, self.verbose, self.cases = seed, verbose, 0
        self.counts, self.differences, self.tolerated = (collections.Counter() for _ in range(3))

    def add(self, number, case, answer, verdicts):
        self.cases += 1
        for name, said in zip(case.judges, verdicts):
            key = name, case.kind
            self.counts[key] += 1
            if isinstance(said, str):
                self.tolerated[said] += 1
                continue
            theirs, exceptions = said
            found = compare(case, answer, theirs, name, self.tolerated)
            if found:
                self.differences[key] += 1
            if self.verbose or found and self.differences[key] <= 3:
                print("\n".join([describe(self.seed, number, case), *found]))
                if exceptions:
                    print(f"  exceptions: {', '.join(exceptions)}")

    def report(self, seconds):
        for (name, kind), count in sorted(self.counts.items()):
            print(f"{name:10} {kind:32} {count:9} cases {self.differences[name, kind]:6} differ")
        for what, count in sorted(self.tolerated.items()):
            print(f"left out: {what}: {count}")
        total = sum(self.differences.values())
        print(f"{self.cases} cases of seed {self.seed}, {total} differ, {self.cases / seconds:.0f} cases/s")


def verdict(judge, case):
    """What a judge says: an outcome and the exceptions on the way, or why it says nothing."""
    try:
        return judge.judge(case)
    except Endless:
        return "programs that do not end"
    except Unpredictable:
        return "armulator calls it unpredictable"


if __name__ == "__main__":
    sys.exit(main())
