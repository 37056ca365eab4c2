"""Random ARM instructions of every class of ARMv5TE, each with the register contents that make it meaningful.

Encodings and operands that the architecture calls unpredictable are not made. Every function takes a case, sets registers
in it, and returns the instruction word without its condition.
"""

from state import MODES, WITH_SPSR


def bit(rng):
    return rng.getrandbits(1)


def data(case, rng):
    op, s = rng.randrange(16), bit(rng)
    if 8 <= op <= 11:
        s = 1
    form = rng.randrange(3)
    d = case.reg() if s or rng.random() < 0.9 or not case.jumps else 15
    if 8 <= op <= 11:
        d = 0
    n, m = rng.randrange(16), rng.randrange(16)
    code = op << 21 | s << 20 | d << 12
    if form == 0:
        code |= 1 << 25 | rng.getrandbits(12) | n << 16
    elif form == 1:
        code |= n << 16 | rng.getrandbits(5) << 7 | rng.randrange(4) << 5 | m
    else:
        n, m, shift = case.reg(), case.reg(), case.reg()
        d = d if d != 15 else 0
        if rng.random() < 0.7:
            case.set(shift, rng.choice([0, 1, 5, 31, 32, 33, 63, 64, 255, 256, 0x101, rng.getrandbits(8)]))
        code = op << 21 | s << 20 | d << 12 | n << 16 | shift << 8 | rng.randrange(4) << 5 | 0x10 | m
    if op in (13, 15):
        code &= ~0xF0000
    return code


def multiply(case, rng):
    d = case.reg()
    n = case.reg(d)
    m = case.reg(d, n)
    accumulate = rng.choice([0, 1 << 21 | n << 12])
    return accumulate | bit(rng) << 20 | d << 16 | case.reg() << 8 | 0x90 | m


def multiply_long(case, rng):
    high = case.reg()
    low = case.reg(high)
    m = case.reg(high, low)
    return 1 << 23 | rng.getrandbits(3) << 20 | high << 16 | low << 12 | case.reg() << 8 | 0x90 | m


def multiply_halves(case, rng):
    d = case.reg()
    n = case.reg(d)
    op = rng.randrange(4)
    xy = rng.getrandbits(2) << 5
    accumulator = 0 if op == 3 or (op == 1 and xy & 0x20) else n
    return 0x01000080 | op << 21 | d << 16 | accumulator << 12 | case.reg() << 8 | xy | case.reg()


def saturate(case, rng):
    return 0x01000050 | rng.randrange(4) << 21 | case.reg() << 16 | case.reg() << 12 | case.reg()


def count(case, rng):
    return 0x016F0F10 | case.reg() << 12 | case.reg()


def single(case, rng):
    load, byte, up = bit(rng), bit(rng), bit(rng)
    # The last is the form that accesses memory as User mode does (LDRT and the like).
    pre, write = rng.choice([(1, 0), (1, 0), (1, 1), (0, 0), (0, 1)])
    n = case.reg()
    case.point(n, 1 if byte else 4)
    d = case.reg(n)
    if load and not byte and not (pre == 0 and write) and case.jumps and rng.random() < 0.1:
        d = 15
    elif not load and not byte and case.jumps and rng.random() < 0.1:
        d, case.stores_pc = 15, True
    code = 1 << 26 | pre << 24 | up << 23 | byte << 22 | write << 21 | load << 20 | n << 16 | d << 12
    step = 1 if byte else 4
    case.loads = (1 << d) * load
    if bit(rng):
        return code | step * rng.randrange(20)
    m = case.reg(n, d)
    kind = rng.randrange(4)
    amount = 0
    small = rng.randrange(8) * step
    if kind == 0:
        case.set(m, small)
        amount = rng.randrange(3)
    elif kind in (1, 2):
        amount = rng.randrange(1, 20)
        case.set(m, small << amount & 0x7FFFFFFF)
    elif bit(rng):
        amount = rng.randrange(1, 32)
        case.set(m, small << amount | small >> (32 - amount))
    else:
        # RRX of what is certainly small, whatever the carry: only C = 0 keeps the address near.
        case.set(m, small << 1)
        if not case.clear_carry():
            kind = 0
    return code | 1 << 25 | amount << 7 | kind << 5 | m


def half(case, rng):
    load, kind = rng.choice([(0, 1), (1, 1), (1, 2), (1, 3), (0, 2), (0, 3)])
    double = not load and kind != 1
    step = 8 if double else 1 if kind == 2 else 2
    up = bit(rng)
    pre, write = rng.choice([(1, 0), (1, 1), (0, 0)])
    n = case.reg(*((12, 13, 14) if double else ()))
    d = case.reg(n) if not double else rng.choice([x for x in (0, 2, 4, 6, 8, 12) if n not in (x, x + 1)])
    case.point(n, step)
    case.loads = (3 << d if double else 1 << d) if load or kind == 2 else 0
    code = 0x90 | kind << 5 | pre << 24 | up << 23 | write << 21 | load << 20 | n << 16 | d << 12
    offset = step * rng.randrange(8)
    if bit(rng):
        return code | 1 << 22 | (offset & 0xF0) << 4 | offset & 15
    m = case.reg(n, d, d + 1)
    case.set(m, offset)
    return code | m


