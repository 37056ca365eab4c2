//! The state of the processor: registers and their banks, status registers, CP15, memories, and exception entry.

use super::Bus;

/// Size of the instruction TCM, at address 0.
pub const TCM_INSTRUCTION_BYTES: usize = 0x8000;
/// Size of the data TCM.
pub const TCM_DATA_BYTES: usize = 0x1_0000;
/// Address of the data TCM.
pub const TCM_DATA_BASE: u32 = 0x0040_0000;

pub(super) const N: u32 = 1 << 31;
pub(super) const Z: u32 = 1 << 30;
pub(super) const C: u32 = 1 << 29;
pub(super) const V: u32 = 1 << 28;
pub(super) const Q: u32 = 1 << 27;
pub(super) const I: u32 = 1 << 7;
pub(super) const F: u32 = 1 << 6;
pub(super) const T: u32 = 1 << 5;

const CONTROL_ALIGNMENT: u32 = 1 << 1;
const CONTROL_DTCM: u32 = 1 << 2;
const CONTROL_ITCM: u32 = 1 << 12;
const CONTROL_HIGH_VECTORS: u32 = 1 << 13;
/// Bits of CP15 register 1 that read as one whatever is written (inferred from what SARK writes, 0x1f7e).
const CONTROL_ONES: u32 = 0x78;

/// Cycles that entering an exception takes (ARM DDI 0165B, chapter 8).
pub(super) const EXCEPTION_CYCLES: u64 = 3;

/// The processor modes, with their five mode bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Mode {
    /// Unprivileged; no saved status register.
    User = 0x10,
    /// Fast interrupt, with its own r8 to r14.
    Fiq = 0x11,
    /// Interrupt.
    Irq = 0x12,
    /// Supervisor: after reset and SWI.
    Supervisor = 0x13,
    /// After a prefetch or data abort.
    Abort = 0x17,
    /// After an undefined instruction.
    Undefined = 0x1b,
    /// Privileged, with the registers of User mode.
    System = 0x1f,
}

impl Mode {
    /// The mode of the low five bits of a status register; a pattern that means nothing counts as System.
    pub fn from_bits(bits: u32) -> Mode {
        match bits & 0x1f {
            0x10 => Mode::User,
            0x11 => Mode::Fiq,
            0x12 => Mode::Irq,
            0x13 => Mode::Supervisor,
            0x17 => Mode::Abort,
            0x1b => Mode::Undefined,
            _ => Mode::System,
        }
    }

    /// The bank that holds this mode's r13, r14 and saved status register.
    fn bank(self) -> usize {
        match self {
            Mode::User | Mode::System => 0,
            Mode::Fiq => 1,
            Mode::Irq => 2,
            Mode::Supervisor => 3,
            Mode::Abort => 4,
            Mode::Undefined => 5,
        }
    }
}

/// The exceptions, other than reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exception {
    Undefined,
    Software,
    PrefetchAbort,
    DataAbort,
    Irq,
    Fiq,
}

impl Exception {
    fn vector(self) -> u32 {
        match self {
            Exception::Undefined => 0x04,
            Exception::Software => 0x08,
            Exception::PrefetchAbort => 0x0c,
            Exception::DataAbort => 0x10,
            Exception::Irq => 0x18,
            Exception::Fiq => 0x1c,
        }
    }

    fn mode(self) -> Mode {
        match self {
            Exception::Undefined => Mode::Undefined,
            Exception::Software => Mode::Supervisor,
            Exception::PrefetchAbort | Exception::DataAbort => Mode::Abort,
            Exception::Irq => Mode::Irq,
            Exception::Fiq => Mode::Fiq,
        }
    }
}

/// Registers, status, CP15 and memories. The flags are kept as the words they are computed from.
pub(super) struct Core {
    /// r0 to r14 of the current mode; r15 is scratch, holding the PC as the running instruction reads it.
    pub(super) regs: [u32; 16],
    /// Address of the next instruction.
    pub(super) pc: u32,
    /// The N flag is bit 31 of this.
    pub(super) n: u32,
    /// The Z flag is set when this is zero.
    pub(super) z: u32,
    pub(super) c: bool,
    pub(super) v: bool,
    pub(super) q: bool,
    pub(super) thumb: bool,
    pub(super) irq_masked: bool,
    pub(super) fiq_masked: bool,
    pub(super) mode: Mode,
    /// r13 and r14 of the modes that are not current.
    banks: [[u32; 2]; 6],
    /// r8 to r12 of the side, Fiq or the others, that is not current.
    other_high: [u32; 5],
    spsr: [u32; 6],
    pub(super) control: u32,
    /// Sizes as enabled by CP15: zero when the memory is off.
    pub(super) itcm_size: u32,
    pub(super) dtcm_size: u32,
    pub(super) check_alignment: bool,
    pub(super) itcm: Box<[u8; TCM_INSTRUCTION_BYTES]>,
    pub(super) dtcm: Box<[u8; TCM_DATA_BYTES]>,
    /// Code pages of 256 bytes written since they were last predecoded, one bit each.
    pub(super) written: u128,
    pub(super) cycles: u64,
    pub(super) instructions: u64,
    /// When the instruction that the interpreter executed last began.
    pub(super) step_began: u64,
    pub(super) asleep: bool,
    /// What the bus answered when last asked.
    pub(super) irq_line: bool,
    pub(super) fiq_line: bool,
    pub(super) horizon: u64,
}

