//! A debugger on a machine behind real sockets, by a client of our own: what it sees, that it changes nothing, and that
//! nonsense does no harm.

mod support;

use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use support::rsp::{Client, bytes, packet};
use support::{boot_datagrams, firmware, scp, word};
use taproot_emulator::trace::{Ending, Replay, ReplayOptions, TraceReader};
use taproot_emulator::{CYCLES_PER_SECOND, Emulator, Options, Pace, Running};
use taproot_spinnaker_chip::{ChipXy, Machine};

const MILLISECOND: u64 = CYCLES_PER_SECOND / 1000;
/// Where an ARM core begins to handle an interrupt, with its vectors low as SCAMP has them.
const IRQ_VECTOR: u32 = 0x18;
/// Free memory: SCAMP's heap begins below, and nothing has been allocated.
const FREE: u32 = 0x6300_0000;
const PC: u32 = 15;
const CPSR: u32 = 25;
const CYCLES: u32 = 27;
const INSTRUCTIONS: u32 = 28;

/// A file in memory that two sides hold.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(data);
        Ok(data.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A machine that a debugger may call.
fn options(pace: Pace) -> Options {
    Options {
        pace,
        debugger: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))),
        ..Options::default()
    }
}

struct Host {
    socket: UdpSocket,
    sequence: u16,
}

