//! A chip's state: its number, and where it differs from another chip's.

use super::Chip;
use super::core::{Core, Local};
use crate::arm::{Cpu, Mode, TCM_DATA_BASE, TCM_DATA_BYTES, TCM_INSTRUCTION_BYTES};
use crate::state::{Difference, Place, differences, digest};
use taproot_spinnaker_chip::memory_map::{SDRAM_BASE, SYSTEM_RAM_BASE};
use xxhash_rust::xxh3::Xxh3;

/// Differences of one core or of the shared parts that are listed.
const MOST: usize = 64;

/// What a core's TCMs held when they were last looked at, and how to tell that they cannot have changed since.
#[derive(Clone, Copy)]
pub(crate) struct TcmDigest {
    instructions: u64,
    copies: u64,
    digest: u64,
}

impl Core {
    /// The number of both TCMs. They change only when the core executes something or somebody writes from outside, so a
    /// core that slept is not looked at again.
    fn tcm_digest(&mut self) -> u64 {
        let (instructions, copies) = (self.cpu.instructions(), self.cpu.copies());
        match self.tcm_digest {
            Some(known) if (known.instructions, known.copies) == (instructions, copies) => known.digest,
            _ => {
                let mut hasher = Xxh3::new();
                hasher.update(self.cpu.itcm());
                hasher.update(self.cpu.dtcm());
                let digest = hasher.digest();
                self.tcm_digest = Some(TcmDigest {
                    instructions,
                    copies,
                    digest,
                });
                digest
            }
        }
    }

    fn flags(&self) -> [(&'static str, bool); 4] {
        [
            ("working", self.working),
            ("in_rom", self.in_rom),
            ("held", self.held),
            ("disabled", self.disabled),
        ]
    }

    fn differences(&self, other: &Core) -> Vec<Found> {
        let mut found = Vec::new();
        for ((name, first), (_, second)) in registers(&self.cpu).into_iter().zip(registers(&other.cpu)) {
            if first != second {
                found.push((Place::Register(name), hex(first), hex(second)));
            }
        }
        for (base, first, second) in [
            (0, self.cpu.itcm(), other.cpu.itcm()),
            (TCM_DATA_BASE, self.cpu.dtcm(), other.cpu.dtcm()),
        ] {
            found.extend(first_byte(base, first, second));
        }
        for ((name, first), (_, second)) in self.flags().into_iter().zip(other.flags()) {
            if first != second {
                found.push((
                    Place::Device(name.to_owned()),
                    first.to_string(),
                    second.to_string(),
                ));
            }
        }
        found.extend(self.local.differences(&other.local));
        found
    }
}

/// A place and what either side holds there.
type Found = (Place, String, String);

impl Local {
    fn digest(&self) -> u64 {
        digest(&(
            &self.vic,
            &self.timers,
            &self.dma,
            &self.communications,
            self.outer_lines,
        ))
    }

    fn differences(&self, other: &Local) -> Vec<Found> {
        let mut found = Vec::new();
        let mut add = |more: Vec<(String, String, String)>| found.extend(more.into_iter().map(device));
        add(differences("vic", &self.vic, &other.vic, MOST));
        add(differences("timers", &self.timers, &other.timers, MOST));
        add(differences("dma", &self.dma, &other.dma, MOST));
        add(differences(
            "communications",
            &self.communications,
            &other.communications,
            MOST,
        ));
        add(differences(
            "interrupt lines",
            &self.outer_lines,
            &other.outer_lines,
            1,
        ));
        found
    }
}

impl Chip {
    /// One number for everything that decides the chip's future. Times at which somebody will next look at something
    /// follow from the rest and are left out.
    pub(crate) fn digest(&mut self) -> u64 {
        let mut hasher = Xxh3::new();
        let mut number = |number: u64| hasher.update(&number.to_le_bytes());
        for core in &mut self.cores {
            for word in core.cpu.state() {
                number(word.into());
            }
            for (_, flag) in core.flags() {
                number(flag.into());
            }
            number(core.tcm_digest());
            number(core.local.digest());
        }
        let uncore = &mut self.shared.uncore;
        number(uncore.sdram.digest());
        number(uncore.ram.digest());
        number(digest(&(
            &uncore.system,
            &uncore.watchdog,
            &uncore.memory_controller,
            &uncore.ethernet,
            uncore.sdram_free,
        )));
        number(digest(&(
            &self.shared.router,
            &self.links,
            &self.rom,
            self.shared.lines,
        )));
        hasher.digest()
    }

