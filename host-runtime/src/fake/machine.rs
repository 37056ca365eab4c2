//! A machine that is only a memory map with the manners of SCAMP: enough to load, run and read back, with none of the
//! hardware. What it knows it knows from the reference, not from the code that it tests; it does share the codecs.

use super::{FakeClock, Faults, FaultyTransport};
use crate::{Clock, Opener, Transport, TransportError};
use std::{
    collections::{BTreeMap, VecDeque},
    net::Ipv4Addr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use taproot_spinnaker::{
    RoutingEntry,
    wire::{
        boot::BootPacket,
        command::{Allocation, Command, Launch, Tag},
        control::Control,
        data_table::checksum,
        reply::{ChipInfo, VersionReply},
        router::table_from_bytes,
        scp::{ReturnCode, ScpReply, ScpRequest},
        sdp::{Sdp, SdpAddress, SdpPort},
        state::{CoreState, RuntimeError, Signal},
        vcpu,
    },
};
use taproot_spinnaker_chip::{
    ChipXy, CoreId, CoreSet, Link, Machine,
    memory_map::ROUTER_P2P_BASE,
    system_ram::{APPLICATION_STAGING, BOOT_PORT, SV_BASE, VCPU_BASE, sv, vcpu as field},
};

const PAGE: u32 = 4096;
const HEAP_BASE: u32 = 0x6024_0000;
const HEAP_BYTES: u32 = 123_469_792;
/// What a core takes for one step of a run, whatever the application.
const STEP: Duration = Duration::from_millis(1);
/// How long a machine takes to find its shape.
const NETINIT: Duration = Duration::from_secs(4);

/// A machine for tests. Clones share it.
#[derive(Clone)]
pub struct FakeMachine(Arc<Mutex<State>>);

struct State {
    machine: Machine,
    clock: Arc<FakeClock>,
    /// When it was booted.
    booted: Option<Duration>,
    boot_blocks: Vec<bool>,
    memory: BTreeMap<(ChipXy, u32), Vec<u8>>,
    cores: BTreeMap<CoreId, Core>,
    chips: BTreeMap<ChipXy, Resources>,
    unplugged: bool,
    requests: u64,
    accidents: Vec<(CoreId, RuntimeError)>,
    meddling: Option<(Duration, Meddling)>,
}

/// What somebody else does to a running application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meddling {
    /// Stops it.
    Stop,
    /// Tells its cores to pause.
    Pause,
}

struct Core {
    state: CoreState,
    application: u8,
    sync: CoreState,
    steps: u32,
    end: Duration,
}

#[derive(Default)]
struct Resources {
    /// Address, size, application, tag.
    blocks: Vec<(u32, u32, u8, u8)>,
    /// First, count, application.
    entries: Vec<(u32, u32, u8)>,
    table: Vec<(u8, RoutingEntry)>,
    tags: BTreeMap<u8, u16>,
}

impl FakeMachine {
    /// A machine of this shape, not booted.
    pub fn new(machine: Machine, clock: Arc<FakeClock>) -> Self {
        Self(Arc::new(Mutex::new(State {
            machine,
            clock,
            booted: None,
            boot_blocks: Vec::new(),
            memory: BTreeMap::new(),
            cores: BTreeMap::new(),
            chips: BTreeMap::new(),
            unplugged: false,
            requests: 0,
            accidents: Vec::new(),
            meddling: None,
        })))
    }

    /// The same, booted and ready.
    pub fn booted(machine: Machine, clock: Arc<FakeClock>) -> Self {
        let fake = Self::new(machine, clock.clone());
        fake.state().boot();
        clock.sleep(NETINIT);
        fake
    }

    /// Opens transports to it, with faults or without. The board of the n-th Ethernet chip has address 127.0.0.(2+n).
    pub fn opener(&self, faults: Option<Faults>) -> FakeOpener {
        FakeOpener {
            machine: self.clone(),
            faults,
            opened: 0,
        }
    }

    /// Pulls the plug: nothing answers any more.
    pub fn unplug(&self) {
        self.state().unplugged = true;
    }

    /// Makes a core crash when its next run starts.
    pub fn crash(&self, core: CoreId, error: RuntimeError) {
        self.state().accidents.push((core, error));
    }

    /// Somebody else meddles with all applications when the machine's time comes to `at`.
    pub fn meddle(&self, at: Duration, meddling: Meddling) {
        self.state().meddling = Some((at, meddling));
    }

    /// Reads memory behind the host's back.
    pub fn peek(&self, chip: ChipXy, address: u32, length: u32) -> Vec<u8> {
        self.state().read(chip, address, length)
    }

    /// Writes memory behind the host's back.
    pub fn poke(&self, chip: ChipXy, address: u32, data: &[u8]) {
        self.state().write(chip, address, data);
    }