impl Host {
    fn boot(running: &Running, image: &[u8]) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        for datagram in boot_datagrams(image) {
            socket.send_to(&datagram, (running.address(), 54_321)).unwrap();
        }
        let mut host = Self { socket, sequence: 0 };
        let deadline = Instant::now() + Duration::from_secs(120);
        loop {
            assert!(Instant::now() < deadline, "the board boots");
            if let Some(answer) = host.once(running, (255, 255), 0, [0; 3])
                && word(&answer, 4) >> 16 == 0
            {
                return host;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// One request; its answer from the return code on, if it comes soon.
    fn once(
        &mut self,
        running: &Running,
        chip: (u8, u8),
        command: u16,
        arguments: [u32; 3],
    ) -> Option<Vec<u8>> {
        self.sequence += 1;
        let request = scp(chip, 0, command, self.sequence, arguments);
        self.socket
            .send_to(&request, (running.address(), 17_893))
            .unwrap();
        let mut buffer = [0; 512];
        while let Ok(length) = self.socket.recv(&mut buffer) {
            // Late answers to earlier ones are of no use.
            if length >= 14 && buffer[12..14] == self.sequence.to_le_bytes() {
                return Some(buffer[10..length].to_vec());
            }
        }
        None
    }

    /// Reads memory as the monitor of a chip sees it.
    fn read(&mut self, running: &Running, chip: (u8, u8), address: u32, length: u32) -> Vec<u8> {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            assert!(Instant::now() < deadline, "the monitor answers");
            if let Some(answer) = self.once(running, chip, 2, [address, length, 0]) {
                assert_eq!(word(&answer, 0) & 0xffff, 0x80, "the read is OK");
                return answer[4..].to_vec();
            }
        }
    }
}

/// A thread by the beginning of its name.
fn thread(client: &mut Client, name: &str) -> String {
    let threads = client.threads();
    let found = threads
        .into_iter()
        .find(|thread| client.name(thread).starts_with(name));
    found.unwrap_or_else(|| panic!("a thread named {name}"))
}

#[test]
fn a_debugger_sees_what_is_there_and_changes_nothing() {
    let Some(image) = firmware(3) else { return };
    let file = Shared::default();
    let running = Emulator::start_traced(
        &Machine::spin3(),
        &options(Pace::Free),
        file.clone(),
        Some(MILLISECOND),
    )
    .unwrap();
    let mut host = Host::boot(&running, &image);
    // Code of the monitor, and its map of cores: they do not change.
    let code = host.read(&running, (0, 1), 0x2000, 256);
    let map = host.read(&running, (0, 1), 0xf500_7f94, 40);

    let mut client = Client::connect(running.debugger().unwrap());
    assert!(
        client
            .ask("qSupported:multiprocess+;swbreak+")
            .contains("swbreak+")
    );
    let description = client.ask("qXfer:features:read:target.xml:0,3000");
    assert!(description.contains("armv5te"), "{description}");
    assert!(client.ask("?").starts_with("T05thread:"));

    // Time stands still for everybody.
    let stands = running.time();
    let request = scp((0, 0), 0, 0, 999, [0; 3]);
    host.socket
        .send_to(&request, (running.address(), 17_893))
        .unwrap();
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(running.time(), stands);

    let threads = client.threads();
    assert_eq!(threads.len(), 4 * 18);
    assert_eq!(client.name(&threads[0]), "(0,0) core 0, asleep");
    let monitor = thread(&mut client, "(0,1) core 0,");
    client.choose(&monitor);
    assert_eq!(client.memory(0x2000, 256), code, "the core's instructions");
    assert_eq!(client.memory(0xf500_7f94, 40), map, "its chip's System RAM");
    assert_eq!(client.ask("me1000000,4"), "E0e", "no registers of devices");
    assert_eq!(client.ask("m20000008,4"), "E0e", "certainly no queues");
    assert_eq!(client.ask("m7ff0,100").len(), 2 * 16, "up to the end of the ITCM");
    let all = bytes(&client.ask("g"));
    assert_eq!(all.len(), 4 * 18 + 8 * 2);
    assert_eq!(u64::from(word(&all, 4 * 15)), client.register(PC));

    // Every interrupt comes by the vector, and the vector leads to a handler.
    assert_eq!(client.ask(&format!("Z0,{IRQ_VECTOR:x},4")), "OK");
    let (stopped, answer) = client.resume(None);
    assert!(answer.contains("swbreak"), "{answer}");
    assert_eq!(client.register(PC), u64::from(IRQ_VECTOR));
    assert_eq!(client.register(CPSR) & 0x1f, 0x12, "IRQ mode");
    let (instructions, cycles) = (client.register(INSTRUCTIONS), client.register(CYCLES));
    let (stepped, answer) = client.resume(Some(&stopped));
    assert_eq!(stepped, stopped, "{answer}");
    assert_eq!(client.register(INSTRUCTIONS), instructions + 1);
    assert!(client.register(CYCLES) > cycles);

    // Where it leads depends on the interrupt; what a quiet monitor handles twice in a row is its tick.
    let mut handler = 0;
    loop {
        let (stopped, _) = client.resume(None);
        if stopped != monitor {
            continue;
        }
        client.resume(Some(&monitor));
        let found = client.register(PC);
        assert!(found != u64::from(IRQ_VECTOR) + 4 && found < 0x8000, "{found:x}");
        if found == handler {
            break;
        }
        handler = found;
    }

    // The tick comes once a millisecond on each chip.
    assert_eq!(client.ask(&format!("z0,{IRQ_VECTOR:x},4")), "OK");
    assert_eq!(client.ask(&format!("Z0,{handler:x},4")), "OK");
    let mut last = None;
    let mut ticks = 0;
    while ticks < 20 {
        let (stopped, _) = client.resume(None);
        assert_eq!(client.register(PC), handler);
        if stopped == monitor {
            let now = client.register(CYCLES);
            if let Some(last) = last {
                assert!(now - last < MILLISECOND + MILLISECOND / 10, "{}", now - last);
            }
            last = Some(now);
            ticks += 1;
        }
    }

    // Without a breakpoint it runs until it is interrupted.
    assert_eq!(client.ask(&format!("z0,{handler:x},4")), "OK");
    assert!(client.send(b"vCont;c"));
    let deadline = Instant::now() + Duration::from_secs(30);
    let before = running.time();
    while running.time() < before + 20 * MILLISECOND {
        assert!(Instant::now() < deadline, "the machine runs");
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(client.raw(&[3]));
    let answer = client.receive().unwrap();
    assert!(answer.starts_with("T02"), "SIGINT: {answer}");
    let stands = running.time();
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!(running.time(), stands);

    // Left within a window, it goes on.
    client.choose(&monitor);
    client.resume(Some(&monitor));
    assert_eq!(client.ask("D"), "OK");
    assert_eq!(host.read(&running, (0, 1), 0x2000, 256), code);

    // And all that was the run that it would have been without a debugger.
    let (statistics, failure) = running.stop_traced();
    assert!(failure.is_none());
    let trace = file.0.lock().unwrap().clone();
    let mut run = Replay::new(
        TraceReader::new(&trace[..]).unwrap(),
        &ReplayOptions {
            threads: 2,
            plain: false,
        },
    )
    .unwrap();
    run.run_to_the_end().unwrap();
    assert_eq!(run.ending(), Some(Ending::Whole));
    let statistics = statistics.unwrap();
    assert_eq!(run.system().statistics(), statistics);
    let milliseconds = statistics.cycles / MILLISECOND;
    assert_eq!(
        run.verified(),
        milliseconds + 1,
        "every millisecond's state, and the last"
    );
}

#[test]
fn what_a_debugger_writes_is_there() {
    let Some(image) = firmware(3) else { return };
    let running = Emulator::start(&Machine::spin3(), &options(Pace::Free)).unwrap();
    let mut host = Host::boot(&running, &image);
    let mut client = Client::connect(running.debugger().unwrap());
    let monitor = thread(&mut client, "(1,1) core 0,");
    let other = thread(&mut client, "(1,1) core 17,");
    client.choose(&monitor);
    assert_eq!(client.ask(&format!("M{FREE:x},4:78563412")), "OK");
    // Each core has TCMs of its own, and their chip's SDRAM in common.
    client.choose(&other);
    assert_eq!(client.memory(FREE, 4), [0x78, 0x56, 0x34, 0x12]);
    assert_eq!(client.ask("M400000,2:abcd"), "OK");
    let chip = ChipXy::new(1, 1);
    assert_eq!(
        running.inspect(chip, Some(17), 0x40_0000, 2),
        Some(vec![0xab, 0xcd])
    );
    client.choose(&monitor);
    assert_ne!(client.memory(0x40_0000, 2), [0xab, 0xcd]);
    assert_eq!(client.ask("Me1000000,4:00000000"), "E0e");
    assert_eq!(client.ask("M7ffe,4:00000000"), "E0e", "it does not fit");

    client.choose(&other);
    for (register, value) in [(3, "78563412"), (14, "00010000")] {
        assert_eq!(client.ask(&format!("P{register:x}={value}")), "OK");
        let read = client.register(register);
        assert_eq!(read, u64::from(word(&bytes(value), 0)));
    }
    // Another mode has a link register of its own.
    let cpsr = client.register(CPSR);
    assert_eq!(client.ask(&format!("P{CPSR:x}=d2000000")), "OK");
    assert_ne!(client.register(14), 0x100);
    assert_eq!(
        client.ask(&format!("P{CPSR:x}={:08x}", (cpsr as u32).swap_bytes())),
        "OK"
    );
    assert_eq!(client.register(14), 0x100);
    assert_eq!(client.ask(&format!("P{CYCLES:x}=0000000000000000")), "E16");
    drop(client);
    assert_eq!(host.read(&running, (1, 1), FREE, 4), [0x78, 0x56, 0x34, 0x12]);
}

#[test]
fn time_that_a_debugger_takes_is_not_lost() {
    let running = Emulator::start(&Machine::spin3(), &options(Pace::Real)).unwrap();
    let mut client = Client::connect(running.debugger().unwrap());
    client.ask("?");
    std::thread::sleep(Duration::from_millis(100));
    let before = running.pacing();
    std::thread::sleep(Duration::from_millis(600));
    let after = running.pacing();
    assert_eq!((after.emulated, after.lost), (before.emulated, before.lost));
    assert!(
        after.wall - before.wall < Duration::from_millis(300),
        "{before:?} {after:?}"
    );
    // One that disappears leaves the machine running.
    drop(client);
    let deadline = Instant::now() + Duration::from_secs(30);
    while running.pacing().emulated == after.emulated {
        assert!(Instant::now() < deadline, "the machine runs");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn one_debugger_at_a_time() {
    let running = Emulator::start(&Machine::spin3(), &options(Pace::Free)).unwrap();
    let address = running.debugger().unwrap();
    let mut first = Client::connect(address);
    first.ask("?");
    let mut second = Client::connect(address);
    second.send(b"?");
    assert_eq!(second.receive(), None, "turned away");
    assert!(first.ask("?").starts_with("T05"), "and the first has not noticed");
    assert!(first.send(b"k"));
    // Whoever calls right after another has left is heard.
    let mut third = Client::connect(address);
    assert!(third.ask("?").starts_with("T05"));
}

/// PCG-XSH-RR 64/32, for bytes that are the same in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u32 {
        let old = self.0;
        self.0 = old
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let word = ((old >> 18 ^ old) >> 27) as u32;
        word.rotate_right((old >> 59) as u32)
    }

    fn below(&mut self, limit: usize) -> usize {
        self.next() as usize % limit
    }
}

#[test]
fn nonsense_ends_a_connection_and_nothing_else() {
    let running = Emulator::start(&Machine::spin3(), &options(Pace::Free)).unwrap();
    let address = running.debugger().unwrap();
    let mut random = Random(1);
    // Whoever says nothing sensible does not even hold the machine.
    for bytes in [
        &b""[..],
        b"GET / HTTP/1.1\r\n\r\n",
        b"$",
        b"+++$?#",
        &[0xff; 100_000],
        b"$?#00",
        b"\x03",
    ] {
        let before = running.time();
        let mut client = Client::connect(address);
        client.raw(bytes);
        let deadline = Instant::now() + Duration::from_secs(30);
        while running.time() < before + MILLISECOND {
            assert!(Instant::now() < deadline, "the machine runs");
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    // Bytes by chance, and packets that are almost right.
    let words: Vec<&str> = "qSupported:xmlRegisters=i386;multiprocess+ ? g G00 p0 p1f p19 P0=00000000 Pff=0 m0,4 m7ffffff0,40 \
        mffffffff,ffffffff m60000000,7fffffff M60000000,4:00112233 M0,ffff:00 X60000000,4:abcd X0,0: Z0,18,4 z0,18,4 Z1,0,4 \
        Z2,60000000,4 Z9,0,0 Z0,0,4;X1,2 vCont? vCont;c vCont;s:1;c vCont;s:p1.1 vCont;t vCont;r0,10:1 vCont;s vCont c s c100 \
        Hg0 Hg1 Hgp1.1 Hc-1 Hgffffffffffffffff T1 T48 Tffff qfThreadInfo qsThreadInfo qThreadExtraInfo,1 qThreadExtraInfo,p1.fff \
        qC qAttached:1 qXfer:features:read:target.xml:0,ffff qXfer:features:read:target.xml:ffffffff,ffffffff qXfer:features:read::0,1 \
        qRcmd,68656c70 qOffsets QStartNoAckMode vKill;1 vKill;a D D;1 k vRun; vFile:open:61,0,0 ! R00 r QPassSignals: qTStatus \
        bs bc QTFrame:0 QTinit vMustReplyEmpty qSymbol:: jThreadsInfo QThreadEvents:1"
        .split_whitespace()
        .collect();
    let mut answered = 0;
    for round in 0..400 {
        let mut client = Client::connect(address);
        for _ in 0..1 + random.below(12) {
            let mut body = words[random.below(words.len())].as_bytes().to_vec();
            for _ in 0..random.below(4) {
                let at = random.below(body.len().max(1));
                match random.below(4) {
                    0 => body.insert(at.min(body.len()), random.next() as u8),
                    1 if at < body.len() => body[at] = random.next() as u8,
                    2 if at < body.len() => drop(body.remove(at)),
                    _ => body.truncate(at),
                }
            }
            let mut sent = packet(&body);
            if random.below(20) == 0 {
                let at = random.below(sent.len());
                sent[at] = random.next() as u8;
            }
            if !client.raw(&sent) {
                break;
            }
        }
        client.raw(&[3]);
        client.finish();
        answered += u32::from(client.receive().is_some());
        drop(client);
        if round % 100 == 99 {
            assert!(running.statistics().is_some(), "the machine is still there");
        }
    }
    assert!(answered > 200, "{answered} of 400 were heard");
    let before = running.time();
    let deadline = Instant::now() + Duration::from_secs(30);
    while running.time() < before + MILLISECOND {
        assert!(Instant::now() < deadline, "the machine runs");
        std::thread::sleep(Duration::from_millis(1));
    }
    let mut client = Client::connect(address);
    assert!(client.ask("?").starts_with("T05"));
    assert_eq!(client.threads().len(), 4 * 18);
}
