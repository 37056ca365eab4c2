"""A processor test case: the state before, the instructions, and what to compare afterwards.

The layout of records and answers is described in `arm_cases.rs`.
"""

import struct

USER, FIQ, IRQ, SUPERVISOR, ABORT, UNDEFINED, SYSTEM = 0x10, 0x11, 0x12, 0x13, 0x17, 0x1B, 0x1F
MODES = [USER, FIQ, IRQ, SUPERVISOR, ABORT, UNDEFINED, SYSTEM]
WITH_SPSR = [FIQ, IRQ, SUPERVISOR, ABORT, UNDEFINED]

# Memory, the same on every side: the two TCMs, a page beyond the bus, the page of the high vectors, the interrupt lines.
ITCM, DTCM, RAM, HIGH_VECTORS, LINES = 0, 0x00400000, 0x60000000, 0xFFFF0000, 0x10000000
REGIONS = [(ITCM, 0x8000), (DTCM, 0x10000), (RAM, 0x1000), (HIGH_VECTORS, 0x1000), (LINES, 0x1000)]
NOWHERE = 0x80000000
VECTORS, CODE, DATA = 512, 1024, 512

# CP15 register 1: bits 3 to 6 read as one; the TCMs are on.
CONTROL, ALIGNMENT, HIGH = 0x107C, 1 << 1, 1 << 13
THUMB, IRQ_OFF, FIQ_OFF = 1 << 5, 1 << 7, 1 << 6
# The bits of a status register that ARMv5TE has.
STATUS = 0xF80000FF

INTERESTING = [0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000,
               0x80000001, 0xFFFFFFFE, 0xFFFFFFFF, 31, 32, 33, 0x100, 0x40000000, 0xC0000000]

_HEAD = struct.Struct("<43I")
_ANSWER = struct.Struct("<41I")
ANSWER_BYTES = _ANSWER.size + CODE + DATA

# Places in the words of a state.
CONTROL_AT, LINES_AT, CPSR_AT, PC_AT, USER_AT, FIQ_AT, BANKS_AT, SPSR_AT, WORDS = 0, 1, 2, 3, 4, 19, 26, 34, 39
NAMES = (["control", "lines", "cpsr", "pc"] + [f"r{n}" for n in range(15)] + [f"r{n}_fiq" for n in range(8, 15)]
         + [f"r{n}_{m}" for m in ("irq", "svc", "abt", "und") for n in (13, 14)]
         + [f"spsr_{m}" for m in ("fiq", "irq", "svc", "abt", "und")])


def place(mode, n):
    """Where register n, as a mode sees it, is among the words of a state."""
    if mode == FIQ and 8 <= n:
        return FIQ_AT + n - 8
    if n >= 13 and mode not in (USER, SYSTEM):
        return BANKS_AT + 2 * (WITH_SPSR.index(mode) - 1) + n - 13
    return USER_AT + n


class Case:
    """One instruction (or a few) and the state before it."""

    def __init__(self, rng):
        self.rng = rng
        self.kind = ""
        self.steps = 1            # instructions, the halves of a Thumb call counted as two; 0 for a program
        self.judge_steps = 1      # the same as the judges count them
        self.code_at, self.data_at = 0x1000, 0x00400800
        self.vectors = bytes(VECTORS)
        self.code = b""
        self.data = bytearray(rng.randbytes(DATA))
        self.ends = ()            # where a program ends
        self.judges = ("unicorn",)
        self.aim = "inside"       # where `point` points: inside the data, over its end, nowhere, or off a boundary
        self.jumps = True         # whether an instruction may go anywhere
        self.kept = 0             # registers that are not written, one bit each
        # Differences of the judges that this case may show; `compare` in arm_cases.py names them.
        self.stores_pc = False
        self.loads = 0            # registers that an aborted load may or may not have written
        mode = rng.choice(MODES)
        values = [self.value() for _ in range(WORDS)]
        values[CONTROL_AT] = CONTROL
        values[LINES_AT] = 0
        values[CPSR_AT] = rng.getrandbits(5) << 27 | rng.getrandbits(2) << 6 | mode
        values[PC_AT] = self.code_at
        for at in range(SPSR_AT, WORDS):
            values[at] = self.status()
        self.words = values

    def value(self):
        roll = self.rng.random()
        if roll < 0.4:
            return self.rng.choice(INTERESTING)
        if roll < 0.5:
            return self.rng.getrandbits(8)
        return self.rng.getrandbits(32)

    def status(self):
        """Something that a status register can hold."""
        return self.rng.getrandbits(5) << 27 | self.rng.getrandbits(3) << 5 | self.rng.choice(MODES)

    @property
    def mode(self):
        return self.words[CPSR_AT] & 0x1F

    def set_mode(self, mode):
        self.words[CPSR_AT] = self.words[CPSR_AT] & ~0x1F | mode

    @property
    def thumb(self):
        return bool(self.words[CPSR_AT] & THUMB)

    def be_thumb(self):
        self.words[CPSR_AT] |= THUMB

    def get(self, n):
        return self.words[place(self.mode, n)]

    def set(self, n, value):
        self.words[place(self.mode, n)] = value & 0xFFFFFFFF

    def reg(self, *but):
        """A register that is neither the PC nor one of these."""
        while True:
            n = self.rng.randrange(15)
            if n not in but and not self.kept >> n & 1:
                return n

    def point(self, n, align, less=0):
        """Makes a register point where the case aims, this much before a multiple of `align`."""
        at = {"inside": self.data_at + DATA // 2, "unaligned": self.data_at + DATA // 2, "edge": self.data_at + DATA,
              "nowhere": NOWHERE}[self.aim]
        at += align * self.rng.randrange(-8, 8) - less
        if self.aim == "unaligned":
            at += self.rng.randrange(4)
        self.set(n, at)

    def clear_carry(self):
        """Whether the carry flag is clear, which this tries to bring about."""
        self.words[CPSR_AT] &= ~(1 << 29)
        return True

    def emit(self, code, size=4):
        self.code += code.to_bytes(size, "little")

    def code_padded(self):
        return self.code.ljust(CODE, b"\0")

    def record(self):
        return b"".join((_HEAD.pack(self.steps, self.code_at, self.data_at, 0, *self.words), self.vectors,
                         self.code_padded(), self.data))


class Outcome:
    """A state after a case, with the memories that are compared."""

    def __init__(self, words, code, data, instructions=None):
        self.words, self.code, self.data, self.instructions = words, code, data, instructions

    @staticmethod
    def parse(answer):
        words = _ANSWER.unpack_from(answer)
        at = _ANSWER.size
        return Outcome(list(words[:WORDS]), answer[at:at + CODE], answer[at + CODE:at + CODE + DATA], words[WORDS + 1])


def entry(kind, status, control, here, following):
    """How an exception is entered: its mode, its link, its CPSR and its vector (ARM Architecture Reference Manual, A2.6).

    `here` is the address of the instruction that is at fault or interrupted, `following` that of the next one.
    """
    mode, vector, link = {
        "undefined": (UNDEFINED, 0x04, following),
        "software": (SUPERVISOR, 0x08, following),
        "prefetch abort": (ABORT, 0x0C, here + 4),
        "data abort": (ABORT, 0x10, here + 8),
        "irq": (IRQ, 0x18, here + 4),
        "fiq": (FIQ, 0x1C, here + 4),
    }[kind]
    after = status & 0xF8000000 | status & FIQ_OFF | IRQ_OFF | mode
    if kind == "fiq":
        after |= FIQ_OFF
    return mode, link & 0xFFFFFFFF, after, vector | (HIGH_VECTORS if control & HIGH else 0)
