"""Random programs: some tens of instructions in blocks of both states, with branches, loops, calls, mode changes,
exceptions and interrupts, and handlers that come back from them.

A program ends in a branch to itself. Registers that an instruction needs are loaded from a pool behind the code just
before it, so that the makers of single instructions serve here as well.
"""

import arm_instructions as arm
import thumb_instructions as thumb
from state import (CODE, CPSR_AT, DTCM, HIGH, LINES, MODES, NOWHERE, PC_AT, CONTROL_AT, RAM, THUMB, USER,
                   VECTORS, Case)

POOL = 640
# The register that counts the turns of a loop, in either state.
COUNTER = 7


class Full(Exception):
    """The program has no room left."""


class Program(Case):
    """A program under construction: `set` emits an instruction instead of changing the state before the first."""

    def __init__(self, rng):
        super().__init__(rng)
        self.steps = self.judge_steps = 0
        self.jumps = False
        if rng.random() < 0.2:
            self.code_at, self.data_at = RAM, RAM + 0x800
        self.words[CONTROL_AT] |= HIGH * (rng.random() < 0.3)
        self.in_thumb = False
        self.pool = []
        self.parts = []           # (block, its code as a list of functions of the addresses of the blocks)
        self.at = 0
        self.bytes = bytearray(CODE)
        self.kept = 1 << COUNTER
        self.fixups = []

    def put(self, code, size):
        if self.at + size > POOL - 24:
            raise Full
        self.bytes[self.at:self.at + size] = code.to_bytes(size, "little")
        self.at += size

    def arm(self, code):
        self.put(code, 4)

    def thumb(self, code):
        self.put(code, 2)

    def constant(self, value):
        """The offset of a constant in the code."""
        value &= 0xFFFFFFFF
        if value not in self.pool:
            if len(self.pool) == (CODE - POOL) // 4:
                raise Full
            self.pool.append(value)
        return POOL + 4 * self.pool.index(value)

    def set(self, n, value):
        offset = self.constant(value)
        if not self.in_thumb:
            self.arm(0xE59F0000 | n << 12 | offset - self.at - 8)
        elif n < 8:
            self.thumb(0x4800 | n << 8 | (offset - (self.at + 4 & ~3)) // 4)
        else:
            # By way of a low register, which is a register that the instruction may read: any value is as good.
            self.thumb(0x4800 | offset - (self.at + 4 & ~3) >> 2)
            self.thumb(0x4680 | (n & 7))

    def clear_carry(self):
        return False

    def instruction(self):
        """An instruction with what it needs."""
        if self.in_thumb:
            code, _ = thumb.make(self, self.rng, thumb.PLAIN)
            self.thumb(code)
        else:
            code, _ = arm.make(self, self.rng, arm.PLAIN)
            self.arm(code)

    def branch_over(self):
        """A conditional branch over an instruction or two."""
        at, condition = self.at, self.rng.randrange(14)
        self.put(0, 2 if self.in_thumb else 4)
        for _ in range(self.rng.randrange(1, 3)):
            self.instruction()
        end, self.at = self.at, at
        if self.in_thumb:
            self.thumb(0xD000 | condition << 8 | ((end - at - 4) // 2 & 0xFF))
        else:
            self.arm(condition << 28 | 0x0A000000 | ((end - at - 8) // 4 & 0xFFFFFF))
        self.at = end

    def loop(self):
        """A counted loop over a few instructions, or over none: a delay."""
        self.set(COUNTER, self.rng.choice([1, 2, 3, 5, 9, 20]))
        start = self.at
        for _ in range(self.rng.choice([0, 0, 1, 2])):
            self.instruction()
        step = self.rng.choice([1, 1, 2, 3])
        condition = self.rng.choice([2, 5, 8, 10, 12] + [1] * (step == 1))
        if self.in_thumb:
            self.thumb(0x3800 | COUNTER << 8 | step)
            self.thumb(0xD000 | condition << 8 | ((start - self.at - 4) // 2 & 0xFF))
        else:
            self.arm(0xE2500000 | COUNTER << 16 | COUNTER << 12 | step)
            self.arm(condition << 28 | 0x0A000000 | ((start - self.at - 8) // 4 & 0xFFFFFF))

    def exception(self):
        """Something whose handler comes back, behind it or not far behind it."""
        kind = self.rng.randrange(3)
        if kind == 0:
            self.thumb(thumb.software_interrupt(self, self.rng)) if self.in_thumb else \
                self.arm(self.condition() | arm.software_interrupt(self, self.rng))
        elif kind == 1:
            self.thumb(0xDE00 | self.rng.getrandbits(8)) if self.in_thumb else \
                self.arm(self.condition() | 0x07F000F0 | self.rng.getrandbits(4))
        else:
            base = self.rng.randrange(7)
            self.set(base, self.rng.choice([NOWHERE, DTCM + 0x10000, 0x50000000]))
            d = self.rng.randrange(7)
            if self.in_thumb:
                # The handler comes back behind the half-word that follows.
                self.thumb(0x6000 | self.rng.getrandbits(1) << 11 | self.rng.getrandbits(5) << 6 | base << 3 | d)
                self.thumb(0x46C0)
            else:
                self.arm(self.condition() | 0x05000000 | self.rng.getrandbits(1) << 20 | base << 16 | d << 12)

    def condition(self):
        return (14 if self.rng.random() < 0.7 else self.rng.randrange(14)) << 28

    def interrupt(self):
        """A store that raises an interrupt, which is taken at once, after an MSR, or never."""
        a, b = self.rng.sample(range(7), 2)
        self.set(a, LINES)
        self.set(b, self.rng.choice([1, 2, 3]))
        if self.in_thumb:
            self.thumb(0x6000 | a << 3 | b)
        else:
            self.arm(self.condition() | 0x05800000 | a << 16 | b << 12)

    def change_status(self):
        """MSR of the control byte: masks and mode. User mode comes seldom, since nothing leads out of it again."""
        if self.in_thumb:
            return self.instruction()
        mode = self.rng.choice(MODES[1:] * 3 + [USER])
        value = self.rng.getrandbits(2) << 6 | mode
        if self.rng.random() < 0.5:
            self.arm(self.condition() | 0x0321F000 | value)
        else:
            m = self.rng.randrange(7)
            self.set(m, value)
            self.arm(self.condition() | 0x0121F000 | m)

    def block(self):
        parts = [(self.instruction, 8), (self.branch_over, 2), (self.loop, 1.5), (self.exception, 0.5),
                 (self.interrupt, 0.3), (self.change_status, 0.4)]
        for _ in range(self.rng.randrange(2, 9)):
            self.rng.choices([part for part, _ in parts], [weight for _, weight in parts])[0]()

    def go_on(self, to_thumb):
        """Into the next block, which lies behind and may be of the other state."""
        rng = self.rng
        skip = 4 * rng.randrange(3)
        register = rng.randrange(7)

        def reserve(size):
            return self.code_at + (self.at + size + 3 & ~3) + skip

        if not self.in_thumb:
            kind = rng.choice(["b", "bx", "blx", "ldr", "ldm", "mov", "bl"]) if not to_thumb else \
                rng.choice(["bx", "blx", "blx address", "ldr", "ldm"])
            if kind in ("b", "bl"):
                self.arm(0xEA000000 | (kind == "bl") << 24 | (skip - 4) // 4 & 0xFFFFFF)
            elif kind == "blx address":
                self.arm(0xFA000000 | (skip - 4) // 4 & 0xFFFFFF)
            elif kind in ("bx", "blx", "mov"):
                target = reserve(8) | to_thumb
                self.set(register, target)
                self.arm({"bx": 0xE12FFF10, "blx": 0xE12FFF30, "mov": 0xE1A0F000}[kind] | register)
            elif kind == "ldr":
                offset = self.constant(reserve(4) | to_thumb)
                self.arm(0xE59FF000 | offset - self.at - 8)
            else:
                # The list, r0 and the PC, is a pair of constants of its own.
                if len(self.pool) + 2 > (CODE - POOL) // 4:
                    raise Full
                self.pool += [rng.getrandbits(32), reserve(8) | to_thumb]
                self.set(register, self.code_at + POOL + 4 * (len(self.pool) - 2))
                self.arm(0xE8900000 | register << 16 | 0x8001)
        else:
            kind = rng.choice(["b", "bx", "blx", "mov", "bl"]) if to_thumb else rng.choice(["bx", "blx", "blx address"])
            if self.at & 2:
                self.thumb(0x46C0)
            if kind == "b":
                self.thumb(0xE000 | (skip + 2 - 2) // 2 & 0x7FF)
            elif kind == "bl":
                self.thumb(0xF000)
                self.thumb(0xF800 | skip // 2)
            elif kind == "blx address":
                self.thumb(0xF000)
                self.thumb(0xE800 | skip // 2 & ~1)
            else:
                target = reserve(4) | to_thumb
                self.set(register, target)
                self.thumb({"bx": 0x4700, "blx": 0x4780, "mov": 0x4687}[kind] | register << 3)
        self.at = (self.at + 3 & ~3) + skip
        self.in_thumb = to_thumb

    def handlers(self):
        """The vectors and what they lead to; a prefetch abort ends the program."""
        rng = self.rng
        words = [0] * (VECTORS // 4)

        def leads(vector, at, code):
            words[vector] = 0xEA000000 | (at - vector - 2) & 0xFFFFFF
            words[at:at + len(code)] = code

        def by_stack(at, adjust):
            """Saves registers on a stack and comes back with LDM and ^."""
            save = rng.getrandbits(4) | 1
            code = [0xE59FD000 | 4 * (5 + bool(adjust) - 2)]
            code += [0xE24EE000 | adjust] if adjust else []
            code += [0xE92D4000 | save, 0xE3A00000 | rng.getrandbits(8), 0xE8FD8000 | save, 0xEAFFFFFE]
            return code + [self.data_at + 0x180]

        leads(1, 16, rng.choice([[0xE1B0F00E], by_stack(16, 0)]))
        leads(2, 28, rng.choice([[0xE1B0F00E], [0xE25EF000], by_stack(28, 0)]))
        words[3] = 0xEAFFFFFE
        leads(4, 40, rng.choice([[0xE25EF004], by_stack(40, 4)]))
        leads(6, 52, [0xE59FD018, 0xE24EE004, 0xE92D4003, 0xE59F0010, 0xE3A01000, 0xE5801000, 0xE8FD8003, 0xEAFFFFFE,
                      self.data_at + 0x1C0, LINES])
        leads(7, 64, [0xE59F800C, 0xE3A09000 | rng.choice([0, 0, 1]), 0xE5889000, 0xE25EF004, 0xEAFFFFFE, LINES])
        self.vectors = b"".join(word.to_bytes(4, "little") for word in words)

    def finish(self):
        """The end, the pool, and the place of the end."""
        if self.in_thumb:
            self.bytes[self.at:self.at + 2] = (0xE7FE).to_bytes(2, "little")
        else:
            self.bytes[self.at:self.at + 4] = (0xEAFFFFFE).to_bytes(4, "little")
        for n, value in enumerate(self.pool):
            self.bytes[POOL + 4 * n:POOL + 4 * n + 4] = value.to_bytes(4, "little")
        self.ends = (self.code_at + self.at, 0x0C, 0xFFFF000C)
        self.code = bytes(self.bytes)
        self.words[PC_AT] = self.code_at


def program(rng):
    """A whole program."""
    while True:
        made = Program(rng)
        made.kind = "program"
        made.in_thumb = bool(rng.getrandbits(1))
        if made.in_thumb:
            made.words[CPSR_AT] |= THUMB
        made.handlers()
        try:
            for _ in range(rng.randrange(1, 5)):
                made.block()
                made.go_on(rng.random() < 0.5)
            made.block()
        except Full:
            # What has been placed so far must still end somewhere: start again with another one.
            continue
        made.finish()
        return made
