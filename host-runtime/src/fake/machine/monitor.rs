//! What the monitor of a chip answers, and the applications that it starts and stops.

use super::{HEAP_BASE, HEAP_BYTES, STEP, State};
use crate::Clock;
use std::time::Duration;
use taproot_spinnaker::wire::{
    command::{Allocation, Command, Launch, Tag},
    control::Control,
    data_table::checksum,
    reply::{ChipInfo, VersionReply},
    router::table_from_bytes,
    scp::{ReturnCode, ScpReply, ScpRequest},
    sdp::{Sdp, SdpAddress, SdpPort},
    state::{CoreState, Signal},
    vcpu,
};
use taproot_spinnaker_chip::{
    ChipXy, CoreId, CoreSet, Link,
    system_ram::{APPLICATION_STAGING, vcpu as field},
};

impl State {
    pub(super) fn scp_packet(&mut self, packet: &[u8], ethernet: ChipXy) -> Option<(Duration, Vec<u8>)> {
        self.booted?;
        self.tick();
        let sdp = Sdp::from_udp(packet).ok()?;
        let request = ScpRequest::from_bytes(&sdp.content).ok()?;
        self.requests += 1;
        let chip = if sdp.destination.chip == SdpAddress::BOOT_CHIP {
            ChipXy::new(0, 0)
        } else {
            sdp.destination.chip
        };
        let mut delay = Duration::from_micros(100);
        let answer = if sdp.destination.core() == 0 && sdp.destination.port == SdpPort::KERNEL {
            match Command::from_request(&request) {
                Ok(command) => {
                    if let Command::Count { .. } = command {
                        delay = Duration::from_millis(10);
                    }
                    self.monitor(chip, command)
                }
                Err(_) => Err(ReturnCode::BadCommand),
            }
        } else {
            let core = CoreId::new(chip, sdp.destination.core()).ok()?;
            self.application(core, Control::from_request(&request).ok()?)?
        };
        let _ = ethernet;
        if sdp.flags != Sdp::REPLY_EXPECTED {
            return None;
        }
        let (code, body) = match answer {
            Ok(body) => (ReturnCode::Ok, body),
            Err(code) => (code, Vec::new()),
        };
        let reply = ScpReply {
            code,
            sequence: request.sequence,
            body,
        };
        let back = Sdp {
            flags: Sdp::NO_REPLY,
            tag: sdp.tag,
            destination: sdp.source,
            source: sdp.destination,
            content: reply.to_bytes(),
        };
        Some((delay, back.to_udp()))
    }

