//! Data processing, shifts and multiplies in Cranelift's language: what `arm/data.rs` is for the interpreter.

use super::super::data::op;
use super::super::op::{Kind, Op};
use super::super::state::Core;
use super::lower::{Compared, Lowering, Untranslatable};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I8, I32, I64};
use cranelift_codegen::ir::{InstBuilder, Value};
use std::mem::offset_of;

impl Lowering<'_, '_> {
    pub(super) fn process(
        &mut self,
        op: Op,
        operation: u32,
        set: bool,
        form: usize,
    ) -> Result<(), Untranslatable> {
        let (b, carry) = match form {
            0 => {
                let b = self.constant(op.imm);
                let carry = if op.s() != 0 {
                    self.b.ins().iconst(I8, i64::from(op.imm >> 31))
                } else {
                    self.carry()
                };
                (b, carry)
            }
            1 => (self.get(op.m())?, self.carry()),
            _ => self.shifted(op)?,
        };
        let a = if matches!(operation, op::MOV | op::MVN) {
            b
        } else {
            self.get(op.n())?
        };
        let result = match operation {
            op::AND | op::TST => self.b.ins().band(a, b),
            op::EOR | op::TEQ => self.b.ins().bxor(a, b),
            op::ORR => self.b.ins().bor(a, b),
            op::BIC => self.b.ins().band_not(a, b),
            op::MOV => b,
            op::MVN => self.b.ins().bnot(b),
            op::ADD | op::CMN => self.add(a, b, set),
            op::SUB | op::CMP => self.subtract(a, b, set),
            op::RSB => self.subtract(b, a, set),
            op::ADC => self.add_with_carry(a, b, set),
            op::SBC => {
                let not = self.b.ins().bnot(b);
                self.add_with_carry(a, not, set)
            }
            _ => {
                let not = self.b.ins().bnot(a);
                self.add_with_carry(b, not, set)
            }
        };
        if set && !op::arithmetic(operation) {
            self.set_nz(result);
            self.set_c(carry);
        }
        if !op::test(operation) {
            self.set(op.d(), result)?;
        }
        Ok(())
    }

    /// Bit 31 as a flag.
    pub(super) fn top(&mut self, value: Value) -> Value {
        self.b.ins().icmp_imm(IntCC::SignedLessThan, value, 0)
    }

    pub(super) fn add(&mut self, a: Value, b: Value, set: bool) -> Value {
        let sum = self.b.ins().iadd(a, b);
        if set {
            let carry = self.b.ins().icmp(IntCC::UnsignedLessThan, sum, a);
            self.set_overflow(a, b, sum);
            self.set_c(carry);
            self.set_nz(sum);
        }
        sum
    }

    /// Overflow of a + b.
    pub(super) fn set_overflow(&mut self, a: Value, b: Value, sum: Value) {
        let (from_a, from_b) = (self.b.ins().bxor(a, sum), self.b.ins().bxor(b, sum));
        let both = self.b.ins().band(from_a, from_b);
        let overflow = self.top(both);
        self.set_v(overflow);
    }

    pub(super) fn subtract(&mut self, a: Value, b: Value, set: bool) -> Value {
        let difference = self.b.ins().isub(a, b);
        if set {
            let carry = self.b.ins().icmp(IntCC::UnsignedGreaterThanOrEqual, a, b);
            let (inputs, moved) = (self.b.ins().bxor(a, b), self.b.ins().bxor(a, difference));
            let both = self.b.ins().band(inputs, moved);
            let overflow = self.top(both);
            self.set_v(overflow);
            self.set_c(carry);
            self.set_nz(difference);
            self.compared = Some(Compared { a, b });
        }
        difference
    }

    pub(super) fn add_with_carry(&mut self, a: Value, b: Value, set: bool) -> Value {
        let carry = self.carry();
        let [wide_a, wide_b] = [a, b].map(|value| self.b.ins().uextend(I64, value));
        let wide_carry = self.b.ins().uextend(I64, carry);
        let wide = self.b.ins().iadd(wide_a, wide_b);
        let wide = self.b.ins().iadd(wide, wide_carry);
        let sum = self.b.ins().ireduce(I32, wide);
        if set {
            let carry = self.b.ins().ushr_imm(wide, 32);
            let carry = self.b.ins().ireduce(I8, carry);
            self.set_overflow(a, b, sum);
            self.set_c(carry);
            self.set_nz(sum);
        }
        sum
    }

    /// The shifted second operand and the shifter's carry.
    pub(super) fn shifted(&mut self, op: Op) -> Result<(Value, Value), Untranslatable> {
        let m = self.get(op.m())?;
        if op.imm & 4 == 0 {
            return Ok(self.shift_by_immediate(op.imm & 3, op.imm >> 8 & 31, m));
        }
        let s = self.get(op.s())?;
        Ok(self.shift_by_register(op.imm & 3, s, m))
    }

    /// One bit of a value as a flag.
    pub(super) fn bit(&mut self, value: Value, at: u32) -> Value {
        let shifted = self.b.ins().ushr_imm(value, i64::from(at));
        let bit = self.b.ins().band_imm(shifted, 1);
        self.b.ins().ireduce(I8, bit)
    }

