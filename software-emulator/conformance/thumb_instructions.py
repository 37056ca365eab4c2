"""Random Thumb instructions of every format, with the register contents that make them meaningful."""



def plain(case, rng):
    """Any half-word that is no exception, its registers bent so that accesses to memory hit the data."""
    while True:
        code = rng.getrandbits(16)
        top = code >> 11
        if code & 0xFF00 in (0xDE00, 0xDF00, 0xBE00) or top in (28, 29, 30, 31):
            continue
        if 22 <= top <= 23 and code >> 8 & 15 not in (0, 4, 5, 12, 13):
            continue
        low = [code & 7, code >> 3 & 7, code >> 6 & 7]
        case.loads = 0
        if not case.jumps and (top in (26, 27) or top == 8 and code & 0x700 == 0x700
                               or top in (22, 23) and code & 0xF00 == 0xD00
                               or top == 8 and code & 0x487 == 0x487):
            continue
        if case.kept and touches(code, case.kept):
            continue
        if top == 8 and code & 0x400:
            high, m = code & 7 | code >> 4 & 8, code >> 3 & 15
            if code >> 8 & 3 == 3:
                if code & 7 or m == 15:
                    continue
                case.set(m, rng.choice([0x2000, 0x2004, 0x2001, 0x2003]))
            elif code >> 8 & 3 == 1 and high == 15:
                continue
        elif top == 9:
            if code & 0xFF > 60:
                continue
            case.loads = 1 << (code >> 8 & 7)
        elif top in (10, 11):
            if low[1] == low[2]:
                continue
            width = [4, 2, 1, 1, 4, 2, 1, 2][code >> 9 & 7]
            case.point(low[1], width)
            case.set(low[2], width * rng.randrange(10))
            case.loads = (1 << low[0]) * (code >> 9 & 7 > 2)
        elif 12 <= top <= 17:
            width = [4, 1, 2][(top - 12) // 2]
            case.point(low[1], width, (code >> 6 & 31) * width)
            case.loads = (1 << low[0]) * (top & 1)
        elif top in (18, 19):
            case.point(13, 4, 4 * (code & 0xFF))
            case.loads = (1 << (code >> 8 & 7)) * (top & 1)
        elif top in (22, 23) and code & 0x600 == 0x400:
            if not code & 0x1FF:
                continue
            case.point(13, 4)
            case.loads = (code & 0xFF) * (top & 1)
        elif top in (24, 25):
            base, bits = code >> 8 & 7, code & 0xFF
            if not bits or (top == 24 and bits >> base & 1 and bits & (1 << base) - 1):
                continue
            case.point(base, 4)
            case.loads = bits * (top & 1)
        return code


def transfer(case, rng):
    """A load or a store."""
    while True:
        code = plain(case, rng)
        if code >> 11 in (9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 24, 25) or code & 0xF600 == 0xB400:
            return code


def touches(code, kept):
    """Whether a half-word may write one of these low registers, or needs one as an address (to be safe)."""
    fields = 1 << (code & 7) | 1 << (code >> 8 & 7)
    top = code >> 11
    if 10 <= top <= 17:
        fields |= 1 << (code >> 3 & 7) | 1 << (code >> 6 & 7)
    if top in (23, 25):
        fields |= code & 0xFF
    return bool(fields & kept)


def branch(case, rng):
    return 0xE000 | rng.getrandbits(11)


def call(case, rng):
    """BL and BLX, both halves."""
    second = rng.choice([0xF800 | rng.getrandbits(11), 0xE800 | rng.getrandbits(10) << 1])
    return 0xF000 | rng.getrandbits(11) | second << 16


def second_half(case, rng):
    """The second half of BL or BLX alone."""
    case.set(14, 0x2000 + 2 * rng.randrange(100))
    return rng.choice([0xF800 | rng.getrandbits(10), 0xE800 | rng.getrandbits(9) << 1])


def software_interrupt(case, rng):
    return 0xDF00 | rng.getrandbits(8)


def undefined(case, rng):
    """Undefined for ever, and what later architectures put elsewhere; but for CBZ, which Unicorn executes on any core."""
    return rng.choice([0xDE00, 0xDE00, 0xB200, 0xB600, 0xB800, 0xBA00]) | rng.getrandbits(8)


def breakpoint_(case, rng):
    return 0xBE00 | rng.getrandbits(8)


PLAIN = [(plain, 1)]
TRANSFERS = [(transfer, 1)]
ALONE = [(plain, 20), (branch, 0.5), (call, 1.5), (second_half, 0.7), (software_interrupt, 0.5), (undefined, 0.3),
         (breakpoint_, 0.3)]


def make(case, rng, table):
    """A half-word, or the two of a call, and the name of its class."""
    maker = rng.choices([m for m, _ in table], [w for _, w in table])[0]
    code = maker(case, rng)
    name = f"format {code >> 11}" if maker in (plain, transfer) else maker.__name__.strip("_")
    return code, f"thumb {name}"