    fn monitor(&mut self, xy: ChipXy, command: Command) -> Result<Vec<u8>, ReturnCode> {
        let Some(chip) = self.machine.chip(xy).cloned() else {
            return Err(ReturnCode::NoRoute);
        };
        match command {
            Command::Version => {
                let version = VersionReply {
                    chip: if self.is_ready() {
                        xy
                    } else {
                        SdpAddress::BOOT_CHIP
                    },
                    physical_core: 0,
                    virtual_core: 0,
                    buffer_size: 256,
                    build_time: 0,
                    kernel: "SC&MP".into(),
                    hardware: "SpiNNaker".into(),
                    version: "4.0.0".into(),
                };
                Ok(version.to_body())
            }
            Command::Info => {
                let mut states = [CoreState::Dead; 18];
                for (core, state) in (0..).zip(&mut states) {
                    let id = CoreId::new(xy, core).map_err(|_| ReturnCode::BadCore)?;
                    *state = self.cores.get(&id).map_or(CoreState::Dead, |core| core.state);
                }
                let info = ChipInfo {
                    working_cores: chip.cores.len(),
                    links: chip.links,
                    free_entries: chip.router_entries - self.chips[&xy].table.len() as u16,
                    ethernet_up: chip.ethernet == xy,
                    largest_sdram: HEAP_BYTES,
                    largest_system_ram: 22_000,
                    states,
                    ethernet: chip.ethernet,
                    ip: self.address(xy),
                    parent_link: Some(7),
                };
                Ok(info.to_body())
            }
            Command::Read { address, length, .. } => Ok(self.read(xy, address, length)),
            Command::Write { address, data, .. } => {
                self.write(xy, address, &data);
                Ok(Vec::new())
            }
            Command::Fill { address, word, bytes } => {
                let data: Vec<u8> = word
                    .to_le_bytes()
                    .into_iter()
                    .cycle()
                    .take(bytes as usize)
                    .collect();
                self.write(xy, address, &data);
                Ok(Vec::new())
            }
            Command::Count { application, state } => {
                let count = self.cores.iter().filter(|(id, core)| {
                    let same_board = self.machine.chip(id.chip).is_some_and(|c| c.ethernet == xy);
                    same_board && id.core() > 0 && core.application == application && core.state == state
                });
                Ok((count.count() as u32).to_le_bytes().to_vec())
            }
            Command::Allocate(allocation) => Ok(self.allocate(xy, allocation)),
            Command::RouterClear => {
                self.chips.entry(xy).or_default().table.clear();
                Ok(Vec::new())
            }
            Command::RouterLoad {
                application,
                entries,
                address,
                base,
            } => {
                let bytes = self.read(xy, address, u32::from(entries) * 16);
                let chip = self.chips.entry(xy).or_default();
                let allocated = chip.entries.contains(&(base, entries.into(), application));
                let table = table_from_bytes(&bytes).map_err(|_| ReturnCode::BadArgument)?;
                if !allocated {
                    return Err(ReturnCode::BadArgument);
                }
                // Loading twice writes the same entries twice.
                chip.table.retain(|(owner, _)| *owner != application);
                chip.table
                    .extend(table.into_iter().map(|entry| (application, entry)));
                Ok(Vec::new())
            }
            Command::ApplicationRun(launch) => self.launch(xy, launch),
            Command::ApplicationCopyRun {
                link,
                bytes,
                checksum: expected,
                launch,
            } => {
                let from = self.neighbour(xy, link).ok_or(ReturnCode::Timeout)?;
                let data = self.read(from, APPLICATION_STAGING, bytes);
                self.write(xy, APPLICATION_STAGING, &data);
                if checksum(&data) & 0x1fff_ffff != expected {
                    return Err(ReturnCode::BadChecksum);
                }
                self.launch(xy, launch)
            }
            Command::Signal { signal, application } => {
                self.signal(signal, application);
                Ok(Vec::new())
            }
            Command::Tag(Tag::Forward { tag, port, .. }) => {
                self.chips.entry(xy).or_default().tags.insert(tag, port);
                Ok(vec![tag, 0, 0, 0])
            }
            Command::Tag(Tag::Clear { tag }) => {
                self.chips.entry(xy).or_default().tags.remove(&tag);
                Ok(Vec::new())
            }
            Command::Sync { .. } | Command::Led(_) => Ok(Vec::new()),
            _ => Err(ReturnCode::BadCommand),
        }
    }

    fn neighbour(&self, xy: ChipXy, link: Link) -> Option<ChipXy> {
        self.machine.neighbour(xy, link)
    }

