//! Operations on devices of a chain, as scans: clock by clock, cut into requests.
//!
//! An operation sets one device's instruction register while all others get BYPASS, shifts its data register, and
//! ends in Run-Test/Idle, where some instructions need one more clock to take effect. Registers are shifted lowest bit
//! first. Bits that bring devices in between their BYPASS come before or after.
//!
//! Sources: `hicann-system:units/jtag_lib/source/jtag_access.{hpp,cpp}`,
//! `hicann-system:units/jtag_lib/source/jtag_cmdbase_fpgadnchicann_full.h`.

use super::{
    chain::{Chain, Device},
    request::{JtagClock, JtagReply, JtagRequest},
    tap::TapState,
};
use crate::wire::WireError;

/// What is done with one device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Its instruction.
    pub instruction: u8,
    /// What happens with its data register.
    pub data: Data,
    /// Whether a clock in Run-Test/Idle executes the instruction.
    pub execute: bool,
}

/// What happens with a data register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Data {
    /// Nothing.
    None,
    /// It is written.
    Write {
        /// What is written.
        value: u64,
        /// Its bits, 1 to 64.
        bits: u8,
    },
    /// It is read.
    Read {
        /// Its bits, 1 to 64.
        bits: u8,
    },
    /// It is written, and what was there is read.
    Exchange {
        /// What is written.
        value: u64,
        /// Its bits, 1 to 64.
        bits: u8,
    },
}

impl Data {
    fn check(self) {
        if let Self::Write { bits, .. } | Self::Read { bits } | Self::Exchange { bits, .. } = self {
            assert!((1..=64).contains(&bits), "a data register has 1 to 64 bits");
        }
    }
}

/// A sequence of operations.
#[derive(Clone, Debug)]
pub struct Program {
    chain: Chain,
    /// None before anything is known of the chain.
    state: Option<TapState>,
    clocks: Vec<JtagClock>,
    requests: Vec<JtagRequest>,
    reads: Vec<Read>,
}

/// Where what an operation reads will be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Read {
    /// First bit, of all that are captured.
    from: usize,
    bits: u8,
}

impl Program {
    /// A program for a chain in an unknown state: it begins with a reset.
    pub fn new(chain: Chain) -> Self {
        Self {
            chain,
            state: None,
            clocks: Vec::new(),
            requests: Vec::new(),
            reads: Vec::new(),
        }
    }

    /// A program for a chain that an earlier program has left.
    pub fn following(chain: Chain) -> Self {
        Self {
            state: Some(TapState::RunTestIdle),
            ..Self::new(chain)
        }
    }

    /// Resets all devices of the chain: their instruction becomes the one that reads their identity.
    pub fn reset(&mut self) {
        self.state = None;
        self.go(TapState::RunTestIdle);
    }

    /// Performs an operation. If it reads, the value will be the next one of [`Requests::values`].
    ///
    /// # Panics
    /// If the operation's data has no bits, or more than 64.
    pub fn run(&mut self, device: Device, operation: Operation) {
        let Operation {
            instruction,
            data,
            execute,
        } = operation;
        data.check();
        self.instruction(|other| (other == device).then_some(instruction));
        let before = self.chain.before(device).count();
        let after = self.chain.after(device).count();
        let zeros = |count: usize| std::iter::repeat_n(false, count);
        match data {
            Data::None => {}
            Data::Write { value, bits } => {
                let scan = low_bits(value, bits.into()).chain(zeros(before));
                self.shift(TapState::ShiftDr, scan.collect(), false);
            }
            Data::Read { bits } => {
                self.read(after, bits);
                self.shift(
                    TapState::ShiftDr,
                    zeros(after + usize::from(bits)).collect(),
                    true,
                );
            }
            Data::Exchange { value, bits } => {
                self.read(after, bits);
                let scan = zeros(after)
                    .chain(low_bits(value, bits.into()))
                    .chain(zeros(before));
                self.shift(TapState::ShiftDr, scan.collect(), true);
            }
        }
        if execute {
            self.clock(JtagClock::default());
        }
    }

