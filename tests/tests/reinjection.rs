//! Congestion, and the field's own packet reinjector on top of it: `extra_monitor_support` of SpiNNFrontEndCommon, set up
//! as sPyNNaker sets it up.
//!
//! A core of (0,0) sends numbered packets as fast as it can to a core of (1,0) that reads one in 2,000 cycles. The router's
//! first wait is 480 clocks (720 cycles), so packets are dumped. The reinjector of each chip fetches them from the dump
//! registers in a fast interrupt and sends them again when the router's output stage is empty.

use std::net::{Ipv4Addr, UdpSocket};
use std::time::Duration;
use taproot_host::{FirmwareSource, Host, Quiet};
use taproot_spinnaker::wire::{
    data_table::{DataTable, RegionEntry, TABLE_BYTES},
    scp::{ReturnCode, ScpReply, ScpRequest},
    sdp::{Sdp, SdpAddress, SdpPort},
    state::CoreState,
    vcpu,
};
use taproot_spinnaker_chip::memory_map::ROUTER_BASE;
use taproot_spinnaker_chip::system_ram::{SCP_PORT, vcpu as vcpu_field};
use taproot_spinnaker_chip::{Board, ChipXy, CoreId, Machine};
use taproot_tests::assembler::{Assembler, When};
use taproot_tests::bare::{self, allocate, entry, physical, start, wait_for_mark, words};
use taproot_tests::{booted, firmware};

const PACKETS: u32 = 1_500;
const SENDER_CHIP: ChipXy = ChipXy::new(0, 0);
const RECEIVER_CHIP: ChipXy = ChipXy::new(1, 0);
/// Keys are this and the packet's number.
const KEY: u32 = 0x0055_0000;
const COMMUNICATIONS: u32 = 0x1000_0000;
const TCR: u32 = 0x00;
const TX_KEY: u32 = 0x08;
const RSR: u32 = 0x0c;
const RX_KEY: u32 = 0x14;

/// Diagnostic counter 8: dumped multicast packets (SARK's stock filter).
const DUMPED_MULTICAST: u32 = ROUTER_BASE + 0x300 + 4 * 8;
/// Waits 480 clocks and none, as the extra monitor sets them.
const EXTRA_MONITOR_WAITS: u32 = 0x004f_0000;

/// Sends all packets once, each as soon as the transmit register is free, then sets a mark.
fn sender(mark: u32) -> Vec<u8> {
    let mut program = Assembler::new();
    program.constant(1, COMMUNICATIONS);
    program.constant(2, 1 << 28);
    program.constant(3, KEY);
    program.constant(4, PACKETS);
    let next = program.here();
    program.load(5, 1, TCR);
    program.test(5, 2);
    program.branch(When::Equal, next);
    program.store(3, 1, TX_KEY);
    program.add(3, 3, 1);
    program.subtract(4, 4, 1);
    program.branch(When::NotEqual, next);
    program.constant(6, mark);
    program.store(1, 6, 0);
    program.sleep();
    program.aplx()
}

/// Reads a packet, counts its number in a word of its own from `counts` on, and idles for 2,000 cycles.
fn receiver(counts: u32) -> Vec<u8> {
    let mut program = Assembler::new();
    program.constant(1, COMMUNICATIONS);
    program.constant(2, 1 << 31);
    program.constant(3, KEY);
    program.constant(4, counts);
    let again = program.here();
    program.load(5, 1, RSR);
    program.test(5, 2);
    program.branch(When::Equal, again);
    program.load(5, 1, RX_KEY);
    program.difference(5, 5, 3);
    program.load_indexed(6, 4, 5);
    program.add(6, 6, 1);
    program.store_indexed(6, 4, 5);
    // Two instructions, four cycles a turn.
    program.constant(7, 500);
    let idle = program.here();
    program.subtract(7, 7, 1);
    program.branch(When::NotEqual, idle);
    program.branch(When::Always, again);
    program.aplx()
}

/// What arrived: how many numbers, and how many packets in all.
fn arrived(host: &mut Host, counts: u32) -> (u32, u32) {
    let counts = words(host, RECEIVER_CHIP, counts, PACKETS).unwrap();
    (
        counts.iter().filter(|count| **count > 0).count() as u32,
        counts.iter().sum(),
    )
}

