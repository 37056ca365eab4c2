//! Loading an image: data, tables, tags, programs.

use crate::{
    Application, FirmwareSource, Host, HostError, Job, LoadedCore, LoadedRegion, Observer, Outcome, Question,
};
use std::collections::{BTreeMap, BTreeSet};
use taproot_spinnaker::{
    Binary, CoreImage, LoadImage, RoutingEntry,
    wire::{
        command::{Allocation, Command, Launch, Tag},
        data_table::{DataTable, RegionEntry, TABLE_BYTES},
        router::table_to_bytes,
        sdp::SdpAddress,
        state::{CoreState, Signal},
        vcpu,
    },
};
use taproot_spinnaker_chip::{
    ChipXy, CoreSet, Link, Machine,
    system_ram::{APPLICATION_STAGING, APPLICATION_STAGING_SIZE, vcpu as vcpu_field},
};

/// First tag of data allocations: a core's data has tag 200 + core (`SpiNNFrontEndCommon: load_data_specification`).
const DATA_TAG: u8 = 200;
/// Gaps between written parts that are filled with zeros to save a packet.
const GAP_WORTH_FILLING: usize = 64;

impl Host {
    /// Loads everything of an image and starts its programs; they are then paused before step 0. Whatever ran
    /// under this host's application number is stopped first, and if loading fails, so is what has been loaded.
    pub fn load(
        &mut self,
        image: &LoadImage,
        firmware: &dyn FirmwareSource,
        observer: &dyn Observer,
    ) -> Result<Application, HostError> {
        self.machine()?;
        for core in &image.cores {
            if !self.has_core(core.core) {
                return Err(HostError::NoSuchCore {
                    core: core.core,
                    label: core.label.clone(),
                });
            }
        }
        // Read before anything is changed, so that a bad file costs nothing.
        let programs = programs(image, firmware)?;
        self.stop(self.options.application)?;
        let loaded = self.load_all(image, &programs, observer);
        if loaded.is_err() {
            // The error that matters is the first one.
            let _ = self.stop(self.options.application);
        }
        loaded
    }

    fn load_all(
        &mut self,
        image: &LoadImage,
        programs: &BTreeMap<Binary, Vec<u8>>,
        observer: &dyn Observer,
    ) -> Result<Application, HostError> {
        observer.stage("loading data");
        let cores = self.load_data(&image.cores, observer)?;
        observer.stage("loading routing tables");
        self.load_tables(&image.tables, observer)?;
        self.set_tags(image)?;
        let application = Application::new(self.options.application, image, cores);
        observer.stage("loading programs");
        let total = programs.len() as u64;
        let mut started = 0;
        for (done, (binary, file)) in (1..).zip(programs) {
            let users = users(image, *binary);
            started += users
                .values()
                .map(|cores| usize::from(cores.len()))
                .sum::<usize>();
            self.start_program(file, &users, observer)?;
            // The next program overwrites the staging area, from which these cores are still reading.
            application.wait(
                self,
                started,
                &[CoreState::Ready],
                "programs to be loaded",
                observer,
            )?;
            observer.progress(done, total, "programs");
        }
        if !image.cores.is_empty() {
            observer.stage("starting programs");
            self.signal(self.options.application, Signal::Start)?;
            application.wait(self, started, &[CoreState::Paused], "programs to start", observer)?;
        }
        Ok(application)
    }

    /// Sends a signal to all cores of an application.
    pub fn signal(&mut self, application: u8, signal: Signal) -> Result<(), HostError> {
        self.ask(SdpAddress::BOOT_CHIP, Command::Signal { signal, application })?;
        Ok(())
    }

    /// Stops an application: its cores become idle, its SDRAM and routing entries free.
    pub fn stop(&mut self, application: u8) -> Result<(), HostError> {
        self.signal(application, Signal::Stop)?;
        if self.machine.is_some() {
            // The signal floods the machine; what is allocated before it arrives would be freed again.
            self.settle(3)?;
        }
        Ok(())
    }

