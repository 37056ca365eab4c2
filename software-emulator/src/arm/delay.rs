//! Whether a processor is in a loop that only passes time, and for how long.
//!
//! Two loops do: the delay loop (SUBS of a small constant and a branch back to it), and the loop that waits for a
//! word of the TCMs to change (a load, a comparison with a constant, a branch back to the load). Neither reaches the bus,
//! so nobody outside can tell whether their turns have been executed yet.

use super::data::{op, operate};
use super::fast::{holds, turns};
use super::memory::{half, word};
use super::op::{Kind, Op};
use super::predecode::{arm_op, poll, spin, thumb_op};
use super::state::Core;

impl Core {
    /// For how many cycles the processor will certainly stay off the bus, if nothing interrupts it: 0 if that is not
    /// known, `u64::MAX` if it is for ever.
    pub(super) fn quiet_cycles(&mut self) -> u64 {
        if self.asleep || !self.both_tcms() {
            return 0;
        }
        // How far ahead the branch back is: the loops have two and three instructions.
        let Some((ahead, back)) = (0..3).find_map(|ahead| Some((ahead, self.short_branch_back(ahead)?)))
        else {
            return 0;
        };
        match back {
            1 if ahead < 2 => self.delay(ahead),
            2 => self.wait(ahead),
            _ => 0,
        }
    }

    fn address(&self, ahead: u32) -> u32 {
        self.pc
            .wrapping_add(ahead.wrapping_mul(if self.thumb { 2 } else { 4 }))
    }

    /// How many instructions the conditional branch `ahead` instructions on goes back, if it is one, and by one or two.
    fn short_branch_back(&self, ahead: u32) -> Option<u32> {
        let at = self.address(ahead);
        if at >= self.itcm_size {
            return None;
        }
        if self.thumb {
            let code = half(&self.itcm, at);
            (code & 0xf0fe == 0xd0fc).then(|| 2 - u32::from(code & 1))
        } else {
            let code = word(&self.itcm, at);
            (code & 0x0fff_fffe == 0x0aff_fffc).then(|| 2 - (code & 1))
        }
    }

    fn decoded(&self, at: u32) -> Op {
        if at >= self.itcm_size {
            Op::INTERPRET
        } else if self.thumb {
            thumb_op(u32::from(half(&self.itcm, at)), at, 0)
        } else {
            arm_op(word(&self.itcm, at), at, 0)
        }
    }

    /// The delay loop whose branch is `ahead` instructions on.
    fn delay(&self, ahead: u32) -> u64 {
        let (first, branch) = (self.address(ahead.wrapping_sub(1)), self.address(ahead));
        let count = spin(self.decoded(first), self.decoded(branch));
        if count.kind != Kind::Spin || ahead == 0 && !holds(self, count.d() as u8) {
            return 0;
        }
        // A turn takes four cycles.
        4 * u64::from(turns(count.d(), self.regs[count.m()], count.imm))
    }

    /// The loop around a load whose branch is `ahead` instructions on.
    fn wait(&mut self, ahead: u32) -> u64 {
        let [load, test, branch] = [2, 1, 0].map(|n| self.decoded(self.address(ahead.wrapping_sub(n))));
        let back = poll(load, test, branch);
        if back.kind != Kind::Poll {
            return 0;
        }
        let address = self.regs[load.n()].wrapping_add(load.imm);
        let length = match load.kind {
            Kind::LdrI => 4,
            Kind::LdrbI => 1,
            _ => 2,
        };
        if !address.is_multiple_of(length) {
            return 0;
        }
        let mut bytes = [0; 4];
        match self.tcm(address, length as usize) {
            Some(value) => bytes[..value.len()].copy_from_slice(value),
            None => return 0,
        }
        let condition = back.d() as u8;
        let flags = (self.n, self.z, self.c, self.v);
        // Where the loop is entered in the middle, what it has loaded or compared already must send it back as well.
        let already = ahead > 0 || holds(self, condition);
        let loaded = ahead != 1 || self.branches(test, condition, self.regs[test.n()]);
        let value = if test.n() == load.d() {
            u32::from_le_bytes(bytes)
        } else {
            self.regs[test.n()]
        };
        let again = self.branches(test, condition, value);
        (self.n, self.z, self.c, self.v) = flags;
        if already && loaded && again { u64::MAX } else { 0 }
    }

    /// Whether a comparison of `value` satisfies a condition; changes the flags.
    fn branches(&mut self, test: Op, condition: u8, value: u32) -> bool {
        match test.kind {
            Kind::CmpI => operate(self, op::CMP, true, value, test.imm, self.c),
            _ => {
                let carry = if test.s() != 0 {
                    test.imm >> 31 != 0
                } else {
                    self.c
                };
                operate(self, op::TST, true, value, test.imm, carry)
            }
        };
        holds(self, condition)
    }
}
