//! A machine as a debugger sees it: every working core of every chip is a thread.

use super::registers::{Arm968, CoreRegisters, Kind, Register, from_bytes};
use crate::chip::Chip;
use crate::machine::system::System;
use gdbstub::common::{Signal, Tid};
use gdbstub::target::ext::base::BaseOps;
use gdbstub::target::ext::base::multithread::{
    MultiThreadBase, MultiThreadResume, MultiThreadResumeOps, MultiThreadSchedulerLocking,
    MultiThreadSchedulerLockingOps, MultiThreadSingleStep, MultiThreadSingleStepOps,
};
use gdbstub::target::ext::base::single_register_access::{SingleRegisterAccess, SingleRegisterAccessOps};
use gdbstub::target::ext::breakpoints::{Breakpoints, BreakpointsOps, SwBreakpoint, SwBreakpointOps};
use gdbstub::target::ext::thread_extra_info::{ThreadExtraInfo, ThreadExtraInfoOps};
use gdbstub::target::{Target, TargetError, TargetResult};
use std::convert::Infallible;
use std::sync::MutexGuard;
use taproot_spinnaker_chip::ChipXy;
use taproot_spinnaker_chip::memory_map::{DTCM_BASE, DTCM_SIZE, ITCM_SIZE, SYSTEM_RAM_SIZE};

/// No such thread.
const ESRCH: u8 = 3;
/// Nothing that can be read or written by a debugger is at that address.
const EFAULT: u8 = 14;
/// The register cannot be written.
const EINVAL: u8 = 22;

/// The core of a thread: threads are numbered from 1 in the order of [`System::cores`].
fn core_of(system: &System, thread: Tid) -> Option<(ChipXy, u8)> {
    system.cores().nth(thread.get() - 1)
}

/// The thread of a core.
pub(super) fn thread_of(system: &System, chip: ChipXy, core: u8) -> Option<Tid> {
    let place = system.cores().position(|found| found == (chip, core))?;
    Tid::new(place + 1)
}

/// A core's chip as it is now.
fn look(system: &System, thread: Tid) -> TargetResult<(MutexGuard<'_, Chip>, usize), System> {
    let (xy, core) = core_of(system, thread).ok_or(TargetError::Errno(ESRCH))?;
    let chip = system.chip(xy).ok_or(TargetError::Errno(ESRCH))?;
    Ok((chip, core.into()))
}

/// The same for somebody who changes something there.
fn change(system: &mut System, thread: Tid) -> TargetResult<(MutexGuard<'_, Chip>, usize), System> {
    let (xy, core) = core_of(system, thread).ok_or(TargetError::Errno(ESRCH))?;
    let chip = system.disturbed(xy).ok_or(TargetError::Errno(ESRCH))?;
    Ok((chip, core.into()))
}

/// What a core has at an address, and how far that goes on. Registers of devices are not there: many change when they are
/// read.
enum Region {
    Tcm,
    Sdram,
    SystemRam,
}

fn region(chip: &Chip, address: u32) -> Option<(Region, u32)> {
    const DTCM_END: u32 = DTCM_BASE + DTCM_SIZE;
    const BOOT_AREA: u32 = 0xff00_0000;
    /// Where the interrupt controller begins.
    const BOOT_AREA_END: u32 = 0xffff_f000;
    let (region, end) = match address {
        0..ITCM_SIZE => (Region::Tcm, ITCM_SIZE),
        DTCM_BASE..DTCM_END => (Region::Tcm, DTCM_END),
        0x6000_0000..0x8000_0000 => (Region::Sdram, 0x8000_0000),
        0xe500_0000..0xe600_0000 => (Region::SystemRam, 0xe600_0000),
        0xf500_0000..0xf600_0000 => (Region::SystemRam, 0xf600_0000),
        BOOT_AREA..BOOT_AREA_END if chip.shared.uncore.system.boot_area_is_ram() => {
            (Region::SystemRam, BOOT_AREA_END)
        }
        _ => return None,
    };
    Some((region, end - address))
}

impl Target for System {
    type Arch = Arm968;
    type Error = Infallible;

    fn base_ops(&mut self) -> BaseOps<'_, Arm968, Infallible> {
        BaseOps::MultiThread(self)
    }

    fn support_breakpoints(&mut self) -> Option<BreakpointsOps<'_, Self>> {
        Some(self)
    }
}

impl MultiThreadBase for System {
    fn read_registers(&mut self, registers: &mut CoreRegisters, thread: Tid) -> TargetResult<(), Self> {
        let (chip, core) = look(self, thread)?;
        let cpu = &chip.cores[core].cpu;
        registers.0 = Register::all().map(|register| register.read(cpu)).collect();
        Ok(())
    }

    fn write_registers(&mut self, registers: &CoreRegisters, thread: Tid) -> TargetResult<(), Self> {
        let (mut chip, core) = change(self, thread)?;
        let cpu = &mut chip.cores[core].cpu;
        // The mode first: it decides which r8 to r14 these are.
        let values = || Register::all().zip(&registers.0);
        for (register, value) in values().filter(|(register, _)| *register == Register::Cpsr) {
            register.write(cpu, *value);
        }
        for (register, value) in values() {
            register.write(cpu, *value);
        }
        Ok(())
    }