def multiple(case, rng):
    load, up, pre, write = bit(rng), bit(rng), bit(rng), bit(rng)
    n = case.reg()
    case.point(n, 4)
    bits = rng.getrandbits(16)
    if rng.random() < 0.5:
        bits &= rng.getrandbits(16)
    if not case.jumps or rng.random() < 0.7:
        bits &= 0x7FFF
    if write and load:
        bits &= ~(1 << n)
    elif write and bits & (1 << n) - 1:
        # Only as the first of the list does a store with write-back know what to store of its base.
        bits &= ~(1 << n)
    bits &= ~case.kept
    if not bits & ~(1 << n) & 0xFFFF:
        bits = bits | 1 << case.reg(*range(n + 1)) if n < 14 else 1
    case.stores_pc = not load and bool(bits >> 15)
    case.loads = bits * load
    return 1 << 27 | pre << 24 | up << 23 | write << 21 | load << 20 | n << 16 | bits


def multiple_user(case, rng):
    """LDM and STM of the registers of User mode, from a mode that has others."""
    case.set_mode(rng.choice(WITH_SPSR))
    load, up, pre = bit(rng), bit(rng), bit(rng)
    n = case.reg()
    case.point(n, 4)
    bits = rng.getrandbits(15) & (rng.getrandbits(15) | 0x7F00) or 1 << 14
    if not load and rng.random() < 0.2:
        bits |= 1 << 15
        case.stores_pc = True
    return 1 << 27 | pre << 24 | up << 23 | 1 << 22 | load << 20 | n << 16 | bits


def return_by_list(case, rng):
    """LDM with the PC and ^: the way back from an exception."""
    case.set_mode(rng.choice(WITH_SPSR))
    up, pre, write = bit(rng), bit(rng), bit(rng)
    n = case.reg()
    case.point(n, 4)
    bits = (rng.getrandbits(15) & rng.getrandbits(15) | 1 << 15) & ~(write << n)
    return 1 << 27 | pre << 24 | up << 23 | 1 << 22 | write << 21 | 1 << 20 | n << 16 | bits


def return_by_data(case, rng):
    """MOVS PC, LR, SUBS PC, LR, #4 and all their relatives."""
    case.set_mode(rng.choice(WITH_SPSR))
    op = rng.choice([0, 1, 2, 3, 4, 5, 6, 7, 12, 13, 13, 2, 14, 15])
    n = rng.choice([14, case.reg()])
    code = op << 21 | 1 << 20 | 15 << 12 | (0 if op in (13, 15) else n << 16)
    if bit(rng) and op not in (13, 15):
        return code | 1 << 25 | rng.getrandbits(4)
    return code | rng.choice([14, case.reg()])


def swap(case, rng):
    n = case.reg()
    byte = bit(rng)
    case.point(n, 1 if byte else 4)
    d = case.reg(n)
    case.loads = 1 << d
    return 0x01000090 | byte << 22 | n << 16 | d << 12 | case.reg(n)


def status_read(case, rng):
    saved = bit(rng) if case.jumps and case.mode in WITH_SPSR else 0
    return 0x010F0000 | saved << 22 | case.reg() << 12


def status_flags(case, rng):
    """MSR of the flags."""
    if bit(rng):
        return 0x0328F000 | rng.getrandbits(12)
    return 0x0128F000 | case.reg()


def status_write(case, rng):
    """MSR of any fields of the CPSR or the SPSR; the mode that it writes exists, and T stays as it is."""
    saved = bit(rng) if case.mode in WITH_SPSR else 0
    fields = rng.getrandbits(4)
    if bit(rng):
        # An immediate of eight bits, rotated to the control byte or to the flags.
        low = rng.getrandbits(2) << 6 | rng.choice(MODES)
        value = low if bit(rng) else 4 << 8 | rng.getrandbits(8)
        if value & 0xF00:
            fields &= ~1
        # Without any field this is the space of the hints of later architectures.
        fields = fields or 8
        return 0x0320F000 | saved << 22 | fields << 16 | value
    m = case.reg()
    value = case.status()
    if not saved:
        value &= ~0x20
    case.set(m, value | rng.getrandbits(19) << 8)
    return 0x0120F000 | saved << 22 | fields << 16 | m


def branch(case, rng):
    if rng.random() < 0.3:
        return 0x0A000000 | bit(rng) << 24 | rng.getrandbits(24)
    m = case.reg()
    case.set(m, rng.choice([0x2000, 0x2004, 0x2001, 0x2003, 0x1001, 0x1000]))
    return rng.choice([0x012FFF10, 0x012FFF30]) | m