    /// Performs an operation that does not read on all HICANNs at once.
    ///
    /// Their data registers are 64 bits wide in such a scan, and a narrower value sits at the top: so
    /// `HICANNv2_reset_all_time_counters` of the source has it, the only published use.
    ///
    /// # Panics
    /// If the operation reads, or its data has no bits, or more than 64.
    pub fn run_all(&mut self, operation: Operation) {
        let Operation {
            instruction,
            data,
            execute,
        } = operation;
        data.check();
        self.instruction(|device| device.number().map(|_| instruction));
        match data {
            Data::None => {}
            Data::Write { value, bits } => {
                let register = value << (64 - u32::from(bits));
                let hicanns = (0..self.chain.hicanns()).flat_map(|_| low_bits(register, 64));
                // The FPGA is last, and gets the 1 that the source gives it.
                self.shift(TapState::ShiftDr, hicanns.chain([true]).collect(), false);
            }
            Data::Read { .. } | Data::Exchange { .. } => {
                panic!("all HICANNs at once can be written, not read")
            }
        }
        if execute {
            self.clock(JtagClock::default());
        }
    }

    /// The requests, in order, and how to read the replies.
    pub fn finish(mut self) -> Requests {
        self.flush();
        Requests {
            requests: self.requests,
            reads: self.reads,
        }
    }

    /// Sets all instruction registers; BYPASS, all ones, where there is none.
    fn instruction(&mut self, of: impl Fn(Device) -> Option<u8>) {
        let scan = self.chain.devices().rev().flat_map(|device| {
            let instruction = of(device).map_or(u64::MAX, u64::from);
            low_bits(instruction, device.instruction_bits())
        });
        let scan: Vec<bool> = scan.collect();
        self.shift(TapState::ShiftIr, scan, false);
    }

    fn read(&mut self, after: usize, bits: u8) {
        let captured: usize = self.requests.iter().map(JtagRequest::captures).sum();
        self.reads.push(Read {
            from: captured + after,
            bits,
        });
    }

    /// Shifts bits and returns to Run-Test/Idle. Clocks that capture have requests of their own.
    fn shift(&mut self, state: TapState, bits: Vec<bool>, capture: bool) {
        self.go(state);
        if capture {
            self.flush();
        }
        let last = bits.len() - 1;
        for (n, tdi) in bits.into_iter().enumerate() {
            self.clock(JtagClock {
                tms: n == last,
                tdi,
                capture,
            });
        }
        if capture {
            self.flush();
        }
        self.go(TapState::RunTestIdle);
    }

    fn go(&mut self, to: TapState) {
        let from = self.state.unwrap_or_else(|| {
            for _ in 0..5 {
                self.clock(JtagClock {
                    tms: true,
                    ..JtagClock::default()
                });
            }
            TapState::TestLogicReset
        });
        self.state = Some(from);
        for tms in from.path(to) {
            self.clock(JtagClock {
                tms,
                ..JtagClock::default()
            });
        }
    }

    fn clock(&mut self, clock: JtagClock) {
        if self.clocks.len() == JtagRequest::CLOCKS {
            self.flush();
        }
        self.clocks.push(clock);
        self.state = self.state.map(|state| state.next(clock.tms));
    }

    fn flush(&mut self) {
        if !self.clocks.is_empty() {
            self.requests
                .push(JtagRequest::Clocks(std::mem::take(&mut self.clocks)));
        }
    }
}

/// The requests of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requests {
    requests: Vec<JtagRequest>,
    reads: Vec<Read>,
}

impl Requests {
    /// What to send, each after the reply to the one before.
    pub fn requests(&self) -> &[JtagRequest] {
        &self.requests
    }

    /// What the operations have read, in order, from the replies to all requests.
    pub fn values(&self, replies: &[JtagReply]) -> Result<Vec<u64>, WireError> {
        if replies.len() < self.requests.len() {
            return Err(WireError::Short {
                what: "sequence of JTAG replies",
                needed: self.requests.len(),
                found: replies.len(),
                unit: "replies",
            });
        }
        let mut captured = Vec::new();
        for (request, reply) in self.requests.iter().zip(replies) {
            captured.extend(reply.captured(request.captures())?);
        }
        let value = |read: &Read| {
            let bits = &captured[read.from..][..read.bits.into()];
            bits.iter()
                .rev()
                .fold(0, |value, bit| value << 1 | u64::from(*bit))
        };
        Ok(self.reads.iter().map(value).collect())
    }
}

