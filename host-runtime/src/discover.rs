//! Finding out what a machine looks like: nothing is assumed but SCAMP.

use crate::{Board, Host, HostError, Job, Observer, Outcome, Patience, Question, Scp, ScpError};
use std::{collections::BTreeMap, time::Duration};
use taproot_spinnaker::wire::{
    command::Command,
    reply::ChipInfo,
    router::{P2pRoute, p2p_column, p2p_column_bytes, p2p_column_offset},
    sdp::SdpAddress,
    state::{CoreState, Signal},
    sv::SystemVariables,
};
use taproot_spinnaker_chip::{
    Chip, ChipXy, CoreSet, Link, LinkSet, Machine, MachineError,
    memory_map::ROUTER_P2P_BASE,
    system_ram::{SCP_PORT, SV_BASE, SV_SIZE},
};

impl Host {
    /// Finds out what the machine looks like, and connects to all of its boards.
    ///
    /// Dimensions come from the booted chip, chips from its P2P table, and cores, links, SDRAM, routing entries and
    /// Ethernet from each chip itself. A chip that does not answer is dead. A link is live if both ends say so. A core
    /// that is not idle is not used, nor are those after it on its chip, since virtual cores are numbered without
    /// gaps. Nothing on the machine is changed; [`Host::stop_leftovers`] frees cores of an earlier application.
    pub fn discover(&mut self, observer: &dyn Observer) -> Result<Machine, HostError> {
        observer.stage("discovering the machine");
        self.machine = None;
        self.board_of.clear();
        self.boards.truncate(1);
        let Some(version) = self.version()? else {
            return Err(HostError::NotBooted {
                board: self.boards[0].scp.board(),
            });
        };
        let infos = self.survey(version.chip, observer)?;
        let variables = self.system_variables(version.chip)?;
        let name = format!("udp:{}", self.boards[0].address);
        let board = self.boards[0].scp.board();
        let machine = machine(&name, variables.width, variables.height, &infos, observer)
            .map_err(|source| HostError::Machine { board, source })?;
        self.machine = Some(machine.clone());
        self.connect_boards(&infos, observer);
        Ok(machine)
    }

    /// Stops what an earlier host left running under this host's application number, and says whether there was
    /// anything. Applications of other numbers may belong to somebody, and are left alone.
    pub fn stop_leftovers(&mut self, observer: &dyn Observer) -> Result<bool, HostError> {
        let Some(version) = self.version()? else {
            return Err(HostError::NotBooted {
                board: self.boards[0].scp.board(),
            });
        };
        let busy = |infos: &BTreeMap<ChipXy, ChipInfo>| {
            let mut states = infos.values().flat_map(|info| &info.states[1..]);
            states.any(|state| !matches!(state, CoreState::Idle | CoreState::Dead))
        };
        if !busy(&self.survey(version.chip, observer)?) {
            return Ok(false);
        }
        let signal = Command::Signal {
            signal: Signal::Stop,
            application: self.options.application,
        };
        self.ask(SdpAddress::BOOT_CHIP, signal)?;
        for _ in 0..20 {
            self.clock.sleep(Duration::from_millis(50));
            if !busy(&self.survey(version.chip, observer)?) {
                break;
            }
        }
        Ok(true)
    }

    /// What a chip knows about itself and the machine.
    pub fn system_variables(&mut self, chip: ChipXy) -> Result<SystemVariables, HostError> {
        let bytes = self.read(chip, SV_BASE, SV_SIZE)?;
        SystemVariables::from_bytes(&bytes).map_err(|source| HostError::Memory {
            what: "the system variables",
            chip,
            source,
        })
    }

    /// What each chip says about itself, by chip. A chip that does not answer is not listed.
    pub fn survey(
        &mut self,
        root: ChipXy,
        observer: &dyn Observer,
    ) -> Result<BTreeMap<ChipXy, ChipInfo>, HostError> {
        let variables = self.system_variables(root)?;
        let columns: Vec<Job<'_>> = (0..variables.width)
            .map(|x| Job::Read {
                chip: root,
                address: ROUTER_P2P_BASE + p2p_column_offset(x),
                length: p2p_column_bytes(variables.height),
            })
            .collect();
        let mut chips = Vec::new();
        for (x, column) in (0..).zip(self.perform(&columns, observer)?) {
            let routes =
                p2p_column(x, variables.height, &column.into_data()).map_err(|source| HostError::Memory {
                    what: "the P2P table",
                    chip: root,
                    source,
                })?;
            chips.extend(
                routes
                    .into_iter()
                    .filter(|(_, r)| *r != P2pRoute::Drop)
                    .map(|(xy, _)| xy),
            );
        }
        let asked: Vec<Job<'_>> = chips
            .iter()
            .map(|chip| Job::Ask(Question::Monitor(*chip, Command::Info)))
            .collect();
        let mut infos = BTreeMap::new();
        // All at once; if one is dead, one by one, to find out which.
        match self.perform(&asked, observer) {
            Ok(outcomes) => {
                for (chip, outcome) in chips.iter().zip(outcomes) {
                    infos.insert(*chip, understood(*chip, &outcome)?);
                }
            }
            Err(HostError::Scp(ScpError::NoAnswer { .. } | ScpError::Refused { .. })) => {
                let normal = self.set_patience(Patience::SHORT);
                let found = self.survey_one_by_one(&chips, observer);
                self.set_patience(normal);
                return found;
            }
            Err(error) => return Err(error),
        }
        Ok(infos)
    }