    /// Where this chip and another differ: core by core, then memories, then shared devices.
    pub(crate) fn differences(&self, other: &Chip) -> Vec<Difference> {
        let mut found = Vec::new();
        let mut add = |core: Option<u8>, more: Vec<Found>| {
            found.extend(more.into_iter().map(|(place, first, second)| Difference {
                chip: Some(self.xy),
                core,
                place,
                first,
                second,
            }));
        };
        for (n, (first, second)) in (0..).zip(self.cores.iter().zip(&other.cores)) {
            add(Some(n), first.differences(second));
        }
        let (a, b) = (&self.shared, &other.shared);
        for (base, first, second) in [
            (SDRAM_BASE, &a.uncore.sdram, &b.uncore.sdram),
            (SYSTEM_RAM_BASE, &a.uncore.ram, &b.uncore.ram),
        ] {
            if let Some((address, first, second)) = first.first_difference(second) {
                add(
                    None,
                    vec![(Place::Address(base + address), byte(first), byte(second))],
                );
            }
        }
        let (c, d) = (&a.uncore, &b.uncore);
        for more in [
            differences("system_controller", &c.system, &d.system, MOST),
            differences("watchdog", &c.watchdog, &d.watchdog, MOST),
            differences(
                "memory_controller",
                &c.memory_controller,
                &d.memory_controller,
                MOST,
            ),
            differences("ethernet", &c.ethernet, &d.ethernet, MOST),
            differences("sdram_free", &c.sdram_free, &d.sdram_free, 1),
            differences("router", &a.router, &b.router, MOST),
            differences("links", &self.links, &other.links, MOST),
            differences("boot_rom", &self.rom, &other.rom, MOST),
            differences("interrupt lines", &a.lines, &b.lines, 1),
        ] {
            add(None, more.into_iter().map(device).collect());
        }
        found
    }
}

fn device((path, first, second): (String, String, String)) -> Found {
    (Place::Device(path), first, second)
}

fn hex(value: u64) -> String {
    format!("0x{value:08x}")
}

fn byte(value: u8) -> String {
    format!("0x{value:02x}")
}

fn first_byte(base: u32, first: &[u8], second: &[u8]) -> Option<Found> {
    if first == second {
        return None;
    }
    let at = first.iter().zip(second).position(|(a, b)| a != b)?;
    Some((
        Place::Address(base + at as u32),
        byte(first[at]),
        byte(second[at]),
    ))
}

/// Every register of a processor, by name: the same state as [`Cpu::state`] has without names.
fn registers(cpu: &Cpu) -> Vec<(String, u64)> {
    let mut registers = Vec::new();
    let mut add = |name: String, value: u64| registers.push((name, value));
    add("pc".to_owned(), cpu.register(15).into());
    for n in 0..15 {
        add(format!("r{n}"), cpu.register(n).into());
    }
    add("cpsr".to_owned(), cpu.cpsr().into());
    for (mode, name) in [
        (Mode::User, "usr"),
        (Mode::Fiq, "fiq"),
        (Mode::Irq, "irq"),
        (Mode::Supervisor, "svc"),
        (Mode::Abort, "abt"),
        (Mode::Undefined, "und"),
    ] {
        let first = if matches!(mode, Mode::User | Mode::Fiq) {
            8
        } else {
            13
        };
        for n in first..15 {
            add(format!("r{n}_{name}"), cpu.banked(mode, n).into());
        }
        add(format!("spsr_{name}"), cpu.spsr(mode).into());
    }
    add("cp15 control".to_owned(), cpu.control().into());
    add("asleep".to_owned(), cpu.asleep().into());
    add("cycles".to_owned(), cpu.cycles());
    add("instructions".to_owned(), cpu.instructions());
    registers
}

const _: () = assert!(
    TCM_INSTRUCTION_BYTES <= TCM_DATA_BASE as usize && TCM_DATA_BYTES <= 1 << 20,
    "the TCMs do not overlap"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_a_processor_has_a_name() {
        // A change of any word that decides the future changes a named register.
        let fresh = Cpu::new();
        let names = registers(&fresh);
        let mut seen = 0;
        for mode in [
            Mode::User,
            Mode::Fiq,
            Mode::Irq,
            Mode::Supervisor,
            Mode::Abort,
            Mode::Undefined,
        ] {
            for n in 0..15 {
                let mut cpu = Cpu::new();
                cpu.set_banked(mode, n, 0x1234_5678);
                assert_ne!(cpu.state(), fresh.state());
                assert_ne!(registers(&cpu), names, "r{n} of {mode:?}");
                seen += 1;
            }
            let mut cpu = Cpu::new();
            cpu.set_spsr(mode, 0x1234_5678);
            assert_eq!(cpu.state() == fresh.state(), registers(&cpu) == names);
        }
        assert_eq!(seen, 90);
    }
}
