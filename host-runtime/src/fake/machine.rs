//! A machine that is only a memory map with the manners of SCAMP: enough to load, run and read back, with none of the
//! hardware. What it knows it knows from the reference, not from the code that it tests; it does share the codecs.

mod monitor;
mod port;

pub use port::FakeOpener;

use super::{FakeClock, Faults};
use crate::Clock;
use std::{
    collections::BTreeMap,
    net::Ipv4Addr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use taproot_spinnaker::{
    RoutingEntry,
    wire::{
        boot::BootPacket,
        state::{CoreState, RuntimeError, Signal},
    },
};
use taproot_spinnaker_chip::{
    ChipXy, CoreId, Machine,
    memory_map::ROUTER_P2P_BASE,
    system_ram::{SV_BASE, VCPU_BASE, sv, vcpu as field},
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
