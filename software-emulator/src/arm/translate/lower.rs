//! From the operations of a region to the intermediate language of Cranelift.
//!
//! The registers and flags of the processor are variables while the code of a region runs; they are read from the
//! [`Core`] at its entry and written back where it is left. An operation whose access to memory is not for the
//! TCMs leaves the region before it has done anything, as in the fast loop.

use super::super::data::op;
use super::super::op::{ALWAYS, Kind, OPERATIONS, Op};
use super::super::state::{Core, TCM_INSTRUCTION_BYTES};
use super::Exit;
use super::region::{Block, End, Region, condition};
use super::transfer::data;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I8, I32, I64};
use cranelift_codegen::ir::{self, InstBuilder, MemFlags, Value};
use cranelift_frontend::{FunctionBuilder, Variable};
use std::collections::{BTreeMap, BTreeSet};
use std::mem::offset_of;

/// An operation that has no translation after all.
#[derive(Debug)]
pub(super) struct Untranslatable;

/// One bit each: registers 0 to 14, then the flags.
type Set = u32;
const N: Set = 1 << 16;
const Z: Set = 1 << 17;
const C: Set = 1 << 18;
const V: Set = 1 << 19;

/// Where the flags come from, when that is a comparison of two values known here.
#[derive(Clone, Copy)]
pub(super) struct Compared {
    pub(super) a: Value,
    pub(super) b: Value,
}

pub(super) struct Lowering<'a, 'f> {
    pub(super) b: FunctionBuilder<'f>,
    region: &'a Region,
    core: Value,
    bound: Value,
    pub(super) itcm: Value,
    pub(super) dtcm: Value,
    registers: [Variable; 15],
    n: Variable,
    z: Variable,
    c: Variable,
    v: Variable,
    cycles: Variable,
    count: Variable,
    /// What is to be added to `cycles` and `count` on the way from the start of the block to here.
    spent: i64,
    done: i64,
    /// What may differ from the [`Core`] here.
    dirty: Set,
    pub(super) compared: Option<Compared>,
    blocks: BTreeMap<u32, ir::Block>,
}

/// Emits the function `(core, bound) -> exit` of a region.
pub(super) fn lower(region: &Region, mut b: FunctionBuilder) -> Result<(), Untranslatable> {
    let entry = b.create_block();
    b.append_block_params_for_function_params(entry);
    b.switch_to_block(entry);
    let (core, bound) = (b.block_params(entry)[0], b.block_params(entry)[1]);
    let registers = std::array::from_fn(|_| b.declare_var(I32));
    let [n, z] = std::array::from_fn(|_| b.declare_var(I32));
    let [c, v] = std::array::from_fn(|_| b.declare_var(I8));
    let [cycles, count] = std::array::from_fn(|_| b.declare_var(I64));
    let blocks = region.blocks.keys().map(|at| (*at, b.create_block())).collect();
    let pointer = |b: &mut FunctionBuilder, at: usize| b.ins().load(I64, trusted(), core, at as i32);
    let (itcm, dtcm) = (
        pointer(&mut b, offset_of!(Core, itcm)),
        pointer(&mut b, offset_of!(Core, dtcm)),
    );
    let mut lowering = Lowering {
        b,
        region,
        core,
        bound,
        itcm,
        dtcm,
        registers,
        n,
        z,
        c,
        v,
        cycles,
        count,
        spent: 0,
        done: 0,
        dirty: 0,
        compared: None,
        blocks,
    };
    lowering.enter();
    let dirty = lowering.dirty_at_start();
    for (start, block) in &region.blocks {
        lowering.dirty = dirty.get(start).copied().unwrap_or(0);
        lowering.block(block)?;
    }
    lowering.b.seal_all_blocks();
    lowering.b.finalize();
    Ok(())
}

/// Of an access that cannot fail.
fn trusted() -> MemFlags {
    MemFlags::trusted()
}

