//! The registers of an ARM968E-S as the remote protocol carries them.

use crate::arm::{Cpu, Mode};
use gdbstub::arch::{Arch, BreakpointKind, RegId, Registers};
use std::num::NonZeroUsize;

/// The architecture: ARMv5TE, little-endian, no floating point.
pub enum Arm968 {}

/// What clients are told: the standard core registers (GDB manual, "ARM Features"), and what else is worth a look.
const DESCRIPTION: &str = r#"<?xml version="1.0"?>
<!DOCTYPE target SYSTEM "gdb-target.dtd">
<target version="1.0">
  <architecture>armv5te</architecture>
  <feature name="org.gnu.gdb.arm.core">
    <reg name="r0" bitsize="32" type="uint32" regnum="0"/>
    <reg name="r1" bitsize="32" type="uint32"/>
    <reg name="r2" bitsize="32" type="uint32"/>
    <reg name="r3" bitsize="32" type="uint32"/>
    <reg name="r4" bitsize="32" type="uint32"/>
    <reg name="r5" bitsize="32" type="uint32"/>
    <reg name="r6" bitsize="32" type="uint32"/>
    <reg name="r7" bitsize="32" type="uint32"/>
    <reg name="r8" bitsize="32" type="uint32"/>
    <reg name="r9" bitsize="32" type="uint32"/>
    <reg name="r10" bitsize="32" type="uint32"/>
    <reg name="r11" bitsize="32" type="uint32"/>
    <reg name="r12" bitsize="32" type="uint32"/>
    <reg name="sp" bitsize="32" type="data_ptr"/>
    <reg name="lr" bitsize="32"/>
    <reg name="pc" bitsize="32" type="code_ptr"/>
    <reg name="cpsr" bitsize="32" regnum="25"/>
  </feature>
  <feature name="org.taproot.spinnaker">
    <reg name="spsr" bitsize="32" type="uint32" regnum="26"/>
    <reg name="cycles" bitsize="64" type="uint64" regnum="27" save-restore="no"/>
    <reg name="instructions" bitsize="64" type="uint64" regnum="28" save-restore="no"/>
  </feature>
</target>
"#;

impl Arch for Arm968 {
    type Usize = u32;
    type Registers = CoreRegisters;
    type RegId = Register;
    type BreakpointKind = Kind;

    fn target_description_xml() -> Option<&'static str> {
        Some(DESCRIPTION)
    }
}

/// The instruction set that a client means: breakpoints are not written into memory, so it makes no difference.
#[derive(Debug)]
pub struct Kind;

impl BreakpointKind for Kind {
    fn from_usize(_: usize) -> Option<Self> {
        Some(Kind)
    }
}

/// One register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Register {
    /// r0 to r14 as the current mode sees them, or the address of the next instruction.
    General(u8),
    /// The current program status register.
    Cpsr,
    /// The saved program status register of the current mode, 0 if it has none.
    Spsr,
    /// Cycles of 5 ns since the machine was switched on, by the core's own count. Read only.
    Cycles,
    /// Instructions that the core has executed. Read only.
    Instructions,
}

impl Register {
    /// All of them, in the order of the description.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        let rest = [
            Register::Cpsr,
            Register::Spsr,
            Register::Cycles,
            Register::Instructions,
        ];
        (0..16).map(Register::General).chain(rest)
    }

    /// How many bytes it has.
    fn bytes(self) -> usize {
        match self {
            Register::Cycles | Register::Instructions => 8,
            _ => 4,
        }
    }

    pub(super) fn read(self, cpu: &Cpu) -> u64 {
        match self {
            Register::General(n) => cpu.register(n.into()).into(),
            Register::Cpsr => cpu.cpsr().into(),
            Register::Spsr => cpu.spsr(Mode::from_bits(cpu.cpsr())).into(),
            Register::Cycles => cpu.cycles(),
            Register::Instructions => cpu.instructions(),
        }
    }

    /// False: it cannot be written.
    pub(super) fn write(self, cpu: &mut Cpu, value: u64) -> bool {
        let value = value as u32;
        match self {
            Register::General(n) => cpu.set_register(n.into(), value),
            Register::Cpsr => cpu.set_cpsr(value),
            Register::Spsr => cpu.set_spsr(Mode::from_bits(cpu.cpsr()), value),
            Register::Cycles | Register::Instructions => return false,
        }
        true
    }
}