    fn load_data(
        &mut self,
        cores: &[CoreImage],
        observer: &dyn Observer,
    ) -> Result<Vec<LoadedCore>, HostError> {
        let application = self.options.application;
        let requests: Vec<Job<'_>> = cores
            .iter()
            .map(|core| {
                let allocation = Allocation::Sdram {
                    application,
                    bytes: size_of(core),
                    tag: DATA_TAG + core.core.core(),
                    // With this flag a repeated request gets the block of the first.
                    retry: true,
                };
                Job::Ask(Question::Monitor(core.core.chip, Command::Allocate(allocation)))
            })
            .collect();
        let replies = self.perform(&requests, &crate::Quiet)?;
        let mut loaded = Vec::with_capacity(cores.len());
        let mut runs = Vec::new();
        let mut pointers = Vec::with_capacity(cores.len());
        for (core, reply) in cores.iter().zip(&replies) {
            let base = word(reply);
            if base == 0 {
                return Err(HostError::NoSdram {
                    core: core.core,
                    label: core.label.clone(),
                    bytes: size_of(core),
                });
            }
            let (regions, parts) = lay_out(core, base);
            runs.extend(
                parts
                    .into_iter()
                    .map(|(address, bytes)| (core.core.chip, address, bytes)),
            );
            pointers.push((core.core, base.to_le_bytes()));
            loaded.push(LoadedCore {
                core: core.core,
                label: core.label.clone(),
                binary: core.binary,
                base,
                regions,
            });
        }
        let mut writes: Vec<Job<'_>> = runs
            .iter()
            .map(|(chip, address, data)| Job::Write {
                chip: *chip,
                address: *address,
                data,
            })
            .collect();
        writes.extend(pointers.iter().map(|(core, pointer)| Job::Write {
            chip: core.chip,
            address: vcpu::address(core.core()) + vcpu_field::USER0,
            data: pointer,
        }));
        self.perform(&writes, observer)?;
        Ok(loaded)
    }

    fn load_tables(
        &mut self,
        tables: &[(ChipXy, Vec<RoutingEntry>)],
        observer: &dyn Observer,
    ) -> Result<(), HostError> {
        let tables: Vec<&(ChipXy, Vec<RoutingEntry>)> =
            tables.iter().filter(|(_, table)| !table.is_empty()).collect();
        let images: Vec<Vec<u8>> = tables.iter().map(|(_, table)| table_to_bytes(table)).collect();
        let writes: Vec<Job<'_>> = tables
            .iter()
            .zip(&images)
            .map(|((chip, _), data)| Job::Write {
                chip: *chip,
                address: APPLICATION_STAGING,
                data,
            })
            .collect();
        self.perform(&writes, observer)?;
        let mut bases = self.allocate_entries(&tables)?;
        for (base, entry) in bases.iter_mut().zip(&tables) {
            if *base == 0 {
                // A repeated request may have been carried out twice. Nobody else has this application number.
                let application = self.options.application;
                self.ask(
                    entry.0,
                    Command::Allocate(Allocation::FreeRouterOf { application }),
                )?;
                *base = self.allocate_entries(&[*entry])?[0];
            }
            if *base == 0 {
                return Err(HostError::NoEntries {
                    chip: entry.0,
                    entries: entry.1.len(),
                });
            }
        }
        let loads: Vec<Job<'_>> = tables
            .iter()
            .zip(bases)
            .map(|((chip, table), base)| {
                let load = Command::RouterLoad {
                    application: self.options.application,
                    entries: table.len() as u16,
                    address: APPLICATION_STAGING,
                    base,
                };
                Job::Ask(Question::Monitor(*chip, load))
            })
            .collect();
        self.perform(&loads, observer)?;
        Ok(())
    }

    fn allocate_entries(&mut self, tables: &[&(ChipXy, Vec<RoutingEntry>)]) -> Result<Vec<u32>, HostError> {
        let jobs: Vec<Job<'_>> = tables
            .iter()
            .map(|(chip, table)| {
                let allocation = Allocation::Router {
                    application: self.options.application,
                    entries: table.len() as u32,
                };
                Job::Ask(Question::Monitor(*chip, Command::Allocate(allocation)))
            })
            .collect();
        Ok(self.perform(&jobs, &crate::Quiet)?.iter().map(word).collect())
    }