    fn support_single_register_access(&mut self) -> Option<SingleRegisterAccessOps<'_, Tid, Self>> {
        Some(self)
    }

    fn read_addrs(&mut self, address: u32, data: &mut [u8], thread: Tid) -> TargetResult<usize, Self> {
        let (chip, core) = look(self, thread)?;
        let (region, rest) = region(&chip, address).ok_or(TargetError::Errno(EFAULT))?;
        let length = data.len().min(rest as usize);
        let data = &mut data[..length];
        let uncore = &chip.shared.uncore;
        match region {
            Region::Tcm => {
                chip.cores[core].cpu.tcm_read(address, data);
            }
            Region::Sdram => uncore.sdram.copy_out(address, data),
            Region::SystemRam => uncore.ram.copy_out(address & (SYSTEM_RAM_SIZE - 1), data),
        }
        Ok(length)
    }

    fn write_addrs(&mut self, address: u32, data: &[u8], thread: Tid) -> TargetResult<(), Self> {
        let (mut chip, core) = change(self, thread)?;
        let (region, rest) = region(&chip, address).ok_or(TargetError::Errno(EFAULT))?;
        if data.len() > rest as usize {
            return Err(TargetError::Errno(EFAULT));
        }
        let chip = &mut *chip;
        match region {
            Region::Tcm => {
                chip.cores[core].cpu.tcm_write(address, data);
            }
            Region::Sdram => chip.shared.uncore.sdram.copy_in(address, data),
            Region::SystemRam => chip
                .shared
                .uncore
                .ram
                .copy_in(address & (SYSTEM_RAM_SIZE - 1), data),
        }
        Ok(())
    }

    fn list_active_threads(&mut self, thread_is_active: &mut dyn FnMut(Tid)) -> Result<(), Infallible> {
        for thread in (1..=self.cores().count()).filter_map(Tid::new) {
            thread_is_active(thread);
        }
        Ok(())
    }

    fn is_thread_alive(&mut self, thread: Tid) -> Result<bool, Infallible> {
        Ok(core_of(self, thread).is_some())
    }

    fn support_resume(&mut self) -> Option<MultiThreadResumeOps<'_, Self>> {
        Some(self)
    }

    fn support_thread_extra_info(&mut self) -> Option<ThreadExtraInfoOps<'_, Self>> {
        Some(self)
    }
}

impl SingleRegisterAccess<Tid> for System {
    fn read_register(
        &mut self,
        thread: Tid,
        register: Register,
        out: &mut [u8],
    ) -> TargetResult<usize, Self> {
        let (chip, core) = look(self, thread)?;
        let value = register.read(&chip.cores[core].cpu).to_le_bytes();
        let length = out.len().min(value.len());
        out[..length].copy_from_slice(&value[..length]);
        Ok(length)
    }

    fn write_register(&mut self, thread: Tid, register: Register, value: &[u8]) -> TargetResult<(), Self> {
        let (mut chip, core) = change(self, thread)?;
        if register.write(&mut chip.cores[core].cpu, from_bytes(value)) {
            Ok(())
        } else {
            Err(TargetError::Errno(EINVAL))
        }
    }
}

impl MultiThreadResume for System {
    fn resume(&mut self) -> Result<(), Infallible> {
        self.resume_as_asked();
        Ok(())
    }

    fn clear_resume_actions(&mut self) -> Result<(), Infallible> {
        self.ask_for_no_step();
        Ok(())
    }

    fn set_resume_action_continue(&mut self, _: Tid, _: Option<Signal>) -> Result<(), Infallible> {
        // All cores do.
        Ok(())
    }

    fn support_single_step(&mut self) -> Option<MultiThreadSingleStepOps<'_, Self>> {
        Some(self)
    }

    fn support_scheduler_locking(&mut self) -> Option<MultiThreadSchedulerLockingOps<'_, Self>> {
        Some(self)
    }
}

impl MultiThreadSingleStep for System {
    fn set_resume_action_step(&mut self, thread: Tid, _: Option<Signal>) -> Result<(), Infallible> {
        if let Some((chip, core)) = core_of(self, thread) {
            self.ask_for_step(chip, core);
        }
        Ok(())
    }
}

impl MultiThreadSchedulerLocking for System {
    /// Cores cannot be held back from each other: the machine's order is what it is. A client asks for it to step a core off
    /// a breakpoint, and that core is the next in order if it has just halted, so no other runs meanwhile.
    fn set_resume_action_scheduler_lock(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

impl Breakpoints for System {
    fn support_sw_breakpoint(&mut self) -> Option<SwBreakpointOps<'_, Self>> {
        Some(self)
    }
}

impl SwBreakpoint for System {
    fn add_sw_breakpoint(&mut self, address: u32, _: Kind) -> TargetResult<bool, Self> {
        self.set_breakpoint(address, true);
        Ok(true)
    }

    fn remove_sw_breakpoint(&mut self, address: u32, _: Kind) -> TargetResult<bool, Self> {
        self.set_breakpoint(address, false);
        Ok(true)
    }
}

impl ThreadExtraInfo for System {
    fn thread_extra_info(&self, thread: Tid, out: &mut [u8]) -> Result<usize, Infallible> {
        let Ok((chip, n)) = look(self, thread) else {
            return Ok(0);
        };
        let core = &chip.cores[n];
        let state = if core.held {
            "in reset"
        } else if core.disabled {
            "clock stopped"
        } else if core.in_rom {
            "in the boot ROM"
        } else if core.cpu.asleep() {
            "asleep"
        } else {
            "awake"
        };
        let name = format!("{} core {n}, {state}", chip.xy);
        let length = name.len().min(out.len());
        out[..length].copy_from_slice(&name.as_bytes()[..length]);
        Ok(length)
    }
}