    pub(super) fn shift_by_immediate(&mut self, kind: u32, amount: u32, m: Value) -> (Value, Value) {
        let by = i64::from(amount);
        match (kind, amount) {
            (0, 0) => (m, self.carry()),
            (0, n) => (self.b.ins().ishl_imm(m, by), self.bit(m, 32 - n)),
            (1, 0) => (self.constant(0), self.top(m)),
            (1, n) => (self.b.ins().ushr_imm(m, by), self.bit(m, n - 1)),
            (2, 0) => (self.b.ins().sshr_imm(m, 31), self.top(m)),
            (2, n) => (self.b.ins().sshr_imm(m, by), self.bit(m, n - 1)),
            (_, 0) => {
                let carry = self.carry();
                let carry = self.b.ins().uextend(I32, carry);
                let carry = self.b.ins().ishl_imm(carry, 31);
                let rest = self.b.ins().ushr_imm(m, 1);
                (self.b.ins().bor(carry, rest), self.bit(m, 0))
            }
            (_, n) => (self.b.ins().rotr_imm(m, by), self.bit(m, n - 1)),
        }
    }

    /// By the low byte of a register: 64 bits hold what is shifted out last beside the result.
    pub(super) fn shift_by_register(&mut self, kind: u32, s: Value, m: Value) -> (Value, Value) {
        let amount = self.b.ins().band_imm(s, 0xff);
        let none = self.b.ins().icmp_imm(IntCC::Equal, amount, 0);
        let old = self.carry();
        if kind == 3 {
            let result = self.b.ins().rotr(m, amount);
            let carry = self.top(result);
            return (result, self.b.ins().select(none, old, carry));
        }
        let most = self.constant(if kind == 2 { 32 } else { 33 });
        let amount = self.b.ins().umin(amount, most);
        let wide = if kind == 2 {
            self.b.ins().sextend(I64, m)
        } else {
            self.b.ins().uextend(I64, m)
        };
        let (result, carry) = if kind == 0 {
            let wide = self.b.ins().ishl(wide, amount);
            (wide, self.b.ins().ushr_imm(wide, 32))
        } else {
            let twice = self.b.ins().ishl_imm(wide, 1);
            let wide = if kind == 1 {
                self.b.ins().ushr(twice, amount)
            } else {
                self.b.ins().sshr(twice, amount)
            };
            (self.b.ins().ushr_imm(wide, 1), wide)
        };
        let result = self.b.ins().ireduce(I32, result);
        let carry = self.b.ins().ireduce(I8, carry);
        let carry = self.b.ins().band_imm(carry, 1);
        (result, self.b.ins().select(none, old, carry))
    }

    /// MOV of a register shifted by a constant.
    pub(super) fn shift(&mut self, op: Op) -> Result<(), Untranslatable> {
        let kind = match op.kind {
            Kind::Lsl | Kind::Lsls => 0,
            Kind::Lsr | Kind::Lsrs => 1,
            _ => 2,
        };
        let m = self.get(op.m())?;
        let (result, carry) = self.shift_by_immediate(kind, op.imm & 31, m);
        if matches!(op.kind, Kind::Lsls | Kind::Lsrs | Kind::Asrs) {
            self.set_nz(result);
            self.set_c(carry);
        }
        self.set(op.d(), result)
    }

    pub(super) fn multiply_long(&mut self, op: Op) -> Result<(), Untranslatable> {
        let (m, s) = (self.get(op.m())?, self.get(op.s())?);
        let signed = matches!(op.kind, Kind::Smull | Kind::Smlal);
        let [m, s] = [m, s].map(|value| {
            if signed {
                self.b.ins().sextend(I64, value)
            } else {
                self.b.ins().uextend(I64, value)
            }
        });
        let mut result = self.b.ins().imul(m, s);
        if matches!(op.kind, Kind::Umlal | Kind::Smlal) {
            let (high, low) = (self.get(op.d())?, self.get(op.n())?);
            let [high, low] = [high, low].map(|value| self.b.ins().uextend(I64, value));
            let high = self.b.ins().ishl_imm(high, 32);
            let sum = self.b.ins().bor(high, low);
            result = self.b.ins().iadd(result, sum);
        }
        let low = self.b.ins().ireduce(I32, result);
        let high = self.b.ins().ushr_imm(result, 32);
        let high = self.b.ins().ireduce(I32, high);
        self.set(op.n(), low)?;
        self.set(op.d(), high)
    }

    /// The half-word that a multiply takes, sign-extended; `shift` is 0 for the top and 16 for the bottom.
    pub(super) fn half_of(&mut self, value: Value, shift: u32) -> Value {
        let value = self.b.ins().ishl_imm(value, i64::from(shift & 31));
        self.b.ins().sshr_imm(value, 16)
    }

    /// The result of a half-word multiply, with the accumulator if there is one; Q remembers an overflow.
    pub(super) fn accumulate(
        &mut self,
        op: Op,
        product: Value,
        accumulates: bool,
    ) -> Result<(), Untranslatable> {
        if !accumulates {
            return self.set(op.d(), product);
        }
        let n = self.get(op.n())?;
        let sum = self.b.ins().iadd(product, n);
        let (a, b) = (self.b.ins().bxor(product, sum), self.b.ins().bxor(n, sum));
        let both = self.b.ins().band(a, b);
        let overflow = self.top(both);
        let (over, on) = (self.b.create_block(), self.b.create_block());
        self.b.set_cold_block(over);
        self.b.ins().brif(overflow, over, &[], on, &[]);
        self.b.switch_to_block(over);
        let one = self.b.ins().iconst(I8, 1);
        self.store_field(one, offset_of!(Core, q));
        self.b.ins().jump(on, &[]);
        self.b.switch_to_block(on);
        self.set(op.d(), sum)
    }
}