    fn set_tags(&mut self, image: &LoadImage) -> Result<(), HostError> {
        for tag in &image.tags {
            let command = Command::Tag(Tag::Forward {
                tag: tag.tag,
                // The board answers to whoever sends this.
                host: std::net::Ipv4Addr::UNSPECIFIED,
                port: tag.port,
                strip: tag.strip,
                use_sender: false,
            });
            self.ask(tag.ethernet, command)?;
        }
        Ok(())
    }

    /// Brings a program to all chips that need it and starts it there, waiting for the start signal.
    ///
    /// The file goes over Ethernet once per board; from there chips copy it from a neighbour (APP_COPY_RUN), each
    /// neighbour serving one chip at a time, so that a board of 48 chips needs about ten rounds instead of 48
    /// transfers over Ethernet and P2P. A board of which only the Ethernet chip needs it has none.
    fn start_program(
        &mut self,
        file: &[u8],
        users: &BTreeMap<ChipXy, CoreSet>,
        observer: &dyn Observer,
    ) -> Result<(), HostError> {
        let plan = CopyPlan::new(self.machine()?, users.keys().copied());
        let launch = |chip: ChipXy| Launch {
            application: self.options.application,
            wait: true,
            cores: users.get(&chip).copied().unwrap_or_default(),
        };
        let mut writes = Vec::new();
        let mut runs = Vec::new();
        for chip in &plan.roots {
            writes.push(Job::Write {
                chip: *chip,
                address: APPLICATION_STAGING,
                data: file,
            });
            if users.contains_key(chip) {
                runs.push(Job::AskPatiently(Question::Monitor(
                    *chip,
                    Command::ApplicationRun(launch(*chip)),
                )));
            }
        }
        let sum = taproot_spinnaker::wire::data_table::checksum(file) & 0x1fff_ffff;
        let rounds: Vec<Vec<Job<'_>>> = plan
            .rounds
            .iter()
            .map(|round| {
                let copies = round.iter().map(|(chip, link)| {
                    let copy = Command::ApplicationCopyRun {
                        link: *link,
                        bytes: file.len() as u32,
                        checksum: sum,
                        launch: launch(*chip),
                    };
                    Job::AskPatiently(Question::Monitor(*chip, copy))
                });
                copies.collect()
            })
            .collect();
        self.perform(&writes, observer)?;
        self.perform(&runs, observer)?;
        for round in rounds {
            self.perform(&round, observer)?;
        }
        Ok(())
    }
}

/// The programs that an image uses, by binary; files are filled up to whole words, as copies move words.
fn programs(
    image: &LoadImage,
    firmware: &dyn FirmwareSource,
) -> Result<BTreeMap<Binary, Vec<u8>>, HostError> {
    let used: BTreeSet<Binary> = image.cores.iter().map(|core| core.binary).collect();
    let mut programs = BTreeMap::new();
    for binary in used {
        let mut file = firmware.read(&format!("{}.aplx", binary.name()))?;
        if file.len() > APPLICATION_STAGING_SIZE as usize {
            return Err(HostError::BinaryTooLarge {
                name: binary.name().into(),
                bytes: file.len(),
                limit: APPLICATION_STAGING_SIZE,
            });
        }
        file.resize(file.len().next_multiple_of(4), 0);
        programs.insert(binary, file);
    }
    Ok(programs)
}

fn users(image: &LoadImage, binary: Binary) -> BTreeMap<ChipXy, CoreSet> {
    let mut users: BTreeMap<ChipXy, CoreSet> = BTreeMap::new();
    for core in image.cores.iter().filter(|core| core.binary == binary) {
        let cores = users.entry(core.core.chip).or_default();
        *cores = CoreSet::from_bits(cores.bits() | 1 << core.core.core());
    }
    users
}