/// What an operation may change.
fn writes(op: Op) -> Set {
    let register = |n: usize| if n < 15 { 1 << n } else { 0 };
    let (d, n) = (register(op.d()), register(op.n()));
    if let Some((operation, set, _)) = data_processing(op.kind) {
        let flags = if set { N | Z | C | V } else { 0 };
        return flags | if op::test(operation) { 0 } else { d };
    }
    match op.kind {
        Kind::Lsls | Kind::Lsrs | Kind::Asrs => d | N | Z | C,
        Kind::Muls => d | N | Z,
        Kind::Umull | Kind::Umlal | Kind::Smull | Kind::Smlal => d | n,
        Kind::LdrPre | Kind::LdrPost | Kind::LdrbPre | Kind::LdrbPost => d | n,
        Kind::LdrhPre | Kind::LdrhPost | Kind::LdrshPre | Kind::LdrshPost => d | n,
        Kind::StrPre | Kind::StrPost | Kind::StrbPre | Kind::StrbPost | Kind::StrhPre | Kind::StrhPost => n,
        Kind::LdrdI => d | register(op.d() + 1),
        Kind::Ldm | Kind::LdmPc => op.imm & 0x7fff | n,
        Kind::Stm => n,
        Kind::Bl | Kind::BlSecond | Kind::BlxRegister => 1 << 14,
        Kind::StrI | Kind::StrR | Kind::StrbI | Kind::StrbR | Kind::StrhI | Kind::StrhR | Kind::StrdI => 0,
        Kind::Nop | Kind::Bx | Kind::MovPc | Kind::LdrPcLiteral | Kind::LdrPcTable | Kind::B => 0,
        _ => d,
    }
}

/// Operation, whether it sets the flags, and the form of its second operand: immediate, register or shifted.
fn data_processing(kind: Kind) -> Option<(u32, bool, usize)> {
    OPERATIONS.iter().find_map(|(operation, set, kinds)| {
        let form = kinds.iter().position(|other| *other == kind)?;
        Some((*operation, *set, form))
    })
}

impl Lowering<'_, '_> {
    /// Reads everything, and goes to the first block. What is not needed is not kept.
    fn enter(&mut self) {
        for n in 0..15 {
            let value = self.load_field(I32, offset_of!(Core, regs) + 4 * n);
            self.b.def_var(self.registers[n], value);
        }
        for (variable, ty, at) in self.flags() {
            let value = self.load_field(ty, at);
            self.b.def_var(variable, value);
        }
        let cycles = self.load_field(I64, offset_of!(Core, cycles));
        self.b.def_var(self.cycles, cycles);
        let zero = self.b.ins().iconst(I64, 0);
        self.b.def_var(self.count, zero);
        self.jump(self.region.entry);
    }

    fn flags(&self) -> [(Variable, ir::Type, usize); 4] {
        [
            (self.n, I32, offset_of!(Core, n)),
            (self.z, I32, offset_of!(Core, z)),
            (self.c, I8, offset_of!(Core, c)),
            (self.v, I8, offset_of!(Core, v)),
        ]
    }

    fn load_field(&mut self, ty: ir::Type, at: usize) -> Value {
        self.b.ins().load(ty, trusted(), self.core, at as i32)
    }

    pub(super) fn store_field(&mut self, value: Value, at: usize) {
        self.b.ins().store(trusted(), value, self.core, at as i32);
    }

    /// For each block, what may have been changed on some way to it.
    fn dirty_at_start(&self) -> BTreeMap<u32, Set> {
        let mut dirty: BTreeMap<u32, Set> = BTreeMap::from([(self.region.entry, 0)]);
        let mut queue = vec![self.region.entry];
        let jumps_back = |block: &Block| block.ops.last().is_some_and(|(_, op)| returns(*op));
        while let Some(start) = queue.pop() {
            let Some(block) = self.region.blocks.get(&start) else {
                continue;
            };
            let here = dirty.get(&start).copied().unwrap_or(0);
            let after = block.ops.iter().fold(here, |set, (_, op)| set | writes(*op));
            let mut next: BTreeSet<u32> = match block.end {
                End::Branch { target, next } => BTreeSet::from([target, next]),
                End::Jump { next } | End::Fall { next } => BTreeSet::from([next]),
                End::Leave { .. } => BTreeSet::new(),
            };
            if jumps_back(block) {
                next.extend(self.region.returns.iter().map(|link| link & !1));
            }
            for to in next {
                let known = dirty.get(&to).copied();
                let now = known.unwrap_or(0) | after;
                if known != Some(now) {
                    dirty.insert(to, now);
                    queue.push(to);
                }
            }
        }
        dirty
    }

