//! What cores have to say: their states, crashes and IOBUFs.

use crate::{Host, HostError, Job, Quiet};
use std::{fmt, net::Ipv4Addr};
use taproot_spinnaker::wire::{
    iobuf::{BlockHeader, HEADER_BYTES, Line, lines},
    reply::{ChipInfo, VersionReply},
    state::CoreState,
    vcpu::{self, Vcpu},
};
use taproot_spinnaker_chip::{ChipXy, CoreId, Machine, memory_map::SDRAM_BASE, system_ram::VCPU_SIZE};

/// Most bytes of one IOBUF that are read; a core that prints for ever must not fill the host's memory.
const IOBUF_LARGEST: usize = 1 << 20;
/// Blocks of one chain at most: SCAMP makes blocks of 16 KB, so 64 of them would hold as much.
const IOBUF_BLOCKS_LARGEST: usize = 1024;
/// Most lines of an IOBUF that a message shows.
const LINES_SHOWN: usize = 20;

/// A core that has died or left, with everything it left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoreFailure {
    /// The core.
    pub core: CoreId,
    /// What ran there.
    pub label: String,
    /// Its `vcpu` block: state, reason, registers.
    pub vcpu: Vcpu,
    /// The last lines of its IOBUF.
    pub iobuf: Vec<Line>,
}

impl fmt::Display for CoreFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let vcpu = &self.vcpu;
        write!(
            f,
            "core {} ({}) has failed: {}",
            self.core, self.label, vcpu.state
        )?;
        if vcpu.state == CoreState::RuntimeError {
            write!(f, ", {}", vcpu.runtime_error)?;
        }
        f.write_str("\n  registers:")?;
        for (number, value) in vcpu.registers.iter().enumerate() {
            if number == 4 {
                f.write_str("\n            ")?;
            }
            write!(f, " r{number}={value:#010x}")?;
        }
        write!(
            f,
            "\n             psr={:#010x} sp={:#010x} lr={:#010x}",
            vcpu.psr, vcpu.sp, vcpu.lr
        )?;
        if self.iobuf.is_empty() {
            return f.write_str("\n  its IOBUF is empty");
        }
        f.write_str("\n  last lines of its IOBUF:")?;
        for line in &self.iobuf {
            write!(f, "\n    {line}")?;
        }
        Ok(())
    }
}

/// What a lab engineer wants to know about a board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachineInfo {
    /// Who answers.
    pub version: VersionReply,
    /// The machine.
    pub machine: Machine,
    /// Chips with Ethernet and their addresses.
    pub ethernets: Vec<(ChipXy, Ipv4Addr)>,
    /// What each chip says about itself.
    pub chips: Vec<(ChipXy, ChipInfo)>,
}

/// One line of `ps`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoreStatus {
    /// The core.
    pub core: CoreId,
    /// What it is doing, since when, and as what.
    pub vcpu: Vcpu,
}

impl Host {
    /// What the board says about itself and its machine. Changes nothing on the machine.
    pub fn info(&mut self) -> Result<MachineInfo, HostError> {
        let version = self.version()?.ok_or_else(|| HostError::NotBooted {
            board: self.boards[0].scp.board(),
        })?;
        let machine = self.discover_quietly()?;
        let infos = self.survey(version.chip, &Quiet)?;
        Ok(MachineInfo {
            version,
            machine,
            ethernets: infos
                .iter()
                .filter(|(_, info)| info.ethernet_up)
                .map(|(chip, info)| (*chip, info.ip))
                .collect(),
            chips: infos.into_iter().collect(),
        })
    }

    /// What every working core of the machine is doing, monitors included. The machine must have been discovered.
    pub fn ps(&mut self) -> Result<Vec<CoreStatus>, HostError> {
        let mut cores = Vec::new();
        let root = self.version()?.ok_or_else(|| HostError::NotBooted {
            board: self.boards[0].scp.board(),
        })?;
        for (chip, info) in self.survey(root.chip, &Quiet)? {
            for core in 0..info.working_cores {
                cores.extend(CoreId::new(chip, core));
            }
        }
        let blocks = self.vcpus(&cores)?;
        Ok(cores
            .into_iter()
            .zip(blocks)
            .map(|(core, vcpu)| CoreStatus { core, vcpu })
            .collect())
    }

    /// The `vcpu` blocks of cores.
    pub fn vcpus(&mut self, cores: &[CoreId]) -> Result<Vec<Vcpu>, HostError> {
        let jobs: Vec<Job<'_>> = cores
            .iter()
            .map(|core| Job::Read {
                chip: core.chip,
                address: vcpu::address(core.core()),
                length: VCPU_SIZE,
            })
            .collect();
        let outcomes = self.perform(&jobs, &Quiet)?;
        cores
            .iter()
            .zip(outcomes)
            .map(|(core, outcome)| {
                Vcpu::from_bytes(&outcome.into_data()).map_err(|source| HostError::Memory {
                    what: "a vcpu block",
                    chip: core.chip,
                    source,
                })
            })
            .collect()
    }

    /// What a core has printed, at most 1 MB of it.
    pub fn iobuf(&mut self, core: CoreId) -> Result<Vec<u8>, HostError> {
        let vcpu = self.vcpus(&[core])?.remove(0);
        let mut text = Vec::new();
        let mut block = vcpu.iobuf;
        // A chain that runs in a circle or out of memory belongs to a core that has overwritten it.
        for _ in 0..IOBUF_BLOCKS_LARGEST {
            if !is_sdram(block) || text.len() >= IOBUF_LARGEST {
                break;
            }
            let head = self.read(core.chip, block, HEADER_BYTES)?;
            let head = BlockHeader::from_bytes(&head).map_err(|source| HostError::Memory {
                what: "an IOBUF block",
                chip: core.chip,
                source,
            })?;
            let length = (head.length as usize).min(IOBUF_LARGEST - text.len());
            text.extend(self.read(core.chip, block.wrapping_add(HEADER_BYTES), length as u32)?);
            if head.next == block || head.length == 0 && head.next != 0 && text.is_empty() {
                break;
            }
            block = head.next;
        }
        Ok(text)
    }

    /// The lines that a core has printed, with the texts of those messages that are known.
    pub fn iobuf_lines(&mut self, core: CoreId) -> Result<Vec<Line>, HostError> {
        let text = self.iobuf(core)?;
        Ok(lines(&text)
            .into_iter()
            .map(|line| self.messages.decode(line))
            .collect())
    }

    /// Everything that is left of a core.
    pub(crate) fn failure(
        &mut self,
        core: CoreId,
        label: &str,
        vcpu: Vcpu,
    ) -> Result<CoreFailure, HostError> {
        let mut iobuf = self.iobuf_lines(core)?;
        iobuf.drain(..iobuf.len().saturating_sub(LINES_SHOWN));
        Ok(CoreFailure {
            core,
            label: label.to_owned(),
            vcpu,
            iobuf,
        })
    }

    fn discover_quietly(&mut self) -> Result<Machine, HostError> {
        match &self.machine {
            Some(machine) => Ok(machine.clone()),
            None => self.discover(&Quiet),
        }
    }
}

fn is_sdram(address: u32) -> bool {
    address & 0xf800_0000 == SDRAM_BASE && address.is_multiple_of(4)
}
