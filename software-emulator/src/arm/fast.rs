//! The loop that runs predecoded operations.
//!
//! Single loads and stores go to the TCMs or out on the bus; after the latter the loop asks for interrupts and for its bound anew.
//! An unaligned access, a store into the ITCM, or a transfer of several words beyond the TCMs ends the loop before
//! the instruction has done anything, and the interpreter executes it instead. It keeps the position in the page, the
//! cycle count and the instruction count in locals and checks the cycle count before every instruction, so that it stops
//! exactly where the interpreter would.

use super::data::{self, accumulate, op, operate, shift_by_immediate, shift_by_register};
use super::memory::{half, word};
use super::op::{ALWAYS, Kind, Op, with_operations};
use super::pages::{PAGE, Pages};
use super::state::{Core, Exception, TCM_DATA_BASE, TCM_DATA_BYTES, TCM_INSTRUCTION_BYTES};
use super::{Bus, BusFault, Loaded, Width};

/// Why the loop ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// The instruction at the PC is for the interpreter, and due now.
    Interpret,
    /// The cycle count has reached the bound, the state or the page changed: look again.
    Look,
}

/// For each condition, bit NZCV is set if it holds.
const HOLDS: [u16; 16] = {
    let mut table = [0; 16];
    let mut flags = 0;
    while flags < 16 {
        let (n, z, c, v) = (flags & 8 != 0, flags & 4 != 0, flags & 2 != 0, flags & 1 != 0);
        let base = [z, c, n, v, c && !z, n == v, !z && n == v, true];
        let mut condition = 0;
        while condition < 16 {
            if base[condition / 2] != (condition & 1 != 0) || condition == 15 {
                table[condition] |= 1 << flags;
            }
            condition += 1;
        }
        flags += 1;
    }
    table
};

/// Whether a condition holds, without branches.
#[inline(always)]
pub(super) fn holds(core: &Core, condition: u8) -> bool {
    let flags = core.n >> 31 << 3 | u32::from(core.z == 0) << 2 | u32::from(core.c) << 1 | u32::from(core.v);
    HOLDS[usize::from(condition & 15)] >> flags & 1 != 0
}

#[inline(always)]
fn alu<const OP: u32, const SET: bool, const FORM: u8>(core: &mut Core, op: Op) {
    let a = core.regs[op.n()];
    let (b, carry) = match FORM {
        0 => (op.imm, if op.s() != 0 { op.imm >> 31 != 0 } else { core.c }),
        1 => (core.regs[op.m()], core.c),
        _ => shifted(core, op),
    };
    let result = operate(core, OP, SET, a, b, carry);
    if !op::test(OP) {
        core.regs[op.d()] = result;
    }
}

#[inline(always)]
fn shifted(core: &Core, op: Op) -> (u32, bool) {
    let m = core.regs[op.m()];
    if op.imm & 4 == 0 {
        shift_by_immediate(op.imm, op.imm >> 8, m, core.c)
    } else {
        shift_by_register(op.imm, core.regs[op.s()], m, core.c)
    }
}

#[inline(always)]
fn shift<const KIND: u32, const SET: bool>(core: &mut Core, op: Op) {
    // The amount is never 0 here.
    let (amount, m) = (op.imm & 31, core.regs[op.m()]);
    let (b, carry) = match KIND {
        0 => (m << amount, m >> ((32 - amount) & 31) & 1 != 0),
        1 => (m >> amount, m >> (amount.wrapping_sub(1) & 31) & 1 != 0),
        _ => (
            (m as i32 >> amount) as u32,
            m >> (amount.wrapping_sub(1) & 31) & 1 != 0,
        ),
    };
    core.regs[op.d()] = operate(core, op::MOV, SET, 0, b, carry);
}

