//! The other end of a board's Ethernet cable: turns host datagrams into frames and back, and answers ARP.
//!
//! Every host, wherever it is, is reached through this gateway's own MAC address. What comes from the board is parsed
//! with the suspicion that any firmware deserves.

use std::net::{Ipv4Addr, SocketAddrV4};

/// The gateway's own address on the cable: locally administered.
const MAC: [u8; 6] = [0x02, 0x54, 0x50, 0xff, 0xff, 0xfe];
const HEADERS: usize = 14 + 20 + 8;
/// Most that one frame carries; SCAMP knows no fragments.
const MOST_DATA: usize = 1514 - HEADERS;

/// What a frame from the board means.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Received {
    /// Nothing that anybody here cares about.
    Nothing,
    /// A UDP datagram for a host.
    Datagram {
        port: u16,
        host: SocketAddrV4,
        data: Vec<u8>,
    },
    /// A frame to send back.
    Answer(Vec<u8>),
}

/// One board's gateway.
pub(crate) struct Gateway {
    address: Ipv4Addr,
    mac: [u8; 6],
    /// The next datagram's identification.
    identification: u16,
}

impl Gateway {
    pub(crate) fn new(address: Ipv4Addr, mac: [u8; 6]) -> Self {
        Self {
            address,
            mac,
            identification: 0,
        }
    }

    /// Datagrams handed to the board so far, modulo 65,536.
    pub(crate) fn sent(&self) -> u16 {
        self.identification
    }

    /// A frame that carries a datagram from `host` to a port of the board; none if it is too long for one frame.
    pub(crate) fn frame(&mut self, host: SocketAddrV4, port: u16, data: &[u8]) -> Option<Vec<u8>> {
        if data.len() > MOST_DATA {
            return None;
        }
        let mut frame = Vec::with_capacity(HEADERS + data.len());
        frame.extend(self.mac);
        frame.extend(MAC);
        frame.extend([0x08, 0x00]);
        let mut ip = [0u8; 20];
        ip[0] = 0x45;
        ip[2..4].copy_from_slice(&((28 + data.len()) as u16).to_be_bytes());
        ip[4..6].copy_from_slice(&self.identification.to_be_bytes());
        self.identification = self.identification.wrapping_add(1);
        ip[8] = 64;
        ip[9] = 17;
        ip[12..16].copy_from_slice(&host.ip().octets());
        ip[16..20].copy_from_slice(&self.address.octets());
        let sum = checksum(&ip);
        ip[10..12].copy_from_slice(&sum.to_be_bytes());
        frame.extend(ip);
        frame.extend(host.port().to_be_bytes());
        frame.extend(port.to_be_bytes());
        frame.extend(((8 + data.len()) as u16).to_be_bytes());
        // No checksum: SCAMP does not look at it (RFC 768 allows zero).
        frame.extend([0, 0]);
        frame.extend(data);
        Some(frame)
    }

    /// Looks at a frame from the board.
    pub(crate) fn receive(&self, frame: &[u8]) -> Received {
        match frame.get(12..14) {
            Some([0x08, 0x00]) => self.internet(&frame[14..]),
            Some([0x08, 0x06]) => self.arp(&frame[14..]),
            _ => Received::Nothing,
        }
    }

    fn internet(&self, packet: &[u8]) -> Received {
        let udp = || {
            let first = *packet.first()?;
            let header = usize::from(first & 15) * 4;
            let total = usize::from(u16::from_be_bytes([*packet.get(2)?, *packet.get(3)?]));
            let fragmented = packet.get(6)? & 0x3f != 0 || *packet.get(7)? != 0;
            if first >> 4 != 4 || header < 20 || *packet.get(9)? != 17 || fragmented {
                return None;
            }
            let datagram = packet.get(header..total)?;
            let field = |n: usize| Some(u16::from_be_bytes([*datagram.get(n)?, *datagram.get(n + 1)?]));
            let address = Ipv4Addr::new(packet[16], packet[17], packet[18], packet[19]);
            let data = datagram.get(8..usize::from(field(4)?))?.to_vec();
            Some(Received::Datagram {
                port: field(0)?,
                host: SocketAddrV4::new(address, field(2)?),
                data,
            })
        };
        udp().unwrap_or(Received::Nothing)
    }

    fn arp(&self, packet: &[u8]) -> Received {
        // Ethernet and IPv4 addresses, and a request.
        if packet.len() < 28 || packet[..8] != [0, 1, 8, 0, 6, 4, 0, 1] {
            return Received::Nothing;
        }
        let (sender, target) = (&packet[8..18], &packet[24..28]);
        if *target == self.address.octets() {
            // The board asks whether anybody else has its address. Nobody has.
            return Received::Nothing;
        }
        let mut answer = Vec::with_capacity(42);
        answer.extend(&sender[..6]);
        answer.extend(MAC);
        answer.extend([0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, 2]);
        answer.extend(MAC);
        answer.extend(target);
        answer.extend(sender);
        Received::Answer(answer)
    }
}

fn checksum(bytes: &[u8]) -> u16 {
    let mut sum: u32 = bytes
        .chunks(2)
        .map(|pair| u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0)))
        .sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(127, 0, 0, 1), 40_000);

    fn gateway() -> Gateway {
        Gateway::new(Ipv4Addr::new(127, 0, 0, 2), [2, 0, 0, 0, 0, 1])
    }

    #[test]
    fn the_checksum_of_the_textbook() {
        // RFC 1071's worked example, complemented.
        assert_eq!(
            checksum(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]),
            !0xddf2
        );
    }

    #[test]
    fn a_datagram_survives_the_cable() {
        let mut gateway = gateway();
        let frame = gateway.frame(HOST, 17893, b"hello").unwrap();
        assert_eq!(checksum(&frame[14..34]), 0);
        // Seen from the far end it is a datagram from the host to the board.
        assert_eq!(
            gateway.receive(&frame),
            Received::Datagram {
                port: 40_000,
                host: SocketAddrV4::new(Ipv4Addr::new(127, 0, 0, 2), 17893),
                data: b"hello".to_vec()
            }
        );
        assert_eq!(gateway.frame(HOST, 1, &[0; 1473]), None);
    }

    #[test]
    fn arp_requests_are_answered_for_everybody_but_the_board() {
        let gateway = gateway();
        let mut request = vec![0xff; 6];
        request.extend([2, 0, 0, 0, 0, 1, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1]);
        request.extend([2, 0, 0, 0, 0, 1, 127, 0, 0, 2]);
        request.extend([0, 0, 0, 0, 0, 0, 127, 0, 0, 1]);
        let Received::Answer(answer) = gateway.receive(&request) else {
            panic!("an answer")
        };
        assert_eq!(answer[..6], [2, 0, 0, 0, 0, 1]);
        assert_eq!(
            answer[20..32],
            [[0, 2].as_slice(), &MAC, &[127, 0, 0, 1]].concat()
        );
        request[41] = 2;
        assert_eq!(gateway.receive(&request), Received::Nothing);
    }

    #[test]
    fn nonsense_is_nothing() {
        let gateway = gateway();
        let mut frame = gateway_frame();
        for length in 0..frame.len() {
            gateway.receive(&frame[..length]);
        }
        for position in 0..frame.len() {
            for value in [0, 0x7f, 0xff] {
                let old = std::mem::replace(&mut frame[position], value);
                gateway.receive(&frame);
                frame[position] = old;
            }
        }
    }

    fn gateway_frame() -> Vec<u8> {
        gateway().frame(HOST, 17893, &[1, 2, 3]).unwrap()
    }
}