    // Registers, flags and counters.

    pub(super) fn get(&mut self, n: usize) -> Result<Value, Untranslatable> {
        let variable = *self.registers.get(n).ok_or(Untranslatable)?;
        Ok(self.b.use_var(variable))
    }

    pub(super) fn set(&mut self, n: usize, value: Value) -> Result<(), Untranslatable> {
        let variable = *self.registers.get(n).ok_or(Untranslatable)?;
        self.b.def_var(variable, value);
        self.dirty |= 1 << n;
        Ok(())
    }

    pub(super) fn constant(&mut self, value: u32) -> Value {
        self.b.ins().iconst(I32, i64::from(value))
    }

    pub(super) fn carry(&mut self) -> Value {
        self.b.use_var(self.c)
    }

    pub(super) fn set_nz(&mut self, result: Value) {
        self.b.def_var(self.n, result);
        self.b.def_var(self.z, result);
        self.dirty |= N | Z;
        self.compared = None;
    }

    pub(super) fn set_c(&mut self, carry: Value) {
        self.b.def_var(self.c, carry);
        self.dirty |= C;
    }

    pub(super) fn set_v(&mut self, overflow: Value) {
        self.b.def_var(self.v, overflow);
        self.dirty |= V;
    }

    /// Brings the counters up to date.
    fn count(&mut self) {
        for (variable, more) in [(self.cycles, &mut self.spent), (self.count, &mut self.done)] {
            if *more != 0 {
                let value = self.b.use_var(variable);
                let sum = self.b.ins().iadd_imm(value, *more);
                self.b.def_var(variable, sum);
                *more = 0;
            }
        }
    }

    /// Writes everything back and leaves the region, to continue at `pc`.
    fn leave(&mut self, pc: Value, exit: Exit) {
        let dirty = self.dirty;
        for n in (0..15).filter(|n| dirty >> n & 1 != 0) {
            let value = self.b.use_var(self.registers[n]);
            self.store_field(value, offset_of!(Core, regs) + 4 * n);
        }
        for (bit, (variable, _, at)) in [N, Z, C, V].into_iter().zip(self.flags()) {
            if self.dirty & bit != 0 {
                let value = self.b.use_var(variable);
                self.store_field(value, at);
            }
        }
        self.store_field(pc, offset_of!(Core, pc));
        let cycles = self.b.use_var(self.cycles);
        let cycles = self.b.ins().iadd_imm(cycles, self.spent);
        self.store_field(cycles, offset_of!(Core, cycles));
        let count = self.b.use_var(self.count);
        let count = self.b.ins().iadd_imm(count, self.done);
        let before = self.load_field(I64, offset_of!(Core, instructions));
        let instructions = self.b.ins().iadd(before, count);
        self.store_field(instructions, offset_of!(Core, instructions));
        let exit = self.b.ins().iconst(I32, exit as i64);
        self.b.ins().return_(&[exit]);
    }

    fn leave_at(&mut self, pc: u32, exit: Exit) {
        let pc = self.constant(pc);
        self.leave(pc, exit);
    }

    /// Goes to a block, or leaves if there is none. The counters are up to date.
    fn jump(&mut self, pc: u32) {
        match self.blocks.get(&pc) {
            Some(block) => {
                self.b.ins().jump(*block, &[]);
            }
            None => self.leave_at(pc, Exit::Look),
        }
    }