    /// What a core is doing.
    pub fn core_state(&self, core: CoreId) -> Option<CoreState> {
        self.state().cores.get(&core).map(|core| core.state)
    }

    /// The routing entries of applications on a chip.
    pub fn table(&self, chip: ChipXy) -> Vec<RoutingEntry> {
        let state = self.state();
        state
            .chips
            .get(&chip)
            .map(|chip| chip.table.iter().map(|(_, entry)| *entry).collect())
            .unwrap_or_default()
    }

    /// Bytes of SDRAM that applications hold on a chip.
    pub fn allocated(&self, chip: ChipXy) -> u32 {
        let state = self.state();
        state
            .chips
            .get(&chip)
            .map_or(0, |chip| chip.blocks.iter().map(|b| b.1).sum())
    }

    /// UDP ports by tag of an Ethernet chip.
    pub fn tags(&self, chip: ChipXy) -> BTreeMap<u8, u16> {
        self.state()
            .chips
            .get(&chip)
            .map(|chip| chip.tags.clone())
            .unwrap_or_default()
    }

    /// SCP requests that have arrived, repeated ones included.
    pub fn requests(&self) -> u64 {
        self.state().requests
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A test that failed elsewhere has said why already.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Opens transports to a [`FakeMachine`].
pub struct FakeOpener {
    machine: FakeMachine,
    faults: Option<Faults>,
    opened: u64,
}

impl Opener for FakeOpener {
    fn open(&mut self, address: Ipv4Addr, port: u16) -> Result<Box<dyn Transport>, TransportError> {
        let clock = self.machine.state().clock.clone();
        let transport = Port {
            machine: self.machine.clone(),
            clock: clock.clone(),
            address,
            port,
            replies: VecDeque::new(),
            closed: false,
        };
        self.opened += 1;
        Ok(match self.faults {
            None => Box::new(transport),
            Some(faults) => {
                let seed = faults.seed.wrapping_add(self.opened);
                Box::new(FaultyTransport::new(transport, clock, Faults { seed, ..faults }))
            }
        })
    }
}

struct Port {
    machine: FakeMachine,
    clock: Arc<FakeClock>,
    address: Ipv4Addr,
    port: u16,
    replies: VecDeque<(Duration, Vec<u8>)>,
    closed: bool,
}

impl Transport for Port {
    fn send(&mut self, packet: &[u8]) -> Result<(), TransportError> {
        if self.closed {
            return Err(TransportError::Closed { peer: self.peer() });
        }
        let mut state = self.machine.state();
        let Some(ethernet) = state.ethernet(self.address).filter(|_| !state.unplugged) else {
            return Ok(());
        };
        if self.port == BOOT_PORT {
            state.boot_packet(packet);
        } else if let Some((delay, reply)) = state.scp_packet(packet, ethernet) {
            self.replies.push_back((self.clock.now() + delay, reply));
        }
        Ok(())
    }

    fn receive(&mut self, deadline: Duration) -> Result<Option<Vec<u8>>, TransportError> {
        let first = (0..self.replies.len()).min_by_key(|index| self.replies[*index].0);
        match first.filter(|index| self.replies[*index].0 <= deadline) {
            Some(index) => {
                let reply = self.replies.remove(index);
                Ok(reply.map(|(time, packet)| {
                    self.clock.advance_to(time);
                    packet
                }))
            }
            None => {
                self.clock.advance_to(deadline);
                Ok(None)
            }
        }
    }

    fn close(&mut self) {
        self.closed = true;
    }

    fn peer(&self) -> String {
        self.address.to_string()
    }
}

impl State {
    fn ethernet(&self, address: Ipv4Addr) -> Option<ChipXy> {
        let mut boards = self.machine.ethernet_chips();
        boards.nth(usize::from(address.octets()[3]).checked_sub(2)?)
    }

    fn address(&self, ethernet: ChipXy) -> Ipv4Addr {
        match self.machine.ethernet_chips().position(|chip| chip == ethernet) {
            Some(index) => Ipv4Addr::new(127, 0, 0, 2 + index as u8),
            None => Ipv4Addr::UNSPECIFIED,
        }
    }

    fn boot_packet(&mut self, packet: &[u8]) {
        if self.booted.is_some() {
            return;
        }
        match BootPacket::from_udp(packet) {
            Ok(BootPacket::Start { blocks }) => self.boot_blocks = vec![false; blocks.into()],
            Ok(BootPacket::Block { index, .. }) => {
                if let Some(block) = self.boot_blocks.get_mut(usize::from(index)) {
                    *block = true;
                }
            }
            Ok(BootPacket::Execute { .. }) => {
                if !self.boot_blocks.is_empty() && self.boot_blocks.iter().all(|block| *block) {
                    self.boot();
                }
            }
            Err(_) => {}
        }
    }

    fn boot(&mut self) {
        self.booted = Some(self.clock.now());
        let machine = self.machine.clone();
        for (xy, chip) in machine.chips() {
            self.chips.insert(xy, Resources::default());
            for core in (0..chip.cores.len()).filter_map(|core| CoreId::new(xy, core).ok()) {
                let state = if core.core() == 0 {
                    CoreState::Running
                } else {
                    CoreState::Idle
                };
                let idle = Core {
                    state,
                    application: 0,
                    sync: CoreState::Sync0,
                    steps: 0,
                    end: Duration::ZERO,
                };
                self.cores.insert(core, idle);
                self.show(core);
            }
            self.write(xy, SV_BASE + sv::P2P_ADDRESS, &xy.p2p().to_le_bytes());
            self.write(
                xy,
                SV_BASE + sv::P2P_DIMENSIONS,
                &[machine.height(), machine.width()],
            );
            self.write(
                xy,
                SV_BASE + sv::ETHERNET_ADDRESS,
                &chip.ethernet.p2p().to_le_bytes(),
            );
            self.write(xy, SV_BASE + sv::IOBUF_SIZE, &16384u32.to_le_bytes());
        }
        // One word of the P2P table holds eight chips of a column.
        let root = ChipXy::new(0, 0);
        for x in 0..machine.width() {
            for word in 0..u32::from(machine.height()).div_ceil(8) {
                let mut bits = 0;
                for y in 0..8 {
                    let xy = ChipXy::new(x, word as u8 * 8 + y);
                    let route = match machine.chip(xy) {
                        Some(_) if xy == root => 7,
                        Some(_) => 0,
                        None => 6,
                    };
                    bits |= route << (3 * y);
                }
                let address = ROUTER_P2P_BASE + u32::from(x) * 128 + word * 4;
                self.write(root, address, &u32::to_le_bytes(bits));
            }
        }
    }

    fn is_ready(&self) -> bool {
        self.booted.is_some_and(|time| self.clock.now() >= time + NETINIT)
    }

    /// Time passes: runs end.
    fn tick(&mut self) {
        let now = self.clock.now();
        if let Some((at, meddling)) = self.meddling
            && at <= now
        {
            self.meddling = None;
            for (id, application) in self.running() {
                match meddling {
                    Meddling::Stop => self.signal(Signal::Stop, application),
                    Meddling::Pause => self.set(id, CoreState::Ready),
                }
            }
        }
        let done: Vec<CoreId> = self
            .cores
            .iter()
            .filter(|(_, core)| {
                core.state == CoreState::Running && core.end <= now && core.end > Duration::ZERO
            })
            .map(|(id, _)| *id)
            .collect();
        for core in done {
            self.set(core, CoreState::Ready);
        }
        if let Some(booted) = self.booted {
            let ms = (now - booted).as_millis() as u64;
            let chips: Vec<ChipXy> = self.machine.ethernet_chips().collect();
            for chip in chips {
                self.write(chip, SV_BASE + 0x10, &ms.to_le_bytes());
            }
        }
    }

    fn running(&self) -> Vec<(CoreId, u8)> {
        self.cores
            .iter()
            .filter(|(_, core)| core.state == CoreState::Running)
            .map(|(id, core)| (*id, core.application))
            .collect()
    }

    fn set(&mut self, id: CoreId, state: CoreState) {
        if let Some(core) = self.cores.get_mut(&id) {
            core.state = state;
            self.show(id);
        }
    }

    /// Puts a core's state where hosts look for it.
    fn show(&mut self, id: CoreId) {
        let base = VCPU_BASE + 128 * u32::from(id.core());
        let core = &self.cores[&id];
        let bytes = [core.state.number(), core.application];
        self.write(id.chip, base + field::STATE, &bytes);
    }

    fn scp_packet(&mut self, packet: &[u8], ethernet: ChipXy) -> Option<(Duration, Vec<u8>)> {
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

    fn signal(&mut self, signal: Signal, application: u8) {
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

    fn read(&self, chip: ChipXy, address: u32, length: u32) -> Vec<u8> {
        let byte = |offset: u32| {
            let address = canonical(address.wrapping_add(offset));
            let page = self.memory.get(&(chip, address / PAGE));
            page.map_or(0, |page| page[(address % PAGE) as usize])
        };
        (0..length).map(byte).collect()
    }

    fn write(&mut self, chip: ChipXy, address: u32, data: &[u8]) {
        for (offset, byte) in (0u32..).zip(data) {
            let address = canonical(address.wrapping_add(offset));
            let page = self
                .memory
                .entry((chip, address / PAGE))
                .or_insert_with(|| vec![0; PAGE as usize]);
            page[(address % PAGE) as usize] = *byte;
        }
    }
}

/// Buffered and unbuffered windows show the same memory.
fn canonical(address: u32) -> u32 {
    match address >> 28 {
        0xf => address & !0x1000_0000,
        0x7 => address & !0x1000_0000,
        _ => address,
    }
}