    fn allocate(&mut self, xy: ChipXy, allocation: Allocation) -> Vec<u8> {
        let limit = self
            .machine
            .chip(xy)
            .map_or(0, |chip| u32::from(chip.router_entries));
        let chip = self.chips.entry(xy).or_default();
        let word = match allocation {
            Allocation::Sdram {
                application,
                bytes,
                tag,
                retry,
            } => {
                let same = chip
                    .blocks
                    .iter()
                    .find(|b| tag != 0 && (b.2, b.3) == (application, tag));
                match same {
                    Some(block) if retry && block.1 == bytes => block.0,
                    Some(_) => 0,
                    None => {
                        let used = chip.blocks.iter().map(|b| b.0 + b.1).max().unwrap_or(HEAP_BASE);
                        let address = used.next_multiple_of(8);
                        if u64::from(address) + u64::from(bytes) > u64::from(HEAP_BASE + HEAP_BYTES) {
                            0
                        } else {
                            chip.blocks.push((address, bytes, application, tag));
                            address
                        }
                    }
                }
            }
            Allocation::Router { application, entries } => {
                let first = chip.entries.iter().map(|e| e.0 + e.1).max().unwrap_or(1);
                if first + entries > limit + 1 {
                    0
                } else {
                    chip.entries.push((first, entries, application));
                    first
                }
            }
            Allocation::FreeRouterOf { application } => {
                chip.entries.retain(|entry| entry.2 != application);
                chip.table.retain(|(owner, _)| *owner != application);
                0
            }
            Allocation::FreeSdramOf { application } => {
                chip.blocks.retain(|block| block.2 != application);
                0
            }
            _ => 0,
        };
        word.to_le_bytes().to_vec()
    }

    fn launch(&mut self, xy: ChipXy, launch: Launch) -> Result<Vec<u8>, ReturnCode> {
        if launch.cores.contains(0) {
            return Err(ReturnCode::BadArgument);
        }
        for core in CoreSet::iter(launch.cores) {
            let id = CoreId::new(xy, core).map_err(|_| ReturnCode::BadCore)?;
            if let Some(core) = self.cores.get_mut(&id) {
                core.application = launch.application;
                core.sync = CoreState::Sync0;
                core.end = Duration::ZERO;
                let state = if launch.wait {
                    CoreState::Ready
                } else {
                    CoreState::Running
                };
                self.set(id, state);
            }
        }
        Ok(Vec::new())
    }

    pub(super) fn signal(&mut self, signal: Signal, application: u8) {
        let now = self.clock.now();
        let members: Vec<CoreId> = self
            .cores
            .iter()
            .filter(|(id, core)| id.core() > 0 && core.application == application)
            .map(|(id, _)| *id)
            .collect();
        for id in members {
            let Some(core) = self.cores.get_mut(&id) else {
                continue;
            };
            let next = match (signal, core.state) {
                (Signal::Start, CoreState::Ready) => CoreState::Paused,
                (Signal::Stop, _) => {
                    core.application = 0;
                    CoreState::Idle
                }
                (Signal::Sync0, CoreState::Sync0) | (Signal::Sync1, CoreState::Sync1) => {
                    core.sync = if core.sync == CoreState::Sync0 {
                        CoreState::Sync1
                    } else {
                        CoreState::Sync0
                    };
                    core.end = now + STEP * core.steps + Duration::from_millis(1);
                    CoreState::Running
                }
                (_, state) => state,
            };
            self.set(id, next);
            if next == CoreState::Running
                && let Some(at) = self.accidents.iter().position(|(core, _)| *core == id)
            {
                let (_, error) = self.accidents.swap_remove(at);
                self.write(
                    id.chip,
                    vcpu::address(id.core()) + field::RUNTIME_ERROR,
                    &[error.number()],
                );
                self.set(id, CoreState::RuntimeError);
            }
        }
        if signal == Signal::Stop {
            for chip in self.chips.values_mut() {
                chip.blocks.retain(|block| block.2 != application);
                chip.entries.retain(|entry| entry.2 != application);
                chip.table.retain(|(owner, _)| *owner != application);
            }
        }
    }

    /// None for a core that says nothing at all.
    fn application(&mut self, id: CoreId, control: Control) -> Option<Result<Vec<u8>, ReturnCode>> {
        let core = self.cores.get_mut(&id)?;
        if core.state.is_failure() {
            return Some(Err(ReturnCode::DeadCore));
        }
        match control {
            Control::RunTime { until, from, .. } => {
                core.steps = until.saturating_sub(from);
                let sync = core.sync;
                self.set(id, sync);
            }
            Control::Pause => self.set(id, CoreState::Ready),
            _ => {}
        }
        Some(Ok(Vec::new()))
    }
}
