//! Loads, stores and block transfers in Cranelift's language: what `arm/transfer.rs` is for the interpreter. What does not
//! lie in the TCMs leaves the region.

use super::super::op::{Kind, Op};
use super::super::state::{TCM_DATA_BASE, TCM_DATA_BYTES, TCM_INSTRUCTION_BYTES};
use super::Exit;
use super::lower::{Lowering, Untranslatable};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{self, BlockArg, InstBuilder, MemFlags, Value};

/// Of an access to the TCMs: little-endian, never outside, aligned or not.
pub(super) fn data() -> MemFlags {
    MemFlags::new()
        .with_notrap()
        .with_endianness(ir::Endianness::Little)
}

impl Lowering<'_, '_> {
    pub(super) fn transfer(&mut self, op: Op, pc: u32) -> Result<(), Untranslatable> {
        use Kind::*;
        let (load, form, bytes, signed) = match op.kind {
            LdrI | LdrR | LdrPre | LdrPost => (true, op.kind as u8 - LdrI as u8, 4, false),
            LdrbI | LdrbR | LdrbPre | LdrbPost => (true, op.kind as u8 - LdrbI as u8, 1, false),
            LdrhI | LdrhR | LdrhPre | LdrhPost => (true, op.kind as u8 - LdrhI as u8, 2, false),
            LdrsbI | LdrsbR => (true, op.kind as u8 - LdrsbI as u8, 1, true),
            LdrshI | LdrshR | LdrshPre | LdrshPost => (true, op.kind as u8 - LdrshI as u8, 2, true),
            StrI | StrR | StrPre | StrPost => (false, op.kind as u8 - StrI as u8, 4, false),
            StrbI | StrbR | StrbPre | StrbPost => (false, op.kind as u8 - StrbI as u8, 1, false),
            StrhI | StrhR | StrhPre | StrhPost => (false, op.kind as u8 - StrhI as u8, 2, false),
            LdrdI | StrdI => return self.transfer_double(op, pc),
            _ => return Err(Untranslatable),
        };
        let base = self.get(op.n())?;
        let offset = if form == 1 {
            let m = self.get(op.m())?;
            self.b.ins().ishl_imm(m, i64::from(op.imm & 31))
        } else {
            self.constant(op.imm)
        };
        let moved = self.b.ins().iadd(base, offset);
        let address = if form == 3 { base } else { moved };
        if load {
            let value = self.load(address, bytes, signed, pc);
            self.set(op.d(), value)?;
        } else {
            let value = self.get(op.d())?;
            let at = self.data_address(address, bytes, pc);
            match bytes {
                1 => self.b.ins().istore8(data(), value, at, 0),
                2 => self.b.ins().istore16(data(), value, at, 0),
                _ => self.b.ins().store(data(), value, at, 0),
            };
        }
        if form >= 2 {
            self.set(op.n(), moved)?;
        }
        Ok(())
    }

    /// Whether an address lies in a memory of `size` bytes that begins at 0, aligned for `bytes`.
    pub(super) fn inside(&mut self, at: Value, size: usize, bytes: u32) -> Value {
        let outside = self.b.ins().band_imm(at, i64::from(!(size as u32 - bytes)));
        self.b.ins().icmp_imm(IntCC::Equal, outside, 0)
    }

    /// The host's address of data in the DTCM; the interpreter sees to everything else.
    pub(super) fn data_address(&mut self, address: Value, bytes: u32, pc: u32) -> Value {
        let at = self.b.ins().iadd_imm(address, -i64::from(TCM_DATA_BASE));
        let inside = self.inside(at, TCM_DATA_BYTES, bytes);
        self.unless(inside, pc, Exit::Rest);
        let at = self.b.ins().uextend(I64, at);
        self.b.ins().iadd(self.dtcm, at)
    }

    pub(super) fn load_of(&mut self, at: Value, bytes: u32, signed: bool) -> Value {
        match (bytes, signed) {
            (1, false) => self.b.ins().uload8(I32, data(), at, 0),
            (1, true) => self.b.ins().sload8(I32, data(), at, 0),
            (2, false) => self.b.ins().uload16(I32, data(), at, 0),
            (2, true) => self.b.ins().sload16(I32, data(), at, 0),
            _ => self.b.ins().load(I32, data(), at, 0),
        }
    }