fn zeroed<const SIZE: usize>() -> Box<[u8; SIZE]> {
    // By way of a vector, so that the pages of an idle core are never touched.
    let Ok(bytes) = vec![0; SIZE].into_boxed_slice().try_into() else {
        unreachable!("the size is the same")
    };
    bytes
}

impl Core {
    pub(super) fn new() -> Core {
        Core {
            regs: [0; 16],
            pc: 0,
            n: 0,
            z: 1,
            c: false,
            v: false,
            q: false,
            thumb: false,
            irq_masked: true,
            fiq_masked: true,
            mode: Mode::Supervisor,
            banks: [[0; 2]; 6],
            other_high: [0; 5],
            spsr: [0x10; 6],
            control: 0,
            itcm_size: 0,
            dtcm_size: 0,
            check_alignment: false,
            itcm: zeroed(),
            dtcm: zeroed(),
            written: !0,
            cycles: 0,
            instructions: 0,
            step_began: 0,
            asleep: false,
            irq_line: false,
            fiq_line: false,
            horizon: 0,
        }
    }

    pub(super) fn reset(&mut self) {
        self.set_cpsr(I | F | Mode::Supervisor as u32);
        self.set_control(CONTROL_ITCM | CONTROL_DTCM | CONTROL_HIGH_VECTORS);
        self.pc = 0xffff_0000;
        self.asleep = false;
    }

    pub(super) fn low_vectors(&mut self) {
        self.set_control(self.control & !CONTROL_HIGH_VECTORS);
    }

    pub(super) fn set_control(&mut self, value: u32) {
        self.control = value & 0xffff | CONTROL_ONES;
        self.itcm_size = if value & CONTROL_ITCM != 0 {
            TCM_INSTRUCTION_BYTES as u32
        } else {
            0
        };
        self.dtcm_size = if value & CONTROL_DTCM != 0 {
            TCM_DATA_BYTES as u32
        } else {
            0
        };
        self.check_alignment = value & CONTROL_ALIGNMENT != 0;
    }

    /// Whether both memories are on, as they are but for a moment if ever.
    pub(super) fn both_tcms(&self) -> bool {
        self.itcm_size != 0 && self.dtcm_size != 0
    }

    /// Asks the bus for its interrupt lines and its horizon.
    pub(super) fn observe<B: Bus>(&mut self, bus: &B) {
        self.irq_line = bus.irq();
        self.fiq_line = bus.fiq();
        self.horizon = bus.horizon();
    }

    /// The interrupt that is requested and not masked.
    #[inline(always)]
    pub(super) fn interrupt(&self) -> Option<Exception> {
        if self.fiq_line && !self.fiq_masked {
            Some(Exception::Fiq)
        } else if self.irq_line && !self.irq_masked {
            Some(Exception::Irq)
        } else {
            None
        }
    }

    /// Enters the interrupt handler if a request is up and not masked.
    pub(super) fn take_interrupt(&mut self) -> bool {
        let Some(exception) = self.interrupt() else {
            return false;
        };
        let back = self.pc.wrapping_add(4);
        self.raise(exception, back);
        true
    }

    /// Enters an exception; `link` is what its r14 becomes.
    pub(super) fn raise(&mut self, exception: Exception, link: u32) {
        let status = self.cpsr();
        self.set_mode(exception.mode());
        self.spsr[self.mode.bank()] = status;
        self.regs[14] = link;
        self.thumb = false;
        self.irq_masked = true;
        self.fiq_masked |= exception == Exception::Fiq;
        let base = if self.control & CONTROL_HIGH_VECTORS != 0 {
            0xffff_0000
        } else {
            0
        };
        self.pc = base + exception.vector();
        self.cycles += EXCEPTION_CYCLES;
    }

    pub(super) fn cpsr(&self) -> u32 {
        self.n & N
            | if self.z == 0 { Z } else { 0 }
            | if self.c { C } else { 0 }
            | if self.v { V } else { 0 }
            | if self.q { Q } else { 0 }
            | if self.irq_masked { I } else { 0 }
            | if self.fiq_masked { F } else { 0 }
            | if self.thumb { T } else { 0 }
            | self.mode as u32
    }

    pub(super) fn set_cpsr(&mut self, value: u32) {
        self.set_flags(value);
        self.set_masks_and_mode(value);
        self.thumb = value & T != 0;
    }

    /// N, Z, C, V and Q from the top of a status word.
    pub(super) fn set_flags(&mut self, value: u32) {
        self.n = value;
        self.z = !value & Z;
        self.c = value & C != 0;
        self.v = value & V != 0;
        self.q = value & Q != 0;
    }

