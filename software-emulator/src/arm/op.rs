//! The compact operations of the fast loop.
//!
//! An operation takes eight bytes: what to do, up to four registers, an immediate, the ARM condition, and the cycles it
//! takes with the stall of the instruction after it included. Whatever has no operation here (coprocessors, exceptions,
//! odd addressing forms, anything unpredictable) is [`Kind::Interpret`].

use super::data::op;

/// Calls a macro with the table of data-processing operations: operation, sets flags, and the kinds for an immediate, a
/// register and a shifted register as second operand.
macro_rules! with_operations {
    ($name:ident ! ($($more:tt)*)) => {
        $name! { [
            (AND, false, AndI, AndR, AndX) (AND, true, AndsI, AndsR, AndsX)
            (EOR, false, EorI, EorR, EorX) (EOR, true, EorsI, EorsR, EorsX)
            (SUB, false, SubI, SubR, SubX) (SUB, true, SubsI, SubsR, SubsX)
            (RSB, false, RsbI, RsbR, RsbX) (RSB, true, RsbsI, RsbsR, RsbsX)
            (ADD, false, AddI, AddR, AddX) (ADD, true, AddsI, AddsR, AddsX)
            (ADC, false, AdcI, AdcR, AdcX) (ADC, true, AdcsI, AdcsR, AdcsX)
            (SBC, false, SbcI, SbcR, SbcX) (SBC, true, SbcsI, SbcsR, SbcsX)
            (RSC, false, RscI, RscR, RscX) (RSC, true, RscsI, RscsR, RscsX)
            (TST, true, TstI, TstR, TstX) (TEQ, true, TeqI, TeqR, TeqX)
            (CMP, true, CmpI, CmpR, CmpX) (CMN, true, CmnI, CmnR, CmnX)
            (ORR, false, OrrI, OrrR, OrrX) (ORR, true, OrrsI, OrrsR, OrrsX)
            (MOV, false, MovI, MovR, MovX) (MOV, true, MovsI, MovsR, MovsX)
            (BIC, false, BicI, BicR, BicX) (BIC, true, BicsI, BicsR, BicsX)
            (MVN, false, MvnI, MvnR, MvnX) (MVN, true, MvnsI, MvnsR, MvnsX)
        ] $($more)* }
    };
}
pub(super) use with_operations;

macro_rules! define_kinds {
    ([$(($op:ident, $set:literal, $i:ident, $r:ident, $x:ident))*] $($(#[$note:meta])* $other:ident)*) => {
        /// What an operation does.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub(super) enum Kind { $($i, $r, $x,)* $($(#[$note])* $other,)* }

        pub(super) const OPERATIONS: &[(u32, bool, [Kind; 3])] =
            &[$((op::$op, $set, [Kind::$i, Kind::$r, Kind::$x])),*];
    };
}

with_operations! { define_kinds! (
    /// Hands the instruction to the interpreter.
    Interpret
    Nop
    /// MOV of a register shifted by a constant, without and with flags.
    Lsl Lsr Asr Lsls Lsrs Asrs
    Mul Mla Muls Umull Umlal Smull Smlal Smulxy Smlaxy Smulwy Smlawy
    /// Other multiplies of half-words, and saturating operations, from the instruction word in the immediate.
    Halves Saturate
    Clz
    /// Loads and stores: at a constant address, at base plus immediate, at base plus shifted register; with
    /// write-back of the address before or after.
    LdrLiteral
    LdrI LdrR LdrPre LdrPost LdrbI LdrbR LdrbPre LdrbPost LdrhI LdrhR LdrhPre LdrhPost
    LdrsbI LdrsbR LdrshI LdrshR LdrshPre LdrshPost
    StrI StrR StrPre StrPost StrbI StrbR StrbPre StrbPost StrhI StrhR StrhPre StrhPost
    LdrdI StrdI
    /// Block transfers: the list in the low half of the immediate, then the offsets, in words, of the lowest address
    /// and of the base afterwards.
    Ldm LdmPc Stm
    /// Branches by a number of operations.
    Beq Bne Bcs Bcc Bmi Bpl Bvs Bvc Bhi Bls Bge Blt Bgt Ble B Bl
    /// A branch to itself.
    Halt
    /// A conditional branch, on the condition in field d, to the SUBS of a small constant from register m just before it.
    Spin
    /// A conditional branch, on the condition in field d, to the load two operations before it, whose value the
    /// comparison in between looks at.
    Poll
    /// A jump through the constant pool, and through a table there.
    LdrPcLiteral LdrPcTable
    /// Status registers, from the instruction word in the immediate.
    Mrs Msr
    /// The second half of Thumb BL.
    BlSecond
    Bx BlxRegister MovPc
) }

/// A condition that always holds.
pub(super) const ALWAYS: u8 = 14;

/// A predecoded instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Op {
    pub(super) kind: Kind,
    /// Condition above, cycles below.
    condition_cycles: u8,
    /// Register fields d above, n below.
    dn: u8,
    /// Register fields m above, s below.
    ms: u8,
    pub(super) imm: u32,
}

impl Op {
    pub(super) const INTERPRET: Op = Op {
        kind: Kind::Interpret,
        condition_cycles: ALWAYS << 4,
        dn: 0,
        ms: 0,
        imm: 0,
    };

    pub(super) fn new(kind: Kind, [d, n, m, s]: [u32; 4], imm: u32) -> Op {
        let pair = |a: u32, b: u32| ((a & 15) << 4 | b & 15) as u8;
        Op {
            kind,
            condition_cycles: ALWAYS << 4 | 1,
            dn: pair(d, n),
            ms: pair(m, s),
            imm,
        }
    }

    /// Sets the cycles; what does not fit is left to the interpreter.
    pub(super) fn taking(self, cycles: u32) -> Op {
        if cycles > 15 {
            return Op::INTERPRET;
        }
        Op {
            condition_cycles: self.condition_cycles & 0xf0 | cycles as u8,
            ..self
        }
    }

    pub(super) fn under(self, condition: u32) -> Op {
        Op {
            condition_cycles: self.condition_cycles & 0x0f | (condition as u8) << 4,
            ..self
        }
    }

    #[inline(always)]
    pub(super) fn condition(self) -> u8 {
        self.condition_cycles >> 4
    }

    #[inline(always)]
    pub(super) fn cycles(self) -> u64 {
        u64::from(self.condition_cycles & 15)
    }

    #[inline(always)]
    pub(super) fn d(self) -> usize {
        usize::from(self.dn >> 4)
    }

    #[inline(always)]
    pub(super) fn n(self) -> usize {
        usize::from(self.dn & 15)
    }

    #[inline(always)]
    pub(super) fn m(self) -> usize {
        usize::from(self.ms >> 4)
    }

    #[inline(always)]
    pub(super) fn s(self) -> usize {
        usize::from(self.ms & 15)
    }
}

const _: () = assert!(size_of::<Op>() == 8);