    /// Continues in a new block if `good`, and leaves before the operation at `pc` otherwise.
    pub(super) fn unless(&mut self, good: Value, pc: u32, exit: Exit) {
        let (on, off) = (self.b.create_block(), self.b.create_block());
        self.b.ins().brif(good, on, &[], off, &[]);
        self.b.set_cold_block(off);
        self.b.switch_to_block(off);
        self.leave_at(pc, exit);
        self.b.switch_to_block(on);
    }

    // Blocks.

    fn block(&mut self, block: &Block) -> Result<(), Untranslatable> {
        let Some(start) = self.blocks.get(&block.start) else {
            return Err(Untranslatable);
        };
        self.b.switch_to_block(*start);
        self.compared = None;
        if block.ops.is_empty() {
            let End::Leave { at } = block.end else {
                return Err(Untranslatable);
            };
            self.leave_at(at, Exit::Rest);
            return Ok(());
        }
        let cycles = self.b.use_var(self.cycles);
        let last = self.b.ins().iadd_imm(cycles, block.cycles as i64);
        let all = self.b.ins().icmp(IntCC::UnsignedLessThan, last, self.bound);
        self.unless(all, block.start, Exit::Rest);
        for (pc, op) in &block.ops {
            let ends = matches!(block.end, End::Branch { .. } | End::Jump { .. })
                && block.ops.last().is_some_and(|(last, _)| last == pc);
            if ends {
                return self.end(*op, *pc, block.end);
            }
            self.operation(*op, *pc)?;
        }
        self.count();
        match block.end {
            End::Fall { next } => self.jump(next),
            End::Leave { at } => self.leave_at(at, Exit::Rest),
            End::Branch { .. } | End::Jump { .. } => return Err(Untranslatable),
        }
        Ok(())
    }

    /// The branch or jump at the end of a block.
    fn end(&mut self, op: Op, pc: u32, end: End) -> Result<(), Untranslatable> {
        let condition = condition(op);
        let next = match end {
            End::Branch { next, .. } | End::Jump { next } => next,
            _ => return Err(Untranslatable),
        };
        if condition != ALWAYS {
            let holds = self.holds(condition)?;
            let (taken, not) = (self.b.create_block(), self.b.create_block());
            self.b.ins().brif(holds, taken, &[], not, &[]);
            self.b.switch_to_block(not);
            let (spent, done) = (self.spent, self.done);
            self.spent += 1;
            self.done += 1;
            self.count();
            self.jump(next);
            (self.spent, self.done) = (spent, done);
            self.b.switch_to_block(taken);
        }
        let target = match end {
            End::Branch { target, .. } => Ok(target),
            _ => Err(self.target(op, pc)?),
        };
        let link = match op.kind {
            Kind::Bl => Some(pc.wrapping_add(4)),
            Kind::BlSecond => Some(pc.wrapping_add(2) | 1),
            Kind::BlxRegister if self.region.thumb => Some(pc.wrapping_add(2) | 1),
            Kind::BlxRegister => Some(pc.wrapping_add(4)),
            _ => None,
        };
        if let Some(link) = link {
            let link = self.constant(link);
            self.set(14, link)?;
        }
        self.spent += op.cycles() as i64;
        self.done += 1;
        self.count();
        match target {
            Ok(target) => self.jump(target),
            Err(target) if op.kind == Kind::MovPc => {
                let mask = if self.region.thumb { !1 } else { !3 };
                let pc = self.b.ins().band_imm(target, mask);
                self.leave(pc, Exit::Look);
            }
            Err(target) => self.exchange(target, returns(op)),
        }
        Ok(())
    }