/// Sends all packets and waits until no more arrive.
fn congest(host: &mut Host) -> (u32, u32) {
    let (from, to) = (
        CoreId::new(SENDER_CHIP, 1).unwrap(),
        CoreId::new(RECEIVER_CHIP, 2).unwrap(),
    );
    let route = 1 << (6 + physical(host, to).unwrap());
    entry(host, SENDER_CHIP, 900, KEY, 0xffff_0000, 1 << 0).unwrap();
    entry(host, RECEIVER_CHIP, 900, KEY, 0xffff_0000, route).unwrap();
    let counts = allocate(host, RECEIVER_CHIP, 4 * PACKETS).unwrap();
    let mark = allocate(host, SENDER_CHIP, 4).unwrap();
    start(host, to, &receiver(counts)).unwrap();
    start(host, from, &sender(mark)).unwrap();
    wait_for_mark(host, from, mark, Duration::from_secs(60)).unwrap();
    let mut before = (0, 0);
    loop {
        // Many times what the receiver takes for all packets, even if the machine were slow.
        std::thread::sleep(Duration::from_millis(500));
        let now = arrived(host, counts);
        if now == before {
            return now;
        }
        before = now;
    }
}

fn dumped(host: &mut Host) -> u32 {
    let chips = [SENDER_CHIP, RECEIVER_CHIP];
    chips
        .map(|chip| words(host, chip, DUMPED_MULTICAST, 1).unwrap()[0])
        .iter()
        .sum()
}

/// Commands of the reinjector, on SDP port 4 (`SpiNNFrontEndCommon: reinjector_scp_commands.py`).
#[derive(Clone, Copy)]
enum Reinjection {
    SetTimeout = 0,
    SetEmergencyTimeout = 1,
    SetPacketTypes = 2,
    Status = 3,
    ResetCounters = 4,
}

/// What the reinjector says of itself (`extra_monitor_support.c: reinjector_status_response_packet_t`).
struct Status {
    timeout: u32,
    emergency_timeout: u32,
    dropped: u32,
    missed: u32,
    overflows: u32,
    reinjected: u32,
    to_links: u32,
    to_cores: u32,
    kinds: u32,
}

fn command(
    socket: &UdpSocket,
    core: CoreId,
    command: Reinjection,
    arguments: [u32; 3],
    data: &[u8],
) -> ScpReply {
    let request = ScpRequest {
        command: command as u16,
        sequence: 1,
        arguments,
        data: data.to_vec(),
    };
    let port = SdpPort::new(4).unwrap();
    let message = Sdp::from_host(
        SdpAddress::of(core, port),
        Sdp::REPLY_EXPECTED,
        request.to_bytes(),
    );
    socket.send(&message.to_udp()).unwrap();
    let mut buffer = [0; 512];
    let length = socket.recv(&mut buffer).expect("the reinjector answers");
    let reply = ScpReply::from_bytes(&Sdp::from_udp(&buffer[..length]).unwrap().content).unwrap();
    assert_eq!(reply.code, ReturnCode::Ok);
    reply
}

fn status(socket: &UdpSocket, core: CoreId) -> Status {
    let reply = command(socket, core, Reinjection::Status, [0; 3], &[]);
    let mut words = reply.body.chunks_exact(4);
    let mut next = || u32::from_le_bytes(words.next().unwrap().try_into().unwrap());
    Status {
        timeout: next(),
        emergency_timeout: next(),
        dropped: next(),
        missed: next(),
        overflows: next(),
        reinjected: next(),
        to_links: next(),
        to_cores: next(),
        kinds: next(),
    }
}

/// The regions of an extra monitor that only reinjects multicast packets, as sPyNNaker writes them
/// (`extra_monitor_support_machine_vertex.py`): flags where 0 means yes, keys, provenance.
fn regions() -> [Vec<u32>; 4] {
    [
        vec![0, 1, 1, 1, 0xffff_fff0],
        vec![0xffff_ffe0, 0xffff_ffe1, 0xffff_ffe2, 0xffff_ffe3, 0xffff_ffe4],
        vec![0xffff_ffd0, 0xffff_ffd1, 0xffff_ffd2, 0],
        vec![0; 4],
    ]
}