    /// I, F and the mode from the bottom of a status word.
    pub(super) fn set_masks_and_mode(&mut self, value: u32) {
        self.irq_masked = value & I != 0;
        self.fiq_masked = value & F != 0;
        self.set_mode(Mode::from_bits(value));
    }

    fn set_mode(&mut self, mode: Mode) {
        let (old, new) = (self.mode, mode);
        self.mode = new;
        if old.bank() == new.bank() {
            return;
        }
        self.banks[old.bank()] = [self.regs[13], self.regs[14]];
        [self.regs[13], self.regs[14]] = self.banks[new.bank()];
        if (old == Mode::Fiq) != (new == Mode::Fiq) {
            self.regs[8..13].swap_with_slice(&mut self.other_high);
        }
    }

    pub(super) fn privileged(&self) -> bool {
        self.mode != Mode::User
    }

    /// The saved status register of the current mode, if it has one.
    pub(super) fn spsr(&self) -> Option<u32> {
        (self.mode.bank() != 0).then(|| self.spsr[self.mode.bank()])
    }

    pub(super) fn set_spsr(&mut self, value: u32) {
        self.spsr[self.mode.bank()] = value;
    }

    pub(super) fn spsr_of(&self, mode: Mode) -> u32 {
        if mode.bank() == 0 {
            0
        } else {
            self.spsr[mode.bank()]
        }
    }

    pub(super) fn set_spsr_of(&mut self, mode: Mode, value: u32) {
        if mode.bank() != 0 {
            self.spsr[mode.bank()] = value;
        }
    }

    pub(super) fn banked(&self, mode: Mode, n: usize) -> u32 {
        match n {
            8..=12 if (mode == Mode::Fiq) != (self.mode == Mode::Fiq) => self.other_high[n - 8],
            13..=14 if mode.bank() != self.mode.bank() => self.banks[mode.bank()][n - 13],
            15 => self.pc,
            _ => self.regs[n],
        }
    }

    pub(super) fn set_banked(&mut self, mode: Mode, n: usize, value: u32) {
        match n {
            8..=12 if (mode == Mode::Fiq) != (self.mode == Mode::Fiq) => self.other_high[n - 8] = value,
            13..=14 if mode.bank() != self.mode.bank() => self.banks[mode.bank()][n - 13] = value,
            15 => {}
            _ => self.regs[n] = value,
        }
    }

    /// Whether the condition in the low four bits holds (15 counts as always).
    #[inline]
    pub(super) fn holds(&self, condition: u32) -> bool {
        let n = self.n & N != 0;
        let z = self.z == 0;
        match condition & 15 {
            0 => z,
            1 => !z,
            2 => self.c,
            3 => !self.c,
            4 => n,
            5 => !n,
            6 => self.v,
            7 => !self.v,
            8 => self.c && !z,
            9 => !self.c || z,
            10 => n == self.v,
            11 => n != self.v,
            12 => !z && n == self.v,
            13 => z || n != self.v,
            _ => true,
        }
    }

    /// N and Z from a result.
    #[inline(always)]
    pub(super) fn set_nz(&mut self, result: u32) {
        self.n = result;
        self.z = result;
    }

    /// A loaded or branched-to address: bit 0 selects the state.
    pub(super) fn exchange(&mut self, target: u32) {
        self.thumb = target & 1 != 0;
        self.pc = target & if self.thumb { !1 } else { !3 };
    }

    pub(super) fn tcm(&self, address: u32, length: usize) -> Option<&[u8]> {
        let at = address as usize;
        let data = at.wrapping_sub(TCM_DATA_BASE as usize);
        if at < TCM_INSTRUCTION_BYTES {
            self.itcm.get(at..at.checked_add(length)?)
        } else {
            self.dtcm.get(data..data.checked_add(length)?)
        }
    }

    pub(super) fn tcm_mut(&mut self, address: u32, length: usize) -> Option<&mut [u8]> {
        let at = address as usize;
        let data = at.wrapping_sub(TCM_DATA_BASE as usize);
        if at < TCM_INSTRUCTION_BYTES {
            let bytes = self.itcm.get_mut(at..at.checked_add(length)?)?;
            for page in at.saturating_sub(4) / 256..(at + length).div_ceil(256) {
                self.written |= 1 << page;
            }
            Some(bytes)
        } else {
            self.dtcm.get_mut(data..data.checked_add(length)?)
        }
    }

    pub(super) fn words(&self) -> Vec<u32> {
        let mut words = self.regs[..15].to_vec();
        words.extend([self.pc, self.cpsr(), self.control, u32::from(self.asleep)]);
        words.extend(
            self.banks
                .iter()
                .enumerate()
                .filter(|(at, _)| *at != self.mode.bank())
                .flat_map(|(_, bank)| bank),
        );
        words.extend(self.other_high);
        words.extend(&self.spsr[1..]);
        words
    }
}