fn word(outcome: &Outcome) -> u32 {
    outcome
        .body()
        .get(..4)
        .map_or(0, |word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
}

fn size_of(core: &CoreImage) -> u32 {
    let regions = core.regions.iter().map(|region| region.size.next_multiple_of(4));
    regions.fold(TABLE_BYTES as u32, u32::saturating_add)
}

/// Where regions go, and what to write where: the table of contents first, then regions in order of number.
fn lay_out(core: &CoreImage, base: u32) -> (Vec<LoadedRegion>, Vec<(u32, Vec<u8>)>) {
    let mut table = DataTable::default();
    let mut regions = Vec::with_capacity(core.regions.len());
    let mut address = base + TABLE_BYTES as u32;
    for region in &core.regions {
        if let Some(entry) = table.regions.get_mut(usize::from(region.number)) {
            *entry = RegionEntry::of(address, &region.content);
        }
        regions.push(LoadedRegion {
            number: region.number,
            address,
            size: region.size,
        });
        address += region.size.next_multiple_of(4);
    }
    let mut parts = vec![(base, table.to_bytes())];
    for (region, placed) in core.regions.iter().zip(&regions) {
        if region.content.is_empty() {
            continue;
        }
        let (start, last) = parts.last_mut().expect("the table is always there");
        let gap = (placed.address - *start) as usize - last.len();
        if gap <= GAP_WORTH_FILLING {
            last.resize(last.len() + gap, 0);
            last.extend_from_slice(&region.content);
        } else {
            parts.push((placed.address, region.content.clone()));
        }
    }
    (regions, parts)
}

/// Who copies a program from whom, and when.
struct CopyPlan {
    /// Chips that get the file over Ethernet.
    roots: Vec<ChipXy>,
    /// Chips that copy, with the link to copy over; those of one round do not share a neighbour.
    rounds: Vec<Vec<(ChipXy, Link)>>,
}

impl CopyPlan {
    fn new(machine: &Machine, users: impl Iterator<Item = ChipXy>) -> Self {
        let mut wanted: BTreeMap<ChipXy, BTreeSet<ChipXy>> = BTreeMap::new();
        for chip in users {
            if let Some(found) = machine.chip(chip) {
                wanted.entry(found.ethernet).or_default().insert(chip);
            }
        }
        let mut plan = Self {
            roots: Vec::new(),
            rounds: Vec::new(),
        };
        for (root, wanted) in wanted {
            plan.add_board(machine, root, &wanted);
        }
        plan
    }

    fn add_board(&mut self, machine: &Machine, root: ChipXy, wanted: &BTreeSet<ChipXy>) {
        // Shortest paths within the board; links between boards are slow.
        let mut parent: BTreeMap<ChipXy, (ChipXy, Link)> = BTreeMap::new();
        let mut order = vec![root];
        let mut next = 0;
        while next < order.len() {
            let from = order[next];
            next += 1;
            for link in Link::ALL {
                let Some(to) = machine.neighbour(from, link) else {
                    continue;
                };
                let same_board = machine.chip(to).is_some_and(|chip| chip.ethernet == root);
                if same_board && to != root && !parent.contains_key(&to) {
                    parent.insert(to, (from, link.opposite()));
                    order.push(to);
                }
            }
        }
        self.roots.push(root);
        // Chips cut off from their Ethernet chip within the board get the file directly.
        self.roots.extend(
            wanted
                .iter()
                .filter(|chip| **chip != root && !parent.contains_key(chip)),
        );
        // Only branches that lead to someone, deepest first.
        let mut height: BTreeMap<ChipXy, u32> = BTreeMap::new();
        for chip in order.iter().rev() {
            if wanted.contains(chip) || height.contains_key(chip) {
                let own = *height.entry(*chip).or_insert(0);
                if let Some((from, _)) = parent.get(chip) {
                    let above = height.entry(*from).or_insert(0);
                    *above = (*above).max(own + 1);
                }
            }
        }
        let mut children: BTreeMap<ChipXy, Vec<ChipXy>> = BTreeMap::new();
        for chip in order.iter().filter(|chip| height.contains_key(chip)) {
            if let Some((from, _)) = parent.get(chip) {
                children.entry(*from).or_default().push(*chip);
            }
        }
        // Each chip serves its deepest branch first, one child a round.
        let mut holders = vec![root];
        for round in 0.. {
            let mut served = Vec::new();
            for holder in &holders {
                let Some(waiting) = children.get_mut(holder) else {
                    continue;
                };
                waiting.sort_by_key(|chip| (height[chip], *chip));
                if let Some(chip) = waiting.pop() {
                    served.push((chip, parent[&chip].1));
                }
            }
            if served.is_empty() {
                break;
            }
            holders.extend(served.iter().map(|(chip, _)| *chip));
            if self.rounds.len() <= round {
                self.rounds.push(Vec::new());
            }
            self.rounds[round].extend(served);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use taproot_spinnaker::Region;
    use taproot_spinnaker_chip::CoreId;

    fn core(regions: Vec<Region>) -> CoreImage {
        CoreImage {
            core: CoreId::new(ChipXy::new(0, 0), 1).unwrap(),
            binary: Binary::IfCurrExp,
            label: "test".into(),
            regions,
        }
    }

    #[test]
    fn regions_follow_the_table_in_order_with_absolute_pointers() {
        let image = core(vec![
            Region {
                number: 0,
                size: 12,
                content: vec![1; 12],
            },
            Region {
                number: 3,
                size: 1000,
                content: vec![2; 8],
            },
            Region {
                number: 7,
                size: 4,
                content: vec![3; 4],
            },
        ]);
        assert_eq!(size_of(&image), 392 + 12 + 1000 + 4);
        let (regions, parts) = lay_out(&image, 0x6024_0000);
        assert_eq!(regions[0].address, 0x6024_0188);
        assert_eq!(regions[1].address, 0x6024_0194);
        assert_eq!(regions[2].address, 0x6024_057c);
        // Table, region 0 and region 3 are one run; the gap of region 3 is not written.
        assert_eq!(parts.len(), 2);
        assert_eq!(parts[0].1.len(), 392 + 12 + 8);
        assert_eq!(parts[1], (0x6024_057c, vec![3; 4]));
        let table = DataTable::from_bytes(&parts[0].1[..392]).unwrap();
        assert_eq!(
            table.regions[3],
            RegionEntry {
                address: 0x6024_0194,
                checksum: 0x0404_0404,
                words: 2
            }
        );
        assert_eq!(table.regions[1], RegionEntry::default());
    }

    #[test]
    fn every_chip_of_a_board_copies_from_a_neighbour_that_has_the_file() {
        let machine = Machine::spin5();
        let all: Vec<ChipXy> = machine.chips().map(|(xy, _)| xy).collect();
        let plan = CopyPlan::new(&machine, all.iter().copied());
        let mut holders: BTreeSet<ChipXy> = plan.roots.iter().copied().collect();
        assert_eq!(holders.len(), 1);
        for round in &plan.rounds {
            let mut serving = BTreeSet::new();
            for (chip, link) in round {
                let from = machine.neighbour(*chip, *link).unwrap();
                assert!(
                    holders.contains(&from),
                    "{from} has the file before {chip} copies it"
                );
                assert!(serving.insert(from), "{from} serves one chip at a time");
            }
            holders.extend(round.iter().map(|(chip, _)| *chip));
        }
        assert_eq!(holders.into_iter().collect::<Vec<_>>(), all);
        assert!(plan.rounds.len() <= 12, "{} rounds", plan.rounds.len());
    }

    #[test]
    fn chips_off_the_way_are_not_troubled() {
        let machine = Machine::spin5();
        let plan = CopyPlan::new(&machine, [ChipXy::new(2, 2)].into_iter());
        let copies: Vec<ChipXy> = plan.rounds.iter().flatten().map(|(chip, _)| *chip).collect();
        assert_eq!(copies, [ChipXy::new(1, 1), ChipXy::new(2, 2)]);
    }

    #[test]
    fn boards_are_served_at_the_same_time() {
        let machine = Machine::triads("spin5x3", 12, 12).unwrap();
        let all: Vec<ChipXy> = machine.chips().map(|(xy, _)| xy).collect();
        let plan = CopyPlan::new(&machine, all.into_iter());
        assert_eq!(plan.roots.len(), 3);
        assert_eq!(plan.rounds.iter().map(Vec::len).sum::<usize>(), 144 - 3);
        assert!(plan.rounds.len() <= 12);
    }
}