/// A word, byte or half-word from the TCMs, or nothing if the interpreter has to look.
#[inline(always)]
fn load<const BYTES: u32>(core: &Core, at: u32) -> Option<u32> {
    let data = at.wrapping_sub(TCM_DATA_BASE);
    if data & !(TCM_DATA_BYTES as u32 - BYTES) == 0 {
        Some(match BYTES {
            1 => u32::from(core.dtcm[data as usize & (TCM_DATA_BYTES - 1)]),
            2 => u32::from(half(&core.dtcm, data)),
            _ => word(&core.dtcm, data),
        })
    } else {
        load_code::<BYTES>(core, at)
    }
}

#[inline(never)]
fn load_code<const BYTES: u32>(core: &Core, at: u32) -> Option<u32> {
    (at & !(TCM_INSTRUCTION_BYTES as u32 - BYTES) == 0).then(|| match BYTES {
        1 => u32::from(core.itcm[at as usize & (TCM_INSTRUCTION_BYTES - 1)]),
        2 => u32::from(half(&core.itcm, at)),
        _ => word(&core.itcm, at),
    })
}

/// Stores into the DTCM; false if the interpreter has to do it.
#[inline(always)]
fn store<const BYTES: u32>(core: &mut Core, at: u32, value: u32) -> bool {
    let data = at.wrapping_sub(TCM_DATA_BASE);
    if data & !(TCM_DATA_BYTES as u32 - BYTES) != 0 {
        return false;
    }
    let at = data as usize & (TCM_DATA_BYTES - BYTES as usize);
    match BYTES {
        1 => core.dtcm[at] = value as u8,
        2 => core.dtcm[at..at + 2].copy_from_slice(&(value as u16).to_le_bytes()),
        _ => core.dtcm[at..at + 4].copy_from_slice(&value.to_le_bytes()),
    }
    true
}

/// Whether an address, aligned for so many bytes, lies beyond both TCMs.
#[inline(always)]
fn outside(at: u32, bytes: u32) -> bool {
    at & (bytes - 1) == 0
        && at >= TCM_INSTRUCTION_BYTES as u32
        && at.wrapping_sub(TCM_DATA_BASE) >= TCM_DATA_BYTES as u32
}

const fn width(bytes: u32) -> Width {
    match bytes {
        1 => Width::Byte,
        2 => Width::Half,
        _ => Width::Word,
    }
}

/// A load on the bus by the instruction at `pc`, which begins in cycle `at`.
#[inline(never)]
fn load_outside<const BYTES: u32, B: Bus>(
    core: &mut Core,
    bus: &mut B,
    address: u32,
    at: u64,
    pc: u32,
) -> Result<Loaded, BusFault> {
    core.step_began = at;
    let answer = bus.load(address, width(BYTES), at, pc);
    core.observe(bus);
    answer
}

/// A store on the bus; the wait states.
#[inline(never)]
fn store_outside<const BYTES: u32, B: Bus>(
    core: &mut Core,
    bus: &mut B,
    address: u32,
    value: u32,
    at: u64,
    pc: u32,
) -> Result<u32, BusFault> {
    core.step_began = at;
    let value = value & (u32::MAX >> (32 - 8 * BYTES));
    let answer = bus.store(address, width(BYTES), value, at, pc);
    core.observe(bus);
    answer
}

/// The lowest offset of a block transfer in the DTCM, and the base afterwards, if all of it lies there.
#[inline(always)]
fn block(core: &Core, op: Op) -> Option<(u32, u32)> {
    let base = core.regs[op.n()];
    let signed = |at: u32| (op.imm >> at) as i8 as i32 as u32;
    let start = base
        .wrapping_add(signed(16).wrapping_mul(4))
        .wrapping_sub(TCM_DATA_BASE);
    let after = base.wrapping_add(signed(24).wrapping_mul(4));
    let bytes = 4 * (op.imm & 0xffff).count_ones();
    (start & 3 == 0 && start < TCM_DATA_BYTES as u32 && start + bytes <= TCM_DATA_BYTES as u32)
        .then_some((start, after))
}