    /// Where a jump goes, bit 0 being the state.
    fn target(&mut self, op: Op, pc: u32) -> Result<Value, Untranslatable> {
        match op.kind {
            Kind::Bx | Kind::BlxRegister | Kind::MovPc => self.get(op.m()),
            Kind::LdrPcLiteral if op.imm & !(TCM_INSTRUCTION_BYTES as u32 - 4) == 0 => {
                Ok(self.b.ins().load(I32, data(), self.itcm, op.imm as i32))
            }
            Kind::LdrPcTable => {
                let m = self.get(op.m())?;
                let offset = self.b.ins().ishl_imm(m, 2);
                let at = self.b.ins().iadd_imm(offset, i64::from(op.imm));
                let outside = self
                    .b
                    .ins()
                    .band_imm(at, i64::from(!(TCM_INSTRUCTION_BYTES as u32 - 4)));
                let inside = self.b.ins().icmp_imm(IntCC::Equal, outside, 0);
                self.unless(inside, pc, Exit::Rest);
                let at = self.b.ins().uextend(I64, at);
                let at = self.b.ins().iadd(self.itcm, at);
                Ok(self.b.ins().load(I32, data(), at, 0))
            }
            Kind::LdmPc => self.load_multiple(op, pc)?.ok_or(Untranslatable),
            _ => Err(Untranslatable),
        }
    }

    /// Goes to an address that also selects the state: perhaps one that a call of this region comes back to.
    fn exchange(&mut self, target: Value, returns: bool) {
        if returns {
            for link in &self.region.returns {
                let Some(block) = self.blocks.get(&(link & !1)).copied() else {
                    continue;
                };
                let other = self.b.create_block();
                let here = self.b.ins().icmp_imm(IntCC::Equal, target, i64::from(*link));
                self.b.ins().brif(here, block, &[], other, &[]);
                self.b.switch_to_block(other);
            }
        }
        let thumb = self.b.ins().band_imm(target, 1);
        let state = self.b.ins().ireduce(I8, thumb);
        self.store_field(state, offset_of!(Core, thumb));
        let [half, word] = [!1, !3].map(|mask| self.b.ins().band_imm(target, mask));
        let pc = self.b.ins().select(thumb, half, word);
        self.leave(pc, Exit::Look);
    }

    /// An operation that is not the end of a block by its nature.
    fn operation(&mut self, op: Op, pc: u32) -> Result<(), Untranslatable> {
        if self.region.thumb || op.condition() == ALWAYS {
            self.execute(op, pc)?;
            self.spent += op.cycles() as i64;
            self.done += 1;
            return Ok(());
        }
        let holds = self.holds(op.condition())?;
        let (then, on) = (self.b.create_block(), self.b.create_block());
        self.b.ins().brif(holds, then, &[], on, &[]);
        self.b.switch_to_block(then);
        self.execute(op, pc)?;
        if op.cycles() > 1 {
            let cycles = self.b.use_var(self.cycles);
            let cycles = self.b.ins().iadd_imm(cycles, op.cycles() as i64 - 1);
            self.b.def_var(self.cycles, cycles);
        }
        self.b.ins().jump(on, &[]);
        self.b.switch_to_block(on);
        if writes(op) & (N | Z | C | V) != 0 {
            self.compared = None;
        }
        self.spent += 1;
        self.done += 1;
        Ok(())
    }

    /// Whether a condition holds.
    fn holds(&mut self, condition: u8) -> Result<Value, Untranslatable> {
        if let Some(Compared { a, b }) = self.compared {
            let code = match condition {
                0 => Some(IntCC::Equal),
                1 => Some(IntCC::NotEqual),
                2 => Some(IntCC::UnsignedGreaterThanOrEqual),
                3 => Some(IntCC::UnsignedLessThan),
                8 => Some(IntCC::UnsignedGreaterThan),
                9 => Some(IntCC::UnsignedLessThanOrEqual),
                10 => Some(IntCC::SignedGreaterThanOrEqual),
                11 => Some(IntCC::SignedLessThan),
                12 => Some(IntCC::SignedGreaterThan),
                13 => Some(IntCC::SignedLessThanOrEqual),
                _ => None,
            };
            if let Some(code) = code {
                return Ok(self.b.ins().icmp(code, a, b));
            }
        }
        let base = condition & !1;
        let value = match base {
            0 => self.is_zero(),
            2 => self.carry(),
            4 => self.is_negative(),
            6 => self.b.use_var(self.v),
            8 => {
                let (c, z) = (self.carry(), self.is_zero());
                self.b.ins().band_not(c, z)
            }
            10 => {
                let (n, v) = (self.is_negative(), self.b.use_var(self.v));
                self.b.ins().icmp(IntCC::Equal, n, v)
            }
            12 => {
                let (n, v) = (self.is_negative(), self.b.use_var(self.v));
                let same = self.b.ins().icmp(IntCC::Equal, n, v);
                let z = self.is_zero();
                self.b.ins().band_not(same, z)
            }
            _ => return Err(Untranslatable),
        };
        Ok(if condition & 1 != 0 {
            self.b.ins().bxor_imm(value, 1)
        } else {
            value
        })
    }