impl RegId for Register {
    fn from_raw_id(number: usize) -> Option<(Self, Option<NonZeroUsize>)> {
        let register = match number {
            0..=15 => Register::General(number as u8),
            25 => Register::Cpsr,
            26 => Register::Spsr,
            27 => Register::Cycles,
            28 => Register::Instructions,
            _ => return None,
        };
        Some((register, NonZeroUsize::new(register.bytes())))
    }
}

/// The values of all registers, in the order of [`Register::all`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CoreRegisters(pub(super) Vec<u64>);

impl Registers for CoreRegisters {
    type ProgramCounter = u32;

    fn pc(&self) -> u32 {
        self.0.get(15).copied().unwrap_or(0) as u32
    }

    fn gdb_serialize(&self, mut write: impl FnMut(Option<u8>)) {
        for (register, value) in Register::all().zip(&self.0) {
            for byte in &value.to_le_bytes()[..register.bytes()] {
                write(Some(*byte));
            }
        }
    }

    fn gdb_deserialize(&mut self, mut bytes: &[u8]) -> Result<(), ()> {
        self.0.clear();
        for register in Register::all() {
            let (value, rest) = bytes.split_at_checked(register.bytes()).ok_or(())?;
            self.0.push(from_bytes(value));
            bytes = rest;
        }
        if bytes.is_empty() { Ok(()) } else { Err(()) }
    }
}

/// A little-endian number of up to eight bytes.
pub(super) fn from_bytes(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .rev()
        .fold(0, |value, byte| value << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_survive_the_wire() {
        let mut cpu = Cpu::new();
        let values: Vec<u64> = Register::all().zip(1..).map(|(_, n)| n * 0x0101_0101).collect();
        cpu.set_cpsr(0x92);
        for (register, value) in Register::all().zip(&values) {
            if register != Register::Cpsr {
                register.write(&mut cpu, *value);
            }
        }
        let read = CoreRegisters(Register::all().map(|register| register.read(&cpu)).collect());
        assert_eq!(read.0[..15], values[..15]);
        assert_eq!(read.pc(), 0x1010_1010);
        assert_eq!(read.0[16], 0x92);
        assert_eq!(read.0[17], values[17], "the saved status of IRQ mode");
        let mut bytes = Vec::new();
        read.gdb_serialize(|byte| bytes.extend(byte));
        assert_eq!(bytes.len(), 4 * 18 + 8 * 2);
        let mut back = CoreRegisters::default();
        back.gdb_deserialize(&bytes).unwrap();
        assert_eq!(back, read);
        assert_eq!(back.gdb_deserialize(&bytes[1..]), Err(()));
        bytes.push(0);
        assert_eq!(back.gdb_deserialize(&bytes), Err(()));
    }

    #[test]
    fn the_description_lists_the_registers_that_there_are() {
        let described = DESCRIPTION.matches("<reg ").count();
        assert_eq!(described, Register::all().count());
        let mut number = 0;
        for (line, register) in DESCRIPTION
            .lines()
            .filter(|line| line.contains("<reg "))
            .zip(Register::all())
        {
            if let Some((_, rest)) = line.split_once("regnum=\"") {
                number = rest.split('"').next().unwrap().parse().unwrap();
            }
            let (found, bytes) = Register::from_raw_id(number).unwrap();
            assert_eq!(found, register, "{line}");
            let bits = format!("bitsize=\"{}\"", 8 * bytes.unwrap().get());
            assert!(line.contains(&bits), "{line}");
            number += 1;
        }
        assert_eq!(Register::from_raw_id(16), None);
    }
}