    fn survey_one_by_one(
        &mut self,
        chips: &[ChipXy],
        observer: &dyn Observer,
    ) -> Result<BTreeMap<ChipXy, ChipInfo>, HostError> {
        let mut infos = BTreeMap::new();
        for chip in chips {
            let question = Job::Ask(Question::Monitor(*chip, Command::Info));
            match self.perform(&[question], observer) {
                Ok(outcomes) => {
                    infos.insert(*chip, understood(*chip, &outcomes[0])?);
                }
                Err(HostError::Scp(error @ (ScpError::NoAnswer { .. } | ScpError::Refused { .. }))) => {
                    observer.warn(&format!("chip {chip} is taken for dead: {error}"));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(infos)
    }

    /// Connects to every board that has an address of its own.
    fn connect_boards(&mut self, infos: &BTreeMap<ChipXy, ChipInfo>, observer: &dyn Observer) {
        let Some(machine) = self.machine.clone() else {
            return;
        };
        for chip in machine.ethernet_chips() {
            let info = &infos[&chip];
            if info.ip == self.boards[0].address {
                self.board_of.insert(chip, 0);
                continue;
            }
            if !info.ethernet_up || info.ip.is_unspecified() {
                continue;
            }
            let Ok(transport) = self.opener.open(info.ip, SCP_PORT) else {
                continue;
            };
            let mut scp = Scp::new(transport, self.clock.clone(), self.options.window);
            scp.patience = Patience::SHORT;
            match scp.ask(Question::Monitor(chip, Command::Version)) {
                Ok(_) => {
                    scp.patience = self.options.patience;
                    self.board_of.insert(chip, self.boards.len());
                    self.boards.push(Board {
                        address: info.ip,
                        scp,
                    });
                }
                Err(error) => observer.warn(&format!(
                    "the board of chip {chip} is served through {}: {error}",
                    self.boards[0].address
                )),
            }
        }
        // A lone board may be reached by an address that it does not know, behind a router of the lab.
        let mut ethernets = machine.ethernet_chips();
        if let (Some(only), None) = (ethernets.next(), ethernets.next()) {
            self.boards.truncate(1);
            self.board_of = BTreeMap::from([(only, 0)]);
        }
    }
}

fn understood(chip: ChipXy, outcome: &Outcome) -> Result<ChipInfo, HostError> {
    ChipInfo::from_body(outcome.body()).map_err(|source| HostError::Memory {
        what: "the description",
        chip,
        source,
    })
}

/// The machine that chips describe.
fn machine(
    name: &str,
    width: u8,
    height: u8,
    infos: &BTreeMap<ChipXy, ChipInfo>,
    observer: &dyn Observer,
) -> Result<Machine, MachineError> {
    let beside = |xy: ChipXy, link: Link| {
        let (dx, dy) = link.step();
        let wrap = |value: u8, step: i32, size: u8| {
            (i32::from(value) + step).rem_euclid(i32::from(size.max(1))) as u8
        };
        ChipXy::new(wrap(xy.x, dx, width), wrap(xy.y, dy, height))
    };
    let lives = |xy: ChipXy| {
        infos
            .get(&xy)
            .filter(|info| info.working_cores > 0 && infos.contains_key(&info.ethernet))
    };
    let mut chips = Vec::with_capacity(infos.len());
    for (&xy, info) in infos {
        if lives(xy).is_none() {
            observer.warn(&format!(
                "chip {xy} is not used: its Ethernet chip {} does not answer",
                info.ethernet
            ));
            continue;
        }
        let mut links = LinkSet::NONE;
        for link in info.links.iter() {
            if lives(beside(xy, link)).is_some_and(|other| other.links.contains(link.opposite())) {
                links = links.with(link);
            }
        }
        // Virtual cores have no gaps, so everything from the first core on that is not free is left alone.
        let working = usize::from(info.working_cores).min(info.states.len());
        let free = info.states[1..working]
            .iter()
            .take_while(|state| **state == CoreState::Idle)
            .count();
        if free + 1 < working {
            observer.warn(&format!(
                "chip {xy}: core {} is {}; only {free} of {} application cores are used",
                free + 1,
                info.states[free + 1],
                working - 1
            ));
        }
        chips.push((
            xy,
            Chip {
                cores: CoreSet::from_bits((1 << (free + 1)) - 1),
                links,
                sdram: info.largest_sdram,
                router_entries: info.free_entries,
                ethernet: info.ethernet,
            },
        ));
    }
    Machine::new(name, width, height, chips)
}