    fn is_zero(&mut self) -> Value {
        let z = self.b.use_var(self.z);
        self.b.ins().icmp_imm(IntCC::Equal, z, 0)
    }

    fn is_negative(&mut self) -> Value {
        let n = self.b.use_var(self.n);
        self.b.ins().icmp_imm(IntCC::SignedLessThan, n, 0)
    }

    fn execute(&mut self, op: Op, pc: u32) -> Result<(), Untranslatable> {
        if let Some((operation, set, form)) = data_processing(op.kind) {
            return self.process(op, operation, set, form);
        }
        match op.kind {
            Kind::Nop => {}
            Kind::Lsl | Kind::Lsr | Kind::Asr | Kind::Lsls | Kind::Lsrs | Kind::Asrs => self.shift(op)?,
            Kind::Mul | Kind::Muls | Kind::Mla => {
                let (m, s) = (self.get(op.m())?, self.get(op.s())?);
                let mut result = self.b.ins().imul(m, s);
                if op.kind == Kind::Mla {
                    let n = self.get(op.n())?;
                    result = self.b.ins().iadd(result, n);
                }
                self.set(op.d(), result)?;
                if op.kind == Kind::Muls {
                    self.set_nz(result);
                }
            }
            Kind::Umull | Kind::Umlal | Kind::Smull | Kind::Smlal => self.multiply_long(op)?,
            Kind::Smulxy | Kind::Smlaxy => {
                let (m, s) = (self.get(op.m())?, self.get(op.s())?);
                let (m, s) = (self.half_of(m, op.imm), self.half_of(s, op.imm >> 8));
                let product = self.b.ins().imul(m, s);
                self.accumulate(op, product, op.kind == Kind::Smlaxy)?;
            }
            Kind::Smulwy | Kind::Smlawy => {
                let (m, s) = (self.get(op.m())?, self.get(op.s())?);
                let s = self.half_of(s, op.imm);
                let (m, s) = (self.b.ins().sextend(I64, m), self.b.ins().sextend(I64, s));
                let product = self.b.ins().imul(m, s);
                let product = self.b.ins().sshr_imm(product, 16);
                let product = self.b.ins().ireduce(I32, product);
                self.accumulate(op, product, op.kind == Kind::Smlawy)?;
            }
            Kind::Clz => {
                let m = self.get(op.m())?;
                let zeros = self.b.ins().clz(m);
                self.set(op.d(), zeros)?;
            }
            Kind::LdrLiteral => {
                if op.imm >= TCM_INSTRUCTION_BYTES as u32 - 3 {
                    return Err(Untranslatable);
                }
                let value = self.b.ins().load(I32, data(), self.itcm, op.imm as i32);
                self.set(op.d(), value)?;
            }
            Kind::Ldm => {
                self.load_multiple(op, pc)?;
            }
            Kind::Stm => self.store_multiple(op, pc)?,
            _ => self.transfer(op, pc)?,
        }
        Ok(())
    }
}

/// Whether a jump is the way in which functions return.
fn returns(op: Op) -> bool {
    match op.kind {
        Kind::Bx => op.m() == 14,
        Kind::LdmPc => true,
        _ => false,
    }
}
