//! A debugger in few lines: the GDB remote serial protocol, written from its description in the GDB manual.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// A connection to a stub.
pub struct Client {
    stream: TcpStream,
    waiting: Vec<u8>,
}

impl Client {
    /// Connects, and nothing more.
    pub fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            waiting: Vec::new(),
        }
    }

    /// Sends bytes as they are; false if the other side has gone.
    pub fn raw(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).is_ok()
    }

    /// Says that nothing more will be sent.
    pub fn finish(&mut self) {
        let _ = self.stream.shutdown(std::net::Shutdown::Write);
    }

    /// Sends a packet; false if the other side has gone.
    pub fn send(&mut self, body: &[u8]) -> bool {
        self.raw(&packet(body))
    }

    /// The next packet that comes, acknowledged; none if the other side has gone.
    pub fn receive(&mut self) -> Option<String> {
        loop {
            let begin = self.waiting.iter().position(|byte| *byte == b'$');
            let end = self.waiting.iter().position(|byte| *byte == b'#');
            if let (Some(begin), Some(end)) = (begin, end)
                && self.waiting.len() >= end + 3
            {
                let body = String::from_utf8_lossy(&self.waiting[begin + 1..end]).into_owned();
                self.waiting.drain(..end + 3);
                self.raw(b"+");
                return Some(expand(&body));
            }
            let mut buffer = [0; 4096];
            match self.stream.read(&mut buffer) {
                Ok(0) | Err(_) => return None,
                Ok(length) => self.waiting.extend(&buffer[..length]),
            }
        }
    }

    /// Asks something and returns the answer.
    pub fn ask(&mut self, body: &str) -> String {
        assert!(self.send(body.as_bytes()), "{body}");
        self.receive().unwrap_or_else(|| panic!("an answer to {body}"))
    }

    /// Reads memory of the current thread's core.
    pub fn memory(&mut self, address: u32, length: usize) -> Vec<u8> {
        bytes(&self.ask(&format!("m{address:x},{length:x}")))
    }

    /// A register of the current thread's core, by its number in the target description.
    pub fn register(&mut self, number: u32) -> u64 {
        let value = bytes(&self.ask(&format!("p{number:x}")));
        value
            .iter()
            .rev()
            .fold(0, |value, byte| value << 8 | u64::from(*byte))
    }

    /// Lets all cores go on, or one step while the others go on, and waits for what stops them: the thread, and the answer.
    pub fn resume(&mut self, step: Option<&str>) -> (String, String) {
        let answer = match step {
            None => self.ask("vCont;c"),
            Some(thread) => self.ask(&format!("vCont;s:{thread};c")),
        };
        self.stopped(answer)
    }

    /// The thread of a stop reply, which is then the current one.
    pub fn stopped(&mut self, answer: String) -> (String, String) {
        let (_, rest) = answer.split_once("thread:").expect("a thread has stopped");
        let thread = rest.split(';').next().unwrap().to_owned();
        self.choose(&thread);
        (thread, answer)
    }

    /// Makes a thread the current one.
    pub fn choose(&mut self, thread: &str) {
        assert_eq!(self.ask(&format!("Hg{thread}")), "OK");
    }

    /// All threads.
    pub fn threads(&mut self) -> Vec<String> {
        let mut threads = Vec::new();
        let mut answer = self.ask("qfThreadInfo");
        while let Some(list) = answer.strip_prefix('m') {
            threads.extend(list.split(',').map(str::to_owned));
            answer = self.ask("qsThreadInfo");
        }
        assert_eq!(answer, "l");
        threads
    }

    /// What a thread is.
    pub fn name(&mut self, thread: &str) -> String {
        let name = bytes(&self.ask(&format!("qThreadExtraInfo,{thread}")));
        String::from_utf8(name).unwrap()
    }
}

/// A packet around a body.
pub fn packet(body: &[u8]) -> Vec<u8> {
    let sum = body.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte));
    let mut packet = vec![b'$'];
    packet.extend(body);
    packet.extend(format!("#{sum:02x}").bytes());
    packet
}

/// Undoes run-length encoding: `*` and a character whose code, less 29, is how often the one before it is repeated.
fn expand(body: &str) -> String {
    let mut out = Vec::new();
    let mut characters = body.bytes();
    while let Some(character) = characters.next() {
        match (character, out.last().copied()) {
            (b'*', Some(last)) => {
                let count = characters.next().expect("a repeat count").saturating_sub(29);
                out.extend(vec![last; count.into()]);
            }
            _ => out.push(character),
        }
    }
    String::from_utf8(out).expect("what was expanded is text")
}

/// Hexadecimal digits as bytes.
pub fn bytes(hex: &str) -> Vec<u8> {
    assert!(!hex.starts_with('E') && hex.len().is_multiple_of(2), "{hex}");
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal digits"))
        .collect()
}