fn low_bits(value: u64, bits: u32) -> impl Iterator<Item = bool> {
    (0..bits).map(move |bit| value >> bit & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::{super::command::*, *};
    use proptest::prelude::*;
    use taproot_wafer::Link;

    /// An instruction, and value and width if it has written.
    type Done = (u64, Option<(u64, u8)>);

    /// A chain of ports that knows nothing of programs: it only sees pins. Data registers of HICANNs have 64 bits, those
    /// of the FPGA as many as the test says; a narrow value is what is at the top.
    struct Ports {
        state: TapState,
        /// From TDI to TDO.
        ports: Vec<Port>,
    }

    #[derive(Clone, Debug)]
    struct Port {
        instruction_bits: u32,
        data_bits: u32,
        instruction: u64,
        shifted: u128,
        length: u32,
        /// What reads find.
        content: u64,
        /// Instruction and data of each Update-DR, and instructions that were executed.
        updates: Vec<(u64, u64)>,
        executed: Vec<u64>,
    }

    impl Ports {
        fn new(hicanns: usize) -> Self {
            let port = |instruction_bits| Port {
                instruction_bits,
                data_bits: 64,
                instruction: 0,
                shifted: 0,
                length: 1,
                content: 0,
                updates: Vec::new(),
                executed: Vec::new(),
            };
            let mut ports = vec![port(4)];
            ports.extend(vec![port(6); hicanns]);
            Self {
                state: TapState::UpdateIr,
                ports,
            }
        }

        fn clock(&mut self, clock: JtagClock) -> bool {
            let shifting = matches!(self.state, TapState::ShiftDr | TapState::ShiftIr);
            let mut bit = clock.tdi;
            if shifting {
                for port in &mut self.ports {
                    let out = port.shifted & 1 == 1;
                    port.shifted = port.shifted >> 1 | u128::from(bit) << (port.length - 1);
                    bit = out;
                }
            }
            let before = self.state;
            self.state = self.state.next(clock.tms);
            for port in &mut self.ports {
                let bypassed = port.instruction == (1 << port.instruction_bits) - 1;
                match self.state {
                    TapState::TestLogicReset => port.instruction = 0,
                    TapState::CaptureIr => (port.shifted, port.length) = (1, port.instruction_bits),
                    TapState::CaptureDr if bypassed => (port.shifted, port.length) = (0, 1),
                    TapState::CaptureDr => {
                        (port.shifted, port.length) = (port.content.into(), port.data_bits)
                    }
                    TapState::UpdateIr => port.instruction = port.shifted as u64,
                    TapState::UpdateDr if !bypassed => {
                        port.updates.push((port.instruction, port.shifted as u64));
                    }
                    TapState::RunTestIdle if before == TapState::RunTestIdle && !bypassed => {
                        port.executed.push(port.instruction);
                    }
                    _ => {}
                }
            }
            bit
        }

        fn serve(&mut self, request: &JtagRequest) -> JtagReply {
            let request = JtagRequest::from_packet(&request.to_packet()).unwrap();
            let JtagRequest::Clocks(clocks) = &request else {
                panic!("programs only clock")
            };
            let all = clocks.iter().all(|clock| clock.capture);
            assert!(
                all || request.captures() == 0,
                "clocks that capture are among themselves"
            );
            let bits: Vec<bool> = clocks.iter().map(|clock| self.clock(*clock)).collect();
            JtagReply::with_bits(0x0c33, if all { &bits } else { &[] })
        }

        fn run(&mut self, program: Program) -> Vec<u64> {
            let requests = program.finish();
            let replies: Vec<JtagReply> = requests.requests().iter().map(|r| self.serve(r)).collect();
            assert_eq!(self.state, TapState::RunTestIdle);
            requests.values(&replies).unwrap()
        }
    }

    fn device(link: u8) -> Device {
        Chain::FULL.hicann(Link::at(link.into())).unwrap()
    }

    #[test]
    fn a_write_reaches_its_device_and_no_other() {
        let mut ports = Ports::new(8);
        let mut program = Program::new(Chain::FULL);
        program.run(
            device(2),
            HicannCommand::SetTransmitData(0x0123_4567_89ab_cdef).operation(),
        );
        program.run(device(2), HicannCommand::StartConfigPacket.operation());
        ports.run(program);
        for (place, port) in ports.ports.iter().enumerate() {
            // TDI, FPGA, link 0, link 1, link 2.
            if place == 3 {
                assert_eq!(port.updates, [(0x11, 0x0123_4567_89ab_cdef)]);
                assert_eq!(port.executed, [0x18]);
            } else {
                assert_eq!(port.updates, []);
                assert_eq!(port.executed, []);
            }
        }
    }

    #[test]
    fn identities_are_read_from_every_place() {
        let mut ports = Ports::new(8);
        for (n, port) in (0..).zip(&mut ports.ports) {
            port.content = 0x1484_9400 + n;
        }
        let mut program = Program::new(Chain::FULL);
        program.run(Chain::FULL.fpga(), FpgaCommand::ReadId.operation());
        for link in 0..8 {
            program.run(device(link), HicannCommand::ReadId.operation());
        }
        let expected: Vec<u64> = (0..9).map(|n| 0x1484_9400 + n).collect();
        assert_eq!(ports.run(program), expected);
    }

    #[test]
    fn all_clocks_are_stopped_and_started_together() {
        let mut ports = Ports::new(8);
        let mut program = Program::new(Chain::FULL);
        program.run_all(HicannCommand::StopTime(true).operation());
        program.run_all(HicannCommand::StopTime(false).operation());
        ports.run(program);
        assert_eq!(ports.ports[0].updates, []);
        for port in &ports.ports[1..] {
            assert_eq!(port.updates, [(0x0a, 1 << 63), (0x0a, 0)]);
        }
    }

    #[test]
    fn a_missing_reply_is_noticed() {
        let mut program = Program::new(Chain::FULL);
        program.run(device(0), HicannCommand::ReadId.operation());
        let requests = program.finish();
        assert_eq!(requests.requests().len(), 3);
        assert_eq!(
            requests.values(&[]).unwrap_err().to_string(),
            "sequence of JTAG replies ends early: it needs 3 replies and has 0"
        );
    }

    proptest! {
        #[test]
        fn operations_do_what_they_say_in_any_chain(
            present in 1u8..,
            steps in proptest::collection::vec((any::<u8>(), 0u8..63, 0u8..3, any::<u64>(), 1u8..=64, any::<bool>()), 1..12),
        ) {
            let links: Vec<Link> = Link::all().filter(|l| present >> l.index() & 1 == 1).collect();
            let chain = Chain::new(links.iter().copied());
            let mut ports = Ports::new(links.len());
            let mut program = Program::new(chain);
            let mut expected = Vec::new();
            let mut content = Vec::new();
            for port in &mut ports.ports {
                port.content = steps[0].3.rotate_left(content.len() as u32);
                content.push(port.content);
            }
            let mut done: Vec<Vec<Done>> = vec![Vec::new(); ports.ports.len()];
            for (pick, instruction, what, value, bits, execute) in steps {
                let place = usize::from(pick) % links.len();
                let data = match what {
                    0 => Data::Write { value, bits },
                    1 => Data::Read { bits },
                    _ => Data::Exchange { value, bits },
                };
                let mask = u64::MAX >> (64 - bits);
                if what > 0 {
                    expected.push(content[place + 1] & mask);
                }
                done[place + 1].push((instruction.into(), (what != 1).then_some((value & mask, bits))));
                program.run(chain.hicann(links[place]).unwrap(), Operation { instruction, data, execute });
            }
            prop_assert_eq!(ports.run(program), expected);
            // A narrow value is at the top of the register, and what a read leaves in it is not looked at.
            for (port, done) in ports.ports.iter().zip(done) {
                prop_assert_eq!(port.updates.len(), done.len());
                for ((instruction, register), (wanted, written)) in port.updates.iter().zip(done) {
                    prop_assert_eq!(*instruction, wanted);
                    if let Some((value, bits)) = written {
                        prop_assert_eq!(register >> (64 - bits), value);
                    }
                }
            }
        }
    }
}