/// Loads the extra monitor and its data on a core and waits until it runs.
fn start_extra_monitor(host: &mut Host, core: CoreId, image: &[u8]) {
    let mut table = DataTable::default();
    let regions = regions().map(|region| region.into_iter().flat_map(u32::to_le_bytes).collect::<Vec<u8>>());
    let base = allocate(host, core.chip, 1024).unwrap();
    let mut at = base + TABLE_BYTES as u32;
    for (number, region) in regions.iter().enumerate() {
        table.regions[number] = RegionEntry::of(at, region);
        host.write(core.chip, at, region).unwrap();
        at += region.len() as u32;
    }
    host.write(core.chip, base, &table.to_bytes()).unwrap();
    let user0 = vcpu::address(core.core()) + vcpu_field::USER0;
    host.write(core.chip, user0, &base.to_le_bytes()).unwrap();
    start(host, core, image).unwrap();
    for _ in 0..100 {
        std::thread::sleep(Duration::from_millis(20));
        let state = host.vcpus(&[core]).unwrap()[0].state;
        if state == CoreState::Running {
            return;
        }
    }
    panic!(
        "the extra monitor on {core} does not run: {:?}",
        host.vcpus(&[core])
    );
}

#[test]
fn dumped_packets_are_reinjected_and_all_arrive_once_and_without_the_reinjector_some_are_lost() {
    let Some((running, mut host)) = booted(&Machine::spin3(), Board::Spin3) else {
        return;
    };
    let machine = host.discover(&Quiet).unwrap();

    // Without the reinjector, with its waits.
    for (chip, _) in machine.chips() {
        let control = words(&mut host, chip, ROUTER_BASE, 1).unwrap()[0];
        let waits = control & 0x0000_ffff | EXTRA_MONITOR_WAITS;
        host.write(chip, ROUTER_BASE, &waits.to_le_bytes()).unwrap();
    }
    let before = dumped(&mut host);
    let (numbers, packets) = congest(&mut host);
    let lost = dumped(&mut host) - before;
    assert!(numbers < PACKETS, "some of {PACKETS} are lost, not {numbers}");
    assert_eq!(numbers, packets, "none comes twice");
    assert_eq!(PACKETS - numbers, lost, "what is missing was dumped");
    bare::stop(&mut host).unwrap();

    // With it, on every chip, core 17 or the last one.
    let extra_monitor = firmware().unwrap().read("extra_monitor_support.aplx").unwrap();
    let cores: Vec<CoreId> = machine
        .chips()
        .map(|(chip, description)| CoreId::new(chip, description.cores.len() - 1).unwrap())
        .collect();
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.connect((running.address(), SCP_PORT)).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    for core in &cores {
        start_extra_monitor(&mut host, *core, &extra_monitor);
        command(&socket, *core, Reinjection::ResetCounters, [0; 3], &[]);
        command(
            &socket,
            *core,
            Reinjection::SetPacketTypes,
            [1, 0, 0],
            &0u32.to_le_bytes(),
        );
        command(&socket, *core, Reinjection::SetTimeout, [0x4f, 0, 0], &[]);
        command(&socket, *core, Reinjection::SetEmergencyTimeout, [0; 3], &[]);
    }
    let before = dumped(&mut host);
    let (numbers, packets) = congest(&mut host);
    let dumps = dumped(&mut host) - before;
    let all: Vec<Status> = cores.iter().map(|core| status(&socket, *core)).collect();
    let sum = |of: fn(&Status) -> u32| all.iter().map(of).sum::<u32>();
    assert_eq!(numbers, PACKETS, "all arrive");
    assert_eq!(packets, PACKETS, "each once");
    assert!(dumps > 0, "the router dumped some");
    assert_eq!(
        sum(|status| status.dropped),
        dumps,
        "the reinjectors saw every dump"
    );
    assert_eq!(sum(|status| status.reinjected), dumps, "and sent each again");
    assert_eq!(sum(|status| status.missed) + sum(|status| status.overflows), 0);
    assert_eq!(
        sum(|status| status.to_links) + sum(|status| status.to_cores),
        dumps
    );
    for status in &all {
        assert_eq!(
            (status.timeout, status.emergency_timeout, status.kinds),
            (0x4f, 0, 1)
        );
    }
    bare::stop(&mut host).unwrap();
}