/// How many more turns of a delay loop certainly branch back: `value` is counted down by `step` while `condition` holds.
pub(super) fn turns(condition: usize, value: u32, step: u32) -> u32 {
    let positive = value as i32 >= 0;
    match condition {
        2 => value / step,
        5 | 10 if positive => value / step,
        1 | 8 => value.saturating_sub(1) / step,
        12 if positive => value.saturating_sub(1) / step,
        _ => 0,
    }
}

/// The register's half-word that a multiply takes: `shift` is 0 for the top and 16 for the bottom.
#[inline(always)]
fn half_of(value: u32, shift: u32) -> i32 {
    (value << (shift & 31)) as i32 >> 16
}

/// Runs operations from `core.pc` until the cycle count reaches `limit` or the horizon of the bus.
pub(super) fn run<const THUMB: bool, B: Bus>(
    core: &mut Core,
    pages: &Pages,
    bus: &mut B,
    limit: u64,
) -> Exit {
    let mut bound = limit.min(core.horizon);
    let shift_of_pc = if THUMB { 1 } else { 2 };
    let mut pc = core.pc;
    let mut cycles = core.cycles;
    let mut count = 0u64;
    let mut aborted = false;
    let exit = 'pages: loop {
        let Some(page) = pages.page::<THUMB>(pc) else {
            break Exit::Look;
        };
        let base = pc & !(PAGE - 1);
        let mut at = (pc & (PAGE - 1)) as usize >> shift_of_pc;
        macro_rules! address {
            () => {
                base.wrapping_add((at as u32) << shift_of_pc)
            };
        }
        macro_rules! interpret {
            () => {{
                pc = address!();
                break 'pages Exit::Interpret;
            }};
        }
        // The bus has answered an access with an error.
        macro_rules! abort {
            () => {{
                pc = address!();
                count += 1;
                aborted = true;
                break 'pages Exit::Look;
            }};
        }
        // The bus has been reached: what it asks for is looked at before the next instruction.
        macro_rules! waits {
            ($wait:ident) => {{
                cycles += u64::from($wait);
                bound = 0;
            }};
        }
        // After a jump: what is often jumped to is run as a translation.
        macro_rules! arrive {
            () => {{
                if page.warm(at) {
                    pc = address!();
                    break 'pages Exit::Look;
                }
                continue;
            }};
        }
        // To an address in the same state, aligned.
        macro_rules! go {
            ($target:expr) => {
                at = ($target.wrapping_sub(base) as i32 >> shift_of_pc) as usize
            };
        }
        macro_rules! exchange {
            ($target:expr) => {{
                let target: u32 = $target;
                count += 1;
                if (target & 1 != 0) == THUMB {
                    go!(target & if THUMB { !1 } else { !3 });
                    arrive!();
                }
                core.thumb = !THUMB;
                pc = target & if THUMB { !3 } else { !1 };
                break 'pages Exit::Look;
            }};
        }
        macro_rules! branch_if {
            ($op:ident, $condition:expr) => {{
                count += 1;
                if $condition {
                    at = at.wrapping_add($op.imm as i32 as usize);
                    cycles += 3;
                    arrive!();
                }
                at += 1;
                cycles += 1;
                continue;
            }};
        }
        macro_rules! load {
            ($op:ident, $bytes:literal, $at:expr) => {
                load!($op, $bytes as u32, $at)
            };
            ($op:ident, $bytes:literal as $signed:ty, $at:expr) => {{
                let address = $at;
                let value = match load::<$bytes>(core, address) {
                    Some(value) => value,
                    None if outside(address, $bytes) => {
                        match load_outside::<$bytes, B>(core, bus, address, cycles, address!()) {
                            Ok(Loaded { value, wait }) => {
                                waits!(wait);
                                value
                            }
                            Err(BusFault) => abort!(),
                        }
                    }
                    None => interpret!(),
                };
                core.regs[$op.d()] = value as $signed as u32;
            }};
        }
        macro_rules! store {
            ($op:ident, $bytes:literal, $at:expr) => {{
                let (address, value) = ($at, core.regs[$op.d()]);
                if !store::<$bytes>(core, address, value) {
                    if !outside(address, $bytes) {
                        interpret!()
                    }
                    match store_outside::<$bytes, B>(core, bus, address, value, cycles, address!()) {
                        Ok(wait) => waits!(wait),
                        Err(BusFault) => abort!(),
                    }
                }
            }};
        }
        // The four addressing forms.
        macro_rules! offset {
            ($op:ident) => {
                core.regs[$op.n()].wrapping_add($op.imm)
            };
        }
        macro_rules! indexed {
            ($op:ident) => {
                core.regs[$op.n()].wrapping_add(core.regs[$op.m()] << ($op.imm & 31))
            };
        }
        macro_rules! pre {
            ($what:ident, $op:ident, $($how:tt)*) => {{
                let address = offset!($op);
                $what!($op, $($how)*, address);
                core.regs[$op.n()] = address;
            }};
        }
        macro_rules! post {
            ($what:ident, $op:ident, $($how:tt)*) => {{
                let address = core.regs[$op.n()];
                $what!($op, $($how)*, address);
                core.regs[$op.n()] = address.wrapping_add($op.imm);
            }};
        }
        macro_rules! dispatch {
            ([$(($name:ident, $set:literal, $i:ident, $r:ident, $x:ident))*] $op:ident $($arms:tt)*) => {
                match $op.kind {
                    $(
                        Kind::$i => alu::<{ op::$name }, $set, 0>(core, $op),
                        Kind::$r => alu::<{ op::$name }, $set, 1>(core, $op),
                        Kind::$x => alu::<{ op::$name }, $set, 2>(core, $op),
                    )*
                    $($arms)*
                }
            };
        }
        loop {
            if cycles >= bound {
                bound = limit.min(core.horizon);
                if cycles >= bound || core.interrupt().is_some() {
                    pc = address!();
                    break 'pages Exit::Look;
                }
            }
            let Some(&op) = page.ops.get(at) else {
                pc = address!();
                continue 'pages;
            };
            if !THUMB && op.condition() != ALWAYS && !holds(core, op.condition()) {
                at += 1;
                cycles += 1;
                count += 1;
                continue;
            }
            with_operations! { dispatch! (op
                Kind::Interpret => interpret!(),
                Kind::Nop => {}
                Kind::Lsl => shift::<0, false>(core, op),
                Kind::Lsr => shift::<1, false>(core, op),
                Kind::Asr => shift::<2, false>(core, op),
                Kind::Lsls => shift::<0, true>(core, op),
                Kind::Lsrs => shift::<1, true>(core, op),
                Kind::Asrs => shift::<2, true>(core, op),
                Kind::Mul => core.regs[op.d()] = core.regs[op.m()].wrapping_mul(core.regs[op.s()]),
                Kind::Muls => {
                    let result = core.regs[op.m()].wrapping_mul(core.regs[op.s()]);
                    core.regs[op.d()] = result;
                    core.set_nz(result);
                }
                Kind::Mla => {
                    core.regs[op.d()] =
                        core.regs[op.m()].wrapping_mul(core.regs[op.s()]).wrapping_add(core.regs[op.n()]);
                }
                Kind::Umull => {
                    let result = u64::from(core.regs[op.m()]) * u64::from(core.regs[op.s()]);
                    core.regs[op.n()] = result as u32;
                    core.regs[op.d()] = (result >> 32) as u32;
                }
                Kind::Umlal => {
                    let sum = u64::from(core.regs[op.d()]) << 32 | u64::from(core.regs[op.n()]);
                    let product = u64::from(core.regs[op.m()]) * u64::from(core.regs[op.s()]);
                    let result = product.wrapping_add(sum);
                    core.regs[op.n()] = result as u32;
                    core.regs[op.d()] = (result >> 32) as u32;
                }
                Kind::Smull => {
                    let result = i64::from(core.regs[op.m()] as i32) * i64::from(core.regs[op.s()] as i32);
                    core.regs[op.n()] = result as u32;
                    core.regs[op.d()] = (result >> 32) as u32;
                }
                Kind::Smlal => {
                    let sum = u64::from(core.regs[op.d()]) << 32 | u64::from(core.regs[op.n()]);
                    let product = i64::from(core.regs[op.m()] as i32) * i64::from(core.regs[op.s()] as i32);
                    let result = product.wrapping_add(sum as i64);
                    core.regs[op.n()] = result as u32;
                    core.regs[op.d()] = (result >> 32) as u32;
                }
                Kind::Smulxy => {
                    let a = half_of(core.regs[op.m()], op.imm);
                    core.regs[op.d()] = a.wrapping_mul(half_of(core.regs[op.s()], op.imm >> 8)) as u32;
                }
                Kind::Smlaxy => {
                    let a = half_of(core.regs[op.m()], op.imm);
                    let product = a.wrapping_mul(half_of(core.regs[op.s()], op.imm >> 8));
                    core.regs[op.d()] = accumulate(core, product, core.regs[op.n()]);
                }
                Kind::Smulwy => {
                    let b = i64::from(half_of(core.regs[op.s()], op.imm));
                    core.regs[op.d()] = ((i64::from(core.regs[op.m()] as i32) * b) >> 16) as u32;
                }
                Kind::Smlawy => {
                    let b = i64::from(half_of(core.regs[op.s()], op.imm));
                    let product = ((i64::from(core.regs[op.m()] as i32) * b) >> 16) as i32;
                    core.regs[op.d()] = accumulate(core, product, core.regs[op.n()]);
                }
                // These two also add to `core.cycles`, which is overwritten at the end.
                Kind::Halves => data::multiply_halves(core, op.imm),
                Kind::Saturate => data::saturate(core, op.imm),
                Kind::Clz => core.regs[op.d()] = core.regs[op.m()].leading_zeros(),
                Kind::LdrLiteral => core.regs[op.d()] = word(&core.itcm, op.imm),
                Kind::LdrI => load!(op, 4, offset!(op)),
                Kind::LdrR => load!(op, 4, indexed!(op)),
                Kind::LdrPre => pre!(load, op, 4),
                Kind::LdrPost => post!(load, op, 4),
                Kind::LdrbI => load!(op, 1, offset!(op)),
                Kind::LdrbR => load!(op, 1, indexed!(op)),
                Kind::LdrbPre => pre!(load, op, 1),
                Kind::LdrbPost => post!(load, op, 1),
                Kind::LdrhI => load!(op, 2, offset!(op)),
                Kind::LdrhR => load!(op, 2, indexed!(op)),
                Kind::LdrhPre => pre!(load, op, 2),
                Kind::LdrhPost => post!(load, op, 2),
                Kind::LdrsbI => load!(op, 1 as i8, offset!(op)),
                Kind::LdrsbR => load!(op, 1 as i8, indexed!(op)),
                Kind::LdrshI => load!(op, 2 as i16, offset!(op)),
                Kind::LdrshR => load!(op, 2 as i16, indexed!(op)),
                Kind::LdrshPre => pre!(load, op, 2 as i16),
                Kind::LdrshPost => post!(load, op, 2 as i16),
                Kind::StrI => store!(op, 4, offset!(op)),
                Kind::StrR => store!(op, 4, indexed!(op)),
                Kind::StrPre => pre!(store, op, 4),
                Kind::StrPost => post!(store, op, 4),
                Kind::StrbI => store!(op, 1, offset!(op)),
                Kind::StrbR => store!(op, 1, indexed!(op)),
                Kind::StrbPre => pre!(store, op, 1),
                Kind::StrbPost => post!(store, op, 1),
                Kind::StrhI => store!(op, 2, offset!(op)),
                Kind::StrhR => store!(op, 2, indexed!(op)),
                Kind::StrhPre => pre!(store, op, 2),
                Kind::StrhPost => post!(store, op, 2),
                Kind::LdrdI => {
                    let address = offset!(op);
                    let data = address.wrapping_sub(TCM_DATA_BASE);
                    if data & !(TCM_DATA_BYTES as u32 - 8) != 0 {
                        interpret!()
                    }
                    core.regs[op.d()] = word(&core.dtcm, data);
                    core.regs[(op.d() + 1) & 15] = word(&core.dtcm, data + 4);
                }
                Kind::StrdI => {
                    let address = offset!(op);
                    if address.wrapping_sub(TCM_DATA_BASE) & !(TCM_DATA_BYTES as u32 - 8) != 0 {
                        interpret!()
                    }
                    let (low, high) = (core.regs[op.d()], core.regs[(op.d() + 1) & 15]);
                    store::<4>(core, address, low);
                    store::<4>(core, address + 4, high);
                }
                Kind::Ldm => {
                    let Some((mut data, after)) = block(core, op) else { interpret!() };
                    if op.imm >> 24 != 0 {
                        core.regs[op.n()] = after;
                    }
                    let mut list = op.imm & 0x7fff;
                    while list != 0 {
                        core.regs[list.trailing_zeros() as usize & 15] = word(&core.dtcm, data);
                        list &= list - 1;
                        data += 4;
                    }
                }
                Kind::LdmPc => {
                    let Some((mut data, after)) = block(core, op) else { interpret!() };
                    if op.imm >> 24 != 0 {
                        core.regs[op.n()] = after;
                    }
                    let mut list = op.imm & 0x7fff;
                    while list != 0 {
                        core.regs[list.trailing_zeros() as usize & 15] = word(&core.dtcm, data);
                        list &= list - 1;
                        data += 4;
                    }
                    cycles += op.cycles();
                    exchange!(word(&core.dtcm, data));
                }
                Kind::Stm => {
                    let Some((mut data, after)) = block(core, op) else { interpret!() };
                    let mut list = op.imm & 0x7fff;
                    while list != 0 {
                        let value = core.regs[list.trailing_zeros() as usize & 15];
                        store::<4>(core, data.wrapping_add(TCM_DATA_BASE), value);
                        list &= list - 1;
                        data += 4;
                    }
                    core.regs[op.n()] = if op.imm >> 24 != 0 { after } else { core.regs[op.n()] };
                }
                Kind::Beq => branch_if!(op, core.z == 0),
                Kind::Bne => branch_if!(op, core.z != 0),
                Kind::Bcs => branch_if!(op, core.c),
                Kind::Bcc => branch_if!(op, !core.c),
                Kind::Bmi => branch_if!(op, (core.n as i32) < 0),
                Kind::Bpl => branch_if!(op, core.n as i32 >= 0),
                Kind::Bvs => branch_if!(op, core.v),
                Kind::Bvc => branch_if!(op, !core.v),
                Kind::Bhi => branch_if!(op, core.c && core.z != 0),
                Kind::Bls => branch_if!(op, !core.c || core.z == 0),
                Kind::Bge => branch_if!(op, ((core.n as i32) < 0) == core.v),
                Kind::Blt => branch_if!(op, ((core.n as i32) < 0) != core.v),
                Kind::Bgt => branch_if!(op, core.z != 0 && ((core.n as i32) < 0) == core.v),
                Kind::Ble => branch_if!(op, core.z == 0 || ((core.n as i32) < 0) != core.v),
                Kind::B => branch_if!(op, true),
                Kind::Bl => {
                    core.regs[14] = address!().wrapping_add(4);
                    branch_if!(op, true)
                }
                Kind::Halt => {
                    let turns = (bound - cycles).div_ceil(3);
                    cycles = cycles.saturating_add(3 * turns);
                    count += turns;
                    continue;
                }
                Kind::Spin => {
                    count += 1;
                    if !holds(core, op.d() as u8) {
                        at += 1;
                        cycles += 1;
                        continue;
                    }
                    at = at.wrapping_sub(1);
                    cycles += 3;
                    // Every boundary that is passed over lies below the bound.
                    let room = bound.saturating_sub(cycles) / 4;
                    let value = core.regs[op.m()];
                    let turns = u64::from(turns(op.d(), value, op.imm)).min(room);
                    if turns > 0 {
                        let last = value.wrapping_sub((turns as u32 - 1).wrapping_mul(op.imm));
                        core.regs[op.m()] = operate(core, op::SUB, true, last, op.imm, false);
                        cycles += 4 * turns;
                        count += 2 * turns;
                    }
                    continue;
                }
                Kind::Poll => {
                    count += 1;
                    if !holds(core, op.d() as u8) {
                        at += 1;
                        cycles += 1;
                        continue;
                    }
                    at = at.wrapping_sub(2);
                    cycles += 3;
                    let (Some(&first), Some(&test)) = (page.ops.get(at), page.ops.get(at + 1)) else {
                        continue;
                    };
                    let to_the_branch = first.cycles() + test.cycles();
                    let turns = bound.saturating_sub(cycles) / (to_the_branch + 3);
                    if turns == 0 {
                        continue;
                    }
                    // One turn up to its branch. If that is taken, all turns before the bound are the same.
                    let address = offset!(first);
                    let value = match first.kind {
                        Kind::LdrI => load::<4>(core, address),
                        Kind::LdrbI => load::<1>(core, address),
                        _ => load::<2>(core, address),
                    };
                    let Some(value) = value else { continue };
                    core.regs[first.d()] = value;
                    match test.kind {
                        Kind::CmpI => alu::<{ op::CMP }, true, 0>(core, test),
                        _ => alu::<{ op::TST }, true, 0>(core, test),
                    }
                    if holds(core, op.d() as u8) {
                        cycles += turns * (to_the_branch + 3);
                        count += 3 * turns;
                    } else {
                        cycles += to_the_branch;
                        count += 2;
                        at += 2;
                    }
                    continue;
                }
                Kind::LdrPcLiteral => {
                    let Some(target) = load_code::<4>(core, op.imm) else { interpret!() };
                    cycles += op.cycles();
                    exchange!(target);
                }
                Kind::LdrPcTable => {
                    let address = op.imm.wrapping_add(core.regs[op.m()] << 2);
                    let Some(target) = load_code::<4>(core, address) else { interpret!() };
                    cycles += op.cycles();
                    exchange!(target);
                }
                // These two also add to `core.cycles`.
                Kind::Mrs => data::read_status(core, op.imm),
                Kind::Msr => {
                    data::write_status(core, op.imm);
                    if core.interrupt().is_some() {
                        count += 1;
                        cycles += op.cycles();
                        at += 1;
                        pc = address!();
                        break 'pages Exit::Look;
                    }
                }
                Kind::BlSecond => {
                    let target = core.regs[14].wrapping_add(op.imm) & !1;
                    core.regs[14] = address!().wrapping_add(2) | 1;
                    count += 1;
                    cycles += 3;
                    go!(target);
                    arrive!();
                }
                Kind::Bx => {
                    cycles += 3;
                    exchange!(core.regs[op.m()]);
                }
                Kind::BlxRegister => {
                    let target = core.regs[op.m()];
                    core.regs[14] = if THUMB { address!().wrapping_add(2) | 1 } else { address!().wrapping_add(4) };
                    cycles += 3;
                    exchange!(target);
                }
                Kind::MovPc => {
                    cycles += 4;
                    count += 1;
                    go!((core.regs[op.m()] & if THUMB { !1 } else { !3 }));
                    arrive!();
                }
            ) }
            at += 1;
            cycles += op.cycles();
            count += 1;
        }
    };
    core.pc = pc;
    core.cycles = cycles;
    core.instructions += count;
    if aborted {
        core.raise(Exception::DataAbort, pc.wrapping_add(8));
    }
    exit
}