    /// A load from the DTCM, or else from the ITCM.
    pub(super) fn load(&mut self, address: Value, bytes: u32, signed: bool, pc: u32) -> Value {
        let (near, far, on) = (
            self.b.create_block(),
            self.b.create_block(),
            self.b.create_block(),
        );
        let value = self.b.append_block_param(on, I32);
        let at = self.b.ins().iadd_imm(address, -i64::from(TCM_DATA_BASE));
        let inside = self.inside(at, TCM_DATA_BYTES, bytes);
        self.b.ins().brif(inside, near, &[], far, &[]);

        self.b.switch_to_block(far);
        self.b.set_cold_block(far);
        let inside = self.inside(address, TCM_INSTRUCTION_BYTES, bytes);
        self.unless(inside, pc, Exit::Rest);
        let code = self.b.ins().uextend(I64, address);
        let code = self.b.ins().iadd(self.itcm, code);
        let loaded = self.load_of(code, bytes, signed);
        self.b.ins().jump(on, &[BlockArg::Value(loaded)]);

        self.b.switch_to_block(near);
        let at = self.b.ins().uextend(I64, at);
        let at = self.b.ins().iadd(self.dtcm, at);
        let loaded = self.load_of(at, bytes, signed);
        self.b.ins().jump(on, &[BlockArg::Value(loaded)]);
        self.b.switch_to_block(on);
        value
    }

    pub(super) fn transfer_double(&mut self, op: Op, pc: u32) -> Result<(), Untranslatable> {
        let base = self.get(op.n())?;
        let address = self.b.ins().iadd_imm(base, i64::from(op.imm));
        let second = op.d() + 1;
        if op.kind == Kind::LdrdI {
            let at = self.data_address(address, 8, pc);
            let low = self.b.ins().load(I32, data(), at, 0);
            let high = self.b.ins().load(I32, data(), at, 4);
            self.set(op.d(), low)?;
            return self.set(second, high);
        }
        let (low, high) = (self.get(op.d())?, self.get(second)?);
        let at = self.data_address(address, 8, pc);
        self.b.ins().store(data(), low, at, 0);
        self.b.ins().store(data(), high, at, 4);
        Ok(())
    }

    /// Host address of the lowest word of a block transfer in the DTCM, and the base afterwards if it changes.
    pub(super) fn block_address(
        &mut self,
        op: Op,
        pc: u32,
    ) -> Result<(Value, Option<Value>), Untranslatable> {
        let base = self.get(op.n())?;
        let words = |at: u32| i64::from((op.imm >> at) as i8) * 4;
        let bytes = 4 * (op.imm & 0xffff).count_ones();
        let at = self.b.ins().iadd_imm(base, words(16) - i64::from(TCM_DATA_BASE));
        // One comparison for both ends and the alignment: what is not aligned is rotated to the top.
        let turned = self.b.ins().rotr_imm(at, 2);
        let most = i64::from((TCM_DATA_BYTES as u32 - bytes) / 4);
        let inside = self
            .b
            .ins()
            .icmp_imm(IntCC::UnsignedLessThanOrEqual, turned, most);
        self.unless(inside, pc, Exit::Rest);
        let at = self.b.ins().uextend(I64, at);
        let at = self.b.ins().iadd(self.dtcm, at);
        let after = (op.imm >> 24 != 0).then(|| self.b.ins().iadd_imm(base, words(24)));
        Ok((at, after))
    }

    /// The registers of a list, in order; the value for the PC, if it is in the list.
    pub(super) fn load_multiple(&mut self, op: Op, pc: u32) -> Result<Option<Value>, Untranslatable> {
        let (at, after) = self.block_address(op, pc)?;
        if let Some(after) = after {
            self.set(op.n(), after)?;
        }
        let mut offset = 0;
        for n in (0..15).filter(|n| op.imm >> n & 1 != 0) {
            let value = self.b.ins().load(I32, data(), at, offset);
            self.set(n, value)?;
            offset += 4;
        }
        Ok((op.imm & 0x8000 != 0).then(|| self.b.ins().load(I32, data(), at, offset)))
    }

    pub(super) fn store_multiple(&mut self, op: Op, pc: u32) -> Result<(), Untranslatable> {
        let (at, after) = self.block_address(op, pc)?;
        let mut offset = 0;
        for n in (0..15).filter(|n| op.imm >> n & 1 != 0) {
            let value = self.get(n)?;
            self.b.ins().store(data(), value, at, offset);
            offset += 4;
        }
        if let Some(after) = after {
            self.set(op.n(), after)?;
        }
        Ok(())
    }
}