def pc_relative(case, rng):
    """Loads with the PC as base or offset, within the code."""
    up, d = bit(rng), case.reg()
    at = 4 * rng.randrange(0, 60)
    case.loads = 1 << d
    kind = rng.randrange(4)
    if kind == 0:
        return 0x051F0000 | up << 23 | d << 12 | at
    if kind == 1:
        return 0x055F0000 | up << 23 | d << 12 | at | rng.randrange(4)
    if kind == 2:
        at &= 0xFE
        return 0x015F0090 | up << 23 | rng.choice([1, 2, 3]) << 5 | d << 12 | (at & 0xF0) << 4 | at & 15
    m = case.reg(d)
    case.set(m, at)
    return 0x071F0000 | up << 23 | d << 12 | m


def software_interrupt(case, rng):
    return 0x0F000000 | rng.getrandbits(24)


def undefined(case, rng):
    """The undefined instruction space, what later architectures put elsewhere, and coprocessors that are not there."""
    low = rng.getrandbits(20)
    while True:
        code = rng.choice([
            0x06000010 | rng.getrandbits(25),                   # media instructions, from ARMv6 on
            0x07F000F0 | low & ~0xF0,                           # undefined for ever
            0x03000000 | rng.getrandbits(1) << 22 | low,        # TST and CMP that set no flags: MOVW and MOVT
            0x00400090 | rng.getrandbits(2) << 20 | low & ~0xF0,    # UMAAL and MLS
            0x01800090 | rng.getrandbits(3) << 20 | low & ~0xF0,    # LDREX and STREX
            0x01000040 | rng.getrandbits(2) << 21 | low & ~0xF0,    # CRC32
            0x012FFF20 | rng.getrandbits(4),                    # BXJ
            0x01400070 | rng.getrandbits(1) << 21 | low & ~0xF0,    # HVC and SMC
            0x014000D0 | rng.getrandbits(1) << 5 | low & ~0xF0 | 0x1000,    # LDRD and STRD of an odd register
            0x0E000000 | rng.getrandbits(24),                   # CDP, MCR, MRC
            0x0C000000 | rng.getrandbits(25),                   # LDC, STC, MCRR, MRRC
            0xFE000000 | rng.getrandbits(24),                   # CDP2, MCR2, MRC2
        ])
        if code >> 26 & 3 == 3 and code >> 8 & 15 in (14, 15):
            continue
        return code


def breakpoint_(case, rng):
    return 0x01200070 | rng.getrandbits(12) << 8 | rng.getrandbits(4)


def control_read(case, rng):
    return 0x0E110F10 | case.reg() << 12


def control_write(case, rng):
    """Turns alignment faults and high vectors on or off."""
    d = case.reg()
    case.set(d, 0x107C | bit(rng) << 1 | bit(rng) << 13)
    return 0x0E010F10 | d << 12


def control_buffer(case, rng):
    """Drain the write buffer: nothing that a program sees."""
    return 0x0E070F9A | case.reg() << 12


def blx(case, rng):
    """BLX to an address; it has no condition."""
    return 0xFA000000 | bit(rng) << 24 | rng.getrandbits(24)


def preload(case, rng):
    if bit(rng):
        return 0xF550F000 | bit(rng) << 23 | rng.randrange(15) << 16 | rng.getrandbits(12)
    return 0xF750F000 | bit(rng) << 23 | rng.randrange(15) << 16 | rng.getrandbits(5) << 7 | rng.getrandbits(2) << 5 \
        | case.reg()


TRANSFERS = [(single, 5), (half, 3), (multiple, 4), (swap, 1)]
# Class, weight. `PLAIN` is what a program is made of.
PLAIN = [(data, 8), (multiply, 1), (multiply_long, 2), (multiply_halves, 3), (saturate, 1), (count, 0.3),
         *TRANSFERS, (pc_relative, 1), (status_read, 0.3), (status_flags, 0.5), (preload, 0.3)]
ALONE = [*PLAIN, (multiple_user, 1), (return_by_list, 1), (return_by_data, 1), (status_read, 1), (status_write, 2),
         (branch, 1), (blx, 0.5), (software_interrupt, 0.5), (undefined, 1), (breakpoint_, 0.3), (control_read, 0.5),
         (control_write, 0.5), (control_buffer, 0.2)]


def make(case, rng, table):
    """A word of a class of the table, its condition included, and the class's name."""
    maker = rng.choices([m for m, _ in table], [w for _, w in table])[0]
    code = maker(case, rng)
    if code >> 28 == 0:
        # BKPT has no conditions.
        condition = 14 if maker is breakpoint_ or rng.random() < 0.8 else rng.randrange(15)
        code |= condition << 28
    return code, maker.__name__.strip("_")
